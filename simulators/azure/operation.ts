import type { ErrorBody } from './refusal.ts';

type OperationStatus = 'InProgress' | 'Succeeded' | 'Failed' | 'Canceled';

/** Something that goes on after its request was answered. */
export interface Operation {
  id: string;
  /** Whose resources it is about; says how its URLs look. */
  service: 'compute' | 'network' | 'resources' | 'deployments';
  location: string;
  /** Key of the resource that it is about. */
  resource: string;
  startedMs: number;
  endedMs: number | null;
  status: OperationStatus;
  error: ErrorBody | null;
  /** Whether its URL answers 404 already although it goes on. */
  isForgotten: boolean;
  /** Whether it never ends. */
  isStuck: boolean;
}

/** The operations of a subscription, for as long as they can be asked for. */
export class Operations {
  readonly #byId = new Map<string, Operation>();
  #sweptAtMs = -Infinity;

  add(operation: Operation): void {
    this.#byId.set(operation.id, operation);
  }

  /** The operation of that id; undefined for one that was never there, and for one that ended too long ago. */
  find(id: string, nowMs: number, keptMs: number): Operation | undefined {
    const operation = this.#byId.get(id);
    return operation === undefined || isExpired(operation, nowMs, keptMs) ? undefined : operation;
  }

  /** Lets the URLs of all operations of a resource answer 404 from now on. */
  forgetOf(resource: string): void {
    for (const operation of this.#byId.values()) {
      operation.isForgotten ||= operation.resource === resource;
    }
  }

  /** Drops what cannot be asked for any more; looks at most once a minute. */
  sweep(nowMs: number, keptMs: number): void {
    if (nowMs - this.#sweptAtMs >= 60_000) {
      this.#sweptAtMs = nowMs;
      for (const [id, operation] of this.#byId) {
        if (isExpired(operation, nowMs, keptMs)) {
          this.#byId.delete(id);
        }
      }
    }
  }
}

function isExpired({ isForgotten, endedMs }: Operation, nowMs: number, keptMs: number): boolean {
  return isForgotten || (endedMs !== null && nowMs >= endedMs + keptMs);
}
