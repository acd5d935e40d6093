import type { ErrorBody } from './refusal.ts';
import { typeOf, type Deployment, type DeploymentStep, type Json } from './state.ts';

/** A deployment as GET shows it. */
export function deploymentJson(deployment: Deployment): Json {
  const { id, name, tags, properties, provisioningState, createdMs, endedMs, outputs, error, steps } = deployment;
  return {
    id,
    name,
    type: typeOf.deployments,
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
    properties: {
      ...properties,
      mode: deployment.mode,
      provisioningState,
      timestamp: new Date(endedMs ?? createdMs).toISOString(),
      duration: durationText((endedMs ?? createdMs) - createdMs),
      correlationId: deployment.correlationId,
      providers: [],
      dependencies: [],
      ...(outputs === null ? {} : { outputs }),
      ...(provisioningState === 'Succeeded'
        ? { outputResources: steps.flatMap(({ target }) => (target === null ? [] : [{ id: target.id }])) }
        : {}),
      ...(error === null ? {} : { error }),
    },
  };
}

/** An operation of a deployment: what became of one of its resources. */
export function stepJson(step: DeploymentStep, deploymentId: string): Json {
  const { operationId, provisioningOperation, state, startedMs, endedMs, trackingId, statusCode, error, target } = step;
  return {
    id: `${deploymentId}/operations/${operationId}`,
    operationId,
    properties: {
      provisioningOperation,
      provisioningState: state,
      timestamp: new Date(endedMs).toISOString(),
      duration: durationText(endedMs - startedMs),
      trackingId,
      ...(statusCode === null ? {} : { statusCode }),
      ...(error === null ? {} : { statusMessage: statusMessageOf(error) }),
      ...(target === null ? {} : { targetResource: target }),
    },
  };
}

/** What failed later has a status beside its error, as operations have. */
function statusMessageOf(error: ErrorBody): Json {
  return error.code === 'ResourceDeploymentFailure' ? { status: 'Failed', error } : { error };
}

/** A length of time as ISO 8601 writes it, e.g. `PT4.7S`. */
function durationText(ms: number): string {
  return `PT${ms / 1000}S`;
}
