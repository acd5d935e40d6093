import { isRecord, member } from '#simulators/worker/json.ts';
import { typeOf, type Json, type PowerState, type Vm } from './state.ts';

interface Status {
  code: string;
  level: 'Info' | 'Warning' | 'Error';
  displayStatus: string;
  message?: string;
  time?: string;
}

const powerTexts: Readonly<Record<PowerState, string>> = {
  starting: 'VM starting',
  running: 'VM running',
  stopping: 'VM stopping',
  stopped: 'VM stopped',
  deallocating: 'VM deallocating',
  deallocated: 'VM deallocated',
};

const provisioningTexts: Readonly<Record<string, string>> = {
  Creating: 'Creating',
  Updating: 'Updating',
  Deleting: 'Deleting',
  Succeeded: 'Provisioning succeeded',
};

/**
 * A virtual machine as GET shows it: what was asked for, without passwords and custom data.
 *
 * @param how whether with the `instanceView`.
 */
export function vmJson(vm: Vm, how: { isWithView?: boolean; shoutsGroups?: boolean } = {}): Json {
  return {
    name: vm.name,
    id: idOf(vm, how.shoutsGroups === true),
    type: typeOf.virtualMachines,
    location: vm.location,
    tags: vm.tags,
    ...vm.top,
    properties: {
      ...vm.properties,
      ...(isRecord(vm.properties['osProfile']) ? { osProfile: osProfileJson(vm, vm.properties['osProfile']) } : {}),
      storageProfile: storageProfileJson(vm),
      vmId: vm.vmId,
      provisioningState: vm.provisioningState,
      timeCreated: new Date(vm.createdMs).toISOString(),
      ...(how.isWithView === true ? { instanceView: instanceViewJson(vm) } : {}),
    },
  };
}

/** The same as lists with `statusOnly=true` show it: without tags and profiles (azure-sdk-for-go#18565). */
export function vmStatusJson(vm: Vm, shoutsGroups: boolean): Json {
  return {
    name: vm.name,
    id: idOf(vm, shoutsGroups),
    type: typeOf.virtualMachines,
    location: vm.location,
    properties: {
      vmId: vm.vmId,
      provisioningState: vm.provisioningState,
      instanceView: { statuses: statusesOf(vm) },
    },
  };
}

/** As `/instanceView` shows it. */
export function instanceViewJson(vm: Vm): Json {
  const isReady = vm.power === 'running' && vm.provisioningState === 'Succeeded';
  const agent: Status = isReady
    ? { code: 'ProvisioningState/succeeded', level: 'Info', displayStatus: 'Ready', message: 'Guest Agent is running' }
    : { code: 'ProvisioningState/Unavailable', level: 'Warning', displayStatus: 'Not Ready' };
  return {
    ...(isReady ? { computerName: vm.computerName, osName: vm.isWindows ? 'Windows' : 'Linux' } : {}),
    hyperVGeneration: 'V2',
    ...(vm.power === null ? {} : { vmAgent: { vmAgentVersion: isReady ? '2.7.0.0' : 'Unknown', statuses: [agent] } }),
    disks: vm.disks.map(({ name }) => ({
      name,
      statuses: [{ code: 'ProvisioningState/succeeded', level: 'Info', displayStatus: 'Provisioning succeeded' }],
    })),
    statuses: statusesOf(vm),
  };
}

function statusesOf(vm: Vm): Status[] {
  const { provisioningState, failure, power, powerSinceMs, isHibernated } = vm;
  const statuses: Status[] = [
    provisioningState === 'Failed'
      ? {
          code: `ProvisioningState/failed/${failure?.code ?? 'InternalExecutionError'}`,
          level: 'Error',
          displayStatus: 'Provisioning failed',
          message: failure?.message ?? '',
        }
      : {
          code: `ProvisioningState/${provisioningState.toLowerCase()}`,
          level: 'Info',
          displayStatus: provisioningTexts[provisioningState] ?? provisioningState,
          time: new Date(powerSinceMs).toISOString(),
        },
  ];
  if (power !== null) {
    statuses.push({ code: `PowerState/${power}`, level: 'Info', displayStatus: powerTexts[power] });
  }
  if (isHibernated) {
    statuses.push({ code: 'HibernationState/Hibernated', level: 'Info', displayStatus: 'VM hibernated' });
  }
  return statuses;
}

function idOf({ id, group }: Vm, shoutsGroups: boolean): string {
  return shoutsGroups ? id.replace(`/resourceGroups/${group}/`, `/resourceGroups/${group.toUpperCase()}/`) : id;
}

function osProfileJson(vm: Vm, asked: Json): Json {
  const { adminPassword: _password, customData: _data, ...shown } = asked;
  const configuration = vm.isWindows
    ? { windowsConfiguration: { provisionVMAgent: true, enableAutomaticUpdates: true } }
    : { linuxConfiguration: { disablePasswordAuthentication: false, provisionVMAgent: true } };
  return { secrets: [], allowExtensionOperations: true, ...configuration, ...shown, computerName: vm.computerName };
}

function storageProfileJson(vm: Vm): Json {
  const asked = isRecord(vm.properties['storageProfile']) ? vm.properties['storageProfile'] : {};
  const { osDisk, dataDisks } = asked;
  const data = Array.isArray(dataDisks) ? dataDisks.filter(isRecord) : [];
  const shown = [isRecord(osDisk) ? osDisk : {}, ...data].map((disk, index) => diskJson(disk, vm.disks[index]));
  const [os, ...others] = shown;
  return { ...asked, osDisk: { osType: vm.isWindows ? 'Windows' : 'Linux', ...os }, dataDisks: others };
}

function diskJson(asked: Json, disk: Vm['disks'][number] | undefined): Json {
  const managed = member(asked, 'managedDisk');
  return {
    caching: 'None',
    diskSizeGB: 127,
    deleteOption: 'Detach',
    ...asked,
    name: disk?.name,
    managedDisk: { storageAccountType: 'Premium_LRS', ...(isRecord(managed) ? managed : {}), id: disk?.id },
  };
}
