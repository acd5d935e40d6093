import type { JsonObject } from '#core/json.ts';
import type { LaunchOrder, LaunchOutcome, LaunchRequest, Refusal } from '#core/launch.ts';
import { LaunchUncertain } from '#providers/launch-call.ts';
import type { Ec2, InstancePage, InstanceQuery } from './ec2.ts';
import { Ec2Error, refusalOf } from './errors.ts';
import { launchedWorker } from './instance.ts';
import type { Ec2Instance } from './instance.ts';
import { asObject } from './members.ts';
import { placeOf, regionScopes } from './place.ts';
import type { AwsPlace } from './place.ts';
import { tagSpecifications } from './tags.ts';
import { userData } from './user-data.ts';

/**
 * As many as EC2 starts at once: RunInstances takes a token per instance from a bucket of 1,000 that refills at 2 a second
 * (https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html, "Resource token limits"), so a larger launch
 * would never pass. Smaller ones would only cost more calls, of which EC2 takes 5 at once and 2 a second.
 */
export const maxPerOrder = 1000;

/**
 * Sends an order with its id as ClientToken: EC2 answers a repeat with the instances of the first time and starts nothing.
 * Fewer instances than asked for are a success, with a refusal for the rest (P-42).
 */
export async function launch(
  ec2: Ec2,
  request: LaunchRequest,
  rootUrl: string,
  regions: readonly string[],
  signal: AbortSignal,
): Promise<LaunchOutcome> {
  const { order } = request;
  const { scopes } = placeOf(request.configuration);
  if (!regions.includes(order.scope)) {
    return refused(
      configurationRefusal(scopes, 'UnknownRegion', `${order.scope} is no region that is enabled for the account`),
    );
  }
  const data = userData(request, rootUrl);
  if (data.kind === 'too-long') {
    return refused({
      ...configurationRefusal(
        scopes,
        'UserDataTooLong',
        `the user data has ${data.bytes} bytes of at most ${data.limit}`,
      ),
      title: 'User Data is too long',
    });
  }
  try {
    const instances = await ec2.runInstances(order.scope, runParameters(request, data.base64), signal);
    return settled(order, instances, shortfallRefusal(order, instances.length, scopes));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof LaunchUncertain) {
      return { kind: 'unknown', launched: [], refusal: refusalOf(error.cause, scopes) };
    }
    if (error instanceof Ec2Error && error.code === 'IdempotentParameterMismatch') {
      return adoptEarlierLaunch(ec2, order, refusalOf(error, scopes), signal);
    }
    return refused(refusalOf(error, scopes));
  }
}

/**
 * Finds what an order started, in whatever state its instances are by now. Why there may be fewer than ordered is not known
 * any more: then nothing is said of it. `unknown` when EC2 cannot be asked.
 */
export async function recover(ec2: Ec2, order: LaunchOrder, signal: AbortSignal): Promise<LaunchOutcome> {
  const instances: Ec2Instance[] = [];
  let nextToken: string | null = null;
  try {
    do {
      const query: InstanceQuery = {
        filters: { 'client-token': [order.orderId] },
        ...(nextToken === null ? {} : { nextToken }),
      };
      const page: InstancePage = await ec2.describeInstances(order.scope, query, signal);
      instances.push(...page.instances);
      ({ nextToken } = page);
    } while (nextToken !== null);
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'unknown', launched: [], refusal: refusalOf(error, regionScopes(order.scope, 'describe')) };
  }
  return settled(order, instances, null);
}

/**
 * EC2 has seen this token with other parameters: an earlier attempt got through before the pool's owner (a tag) or the root
 * URL changed. What it started is the order's; as long as EC2 does not show it, it is somewhere.
 */
async function adoptEarlierLaunch(
  ec2: Ec2,
  order: LaunchOrder,
  mismatch: Refusal,
  signal: AbortSignal,
): Promise<LaunchOutcome> {
  const found = await recover(ec2, order, signal);
  const isFound = found.kind === 'settled' && found.launched.length > 0;
  return isFound ? found : { kind: 'unknown', launched: [], refusal: { ...mismatch, class: 'transient' } };
}

function runParameters(request: LaunchRequest, base64UserData: string): JsonObject {
  const launchConfig = asObject(request.configuration['launchConfig']);
  return {
    ...launchConfig,
    ClientToken: request.order.orderId,
    MinCount: 1,
    MaxCount: request.order.count,
    UserData: base64UserData,
    TagSpecifications: tagSpecifications(request, launchConfig),
  };
}

function settled(order: LaunchOrder, instances: readonly Ec2Instance[], refusal: Refusal | null): LaunchOutcome {
  return { kind: 'settled', launched: instances.map((instance) => launchedWorker(instance, order.scope)), refusal };
}

function refused(refusal: Refusal): LaunchOutcome {
  return { kind: 'settled', launched: [], refusal };
}

function shortfallRefusal(order: LaunchOrder, started: number, scopes: AwsPlace['scopes']): Refusal | null {
  if (started >= order.count) {
    return null;
  }
  const message = `EC2 started ${started} of ${order.count} instances`;
  return {
    ...configurationRefusal(scopes, 'InsufficientInstanceCapacity', message),
    class: 'capacity',
    scope: scopes.capacity,
  };
}

function configurationRefusal(scopes: AwsPlace['scopes'], code: string, message: string): Refusal {
  return { class: 'configuration', code, message, scope: scopes.configuration, retryAfterMs: null, requestId: null };
}
