import { providerConformance } from '#test/conformance/provider.ts';
import { aGoogleWorld } from '#test/conformance/provider/google-world.ts';

providerConformance('the Google provider', () => aGoogleWorld());
