import { createHash, createHmac } from 'node:crypto';
import type { Credentials } from 'taskcluster-client';
import type { FuzzRequest } from './fuzz-requests.ts';
import type { RawRequest } from './raw-connections.ts';

/** Who signs, by name, and at what time. */
export interface Signers {
  credentials: Readonly<Record<string, Credentials>>;
  now: Date;
  port: number;
}

/** The bytes of a request, signed. */
export function bytesOf(request: FuzzRequest, signers: Signers): RawRequest {
  const { method, body, headers } = request;
  const raw = Buffer.from(body ?? '');
  const { target, authorization } = signed(request, raw, signers);
  const isTyped = headers.some(([name]) => name === 'content-type');
  const lines = [
    `${method} ${target} HTTP/1.1`,
    ...(request.host === null ? [] : [`host: ${hostOf(request, signers)}`]),
    ...(authorization === null ? [] : [`authorization: ${authorization}`]),
    ...(body === undefined || isTyped ? [] : ['content-type: application/json']),
    ...(body === undefined ? [] : [`content-length: ${raw.length}`]),
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  return { bytes: Buffer.concat([head, raw]), isHead: method === 'HEAD' };
}

function hostOf({ host: name }: FuzzRequest, { port }: Signers): string {
  return name === '127.0.0.1' ? `${name}:${port}` : (name ?? '');
}

/** The target and the Authorization header, one of which holds the signature, if there is one. */
function signed(
  request: FuzzRequest,
  body: Buffer,
  signers: Signers,
): { target: string; authorization: string | null } {
  const { target, signature } = request;
  const { as, raw, isInUrl } = signature;
  const signer = as === null ? undefined : signers.credentials[as];
  if (signer === undefined) return { target, authorization: raw };
  if (isInUrl) return { target: signedTarget(request, signer, signers), authorization: raw };
  return { target, authorization: raw ?? signedHeader(request, body, signer, signers) };
}

/** Hawk's text of what is signed (spec/api.md 3.2); over the very bytes that are sent, which no client library would do. */
function normalized(kind: 'header' | 'bewit', facts: readonly (string | number)[], { port }: Signers): string {
  const [time = '', nonce = '', method = '', target = '', hash = '', ext = ''] = facts;
  return `hawk.1.${kind}\n${time}\n${nonce}\n${method}\n${target}\n127.0.0.1\n${port}\n${hash}\n${ext}\n`;
}

function macOf(text: string, { accessToken }: Credentials): string {
  return createHmac('sha256', accessToken).update(text).digest('base64');
}

function extOf({ signature: { ext } }: FuzzRequest, { certificate }: Credentials): string {
  if (ext !== '' || certificate === undefined) return ext;
  return Buffer.from(`{"certificate":${certificate}}`).toString('base64');
}

function signedHeader(request: FuzzRequest, body: Buffer, signer: Credentials, signers: Signers): string {
  const time = Math.floor(signers.now.getTime() / 1000);
  const ext = extOf(request, signer);
  const hash = hashOf(request, body);
  const mac = macOf(normalized('header', [time, 'n', request.method, request.target, hash, ext], signers), signer);
  const parts = [
    `id="${signer.clientId}", ts="${time}", nonce="n", mac="${mac}"`,
    ...(hash === '' ? [] : [`hash="${hash}"`]),
    ...(ext === '' ? [] : [`ext="${ext}"`]),
  ];
  return `Hawk ${parts.join(', ')}`;
}

function hashOf({ signature }: FuzzRequest, body: Buffer): string {
  if (signature.hash === 'none') return '';
  if (signature.hash === 'odd') return 'AAAA';
  const hash = createHash('sha256').update('hawk.1.payload\napplication/json\n');
  return hash
    .update(signature.hash === 'right' ? body : 'other')
    .update('\n')
    .digest('base64');
}

function signedTarget(request: FuzzRequest, signer: Credentials, signers: Signers): string {
  const { target } = request;
  const end = Math.floor(signers.now.getTime() / 1000) + 60;
  const ext = extOf(request, signer);
  const mac = macOf(normalized('bewit', [end, '', 'GET', target, '', ext], signers), signer);
  const bewit = Buffer.from(`${signer.clientId}\\${end}\\${mac}\\${ext}`).toString('base64url');
  return `${target}${target.includes('?') ? '&' : '?'}bewit=${bewit}`;
}
