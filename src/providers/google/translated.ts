import type { JsonObject, JsonValue } from '#core/json.ts';
import { stringMember } from '#core/provider.ts';
import { isJsonObject } from '#lib/json.ts';
import { GoogleError, ownCodes } from './errors.ts';
import { asObject, objectsIn } from './members.ts';

/** What Google's library (gaxios) adds to its errors. */
interface SdkError extends Error {
  code?: string | number;
  config?: unknown;
  response?: { status: number; data?: unknown; headers?: { get(name: string): string | null } };
}

/**
 * The errors of Google's libraries in one form. An answer's body names the reason in one of three ways: `error.errors[].reason` (Compute Engine),
 * `error.details[].reason` or `error.status` (IAM), and `error` itself (the token's call, RFC 6749).
 * @throws a defect as it is.
 */
export function translated(error: unknown): GoogleError {
  if (error instanceof GoogleError) {
    return error;
  }
  const sdkError: SdkError = error instanceof Error ? error : new Error(String(error));
  const { response } = sdkError;
  if (response === undefined) {
    return new GoogleError(unansweredCode(sdkError), sdkError.message, { cause: error });
  }
  const body = isJsonObject(response.data) ? response.data : {};
  const { code, words, quotaMetric } = readBody(body);
  const retryAfterSeconds = Number(response.headers?.get('retry-after'));
  return new GoogleError(code ?? `HTTP ${response.status}`, words ?? sdkError.message, {
    cause: error,
    quotaMetric,
    status: response.status,
    retryAfterMs: retryAfterSeconds > 0 ? retryAfterSeconds * 1000 : undefined,
  });
}

interface Body {
  code: string | null;
  words: string | null;
  quotaMetric: string | null;
}

function readBody(body: JsonObject): Body {
  const { error } = body;
  if (typeof error === 'string') {
    return { code: error, words: stringMember(body, 'error_description'), quotaMetric: null };
  }
  const members = asObject(error);
  const errors = objectsIn(members['errors']);
  const details = objectsIn(members['details']);
  const messages = textsOf(errors, 'message');
  return {
    code: textsOf(errors, 'reason')[0] ?? textsOf(details, 'reason')[0] ?? stringMember(members, 'status'),
    words: messages.length > 1 ? messages.join('; ') : (stringMember(members, 'message') ?? messages[0] ?? null),
    quotaMetric: details.map(metricOf).find((metric) => metric !== null) ?? null,
  };
}

function metricOf(detail: JsonObject): string | null {
  return stringMember(detail, 'metricName') ?? stringMember(asObject(detail['metadatas']), 'metricName');
}

function textsOf(objects: readonly JsonObject[], name: string): string[] {
  return objects.map((object): JsonValue | undefined => object[name]).filter((text) => typeof text === 'string');
}

/** Of an error without an answer: the network's code, or what kept the call from being sent. */
function unansweredCode(error: SdkError): string {
  const networkCode = networkCodeOf(error);
  if (networkCode !== null) {
    return networkCode;
  }
  if (error.config !== undefined) {
    return ownCodes.brokenAnswer;
  }
  if (error instanceof TypeError) {
    throw error;
  }
  return error.message.startsWith('Missing required parameters') ? ownCodes.unsendable : ownCodes.credentials;
}

/** `fetch` wraps the socket's error, sometimes twice. */
function networkCodeOf(error: unknown): string | null {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    const { code } = inner as SdkError;
    if (typeof code === 'string' && /^(E[A-Z]+|UND_ERR_\w+)$/.test(code)) {
      return code;
    }
  }
  return null;
}
