import type { LaunchOrder } from '#core/launch.ts';

/**
 * What a machine is told beside its tags, in base64. Azure's metadata service did not deliver it dependably, so nothing relies on it; it is kept for
 * images that look (spec/provisioning.md 8.3).
 */
export function customData({ workerPoolId, workerGroup, providerId }: LaunchOrder, rootUrl: string): string {
  const told = { workerPoolId, workerGroup, providerId, rootUrl, workerConfig: {} };
  return Buffer.from(JSON.stringify(told), 'utf8').toString('base64');
}
