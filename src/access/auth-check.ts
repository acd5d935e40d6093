import type { Clock } from '#core/clock.ts';
import { requestJson } from '#lib/http-client.ts';

const timeoutMs = 5_000;

/**
 * Asks the deployment's auth service whether it is there (`GET /api/auth/v1/ping`, as every Taskcluster service has it): for the heartbeat (W39).
 * @throws when it is not
 */
export async function checkAuth(
  { rootUrl, clock }: { rootUrl: string; clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  await requestJson({ method: 'GET', url: `${rootUrl}/api/auth/v1/ping`, clock, timeoutMs, signal });
}
