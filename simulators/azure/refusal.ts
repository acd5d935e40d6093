/** An error as Azure Resource Manager and its resource providers write it (`CloudError`, "common-api-details" of the RPC). */
export interface ErrorBody {
  code: string;
  message: string;
  target?: string;
  details?: readonly ErrorBody[];
}

/**
 * An error that Azure answers with.
 *
 * Codes and texts are Azure's own: from "Troubleshoot common Azure deployment errors"
 * (https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors), from the pages
 * of the resource providers, and from answers that users quoted.
 */
export class Refusal extends Error {
  readonly code: string;
  /** HTTP status. */
  readonly status: number;
  readonly target: string | undefined;
  readonly details: readonly ErrorBody[];
  /** After how many seconds to try again, or null where the answer does not say. */
  readonly retryAfterSeconds: number | null;

  constructor(
    code: string,
    message: string,
    status = 400,
    more: { target?: string; details?: readonly ErrorBody[]; retryAfterSeconds?: number } = {},
  ) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
    this.target = more.target;
    this.details = more.details ?? [];
    this.retryAfterSeconds = more.retryAfterSeconds ?? null;
  }

  /** What stands under `error` in the answer, and in the status of an operation that failed for this. */
  get body(): ErrorBody {
    const { code, message, target, details } = this;
    return { code, message, ...(target === undefined ? {} : { target }), ...(details.length > 0 ? { details } : {}) };
  }
}

/** `InvalidParameter` of the compute provider, for the parameter of that name. */
export function invalidParameter(target: string, message: string): Refusal {
  return new Refusal('InvalidParameter', message, 400, { target });
}

/** `InvalidParameter` for a parameter that must be there. */
export function missingParameter(target: string): Refusal {
  const name = target.slice(target.lastIndexOf('.') + 1);
  return invalidParameter(target, `Required parameter '${name}' is missing (null).`);
}

/** What a request for a resource that does not exist gets. */
export function resourceNotFound(type: string, name: string, group: string): Refusal {
  return new Refusal(
    'ResourceNotFound',
    `The Resource '${type}/${name}' under resource group '${group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
    404,
  );
}
