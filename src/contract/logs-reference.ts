import { addedLogTypes } from './log-types/added.ts';
import { environmentLogTypes } from './log-types/environment.ts';
import { fleetLogTypes } from './log-types/fleet.ts';
import type { LogType } from './log-types/log-type.ts';
import { service } from './references.ts';

/** Every type of log entry by its name (spec/api.md 9.2), those that only this implementation writes at the end. */
export const logTypes: Readonly<Record<string, LogType>> = {
  ...fleetLogTypes,
  ...environmentLogTypes,
  ...addedLogTypes,
};

/** The reference from which people and tools learn what stands in the log (spec/api.md 2.8, 9.2). */
export function logsReference(): object {
  return {
    $schema: '/schemas/common/logs-reference-v0.json#',
    ...service,
    types: Object.entries(logTypes).map(([name, type]) => ({ name, ...type })),
  };
}
