import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Refusal } from './refusal.ts';

/** The parts of an HTTP request that a Signature Version 4 covers. */
export interface SignedRequest {
  method: string;
  /** Path and query as they came. */
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Who calls, and which region is called: SigV4 names it, so that one address serves all regions. */
export interface Caller {
  accessKeyId: string;
  region: string;
}

interface Authorization extends Caller {
  date: string;
  signedHeaders: string[];
  signature: string;
}

const authorizationForm =
  /^AWS4-HMAC-SHA256 Credential=([\w+/=-]+)\/(\d{8})\/([a-z\d-]+)\/([a-z\d-]+)\/aws4_request, ?SignedHeaders=([a-z\d;-]+), ?Signature=([\da-f]{64})$/;

/**
 * Reads the SigV4 header of a request, and checks its signature where the secrets are known.
 *
 * The date is not compared with a clock: the simulator's may be stepped, the SDK's is the machine's.
 *
 * @param secrets access key id → secret access key; undefined takes any well-formed signature.
 * @throws Refusal `MissingAuthenticationToken` or `AuthFailure`.
 */
export function authenticate(request: SignedRequest, secrets: ReadonlyMap<string, string> | undefined): Caller {
  const authorization = readAuthorization(request.headers);
  if (secrets !== undefined) {
    const secret = secrets.get(authorization.accessKeyId);
    if (secret === undefined || !isSignedWith(secret, authorization, request)) {
      throw notValidated();
    }
  }
  return { accessKeyId: authorization.accessKeyId, region: authorization.region };
}

function readAuthorization(headers: IncomingHttpHeaders): Authorization {
  if (headers.authorization === undefined) {
    throw new Refusal(
      'MissingAuthenticationToken',
      'The request must contain either a valid (registered) AWS access key ID or X.509 certificate.',
      403,
    );
  }
  const match = authorizationForm.exec(headers.authorization);
  if (match === null) {
    throw notValidated();
  }
  const parts = match.slice(1) as [string, string, string, string, string, string];
  const [accessKeyId, date, region, service, signedHeaders, signature] = parts;
  if (service !== 'ec2') {
    throw new Refusal('AuthFailure', "Credential should be scoped to correct service: 'ec2'.", 401);
  }
  const names = signedHeaders.split(';');
  if (!names.includes('host') || headers['x-amz-date']?.slice(0, 8) !== date) {
    throw notValidated();
  }
  return { accessKeyId, date, region, signedHeaders: names, signature };
}

function isSignedWith(secret: string, authorization: Authorization, request: SignedRequest): boolean {
  const scope = `${authorization.date}/${authorization.region}/ec2/aws4_request`;
  const toSign = [
    'AWS4-HMAC-SHA256',
    String(request.headers['x-amz-date']),
    scope,
    sha256(canonicalRequest(authorization.signedHeaders, request)),
  ].join('\n');
  const key = [authorization.date, authorization.region, 'ec2', 'aws4_request'].reduce<Buffer>(
    (chained, part) => hmac(chained, part),
    Buffer.from(`AWS4${secret}`),
  );
  return timingSafeEqual(hmac(key, toSign), Buffer.from(authorization.signature, 'hex'));
}

function canonicalRequest(signedHeaders: readonly string[], request: SignedRequest): string {
  const [path, query = ''] = request.url.split('?', 2);
  const headers = signedHeaders.map(
    (name) => `${name}:${String(request.headers[name]).trim().replaceAll(/ +/g, ' ')}\n`,
  );
  return [
    request.method,
    path,
    query.split('&').toSorted().join('&'),
    headers.join(''),
    signedHeaders.join(';'),
    sha256(request.body),
  ].join('\n');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function notValidated(): Refusal {
  return new Refusal('AuthFailure', 'AWS was not able to validate the provided access credentials', 401);
}
