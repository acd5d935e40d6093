import type { ScopeTemplate } from '#core/scope-expression.ts';
import type { SchemaName } from './schemas/published.ts';

/** What of a request's body is hidden when the body is shown again in an error (spec/api.md 2.3). */
export type PayloadMask =
  /** All of it. */
  | 'whole'
  /** `providerInfo.staticSecret`; all of it when the body is no JSON. */
  | 'static-secret';

/** One endpoint of the API, as data (spec/api.md 1.1). Its name is its key in `endpoints`. */
export interface Endpoint {
  readonly method: 'get' | 'put' | 'post' | 'delete';
  /** Below the API prefix; parameters as `<name>`. */
  readonly route: string;
  /**
   * The parameter that may also be written with an unencoded slash and then takes the rest of its part of the path,
   * even nothing (spec/api.md 1.2).
   */
  readonly greedy?: string;
  /** Pattern of each route parameter. Their order is the order of arguments in clients. */
  readonly params: Readonly<Record<string, string>>;
  /**
   * Pattern of each query key, in published order; all of them are optional. `bewit` is allowed beside them
   * everywhere.
   */
  readonly query: Readonly<Record<string, string>>;
  readonly stability: 'stable' | 'experimental';
  readonly category: string;
  readonly title: string;
  readonly description: string;
  /** What a caller must have; absent: public. Placeholders are route parameters, query keys or members of the body. */
  readonly scopes?: ScopeTemplate;
  /**
   * Whether the caller is checked as soon as the route is known, or by the handler, because the scopes name something
   * of the body or the query, which are checked before (spec/api.md 2.1 step 5).
   */
  readonly authorizes: 'before' | 'in-handler';
  readonly input?: SchemaName;
  readonly output?: SchemaName;
  readonly masks?: PayloadMask;
  /**
   * An unpublished second address: the name of the endpoint whose handler answers. Its own name appears in errors,
   * logs and metrics.
   */
  readonly twinOf?: string;
}

/** The prefix of all endpoints under the root URL. */
export const apiPrefix = '/api/worker-manager/v1';

/** The query key of a signed URL, allowed on every GET endpoint. */
export const bewitKey = 'bewit';
