import type { JsonObject } from '#core/json.ts';
import { stringMember } from '#core/provider.ts';
import { DeadlineExceeded } from '#lib/deadline.ts';
import { isHeld } from './leftovers.ts';
import type { MachineRecord } from './machine-record.ts';
import { asObject, objectAt, objectsIn } from './members.ts';
import type { AzureParts } from './parts.ts';
import { readResourceId, resourceKey } from './paths.ts';
import type { ResourceId } from './paths.ts';
import { cancelDeployment, deploymentId, deploymentSteps, findDeployment } from './resources/deployment.ts';
import { diskIds } from './resources/disk.ts';
import { nic } from './resources/nic.ts';
import { publicIp } from './resources/public-ip.ts';
import { find, provisioningState, remove } from './resources/resource.ts';
import type { Removal } from './resources/resource.ts';
import { vm } from './resources/vm.ts';
import type { SharedLists } from './shared-lists.ts';
import { isOurs, ownershipTag, tagOf } from './tags.ts';

/** What the ends of machines have in common. */
export interface TeardownParts extends AzureParts {
  lists: SharedLists;
}

/** What of a machine has to go beside the machine itself. */
interface Remains {
  /** Each goes before the addresses. */
  nics: readonly ResourceId[];
  ips: readonly ResourceId[];
  disks: readonly ResourceId[];
}

/**
 * How a machine went: `fast` when everything went with it, `slow` when something had to be deleted by itself (spec/provisioning.md 8.13; here by
 * looking, not by what deletion was said to do).
 */
export type TeardownMode = 'fast' | 'slow';

const restMs = 1_000;
/** Azure shows what it has accepted within a minute or two. */
const hiddenRestMs = 5_000;
const mostHiddenLooks = 30;
/** A cancelled deployment ends when the step that it is at has ended. */
const deploymentLimitMs = 15 * 60_000;

/**
 * Ends a machine with all that was made for it: the machine, then what it held, each as soon as what holds it is gone; last its deployment. Can be
 * taken up at any point: what is gone already is passed over.
 * @param begun what a first request to delete the machine came to.
 */
export async function tearDown(
  parts: TeardownParts,
  record: MachineRecord,
  begun: Removal,
  signal: AbortSignal,
): Promise<TeardownMode> {
  const isTemplate = record.method === 'arm-template';
  // While it goes, the machine still says what belongs to it.
  const [remains, isDeployed] = isTemplate
    ? await templateRemains(parts, record, signal)
    : ([sequentialRemains(record), false] as const);
  await takeMachine(parts, record, begun, remains.nics, signal);
  const found = await Promise.all([
    takeAll(parts, remains.nics, signal).then(async (some) => (await takeAll(parts, remains.ips, signal)) || some),
    takeAll(parts, remains.disks, signal),
  ]);
  if (isDeployed && !record.keepDeployment) await remove(parts, deploymentId(record), signal);
  return found.includes(true) ? 'slow' : 'fast';
}

/**
 * Deletes the machine itself. "Not found" of one that was only just made may be premature: a deployment that went on, or a stale answer (TC#8314). So it
 * is asked for again, and its interface is a witness.
 */
async function takeMachine(
  parts: AzureParts,
  record: MachineRecord,
  begun: Removal,
  nics: readonly ResourceId[],
  signal: AbortSignal,
): Promise<void> {
  const id = vm.idOf(record);
  if (begun.kind === 'begun') {
    await remove(parts, id, signal, begun);
    return;
  }
  for (let looks = 1; looks <= mostHiddenLooks; looks++) {
    if ((await find(parts, id, signal)) !== null) {
      await remove(parts, id, signal);
      return;
    }
    const witnesses = await Promise.all(nics.map((witness) => find(parts, witness, signal)));
    if (!witnesses.some((witness) => witness !== null && isHeld(witness))) return;
    await parts.surroundings.clock.sleep(hiddenRestMs, signal);
  }
}

function sequentialRemains(record: MachineRecord): Remains {
  return {
    nics: [nic.idOf(record)],
    ips: record.hasPublicIp ? [publicIp.idOf(record)] : [],
    disks: diskIds(record),
  };
}

