/** The parameters of RunInstances by the structure that they stand in. */
const membersOf: Readonly<Record<string, string>> = {
  '': `AdditionalInfo ClientToken DisableApiStop DisableApiTermination DryRun EbsOptimized EnablePrimaryIpv6 ImageId
    InstanceInitiatedShutdownBehavior InstanceType Ipv6AddressCount KernelId KeyName MaxCount MinCount PrivateIpAddress
    RamdiskId SecurityGroup.N SecurityGroupId.N SubnetId UserData`,
  'BlockDeviceMapping.N.': 'DeviceName NoDevice VirtualName',
  'BlockDeviceMapping.N.Ebs.': `AvailabilityZone AvailabilityZoneId DeleteOnTermination EbsCardIndex Encrypted Iops
    KmsKeyId OutpostArn SnapshotId Throughput VolumeInitializationRate VolumeSize VolumeType`,
  'CapacityReservationSpecification.': `CapacityReservationPreference CapacityReservationTarget.CapacityReservationId
    CapacityReservationTarget.CapacityReservationResourceGroupArn`,
  'CpuOptions.': 'AmdSevSnp CoreCount NestedVirtualization ThreadsPerCore',
  'CreditSpecification.': 'CpuCredits',
  'ElasticGpuSpecification.N.': 'Type',
  'ElasticInferenceAccelerator.N.': 'Count Type',
  'EnclaveOptions.': 'Enabled',
  'HibernationOptions.': 'Configured',
  'IamInstanceProfile.': 'Arn Name',
  'InstanceMarketOptions.': `MarketType SpotOptions.BlockDurationMinutes SpotOptions.InstanceInterruptionBehavior
    SpotOptions.MaxPrice SpotOptions.SpotInstanceType SpotOptions.ValidUntil`,
  'Ipv6Address.N.': 'Ipv6Address IsPrimaryIpv6',
  'LaunchTemplate.': 'LaunchTemplateId LaunchTemplateName Version',
  'LicenseSpecification.N.': 'LicenseConfigurationArn',
  'MaintenanceOptions.': 'AutoRecovery',
  'MetadataOptions.': 'HttpEndpoint HttpProtocolIpv6 HttpPutResponseHopLimit HttpTokens InstanceMetadataTags',
  'Monitoring.': 'Enabled MetricCategoryId.N',
  'NetworkInterface.N.': `AssociateCarrierIpAddress AssociatePublicIpAddress DeleteOnTermination Description DeviceIndex
    EnaQueueCount InterfaceType Ipv4Prefix.N.Ipv4Prefix Ipv4PrefixCount Ipv6AddressCount Ipv6Addresses.N.Ipv6Address
    Ipv6Addresses.N.IsPrimaryIpv6 Ipv6Prefix.N.Ipv6Prefix Ipv6PrefixCount NetworkCardIndex NetworkInterfaceId
    PrimaryIpv6 PrivateIpAddress PrivateIpAddresses.N.Primary PrivateIpAddresses.N.PrivateIpAddress
    SecondaryPrivateIpAddressCount SecurityGroupId.N SubnetId`,
  'NetworkInterface.N.ConnectionTrackingSpecification.': 'TcpEstablishedTimeout UdpStreamTimeout UdpTimeout',
  'NetworkInterface.N.EnaSrdSpecification.': 'EnaSrdEnabled EnaSrdUdpSpecification.EnaSrdUdpEnabled',
  'NetworkPerformanceOptions.': 'BandwidthWeighting',
  'Operator.': 'Principal',
  'Placement.': `Affinity AvailabilityZone AvailabilityZoneId GroupId GroupName HostId HostResourceGroupArn
    PartitionNumber SpreadDomain Tenancy`,
  'PrivateDnsNameOptions.': 'EnableResourceNameDnsAAAARecord EnableResourceNameDnsARecord HostnameType',
  'SecondaryInterface.N.': `DeleteOnTermination DeviceIndex InterfaceType NetworkCardIndex
    PrivateIpAddress.N.PrivateIpAddress PrivateIpAddressCount SecondarySubnetId`,
  'TagSpecification.N.': 'ResourceType Tag.N.Key Tag.N.Value',
};

/**
 * The names of all parameters of RunInstances (API_RunInstances in the API reference, version 2016-11-15), with `N` for
 * the numbers in them. Those that the simulator has no use for are accepted and change nothing.
 */
export const runInstancesParameters: ReadonlySet<string> = new Set(
  Object.entries(membersOf).flatMap(([structure, members]) => members.split(/\s+/).map((member) => structure + member)),
);
