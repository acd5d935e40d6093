import type { Clock } from '#lib/clock.ts';
import type { Random } from '#lib/random.ts';
import type { Logbook } from '#simulators/logbook.ts';
import { draw } from '#simulators/range.ts';
import type { ServiceAccount } from './account.ts';
import type { Faults } from './faults.ts';
import { pathOf, type Instance } from './instance.ts';
import { redirected, statusAt, type Cause, type Step } from './life.ts';
import type { Operation } from './operation.ts';
import { rateLimitExceeded, publishedLimits, RateWindows, type LimitName } from './rate-limit.ts';
import { invalidValue, notFound } from './refusal.ts';
import { Zone } from './zone.ts';

/** What is counted. */
export const noDeeds = {
  /** Instances whose insert was accepted, those of bulk inserts included. */
  launched: 0,
  /** Of these, those whose insert failed afterwards. */
  failed: 0,
  /** Calls that repeated an earlier one's request id and did nothing. */
  replayed: 0,
  /** Instances that delete calls began to end. */
  deleted: 0,
};

export type Deed = keyof typeof noDeeds;

/** What a cloud is made of. */
export interface CloudParts {
  clock: Clock;
  random: Random;
  project: string;
  projectNumber: string;
  /** Names of the zones that there are. */
  zones: readonly string[];
  /** The service accounts of the project; the first is the default. */
  accounts: readonly ServiceAccount[];
  faults: Faults;
  logbook: Logbook<Deed>;
}

/** The project as a whole: its zones with their instances, and what goes wrong with them. */
export class Cloud {
  readonly clock: Clock;
  readonly random: Random;
  readonly project: string;
  readonly projectNumber: string;
  readonly accounts: readonly ServiceAccount[];
  readonly faults: Faults;
  readonly logbook: Logbook<Deed>;
  readonly zones: ReadonlyMap<string, Zone>;
  readonly #windows = new RateWindows();
  /** The first addresses of a network are Google's own. */
  #lastSerial = 3;

  constructor(parts: CloudParts) {
    this.clock = parts.clock;
    this.random = parts.random;
    this.project = parts.project;
    this.projectNumber = parts.projectNumber;
    this.accounts = parts.accounts;
    this.faults = parts.faults;
    this.logbook = parts.logbook;
    this.zones = new Map(parts.zones.toSorted().map((name) => [name, new Zone(name)]));
  }

  get nowMs(): number {
    return this.clock.now().getTime();
  }

  /** The zones by region. */
  get regions(): ReadonlyMap<string, readonly Zone[]> {
    return Map.groupBy(this.zones.values(), ({ region }) => region);
  }

  /** @throws Refusal where there is no such zone. */
  zone(name: string): Zone {
    const zone = this.zones.get(name);
    if (zone === undefined) {
      throw invalidValue('zone', name, 'Unknown zone.');
    }
    return zone;
  }

  /** @throws Refusal where the project is another one. */
  checkProject(name: string): void {
    if (name !== this.project && name !== this.projectNumber) {
      throw notFound(`projects/${name}`);
    }
  }

  /** The instance of that id in any zone, however long it is gone. */
  find(id: string): Instance | undefined {
    return this.zones
      .values()
      .map((zone) => zone.find(id))
      .find((instance) => instance !== undefined);
  }

  nextSerial(): number {
    this.#lastSerial += 1;
    return this.#lastSerial;
  }

  /** An id as Google gives it: a number of 19 digits, which no double can hold. */
  numericId(): string {
    const digits = Array.from({ length: 18 }, () => Math.floor(this.random() * 10));
    return `${1 + Math.floor(this.random() * 8)}${digits.join('')}`;
  }

  /** So many hexadecimal digits by chance. */
  hexDigits(count: number): string {
    return Array.from({ length: count }, () => Math.floor(this.random() * 16).toString(16)).join('');
  }

  /** A UUID of version 4, by this cloud's own chance. */
  uuid(): string {
    return `${this.hexDigits(8)}-${this.hexDigits(4)}-4${this.hexDigits(3)}-a${this.hexDigits(3)}-${this.hexDigits(12)}`;
  }

  /** Counts a call. @throws Refusal `rateLimitExceeded` when its window is full. */
  limit(name: LimitName, region: string): void {
    const { isThrottling, throttleStatus, limits } = this.faults.dials;
    const place = name.endsWith('_per_region') ? region : 'global';
    const limit = limits[name] ?? publishedLimits[name];
    if (isThrottling && !this.#windows.take(name, place, limit, this.nowMs)) {
      throw rateLimitExceeded(name, place, this.projectNumber, throttleStatus);
    }
  }

  /** A new operation, to be found by its name from its beginning on. */
  begin(parts: OperationParts): Operation {
    const { zone, insertMs } = parts;
    const prefix = parts.type.startsWith('compute.') ? 'systemevent' : 'operation';
    const operation: Operation = {
      name: `${prefix}-${insertMs}-${this.hexDigits(13)}-${this.hexDigits(8)}-${this.hexDigits(8)}`,
      id: this.numericId(),
      startMs: Math.min(parts.endMs, insertMs + draw(this.faults.dials.pendingMs, this.random)),
      error: null,
      requestId: undefined,
      groupId: undefined,
      statusMessage: undefined,
      bulkProgress: undefined,
      ...parts,
    };
    this.zones.get(zone)?.operations.add(operation);
    return operation;
  }

  /** An operation that nobody asked for, such as a preemption: it is done at once. */
  systemEvent(event: string, statusMessage: string, instance: Instance, atMs: number): Operation {
    return this.begin({
      type: `compute.instances.${event}`,
      zone: instance.zone,
      target: pathOf(this.project, instance),
      targetId: instance.id,
      user: 'system',
      insertMs: atMs,
      endMs: atMs,
      statusMessage,
    });
  }

  /** Gives an instance another course from an instant on; what was planned will not happen, and leaves no operation. */
  redirect(instance: Instance, steps: readonly Step[], fromMs = this.nowMs): void {
    const { life, dropped } = redirected(instance.life, fromMs, steps);
    instance.life = life;
    for (const { event } of dropped) {
      if (event !== undefined) {
        // It never begins: callers do not see it, and the next sweep forgets it.
        event.insertMs = Infinity;
      }
    }
  }

  /** Forgets what Google would have forgotten by now. */
  sweep(): void {
    for (const zone of this.zones.values()) {
      zone.sweep(this.nowMs, this.faults.dials.requestIdKeptMs);
    }
  }

  /** Stops an instance that is not stopping yet; it keeps its disks, as `TERMINATED`. @returns whether it does so now. */
  stop(instance: Instance, cause: Cause): boolean {
    const { nowMs } = this;
    if (['STOPPING', 'TERMINATED', 'GONE'].includes(statusAt(instance.life, nowMs))) {
      return false;
    }
    const atMs = nowMs + draw(this.faults.dials.stopMs, this.random);
    this.redirect(instance, [
      { atMs: nowMs, status: 'STOPPING', cause },
      { atMs, status: 'TERMINATED', cause },
    ]);
    return true;
  }

  /** What `shutdown -h now` on the machine leads to. */
  powerOff(instance: Instance): void {
    if (this.stop(instance, 'guest')) {
      this.systemEvent('guestTerminate', 'Instance terminated by guest OS shutdown.', instance, this.nowMs);
    }
  }
}

/** What an operation must say, and may. */
export type OperationParts = Pick<Operation, 'type' | 'zone' | 'target' | 'targetId' | 'user' | 'insertMs' | 'endMs'> &
  Partial<Operation>;
