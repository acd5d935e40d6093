import type { Fate } from '#simulators/machine.ts';
import { draw, happens } from '#simulators/range.ts';
import { draftOf, hashDigits } from './blueprint.ts';
import { takeCapacity } from './capacity.ts';
import { endDryRun, type Action, type Call, type Cloud } from './cloud.ts';
import type { Form } from './form.ts';
import { instanceXml } from './instance-xml.ts';
import { causes, type Ending, type Stop } from './life.ts';
import { invalidValue, missingParameter, Refusal } from './refusal.ts';
import { runInstancesParameters } from './run-instances-parameters.ts';
import type { Blueprint, Instance, Launch } from './state.ts';
import { element, set } from './wire.ts';

/** The notice that a spot instance gets before it is reclaimed. */
export const spotNoticeMs = 120_000;

/** RunInstances: as many instances as possible between MinCount and MaxCount, once per client token and scope. */
export const runInstances: Action = {
  parameters: runInstancesParameters,
  bucket: () => 'RunInstances',

  run(call) {
    const { cloud, region, form, nowMs } = call;
    const { least, most } = readCounts(form);
    const clientToken = readClientToken(form);
    const draft = draftOf(form, region.name, cloud.accountId, region.subnetZones);
    endDryRun(form);
    // With a zone, chosen or by the subnet, a token counts in that zone only, else in the region ("RunInstances
    // idempotency" in the EC2 developer guide).
    const scope = draft.zone ?? '';
    const fingerprint = form.fingerprint('ClientToken');
    const earlier = clientToken === '' ? undefined : region.tokenUses(clientToken).get(scope);
    if (earlier !== undefined) {
      if (earlier.fingerprint !== fingerprint) {
        throw new Refusal(
          'IdempotentParameterMismatch',
          'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
        );
      }
      cloud.logbook.count('replayed', 1);
      return launchXml(earlier.launch, earlier.instances, call);
    }
    cloud.limit(region.name, 'RunInstances:instances', most);
    const { zone, count } = takeCapacity({ ...draft, least, most }, region, cloud.faults, cloud.random, nowMs);
    const { maxPrice: _maxPrice, ...rest } = draft;
    const blueprint = region.intern({
      ...rest,
      fingerprint: `${form.fingerprint('ClientToken', 'MinCount', 'MaxCount')} ${zone}`,
      zone,
      subnetId: draft.subnetId ?? `subnet-0${hashDigits(zone)}`,
    });
    const launch = launchOf(blueprint, clientToken, call);
    const instances = Array.from({ length: count }, (_unused, index) => bear(launch, index, cloud));
    region.add(instances);
    if (clientToken !== '') {
      cloud.logbook.count('doubled', region.tokenUses(clientToken).size > 0 ? 1 : 0);
      region.rememberToken(clientToken, scope, { fingerprint, launch, instances });
    }
    cloud.logbook.count('launched', count);
    return launchXml(launch, instances, call);
  },
};

function readCounts(form: Form): { least: number; most: number } {
  const least = form.integer('MinCount');
  const most = form.integer('MaxCount');
  if (least === undefined) {
    throw missingParameter('MinCount');
  }
  if (most === undefined) {
    throw missingParameter('MaxCount');
  }
  if (least < 1 || most < 1) {
    throw invalidValue(
      `Value (${Math.min(least, most)}) for parameter ${least < 1 ? 'minCount' : 'maxCount'} is invalid. Expecting a value greater than 0.`,
    );
  }
  if (least > most) {
    throw new Refusal(
      'InvalidParameterCombination',
      'The parameter minCount cannot be greater than the parameter maxCount',
    );
  }
  return { least, most };
}

function readClientToken(form: Form): string {
  const token = form.text('ClientToken') ?? '';
  if (token.length > 64) {
    throw invalidValue('The client token is too long. It can have up to 64 ASCII characters.');
  }
  return token;
}

function launchOf(blueprint: Blueprint, clientToken: string, { cloud, nowMs }: Call): Launch {
  const { hiddenMs, untaggedMs } = cloud.faults.dials;
  return {
    blueprint,
    clientToken,
    reservationId: `r-0${cloud.digits(16)}`,
    atMs: nowMs,
    visibleFromMs: nowMs + draw(hiddenMs, cloud.random),
    tagsVisibleFromMs: nowMs + draw(untaggedMs, cloud.random),
  };
}

/** A new instance with its whole life drawn, as far as chance decides it. */
function bear(launch: Launch, index: number, cloud: Cloud): Instance {
  const { faults, random } = cloud;
  const { dials } = faults;
  const runningFromMs = launch.atMs + draw(dials.bootMs, random);
  return {
    id: `i-0${cloud.digits(16)}`,
    serial: cloud.nextSerial(),
    launch,
    index,
    runningFromMs,
    fate: drawFate(cloud),
    impairedFromMs: happens(dials.impaired, random) ? runningFromMs + draw(dials.impairedAfterMs, random) : null,
    ownTags: null,
    ownVolumeTags: null,
    ...drawEnd(launch, runningFromMs, cloud),
  };
}

function drawFate({ faults, random }: Cloud): Fate {
  if (happens(faults.dials.neverRegisters, random)) {
    return 'never-registers';
  }
  return happens(faults.dials.crashesWhileWorking, random) ? 'crashes-while-working' : 'works';
}

function drawEnd(launch: Launch, runningFromMs: number, cloud: Cloud): { stop: Stop | null; end: Ending | null } {
  const { faults, random } = cloud;
  const { dials } = faults;
  const { market, shutdownBehavior } = launch.blueprint;
  if (market === 'spot' && happens(dials.spotInterrupted, random)) {
    const noticeMs = launch.atMs + draw(dials.spotInterruptedAfterMs, random);
    const atMs = noticeMs + spotNoticeMs;
    return { stop: null, end: { atMs, goneMs: atMs + draw(dials.shutDownMs, random), cause: causes.spot, noticeMs } };
  }
  if (happens(dials.endsByItself, random)) {
    const atMs = runningFromMs + draw(dials.endsByItselfAfterMs, random);
    const cause = causes.machine;
    return shutdownBehavior === 'terminate'
      ? { stop: null, end: { atMs, goneMs: atMs + draw(dials.shutDownMs, random), cause, noticeMs: null } }
      : { stop: { atMs, doneMs: atMs + draw(dials.stopMs, random), cause }, end: null };
  }
  return { stop: null, end: null };
}

function launchXml(launch: Launch, instances: readonly Instance[], { cloud, nowMs, note }: Call): string {
  note(instances.map(({ id }) => id));
  return [
    element('reservationId', launch.reservationId),
    element('ownerId', cloud.accountId),
    '<groupSet/>',
    set(
      'instancesSet',
      instances.map((instance) => instanceXml(instance, nowMs)),
    ),
  ].join('');
}
