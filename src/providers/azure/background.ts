import { classOf } from './errors.ts';
import type { AzureParts } from './parts.ts';

/**
 * The end of something that goes on in the background and that nobody waits for. What Azure refuses there shows in the next look at the worker, and the
 * loops ask again; a defect is told.
 */
export function noteFailure({ providerId, surroundings }: AzureParts, error: unknown): void {
  if (surroundings.signal.aborted) return;
  try {
    classOf(error);
  } catch (defect) {
    surroundings.log.write('monitor.error', 'err', { error: defect, providerId });
  }
}
