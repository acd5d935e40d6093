import { errorStatus } from '#contract/error-codes.ts';
import type { ApiErrorCode } from '#contract/error-codes.ts';
import type { ErrorCode } from '#core/error.ts';
import { ServiceError } from '#core/error.ts';

const codeOf: Record<ErrorCode, ApiErrorCode> = {
  'not-found': 'ResourceNotFound',
  conflict: 'RequestConflict',
  'invalid-input': 'InputError',
  'schema-violation': 'InputValidationError',
  unavailable: 'ProviderSetupFailed',
};

/** A refusal that is about the request and not about what it names: `message` is for the client and holds no secret. */
export class ApiError extends Error {
  readonly code: ApiErrorCode;

  constructor(code: ApiErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ApiError';
    this.code = code;
  }
}

/** What a client is told of any error that is not a defect; undefined for a defect, of which it is told nothing. */
export function refusalOf(error: unknown): { code: ApiErrorCode; text: string } | undefined {
  if (error instanceof ApiError) return { code: error.code, text: error.message };
  if (error instanceof ServiceError) return { code: codeOf[error.code], text: error.message };
  return undefined;
}

/** What is shown again of the request that failed. */
export interface RequestInfo {
  /** Name of the endpoint. */
  method: string;
  params: Readonly<Record<string, string>>;
  /** Masked; absent when the body was too large to be read. */
  payload?: unknown;
}

/** The body of an error answer (spec/api.md 2.3). */
export interface ErrorEnvelope {
  code: ApiErrorCode;
  message: string;
  requestInfo: RequestInfo & { time: string };
}

/** Puts an error answer together. */
export function errorEnvelope(
  refusal: { code: ApiErrorCode; text: string },
  request: RequestInfo,
  now: Date,
): ErrorEnvelope {
  const time = now.toISOString();
  const trailer = [
    `* method:     ${request.method}`,
    `* errorCode:  ${refusal.code}`,
    `* statusCode: ${errorStatus[refusal.code]}`,
    `* time:       ${time}`,
  ];
  return {
    code: refusal.code,
    message: `${refusal.text}\n\n---\n\n${trailer.join('\n')}`,
    requestInfo: { ...request, time },
  };
}
