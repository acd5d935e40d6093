/** Codes of the error envelope and the statuses they travel with (spec/api.md 2.3; the queue uses the same). */
const statusOf = {
  MalformedPayload: 400,
  InvalidRequestArguments: 400,
  InputValidationError: 400,
  InputError: 400,
  AuthenticationFailed: 401,
  InsufficientScopes: 403,
  ResourceNotFound: 404,
  RequestConflict: 409,
  InputTooLarge: 413,
} as const;

export type RefusalCode = keyof typeof statusOf;

/** A call that the queue answers with an error envelope; everything else that is thrown is a defect of the simulator. */
export class QueueRefusal extends Error {
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string) {
    super(message);
    this.code = code;
  }

  /** The HTTP status of the answer. */
  get status(): number {
    return statusOf[this.code];
  }
}
