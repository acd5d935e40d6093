import type { JsonObject } from '#core/json.ts';
import type { LaunchRequest } from '#core/launch.ts';
import { asObject } from './members.ts';

/** EC2's limit, before base64 (RunInstances, UserData). */
const longestUserData = 16_384;

/** Of base64 text, what RunInstances takes; or how many bytes it would have been when that is too much. */
export type UserData = { kind: 'fits'; base64: string } | { kind: 'too-long'; bytes: number; limit: number };

/**
 * What the machine is told at its launch: the launch config's additional user data under the six keys by which
 * worker-runner finds its way (spec/provisioning.md 6.3, 11.2).
 */
export function userData(request: LaunchRequest, rootUrl: string): UserData {
  const { order, configuration } = request;
  const content: JsonObject = {
    ...asObject(configuration['additionalUserData']),
    rootUrl,
    workerPoolId: order.workerPoolId,
    providerId: order.providerId,
    workerGroup: order.workerGroup,
    launchConfigId: order.launchConfigId,
    // Ignored by today's worker-runner, which gets its workerConfig at the registration; kept for old ones.
    workerConfig: asObject(configuration['workerConfig']),
  };
  const bytes = Buffer.from(JSON.stringify(content), 'utf8');
  return bytes.length > longestUserData
    ? { kind: 'too-long', bytes: bytes.length, limit: longestUserData }
    : { kind: 'fits', base64: bytes.toString('base64') };
}
