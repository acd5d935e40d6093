import { createHash } from 'node:crypto';
import { isSameText } from './constant-time.ts';
import type { SignedRequest } from './signed-request.ts';

/**
 * Hawk's hash of a body (spec/api.md 3.1), in base64: over the media type, in lower case and without parameters, and
 * the bytes. (The hawk package has it for texts only.)
 */
export function payloadHash({ contentType = '', body = '' }: Pick<SignedRequest, 'contentType' | 'body'>): string {
  const mediaType = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const hash = createHash('sha256').update(`hawk.1.payload\n${mediaType}\n`, 'utf8');
  return hash.update(body).update('\n').digest('base64');
}

/** What is wrong with the hash that was signed along with a request, or undefined when it is that of the body. */
export function payloadHashProblem(request: SignedRequest, claimed: string): string | undefined {
  const actual = payloadHash(request);
  if (isSameText(claimed, actual)) return undefined;
  return `The body of the request is not the one that was signed: its hash is ${actual}, the signed one ${claimed}.`;
}
