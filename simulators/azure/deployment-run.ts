import { isRecord } from '#simulators/worker/json.ts';
import type { Cloud } from './cloud.ts';
import { makerOf, viewOf } from './make-resource.ts';
import type { Operation } from './operation.ts';
import { Refusal, type ErrorBody } from './refusal.ts';
import { keyOf, parseResourceId } from './resource-id.ts';
import { typeOf, type Deployment, type DeploymentStep, type Json } from './state.ts';
import type { Plan, PlannedResource, Reference } from './template.ts';
import { TemplateProblem } from './template-problem.ts';
import { removeNic, removeVm } from './vm-delete.ts';

/** How long Azure Resource Manager waits before it repeats a request that was throttled. */
const repeatMs = 10_000;

const statusNames: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  429: 'TooManyRequests',
  500: 'InternalServerError',
};

/** Carries out a deployment: makes each resource once those that it depends on are there. */
export class DeploymentRun {
  readonly #deployment: Deployment;
  readonly #operation: Operation;
  readonly #plan: Plan;
  readonly #cloud: Cloud;
  readonly #waiting: Set<PlannedResource>;
  readonly #under = new Set<PlannedResource>();

  constructor(deployment: Deployment, operation: Operation, plan: Plan, cloud: Cloud) {
    this.#deployment = deployment;
    this.#operation = operation;
    this.#plan = plan;
    this.#cloud = cloud;
    this.#waiting = new Set(plan.resources);
  }

  /** Begins what can begin, and ends when nothing is left, or something failed and nothing is under way. */
  advance(): void {
    const { provisioningState } = this.#deployment;
    if (provisioningState !== 'Accepted' && provisioningState !== 'Running') {
      return;
    }
    this.#deployment.provisioningState = 'Running';
    if (!this.#hasFailed) {
      const unfinished = new Set([...this.#waiting, ...this.#under].map(({ key }) => key));
      const ready = [...this.#waiting].filter(({ after }) => ![...after].some((key) => unfinished.has(key)));
      for (const resource of ready) {
        this.#waiting.delete(resource);
        this.#under.add(resource);
        this.#make(resource, this.#stepFor(resource));
      }
    }
    if (this.#under.size === 0 && (this.#waiting.size === 0 || this.#hasFailed)) {
      this.#finish();
    }
  }

  get #hasFailed(): boolean {
    return this.#deployment.steps.some(({ state }) => state === 'Failed');
  }

  #stepFor({ id, type, name }: PlannedResource): DeploymentStep {
    const step: DeploymentStep = {
      operationId: this.#cloud.digits(16).toUpperCase(),
      provisioningOperation: 'Create',
      state: 'Running',
      startedMs: this.#cloud.nowMs,
      endedMs: this.#cloud.nowMs,
      trackingId: this.#cloud.uuid(),
      statusCode: null,
      error: null,
      target: { id, resourceType: type, resourceName: name },
    };
    this.#deployment.steps.push(step);
    return step;
  }

  #make(resource: PlannedResource, step: DeploymentStep): void {
    const cloud = this.#cloud;
    const { type, name } = resource;
    const known = makerOf(type);
    try {
      const body = resource.bodyWith(this.#reference);
      if (known === undefined) {
        this.#ended(resource, step, 'OK', null);
        return;
      }
      const { action, maker } = known;
      const { operation, isNew } = maker({ cloud, action, group: this.#deployment.group, name, body });
      step.statusCode = isNew ? 'Created' : 'OK';
      if (operation === null) {
        this.#ended(resource, step, 'OK', null);
      } else {
        cloud.whenEnded(operation, (error) =>
          this.#ended(resource, step, 'OK', error === null ? null : late(resource, error)),
        );
      }
    } catch (error) {
      this.#refused(resource, step, error);
    }
  }

  #refused(resource: PlannedResource, step: DeploymentStep, error: unknown): void {
    if (error instanceof TemplateProblem) {
      this.#ended(resource, step, 'BadRequest', { code: 'InvalidTemplate', message: error.message });
    } else if (error instanceof Refusal && error.status === 429) {
      step.statusCode = 'TooManyRequests';
      this.#cloud.after(repeatMs, () => {
        if (this.#deployment.provisioningState === 'Running') {
          this.#make(resource, step);
        }
      });
    } else if (error instanceof Refusal) {
      this.#ended(resource, step, statusNames[error.status] ?? 'BadRequest', error.body);
    } else {
      throw error;
    }
  }

