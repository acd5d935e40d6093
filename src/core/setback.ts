import type { Random } from './clock.ts';
import type { LaunchOutcome, Refusal, RefusalClass } from './launch.ts';
import type { Setback } from './launch-store.ts';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/** How long a scope rests after the first refusal of a class, and at most; the time doubles with each further one. */
export const setbackPaces = {
  /** Stock comes back within minutes, and other places serve meanwhile. */
  capacity: { firstMs: 2 * minuteMs, longestMs: 30 * minuteMs },
  /** Room comes back when machines end or people ask for more: later than stock. */
  quota: { firstMs: 5 * minuteMs, longestMs: hourMs },
  /** Token buckets refill within seconds (evidence.md 4: 2 to 25 a second). */
  throttle: { firstMs: 2 * secondMs, longestMs: 2 * minuteMs },
  /** A person has to act; each try costs one refused call. */
  auth: { firstMs: minuteMs, longestMs: 15 * minuteMs },
  /** Only a changed launch config helps, and that comes under another scope; rare tries find what changed at the cloud (a shared image). */
  configuration: { firstMs: hourMs, longestMs: 24 * hourMs },
  /** Most outages are blips. */
  transient: { firstMs: 5 * secondMs, longestMs: 2 * minuteMs },
} as const satisfies Record<RefusalClass, { firstMs: number; longestMs: number }>;

/** A cloud's own wish is honoured up to this; a longer one is a mistake that would wedge the scope. */
const longestWishMs = hourMs;
/** Rests are shortened by chance by up to this share: scopes refused together do not come back together. */
const jitter = 0.2;
/** For how long a taken probe keeps others away: longer than a launch call may take. */
const probeWindowMs = 90 * secondMs;

/**
 * The setback of a scope after a refusal.
 *
 * Orders sent together are refused together: a refusal that arrives while the scope rests already belongs to the same wave and lengthens
 * nothing, unless it is of another class or the cloud wishes so. Another class starts at its own first pace.
 *
 * @param previous the scope's stored setback, ended or not; null when it has none.
 * @param asked `isProbe`: the refused order was the scope's probe, so the refusal counts although `probeTaken` keeps the scope closed.
 */
export function nextSetback(
  previous: Setback | null,
  refusal: Refusal,
  asked: { providerId: string; isProbe: boolean; now: Date },
  random: Random,
): Setback {
  const now = asked.now.getTime();
  const isSameWave = previous !== null && !asked.isProbe && isClosed(previous, asked.now);
  const isSameClass = previous?.class === refusal.class;
  const failures = isSameClass ? previous.failures + Number(!isSameWave) : 1;
  const rests = isSameWave && isSameClass ? now : now + restMs(refusal.class, failures, random);
  const until = Math.max(rests, now + wishMs(refusal));
  if (isSameWave && previous.until.getTime() >= until) return previous;
  return {
    providerId: asked.providerId,
    scope: refusal.scope,
    class: refusal.class,
    code: refusal.code,
    message: refusal.message,
    failures,
    since: previous?.since ?? asked.now,
    until: new Date(until),
  };
}

function restMs(refusalClass: RefusalClass, failures: number, random: Random): number {
  const { firstMs, longestMs } = setbackPaces[refusalClass];
  return Math.min(longestMs, firstMs * 2 ** (failures - 1)) * (1 - jitter * random());
}

function wishMs({ retryAfterMs }: Refusal): number {
  return Math.min(retryAfterMs ?? 0, longestWishMs);
}

/** Whether machines must be seen, where an accepted launch may still fail for the same reason, before the scope is open again. */
export function isProvenLater({ class: refusalClass }: Setback): boolean {
  return refusalClass === 'capacity' || refusalClass === 'quota';
}

function isClosed(setback: Setback, now: Date): boolean {
  return now.getTime() < setback.until.getTime();
}

/**
 * Whether orders may be sent under these scopes. `open`: freely. `half-open`: one machine, which probes these scopes whose rest has ended.
 * `closed`: none before the setback that rests longest has ended.
 */
export type Gate =
  | { kind: 'open' }
  | { kind: 'half-open'; scopes: readonly string[] }
  | { kind: 'closed'; setback: Setback };

/** The gate of a launch config's back-off scopes. @param setbacks of its provider, by scope. */
export function gateOf(scopes: readonly string[], setbacks: ReadonlyMap<string, Setback>, now: Date): Gate {
  const found = scopes.map((scope) => setbacks.get(scope)).filter((setback) => setback !== undefined);
  if (found.length === 0) return { kind: 'open' };
  const longest = found.reduce((one, other) => (other.until.getTime() > one.until.getTime() ? other : one));
  if (isClosed(longest, now)) return { kind: 'closed', setback: longest };
  return { kind: 'half-open', scopes: found.map((setback) => setback.scope) };
}

/** The setback while its probe is under way: stored before the order is sent, it keeps other pools and replicas from probing too. */
export function probeTaken(setback: Setback, now: Date): Setback {
  return { ...setback, until: new Date(now.getTime() + probeWindowMs) };
}

/** Of the scopes that an order probed, those that work again, to be cleared: all when machines started, but for the one refused meanwhile. */
export function provenScopes(probed: readonly string[], outcome: LaunchOutcome): readonly string[] {
  if (outcome.kind === 'unknown' || outcome.launched.length === 0) return [];
  return probed.filter((scope) => scope !== outcome.refusal?.scope);
}
