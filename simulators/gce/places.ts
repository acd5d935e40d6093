import type { Call, Route } from './call.ts';
import { usage } from './capacity.ts';
import type { Cloud } from './cloud.ts';
import { listed, listParameters } from './list.ts';
import { notFound } from './refusal.ts';
import { idOf, linkTo } from './wire.ts';
import type { Zone } from './zone.ts';

/** Long before anything that a clock of tests shows. */
const created = '2014-05-30T18:35:16.514-07:00';

/** `projects.get` (https://cloud.google.com/compute/docs/reference/rest/v1/projects/get). */
export const getProject: Route = {
  action: 'projects.get',
  method: 'GET',
  path: /^$/,
  limit: 'read_requests',
  parameters: [],

  run: ({ cloud, nowMs }) => ({
    kind: 'compute#project',
    id: cloud.projectNumber,
    creationTimestamp: created,
    name: cloud.project,
    commonInstanceMetadata: { kind: 'compute#metadata', fingerprint: 'AAAAAAAAAAA=' },
    quotas: quotasOf(cloud, undefined, nowMs),
    selfLink: linkTo(`projects/${cloud.project}`),
    defaultServiceAccount: cloud.accounts[0]?.email,
    xpnProjectStatus: 'UNSPECIFIED_XPN_PROJECT_STATUS',
    defaultNetworkTier: 'PREMIUM',
    vmDnsSetting: 'ZONAL_ONLY',
  }),
};

/** `zones.get` (https://cloud.google.com/compute/docs/reference/rest/v1/zones/get). */
export const getZone: Route = {
  action: 'zones.get',
  method: 'GET',
  path: /^zones\/(?<place>[^/]+)$/,
  limit: 'read_requests',
  parameters: [],

  run({ cloud, param }) {
    const zone = cloud.zones.get(param('place'));
    if (zone === undefined) {
      throw notFound(`projects/${cloud.project}/zones/${param('place')}`);
    }
    return zoneJson(zone, cloud);
  },
};

/** `zones.list` (https://cloud.google.com/compute/docs/reference/rest/v1/zones/list). */
export const listZones: Route = {
  action: 'zones.list',
  method: 'GET',
  path: /^zones$/,
  limit: 'list_requests',
  parameters: listParameters,
  run: (call) => listed(call, 'zone', [...call.cloud.zones.values()], (zone) => zoneJson(zone, call.cloud)),
};

/** `regions.get` (https://cloud.google.com/compute/docs/reference/rest/v1/regions/get), with the quotas in force. */
export const getRegion: Route = {
  action: 'regions.get',
  method: 'GET',
  path: /^regions\/(?<place>[^/]+)$/,
  limit: 'read_requests',
  parameters: [],

  run(call) {
    const { cloud, param } = call;
    const zones = cloud.regions.get(param('place'));
    if (zones === undefined) {
      throw notFound(`projects/${cloud.project}/regions/${param('place')}`);
    }
    return regionJson({ name: param('place'), zones }, call);
  },
};

/** `regions.list` (https://cloud.google.com/compute/docs/reference/rest/v1/regions/list). */
export const listRegions: Route = {
  action: 'regions.list',
  method: 'GET',
  path: /^regions$/,
  limit: 'list_requests',
  parameters: listParameters,

  run(call) {
    const regions = [...call.cloud.regions].map(([name, zones]) => ({ name, zones }));
    return listed(call, 'region', regions, (region) => regionJson(region, call));
  },
};

function zoneJson({ name, region }: Zone, { project, faults }: Cloud): Readonly<Record<string, unknown>> {
  return {
    kind: 'compute#zone',
    id: idOf(name),
    creationTimestamp: created,
    name,
    description: name,
    status: faults.isReachable(name) ? 'UP' : 'DOWN',
    region: linkTo(`projects/${project}/regions/${region}`),
    selfLink: linkTo(`projects/${project}/zones/${name}`),
  };
}

function regionJson(
  { name, zones }: { name: string; zones: readonly Zone[] },
  { cloud, nowMs }: Call,
): Readonly<Record<string, unknown>> {
  return {
    kind: 'compute#region',
    id: idOf(name),
    creationTimestamp: created,
    name,
    description: name,
    status: 'UP',
    zones: zones.map((zone) => linkTo(`projects/${cloud.project}/zones/${zone.name}`)),
    quotas: quotasOf(cloud, name, nowMs),
    selfLink: linkTo(`projects/${cloud.project}/regions/${name}`),
  };
}

/** The quotas that were set, and what is used of them. */
function quotasOf(cloud: Cloud, region: string | undefined, nowMs: number): unknown {
  const quotas = cloud.faults.all().filter((fault) => fault.kind === 'quota');
  const hasPreemptible = quotas.some(({ metric }) => metric.startsWith('PREEMPTIBLE_'));
  return quotas
    .filter((quota) => quota.region === region)
    .map((quota) => ({
      metric: quota.metric,
      limit: quota.limit,
      usage: usage(quota, [...cloud.zones.values()], hasPreemptible, nowMs),
    }));
}
