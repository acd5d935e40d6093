import type { Clock } from '#lib/clock.ts';
import type { Random } from '#lib/random.ts';
import { hexDigits } from '#simulators/hex-digits.ts';
import type { Logbook } from '#simulators/logbook.ts';
import { draw } from '#simulators/range.ts';
import type { Faults } from './faults.ts';
import type { Form } from './form.ts';
import { causes, endLife, stopLife, type Cause } from './life.ts';
import { Refusal } from './refusal.ts';
import { RegionState, type Instance } from './state.ts';
import { publishedBuckets, type Throttle } from './throttle.ts';

/** What is counted. */
export const noDeeds = {
  /** Instances started. */
  launched: 0,
  /** RunInstances calls that repeated an earlier one's token and started nothing. */
  replayed: 0,
  /** RunInstances calls that started instances although their token had started others, in another zone. */
  doubled: 0,
  /** Instances that TerminateInstances calls began to end. */
  terminated: 0,
};

export type Deed = keyof typeof noDeeds;

/** What a cloud is made of. */
export interface CloudParts {
  clock: Clock;
  random: Random;
  accountId: string;
  /** Regions that the account may use. */
  regions: readonly string[];
  faults: Faults;
  throttle: Throttle;
  logbook: Logbook<Deed>;
}

/** The account as a whole: its regions with their instances, and what goes wrong with them. */
export class Cloud {
  readonly clock: Clock;
  readonly random: Random;
  readonly accountId: string;
  readonly faults: Faults;
  readonly logbook: Logbook<Deed>;
  readonly regions: ReadonlyMap<string, RegionState>;
  readonly #throttle: Throttle;
  /** The first addresses of a network are AWS's own. */
  #lastSerial = 3;

  constructor(parts: CloudParts) {
    this.clock = parts.clock;
    this.random = parts.random;
    this.accountId = parts.accountId;
    this.faults = parts.faults;
    this.logbook = parts.logbook;
    this.regions = new Map(parts.regions.map((name) => [name, new RegionState(name)]));
    this.#throttle = parts.throttle;
  }

  get nowMs(): number {
    return this.clock.now().getTime();
  }

  /** The instance of that id in any region, however long it is gone. */
  find(id: string): Instance | undefined {
    return this.regions
      .values()
      .map((region) => region.find(id))
      .find((instance) => instance !== undefined);
  }

  nextSerial(): number {
    this.#lastSerial += 1;
    return this.#lastSerial;
  }

  /** So many hexadecimal digits by chance. */
  digits(count: number): string {
    return hexDigits(count, this.random);
  }

  /** Takes tokens of a bucket. @throws Refusal `RequestLimitExceeded` when it does not hold that many. */
  limit(region: string, bucket: string, tokens: number): void {
    const { isThrottling, buckets } = this.faults.dials;
    const measures = buckets[bucket] ?? publishedBuckets[bucket];
    if (isThrottling && !this.#throttle.take(region, bucket, measures, tokens, this.nowMs)) {
      throw new Refusal('RequestLimitExceeded', 'Request limit exceeded.', 503);
    }
  }

  /** Begins to shut an instance down, unless that has begun. */
  end(instance: Instance, cause: Cause): void {
    endLife(instance, cause, this.nowMs, draw(this.faults.dials.shutDownMs, this.random));
  }

  /** Begins to stop an instance that is up or booting. */
  stop(instance: Instance, cause: Cause): void {
    stopLife(instance, cause, this.nowMs, draw(this.faults.dials.stopMs, this.random));
  }

  /** What `shutdown -h now` on the machine leads to. */
  powerOff(instance: Instance): void {
    if (instance.launch.blueprint.shutdownBehavior === 'terminate') {
      this.end(instance, causes.machine);
    } else {
      this.stop(instance, causes.machine);
    }
  }
}

/** One call to the API, as its action sees it. */
export interface Call {
  cloud: Cloud;
  region: RegionState;
  form: Form;
  nowMs: number;
  /** Notes for the logbook which instances the call is about. */
  note: (instanceIds: readonly string[]) => void;
}

/** An action of the API: has its effect and returns the content of its answer. @throws Refusal */
export interface Action {
  /** The parameters it knows, with `N` for the numbers in their names. */
  parameters: ReadonlySet<string>;
  /** The request bucket that such a call takes its token from. */
  bucket(form: Form): string;
  run(call: Call): string;
}

/** @throws Refusal `DryRunOperation` where the call only asks whether it would be allowed. */
export function endDryRun(form: Form): void {
  if (form.isTrue('DryRun')) {
    throw new Refusal('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
  }
}

const idForm = /^i-(?:[0-9a-f]{8}|[0-9a-f]{17})$/;

/** The instances that a call names. @throws Refusal for ids that are malformed, or that callers cannot see. */
export function instancesNamed(ids: readonly string[], region: RegionState, nowMs: number): Instance[] {
  const malformed = ids.find((id) => !idForm.test(id));
  if (malformed !== undefined) {
    throw new Refusal('InvalidInstanceID.Malformed', `Invalid id: "${malformed}"`);
  }
  const unique = [...new Set(ids)];
  const missing = unique.filter((id) => region.shown(id, nowMs) === undefined);
  if (missing.length > 0) {
    const list = `'${missing.join(', ')}'`;
    const text =
      missing.length === 1 ? `The instance ID ${list} does not exist` : `The instance IDs ${list} do not exist`;
    throw new Refusal('InvalidInstanceID.NotFound', text);
  }
  return unique.map((id) => region.shown(id, nowMs)).filter((instance) => instance !== undefined);
}
