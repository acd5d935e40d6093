import type { OrderDraft } from './launch-store.ts';
import type { Choice } from './select.ts';

/** What orders need beside the choice: whose they are, where their machines will be, how large one may be. */
export interface OrderTerms {
  workerPoolId: string;
  providerId: string;
  /** Where machines of each launch config will be, by its id (`Fleet.place`). */
  places: ReadonlyMap<string, { workerGroup: string; scope: string }>;
  /** The most machines one order may ask for (`Fleet.maxPerOrder`). */
  maxPerOrder: number;
  /** A new UUID for each call. */
  newId: () => string;
}

/**
 * Turns choices into orders of at most `maxPerOrder` machines each, as few as possible and as equal as possible.
 * @throws {RangeError} when a chosen launch config has no place.
 */
export function splitOrders(choices: readonly Choice[], terms: OrderTerms): OrderDraft[] {
  return choices.flatMap((choice) => {
    const { launchConfigId, capacityPerInstance } = choice;
    const place = terms.places.get(launchConfigId);
    if (place === undefined) throw new RangeError(`launch config ${launchConfigId} has no place`);
    return countsOf(choice.instances, terms.maxPerOrder).map((count) => ({
      orderId: terms.newId(),
      workerPoolId: terms.workerPoolId,
      providerId: terms.providerId,
      launchConfigId,
      scope: place.scope,
      workerGroup: place.workerGroup,
      count,
      capacityPerInstance,
    }));
  });
}

function countsOf(instances: number, maxPerOrder: number): number[] {
  const orders = Math.ceil(instances / maxPerOrder);
  return Array.from({ length: orders }, (_, index) => {
    const before = Math.floor((instances * index) / orders);
    return Math.floor((instances * (index + 1)) / orders) - before;
  });
}
