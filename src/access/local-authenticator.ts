import { randomBytes } from 'node:crypto';
import type { Clock } from '#core/clock.ts';
import type { Authentication, Authenticator } from './authenticator.ts';
import { certificateProblem, derivedAccessToken, isCertificate } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { payloadHashProblem } from './payload-hash.ts';
import { satisfiesScope, scopePattern } from './scopes.ts';
import { presentedSignature, signatureProblem } from './signature.ts';
import type { Signature } from './signature.ts';
import type { SignedRequest } from './signed-request.ts';

/** A permanent client that is known by configuration. */
export interface LocalClient {
  readonly clientId: string;
  readonly accessToken: string;
  readonly scopes: readonly string[];
  /** Absent: never. */
  readonly expires?: Date;
}

/** What a signature's `ext` may hold (spec/api.md 3.2). */
interface Extension {
  readonly certificate?: Certificate;
  readonly authorizedScopes?: readonly string[];
}

function failed(message: string): Authentication {
  return { status: 'failed', message };
}

function isScopeList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((scope) => typeof scope === 'string' && scopePattern.test(scope));
}

function parsed(ext: string): unknown {
  try {
    return JSON.parse(Buffer.from(ext, 'base64').toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Reads `ext`; undefined when it is not what it should be. */
function readExtension(ext: string | undefined): Extension | undefined {
  const value = ext === undefined ? {} : parsed(ext);
  if (typeof value !== 'object' || value === null) return undefined;
  const { certificate, authorizedScopes }: Readonly<Record<string, unknown>> = { ...value };
  if (certificate !== undefined && !isCertificate(certificate)) return undefined;
  if (authorizedScopes !== undefined && !isScopeList(authorizedScopes)) return undefined;
  return {
    ...(certificate === undefined ? {} : { certificate }),
    ...(authorizedScopes === undefined ? {} : { authorizedScopes }),
  };
}

function earlier(left: Date | null, right: Date | null): Date | null {
  if (left === null || right === null) return left ?? right;
  return left < right ? left : right;
}

/** What a request of this client is signed with. */
function keyOf({ accessToken }: LocalClient, { certificate }: Extension): string {
  return certificate === undefined ? accessToken : derivedAccessToken(accessToken, certificate.seed);
}

function expiryProblem({ expires }: LocalClient, now: Date): string | undefined {
  return expires !== undefined && expires <= now ? 'The client has expired.' : undefined;
}

function signedHashProblem(request: SignedRequest, { hash }: Signature): string | undefined {
  return hash === undefined ? undefined : payloadHashProblem(request, hash);
}

/** What a client is granted whose signature is good: scopes, and until when; or why nothing. */
function granted(
  client: LocalClient,
  { id }: Signature,
  { certificate, authorizedScopes }: Extension,
  anonymous: readonly string[],
  now: Date,
): Authentication {
  const problem = certificate && certificateProblem(certificate, id, client, now);
  if (problem !== undefined) return failed(`The certificate of the credentials ${problem}.`);
  const held = [...(certificate?.scopes ?? client.scopes), ...anonymous];
  const excess = authorizedScopes?.find((scope) => !satisfiesScope(held, scope));
  if (excess !== undefined) {
    return failed(`The request is authorized for a scope that its client does not have: ${excess}`);
  }
  return {
    status: 'success',
    clientId: id,
    scopes: authorizedScopes === undefined ? held : [...authorizedScopes, ...anonymous],
    expires: earlier(client.expires ?? null, certificate === undefined ? null : new Date(certificate.expiry)),
  };
}

function byId(clients: readonly LocalClient[]): ReadonlyMap<string, LocalClient> {
  const table = new Map(clients.map((client) => [client.clientId, client]));
  if (table.size !== clients.length) throw new RangeError('two configured clients have the same clientId');
  const empty = clients.find(({ accessToken }) => accessToken === '');
  if (empty !== undefined) throw new RangeError(`the configured client ${empty.clientId} has no access token`);
  return table;
}

/**
 * Authenticates without any other service: permanent clients from the configuration, and temporary credentials that
 * they issued, by the rules of the auth service (spec/api.md 3.2 to 3.5). There are no roles but that of the
 * anonymous caller.
 * @throws {RangeError} when the clients do not make sense
 */
export function localAuthenticator(
  clients: readonly LocalClient[],
  anonymousScopes: readonly string[],
  clock: Clock,
): Authenticator {
  const known = byId(clients);
  const anonymous = ['assume:anonymous', ...anonymousScopes];
  // Stands in for a client that does not exist, so that strangers cannot tell it from a wrong key: nobody can sign for it.
  const decoy: LocalClient = { clientId: '', accessToken: randomBytes(32).toString('base64url'), scopes: [] };

  const checked = async (request: SignedRequest, signature: Signature): Promise<Authentication> => {
    const extension = readExtension(signature.ext);
    if (extension === undefined) {
      return failed('The ext of the signature holds no certificate or scopes of the right form.');
    }
    const client = known.get(extension.certificate?.issuer ?? signature.id) ?? decoy;
    const now = clock.now();
    const problem =
      (await signatureProblem(request, signature, keyOf(client, extension), now)) ??
      expiryProblem(client, now) ??
      signedHashProblem(request, signature);
    return problem === undefined ? granted(client, signature, extension, anonymous, now) : failed(problem);
  };

  return {
    async authenticate(request) {
      const presented = presentedSignature(request);
      if (presented.status === 'absent') return { status: 'anonymous', scopes: anonymous };
      return presented.status === 'malformed' ? failed(presented.message) : checked(request, presented.signature);
    },
  };
}
