import type { JsonObject } from '#core/json.ts';
import { heartbeatRoute, monitoringRoutes } from './routes/monitoring.ts';
import { poolRoutes } from './routes/pools.ts';
import { problemRoutes } from './routes/problems.ts';
import { queueViewRoutes } from './routes/queue-view.ts';
import { registrationRoutes } from './routes/registration.ts';
import { workerRoutes } from './routes/workers.ts';
import type { Shapes } from './shapes.ts';

/**
 * Every endpoint, published or not, by name. Where routes overlap the earlier one wins (spec/api.md 1.2), so the
 * order counts.
 */
export const endpoints = {
  ...monitoringRoutes,
  ...poolRoutes,
  ...problemRoutes,
  ...workerRoutes,
  ...registrationRoutes,
  ...queueViewRoutes,
  ...heartbeatRoute,
} as const;

type Endpoints = typeof endpoints;

/** Every endpoint's own name, as it appears in errors, logs and metrics. */
export type EndpointName = keyof Endpoints;

/** Names of the unpublished second addresses. */
export type TwinName = {
  [Name in EndpointName]: Endpoints[Name] extends { twinOf: string } ? Name : never;
}[EndpointName];

/** Names that have a handler of their own: all published endpoints. */
export type OperationName = Exclude<EndpointName, TwinName>;

/** The decoded route parameters of an operation. */
export type RequestParams<Name extends EndpointName> = Readonly<
  Record<keyof Endpoints[Name]['params'] & string, string>
>;

/** The query keys of an operation. */
export type RequestQuery<Name extends EndpointName> = Readonly<
  Partial<Record<keyof Endpoints[Name]['query'] & string, string>>
>;

/** The checked body of a request; undefined for operations that take none. */
export type RequestBody<Name extends EndpointName> = Endpoints[Name] extends {
  input: infer Schema extends keyof Shapes;
}
  ? Shapes[Schema]
  : undefined;

/** The body of a successful answer. */
export type ResponseBody<Name extends EndpointName> = Endpoints[Name] extends {
  output: infer Schema extends keyof Shapes;
}
  ? Shapes[Schema]
  : JsonObject;

/** The operation that answers at an endpoint: itself, or for a twin the one it is a second address of. */
export function operationOf(name: EndpointName): OperationName {
  const endpoint = endpoints[name];
  return 'twinOf' in endpoint ? endpoint.twinOf : (name as OperationName);
}
