import { endDryRun, instancesNamed, type Action } from './cloud.ts';
import { describeBucket, nextTokenXml, serialOf, shownAfter } from './describe-instances.ts';
import { filterBy } from './filters.ts';
import type { Filter } from './form.ts';
import { stateXml } from './instance-xml.ts';
import { stateAt, stateCodes } from './life.ts';
import { pageOf, pageRequestOf } from './paging.ts';
import { zoneIdOf } from './region.ts';
import { Refusal } from './refusal.ts';
import type { Instance } from './state.ts';
import { element, set, timestamp } from './wire.ts';

const mostIds = 100;

type Health = 'ok' | 'impaired' | 'initializing' | 'not-applicable';

/** DescribeInstanceStatus: states and status checks, of running instances unless all are asked for. */
export const describeInstanceStatus: Action = {
  parameters: new Set([
    'DryRun',
    'Filter.N.Name',
    'Filter.N.Value.N',
    'IncludeAllInstances',
    'IncludeManagedResources',
    'InstanceId.N',
    'MaxResults',
    'NextToken',
  ]),
  bucket: (form) => describeBucket('DescribeInstanceStatus', form),

  run({ cloud, region, form, nowMs, note }) {
    const ids = form.list('InstanceId');
    if (ids.length > mostIds) {
      throw new Refusal(
        'InvalidRequest',
        `${ids.length} exceeds the maximum number of instance IDs that can be specificied (${mostIds}). Please specify fewer than ${mostIds} instance IDs.`,
      );
    }
    if (ids.length > 0 && (form.has('MaxResults') || form.has('NextToken'))) {
      throw new Refusal(
        'InvalidParameterCombination',
        'The parameter instanceIdsSet cannot be used with the parameter maxResults/nextToken.',
      );
    }
    const request = pageRequestOf(form, region.name);
    const isAll = form.isTrue('IncludeAllInstances');
    const { statusChecksMs } = cloud.faults.dials;
    const isFiltered = statusFilter(form.filters(), statusChecksMs, nowMs);
    const isWanted = (instance: Instance): boolean =>
      (isAll || stateAt(instance, nowMs) === 'running') && isFiltered(instance);
    const found =
      ids.length > 0
        ? instancesNamed(ids, region, nowMs).filter(isWanted)
        : shownAfter(region, request.after, nowMs).filter(isWanted);
    endDryRun(form);
    const { items, nextToken } = pageOf(found, request, serialOf, cloud);
    note(items.map(({ id }) => id));
    const statuses = items.map((instance) => statusXml(instance, healthOf(instance, statusChecksMs, nowMs), nowMs));
    return set('instanceStatusSet', statuses) + nextTokenXml(nextToken);
  },
};

function healthOf(instance: Instance, statusChecksMs: number, nowMs: number): Health {
  if (stateAt(instance, nowMs) !== 'running') {
    return 'not-applicable';
  }
  if (instance.impairedFromMs !== null && nowMs >= instance.impairedFromMs) {
    return 'impaired';
  }
  return nowMs < instance.runningFromMs + statusChecksMs ? 'initializing' : 'ok';
}

const checkResults: Readonly<Record<Health, string>> = {
  ok: 'passed',
  impaired: 'failed',
  initializing: 'initializing',
  'not-applicable': '',
};

function statusFilter(
  filters: readonly Filter[],
  statusChecksMs: number,
  nowMs: number,
): (instance: Instance) => boolean {
  const health = (instance: Instance): string => healthOf(instance, statusChecksMs, nowMs);
  const reachability = (instance: Instance): string => checkResults[healthOf(instance, statusChecksMs, nowMs)];
  const fields = new Map<string, (instance: Instance) => string>([
    ['availability-zone', ({ launch }) => launch.blueprint.zone],
    ['instance-state-code', (instance) => String(stateCodes[stateAt(instance, nowMs)])],
    ['instance-state-name', (instance) => stateAt(instance, nowMs)],
    ['instance-status.status', health],
    ['instance-status.reachability', reachability],
    ['system-status.status', health],
    ['system-status.reachability', reachability],
  ]);
  return filterBy(filters, (name) => fields.get(name));
}

function statusXml(instance: Instance, health: Health, nowMs: number): string {
  const { zone } = instance.launch.blueprint;
  const checks = checksXml(health, instance.impairedFromMs);
  return [
    element('instanceId', instance.id),
    element('availabilityZone', zone),
    element('availabilityZoneId', zoneIdOf(zone)),
    `<instanceState>${stateXml(stateAt(instance, nowMs))}</instanceState>`,
    `<systemStatus>${checks}</systemStatus>`,
    `<instanceStatus>${checks}</instanceStatus>`,
    `<attachedEbsStatus>${checks}</attachedEbsStatus>`,
    '<operator><managed>false</managed></operator>',
  ].join('');
}

function checksXml(health: Health, impairedFromMs: number | null): string {
  if (health === 'not-applicable') {
    return element('status', health);
  }
  const since = health === 'impaired' ? element('impairedSince', timestamp(impairedFromMs ?? 0)) : '';
  return (
    element('status', health) +
    set('details', [`<name>reachability</name>${element('status', checkResults[health])}${since}`])
  );
}
