import type { JsonObject } from '#core/json.ts';
import { workerTemplate } from '#simulators/azure/deployment-fixture.ts';
import { azureId } from '#test/azure-world.ts';
import { aPool } from './a-pool.ts';
import type { PoolTraits } from './a-pool.ts';

const subnetId =
  '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/vn/subnets/sn';
const imageId =
  '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-img/providers/Microsoft.Compute/images/worker';

/** A launch config of Azure's, of which a test says what matters. */
export interface AzureTraits {
  location?: string;
  vmSize?: string;
  isSpot?: boolean;
  hasPublicIp?: boolean;
  dataDisks?: number;
  evictionPolicy?: 'Delete' | 'Deallocate';
  /** Members of `workerManager`. */
  workerManager?: JsonObject;
}

/** Its machines are made by single resources. */
export function byResources(traits: AzureTraits = {}): JsonObject {
  const { location = 'eastus', vmSize = 'Standard_F8s_v2', isSpot = false, dataDisks = 0 } = traits;
  const disks = Array.from({ length: dataDisks }, (_none, lun) => ({ lun, createOption: 'Empty', diskSizeGB: 64 }));
  return {
    location,
    subnetId,
    hardwareProfile: { vmSize },
    ...(isSpot
      ? { priority: 'Spot', evictionPolicy: traits.evictionPolicy ?? 'Delete', billingProfile: { maxPrice: -1 } }
      : {}),
    storageProfile: {
      osDisk: { createOption: 'FromImage', osType: 'Linux' },
      imageReference: { id: imageId },
      ...(dataDisks === 0 ? {} : { dataDisks: disks }),
    },
    workerManager: { ...(traits.hasPublicIp === true ? { publicIp: true } : {}), ...traits.workerManager },
    workerConfig: { genericWorker: {} },
  };
}

/** Its machines are made by a template that stands in it. @param group the resource group. */
export function byTemplate(traits: AzureTraits = {}, group = 'rg-templates'): JsonObject {
  const { location = 'eastus', vmSize = 'Standard_F8s_v2', hasPublicIp = false, isSpot = false } = traits;
  const values = { location, vmSize, imageId, subnetId, publicIp: hasPublicIp, priority: isSpot ? 'Spot' : 'Regular' };
  return {
    armDeployment: {
      mode: 'Incremental',
      template: workerTemplate as JsonObject,
      parameters: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }])),
    },
    armDeploymentResourceGroup: group,
    ...(traits.workerManager === undefined ? {} : { workerManager: traits.workerManager }),
    workerConfig: { genericWorker: {} },
  };
}

/** The body of createWorkerPool and updateWorkerPool for a pool at Azure. */
export function anAzurePool(traits: PoolTraits = {}): JsonObject {
  return aPool({ providerId: azureId, launchConfigs: [byResources()], ...traits });
}
