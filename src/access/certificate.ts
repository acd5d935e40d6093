import { createHmac } from 'node:crypto';
import { slugid } from '#lib/slugid.ts';
import { isSameText } from './constant-time.ts';
import { satisfiesScope, scopePattern } from './scopes.ts';

const minuteMs = 60_000;
const longestLifeMs = 31 * 24 * 60 * minuteMs;
const skewMs = 5 * minuteMs;
const seedPattern = /^[a-zA-Z0-9_-]{44}$/;

/**
 * What makes credentials temporary: it says what they may do and how long, and its issuer signs it (spec/api.md 3.3).
 */
export interface Certificate {
  readonly version: 1;
  readonly scopes: readonly string[];
  /** Milliseconds since the epoch. */
  readonly start: number;
  /** Milliseconds since the epoch. */
  readonly expiry: number;
  readonly seed: string;
  readonly signature: string;
  /** The issuing client, only when the credentials have a name of their own. */
  readonly issuer?: string;
}

/** A permanent client that issues. */
export interface Issuer {
  readonly clientId: string;
  readonly accessToken: string;
}

/** Credentials as a client uses them. */
export interface TemporaryCredentials {
  readonly clientId: string;
  readonly accessToken: string;
  /** The certificate as JSON text. */
  readonly certificate: string;
}

type Unsigned = Omit<Certificate, 'signature'>;

function signatureOf(certificate: Unsigned, clientId: string, accessToken: string): string {
  const { version, issuer, seed, start, expiry, scopes } = certificate;
  const named = issuer === undefined ? [] : [`clientId:${clientId}`, `issuer:${issuer}`];
  const head = [`version:${version}`, ...named, `seed:${seed}`, `start:${start}`, `expiry:${expiry}`];
  const text = `${head.join('\n')}\nscopes:\n${scopes.join('\n')}`;
  return createHmac('sha256', accessToken).update(text, 'utf8').digest('base64');
}

/** The access token of temporary credentials: it follows from the issuer's and the seed. */
export function derivedAccessToken(issuerAccessToken: string, seed: string): string {
  return createHmac('sha256', issuerAccessToken).update(seed, 'utf8').digest('base64url');
}

/** What temporary credentials are to be. */
export interface TemporaryCredentialsTerms {
  /** Their own clientId; without one they act as the issuer. */
  readonly name?: string;
  readonly scopes: readonly string[];
  readonly start: Date;
  readonly expiry: Date;
  /** 44 random characters, two slugids; a parameter for tests. */
  readonly seed?: string;
}

function termsProblem(issuer: Issuer, { name, scopes, start, expiry }: TemporaryCredentialsTerms): string | undefined {
  if (scopes.length === 0) return 'need at least one scope';
  if (scopes.some((scope) => !scopePattern.test(scope))) return 'have a scope that is not printable ASCII';
  if (name === issuer.clientId) return 'cannot be named like their issuer';
  if (!(start < expiry)) return 'must end after they start';
  return expiry.getTime() - start.getTime() > longestLifeMs ? 'cannot last longer than 31 days' : undefined;
}

/**
 * Issues temporary credentials (spec/api.md 3.3). No service is asked: whoever knows the issuer's access token can
 * check them.
 * @throws {RangeError} for terms that nobody would accept
 */
export function createTemporaryCredentials(issuer: Issuer, terms: TemporaryCredentialsTerms): TemporaryCredentials {
  const problem = termsProblem(issuer, terms);
  if (problem !== undefined) throw new RangeError(`temporary credentials ${problem}`);
  const { name, scopes, start, expiry, seed = slugid() + slugid() } = terms;
  const unsigned: Unsigned = {
    version: 1,
    scopes,
    start: start.getTime(),
    expiry: expiry.getTime(),
    seed,
    ...(name === undefined ? {} : { issuer: issuer.clientId }),
  };
  const clientId = name ?? issuer.clientId;
  const signature = signatureOf(unsigned, clientId, issuer.accessToken);
  return {
    clientId,
    accessToken: derivedAccessToken(issuer.accessToken, seed),
    certificate: JSON.stringify({ ...unsigned, signature }),
  };
}

/** A check of one member of what claims to be a certificate. */
const memberChecks: Readonly<Record<keyof Certificate, (value: unknown) => boolean>> = {
  version: (value) => value === 1,
  scopes: (value) =>
    Array.isArray(value) && value.every((scope) => typeof scope === 'string' && scopePattern.test(scope)),
  start: Number.isSafeInteger,
  expiry: Number.isSafeInteger,
  seed: (value) => typeof value === 'string' && seedPattern.test(value),
  signature: (value) => typeof value === 'string',
  issuer: (value) => value === undefined || (typeof value === 'string' && value !== ''),
};

/** Whether this has all members of a certificate in the right form. Says nothing about whether it is genuine. */
export function isCertificate(value: unknown): value is Certificate {
  if (typeof value !== 'object' || value === null) return false;
  const members: Readonly<Record<string, unknown>> = { ...value };
  const isWhole = Object.entries(memberChecks).every(([name, isRight]) => isRight(members[name]));
  return isWhole && !(members['issuer'] === undefined && 'clientId' in members);
}

/** What is wrong with when a certificate holds. A few minutes of disagreement about the time are granted. */
function timeProblem({ start, expiry }: Certificate, now: number): string | undefined {
  if (expiry - start > longestLifeMs) return 'lasts longer than 31 days';
  if (start > now + skewMs) return 'is not valid yet';
  return expiry < now - skewMs ? 'has expired' : undefined;
}

/**
 * Checks a certificate as the auth service does (spec/api.md 3.3).
 * @param clientId the client that the request names: for named credentials their name, otherwise the issuer
 * @param issuer the issuing client with the scopes that it may hand on
 * @returns what is wrong, as the end of a sentence, or undefined when the certificate is genuine and in force
 */
export function certificateProblem(
  certificate: Certificate,
  clientId: string,
  issuer: Issuer & { readonly scopes: readonly string[] },
  now: Date,
): string | undefined {
  const isNamed = certificate.issuer !== undefined;
  if (isNamed && certificate.issuer === clientId) return 'names its issuer as its client';
  if (!isSameText(certificate.signature, signatureOf(certificate, clientId, issuer.accessToken))) {
    return 'is not signed by its issuer';
  }
  if (isNamed && !satisfiesScope(issuer.scopes, `auth:create-client:${clientId}`)) {
    return 'has a name that its issuer may not give';
  }
  if (!certificate.scopes.every((scope) => satisfiesScope(issuer.scopes, scope))) {
    return 'grants scopes that its issuer does not have';
  }
  return timeProblem(certificate, now.getTime());
}
