import { awsModule } from './aws/index.ts';
import { googleModule } from './google/index.ts';
import { nullModule } from './null/index.ts';
import { staticModule } from './static/index.ts';
import { testingModule } from './testing/index.ts';
import type { ProviderModule } from './module.ts';

/** The types of provider that can be configured: one line each. */
export const providerModules = [
  awsModule,
  googleModule,
  staticModule,
  testingModule,
  nullModule,
] as const satisfies readonly ProviderModule[];
