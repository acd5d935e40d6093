import type { Notice } from './problem-store.ts';

/** A mail to one person, its content in Markdown. */
export interface Mail {
  to: string;
  subject: string;
  content: string;
}

/** Who sends mails. */
export interface Mailer {
  /**
   * Resolves when the mail is accepted for delivery.
   * @throws {MailRefused} when this mail will never be accepted; anything else means: try again later.
   */
  send(mail: Mail, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** This mail will not be taken, however often it is tried (an address that is blocked or is none). */
export class MailRefused extends Error {
  constructor(why: string, options?: ErrorOptions) {
    super(why, options);
    this.name = 'MailRefused';
  }
}

/** Mails about the same pool, kind and title within this time are one: an outage is told once an hour, not once per machine (W49, P-37). */
export const incidentWindowMs = 60 * 60_000;

/** The mail of an incident (spec/api.md 7.4 step 1). `extra` is JSON, which is YAML too. */
export function incidentMail({ problem, owner }: Notice): Mail {
  const { workerPoolId, title, description, errorId, kind, extra } = problem;
  const details = Object.keys(extra).length === 0 ? [] : ['', '```', JSON.stringify(extra, null, 2), '```'];
  return {
    to: owner,
    subject: `Taskcluster Worker Manager Error: ${title}`,
    content: [
      `Worker pool **${workerPoolId}** has an error of the kind \`${kind}\`:`,
      '',
      `> ${description.replaceAll('\n', '\n> ')}`,
      '',
      `Its id is \`${errorId}\`.`,
      ...details,
      '',
      `Further errors of this kind and title in this pool within ${incidentWindowMs / 60_000} minutes are stored without another mail.`,
    ].join('\n'),
  };
}
