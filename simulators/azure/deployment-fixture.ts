import type { Json } from './state.ts';

const schema = 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#';

/** A template with the parameters that are given to it, and the resources. */
export function template(resources: unknown, more: Json = {}): Json {
  return { $schema: schema, contentVersion: '1.0.0.0', resources, ...more };
}

const secure = { adminPassword: { type: 'securestring' } };
const texts = ['vmName', 'computerName', 'adminUsername', 'customData', 'location', 'vmSize', 'imageId', 'subnetId'];

/**
 * A template of a worker machine, as deployments have it: with a network interface and, if wanted, a public address,
 * all of which go with the machine.
 */
export const workerTemplate: Json = template(
  [
    {
      condition: "[parameters('publicIp')]",
      type: 'Microsoft.Network/publicIPAddresses',
      apiVersion: '2023-11-01',
      name: "[variables('ipName')]",
      location: "[parameters('location')]",
      tags: "[parameters('tags')]",
      sku: { name: 'Standard' },
      properties: { publicIPAllocationMethod: 'Static', deleteOption: 'Delete' },
    },
    {
      type: 'Microsoft.Network/networkInterfaces',
      apiVersion: '2023-11-01',
      name: "[variables('nicName')]",
      location: "[parameters('location')]",
      tags: "[parameters('tags')]",
      dependsOn: ["[resourceId('Microsoft.Network/publicIPAddresses', variables('ipName'))]"],
      properties: {
        ipConfigurations: [
          {
            name: 'ipconfig',
            properties: {
              privateIPAllocationMethod: 'Dynamic',
              subnet: { id: "[parameters('subnetId')]" },
              publicIPAddress:
                "[if(parameters('publicIp'), createObject('id', resourceId('Microsoft.Network/publicIPAddresses', variables('ipName'))), json('null'))]",
            },
          },
        ],
      },
    },
    {
      type: 'Microsoft.Compute/virtualMachines',
      apiVersion: '2024-03-01',
      name: "[parameters('vmName')]",
      location: "[parameters('location')]",
      tags: "[parameters('tags')]",
      dependsOn: ["[resourceId('Microsoft.Network/networkInterfaces', variables('nicName'))]"],
      properties: {
        hardwareProfile: { vmSize: "[parameters('vmSize')]" },
        priority: "[parameters('priority')]",
        evictionPolicy: "[if(equals(parameters('priority'), 'Spot'), 'Delete', null())]",
        osProfile: {
          computerName: "[parameters('computerName')]",
          adminUsername: "[parameters('adminUsername')]",
          adminPassword: "[parameters('adminPassword')]",
          customData: "[parameters('customData')]",
          windowsConfiguration: { timeZone: 'UTC', enableAutomaticUpdates: false },
        },
        storageProfile: {
          imageReference: { id: "[parameters('imageId')]" },
          osDisk: {
            name: "[concat(parameters('vmName'), '-os')]",
            createOption: 'FromImage',
            deleteOption: 'Delete',
          },
        },
        networkProfile: {
          networkInterfaces: [
            {
              id: "[resourceId('Microsoft.Network/networkInterfaces', variables('nicName'))]",
              properties: { primary: true, deleteOption: 'Delete' },
            },
          ],
        },
      },
    },
  ],
  {
    parameters: {
      ...Object.fromEntries(texts.map((name) => [name, { type: 'string' }])),
      ...secure,
      tags: { type: 'object', defaultValue: {} },
      publicIp: { type: 'bool', defaultValue: false },
      priority: { type: 'string', defaultValue: 'Regular', allowedValues: ['Regular', 'Spot'] },
    },
    variables: {
      suffix: "[uniqueString(parameters('vmName'))]",
      nicName: "[concat('nic-', variables('suffix'))]",
      ipName: "[format('pip-{0}', variables('suffix'))]",
    },
    outputs: {
      vmId: { type: 'string', value: "[resourceId('Microsoft.Compute/virtualMachines', parameters('vmName'))]" },
      state: { type: 'string', value: "[reference(parameters('vmName')).provisioningState]" },
    },
  },
);

/** Values for all of its parameters. */
export function workerParameters(
  vmName: string,
  subnetId: string,
  more: Json = {},
): Record<string, { value: unknown }> {
  const values = {
    vmName,
    computerName: 'worker',
    adminUsername: 'someone',
    adminPassword: 'Pa55 word with more',
    customData: Buffer.from('{}').toString('base64'),
    location: 'eastus',
    vmSize: 'Standard_F8s_v2',
    imageId: '/subscriptions/x/resourceGroups/images/providers/Microsoft.Compute/images/win2022',
    subnetId,
    ...more,
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
}
