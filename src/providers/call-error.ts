import type { Refusal, RefusalClass } from '#core/launch.ts';
import { DeadlineExceeded } from '#lib/deadline.ts';
import { NotStarted } from './call-gate.ts';
import type { CallFailure } from './call-gate.ts';

/** What is known of a call that did not succeed, beside its code and words. */
export interface CallErrorDetails {
  status?: number | null | undefined;
  requestId?: string | null | undefined;
  retryAfterMs?: number | null | undefined;
  cause?: unknown;
}

/** A call to a cloud that did not succeed: what the errors of all clouds have. */
export abstract class CallError extends Error {
  /** The cloud's code, or the network's, e.g. `ECONNRESET`. */
  readonly code: string;
  /** The cloud's own words. */
  readonly words: string;
  /** Of the cloud's answer; null when there was none. */
  readonly status: number | null;
  readonly requestId: string | null;
  readonly retryAfterMs: number | null;

  constructor(code: string, words: string, details: CallErrorDetails = {}) {
    super(`${code}: ${words}`, { cause: details.cause });
    this.code = code;
    this.words = words;
    this.status = details.status ?? null;
    this.requestId = details.requestId ?? null;
    this.retryAfterMs = details.retryAfterMs ?? null;
  }
}

/** The codes that the program itself gives, at every cloud, to what the cloud has no code for. */
export const callCodes = {
  /** The SDK could not make a request of what it was given. */
  unsendable: 'UnsendableRequest',
  /** An answer without what it must hold. */
  brokenAnswer: 'BrokenAnswer',
} as const;

/** The most that is kept of a cloud's words: some of them carry kilobytes of encoded details. */
const longestMessage = 1000;

/** What a refusal tells of the error that a call ended with, whatever its class and scope. */
export function tellingOf(error: unknown): Pick<Refusal, 'code' | 'message' | 'retryAfterMs' | 'requestId'> {
  const isCallError = error instanceof CallError;
  const message = isCallError ? error.words : (error as Error).message;
  return {
    code: codeOf(error),
    message: message.length > longestMessage ? `${message.slice(0, longestMessage)}…` : message,
    retryAfterMs: isCallError ? error.retryAfterMs : null,
    requestId: isCallError ? error.requestId : null,
  };
}

/** What an error means for other calls of its kind. A call that ran out of time is not repeated: it had its chance. */
export function failureOf(error: unknown, classOf: (error: CallError) => RefusalClass): CallFailure {
  const kinds: Partial<Record<RefusalClass, CallFailure['kind']>> = { throttle: 'throttled', transient: 'passing' };
  const isCallError = error instanceof CallError;
  return {
    kind: isCallError ? (kinds[classOf(error)] ?? 'final') : 'final',
    code: codeOf(error),
    retryAfterMs: isCallError ? error.retryAfterMs : null,
  };
}

function codeOf(error: unknown): string {
  if (error instanceof CallError) {
    return error.code;
  }
  if (error instanceof NotStarted) {
    return error.name;
  }
  return error instanceof DeadlineExceeded ? 'TIMEOUT' : 'InternalFailure';
}
