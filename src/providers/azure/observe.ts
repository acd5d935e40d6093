import { stringMember } from '#core/provider.ts';
import type { Sighting } from '#core/provider.ts';
import { classOf } from './errors.ts';
import type { FleetParts } from './fleet-parts.ts';
import { sightingOf } from './machine.ts';
import { listAll } from './pages.ts';
import { readResourceId } from './paths.ts';
import { sweep } from './sweep.ts';
import { isOurs } from './tags.ts';

/**
 * All machines of the subscription that carry the provider's mark, with their state (`statusOnly`, Virtual Machines - List All), page by page; and
 * every five minutes what is left of machines that are gone.
 */
export async function* observe(parts: FleetParts, signal: AbortSignal): AsyncGenerator<readonly Sighting[]> {
  signal.throwIfAborted();
  const isSweepDue = parts.sweeps.isDue();
  const seen = new Set<string>();
  for await (const page of listAll(parts, 'vm', signal, { statusOnly: 'true' })) {
    const ours = page.filter((machine) => isOurs(machine, parts.providerId));
    for (const machine of ours) {
      seen.add(stringMember(machine, 'name') ?? '');
      const group = readResourceId(stringMember(machine, 'id') ?? '')?.group.toLowerCase();
      if (group !== undefined) parts.knownGroups.add(group);
    }
    yield ours.map((machine) => sightingOf(machine));
  }
  if (isSweepDue) yield leftovers(parts, seen, signal);
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
