import { scopeKey } from './parts.ts';
import type { LoopParts } from './parts.ts';

/**
 * Something has changed at the cloud about these workers: those on their way in or out are looked at now. One statement, a second if there are any.
 * Never rejects: what is missed here comes with its next look.
 */
export async function hasten(
  { store, clock, log }: Pick<LoopParts, 'store' | 'clock' | 'log'>,
  { providerId, scope, workerIds }: { providerId: string; scope: string; workerIds: readonly string[] },
): Promise<void> {
  try {
    const isAny = await store.hasten(providerId, scope, workerIds, clock.now());
    if (isAny) await store.wake([{ kind: 'advance', key: scopeKey(providerId, scope) }], clock.now());
  } catch (error) {
    log.write('monitor.error', 'warning', { error, providerId, scope });
  }
}
