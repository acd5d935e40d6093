import type { LaunchOrder } from '#core/launch.ts';
import type { Compute } from './compute.ts';
import { GoogleError, ownCodes } from './errors.ts';
import type { GoogleInstance } from './instance.ts';
import { orderLabel } from './labels.ts';
import { bulkRequestId } from './machine-names.ts';

/**
 * All machines that bear an order's label, by the zone's list.
 * @throws GoogleError, also when the zone could not be looked at as a whole.
 */
export async function machinesOf(compute: Compute, order: LaunchOrder, signal: AbortSignal): Promise<GoogleInstance[]> {
  const filter = `labels.${orderLabel} = "${order.orderId}"`;
  const machines: GoogleInstance[] = [];
  let pageToken: string | null = null;
  do {
    const page: Awaited<ReturnType<Compute['instances']>> = await compute.instances(
      order.workerGroup,
      { filter, pageToken },
      signal,
    );
    requireAll(page.unreachable);
    machines.push(...page.instances);
    pageToken = page.nextToken;
  } while (pageToken !== null);
  return machines;
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
