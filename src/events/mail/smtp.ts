import { createTransport } from 'nodemailer';
import type { Clock } from '#core/clock.ts';
import { MailRefused } from '#core/mail.ts';
import type { Mailer } from '#core/mail.ts';
import { withDeadline } from '#lib/deadline.ts';

/** For one mail, from the first word to the last answer. Servers that check for spam take their time. */
const mailLimitMs = 60_000;

/**
 * Mails through an SMTP server. One that falls silent is given up after a minute, and tried again with the next turn.
 * @param url e.g. `smtps://user:password@mail.example.com`
 */
export function smtpMailer({ url, from, clock }: { url: string; from: string; clock: Clock }): Mailer {
  // What we do not wait for any more ends by itself.
  const silence = { connectionTimeout: mailLimitMs, greetingTimeout: mailLimitMs, socketTimeout: mailLimitMs };
  const transport = createTransport({ url, pool: true, maxConnections: 2, ...silence });
  return {
    async send({ to, subject, content }, signal) {
      signal.throwIfAborted();
      try {
        await withDeadline({ clock, limitMs: mailLimitMs, signals: [signal] }, () =>
          transport.sendMail({ from, to, subject, text: content }),
        );
      } catch (error) {
        if (isRefusal(error)) throw new MailRefused(messageOf(error), { cause: error });
        throw error;
      }
    },
    close() {
      transport.close();
      return Promise.resolve();
    },
  };
}

/** A 5xx answer to the recipient or the message is final (RFC 5321, 4.2.1); no connection, 4xx and failed log-ins are not. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error) || !('responseCode' in error) || !('code' in error)) return false;
  const { responseCode, code } = error;
  return typeof responseCode === 'number' && responseCode >= 500 && (code === 'EENVELOPE' || code === 'EMESSAGE');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
