import { MailRefused, incidentMail } from '#core/mail.ts';
import type { Mailer } from '#core/mail.ts';
import { after } from './parts.ts';
import type { LoopParts } from './parts.ts';

const batchSize = 50;

/**
 * Sends the mails of open incidents, oldest first. One that will never be taken is given up, with a word in the log; when the way out is closed the rest waits
 * for the next turn.
 * @returns when to look again.
 */
export async function notifyOwners(parts: LoopParts, mailer: Mailer, signal: AbortSignal): Promise<Date> {
  const { store, clock, log, pace } = parts;
  for (const notice of await store.waitingNotices(batchSize)) {
    signal.throwIfAborted();
    const { errorId, workerPoolId } = notice.problem;
    try {
      await mailer.send(incidentMail(notice), signal);
    } catch (error) {
      if (!(error instanceof MailRefused)) throw error;
      log.write('mail-refused', 'warning', { workerPoolId, errorId, error });
    }
    // One by one: what was sent before a failure is not sent again.
    await store.confirmNotices([errorId], clock.now());
  }
  return after(clock, pace.notifyEveryMs);
}
