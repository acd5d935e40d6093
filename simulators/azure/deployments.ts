import { isRecord, member } from '#simulators/worker/json.ts';
import { deletedAnswer, inGroup, listAnswer, resourceIn } from './answers.ts';
import { keyIn, nameIn, type Answer, type Call, type Handler } from './call.ts';
import { refuseAtOnce } from './capacity.ts';
import type { Cloud } from './cloud.ts';
import { DeploymentRun, templateIn } from './deployment-run.ts';
import { deploymentJson, stepJson } from './deployment-json.ts';
import { groupNamed, readEnvelope, readObject } from './envelope.ts';
import { hasUnknown } from './evaluate.ts';
import { idFor } from './make.ts';
import { operationHeaders } from './operation-links.ts';
import { Refusal } from './refusal.ts';
import { keyOf } from './resource-id.ts';
import { typeOf, type Deployment, type Json } from './state.ts';
import { readTags } from './tags.ts';
import { planOf, type Plan } from './template.ts';
import { TemplateProblem } from './template-problem.ts';
import { readWish } from './vm-draft.ts';

const kind = 'deployments';
const activeStates = new Set(['Accepted', 'Running', 'Deleting']);

/** The runs of the deployments that are active. */
const runs = new WeakMap<Deployment, DeploymentRun>();

function put(call: Call): Answer {
  const { cloud, group: groupName, action } = call;
  const name = nameIn(call);
  const group = groupNamed(groupName, cloud, 'make');
  checkName(name);
  const { properties, tags } = readDeployment(call.body);
  const { key, id } = idFor({ cloud, action, group: groupName, name, body: undefined }, kind);
  const known = cloud.subscription.deployments.get(key);
  if (known !== undefined) {
    refuseWhileActive(known);
  }
  const plan = withTemplateErrors(() => {
    const parameters = isRecord(properties['parameters']) ? properties['parameters'] : {};
    return planOf(templateIn(properties, cloud), parameters, { cloud, group, deployment: name });
  });
  refuseUnfit(plan, name, cloud);
  if (known === undefined) {
    refuseOverQuota(groupName, name, cloud);
  }
  const deployment: Deployment = {
    kind,
    id,
    name,
    group: groupName,
    location: group.location,
    tags: readTags(tags),
    serial: cloud.nextSerial(),
    createdMs: cloud.nowMs,
    visibleFromMs: cloud.nowMs + cloud.draw(cloud.dials.hiddenMs),
    provisioningState: 'Accepted',
    properties: { ...shown(properties), parameters: plan.parameters },
    top: {},
    operation: null,
    correlationId: cloud.uuid(),
    mode: properties['mode'] === 'Complete' ? 'Complete' : 'Incremental',
    endedMs: null,
    error: null,
    outputs: null,
    steps: [],
  };
  cloud.subscription.deployments.delete(key);
  cloud.subscription.deployments.set(key, deployment);
  start(deployment, plan, call);
  call.note([name]);
  const headers = deployment.operation === null ? {} : operationHeaders(deployment.operation, call, false);
  return { status: known === undefined ? 201 : 200, body: deploymentJson(deployment), headers };
}

function start(deployment: Deployment, plan: Plan, { cloud, action, group }: Call): void {
  const operation = cloud.begin({
    action,
    group,
    service: 'deployments',
    location: deployment.location,
    resource: keyOf(deployment.id),
    durationMs: null,
    succeed: () => undefined,
    fail: (error) => (error.code === 'OperationPreempted' ? run.cancel() : run.fail(error)),
  });
  deployment.operation = operation;
  // The operation fails in a later turn at the earliest: by then this is there.
  const run = new DeploymentRun(deployment, operation, plan, cloud);
  runs.set(deployment, run);
  if (!operation.isStuck) {
    cloud.after(cloud.draw(cloud.dials.deploymentMs), () => run.advance());
  }
}

