import type { JsonObject } from '#core/json.ts';
import { stringMember } from '#core/provider.ts';
import { mapConcurrently } from '#lib/concurrency.ts';
import { factsOf } from './machine.ts';
import type { MachineFacts } from './machine.ts';
import { asObject } from './members.ts';
import { isWorkerId } from './names.ts';
import { listAll } from './pages.ts';
import type { AzureParts } from './parts.ts';
import { readResourceId } from './paths.ts';
import { find } from './resources/resource.ts';
import { isOurs } from './tags.ts';

const atATime = 10;

/**
 * What machines say of themselves that never changes. A list of states may leave all of that out, tags included: then it is asked for once, when a
 * machine is first seen. A machine of the same name that was made anew is another one.
 */
export class KnownMachines {
  readonly #parts: AzureParts;
  /** By Azure's own id; null: not ours. */
  #known = new Map<string, MachineFacts | null>();

  constructor(parts: AzureParts) {
    this.#parts = parts;
  }

  /** The facts of a machine that a list shows; null when it is not ours, undefined as long as that is not known. */
  of(machine: JsonObject): MachineFacts | null | undefined {
    if (machine['tags'] !== undefined) return isOurs(machine, this.#parts.providerId) ? factsOf(machine) : null;
    if (!isWorkerId(nameOf(machine))) return null;
    return this.#known.get(keyOf(machine));
  }

  /** Asks about machines of which nothing is known: one by one if they are few, else by another list. @param pages of the list. */
  async learn(machines: readonly JsonObject[], pages: number, signal: AbortSignal): Promise<void> {
    if (machines.length <= pages) {
      this.#keepFacts(await this.#oneByOne(machines, signal));
      return;
    }
    for await (const page of listAll(this.#parts, 'vm', signal)) this.#keepFacts(page);
  }

  /** Forgets all but these. */
  keep(machines: ReadonlySet<string>): void {
    for (const key of this.#known.keys()) if (!machines.has(key)) this.#known.delete(key);
  }

  #keepFacts(models: readonly JsonObject[]): void {
    for (const model of models) {
      if (!isWorkerId(nameOf(model))) continue;
      this.#known.set(keyOf(model), isOurs(model, this.#parts.providerId) ? factsOf(model) : null);
    }
  }

  async #oneByOne(machines: readonly JsonObject[], signal: AbortSignal): Promise<JsonObject[]> {
    const results = await mapConcurrently(machines, atATime, async (machine) => {
      const id = readResourceId(stringMember(machine, 'id') ?? '');
      return id === null ? null : find(this.#parts, id, signal);
    });
    return results.flatMap((result): JsonObject[] => {
      if (result.status === 'rejected') throw result.reason;
      return result.value === null ? [] : [result.value];
    });
  }
}

function nameOf(machine: JsonObject): string {
  return stringMember(machine, 'name') ?? '';
}

/** Of a machine that a list shows, what its state and the question for the rest need: whole fleets wait for that answer. */
export function stateOnly(machine: JsonObject): JsonObject {
  const { id = null, name = null } = machine;
  const { vmId = null, provisioningState = null, instanceView } = asObject(machine['properties']);
  const { statuses = null } = asObject(instanceView);
  return { id, name, properties: { vmId, provisioningState, instanceView: { statuses } } };
}

export function keyOf(machine: JsonObject): string {
  return stringMember(asObject(machine['properties']), 'vmId') ?? nameOf(machine);
}
