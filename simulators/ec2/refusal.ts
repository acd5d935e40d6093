/**
 * An error that EC2 answers with, as it stands in the `<Error>` element of its XML.
 *
 * Codes, texts and statuses are AWS's own, from its list of error codes
 * (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html) and from answers that users quoted.
 */
export class Refusal extends Error {
  readonly code: string;
  /** HTTP status: 400 for most client errors, 500 and 503 for AWS's own trouble, which includes missing capacity. */
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
  }
}

/** `InvalidParameterValue` with the text given. */
export function invalidValue(message: string): Refusal {
  return new Refusal('InvalidParameterValue', message);
}

/** `MissingParameter` for the parameter of that name. */
export function missingParameter(name: string): Refusal {
  return new Refusal('MissingParameter', `The request must contain the parameter ${name}`);
}
