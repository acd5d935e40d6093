/** Every code of an error answer and its status (spec/api.md 2.3). */
export const errorStatus = {
  MalformedPayload: 400,
  InvalidRequestArguments: 400,
  InputValidationError: 400,
  InputError: 400,
  AuthenticationFailed: 401,
  InsufficientScopes: 403,
  ResourceNotFound: 404,
  RequestConflict: 409,
  InputTooLarge: 413,
  InternalServerError: 500,
  ProviderSetupFailed: 503,
} as const;

/** What an error answer says in `code`. */
export type ApiErrorCode = keyof typeof errorStatus;
