import type { Discards } from './discards.ts';
import type { Followers } from './followers.ts';
import type { KnownMachines } from './known-machines.ts';
import type { AzureParts } from './parts.ts';
import type { ResourceGroups } from './resources/resource-group.ts';
import type { SweepPace } from './sweep.ts';
import type { Tallies } from './tallies.ts';
import type { Teardowns } from './teardowns.ts';

/** What the fleet of one provider works with: the calls, and what this process is doing at the moment. Nothing of it is missed after a crash. */
export interface FleetParts extends AzureParts {
  followers: Followers;
  teardowns: Teardowns;
  groups: ResourceGroups;
  /** How often in a row the state of a machine was missing. */
  missingViews: Tallies;
  /** Workers whose failed deployment was counted. */
  toldDeployments: Tallies;
  sweeps: SweepPace;
  discards: Discards;
  known: KnownMachines;
}
