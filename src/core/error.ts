/**
 * The errors a caller can do something about. Everything else that is thrown is a defect and is shown to nobody.
 * The API translates a code to a status once (`api/errors.ts`).
 */
export type ErrorCode =
  /** The named thing does not exist. */
  | 'not-found'
  /** What is stored differs from what is asked for. */
  | 'conflict'
  /** The input is well-formed but cannot be accepted. */
  | 'invalid-input'
  /** The input does not match its schema. */
  | 'schema-violation'
  /** A configured part (a provider, the queue) is not usable now; try again. */
  | 'unavailable';

/** An error for the client: `message` is written for them and never holds a secret. */
export class ServiceError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ServiceError';
    this.code = code;
  }
}

/**
 * Thrown by an identity check that does not believe the proof. `cause` text is for the operator's log; the client is told one
 * fixed text whatever it says (spec/provisioning.md 10.1: reveal nothing about which part failed).
 */
export class ProofRejected extends Error {
  constructor(why: string, options?: ErrorOptions) {
    super(why, options);
    this.name = 'ProofRejected';
  }
}

/**
 * Thrown by an identity check that cannot tell, because something it has to ask does not answer. Nothing is said about the proof: the worker comes
 * again. The text is for the operator's log.
 */
export class ProofUncheckable extends Error {
  constructor(why: string, options?: ErrorOptions) {
    super(why, options);
    this.name = 'ProofUncheckable';
  }
}
