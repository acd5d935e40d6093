import { timingSafeEqual } from 'node:crypto';
import * as hawk from 'hawk';
import { QueueRefusal } from './refusal.ts';
import { areScopesSatisfied } from './scopes.ts';
import { accessTokenOf, isSignatureRight } from './temporary-credentials.ts';
import type { Certificate } from './temporary-credentials.ts';
import { isRecord, isTextList } from './wire.ts';

/** A permanent client: what the deployment's auth service would know of it. */
export interface QueueClient {
  accessToken: string;
  /** Without roles: the simulator expands no `assume:` scope. */
  scopes: readonly string[];
}

/** Finds a permanent client by its id. */
export type ClientLookup = (clientId: string) => QueueClient | undefined;

/** Who calls, and what they may do. */
export interface Caller {
  clientId: string;
  scopes: readonly string[];
}

/** The parts of an HTTP request that a Hawk header signs. */
export interface SignedRequest {
  method: string;
  /** Path and query as received. */
  url: string;
  /** The `Host` header. */
  host: string;
  authorization: string | undefined;
}

const maxSkewMs = 15 * 60_000;
const certificateSlackMs = 5 * 60_000;
const maxCertificateMs = 31 * 24 * 3_600_000;

/**
 * The caller of a Hawk-signed request with permanent or temporary credentials (spec/api.md 3.2-3.4); a request without a
 * header is from `anonymous`, who holds no scopes.
 * @throws QueueRefusal AuthenticationFailed, with one text for every unknown, forged or expired signature.
 */
export function authenticate(request: SignedRequest, lookup: ClientLookup, now: Date): Caller {
  if (request.authorization === undefined) {
    return { clientId: 'anonymous', scopes: [] };
  }
  const attributes = parseHeader(request.authorization);
  const { id, ext } = attributes;
  const restrictions = parseExt(ext);
  const client =
    restrictions.certificate === undefined
      ? lookup(id)
      : temporaryClient(id, restrictions.certificate, lookup, now.getTime());
  if (client === undefined || !isMacRight(request, attributes, client.accessToken)) {
    throw unauthenticated();
  }
  if (Math.abs(Number(attributes.ts) * 1000 - now.getTime()) > maxSkewMs) {
    throw unauthenticated();
  }
  return { clientId: id, scopes: authorizedScopes(client.scopes, restrictions.authorizedScopes) };
}

interface HawkAttributes {
  id: string;
  ts: string;
  nonce: string;
  mac: string;
  hash: string | undefined;
  ext: string | undefined;
}

function parseHeader(header: string): HawkAttributes {
  let found: Record<string, string>;
  try {
    found = hawk.utils.parseAuthorizationHeader(header);
  } catch {
    throw unauthenticated();
  }
  const { id, ts, nonce, mac, hash, ext } = found;
  if (id === undefined || ts === undefined || nonce === undefined || mac === undefined || !/^\d+$/.test(ts)) {
    throw unauthenticated();
  }
  return { id, ts, nonce, mac, hash, ext };
}

/** The MAC is checked here and not by hawk's server, because that one reads the machine's clock and not ours. */
function isMacRight(request: SignedRequest, attributes: HawkAttributes, key: string): boolean {
  const host = URL.parse(`http://${request.host}`);
  if (host === null) {
    return false;
  }
  const mac = hawk.crypto.calculateMac(
    'header',
    { id: attributes.id, key, algorithm: 'sha256' },
    {
      method: request.method,
      resource: request.url,
      host: host.hostname,
      port: host.port === '' ? 80 : Number(host.port),
      ts: attributes.ts,
      nonce: attributes.nonce,
      hash: attributes.hash,
      ext: attributes.ext,
    },
  );
  const expected = Buffer.from(mac);
  const given = Buffer.from(attributes.mac);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

interface Restrictions {
  certificate?: Certificate;
  authorizedScopes?: readonly string[];
}

function parseExt(ext: string | undefined): Restrictions {
  if (ext === undefined || ext === '') {
    return {};
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(ext, 'base64').toString());
  } catch {
    throw unauthenticated();
  }
  if (!isRecord(parsed)) {
    throw unauthenticated();
  }
  const restrictions: Restrictions = {};
  const { certificate, authorizedScopes: narrowed } = parsed;
  if (certificate !== undefined) {
    restrictions.certificate = parseCertificate(certificate);
  }
  if (narrowed !== undefined) {
    if (!isTextList(narrowed)) {
      throw unauthenticated();
    }
    restrictions.authorizedScopes = narrowed;
  }
  return restrictions;
}

function parseCertificate(value: unknown): Certificate {
  if (!isRecord(value)) {
    throw unauthenticated();
  }
  const { version, scopes, start, expiry, seed, signature, issuer } = value;
  if (version !== 1 || !isTextList(scopes) || typeof start !== 'number' || typeof expiry !== 'number') {
    throw unauthenticated();
  }
  if (typeof seed !== 'string' || seed.length !== 44 || typeof signature !== 'string') {
    throw unauthenticated();
  }
  const certificate: Certificate = { version, scopes, start, expiry, seed, signature };
  if (issuer !== undefined) {
    if (typeof issuer !== 'string') {
      throw unauthenticated();
    }
    certificate.issuer = issuer;
  }
  return certificate;
}

function temporaryClient(
  clientId: string,
  certificate: Certificate,
  lookup: ClientLookup,
  nowMs: number,
): QueueClient | undefined {
  const { issuer = clientId, start, expiry } = certificate;
  const permanent = lookup(issuer);
  const isInTime =
    start <= nowMs + certificateSlackMs && expiry >= nowMs - certificateSlackMs && expiry - start <= maxCertificateMs;
  if (permanent === undefined || !isInTime || certificate.issuer === clientId) {
    return undefined;
  }
  const needed = [
    ...certificate.scopes,
    ...(certificate.issuer === undefined ? [] : [`auth:create-client:${clientId}`]),
  ];
  const isIssuedRightly =
    areScopesSatisfied(permanent.scopes, { allOf: needed }) &&
    isSignatureRight(certificate, clientId, permanent.accessToken);
  return isIssuedRightly
    ? { accessToken: accessTokenOf(certificate.seed, permanent.accessToken), scopes: certificate.scopes }
    : undefined;
}

function authorizedScopes(held: readonly string[], narrowed: readonly string[] | undefined): readonly string[] {
  if (narrowed === undefined) {
    return held;
  }
  if (!areScopesSatisfied(held, { allOf: narrowed })) {
    throw unauthenticated();
  }
  return narrowed;
}

function unauthenticated(): QueueRefusal {
  return new QueueRefusal(
    'AuthenticationFailed',
    'Unauthorized: the credentials, the signature or its time are not right',
  );
}
