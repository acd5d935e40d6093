import { randomUUID } from 'node:crypto';
import type { Clock } from '#core/clock.ts';
import type { Refusal, RefusalClass } from '#core/launch.ts';
import type { Presence } from '#core/provider.ts';

/** A machine of the testing cloud. */
export interface TestingMachine {
  workerId: string;
  /** Of whom it is: the provider, or somebody else with access to the cloud. */
  owner: string;
  orderId: string | null;
  presence: Presence;
  launchedAt: Date;
  /** Why it does not come up. */
  trouble?: Refusal;
  /** What only the machine itself knows. */
  token: string;
}

/** The calls of the testing cloud. */
export type TestingCall = 'launch' | 'list' | 'get' | 'terminate';

/** Something that goes wrong with calls of one kind, until it is taken away. */
export type TestingFault =
  /** The cloud says no. */
  | { kind: 'refuse'; class: RefusalClass }
  /** No answer comes: before anything has happened, or after it has. */
  | { kind: 'break' | 'hang'; when: 'before' | 'after' };

/** The testing cloud's no. */
export class TestingRefusal extends Error {
  readonly class: RefusalClass;

  constructor(refusalClass: RefusalClass) {
    super(`the testing cloud refuses: ${refusalClass}`);
    this.class = refusalClass;
  }
}

/** The way to the testing cloud broke off. */
export class TestingBreak extends Error {
  constructor() {
    super('the way to the testing cloud broke off');
  }
}

/** A cloud in memory, for suites: its machines do what they are told, and it fails in the ways it is told. */
export class TestingCloud {
  readonly machines = new Map<string, TestingMachine>();
  readonly faults = new Map<TestingCall, TestingFault>();
  /** How many more machines it can start. */
  stock = Infinity;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** One call: `effect` happens, or does not, as the faults say. */
  async call<T>(kind: TestingCall, signal: AbortSignal, effect: () => T): Promise<T> {
    signal.throwIfAborted();
    const fault = this.faults.get(kind);
    if (fault?.kind === 'refuse') {
      throw new TestingRefusal(fault.class);
    }
    if (fault?.when === 'before') {
      return this.#noAnswer(fault.kind, signal);
    }
    const result = effect();
    return fault === undefined ? result : this.#noAnswer(fault.kind, signal);
  }

  /** Starts machines for an order, at most as many as are in stock; a repeat of the order starts none. */
  start(owner: string, orderId: string | null, count: number): TestingMachine[] {
    const earlier = this.ofOrder(orderId);
    if (earlier.length > 0) {
      return earlier;
    }
    const started = Array.from({ length: Math.min(count, this.stock) }, () => ({
      workerId: `m-${randomUUID()}`,
      owner,
      orderId,
      presence: 'alive' as Presence,
      launchedAt: this.#clock.now(),
      token: randomUUID(),
    }));
    this.stock -= started.length;
    started.forEach((machine) => this.machines.set(machine.workerId, machine));
    return started;
  }

  ofOrder(orderId: string | null): TestingMachine[] {
    return orderId === null ? [] : [...this.machines.values()].filter((machine) => machine.orderId === orderId);
  }

  /** Ends machines; ids that it does not know are passed over. */
  end(workerIds: readonly string[]): void {
    for (const id of workerIds) {
      const machine = this.machines.get(id);
      if (machine !== undefined) {
        machine.presence = 'gone';
      }
    }
  }

  #noAnswer(kind: 'break' | 'hang', signal: AbortSignal): Promise<never> {
    if (kind === 'break') {
      return Promise.reject(new TestingBreak());
    }
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }
}
