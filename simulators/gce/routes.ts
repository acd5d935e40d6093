import { bulkInsertInstances } from './bulk-insert.ts';
import type { Route } from './call.ts';
import { deleteInstance } from './delete.ts';
import { getInstance } from './get-instance.ts';
import { insertInstance } from './insert.ts';
import { aggregatedListInstances, listInstances } from './list-instances.ts';
import { aggregatedListMachineTypes, getMachineType, listMachineTypes } from './machine-types.ts';
import { getGlobalOperation, getZoneOperation, listZoneOperations, waitForZoneOperation } from './operations.ts';
import { getProject, getRegion, getZone, listRegions, listZones } from './places.ts';
import { Refusal } from './refusal.ts';

const routes: readonly Route[] = [
  aggregatedListInstances,
  aggregatedListMachineTypes,
  bulkInsertInstances,
  deleteInstance,
  getGlobalOperation,
  getInstance,
  getMachineType,
  getProject,
  getRegion,
  getZone,
  getZoneOperation,
  insertInstance,
  listInstances,
  listMachineTypes,
  listRegions,
  listZoneOperations,
  listZones,
  waitForZoneOperation,
];

/** Query parameters that every method takes (discovery document of compute v1). */
const standardParameters = new Set([
  '$.xgafv',
  'access_token',
  'alt',
  'callback',
  'fields',
  'key',
  'oauth_token',
  'prettyPrint',
  'quotaUser',
  'uploadType',
  'upload_protocol',
  'userIp',
]);

/** What the parts of a path say, by name: `project`, `zone`, `instance` … */
export type Parts = Readonly<Record<string, string>>;

/** The method that a path belongs to, and its parts. @throws Refusal for a path that the API does not have. */
export function routeOf(method: string, pathname: string): { route: Route; parts: Parts } {
  const path = /^\/compute\/v1\/projects\/([^/]+)\/?(.*)$/.exec(pathname);
  for (const route of routes) {
    const match = route.method === method ? route.path.exec(path?.[2] ?? '-') : null;
    if (match !== null) {
      const parts = Object.entries({ ...match.groups, project: path?.[1] ?? '' });
      return { route, parts: Object.fromEntries(parts.map(([name, text]) => [name, unescaped(text)])) };
    }
  }
  throw new Refusal(404, 'notFound', 'Not Found');
}

/** @throws Refusal for a parameter that a method does not have. */
export function refuseUnknownParameters(query: URLSearchParams, { parameters }: Route): void {
  const unknown = [...query.keys()].find((name) => !standardParameters.has(name) && !parameters.includes(name));
  if (unknown !== undefined) {
    const message = `Invalid JSON payload received. Unknown name "${unknown}": Cannot bind query parameter. Field '${unknown}' could not be found in request message.`;
    throw new Refusal(400, 'invalid', message, { statusName: 'INVALID_ARGUMENT' });
  }
}

/** A part of a path. @throws Refusal where its percent signs escape nothing. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Refusal(400, 'badRequest', 'Bad Request');
  }
}