  #ended(resource: PlannedResource, step: DeploymentStep, statusCode: string, error: ErrorBody | null): void {
    step.endedMs = this.#cloud.nowMs;
    step.state = error === null ? 'Succeeded' : 'Failed';
    step.statusCode = error?.code === 'ResourceDeploymentFailure' ? 'Conflict' : statusCode;
    step.error = error;
    this.#under.delete(resource);
    // One after the other: what begins here may end at once, and come here again.
    this.#cloud.after(0, () => this.advance());
  }

  readonly #reference: Reference = (id, isFull) => {
    const name = parseResourceId(id);
    const shelf = Object.entries(typeOf).find(([, type]) => type.toLowerCase() === name?.type.toLowerCase())?.[0];
    const found = this.#cloud.subscription
      .resourcesIn(name?.group ?? '')
      .find((resource) => resource.kind === shelf && keyOf(resource.id) === keyOf(id));
    if (found === undefined) {
      throw new TemplateProblem(`The resource '${id}' is not found.`);
    }
    const view = viewOf(found, this.#cloud);
    return isFull ? view : view['properties'];
  };

  #finish(): void {
    const { steps } = this.#deployment;
    const errors = steps.flatMap(({ error }) => (error === null ? [] : [error]));
    if (errors.length > 0) {
      this.fail({
        code: 'DeploymentFailed',
        target: this.#deployment.id,
        message:
          'At least one resource deployment operation failed. Please list deployment operations for details. Please see https://aka.ms/arm-deployment-operations for usage details.',
        details: errors,
      });
      return;
    }
    try {
      this.#deployment.outputs = this.#evaluateOutputs();
    } catch (error) {
      if (!(error instanceof TemplateProblem)) {
        throw error;
      }
      const message = `The template output is not valid: ${error.message}`;
      this.fail({ code: 'DeploymentOutputEvaluationFailed', message });
      return;
    }
    if (this.#deployment.mode === 'Complete') {
      this.#removeOthers();
    }
    this.#end('Succeeded', null);
  }

  #evaluateOutputs(): Json {
    const outputs = this.#plan.outputsWith(this.#reference);
    if (Object.keys(outputs).length > 0) {
      const { nowMs } = this.#cloud;
      this.#deployment.steps.push({
        operationId: this.#cloud.digits(16).toUpperCase(),
        provisioningOperation: 'EvaluateDeploymentOutput',
        state: 'Succeeded',
        startedMs: nowMs,
        endedMs: nowMs,
        trackingId: this.#cloud.uuid(),
        statusCode: 'OK',
        error: null,
        target: null,
      });
    }
    return outputs;
  }

  /** "Resource Manager deletes resources that exist in the resource group but aren't specified in the template." */
  #removeOthers(): void {
    const kept = new Set(this.#plan.resources.map(({ key }) => key));
    const cloud = this.#cloud;
    const { subscription } = cloud;
    // Virtual machines first: they hold the others. What is still held by one that stays, stays too.
    for (const resource of subscription.resourcesIn(this.#deployment.group)) {
      const key = keyOf(resource.id);
      if (kept.has(key) || !subscription[resource.kind].has(key)) {
        continue;
      }
      if (resource.kind === 'virtualMachines') {
        removeVm(resource, cloud);
      } else if (resource.usedBy === null && resource.kind === 'networkInterfaces') {
        removeNic(resource, key, cloud);
      } else if (resource.usedBy === null) {
        subscription[resource.kind].delete(key);
      }
    }
  }

  fail(error: ErrorBody): void {
    this.#end('Failed', error);
  }

  /** Begins nothing more; what is under way goes on by itself. */
  cancel(): void {
    this.#end('Canceled', null);
    const message = `The deployment '${this.#deployment.name}' was canceled.`;
    this.#cloud.end(this.#operation, { code: 'DeploymentCanceled', message }, 'Canceled');
  }

  #end(state: string, error: ErrorBody | null): void {
    this.#deployment.provisioningState = state;
    this.#deployment.error = error;
    this.#deployment.endedMs = this.#cloud.nowMs;
    this.#deployment.operation = null;
    if (state !== 'Canceled') {
      this.#cloud.end(this.#operation, error);
    }
  }
}

/** How the failure of a resource that was accepted stands in the deployment. */
function late({ id }: PlannedResource, error: ErrorBody): ErrorBody {
  return {
    code: 'ResourceDeploymentFailure',
    target: id,
    message:
      "The resource write operation failed to complete successfully, because it reached terminal provisioning state 'Failed'.",
    details: [error],
  };
}

/** The template of a deployment: in the request, or behind a link to a template spec that is known. */
export function templateIn(properties: Json, cloud: Cloud): Json {
  const { template, templateLink } = properties;
  if (isRecord(template)) {
    return template;
  }
  const id = isRecord(templateLink) ? templateLink['id'] : undefined;
  if (typeof id !== 'string') {
    throw new TemplateProblem(
      isRecord(templateLink)
        ? 'Unable to download deployment content. The simulator serves templates by the ids of template specs only.'
        : "Deployment content must have a 'template' or a 'templateLink'.",
    );
  }
  const found = cloud.templateSpecs.get(keyOf(id));
  if (found === undefined) {
    throw new Refusal('TemplateSpecVersionNotFound', `The Template Spec version '${id}' could not be found.`, 404);
  }
  return found;
}
