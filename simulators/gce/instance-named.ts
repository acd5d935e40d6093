import type { Call } from './call.ts';
import { pathOf, type Instance } from './instance.ts';
import { invalidValue, notFound } from './refusal.ts';

const form = '[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?|[1-9][0-9]{0,19}';

/** The instance that a call names by name or id. @throws Refusal where callers cannot see it. */
export function instanceNamed({ cloud, zone, param, nowMs }: Call): Instance {
  const name = param('instance');
  if (!new RegExp(`^(?:${form})$`).test(name)) {
    throw invalidValue('instance', name, `Must be a match of regex '${form}'`);
  }
  const instance = zone.shown(name, nowMs);
  if (instance === undefined) {
    throw notFound(pathOf(cloud.project, { zone: zone.name, name }));
  }
  return instance;
}