function readDeployment(body: unknown): { properties: Json; tags: unknown } {
  const { properties, tags } = readObject(body);
  if (!isRecord(properties)) {
    throw new Refusal(
      'InvalidRequestContent',
      "The request content was invalid and could not be deserialized: 'Required property 'properties' not found in JSON.'.",
    );
  }
  const { mode } = properties;
  if (mode !== 'Incremental' && mode !== 'Complete') {
    throw new Refusal(
      'InvalidRequestContent',
      `The request content was invalid and could not be deserialized: 'Error converting value "${String(mode)}" to type 'DeploymentMode'. Path 'properties.mode'.'.`,
    );
  }
  return { properties, tags };
}

/** What GET shows of the request: no template. */
function shown({ template: _template, ...rest }: Json): Json {
  return rest;
}

function checkName(name: string): void {
  if (name.length > 64 || !/^[-\w.()]+$/.test(name)) {
    throw new Refusal(
      'InvalidDeploymentName',
      `The deployment name '${name}' is invalid. The length should not exceed '64', and the name can contain letters, digits, '-', '.', '(', ')' and '_'.`,
    );
  }
}

/** @throws Refusal `DeploymentActive` */
function refuseWhileActive({ name, provisioningState, createdMs }: Deployment): void {
  if (activeStates.has(provisioningState)) {
    const [from, until] = [createdMs, createdMs + 7 * 86_400_000].map((ms) => new Date(ms).toISOString());
    throw new Refusal(
      'DeploymentActive',
      `Unable to edit or replace deployment '${name}': previous deployment from '${from ?? ''}' is still active (expiration time is '${until ?? ''}'). Please see https://aka.ms/arm-deploy for usage details.`,
      409,
    );
  }
}

/**
 * A resource group's history holds 800 deployments
 * (https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/deployment-quota-exceeded). Here nobody
 * deletes old ones by itself, as if the subscription had opted out of that.
 */
function refuseOverQuota(group: string, name: string, cloud: Cloud): void {
  const { deploymentQuota } = cloud.dials;
  let count = 0;
  for (const deployment of cloud.subscription.deployments.values()) {
    count += keyOf(deployment.group) === keyOf(group) ? 1 : 0;
  }
  if (count >= deploymentQuota) {
    throw new Refusal(
      'DeploymentQuotaExceeded',
      `Creating the deployment '${name}' would exceed the quota of '${deploymentQuota}'. The current deployment count is '${count}', please delete some deployments before creating a new one. Please see https://aka.ms/arm-deploy for usage details.`,
      409,
    );
  }
}

/** Turns what is wrong with a template into Azure's refusal. */
function withTemplateErrors<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof TemplateProblem) {
      throw new Refusal('InvalidTemplate', `Deployment template validation failed: '${error.message}'.`);
    }
    throw error;
  }
}

/** What the providers find out before anything is made: quotas and sizes. @throws Refusal `InvalidTemplateDeployment` */
function refuseUnfit(plan: Plan, name: string, cloud: Cloud): void {
  const details = plan.resources.flatMap(({ type, body, id }) => {
    if (keyOf(type) !== keyOf(typeOf.virtualMachines) || hasUnknown(body)) {
      return [];
    }
    try {
      refuseAtOnce(readWish(readEnvelope(body, type, cloud)), id, cloud);
      return [];
    } catch (error) {
      if (error instanceof Refusal) {
        return [error.body];
      }
      throw error;
    }
  });
  if (details.length > 0) {
    throw new Refusal(
      'InvalidTemplateDeployment',
      `The template deployment '${name}' is not valid according to the validation procedure. The tracking id is '${cloud.uuid()}'. See inner errors for details.`,
      400,
      { details },
    );
  }
}

function deploymentIn(call: Call): Deployment {
  try {
    return resourceIn(call, call.cloud.subscription.deployments, kind);
  } catch (error) {
    if (error instanceof Refusal && error.code === 'ResourceNotFound') {
      throw new Refusal('DeploymentNotFound', `Deployment '${nameIn(call)}' could not be found.`, 404);
    }
    throw error;
  }
}

