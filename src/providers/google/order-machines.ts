import type { LaunchOrder } from '#core/launch.ts';
import type { Compute } from './compute.ts';
import { GoogleError, ownCodes } from './errors.ts';
import type { GoogleInstance } from './instance.ts';
import { orderLabel } from './labels.ts';
import { bulkRequestId, machineNames } from './machine-names.ts';
import { pagesOf } from './pages.ts';

/**
 * All machines of an order: those in the zone's list that bear its label and one of its names, for labels can be given to anything.
 * @throws GoogleError, also when the zone could not be looked at as a whole.
 */
export async function machinesOf(compute: Compute, order: LaunchOrder, signal: AbortSignal): Promise<GoogleInstance[]> {
  const filter = `labels.${orderLabel} = "${order.orderId}"`;
  const names = new Set(machineNames(order).map(({ name }) => name));
  const pages = await pagesOf((pageToken) => compute.instances(order.workerGroup, { filter, pageToken }, signal));
  requireAll(pages.flatMap((page) => page.unreachable));
  return pages.flatMap((page) => page.instances).filter(({ name }) => names.has(name));
}

/** Is the bulkInsert of an order still going on? Then a list shows only the part of its machines that exists so far. */
export async function hasOpenBulkInsert(compute: Compute, order: LaunchOrder, signal: AbortSignal): Promise<boolean> {
  const requestId = bulkRequestId(order);
  const query = { filter: `clientOperationId = "${requestId}"`, pageToken: null };
  const { operations } = await compute.operations(order.workerGroup, query, signal);
  return operations.some((operation) => operation.requestId === requestId && !operation.isDone);
}

/** @throws GoogleError where zones could not be looked at: what a list lacks for that reason must not pass for gone. */
export function requireAll(unreachable: readonly string[]): void {
  if (unreachable.length > 0) {
    throw new GoogleError(ownCodes.unreachable, `the list lacks ${unreachable.join(', ')}`);
  }
}
