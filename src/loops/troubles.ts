import type { Setback } from '#core/launch-store.ts';
import type { Refusal } from '#core/launch.ts';
import type { PoolDefinition } from '#core/pool.ts';
import { isProvenLater, nextSetback } from '#core/setback.ts';
import type { Moved } from '#core/worker-store.ts';
import type { FleetMember } from '#core/worker.ts';
import type { Judged } from './judged.ts';
import type { LoopParts } from './parts.ts';
import { reportRefusals } from './refusals.ts';
import type { Refused } from './refusals.ts';
import { nameOf } from './scope.ts';
import type { Scope } from './scope.ts';

/**
 * Workers whose launch the cloud accepted and then failed: closes the back-off scopes, and tells people, as if it had been refused at once
 * (P-52). Only those that really ended by it count.
 */
export async function noteTroubles(
  parts: LoopParts,
  at: Scope,
  judged: readonly Judged[],
  moved: readonly Moved[],
): Promise<void> {
  const ended = new Map(moved.filter(({ from }) => from === 'requested').map((move) => [nameOf(move.worker), move]));
  const troubled = judged.filter(({ member, trouble }) => trouble !== null && ended.has(nameOf(member)));
  if (troubled.length === 0) return;
  const { store, clock, random } = parts;
  const { providerId } = at.provider;
  const setbacks = new Map((await store.setbacks(providerId)).map((setback) => [setback.scope, setback]));
  const refused: Refused[] = [];
  for (const { member, trouble } of troubled) {
    if (trouble === null) continue;
    const previous = setbacks.get(trouble.scope) ?? null;
    // Whoever was started before the scope closed belongs to the wave that closed it; later ones were let through to probe it.
    const asked = { providerId, isProbe: previous !== null && member.created > previous.since, now: clock.now() };
    const next = nextSetback(previous, trouble, asked, random);
    setbacks.set(trouble.scope, next);
    if (next !== previous) await store.saveSetback(next);
    refused.push(refusedLaunch(at, member, trouble, next.since));
  }
  await reportRefusals(parts, refused);
}

function refusedLaunch({ provider }: Scope, member: FleetMember, refusal: Refusal, refusedSince: Date): Refused {
  const { workerPoolId, launchConfigId, workerGroup, workerId } = member;
  const { providerId } = provider;
  return { workerPoolId, providerId, launchConfigId, workerGroup, workerId, requested: 1, refusal, refusedSince };
}

/**
 * Opens the back-off scopes that newly sighted machines prove to work again, where the acceptance of their launch proved nothing. Costs one
 * statement for a scope with booting machines, and more only while something is closed.
 */
export async function openProven(parts: LoopParts, at: Scope, judged: readonly Judged[]): Promise<void> {
  const up = judged.filter(({ member, presence }) => member.state === 'requested' && presence === 'alive');
  if (!at.fleet.confirmsLater || up.length === 0) return;
  const { store, clock } = parts;
  const { providerId } = at.provider;
  const closed = new Map(
    (await store.setbacks(providerId)).filter(isProvenLater).map((setback) => [setback.scope, setback]),
  );
  if (closed.size === 0) return;
  for (const [workerPoolId, members] of Map.groupBy(up, ({ member }) => member.workerPoolId)) {
    const pool = await store.pool(workerPoolId);
    const proven = provenBy(
      at,
      pool,
      members.map(({ member }) => member),
      closed,
    );
    for (const scope of proven) {
      closed.delete(scope);
      await store.clearSetback(providerId, scope);
    }
    if (proven.size > 0) await store.wake([{ kind: 'provision', key: workerPoolId }], clock.now());
  }
}

/** Of the closed scopes, those that these machines were started in after they had closed. */
function provenBy(
  { fleet }: Scope,
  pool: PoolDefinition | null,
  members: readonly FleetMember[],
  closed: ReadonlyMap<string, Setback>,
): ReadonlySet<string> {
  const configurations = new Map(pool?.launchConfigs.map((config) => [config.launchConfigId, config.configuration]));
  const proven = new Set<string>();
  for (const { launchConfigId, created } of members) {
    const configuration = configurations.get(launchConfigId ?? '');
    if (configuration === undefined) continue;
    for (const scope of fleet.place(configuration).backOffScopes) {
      const setback = closed.get(scope);
      if (setback !== undefined && created > setback.since) proven.add(scope);
    }
  }
  return proven;
}
