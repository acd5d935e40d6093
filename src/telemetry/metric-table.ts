/** Every metric of the service: spec/api.md 9.3, and below the line what this implementation adds. */
export interface MetricDefinition {
  type: 'counter' | 'gauge' | 'histogram';
  help: string;
  labels: readonly string[];
  buckets?: readonly number[];
  /** The processes that set it: `default` is the server, `provision` the provisioner, `scan` the scanner. */
  registers: readonly ('default' | 'provision' | 'scan')[];
}

const bootBuckets = [15, 30, 45, 60, 90, 120, 180, 300, 600, 1200, 1800] as const;
const startupBuckets = [5, 10, 15, 30, 45, 60, 90, 120, 180, 300, 600] as const;
const lifetimeBuckets = [60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800, 1209600] as const;
const quickBuckets = [0.01, 0.05, 0.1, 0.5, 1, 5, 10] as const;
const iterationBuckets = [1, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 6000] as const;

const pool = ['workerPoolId', 'providerId'] as const;
const group = ['workerPoolId', 'providerId', 'workerGroup'] as const;

const web = ['default'] as const;
const provision = ['provision'] as const;
const scan = ['scan'] as const;
const webAndProvision = ['default', 'provision'] as const;
const loops = ['provision', 'scan'] as const;
const everywhere = ['default', 'provision', 'scan'] as const;

export const metricTable = {
  http_requests_total: {
    type: 'counter',
    registers: web,
    help: 'Requests answered',
    labels: ['method', 'name', 'status', 'service'],
  },
  http_request_duration_seconds: {
    type: 'histogram',
    registers: web,
    help: 'Time to answer a request',
    labels: ['method', 'name', 'status', 'service'],
    buckets: quickBuckets,
  },
  iterate_duration_seconds: {
    type: 'histogram',
    registers: everywhere,
    help: 'Time of one turn of a loop or job',
    labels: ['name', 'status'],
    buckets: iterationBuckets,
  },
  worker_manager_existing_capacity: {
    type: 'gauge',
    registers: provision,
    help: 'Capacity that works or will',
    labels: group,
  },
  worker_manager_stopping_capacity: {
    type: 'gauge',
    registers: provision,
    help: 'Capacity on its way out',
    labels: group,
  },
  worker_manager_requested_capacity: {
    type: 'gauge',
    registers: provision,
    help: 'Capacity asked for that has not registered',
    labels: group,
  },
  worker_manager_desired_capacity: {
    type: 'gauge',
    registers: provision,
    help: 'Capacity the estimator wants',
    labels: pool,
  },
  worker_manager_total_idle_capacity: {
    type: 'gauge',
    registers: provision,
    help: 'Existing capacity without claimed task',
    labels: pool,
  },
  worker_manager_adjusted_pending_tasks: {
    type: 'gauge',
    registers: provision,
    help: 'Pending tasks without idle capacity',
    labels: pool,
  },
  worker_manager_pending_tasks: {
    type: 'gauge',
    registers: provision,
    help: 'Pending tasks at the queue',
    labels: pool,
  },
  worker_manager_claimed_tasks: {
    type: 'gauge',
    registers: provision,
    help: 'Claimed tasks at the queue',
    labels: pool,
  },
  worker_manager_worker_pool_provision_seconds: {
    type: 'histogram',
    registers: provision,
    help: 'Time of one provisioning turn of a pool',
    labels: pool,
    buckets: quickBuckets,
  },
  worker_manager_worker_registration_seconds: {
    type: 'histogram',
    registers: everywhere,
    help: 'Request to registration',
    labels: pool,
    buckets: bootBuckets,
  },
  worker_manager_worker_provision_seconds: {
    type: 'histogram',
    registers: webAndProvision,
    help: 'Request to system boot',
    labels: group,
    buckets: bootBuckets,
  },
  worker_manager_worker_startup_seconds: {
    type: 'histogram',
    registers: webAndProvision,
    help: 'System boot to registration',
    labels: group,
    buckets: startupBuckets,
  },
  worker_manager_worker_lifetime_seconds: {
    type: 'histogram',
    registers: everywhere,
    help: 'Registration to removal',
    labels: pool,
    buckets: lifetimeBuckets,
  },
  worker_manager_worker_registration_failures_total: {
    type: 'counter',
    registers: everywhere,
    help: 'Workers ended without registering',
    labels: pool,
  },
  worker_manager_worker_pool_scan_seen_workers: {
    type: 'gauge',
    registers: scan,
    help: 'Capacity seen alive by the last observation',
    labels: group,
  },
  worker_manager_worker_pool_scan_errors: {
    type: 'gauge',
    registers: scan,
    help: 'Errors in the last observation',
    labels: pool,
  },
  worker_manager_workers_to_terminate: {
    type: 'gauge',
    registers: scan,
    help: 'Workers advised to end',
    labels: [...pool, 'reason'],
  },
  worker_manager_azure_throttle_total: {
    type: 'counter',
    registers: loops,
    help: 'Calls that Azure refused because there were too many',
    labels: ['providerId', 'operationType'],
  },
  worker_manager_azure_ratelimit_remaining: {
    type: 'gauge',
    registers: loops,
    help: 'Calls that Azure said are left in the bucket of the subscription',
    labels: ['providerId', 'limitType'],
  },
  worker_manager_azure_teardown_total: {
    type: 'counter',
    registers: scan,
    help: 'Machines taken down, by one deletion or part by part',
    labels: ['providerId', 'workerPoolId', 'mode'],
  },
  worker_manager_azure_arm_deployment_errors_total: {
    type: 'counter',
    registers: loops,
    help: 'Steps of deployments that failed',
    labels: [
      'providerId',
      'workerPoolId',
      'workerGroup',
      'errorKind',
      'errorCode',
      'statusCode',
      'provisioningState',
      'provisioningOperation',
      'targetResourceType',
      'vmSize',
      'priority',
    ],
  },
  // Added by this implementation.
  worker_manager_cloud_calls_total: {
    type: 'counter',
    registers: loops,
    help: 'Calls to clouds by outcome',
    labels: ['providerId', 'scope', 'operation', 'outcome'],
  },
  worker_manager_cloud_call_seconds: {
    type: 'histogram',
    registers: loops,
    help: 'Time of one call to a cloud, without waiting and retries',
    labels: ['providerId', 'operation'],
    buckets: quickBuckets,
  },
  worker_manager_refusals_total: {
    type: 'counter',
    registers: loops,
    help: 'Launches a cloud refused, by class',
    labels: ['workerPoolId', 'providerId', 'class', 'code'],
  },
  worker_manager_orphans_total: {
    type: 'counter',
    registers: scan,
    help: 'Machines at a cloud that no row knows, by what was done',
    labels: ['providerId', 'verdict'],
  },
  worker_manager_registrations_refused_total: {
    type: 'counter',
    registers: web,
    help: 'Registrations refused, by reason',
    labels: ['reason'],
  },
  worker_manager_outbox_waiting: { type: 'gauge', registers: loops, help: 'Events not yet delivered', labels: [] },
  worker_manager_outbox_age_seconds: {
    type: 'gauge',
    registers: loops,
    help: 'Age of the oldest event not yet delivered',
    labels: [],
  },
} as const satisfies Record<string, MetricDefinition>;
