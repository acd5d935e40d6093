import { endDryRun, instancesNamed, type Action } from './cloud.ts';
import { stateXml } from './instance-xml.ts';
import { causes, stateAt } from './life.ts';
import { missingParameter, Refusal } from './refusal.ts';
import type { Instance } from './state.ts';
import { element, set } from './wire.ts';

const mostIds = 1000;

/**
 * TerminateInstances: all or, when one id is wrong, none. An instance that has ended already is no error. Protected
 * ones keep all that share their zone alive and fail the call, while those of other zones end.
 */
export const terminateInstances: Action = {
  parameters: new Set(['DryRun', 'Force', 'InstanceId.N', 'SkipOsShutdown']),
  bucket: () => 'TerminateInstances',

  run({ cloud, region, form, nowMs, note }) {
    const ids = form.list('InstanceId');
    if (ids.length === 0) {
      throw missingParameter('InstanceId');
    }
    if (ids.length > mostIds) {
      // The reference names the limit but not the error; this is what DescribeInstanceStatus says of its own.
      throw new Refusal(
        'InvalidRequest',
        `${ids.length} exceeds the maximum number of instance IDs that can be specificied (${mostIds}). Please specify fewer than ${mostIds} instance IDs.`,
      );
    }
    const instances = instancesNamed(ids, region, nowMs);
    endDryRun(form);
    cloud.limit(region.name, 'TerminateInstances:instances', instances.length);
    note(instances.map(({ id }) => id));
    const isKept = keptBy(instances.filter(({ launch }) => launch.blueprint.isProtected));
    const changes = instances
      .filter((instance) => !isKept(instance))
      .map((instance) => {
        const before = stateAt(instance, nowMs);
        cloud.end(instance, causes.user);
        const after = stateAt(instance, nowMs);
        cloud.logbook.count('terminated', before === after ? 0 : 1);
        return `${element('instanceId', instance.id)}<currentState>${stateXml(after)}</currentState><previousState>${stateXml(before)}</previousState>`;
      });
    const kept = instances.find(({ launch }) => launch.blueprint.isProtected);
    if (kept !== undefined) {
      throw new Refusal(
        'OperationNotPermitted',
        `The instance '${kept.id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`,
      );
    }
    return set('instancesSet', changes);
  },
};

function keptBy(protectedOnes: readonly Instance[]): (instance: Instance) => boolean {
  const zones = new Set(protectedOnes.map(({ launch }) => launch.blueprint.zone));
  return ({ launch }) => zones.has(launch.blueprint.zone);
}
