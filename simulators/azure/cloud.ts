import type { Clock } from '#lib/clock.ts';
import type { Random } from '#lib/random.ts';
import { draw, type Range } from '#simulators/range.ts';
import { hexDigits } from '#simulators/hex-digits.ts';
import type { Logbook } from '#simulators/logbook.ts';
import { Agenda } from '#simulators/queue/agenda.ts';
import type { AttestedFacts } from './attested-facts.ts';
import type { Dials } from './dials.ts';
import { operationErrorOf, type Faults } from './faults.ts';
import { Limits, publishedBuckets, tooManyRequests, type Claim, type Remainder } from './limits.ts';
import { Operations, type Operation } from './operation.ts';
import type { ErrorBody } from './refusal.ts';
import { Subscription, type Json } from './state.ts';

/** What is counted. */
export const noDeeds = {
  /** Virtual machines that were begun. */
  launched: 0,
  /** Writes that repeated an earlier one and made nothing. */
  replayed: 0,
  /** Virtual machines whose deletion was begun. */
  terminated: 0,
};

export type Deed = keyof typeof noDeeds;

/** What a cloud is made of. */
export interface CloudParts {
  clock: Clock;
  random: Random;
  subscriptionId: string;
  tenantId: string;
  locations: readonly string[];
  faults: Faults;
  logbook: Logbook<Deed>;
  attest: ((facts: AttestedFacts) => Promise<string>) | undefined;
}

/** Something that is to go on after the answer. */
export interface Beginning {
  /** The call that begins it, for faults. */
  action: string;
  group: string;
  service: Operation['service'];
  location: string;
  /** Key of the resource. */
  resource: string;
  /** Null where it takes as long as what it stands for; then whoever begins it ends it. */
  durationMs: number | null;
  /** What its success changes. */
  succeed: () => void;
  /** What its failure changes. */
  fail: (error: ErrorBody) => void;
}

/** One subscription with all it holds, and what goes wrong with it. */
export class Cloud {
  readonly random: Random;
  readonly subscriptionId: string;
  readonly tenantId: string;
  readonly locations: ReadonlySet<string>;
  readonly faults: Faults;
  readonly logbook: Logbook<Deed>;
  readonly attest: CloudParts['attest'];
  readonly subscription = new Subscription();
  readonly operations = new Operations();
  /** Templates by the key of their version's id. */
  readonly templateSpecs = new Map<string, Json>();
  /** Keys of what is outside of this simulator, and is missing there: subnets, images, template specs. */
  readonly missing = new Set<string>();
  readonly #clock: Clock;
  readonly #limits = new Limits();
  readonly #agenda = new Agenda<() => void>();
  readonly #waiting = new WeakMap<Operation, ((error: ErrorBody | null) => void)[]>();
  /** The instant of the event that is happening, or null between events. */
  #eventMs: number | null = null;
  /** The first addresses of a network are Azure's own. */
  #lastSerial = 3;

  constructor(parts: CloudParts) {
    this.#clock = parts.clock;
    this.random = parts.random;
    this.subscriptionId = parts.subscriptionId;
    this.tenantId = parts.tenantId;
    this.locations = new Set(parts.locations);
    this.faults = parts.faults;
    this.logbook = parts.logbook;
    this.attest = parts.attest;
  }

  /** Now, or the instant of the event that is happening. */
  get nowMs(): number {
    return this.#eventMs ?? this.#clock.now().getTime();
  }

  get dials(): Readonly<Dials> {
    return this.faults.dials;
  }

  /** An amount of one of the dials. */
  draw(range: Range): number {
    return draw(range, this.random);
  }

  nextSerial(): number {
    this.#lastSerial += 1;
    return this.#lastSerial;
  }

  /** So many hexadecimal digits by chance. */
  digits(count: number): string {
    return hexDigits(count, this.random);
  }

  /** A UUID by chance (version 4). */
  uuid(): string {
    const digits = this.digits(31);
    const variant = '89ab'.charAt(Math.floor(this.random() * 4));
    return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(12, 15)}-${variant}${digits.slice(15, 18)}-${digits.slice(18, 30)}`;
  }

  /** Lets everything happen that was due until now, in its order. Whoever looks at the state calls this first. */
  settle(): void {
    const untilMs = this.#clock.now().getTime();
    for (let due = this.#agenda.takeDue(untilMs); due !== undefined; due = this.#agenda.takeDue(untilMs)) {
      this.#eventMs = due.atMs;
      try {
        due.item();
      } finally {
        this.#eventMs = null;
      }
    }
    this.operations.sweep(untilMs, this.dials.operationKeptMs);
  }

  /** Notes what happens after `ms`. It is for the event to see whether its object is still there. */
  after(ms: number, event: () => void): void {
    this.#agenda.add(this.nowMs + ms, event);
  }

  /** Begins an operation; a fault may decide its end. */
  begin(beginning: Beginning): Operation {
    const fault = this.faults.strikeOperation(beginning);
    const operation: Operation = {
      id: this.uuid(),
      service: beginning.service,
      location: beginning.location,
      resource: beginning.resource,
      startedMs: this.nowMs,
      endedMs: null,
      status: 'InProgress',
      error: null,
      isForgotten: fault?.outcome === 'expire',
      isStuck: fault?.outcome === 'stick',
    };
    this.operations.add(operation);
    const isDoomed = fault?.outcome === 'fail' || fault?.outcome === 'cancel';
    if (operation.isStuck || (beginning.durationMs === null && !isDoomed)) {
      return operation;
    }
    this.after(beginning.durationMs ?? 0, () => {
      if (operation.status !== 'InProgress') {
        return;
      }
      if (isDoomed) {
        const error = operationErrorOf(fault);
        beginning.fail(error);
        this.end(operation, error, fault.outcome === 'cancel' ? 'Canceled' : 'Failed');
      } else {
        beginning.succeed();
        this.end(operation, null);
      }
    });
    return operation;
  }

  /** Ends an operation, unless it has ended. */
  end(operation: Operation, error: ErrorBody | null, status: 'Failed' | 'Canceled' = 'Failed'): void {
    if (operation.status === 'InProgress') {
      operation.status = error === null ? 'Succeeded' : status;
      operation.error = error;
      operation.endedMs = this.nowMs;
      for (const told of this.#waiting.get(operation) ?? []) {
        told(error);
      }
      this.#waiting.delete(operation);
    }
  }

  /** Tells once how an operation ends; at once where it has. */
  whenEnded(operation: Operation, told: (error: ErrorBody | null) => void): void {
    if (operation.status === 'InProgress') {
      this.#waiting.set(operation, [...(this.#waiting.get(operation) ?? []), told]);
    } else {
      told(operation.error);
    }
  }

  /** Takes a token of each bucket. @returns what is left. @throws Refusal 429 when one is empty. */
  limit(claims: readonly Claim[]): Remainder[] {
    const { isThrottling, buckets } = this.dials;
    if (!isThrottling) {
      return [];
    }
    const taken = this.#limits.take(claims, (name) => buckets[name] ?? publishedBuckets[name], this.nowMs);
    if ('empty' in taken) {
      throw tooManyRequests(taken.empty, taken.waitSeconds, this.subscriptionId);
    }
    return taken.left;
  }
}
