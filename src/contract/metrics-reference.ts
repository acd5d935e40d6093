import { service } from './references.ts';

/** What each label of a metric says. */
const labelWords = {
  class: 'The sort of refusal: of capacity, quota, throttling and so on.',
  code: "The cloud's own code.",
  errorCode: "Azure's code of the error.",
  errorKind: 'The kind of error.',
  limitType: 'What is limited: reads, writes or deletes.',
  method: 'The verb of the request.',
  mode: 'How the teardown goes: fast or slow.',
  name: 'The endpoint, loop or job.',
  operation: 'The call, by its name at the cloud.',
  operationType: 'The sort of operation: read, write or delete.',
  outcome: 'How it went.',
  priority: 'Whether the machine is a regular or a spot one.',
  providerId: 'The provider.',
  provisioningOperation: 'What Azure was about to do.',
  provisioningState: 'How far Azure got.',
  reason: 'Why.',
  scope: 'The part of the cloud, e.g. a region.',
  service: 'Always worker-manager.',
  status: 'The HTTP status of the answer; of a loop or job, success or exception.',
  statusCode: 'The HTTP status that Azure answered with.',
  targetResourceType: 'The type of resource that failed.',
  verdict: 'What was done about it.',
  vmSize: 'The size of the machine.',
  workerGroup: 'The group of the workers.',
  workerPoolId: 'The worker pool.',
} as const;

/** A label that a published metric may have. */
export type MetricLabel = keyof typeof labelWords;

/** What is published of a metric. */
export interface PublishedMetric {
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** What it tells, in a few words. */
  readonly help: string;
  readonly labels: readonly MetricLabel[];
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
  /** Which processes have it: the server (`default`), the provisioner, the scanner. */
  readonly registers: readonly string[];
}

/** `worker_manager_existing_capacity` → `Existing Capacity`. */
function titleOf(name: string): string {
  const words = name.replace(/^worker_manager_/, '').split('_');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ');
}

/** The reference from which people learn the metrics (spec/api.md 2.8, 9.3). */
export function metricsReference(table: Readonly<Record<string, PublishedMetric>>): object {
  return {
    $schema: '/schemas/common/metrics-reference-v0.json#',
    ...service,
    metrics: Object.entries(table).map(([name, { type, help, labels, buckets, registers }]) => ({
      name,
      type,
      title: titleOf(name),
      description: `${help}.`,
      labels: Object.fromEntries(labels.map((label) => [label, labelWords[label]])),
      ...(buckets === undefined ? {} : { buckets }),
      registers,
    })),
  };
}
