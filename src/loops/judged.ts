import { check, confirmed } from '#core/check.ts';
import type { Verdict } from '#core/check.ts';
import type { JsonObject } from '#core/json.ts';
import type { Refusal } from '#core/launch.ts';
import type { FleetWorker, Presence, Sighting } from '#core/provider.ts';
import type { FleetMember } from '#core/worker.ts';
import { nameOf } from './scope.ts';

/** A worker with what is to be done about it. */
export interface Judged {
  member: FleetMember;
  verdict: Verdict;
  /** What its launch recorded, for calls about it. */
  providerData: JsonObject;
  /** What the cloud showed of it; null: nothing. */
  presence: Presence | null;
  /** The cloud's no that came after it had accepted the launch. */
  trouble: Refusal | null;
}

/** Judges a worker by what a list shows of it. */
export function judgeListed(member: FleetMember, sighting: Sighting, now: Date): Judged {
  return judgedBy(member, sighting, check(member, sighting.presence, now, whyOf(sighting)));
}

/** Judges a worker that a complete list of its scope does not show. */
export function judgeAbsent(member: FleetMember, now: Date): Judged {
  return { member, verdict: check(member, 'absent', now), providerData: {}, presence: null, trouble: null };
}

/** Judges workers by the answer to the second kind of question: one that is not in it does not exist. */
export function judgeInspected(
  workers: readonly (FleetMember & FleetWorker)[],
  sightings: readonly Sighting[],
  now: Date,
): Judged[] {
  const byName = new Map(sightings.map((sighting) => [nameOf(sighting), sighting]));
  return workers.map((worker) => {
    const sighting = byName.get(nameOf(worker));
    const verdict = check(worker, confirmed(sighting?.presence), now, sighting === undefined ? null : whyOf(sighting));
    if (sighting !== undefined) return { ...judgedBy(worker, sighting, verdict), providerData: worker.providerData };
    return { member: worker, verdict, providerData: worker.providerData, presence: null, trouble: null };
  });
}

function judgedBy(member: FleetMember, sighting: Sighting, verdict: Verdict): Judged {
  const { presence, trouble = null } = sighting;
  return {
    member,
    verdict,
    // Put together only for those about which something is asked.
    get providerData() {
      return sighting.providerData;
    },
    presence,
    trouble,
  };
}

function whyOf({ why, trouble }: Sighting): string | null {
  return trouble === undefined ? (why ?? null) : `${trouble.title ?? trouble.code}: ${trouble.message}`;
}
