import { alreadyAtWork } from './answers.ts';
import type { Made, Order } from './call.ts';
import { groupNamed, refuseMove, type Envelope } from './envelope.ts';
import type { Operation } from './operation.ts';
import { keyOf, resourceId } from './resource-id.ts';
import { typeOf, type AnyResource, type Disk, type Nic, type PublicIp, type Shelf } from './state.ts';

type Simple = PublicIp | Nic | Disk;

/** Key and id of what an order is about. */
export function idFor({ cloud, group, name }: Order, kind: AnyResource['kind']): { key: string; id: string } {
  const { subscriptionId } = cloud;
  const id = resourceId({ subscriptionId, group, type: typeOf[kind], names: [name] });
  return { key: keyOf(id), id };
}

/** The members that all resources begin with. */
export function newResource(
  { cloud, group, name }: Order,
  id: string,
  { location, tags, properties, top }: Envelope,
  provisioningState: string,
) {
  return {
    id,
    name,
    group,
    location,
    tags,
    properties,
    top,
    provisioningState,
    serial: cloud.nextSerial(),
    createdMs: cloud.nowMs,
    visibleFromMs: cloud.nowMs + cloud.draw(cloud.dials.hiddenMs),
    operation: null,
  };
}

/**
 * Makes a simple resource, or changes it to what is asked for. The same order again changes nothing: its operation is
 * the one that is under way, or there is none.
 *
 * @param bear makes one that is new, of the given id.
 * @throws Refusal while it is being deleted, and where it is elsewhere.
 */
export function makeSimple<T extends Simple>(
  order: Order,
  envelope: Envelope,
  shelf: Shelf<T>,
  { kind, durationMs, bear }: { kind: T['kind']; durationMs: number; bear: (id: string) => T },
): Made<T> {
  groupNamed(order.group, order.cloud, 'make');
  const { key, id } = idFor(order, kind);
  const known = shelf.get(key);
  if (known !== undefined) {
    refuseMove(known, envelope.location);
    if (known.provisioningState === 'Deleting' && known.operation !== null) {
      throw alreadyAtWork(known.operation, order.cloud.subscriptionId);
    }
    if (known.provisioningState !== 'Failed' && isSame(known, envelope)) {
      return { resource: known, operation: known.operation, isNew: false };
    }
    known.properties = envelope.properties;
    known.tags = envelope.tags;
    known.top = envelope.top;
    known.provisioningState = 'Updating';
  }
  const resource = known ?? bear(id);
  shelf.set(key, resource);
  return { resource, operation: beginMaking(order, key, resource, durationMs), isNew: known === undefined };
}

function isSame({ properties, tags, top }: Simple, envelope: Envelope): boolean {
  return JSON.stringify([properties, tags, top]) === JSON.stringify([envelope.properties, envelope.tags, envelope.top]);
}

function beginMaking(order: Order, key: string, resource: Simple, durationMs: number): Operation {
  const { cloud, action, group } = order;
  const settle = (state: string): void => {
    resource.provisioningState = state;
    resource.operation = null;
  };
  resource.operation = cloud.begin({
    action,
    group,
    service: serviceOf(resource.kind),
    location: resource.location,
    resource: key,
    durationMs,
    succeed: () => settle('Succeeded'),
    fail: () => settle('Failed'),
  });
  return resource.operation;
}

/**
 * Deletes a simple resource; null where there is none.
 *
 * @param leave what else its end changes.
 * @throws Refusal while it is being deleted, if the dial says so.
 */
export function deleteSimple<T extends Simple>(
  order: Order,
  key: string,
  shelf: Shelf<T>,
  durationMs: number,
  leave: (resource: T) => void = () => undefined,
): Operation | null {
  const { cloud, action, group } = order;
  const resource = shelf.get(key);
  if (resource === undefined) {
    return null;
  }
  if (resource.provisioningState === 'Deleting' && resource.operation !== null) {
    if (cloud.dials.refusesSecondDelete) {
      throw alreadyAtWork(resource.operation, cloud.subscriptionId);
    }
    return resource.operation;
  }
  resource.provisioningState = 'Deleting';
  resource.operation = cloud.begin({
    action,
    group,
    service: serviceOf(resource.kind),
    location: resource.location,
    resource: key,
    durationMs,
    succeed: () => {
      shelf.delete(key);
      leave(resource);
    },
    fail: () => {
      resource.provisioningState = 'Failed';
      resource.operation = null;
    },
  });
  return resource.operation;
}

function serviceOf(kind: Simple['kind']): Operation['service'] {
  return kind === 'disks' ? 'compute' : 'network';
}
