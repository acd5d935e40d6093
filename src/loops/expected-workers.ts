import type { FleetMember, WorkerState } from '#core/worker.ts';

/** A worker with its instants as numbers: an object for each of them would be most of its memory. */
interface Packed {
  workerPoolId: string;
  workerId: string;
  state: WorkerState;
  launchConfigId: string | null;
  capacity: number;
  createdMs: number;
  registeredMs: number | null;
  terminateAfterMs: number | null;
  queueInactivityTimeoutMs: number | null;
  lastActiveMs: number | null;
  queueCheckedMs: number | null;
  attempts: number;
}

/**
 * The workers of a scope that a list of its cloud should show, to be taken out one by one as it does. It may hold a hundred thousand for as long as the
 * list takes, so each is kept in a quarter of a kilobyte.
 */
export class ExpectedWorkers {
  readonly #groups = new Map<string, Map<string, Packed>>();
  /** One text for all that are equal: pools, launch configs and states repeat in every row. */
  readonly #texts = new Map<string, string>();

  get size(): number {
    return this.#groups.values().reduce((sum, group) => sum + group.size, 0);
  }

  add(member: FleetMember): void {
    const group = this.#groups.get(member.workerGroup) ?? new Map<string, Packed>();
    this.#groups.set(member.workerGroup, group);
    group.set(member.workerId, this.#pack(member));
  }

  /** Takes out the worker of that name; undefined: it was not expected. */
  take({ workerGroup, workerId }: { workerGroup: string; workerId: string }): FleetMember | undefined {
    const group = this.#groups.get(workerGroup);
    const packed = group?.get(workerId);
    if (packed === undefined) return undefined;
    group?.delete(workerId);
    return unpack(workerGroup, packed);
  }

  /** Those that nobody has taken. */
  rest(): FleetMember[] {
    return [...this.#groups].flatMap(([workerGroup, group]) =>
      [...group.values()].map((packed) => unpack(workerGroup, packed)),
    );
  }

  #pack(member: FleetMember): Packed {
    const { workerPoolId, workerId, state, launchConfigId, capacity, queueInactivityTimeoutMs, attempts } = member;
    return {
      workerPoolId: this.#shared(workerPoolId),
      workerId,
      state: this.#shared(state),
      launchConfigId: launchConfigId === null ? null : this.#shared(launchConfigId),
      capacity,
      createdMs: member.created.getTime(),
      registeredMs: member.registeredAt?.getTime() ?? null,
      terminateAfterMs: member.terminateAfter?.getTime() ?? null,
      queueInactivityTimeoutMs,
      lastActiveMs: member.lastActive?.getTime() ?? null,
      queueCheckedMs: member.queueCheckedAt?.getTime() ?? null,
      attempts,
    };
  }

  #shared<Text extends string>(text: Text): Text {
    const known = this.#texts.get(text);
    if (known !== undefined) return known as Text;
    this.#texts.set(text, text);
    return text;
  }
}

function unpack(workerGroup: string, packed: Packed): FleetMember {
  const { workerPoolId, workerId, state, launchConfigId, capacity, queueInactivityTimeoutMs, attempts } = packed;
  return {
    workerPoolId,
    workerGroup,
    workerId,
    state,
    launchConfigId,
    capacity,
    created: new Date(packed.createdMs),
    registeredAt: instantOf(packed.registeredMs),
    terminateAfter: instantOf(packed.terminateAfterMs),
    queueInactivityTimeoutMs,
    lastActive: instantOf(packed.lastActiveMs),
    queueCheckedAt: instantOf(packed.queueCheckedMs),
    attempts,
  };
}

function instantOf(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}
