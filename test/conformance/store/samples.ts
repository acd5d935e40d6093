import type { TestContext } from 'node:test';
import type { Clock } from '#core/clock.ts';
import type { ServiceEvent } from '#core/events.ts';
import type { JsonObject, JsonValue } from '#core/json.ts';
import type { OrderDraft } from '#core/launch-store.ts';
import type { LaunchOrder, LaunchOutcome, Refusal, RefusalClass } from '#core/launch.ts';
import type { Lifecycle } from '#core/pool.ts';
import type { PoolChange, PoolInput } from '#core/pool-store.ts';
import type { Store } from '#core/store.ts';
import type { SealedSecret } from '#core/worker-store.ts';
import type { Worker, WorkerState } from '#core/worker.ts';

/** Opens an empty store for one test, closed at its end. */
export type OpenStore = (t: TestContext, options?: { clock?: Clock }) => Promise<Store>;

export const now = new Date('2026-03-04T12:34:56.789Z');
export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** An instant so long after `now`. */
export function after(ms: number): Date {
  return new Date(now.getTime() + ms);
}

export const poolId = 'proj-a/linux';
export const providerId = 'aws';
export const scope = 'us-west-2';
const user = 'github/1';

/** A launch config with an id of its own choice. */
export function launchConfig(id: string, content: JsonObject = {}, workerManager: JsonObject = {}): JsonObject {
  return { region: scope, ...content, workerManager: { ...workerManager, launchConfigId: id } };
}

export interface PoolSample extends Partial<Omit<PoolInput, 'config'>> {
  launchConfigs?: JsonValue;
  config?: JsonObject;
}

/** What a user says of a pool: two launch configs, `a` and `b`, and room for 1,000,000. */
export function poolInput({ launchConfigs, config, ...other }: PoolSample = {}): PoolInput {
  return {
    workerPoolId: poolId,
    providerId,
    description: 'builds things',
    owner: 'owner@example.com',
    emailOnError: false,
    config: {
      minCapacity: 0,
      maxCapacity: 1_000_000,
      launchConfigs: launchConfigs ?? [launchConfig('a'), launchConfig('b', { workerConfig: { shutdown: true } })],
      ...config,
    },
    ...other,
  };
}

export async function aPool(store: Store, sample: PoolSample = {}, at = now): Promise<PoolChange> {
  return store.createPool(poolInput(sample), user, at);
}

let orders = 0;

export function orderDraft(other: Partial<OrderDraft> = {}): OrderDraft {
  orders += 1;
  return {
    orderId: `00000000-0000-4000-8000-${String(orders).padStart(12, '0')}`,
    workerPoolId: poolId,
    providerId,
    launchConfigId: 'a',
    scope,
    workerGroup: scope,
    count: 1,
    capacityPerInstance: 1,
    ...other,
  };
}

export const roomForAll = { want: 1_000_000, maxCapacity: 1_000_000 };

/** Places one order that certainly fits. */
export async function anOrder(store: Store, other: Partial<OrderDraft> = {}, at = now): Promise<LaunchOrder> {
  const draft = orderDraft(other);
  const [order] = await store.placeOrders(draft.workerPoolId, [draft], roomForAll, at);
  if (order === undefined) throw new Error('the order was dropped');
  return order;
}

export const lifecycle: Lifecycle = {
  registrationTimeoutMs: hourMs,
  reregistrationTimeoutMs: 4 * dayMs,
  queueInactivityTimeoutMs: 2 * hourMs,
};

export const terms = { lifecycle, firstLookAt: after(10_000) };

/** Machines `<prefix>-0`, `<prefix>-1` … of an order, as its cloud names them. */
export function launched(count: number, prefix = 'i', workerGroup = scope): LaunchOutcome & { kind: 'settled' } {
  const machines = Array.from({ length: count }, (_, index) => ({
    workerGroup,
    workerId: `${prefix}-${index}`,
    providerData: { privateIp: `10.0.0.${index}` },
  }));
  return { kind: 'settled', launched: machines, refusal: null };
}

export function refusal(refusalClass: RefusalClass): Refusal {
  return {
    class: refusalClass,
    code: 'InsufficientInstanceCapacity',
    message: 'no',
    scope: 'us-west-2a/m5.large',
    retryAfterMs: null,
    requestId: null,
  };
}

/** Workers in `requested`, of a pool that exists, made as they are made: by an order and its outcome. */
export async function requested(
  store: Store,
  count = 1,
  { prefix = 'i', at = now, ...other }: Partial<OrderDraft> & { prefix?: string; at?: Date } = {},
): Promise<readonly Worker[]> {
  const order = await anOrder(store, { count, ...other }, at);
  const firstLookAt = new Date(at.getTime() + 10_000);
  return store.settleOrder(order, launched(count, prefix, order.workerGroup), { lifecycle, firstLookAt }, at);
}

/** One such worker. */
export async function oneRequested(store: Store, options: Parameters<typeof requested>[2] = {}): Promise<Worker> {
  return only(await requested(store, 1, options));
}

export const secret = (hash: string): SealedSecret => ({ kid: 'k1', hash });

export async function registered(store: Store, worker: Worker, at = now): Promise<Worker> {
  const grant = { isRepeat: false, terminateAfter: after(4 * dayMs), secret: secret('first') };
  const moved = await store.register(worker, grant, at);
  if (moved === null || !('move' in moved)) throw new Error('the worker could not register');
  return moved.worker;
}

/** A worker brought to a state by the moves that lead there. */
export async function workerIn(store: Store, state: WorkerState, prefix = 'i'): Promise<Worker> {
  const worker = await oneRequested(store, { prefix });
  if (state === 'requested') return worker;
  const running = await registered(store, worker);
  if (state === 'running') return running;
  const move = state === 'stopping' ? 'remove' : 'stop';
  return only(await store.moveWorkers([{ worker, move, reason: 'sample' }], now)).worker;
}

/** A worker declared by an operator. */
export async function declared(
  store: Store,
  other: Partial<{ workerPoolId: string; workerId: string; expires: Date }> = {},
): Promise<Worker> {
  const { workerPoolId = poolId, workerId = 'hardware-1', expires = after(30 * dayMs) } = other;
  const key = { workerPoolId, workerGroup: 'rack', workerId };
  return store.declareWorker(
    { key, providerId: 'static', capacity: 1, expires, providerData: { sealed: 'x' } },
    () => true,
    now,
  );
}

/** All events that wait, oldest first; they count as told then. */
export async function toldEvents(store: Store): Promise<ServiceEvent[]> {
  const entries = await store.waitingEvents(100_000);
  await store.confirmEvents(entries.map(({ sequence }) => sequence));
  return entries.map(({ event }) => event);
}

export async function toldExchanges(store: Store): Promise<string[]> {
  return (await toldEvents(store)).map(({ exchange }) => exchange);
}

/** The only element of a list that has one. */
export function only<Element>(elements: readonly Element[]): Element {
  const [element] = elements;
  if (element === undefined || elements.length > 1) throw new Error(`${elements.length} elements instead of one`);
  return element;
}

/** All rows of a listing, page by page. */
export async function allPages<Row, Key>(
  limit: number,
  read: (page: { after: Key | null; limit: number }) => Promise<{ rows: readonly Row[]; next: Key | null }>,
): Promise<Row[][]> {
  const pages: Row[][] = [];
  let next: Key | null = null;
  do {
    const page: { rows: readonly Row[]; next: Key | null } = await read({ after: next, limit });
    pages.push([...page.rows]);
    next = page.next;
  } while (next !== null);
  return pages;
}
