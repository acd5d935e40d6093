import type { ProviderModule } from '#providers/module.ts';
import { staticEnrolment } from './enrolment.ts';
import { staticIdentity } from './identity.ts';

/**
 * Workers that nobody starts: an operator declares each through the API, with the secret by which it proves who it is
 * (spec/provisioning.md 9.1).
 */
export const staticModule: ProviderModule<'static'> = {
  providerType: 'static',
  configSchemaName: 'config-static',
  parts: ['identity', 'enrolment'],
  configure:
    () =>
    async (_providerId, { vault }) => ({
      fleet: null,
      identity: staticIdentity(vault),
      enrolment: staticEnrolment(vault),
    }),
};
