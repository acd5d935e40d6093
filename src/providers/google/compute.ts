import type { compute_v1 } from '@googleapis/compute';
import type { JsonObject } from '#core/json.ts';
import { answered, instanceFields, instanceOf, isBlind, operationFields, operationOf, required } from './answer.ts';
import type { GoogleOperation } from './answer.ts';
import { authentication } from './credentials.ts';
import type { GoogleInstance } from './instance.ts';
import { lastPart } from './members.ts';
import type { GoogleSettings } from './settings.ts';

/** One page of machines. */
export interface InstancePage {
  instances: readonly GoogleInstance[];
  /** Null on the last page. */
  nextToken: string | null;
  /** Zones that could not be looked at: what they hold is missing. */
  unreachable: readonly string[];
}

/** One page of a list: what it must match (https://cloud.google.com/compute/docs/reference/rest/v1/instances/list, `filter`), and where it begins. */
export interface PageQuery {
  filter: string;
  pageToken: string | null;
}

/**
 * The calls to Google that are made, each one HTTP request, all in one project. The credentials need the roles Compute Admin and Service Account
 * User, the project the APIs Compute Engine and IAM (spec/provisioning.md 7.1).
 * @throws GoogleError, or whatever ends an aborted call.
 */
export interface Compute {
  /** The e-mail address of a service account of the project, by its unique id. */
  serviceAccountEmail(uniqueId: string, signal: AbortSignal): Promise<string>;
  /** `body` is that of instances.insert, as JSON. */
  insert(zone: string, requestId: string, body: JsonObject, signal: AbortSignal): Promise<GoogleOperation>;
  /** `body` is that of instances.bulkInsert, as JSON. */
  bulkInsert(zone: string, requestId: string, body: JsonObject, signal: AbortSignal): Promise<GoogleOperation>;
  deleteInstance(zone: string, id: string, signal: AbortSignal): Promise<GoogleOperation>;
  instance(zone: string, id: string, signal: AbortSignal): Promise<GoogleInstance>;
  /** Of one zone. */
  instances(zone: string, query: PageQuery, signal: AbortSignal): Promise<InstancePage>;
  /** Of all zones. */
  allInstances(query: PageQuery, signal: AbortSignal): Promise<InstancePage>;
  operation(zone: string, name: string, signal: AbortSignal): Promise<GoogleOperation>;
  operations(
    zone: string,
    query: PageQuery,
    signal: AbortSignal,
  ): Promise<{ operations: readonly GoogleOperation[]; nextToken: string | null }>;
}

/** The most that Google puts on a page. */
const pageSize = 500;

/**
 * Compute Engine and one call of IAM through Google's libraries, which are loaded here and nowhere else. They repeat nothing (`retry: false`): limits
 * and repeats are `limits.ts`. Answers hold only the fields that are read.
 */
export async function openCompute(settings: GoogleSettings): Promise<Compute> {
  const { compute } = await import('@googleapis/compute');
  const { project, endpoint } = settings;
  const auth = await authentication(settings.credentials);
  const google = compute({ version: 'v1', ...(endpoint === null ? {} : { rootUrl: withSlash(endpoint) }) });
  // The SDK would take another release of google-auth-library; a header is a header.
  const options: Calls['options'] = async (signal) => ({
    signal,
    retry: false,
    headers: await auth.getRequestHeaders(),
  });
  const iam = withSlash(settings.iamEndpoint ?? 'https://iam.googleapis.com');

  const serviceAccountEmail: Compute['serviceAccountEmail'] = async (uniqueId, signal) => {
    const url = `${iam}v1/projects/${project}/serviceAccounts/${uniqueId}`;
    const account = await answered(() => auth.request<{ email?: string }>({ url, signal, retry: false }));
    return required(account.email);
  };
  const calls: Calls = { google, project, options };
  return { serviceAccountEmail, ...changes(calls), ...questions(calls) };
}

/** What each call needs. */
interface Calls {
  google: compute_v1.Compute;
  project: string;
  options: (signal: AbortSignal) => Promise<{ signal: AbortSignal; retry: false; headers: Headers }>;
}

function changes({ google, project, options }: Calls): Pick<Compute, 'insert' | 'bulkInsert' | 'deleteInstance'> {
  return {
    async insert(zone, requestId, body, signal) {
      const parameters = { project, zone, requestId, requestBody: body, fields: operationFields };
      return operationOf(await answered(async () => google.instances.insert(parameters, await options(signal))));
    },

    async bulkInsert(zone, requestId, body, signal) {
      const parameters = { project, zone, requestId, requestBody: body, fields: operationFields };
      return operationOf(await answered(async () => google.instances.bulkInsert(parameters, await options(signal))));
    },

    async deleteInstance(zone, id, signal) {
      const parameters = { project, zone, instance: id, fields: operationFields };
      return operationOf(await answered(async () => google.instances.delete(parameters, await options(signal))));
    },
  };
}

function questions({
  google,
  project,
  options,
}: Calls): Pick<Compute, 'instance' | 'instances' | 'allInstances' | 'operation' | 'operations'> {
  return {
    async instance(zone, id, signal) {
      const parameters = { project, zone, instance: id, fields: instanceFields };
      return instanceOf(await answered(async () => google.instances.get(parameters, await options(signal))));
    },

    async instances(zone, query, signal) {
      const fields = `kind,nextPageToken,warning,items(${instanceFields})`;
      const parameters = { project, zone, fields, ...pageOf(query) };
      const page = await answered(async () => google.instances.list(parameters, await options(signal)));
      required(page.kind);
      const unreachable = isBlind(page.warning) ? [zone] : [];
      return { instances: (page.items ?? []).map(instanceOf), nextToken: page.nextPageToken ?? null, unreachable };
    },

    async allInstances(query, signal) {
      const fields = `kind,nextPageToken,unreachables,items/*(warning,instances(${instanceFields}))`;
      // A zone that cannot be reached must not hide the others; it is told in `unreachable`.
      const parameters = { project, fields, returnPartialSuccess: true, ...pageOf(query) };
      const page = await answered(async () => google.instances.aggregatedList(parameters, await options(signal)));
      required(page.kind);
      const scopes = Object.entries(page.items ?? {});
      const blind = scopes.filter(([, { warning }]) => isBlind(warning)).map(([scope]) => scope);
      return {
        instances: scopes.flatMap(([, { instances = [] }]) => instances.map(instanceOf)),
        nextToken: page.nextPageToken ?? null,
        unreachable: [...blind, ...(page.unreachables ?? [])].map(lastPart),
      };
    },

    async operation(zone, name, signal) {
      const parameters = { project, zone, operation: name, fields: operationFields };
      return operationOf(await answered(async () => google.zoneOperations.get(parameters, await options(signal))));
    },

    async operations(zone, query, signal) {
      const fields = `kind,nextPageToken,items(${operationFields})`;
      const parameters = { project, zone, fields, ...pageOf(query) };
      const page = await answered(async () => google.zoneOperations.list(parameters, await options(signal)));
      required(page.kind);
      return { operations: (page.items ?? []).map(operationOf), nextToken: page.nextPageToken ?? null };
    },
  };
}

function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}

function pageOf({ filter, pageToken }: PageQuery): { filter: string; maxResults: number; pageToken?: string } {
  return { filter, maxResults: pageSize, ...(pageToken === null ? {} : { pageToken }) };
}
