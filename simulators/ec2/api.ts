import { randomUUID } from 'node:crypto';
import { draw } from '#simulators/range.ts';
import type { Action, Cloud } from './cloud.ts';
import { describeInstanceStatus } from './describe-instance-status.ts';
import { describeInstances } from './describe-instances.ts';
import { describeRegions } from './describe-regions.ts';
import { errorOf, type CallFault } from './faults.ts';
import { Form } from './form.ts';
import { Refusal } from './refusal.ts';
import { runInstances } from './run-instances.ts';
import { authenticate, type SignedRequest } from './signature.ts';
import type { RegionState } from './state.ts';
import { createTags, describeTags } from './tags.ts';
import { terminateInstances } from './terminate-instances.ts';
import { answerXml, apiVersion, refusalXml } from './wire.ts';

/** What a call gets: an HTTP answer after some time, or a broken connection, or nothing at all. */
export type Outcome =
  | { kind: 'answer'; status: number; body: string; requestId: string; afterMs: number }
  | { kind: 'reset' | 'hang' };

const actions = new Map<string, Action>([
  ['CreateTags', createTags],
  ['DescribeInstanceStatus', describeInstanceStatus],
  ['DescribeInstances', describeInstances],
  ['DescribeRegions', describeRegions],
  ['DescribeTags', describeTags],
  ['RunInstances', runInstances],
  ['TerminateInstances', terminateInstances],
]);

/** What the logbook will say of a call; filled as the call goes on. */
interface Trace {
  region: string;
  action: string;
  instanceIds: string[];
}

/** Thrown where a fault keeps a call from being answered. */
class Silence extends Error {
  readonly kind: 'reset' | 'hang';

  constructor(kind: 'reset' | 'hang') {
    super(kind);
    this.kind = kind;
  }
}

/**
 * Answers one call to the API. It has its effect now, all at once; what the caller gets comes later, so that a caller
 * who dies meanwhile leaves behind what was done.
 *
 * @param secrets as in `authenticate`.
 */
export function answerCall(
  request: SignedRequest,
  cloud: Cloud,
  secrets: ReadonlyMap<string, string> | undefined,
): Outcome {
  const requestId = randomUUID();
  const latencyMs = draw(cloud.faults.dials.latencyMs, cloud.random);
  const query = request.url.split('?', 2)[1] ?? '';
  const form = Form.parse(request.method === 'POST' ? request.body : query);
  const trace: Trace = { region: '', action: form.text('Action') ?? '', instanceIds: [] };
  const log = (outcome: string): void => {
    cloud.logbook.add({ at: cloud.clock.now(), outcome, requestId, ...trace });
  };
  try {
    const { content, delayMs } = perform(request, form, cloud, secrets, trace);
    log('ok');
    const body = answerXml(trace.action, requestId, content);
    return { kind: 'answer', status: 200, body, requestId, afterMs: latencyMs + delayMs };
  } catch (error) {
    if (error instanceof Silence) {
      log(error.kind);
      return { kind: error.kind };
    }
    if (error instanceof Refusal) {
      log(error.code);
      return {
        kind: 'answer',
        status: error.status,
        body: refusalXml(error, requestId),
        requestId,
        afterMs: latencyMs,
      };
    }
    throw error;
  }
}

/** Everything that a call does. @throws Refusal, Silence */
function perform(
  request: SignedRequest,
  form: Form,
  cloud: Cloud,
  secrets: ReadonlyMap<string, string> | undefined,
  trace: Trace,
): { content: string; delayMs: number } {
  const region = regionCalled(request, cloud, secrets);
  trace.region = region.name;
  const call = { region: region.name, action: trace.action };
  const delayMs = suffer(cloud.faults.strikeCall(call, 'before'));
  const content = runAction(trace.action, form, region, cloud, trace.instanceIds);
  return { content, delayMs: delayMs + suffer(cloud.faults.strikeCall(call, 'after')) };
}

/** @returns how late the answer will be. @throws Refusal or Silence where it will be another one, or none. */
function suffer(fault: CallFault | undefined): number {
  if (fault?.kind === 'error') {
    const { code, message, status } = errorOf(fault);
    throw new Refusal(code, message, status);
  }
  if (fault?.kind === 'reset' || fault?.kind === 'hang') {
    throw new Silence(fault.kind);
  }
  return fault?.delayMs ?? 0;
}

function regionCalled(
  request: SignedRequest,
  cloud: Cloud,
  secrets: ReadonlyMap<string, string> | undefined,
): RegionState {
  const caller = authenticate(request, secrets);
  const region = cloud.regions.get(caller.region);
  if (region === undefined) {
    // What calls to a region get that the account has not opted in to.
    throw new Refusal('AuthFailure', 'AWS was not able to validate the provided access credentials', 401);
  }
  return region;
}

/** @returns the content of the answer; collects the instances that the call is about. @throws Refusal */
function runAction(name: string, form: Form, region: RegionState, cloud: Cloud, instanceIds: string[]): string {
  const action = actions.get(name);
  if (action === undefined) {
    throw new Refusal('InvalidAction', `The action ${name} is not valid for this web service.`);
  }
  if (form.text('Version') !== apiVersion) {
    throw new Refusal(
      'NoSuchVersion',
      `The requested version (${form.text('Version') ?? ''}) of service AmazonEC2 does not exist`,
    );
  }
  const { nowMs } = cloud;
  region.sweep(nowMs);
  cloud.limit(region.name, action.bucket(form), 1);
  form.refuseUnknown(action.parameters);
  return action.run({ cloud, region, form, nowMs, note: (ids) => void instanceIds.push(...ids) });
}
