import type { Candidate, Candidates, Exclusion } from './candidates.ts';
import type { Random } from './clock.ts';
import type { Reason } from './reason.ts';
import { counted, listed } from './wording.ts';

/** How many machines of one launch config to start. */
export interface Choice {
  launchConfigId: string;
  instances: number;
  capacityPerInstance: number;
  /** Back-off scopes that this one machine probes (`probeTaken`, `provenScopes` in `core/setback.ts`). */
  probes: readonly string[];
  reason: Reason<'drawn' | 'probe'>;
}

/** Capacity that found no launch config. */
export interface Unplaced {
  capacity: number;
  reason: Reason<'no-launch-configs' | 'no-room' | 'probing' | 'turn-limit'>;
}

export interface Selection {
  /** Launch configs with at least one machine, in the order of the candidates. */
  choices: readonly Choice[];
  /** The capacity of all choices; above what was asked for by less than one machine. */
  capacity: number;
  unplaced: Unplaced | null;
  excluded: readonly Exclusion[];
  /** Of the candidates, by launch config id, before the draw: what `launch-config-selector-debug` shows. */
  weights: Readonly<Record<string, number>>;
  remainingCapacity: Readonly<Record<string, number>>;
}

/** The most machines one turn may start: what is beyond comes with the next. Keeps a mistyped minimum from wedging the loop. */
export const mostInstancesPerTurn = 100_000;

/** A candidate in the draw. */
interface Entry {
  candidate: Candidate;
  left: number;
  instances: number;
}

/**
 * Distributes capacity over launch configs: one weighted draw for each machine, until there is enough or none has room (spec/provisioning.md
 * 3.2, 3.4). The last machine may bring more than was asked for, and more than its launch config's maximum, by less than itself.
 */
export function select(toRequest: number, { candidates, excluded, allowances }: Candidates, random: Random): Selection {
  const entries = candidates.map((candidate): Entry => ({ candidate, left: candidate.remaining, instances: 0 }));
  const missing = draw(toRequest, entries, new Map(allowances), random);
  const byId = (numberOf: (candidate: Candidate) => number): Record<string, number> =>
    Object.fromEntries(candidates.map((candidate) => [candidate.launchConfigId, numberOf(candidate)]));
  return {
    choices: entries.filter((entry) => entry.instances > 0).map(choiceOf),
    capacity: entries.reduce((sum, entry) => sum + entry.instances * entry.candidate.capacityPerInstance, 0),
    unplaced: missing > 0 ? { capacity: missing, reason: whyUnplaced(missing, entries, excluded) } : null,
    excluded,
    weights: byId((candidate) => candidate.weight),
    remainingCapacity: byId((candidate) => candidate.remaining),
  };
}

/** Draws machines into the entries. @returns the capacity still missing. */
function draw(toRequest: number, entries: readonly Entry[], allowances: Map<string, number>, random: Random): number {
  const hasRoom = ({ left, candidate }: Entry): boolean =>
    left > 0 && candidate.allowances.every((name) => (allowances.get(name) ?? 0) > 0);
  let missing = toRequest;
  let drawn = 0;
  let open = entries.filter(hasRoom);
  let total = totalWeight(open);
  while (missing > 0 && drawn < mostInstancesPerTurn) {
    const entry = entryAt(open, random() * total);
    if (entry === undefined) break;
    const { capacityPerInstance, allowances: used } = entry.candidate;
    drawn += 1;
    entry.instances += 1;
    entry.left -= capacityPerInstance;
    missing -= capacityPerInstance;
    for (const name of used) allowances.set(name, (allowances.get(name) ?? 0) - 1);
    if (entry.left <= 0 || used.length > 0) {
      open = open.filter(hasRoom);
      total = totalWeight(open);
    }
  }
  return Math.max(0, missing);
}

function totalWeight(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + entry.candidate.weight, 0);
}

/** The entry at a point of the weights laid end to end; the last one where rounding leads beyond the end. */
function entryAt(entries: readonly Entry[], point: number): Entry | undefined {
  let passed = 0;
  for (const entry of entries) {
    passed += entry.candidate.weight;
    if (point < passed) return entry;
  }
  return entries.at(-1);
}

function choiceOf({ candidate, instances }: Entry): Choice {
  const { launchConfigId, capacityPerInstance, probes, note } = candidate;
  return {
    launchConfigId,
    instances,
    capacityPerInstance,
    probes,
    reason: {
      code: candidate.allowances.length > 0 ? 'probe' : 'drawn',
      text: `${counted(instances, 'machine')} (${note})`,
    },
  };
}

function whyUnplaced(missing: number, entries: readonly Entry[], excluded: readonly Exclusion[]): Unplaced['reason'] {
  const because = (code: Unplaced['reason']['code'], why: string): Unplaced['reason'] => ({
    code,
    text: `no place for ${missing} more capacity: ${why}`,
  });
  const drawn = entries.reduce((sum, entry) => sum + entry.instances, 0);
  if (drawn >= mostInstancesPerTurn) return because('turn-limit', `${drawn} machines are the most for one turn`);
  if (entries.length + excluded.length === 0) return because('no-launch-configs', 'the pool has no launch configs');
  const probing = entries
    .filter((entry) => entry.left > 0)
    .map(({ candidate }) => `${candidate.launchConfigId}: ${candidate.note}`);
  const full = entries
    .filter((entry) => entry.left <= 0)
    .map(({ candidate }) => `${candidate.launchConfigId}: full with this turn`);
  const others = excluded.map(({ launchConfigId, reason }) => `${launchConfigId}: ${reason.text}`);
  return because(probing.length > 0 ? 'probing' : 'no-room', listed([...probing, ...full, ...others]));
}
