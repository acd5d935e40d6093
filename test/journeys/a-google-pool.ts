import type { JsonObject } from '#core/json.ts';
import { aPool } from './a-pool.ts';
import type { PoolTraits } from './a-pool.ts';

/** A launch config at Google, of which a test says what matters. */
export interface GoogleTraits {
  zone?: string;
  machineType?: string;
  isSpot?: boolean;
  /** Members of `workerManager`. */
  workerManager?: JsonObject;
}

export function aGoogleLaunchConfig(traits: GoogleTraits = {}): JsonObject {
  const { zone = 'us-west1-a', machineType = 'n2-standard-4', isSpot = false, workerManager = {} } = traits;
  const spot = { provisioningModel: 'SPOT', instanceTerminationAction: 'DELETE' };
  return {
    region: zone.slice(0, zone.lastIndexOf('-')),
    zone,
    machineType: `zones/${zone}/machineTypes/${machineType}`,
    disks: [
      {
        type: 'PERSISTENT',
        boot: true,
        autoDelete: true,
        initializeParams: { sourceImage: 'projects/images/global/images/worker-1', diskSizeGb: 60 },
      },
    ],
    networkInterfaces: [{ accessConfigs: [{ type: 'ONE_TO_ONE_NAT' }] }],
    scheduling: { onHostMaintenance: 'terminate', ...(isSpot ? spot : { provisioningModel: 'STANDARD' }) },
    workerConfig: {},
    workerManager: { capacityPerInstance: 1, ...workerManager },
  };
}

/** The body of createWorkerPool and updateWorkerPool for a pool at Google. */
export function aGooglePool(traits: PoolTraits = {}): JsonObject {
  return aPool({ providerId: 'google-demo', launchConfigs: [aGoogleLaunchConfig()], ...traits });
}
