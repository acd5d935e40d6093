import type { IncomingMessage } from 'node:http';
import Hawk from 'hawk';
import type { SignedRequest } from './signed-request.ts';

/** How far a caller's clock may be off (spec/api.md 3.2), in seconds. */
const skewSeconds = 15 * 60;

/** A signature as a request carries it, not checked yet. */
export interface Signature {
  readonly kind: 'header' | 'bewit';
  /** The client that it names. */
  readonly id: string;
  /** Header: when it was made; bewit: when it ends. Unix seconds, as text. */
  readonly time: string;
  /** What the client added: base64 of JSON. */
  readonly ext?: string;
  /** The body's hash, when the client signed it too. */
  readonly hash?: string;
}

/** What a request carries: no signature, one that can be checked, or something that is none. */
export type PresentedSignature =
  | { readonly status: 'absent' }
  | { readonly status: 'malformed'; readonly message: string }
  | { readonly status: 'present'; readonly signature: Signature };

const bewitInQuery = /[?&]bewit=([^&]*)/g;

function bewitsIn(resource: string): string[] {
  return [...resource.matchAll(bewitInQuery)].map(([, bewit = '']) => bewit);
}

function malformed(message: string): PresentedSignature {
  return { status: 'malformed', message };
}

/**
 * A signature whose parts have the right form; Hawk itself would take a time that is no number for one that never
 * passes.
 */
function present(signature: Signature): PresentedSignature {
  return /^\d{1,12}$/.test(signature.time)
    ? { status: 'present', signature }
    : malformed('The time in the signature of the request is not a number of seconds.');
}

function inHeader(authorization: string): PresentedSignature {
  const { id, ts, ext, hash } = Hawk.utils.parseAuthorizationHeader(authorization);
  if (id === undefined || ts === undefined) {
    return malformed('The Authorization header lacks parts of a Hawk signature.');
  }
  return present({
    kind: 'header',
    id,
    time: ts,
    ...(ext === undefined ? {} : { ext }),
    ...(hash === undefined ? {} : { hash }),
  });
}

function inUrl(bewit: string): PresentedSignature {
  const parts = Buffer.from(bewit, 'base64url').toString('utf8').split('\\');
  const [id = '', exp = '', , ext = ''] = parts;
  if (parts.length !== 4) return malformed('The bewit in the URL is not one.');
  return present({ kind: 'bewit', id, time: exp, ...(ext === '' ? {} : { ext }) });
}

/** Reads the signature of a request, from its header or its URL; several at once are refused (spec/api.md 2.4). */
export function presentedSignature({ authorization, resource }: SignedRequest): PresentedSignature {
  const [bewit, ...more] = bewitsIn(resource);
  if (more.length > 0) return malformed('The URL of the request holds more than one bewit.');
  if (authorization === undefined) {
    return bewit === undefined ? { status: 'absent' } : inUrl(bewit);
  }
  if (bewit !== undefined) {
    return malformed('The request is signed twice: by its Authorization header and by a bewit in its URL.');
  }
  try {
    return inHeader(authorization);
  } catch (error) {
    return malformed(`The Authorization header cannot be read: ${messageOf(error)}.`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'not a Hawk header';
}

/** Hawk's word for each refusal a client can do something about, in ours. */
const refusals: Readonly<Record<string, string>> = {
  'Bad mac': 'The signature of the request does not match the credentials of the client it names.',
  'Stale timestamp': 'The request was signed more than 15 minutes away from the present time.',
  'Access expired': 'The signed URL is no longer valid.',
  'Invalid method': 'A signed URL is only good for GET and HEAD.',
};

/**
 * Checks a signature against a key, with the hawk package: the MAC first, then the time (spec/api.md 3.2, 3.5).
 * @returns what is wrong, as a sentence for the caller, or undefined when whoever knows the key has signed this request
 */
export async function signatureProblem(
  request: SignedRequest,
  { kind }: Signature,
  key: string,
  now: Date,
): Promise<string | undefined> {
  const { method, resource, host, port, authorization } = request;
  // hawk's types want Node's own class; of a request it reads these three members.
  const incoming = { method, url: resource, headers: { authorization } } as IncomingMessage;
  const credentials = (user: string): Hawk.server.Credentials => ({ algorithm: 'sha256', key, user });
  const localtimeOffsetMsec = now.getTime() - Hawk.utils.now(0);
  const options = { host, port, timestampSkewSec: skewSeconds, localtimeOffsetMsec };
  try {
    await (kind === 'header'
      ? Hawk.server.authenticate(incoming, credentials, options)
      : Hawk.uri.authenticate(incoming, credentials, options));
    return undefined;
  } catch (error) {
    const message = messageOf(error);
    return refusals[message] ?? `The signature of the request cannot be checked: ${message}.`;
  }
}
