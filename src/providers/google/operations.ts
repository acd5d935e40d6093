import type { GoogleOperation } from './answer.ts';
import type { Compute } from './compute.ts';
import { classOf } from './errors.ts';
import { pagesOf } from './pages.ts';

/** Ids per list call: a filter of a hundred is about 5 KB of URL. */
export const idsPerCall = 100;

/** `(field = 1) OR (field = 2)`, as Google's lists take it. */
export function anyOf(field: string, ids: readonly string[]): string {
  return ids.map((id) => `(${field} = ${id})`).join(' OR ');
}

/** All operations on these instances that Google remembers, by instance id. It forgets them after some weeks. */
export async function operationsOn(
  compute: Compute,
  zone: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly GoogleOperation[]>> {
  const found: GoogleOperation[] = [];
  for (let start = 0; start < ids.length; start += idsPerCall) {
    const filter = anyOf('targetId', ids.slice(start, start + idsPerCall));
    const pages = await pagesOf((pageToken) => compute.operations(zone, { filter, pageToken }, signal));
    found.push(...pages.flatMap((page) => page.operations));
  }
  return Map.groupBy(found, ({ targetId }) => targetId ?? '');
}

/** The same where it is only worth telling, and nothing waits for it: none when Google does not answer. */
export async function operationsIfTold(
  compute: Compute,
  zone: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly GoogleOperation[]>> {
  try {
    return await operationsOn(compute, zone, ids, signal);
  } catch (error) {
    signal.throwIfAborted();
    // A defect is thrown on.
    classOf(error);
    return new Map();
  }
}

/** Did Google take the machine back? It says so by an operation of its own (https://cloud.google.com/compute/docs/instances/create-use-spot). */
export function wasPreempted(operations: readonly GoogleOperation[]): boolean {
  return operations.some(({ type }) => type === 'compute.instances.preempted');
}

/** The last of the operations of a type. */
export function lastOf(operations: readonly GoogleOperation[], type: string): GoogleOperation | null {
  const ofType = operations.filter((operation) => operation.type === type);
  const when = ({ insertedAt }: GoogleOperation): number => insertedAt?.getTime() ?? 0;
  return ofType.toSorted((one, other) => when(one) - when(other)).at(-1) ?? null;
}
