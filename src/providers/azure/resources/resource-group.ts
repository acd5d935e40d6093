import { isNotFound } from '#providers/azure/errors.ts';
import type { AzureParts } from '#providers/azure/parts.ts';
import { groupPath } from '#providers/azure/paths.ts';
import { ownerMark, ownershipTag } from '#providers/azure/tags.ts';

const version = '2024-03-01';

/**
 * Makes sure of resource groups that launch configs name: once for each name in this process, one call for all who ask at the same time, and again
 * after a failure. A group is never deleted.
 */
export class ResourceGroups {
  readonly #parts: AzureParts;
  readonly #ensured = new Map<string, Promise<void>>();

  constructor(parts: AzureParts) {
    this.#parts = parts;
  }

  /** Resolves when the group is there. @throws what the calls throw. */
  async ensure(group: string, location: string, workerPoolId: string): Promise<void> {
    const name = group.toLowerCase();
    if (name === this.#parts.resourceGroupName.toLowerCase()) return;
    const known = this.#ensured.get(name);
    if (known !== undefined) return known;
    const ensured = this.#make(group, location, workerPoolId);
    this.#ensured.set(name, ensured);
    ensured.catch(() => this.#ensured.delete(name));
    return ensured;
  }

  async #make(group: string, location: string, workerPoolId: string): Promise<void> {
    const { subscriptionId, surroundings } = this.#parts;
    const url = `${groupPath(subscriptionId, group)}?api-version=${version}`;
    if (!(await this.#isThere(url))) await this.#create(url, location);
    const told = { workerPoolId, resourceGroupName: group, location };
    surroundings.log.write('azure-resource-group-ensure', 'notice', told);
  }

  /** Whoever asked first may go while others wait: these calls heed nobody's signal but the program's own. */
  async #isThere(url: string): Promise<boolean> {
    const { arm, surroundings } = this.#parts;
    try {
      await arm.send({ method: 'GET', url, kind: 'get', operation: 'resourceGroups.get' }, surroundings.signal);
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  async #create(url: string, location: string): Promise<void> {
    const { arm, providerId, surroundings } = this.#parts;
    const body = { location, tags: { [ownershipTag]: ownerMark(providerId), 'managed-by': 'taskcluster' } };
    const request = { method: 'PUT', url, kind: 'write', operation: 'resourceGroups.put', body } as const;
    await arm.send(request, surroundings.signal);
  }
}
