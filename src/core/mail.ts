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

/** More, in characters, no mail service takes; all of it is stored with the error. */
const longestDetails = 20_000;

/** A block of text as it is, at least the beginning of it; whatever stands in it cannot end it. */
function block(text: string): string[] {
  const shown = text.length <= longestDetails ? text : `${text.slice(0, longestDetails)}\n…`;
  const longestRun = Math.max(2, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longestRun + 1);
  return [fence, shown, fence];
}

/** The mail of an incident (spec/api.md 7.4 step 1). `extra` is JSON, which is YAML too; only the beginning of it when it is very long. */
export function incidentMail({ problem, owner }: Notice): Mail {
  const { workerPoolId, title, description, errorId, kind, extra } = problem;
  const details = Object.keys(extra).length === 0 ? [] : ['', ...block(JSON.stringify(extra, null, 2))];
  return {
    to: owner,
    // A subject is one line.
    subject: `Taskcluster Worker Manager Error: ${title.replaceAll(/\s+/g, ' ')}`,
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
