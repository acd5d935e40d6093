import { isBuckets, type Bucket } from '#simulators/bucket.ts';
import { readDials } from '#simulators/dial-values.ts';
import type { Range } from '#simulators/range.ts';

/** How the cloud behaves in general. All times are milliseconds of the simulator's clock, all chances from 0 to 1. */
export interface Dials {
  /** From the effect of a call to its answer. */
  latencyMs: Range;
  /** From a request to the end of its operation. */
  publicIpMs: Range;
  publicIpDeleteMs: Range;
  nicMs: Range;
  nicDeleteMs: Range;
  diskMs: Range;
  diskDeleteMs: Range;
  vmCreateMs: Range;
  vmDeleteMs: Range;
  deallocateMs: Range;
  startMs: Range;
  groupDeleteMs: Range;
  /** From the request for a virtual machine until a host is found for it, or none. */
  allocateMs: Range;
  /** From the request for a virtual machine to `PowerState/running`. */
  bootMs: Range;
  /** From the acceptance of a deployment to its first request, and from the request to delete it to its end. */
  deploymentMs: Range;
  /** How long after it is accepted a resource is still unknown to GET and to lists (stale 404). */
  hiddenMs: Range;
  /** How long after it is accepted `/instanceView` does not know a virtual machine that GET knows. */
  viewHiddenMs: Range;
  /** How long a network interface stays reserved for a virtual machine that failed; Azure says 180 s. */
  nicReservedMs: number;
  /** How long an operation can be asked for after its end. */
  operationKeptMs: number;
  /** `Retry-After` of answers that begin or show an operation; 0 for none. */
  retryAfterSeconds: number;
  /** Share of virtual machines for which a host is found; 27 % of attempts was one user's experience. */
  allocationSuccess: number;
  /** Share of virtual machines whose operating system does not report in time: running, but `OSProvisioningTimedOut`. */
  osProvisioningTimedOut: number;
  /** Share of machines on which the worker never starts. */
  neverRegisters: number;
  /** Share of machines that crash in the middle of their work. */
  crashesWhileWorking: number;
  /** Share of machines that shut themselves down, and how long after the boot. */
  endsByItself: number;
  endsByItselfAfterMs: Range;
  /** Share of spot machines that are evicted, and how long after the boot the notice comes. */
  evicted: number;
  evictedAfterMs: Range;
  /** From the notice of an eviction to the eviction: 30 s or more. */
  evictionNoticeMs: number;
  /** Dollars per hour; a lower maxPrice is refused. */
  spotPrice: number;
  /** How many deployments the history of a resource group holds. */
  deploymentQuota: number;
  /** Virtual machines on a page of a list (200, as an engineer of Microsoft's wrote: azure-sdk-for-java#31382), and other things. */
  vmPageSize: number;
  pageSize: number;
  /** Whether lists of virtual machines write the names of resource groups in capitals. */
  shoutsGroups: boolean;
  /** Whether a second DELETE is refused while the first is under way. */
  refusesSecondDelete: boolean;
  /** Whether calls over the limit are refused. */
  isThrottling: boolean;
  /** Buckets that replace the published ones; `publishedBuckets` in limits.ts shows the names. */
  buckets: Readonly<Record<string, Bucket>>;
}

const secondMs = 1000;
const hourMs = 3_600_000;

/** A cloud on a good day: everything works, nothing is late, calls are limited as Microsoft publishes. */
export const calmDials: Dials = {
  latencyMs: [0, 0],
  publicIpMs: [secondMs, 5 * secondMs],
  publicIpDeleteMs: [5 * secondMs, 15 * secondMs],
  nicMs: [secondMs, 5 * secondMs],
  nicDeleteMs: [5 * secondMs, 15 * secondMs],
  diskMs: [secondMs, 5 * secondMs],
  diskDeleteMs: [secondMs, 5 * secondMs],
  vmCreateMs: [30 * secondMs, 60 * secondMs],
  vmDeleteMs: [30 * secondMs, 60 * secondMs],
  deallocateMs: [20 * secondMs, 40 * secondMs],
  startMs: [20 * secondMs, 40 * secondMs],
  groupDeleteMs: [60 * secondMs, 120 * secondMs],
  allocateMs: [2 * secondMs, 8 * secondMs],
  bootMs: [15 * secondMs, 30 * secondMs],
  deploymentMs: [secondMs, 3 * secondMs],
  hiddenMs: [0, 0],
  viewHiddenMs: [0, 0],
  nicReservedMs: 0,
  operationKeptMs: 24 * hourMs,
  retryAfterSeconds: 10,
  allocationSuccess: 1,
  osProvisioningTimedOut: 0,
  neverRegisters: 0,
  crashesWhileWorking: 0,
  endsByItself: 0,
  endsByItselfAfterMs: [0, hourMs],
  evicted: 0,
  evictedAfterMs: [0, hourMs],
  evictionNoticeMs: 30 * secondMs,
  spotPrice: 0.01,
  deploymentQuota: 800,
  vmPageSize: 200,
  pageSize: 1000,
  shoutsGroups: true,
  refusesSecondDelete: false,
  isThrottling: true,
  buckets: {},
};

/**
 * The dials in a JSON value, to be laid over others.
 *
 * @throws TypeError that names the dial that does not exist, or whose value does not fit.
 */
export function parseDials(json: unknown): Partial<Dials> {
  return readDials(json, calmDials, isBuckets);
}
