import type { Shape } from './shape.ts';

const diskMembers = {
  caching: 'any',
  createOption: 'any',
  deleteOption: 'any',
  diskSizeGB: 'any',
  image: 'any',
  managedDisk: 'any',
  name: 'any',
  vhd: 'any',
  writeAcceleratorEnabled: 'any',
} as const;

/**
 * The properties of a virtual machine as far as mistakes are likely
 * (https://learn.microsoft.com/rest/api/compute/virtual-machines/create-or-update, API version 2026-04-01).
 */
export const vmShape: Shape = {
  additionalCapabilities: 'any',
  applicationProfile: 'any',
  availabilitySet: 'any',
  billingProfile: { maxPrice: 'any' },
  capacityReservation: 'any',
  diagnosticsProfile: { bootDiagnostics: 'any' },
  evictionPolicy: 'any',
  extensionsTimeBudget: 'any',
  hardwareProfile: { vmSize: 'any', vmSizeProperties: 'any' },
  host: 'any',
  hostGroup: 'any',
  instanceView: 'any',
  licenseType: 'any',
  networkProfile: {
    networkApiVersion: 'any',
    networkInterfaceConfigurations: 'any',
    networkInterfaces: [{ id: 'any', properties: { deleteOption: 'any', primary: 'any' } }],
  },
  osProfile: {
    adminPassword: 'any',
    adminUsername: 'any',
    allowExtensionOperations: 'any',
    computerName: 'any',
    customData: 'any',
    linuxConfiguration: 'any',
    requireGuestProvisionSignal: 'any',
    secrets: 'any',
    windowsConfiguration: 'any',
  },
  platformFaultDomain: 'any',
  priority: 'any',
  provisioningState: 'any',
  proximityPlacementGroup: 'any',
  resilientVMDeletionStatus: 'any',
  scheduledEventsPolicy: 'any',
  scheduledEventsProfile: 'any',
  securityProfile: 'any',
  storageProfile: {
    alignRegionalDisksToVMZone: 'any',
    dataDisks: [
      {
        ...diskMembers,
        detachOption: 'any',
        diskIOPSReadWrite: 'any',
        diskMBpsReadWrite: 'any',
        lun: 'any',
        sourceResource: 'any',
        toBeDetached: 'any',
      },
    ],
    diskControllerType: 'any',
    imageReference: 'any',
    osDisk: { ...diskMembers, diffDiskSettings: 'any', encryptionSettings: 'any', osType: 'any' },
  },
  timeCreated: 'any',
  userData: 'any',
  virtualMachineScaleSet: 'any',
  vmId: 'any',
};
