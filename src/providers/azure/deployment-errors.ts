import type { MachineRecord } from './machine-record.ts';
import type { AzureParts } from './parts.ts';

const longestLabel = 200;

/** Counts what went wrong with deployments, once per failing step (spec/provisioning.md 8.11). Values that are not known are `unknown`. */
export function countDeploymentErrors(
  { providerId, surroundings }: AzureParts,
  record: MachineRecord,
  workerPoolId: string,
  errorKind: string,
  failures: readonly { code: string; labels: Readonly<Record<string, string>> }[],
): void {
  for (const { code, labels } of failures) {
    const all = {
      providerId,
      workerPoolId,
      workerGroup: record.location,
      errorKind,
      errorCode: code,
      statusCode: '',
      provisioningState: '',
      provisioningOperation: '',
      targetResourceType: '',
      ...labels,
      vmSize: record.vmSize,
      priority: record.priority,
    };
    const known: Record<string, string> = {};
    for (const [name, value] of Object.entries(all)) known[name] = (value || 'unknown').slice(0, longestLabel);
    surroundings.metrics.count('worker_manager_azure_arm_deployment_errors_total', known);
  }
}
