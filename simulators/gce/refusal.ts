/** What more an error answer can say. */
interface RefusalParts {
  /** Canonical name of the status, e.g. `UNAUTHENTICATED`, where Google's front end answers and not Compute Engine. */
  statusName?: string;
  domain?: string;
  /** The name of the header that is wrong. */
  header?: string;
  details?: readonly Readonly<Record<string, unknown>>[];
}

/**
 * An error that Google answers with.
 *
 * The form is that of all Google APIs with a discovery document: `{ error: { code, message, errors: [{ message,
 * domain, reason }] } }` (https://cloud.google.com/compute/docs/reference/rest/v1/errors). Reasons and texts are
 * Compute Engine's own, from that page and from answers that users quoted.
 */
export class Refusal extends Error {
  /** HTTP status. */
  readonly status: number;
  readonly reason: string;
  readonly parts: RefusalParts;

  constructor(status: number, reason: string, message: string, parts: RefusalParts = {}) {
    super(message);
    this.name = reason;
    this.status = status;
    this.reason = reason;
    this.parts = parts;
  }
}

/** The JSON of an error answer. */
export function refusalJson({ status, reason, message, parts }: Refusal): string {
  const { statusName, domain = 'global', header, details } = parts;
  const place = header === undefined ? {} : { location: header, locationType: 'header' };
  return JSON.stringify({
    error: {
      code: status,
      message,
      errors: [{ message, domain, reason, ...place }],
      status: statusName,
      details,
    },
  });
}

/** 400 `invalid`: a field of the resource or a parameter does not hold what it may. */
export function invalidValue(field: string, value: string, why: string): Refusal {
  return new Refusal(400, 'invalid', `Invalid value for field '${field}': '${value}'. ${why}`);
}

/** 400 `required`: a field is missing. */
export function missingField(field: string): Refusal {
  return new Refusal(400, 'required', `Required field '${field}' not specified`);
}

/** 404 `notFound`. @param resource e.g. `projects/p/zones/z/instances/i` */
export function notFound(resource: string): Refusal {
  return new Refusal(404, 'notFound', `The resource '${resource}' was not found`);
}

/** 409 `alreadyExists`. */
export function alreadyExists(resource: string): Refusal {
  return new Refusal(409, 'alreadyExists', `The resource '${resource}' already exists`);
}