function cancel(call: Call): Answer {
  const deployment = deploymentIn(call);
  if (!activeStates.has(deployment.provisioningState)) {
    throw new Refusal(
      'DeploymentCannotBeCancelled',
      `The deployment '${deployment.name}' cannot be cancelled because its provisioning state is '${deployment.provisioningState}'.`,
      409,
    );
  }
  runs.get(deployment)?.cancel();
  return { status: 204 };
}

/** Deleting a deployment deletes its record, not its resources. */
function remove(call: Call): Answer {
  const { cloud, action, group } = call;
  groupNamed(group, cloud, 'look');
  const key = keyIn(call, typeOf[kind]);
  const deployment = cloud.subscription.deployments.get(key);
  if (deployment === undefined) {
    return deletedAnswer(call, null);
  }
  refuseWhileActive(deployment);
  deployment.provisioningState = 'Deleting';
  const operation = cloud.begin({
    action,
    group,
    service: 'resources',
    location: deployment.location,
    resource: key,
    durationMs: cloud.draw(cloud.dials.deploymentMs),
    succeed: () => void cloud.subscription.deployments.delete(key),
    fail: () => {
      deployment.provisioningState = 'Failed';
    },
  });
  return deletedAnswer(call, operation);
}

/** The page size that a caller wants, up to that of the dial. */
function pageSizeIn(call: Call): number {
  const wanted = Number(call.query.get('$top') ?? Infinity);
  return Math.min(call.cloud.dials.pageSize, Number.isInteger(wanted) && wanted > 0 ? wanted : Infinity);
}

function* filtered(call: Call): Iterable<Deployment> {
  const filter = call.query.get('$filter');
  const [, state] = /^provisioningState\s+eq\s+'([^']+)'$/i.exec(filter ?? '') ?? [];
  for (const deployment of inGroup(call, call.cloud.subscription.deployments)) {
    if (state === undefined || deployment.provisioningState.toLowerCase() === state.toLowerCase()) {
      yield deployment;
    }
  }
}

export const deploymentHandlers = {
  put,
  get: (call) => ({ status: 200, body: deploymentJson(deploymentIn(call)) }),
  head: ({ cloud, group, names }) => {
    const { key } = idFor({ cloud, action: '', group, name: names.at(-1) ?? '', body: undefined }, kind);
    return { status: cloud.subscription.deployments.has(key) ? 204 : 404 };
  },
  list: (call) => listAnswer(call, filtered(call), pageSizeIn(call), deploymentJson),
  delete: remove,
  cancel,
  operations: (call) => {
    const { name, id, steps } = deploymentIn(call);
    const numbered = steps.map((step, index) => ({ step, serial: index + 1, visibleFromMs: 0 }));
    call.note([name]);
    return listAnswer(call, numbered, pageSizeIn(call), ({ step }) => stepJson(step, id));
  },
  operation: (call) => {
    const [name = '', operationId] = call.names;
    const { id, steps } = deploymentIn({ ...call, names: [name] });
    const step = steps.find((one) => one.operationId === operationId);
    if (step === undefined) {
      throw new Refusal(
        'DeploymentOperationNotFound',
        `The deployment operation '${String(operationId)}' could not be found.`,
        404,
      );
    }
    return { status: 200, body: stepJson(step, id) };
  },
  validate: (call) => {
    const group = groupNamed(call.group, call.cloud, 'look');
    const { properties } = readDeployment(call.body);
    const parameters = member(properties, 'parameters');
    const plan = withTemplateErrors(() =>
      planOf(templateIn(properties, call.cloud), isRecord(parameters) ? parameters : {}, {
        cloud: call.cloud,
        group,
        deployment: nameIn(call),
      }),
    );
    refuseUnfit(plan, nameIn(call), call.cloud);
    return { status: 200, body: { properties: { provisioningState: 'Succeeded' } } };
  },
} satisfies Record<string, Handler>;
