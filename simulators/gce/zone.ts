import type { Instance } from './instance.ts';
import { statusAt } from './life.ts';
import type { Operation } from './operation.ts';
import { regionOf } from './region.ts';
import { Shelf } from './shelf.ts';

const minuteMs = 60_000;
/** Longer than any list is stale. */
const keptAfterEndMs = 60 * minuteMs;
/** Longer than anybody looks for one. */
const operationsKeptMs = 14 * 24 * 60 * minuteMs;

/** The instances and operations of one zone. */
export class Zone {
  readonly name: string;
  readonly region: string;
  readonly operations = new Shelf<Operation>();
  readonly #instances = new Shelf<Instance>();
  /** By request id and kind of call. */
  readonly #requests = new Map<string, { operation: Operation; atMs: number }>();
  #sweptAtMs = -Infinity;

  constructor(name: string) {
    this.name = name;
    this.region = regionOf(name);
  }

  /** All instances that are kept, by growing name; also those that are gone. */
  get instances(): readonly Instance[] {
    return this.#instances.sorted;
  }

  add(instance: Instance): void {
    this.#instances.add(instance);
  }

  /** The instance of that name or id, however long it is gone. */
  find(nameOrId: string): Instance | undefined {
    return this.#instances.find(nameOrId);
  }

  /** The instance of that name or id, unless it is gone. */
  existing(nameOrId: string, nowMs: number): Instance | undefined {
    const instance = this.find(nameOrId);
    return instance !== undefined && statusAt(instance.life, nowMs) !== 'GONE' ? instance : undefined;
  }

  /** The instance of that name or id, unless callers cannot see it (yet, or any more). */
  shown(nameOrId: string, nowMs: number): Instance | undefined {
    const instance = this.find(nameOrId);
    return instance !== undefined && isShown(instance, nowMs) ? instance : undefined;
  }

  /** The operation that an earlier call with that request id began, whatever the rest of that call said. */
  requested(kind: string, requestId: string): Operation | undefined {
    return this.#requests.get(`${kind} ${requestId}`)?.operation;
  }

  rememberRequest(kind: string, requestId: string, operation: Operation): void {
    this.#requests.set(`${kind} ${requestId}`, { operation, atMs: operation.insertMs });
  }

  /** Forgets what Google would have forgotten by now; looks at most once a minute. */
  sweep(nowMs: number, requestIdKeptMs: number): void {
    if (nowMs - this.#sweptAtMs < minuteMs) {
      return;
    }
    this.#sweptAtMs = nowMs;
    this.#instances.sweep(({ life }) => statusAt(life, nowMs - keptAfterEndMs) === 'GONE' && hasEnded(life, nowMs));
    this.operations.sweep(({ insertMs }) => insertMs === Infinity || nowMs - insertMs > operationsKeptMs);
    for (const [key, { atMs }] of this.#requests) {
      if (nowMs - atMs > requestIdKeptMs) {
        this.#requests.delete(key);
      }
    }
  }
}

/** Whether calls other than the insert itself know of the instance. */
export function isShown(instance: Instance, nowMs: number): boolean {
  return nowMs >= instance.visibleFromMs && statusAt(instance.life, nowMs) !== 'GONE';
}

/** Before its first step an instance is not there either, which is no end. */
function hasEnded(life: Instance['life'], nowMs: number): boolean {
  return (life[0]?.atMs ?? nowMs) < nowMs - keptAfterEndMs;
}