/** Deletes what is still there. @returns whether anything was. */
async function takeAll(parts: AzureParts, ids: readonly ResourceId[], signal: AbortSignal): Promise<boolean> {
  const outcomes = await Promise.allSettled(ids.map((id) => take(parts, id, signal)));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return outcomes.some((outcome) => outcome.status === 'fulfilled' && outcome.value);
}

/** What is on its way out already is only waited for (TC#8609). */
async function take(parts: AzureParts, id: ResourceId, signal: AbortSignal): Promise<boolean> {
  for (let looks = 1; ; looks++) {
    const found = await find(parts, id, signal);
    if (found === null) return false;
    if (!/^(deleting|deallocating)$/i.test(provisioningState(found)) || looks > 60) return remove(parts, id, signal);
    await parts.surroundings.clock.sleep(restMs, signal);
  }
}

/**
 * What belongs to a machine that a template made: what the machine says, what the deployment made as long as Azure still knows it, and when neither
 * is there any more, what carries the worker's tag (P-24). @returns it, and whether there is a deployment.
 */
async function templateRemains(
  parts: TeardownParts,
  record: MachineRecord,
  signal: AbortSignal,
): Promise<readonly [Remains, boolean]> {
  const [machine, deployment] = await Promise.all([
    find(parts, vm.idOf(record), signal),
    endedDeployment(parts, record, signal),
  ]);
  const made = deployment ? (await deploymentSteps(parts, record, signal)).flatMap(({ target }) => target ?? []) : [];
  // A deployment that was cancelled may have got to its machine meanwhile.
  const shown = machine ?? (deployment ? await find(parts, vm.idOf(record), signal) : null);
  const ids = [
    ...made,
    ...(shown === null
      ? (await parts.lists.partsOf(record.workerId)).flatMap(idIn)
      : await heldBy(parts, shown, signal)),
  ];
  const unique = [...new Map(ids.map((id) => [resourceKey(id), id])).values()];
  const of = (kind: ResourceId['kind']): ResourceId[] => unique.filter((id) => id.kind === kind);
  return [{ nics: of('nic'), ips: of('ip'), disks: of('disk') }, deployment];
}

/** Ends a deployment that is under way: Azure deletes nothing from under it. @returns whether there is one. */
async function endedDeployment(parts: AzureParts, record: MachineRecord, signal: AbortSignal): Promise<boolean> {
  const { clock } = parts.surroundings;
  const startedMs = clock.now().getTime();
  let isCancelled = false;
  for (;;) {
    const deployment = await findDeployment(parts, record, signal);
    if (deployment?.isActive !== true) return deployment !== null;
    if (!isCancelled) await cancelDeployment(parts, record, signal);
    isCancelled = true;
    if (clock.now().getTime() - startedMs > deploymentLimitMs) throw new DeadlineExceeded(deploymentLimitMs);
    await clock.sleep(restMs, signal);
  }
}

/** What a machine holds, but for disks that were there before it and things that say they are somebody else's. */
async function heldBy(parts: AzureParts, machine: JsonObject, signal: AbortSignal): Promise<ResourceId[]> {
  const properties = asObject(machine['properties']);
  const storage = asObject(properties['storageProfile']);
  const disks = [asObject(storage['osDisk']), ...objectsIn(storage['dataDisks'])]
    .filter((disk) => !/^attach$/i.test(stringMember(disk, 'createOption') ?? ''))
    .flatMap((disk) => idIn(asObject(disk['managedDisk'])));
  const nics = objectsIn(objectAt(properties, 'networkProfile')['networkInterfaces']).flatMap(idIn);
  const interfaces = await Promise.all(nics.map((id) => find(parts, id, signal)));
  const ownNics = nics.filter((_id, index) => isNobodyElses(parts, interfaces[index] ?? {}));
  const ips = interfaces
    .flatMap((found) => objectsIn(objectAt(found ?? {}, 'properties')['ipConfigurations']))
    .flatMap((configuration) => idIn(objectAt(configuration, 'properties', 'publicIPAddress')));
  return [...disks, ...ownNics, ...ips];
}

function isNobodyElses({ providerId }: AzureParts, resource: JsonObject): boolean {
  return tagOf(resource, ownershipTag) === null || isOurs(resource, providerId);
}

function idIn(reference: JsonObject): ResourceId[] {
  const id = readResourceId(stringMember(reference, 'id') ?? '');
  return id === null ? [] : [id];
}
