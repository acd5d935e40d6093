import type { Clock, Random } from '#core/clock.ts';
import { withDeadline } from '#lib/deadline.ts';
import { ConnectionError, HttpError, requestJson } from '#lib/http-client.ts';
import { retry } from '#lib/retry.ts';
import type { RetryVerdict } from '#lib/retry.ts';
import type { Authentication, Authenticator } from './authenticator.ts';
import { payloadHashProblem } from './payload-hash.ts';
import { presentedSignature } from './signature.ts';
import type { SignedRequest } from './signed-request.ts';

/** As official clients do it (spec/api.md 2.3): five repeats, from 200 ms. */
const attempts = 6;
const backOff = { firstDelayMs: 200, maxDelayMs: 30_000 };
const defaultTimeoutMs = 10_000;
/** For all attempts together: callers wait no longer for an answer (the published clients give up after as long). */
const limitMs = 30_000;
const defaultAnonymousCacheMs = 30_000;

export interface RemoteAuthenticatorOptions {
  /** Of the deployment, or of the auth service alone where it goes by a name of its own in the cluster (spec/api.md 3.1). */
  readonly rootUrl: string;
  readonly clock: Clock;
  readonly random: Random;
  /** For one attempt. */
  readonly timeoutMs?: number;
  /** How long the scopes of anonymous callers are remembered at most; 0: not at all. */
  readonly anonymousCacheMs?: number;
}

/**
 * The auth service did not do what it promises. Quotes nothing of its answer, which may hold the caller's signature.
 */
class AuthServiceError extends Error {
  override readonly name = 'AuthServiceError';
}

type Answer = Readonly<Record<string, unknown>>;

function authUrl({ rootUrl }: RemoteAuthenticatorOptions): string {
  return `${rootUrl.replace(/\/+$/, '')}/api/auth/v1/authenticate-hawk`;
}

/** The signature data of a request, as the auth service wants it. */
function questionOf({ method, resource, host, port, authorization, sourceIp }: SignedRequest): object {
  return {
    method: method.toLowerCase(),
    resource,
    host,
    port,
    ...(authorization === undefined ? {} : { authorization }),
    ...(sourceIp === undefined ? {} : { sourceIp }),
  };
}

function verdictOn(error: unknown): RetryVerdict {
  const isWorthRepeating = error instanceof ConnectionError || (error instanceof HttpError && error.status >= 500);
  return isWorthRepeating ? 'retry' : 'stop';
}

function textIn(answer: Answer, name: string): string {
  const value = answer[name];
  if (typeof value === 'string') return value;
  throw new AuthServiceError(`the auth service's answer has no ${name}`);
}

function scopesIn({ scopes }: Answer): readonly string[] {
  if (Array.isArray(scopes) && scopes.every((scope) => typeof scope === 'string')) return scopes;
  throw new AuthServiceError("the auth service's answer has no scopes");
}

function expiresIn(answer: Answer): Date {
  const expires = new Date(textIn(answer, 'expires'));
  if (Number.isNaN(expires.getTime())) {
    throw new AuthServiceError("the auth service's answer does not say when it expires");
  }
  return expires;
}

/** What the auth service's answer means for a request; a signed hash is checked here, where the body is. */
function readAnswer(answer: Answer, request: SignedRequest): Authentication {
  const { status, hash } = answer;
  if (status === 'auth-failed') return { status: 'failed', message: textIn(answer, 'message') };
  if (status === 'no-auth') return { status: 'anonymous', scopes: scopesIn(answer) };
  if (status !== 'auth-success') {
    throw new AuthServiceError('the auth service answered with an unknown status');
  }
  const hashProblem = typeof hash === 'string' ? payloadHashProblem(request, hash) : undefined;
  if (hashProblem !== undefined) return { status: 'failed', message: hashProblem };
  return {
    status: 'success',
    clientId: textIn(answer, 'clientId'),
    scopes: scopesIn(answer),
    expires: expiresIn(answer),
  };
}

/** Asks the auth service; a request that it cannot even read is refused, not repeated. */
async function ask(request: SignedRequest, options: RemoteAuthenticatorOptions): Promise<Answer> {
  const { clock, random, timeoutMs = defaultTimeoutMs } = options;
  const headers = request.traceId === undefined ? {} : { 'x-taskcluster-trace-id': request.traceId };
  const call = { method: 'POST', url: authUrl(options), headers, body: questionOf(request) } as const;
  try {
    const { body } = await withDeadline({ clock, limitMs }, (signal) =>
      retry({ ...backOff, attempts, clock, random, classify: verdictOn, signal }, () =>
        requestJson({ ...call, clock, timeoutMs, signal }),
      ),
    );
    if (typeof body === 'object' && body !== null) return { ...body };
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    if (error.status !== 400) {
      throw new AuthServiceError(`the auth service answered ${error.status}`);
    }
    return {
      status: 'auth-failed',
      message: 'The auth service cannot read the signature of the request.',
    };
  }
  throw new AuthServiceError('the auth service answered with something else than an object');
}

/**
 * Authenticates by asking the deployment's auth service, without credentials of our own (spec/api.md 3.1). A signed
 * request is never remembered: each is signed for itself, and its client may be gone the next moment. What is
 * remembered for a short while are the scopes of callers without credentials, which are the same for all of them;
 * never longer than the auth service says.
 */
export function remoteAuthenticator(options: RemoteAuthenticatorOptions): Authenticator {
  const { clock, anonymousCacheMs = defaultAnonymousCacheMs } = options;
  let anonymous: { readonly result: Authentication; readonly goodUntil: number } | undefined;
  let asking: Promise<Authentication> | undefined;

  const askAgain = async (request: SignedRequest): Promise<Authentication> => {
    const now = clock.now().getTime();
    const answer = await ask(request, options);
    const result = readAnswer(answer, request);
    if (result.status === 'anonymous') {
      const goodUntil = Math.min(now + anonymousCacheMs, expiresIn(answer).getTime());
      anonymous = { result, goodUntil };
    }
    return result;
  };

  /** Whoever comes while it is asked waits for the same answer. */
  const askAnonymously = async (request: SignedRequest): Promise<Authentication> => {
    if (anonymous !== undefined && clock.now().getTime() < anonymous.goodUntil) return anonymous.result;
    asking ??= askAgain(request).finally(() => (asking = undefined));
    return await asking;
  };

  return {
    async authenticate(request) {
      const presented = presentedSignature(request);
      if (presented.status === 'malformed') return { status: 'failed', message: presented.message };
      if (presented.status === 'absent') return askAnonymously(request);
      return readAnswer(await ask(request, options), request);
    },
  };
}
