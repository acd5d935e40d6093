import { noteFailure } from './background.ts';
import type { AzureParts } from './parts.ts';
import { resourceKey } from './paths.ts';
import type { ResourceId } from './paths.ts';
import { remove } from './resources/resource.ts';

/** Deletions under way at once; the limits decide how fast they really go. */
const atATime = 50;

/** Deletes deployments that have served their time, in the background. What fails comes with the next sweep. */
export class Discards {
  readonly #parts: AzureParts;
  readonly #waiting: ResourceId[] = [];
  /** Waiting or under way: sweeps find the same ones again until they are gone. */
  readonly #known = new Set<string>();
  #lanes = 0;

  constructor(parts: AzureParts) {
    this.#parts = parts;
  }

  add(id: ResourceId): void {
    if (this.#known.has(resourceKey(id))) return;
    this.#known.add(resourceKey(id));
    this.#waiting.push(id);
    if (this.#lanes < atATime) void this.#lane();
  }

  async #lane(): Promise<void> {
    this.#lanes += 1;
    for (let id = this.#waiting.shift(); id !== undefined; id = this.#waiting.shift()) {
      await remove(this.#parts, id, this.#parts.surroundings.signal).catch((error: unknown) =>
        noteFailure(this.#parts, error),
      );
      this.#known.delete(resourceKey(id));
    }
    this.#lanes -= 1;
  }
}
