import type { ProviderModule } from '#providers/module.ts';

/** The type of `null-provider`, to which pools go that are being deleted (spec/provisioning.md 9.2): it can do nothing. */
export const nullModule: ProviderModule<'null'> = {
  providerType: 'null',
  configSchemaName: 'config-null',
  parts: [],
  configure: () => async () => ({ fleet: null, identity: null, enrolment: null }),
};
