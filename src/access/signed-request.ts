import { ServiceError } from '#core/error.ts';

/** What of an HTTP request its signature is about, and what is asked along with it (spec/api.md 3.1). */
export interface SignedRequest {
  /** As received, e.g. `GET`. */
  readonly method: string;
  /** Path and query exactly as received. */
  readonly resource: string;
  /** The name part of the Host header. */
  readonly host: string;
  readonly port: number;
  readonly authorization?: string;
  /** The Content-Type header. */
  readonly contentType?: string;
  /** The body exactly as received; absent when there was none. */
  readonly body?: string | Uint8Array;
  readonly sourceIp?: string;
  readonly traceId?: string;
}

/** A request as an HTTP server has it. */
export interface RequestHead {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Whether it came over TLS to this very process. */
  readonly isEncrypted: boolean;
}

const hostPattern = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]{1,255})(?::(\d{1,5}))?$/i;
const highestPort = 65_535;

/** A header's value; of several, or of a list that proxies have added to, the first. */
function first(head: RequestHead, name: string): string | undefined {
  const value = head.headers[name];
  const text = typeof value === 'string' ? value : value?.[0];
  return text?.split(',')[0]?.trim();
}

function portNumber(text: string, header: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= highestPort) return port;
  throw new ServiceError('invalid-input', `The request's ${header} header does not name a port.`);
}

/** The port that the caller signed for: that of the outermost proxy, if any. */
function portOf(head: RequestHead, fromHost: string | undefined): number {
  const forwarded = first(head, 'x-forwarded-port');
  if (forwarded !== undefined) return portNumber(forwarded, 'X-Forwarded-Port');
  if (first(head, 'x-forwarded-proto')?.toLowerCase() === 'https') return 443;
  if (fromHost !== undefined) return portNumber(fromHost, 'Host');
  return head.isEncrypted ? 443 : 80;
}

/**
 * Takes from a request what authentication needs. Host and port come from the request, never from configuration:
 * callers inside a cluster sign for other names than those outside.
 * @throws {ServiceError} `invalid-input` when the Host header is missing or odd, or the forwarded port is no port
 * (W16)
 */
export function signedRequest(
  head: RequestHead,
  more: Pick<SignedRequest, 'body' | 'sourceIp' | 'traceId'> = {},
): SignedRequest {
  const hostHeader = head.headers['host'];
  const match = typeof hostHeader === 'string' ? hostPattern.exec(hostHeader) : null;
  const [, host, port] = match ?? [];
  if (host === undefined) {
    throw new ServiceError('invalid-input', 'The request has no usable Host header.');
  }
  const { authorization, 'content-type': contentType } = head.headers;
  return {
    method: head.method,
    resource: head.url,
    host,
    port: portOf(head, port),
    ...(typeof authorization === 'string' ? { authorization } : {}),
    ...(typeof contentType === 'string' ? { contentType } : {}),
    ...more,
  };
}
