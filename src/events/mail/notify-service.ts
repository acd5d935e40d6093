import * as Hawk from 'hawk';
import type { Clock } from '#core/clock.ts';
import { MailRefused } from '#core/mail.ts';
import type { Mailer } from '#core/mail.ts';
import { HttpError, requestJson } from '#lib/http-client.ts';

const timeoutMs = 30_000;

/** Mails through Taskcluster's notify service, `POST /api/notify/v1/email` (spec/api.md 7.8; scope `notify:email:*`). */
export function notifyServiceMailer(options: {
  rootUrl: string;
  credentials: { clientId: string; accessToken: string };
  clock: Clock;
}): Mailer {
  const { rootUrl, credentials, clock } = options;
  const url = `${rootUrl}/api/notify/v1/email`;
  return {
    async send({ to, subject, content }, signal) {
      const { header } = Hawk.client.header(url, 'POST', {
        credentials: { id: credentials.clientId, key: credentials.accessToken, algorithm: 'sha256' },
        timestamp: Math.floor(clock.now().getTime() / 1000),
      });
      const body = { address: to, subject, content };
      try {
        await requestJson({ method: 'POST', url, headers: { authorization: header }, body, clock, timeoutMs, signal });
      } catch (error) {
        // 400: the address is none or is on the deny list. Who we are and how often we may call is not the mail's fault.
        if (error instanceof HttpError && error.status === 400) throw new MailRefused(error.message, { cause: error });
        throw error;
      }
    },
    close: () => Promise.resolve(),
  };
}
