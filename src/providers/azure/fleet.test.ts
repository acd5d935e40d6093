import { providerConformance } from '#test/conformance/provider.ts';
import { aSmallWorld } from '#test/azure/small-azure-world.ts';

providerConformance('azure (sequential, small)', async () => aSmallWorld('sequential'));
providerConformance('azure (template, small)', async () => aSmallWorld('template'));
