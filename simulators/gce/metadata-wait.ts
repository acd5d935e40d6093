import type { Clock } from '#lib/clock.ts';
import type { MetadataAnswer } from './metadata-server.ts';

/** How often a call that waits looks again. */
const lookMs = 1_000;

/**
 * Answers a metadata call, or with `wait_for_change=true` waits until the value is another one than `last_etag` says, or
 * than it was at first, or until `timeout_sec` is over
 * (https://cloud.google.com/compute/docs/metadata/querying-metadata, "Querying metadata updates").
 */
export async function changed(
  ask: () => MetadataAnswer,
  path: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<MetadataAnswer> {
  const query = new URL(path, 'http://metadata.google.internal').searchParams;
  const first = ask();
  const { etag } = first.headers;
  if (query.get('wait_for_change') !== 'true' || etag === undefined) {
    return first;
  }
  const known = query.get('last_etag') ?? etag;
  const untilMs = clock.now().getTime() + Number(query.get('timeout_sec') ?? Infinity) * 1000;
  let answer = first;
  while (answer.headers['etag'] === known && clock.now().getTime() < untilMs) {
    await clock.sleep(lookMs, signal);
    answer = ask();
  }
  return answer;
}
