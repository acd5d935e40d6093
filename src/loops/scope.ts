import type { Fleet, Provider } from '#core/provider.ts';

/** A scope of a usable provider. */
export interface Scope {
  provider: Provider;
  fleet: Fleet;
  scope: string;
}

/** The name of a worker within everything that is compared: cloud ids are unique only within their group. */
export function nameOf({ workerGroup, workerId }: { workerGroup: string; workerId: string }): string {
  return `${workerGroup}/${workerId}`;
}
