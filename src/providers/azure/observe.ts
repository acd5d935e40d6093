import type { JsonObject } from '#core/json.ts';
import type { Sighting } from '#core/provider.ts';
import { classOf } from './errors.ts';
import type { FleetParts } from './fleet-parts.ts';
import { keyOf, stateOnly } from './known-machines.ts';
import { sightingOf } from './machine.ts';
import { listAll } from './pages.ts';
import { sweep } from './sweep.ts';

/**
 * All machines of the subscription that carry the provider's mark, with their state (`statusOnly`, Virtual Machines - List All), page by page; and
 * every five minutes what is left of machines that are gone.
 */
export async function* observe(parts: FleetParts, signal: AbortSignal): AsyncGenerator<readonly Sighting[]> {
  signal.throwIfAborted();
  const isSweepDue = parts.sweeps.isDue();
  const seen = { workers: new Set<string>(), keys: new Set<string>() };
  const unknown: JsonObject[] = [];
  let pages = 0;
  for await (const page of listAll(parts, 'vm', signal, { statusOnly: 'true' })) {
    pages += 1;
    unknown.push(...page.filter((machine) => parts.known.of(machine) === undefined).map(stateOnly));
    yield sighted(parts, page, seen);
  }
  if (unknown.length > 0) {
    await parts.known.learn(unknown, pages, signal);
    yield sighted(parts, unknown, seen);
  }
  parts.known.keep(seen.keys);
  if (isSweepDue) yield leftovers(parts, seen.workers, signal);
}

/** Of these machines, ours. */
function sighted(
  { known, knownGroups }: FleetParts,
  machines: readonly JsonObject[],
  seen: { workers: Set<string>; keys: Set<string> },
): readonly Sighting[] {
  return machines.flatMap((machine) => {
    seen.keys.add(keyOf(machine));
    const facts = known.of(machine);
    if (facts === null || facts === undefined) return [];
    seen.workers.add(facts.record.workerId);
    knownGroups.add(facts.record.group.toLowerCase());
    return sightingOf(machine, null, facts);
  });
}

/** What Azure does not answer about leftovers comes with the next sweep: the machines have been observed all the same. */
async function leftovers(
  parts: FleetParts,
  seen: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly Sighting[]> {
  try {
    return await sweep(parts, seen, signal);
  } catch (error) {
    signal.throwIfAborted();
    // Throws what is a defect.
    classOf(error);
    return [];
  }
}
