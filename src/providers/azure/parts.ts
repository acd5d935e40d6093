import type { ProviderSurroundings } from '#providers/module.ts';
import type { Arm } from './arm.ts';
import type { PollPace } from './operation.ts';

/** What all parts of one Azure provider work with. */
export interface AzureParts {
  /** With limits. */
  arm: Arm;
  providerId: string;
  subscriptionId: string;
  /** For everything whose launch config names no other. */
  resourceGroupName: string;
  /** Resource groups that were seen to be in use, in lower case: in these, deployments are looked for. */
  knownGroups: Set<string>;
  pace: PollPace;
  surroundings: Pick<ProviderSurroundings, 'rootUrl' | 'clock' | 'random' | 'log' | 'metrics' | 'signal' | 'hasten'>;
}
