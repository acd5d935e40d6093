import type { Mailer } from '#core/mail.ts';

/** Mails nobody: where no way to send mail is configured. Errors can still be read through the API. */
export const noMailer: Mailer = {
  send: () => Promise.resolve(),
  close: () => Promise.resolve(),
};
