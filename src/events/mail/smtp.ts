import { createTransport } from 'nodemailer';
import { MailRefused } from '#core/mail.ts';
import type { Mailer } from '#core/mail.ts';

/** Mails through an SMTP server. @param url e.g. `smtps://user:password@mail.example.com`. */
export function smtpMailer({ url, from }: { url: string; from: string }): Mailer {
  const transport = createTransport({ url, pool: true, maxConnections: 2 });
  return {
    async send({ to, subject, content }, signal) {
      signal.throwIfAborted();
      try {
        await transport.sendMail({ from, to, subject, text: content });
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
