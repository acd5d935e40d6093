import type { OperationName, RequestBody, RequestParams, RequestQuery, ResponseBody } from '#contract/routes.ts';

/** A request that has passed every check that can be made without its handler. */
export interface Call<Name extends OperationName> {
  readonly params: RequestParams<Name>;
  readonly query: RequestQuery<Name>;
  readonly body: RequestBody<Name>;
  /** The caller's address, as far as it can be known. */
  readonly sourceIp: string;
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal;
  /**
   * Checks the caller's scopes where they name something that is not in the route: endpoints that authorize `in-handler` call this before anything else.
   * @throws {ApiError} AuthenticationFailed, InsufficientScopes.
   */
  readonly authorize: (parameters: Readonly<Record<string, string>>) => Promise<void>;
  /** Who calls; empty without credentials. */
  readonly clientId: () => Promise<string>;
}

/** Answers one operation. What it throws becomes an error answer (`errors.ts`). */
export type Handler<Name extends OperationName> = (call: Call<Name>) => Promise<ResponseBody<Name>>;

/** A handler for each operation of the contract. */
export type Handlers = { readonly [Name in OperationName]: Handler<Name> };
