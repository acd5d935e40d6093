import type { Shape } from './shape.ts';

const strings: Shape = { list: 'string' };
const duration: Shape = { members: { seconds: 'integer', nanos: 'integer' } };

const metadata: Shape = {
  members: {
    fingerprint: 'string',
    items: { list: { members: { key: 'string', value: 'string' } } },
    kind: 'string',
  },
};

const accessConfig: Shape = {
  members: {
    externalIpv6: 'string',
    externalIpv6PrefixLength: 'integer',
    kind: 'string',
    name: 'string',
    natIP: 'string',
    networkTier: 'string',
    publicPtrDomainName: 'string',
    securityPolicy: 'string',
    setPublicPtr: 'boolean',
    type: 'string',
  },
};

const networkInterface: Shape = {
  members: {
    accessConfigs: { list: accessConfig },
    aliasIpRanges: { list: { members: { ipCidrRange: 'string', subnetworkRangeName: 'string' } } },
    aliasIpv6Ranges: { list: { members: { ipCidrRange: 'string', subnetworkRangeName: 'string' } } },
    enableVpcScopedDns: 'boolean',
    fingerprint: 'string',
    igmpQuery: 'string',
    internalIpv6PrefixLength: 'integer',
    ipv6AccessConfigs: { list: accessConfig },
    ipv6AccessType: 'string',
    ipv6Address: 'string',
    kind: 'string',
    name: 'string',
    network: 'string',
    networkAttachment: 'string',
    networkIP: 'string',
    nicType: 'string',
    parentNicName: 'string',
    queueCount: 'integer',
    serviceClassId: 'string',
    stackType: 'string',
    subnetwork: 'string',
    vlan: 'integer',
  },
};

const disk: Shape = {
  members: {
    architecture: 'string',
    autoDelete: 'boolean',
    boot: 'boolean',
    deviceName: 'string',
    diskEncryptionKey: 'any',
    diskSizeGb: 'integer',
    forceAttach: 'boolean',
    guestOsFeatures: { list: { members: { type: 'string' } } },
    index: 'integer',
    initializeParams: {
      members: {
        architecture: 'string',
        description: 'string',
        diskName: 'string',
        diskSizeGb: 'integer',
        diskType: 'string',
        enableConfidentialCompute: 'boolean',
        labels: { map: 'string' },
        licenses: strings,
        onUpdateAction: 'string',
        provisionedIops: 'integer',
        provisionedThroughput: 'integer',
        replicaZones: strings,
        resourceManagerTags: { map: 'string' },
        resourcePolicies: strings,
        sourceImage: 'string',
        sourceImageEncryptionKey: 'any',
        sourceSnapshot: 'string',
        sourceSnapshotEncryptionKey: 'any',
        storagePool: 'string',
      },
    },
    interface: 'string',
    kind: 'string',
    licenses: strings,
    mode: 'string',
    savedState: 'string',
    shieldedInstanceInitialState: 'any',
    source: 'string',
    type: 'string',
  },
};

const scheduling: Shape = {
  members: {
    automaticRestart: 'boolean',
    availabilityDomain: 'integer',
    gracefulShutdown: { members: { enabled: 'boolean', maxDuration: duration } },
    hostErrorTimeoutSeconds: 'integer',
    instanceTerminationAction: 'string',
    localSsdRecoveryTimeout: duration,
    locationHint: 'string',
    maxRunDuration: duration,
    minNodeCpus: 'integer',
    nodeAffinities: { list: { members: { key: 'string', operator: 'string', values: strings } } },
    onHostMaintenance: 'string',
    onInstanceStopAction: { members: { discardLocalSsd: 'boolean' } },
    preemptible: 'boolean',
    preemptionNoticeDuration: duration,
    provisioningModel: 'string',
    skipGuestOsShutdown: 'boolean',
    terminationTime: 'string',
  },
};

/** What an insert and the `instanceProperties` of a bulk insert have in common. */
const shared: Readonly<Record<string, Shape>> = {
  advancedMachineFeatures: 'any',
  canIpForward: 'boolean',
  confidentialInstanceConfig: 'any',
  description: 'string',
  disks: { list: disk },
  guestAccelerators: { list: { members: { acceleratorCount: 'integer', acceleratorType: 'string' } } },
  keyRevocationActionType: 'string',
  labels: { map: 'string' },
  localSsdEncryptionMode: 'string',
  machineType: 'string',
  metadata,
  minCpuPlatform: 'string',
  networkInterfaces: { list: networkInterface },
  networkPerformanceConfig: { members: { totalEgressBandwidthTier: 'string' } },
  privateIpv6GoogleAccess: 'string',
  reservationAffinity: { members: { consumeReservationType: 'string', key: 'string', values: strings } },
  resourcePolicies: strings,
  scheduling,
  serviceAccounts: { list: { members: { email: 'string', scopes: strings } } },
  shieldedInstanceConfig: {
    members: { enableIntegrityMonitoring: 'boolean', enableSecureBoot: 'boolean', enableVtpm: 'boolean' },
  },
  tags: { members: { fingerprint: 'string', items: strings } },
  workloadIdentityConfig: 'any',
};

/** An instance, as `instances.insert` takes it and `instances.get` shows it (discovery document of compute v1, `Instance`). */
export const instanceShape: Shape & object = {
  members: {
    ...shared,
    cpuPlatform: 'string',
    creationTimestamp: 'string',
    deletionProtection: 'boolean',
    displayDevice: { members: { enableDisplay: 'boolean' } },
    fingerprint: 'string',
    hostname: 'string',
    id: 'string',
    instanceEncryptionKey: 'any',
    kind: 'string',
    labelFingerprint: 'string',
    lastStartTimestamp: 'string',
    lastStopTimestamp: 'string',
    lastSuspendedTimestamp: 'string',
    name: 'string',
    params: { members: { requestValidForDuration: duration, resourceManagerTags: { map: 'string' } } },
    resourceStatus: 'any',
    satisfiesPzi: 'boolean',
    satisfiesPzs: 'boolean',
    selfLink: 'string',
    shieldedInstanceIntegrityPolicy: { members: { updateAutoLearnPolicy: 'boolean' } },
    sourceMachineImage: 'string',
    sourceMachineImageEncryptionKey: 'any',
    startRestricted: 'boolean',
    status: 'string',
    statusMessage: 'string',
    zone: 'string',
  },
};

/** The body of `instances.bulkInsert` (discovery document of compute v1, `BulkInsertInstanceResource`). */
export const bulkInsertShape: Shape = {
  members: {
    count: 'integer',
    instanceFlexibilityPolicy: 'any',
    instanceProperties: { members: { ...shared, resourceManagerTags: { map: 'string' } } },
    locationPolicy: 'any',
    minCount: 'integer',
    namePattern: 'string',
    perInstanceProperties: { map: { members: { hostname: 'string', name: 'string' } } },
    sourceInstanceTemplate: 'string',
  },
};
