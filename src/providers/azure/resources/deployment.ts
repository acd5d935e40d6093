import type { JsonObject } from '#core/json.ts';
import { stringMember } from '#core/provider.ts';
import { ArmError, innermost, isNotFound } from '#providers/azure/errors.ts';
import type { CloudError } from '#providers/azure/errors.ts';
import { machineNames } from '#providers/azure/machine-record.ts';
import type { MachineRecord } from '#providers/azure/machine-record.ts';
import { asObject, objectAt } from '#providers/azure/members.ts';
import { newAdministrator } from '#providers/azure/names.ts';
import { isFinal } from '#providers/azure/operation.ts';
import { allOf, pages } from '#providers/azure/pages.ts';
import type { AzureParts } from '#providers/azure/parts.ts';
import { groupPath, readResourceId, resourcePath, withQuery } from '#providers/azure/paths.ts';
import type { ResourceId } from '#providers/azure/paths.ts';
import { find, provisioningState } from './resource.ts';
import type { MachinePlan } from './resource.ts';

export function deploymentId(record: MachineRecord): ResourceId {
  return { kind: 'deployment', group: record.group, name: machineNames(record).deployment };
}

/**
 * What is sent to have a template make a machine: the launch config's own words with the parameters that every template must take
 * (spec/provisioning.md 8.2, 8.5).
 */
export function deploymentBody({ configuration, record, tags, customData }: MachinePlan): JsonObject {
  const deployment = asObject(configuration['armDeployment']);
  const { username, password } = newAdministrator();
  const names = machineNames(record);
  const given = {
    tags,
    vmName: names.vm,
    computerName: names.computer,
    adminUsername: username,
    adminPassword: password,
    customData,
  };
  const ours = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, { value }]));
  return { tags, properties: { ...deployment, parameters: { ...asObject(deployment['parameters']), ...ours } } };
}

/** How far a deployment got; null: Azure does not know it. One that is being deleted is over, whatever it came to. */
export async function findDeployment(
  parts: AzureParts,
  record: MachineRecord,
  signal: AbortSignal,
): Promise<{ state: string; isActive: boolean; error: CloudError | null } | null> {
  const found = await find(parts, deploymentId(record), signal);
  if (found === null) return null;
  const state = provisioningState(found);
  const error = objectAt(found, 'properties', 'error');
  return {
    state,
    isActive: !isFinal(state) && !isDiscarded(state),
    error: Object.keys(error).length === 0 ? null : innermost(error),
  };
}

export function hasSucceeded(state: string): boolean {
  return /^succeeded$/i.test(state);
}

/** Is its record on its way out? What it made stays. */
export function isDiscarded(state: string): boolean {
  return /^delet(?:ing|ed)$/i.test(state);
}

/** Asks for the end of a deployment that is under way; one that has ended by itself is as good. */
export async function cancelDeployment(parts: AzureParts, record: MachineRecord, signal: AbortSignal): Promise<void> {
  const url = withQuery(`${resourcePath(parts.subscriptionId, deploymentId(record))}/cancel`, 'deployment');
  try {
    await parts.arm.send({ method: 'POST', url, kind: 'write', operation: 'deployments.cancel' }, signal);
  } catch (error) {
    if (!(error instanceof ArmError) || (error.status !== 409 && error.status !== 404)) throw error;
  }
}

/** One step of a deployment: what it made, or why not. */
export interface DeploymentStep {
  /** Null for what is not made for workers, or was only read. */
  target: ResourceId | null;
  /** Null unless it failed. */
  failure: (CloudError & { labels: Readonly<Record<string, string>> }) | null;
}

/** What a deployment did, all pages (P-27). Nothing when it is deleted meanwhile, as its follower does after a success. */
export async function deploymentSteps(
  parts: AzureParts,
  record: MachineRecord,
  signal: AbortSignal,
): Promise<DeploymentStep[]> {
  const { group, name } = deploymentId(record);
  // Older than the providers, and still where it is documented (Deployment Operations - List).
  const path = `${groupPath(parts.subscriptionId, group)}/deployments/${encodeURIComponent(name)}/operations`;
  const url = withQuery(path, 'deployment');
  try {
    return (await allOf(pages(parts, url, 'deployments.listOperations', signal))).map(stepOf);
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

function stepOf(operation: JsonObject): DeploymentStep {
  const properties = asObject(operation['properties']);
  const target = asObject(properties['targetResource']);
  const state = stringMember(properties, 'provisioningState') ?? '';
  const message = asObject(properties['statusMessage']);
  const error = asObject(message['error']);
  const isFailure = Object.keys(error).length > 0 || /^(failed|canceled)$/i.test(state);
  const labels = {
    statusCode: stringMember(properties, 'statusCode') ?? '',
    provisioningState: state,
    provisioningOperation: stringMember(properties, 'provisioningOperation') ?? '',
    targetResourceType: stringMember(target, 'resourceType') ?? '',
  };
  const isMade = /^create$/i.test(labels.provisioningOperation);
  return {
    target: isMade ? readResourceId(stringMember(target, 'id') ?? '') : null,
    failure: isFailure ? { ...innermost(error), labels } : null,
  };
}
