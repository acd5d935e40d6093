import { createHash } from 'node:crypto';
import type { JsonObject } from '#core/json.ts';
import { stringMember } from '#core/provider.ts';
import { accountScope } from '#providers/unavailable-provider.ts';
import { asObject, objectsIn } from './members.ts';
import { quotaFamily } from './quota-family.ts';
import type { Market } from './quota-family.ts';

/** Calls of one kind in one region share a limit; EC2 counts them apart, too (ec2-api-throttling.html: "per-API basis"). */
export type CallKind = 'describe' | 'run' | 'terminate';

/** Where a launch config's workers will be, and what else is closed when it is refused: the back-off scopes by their reason. */
export interface AwsPlace {
  region: string;
  scopes: {
    account: string;
    /** E.g. `us-west-2`. */
    region: string;
    /** E.g. `us-west-2/calls/run`. */
    calls: string;
    /** E.g. `us-west-2/quota/spot/standard`. */
    quota: string;
    /** E.g. `us-west-2/addresses/subnet-0abc`. */
    addresses: string;
    /** E.g. `us-west-2a/m5.large/spot`: a stock of machines. */
    capacity: string;
    /** E.g. `us-west-2/config/5f2d…`: these very settings, whatever the launch config's id. */
    configuration: string;
  };
}

/** The instance type that EC2 takes when none is given (RunInstances, InstanceType). */
const defaultInstanceType = 'm1.small';

/** The back-off scopes of calls that have no launch config: nothing narrower than the region can be told. */
export function regionScopes(region: string, kind: CallKind): AwsPlace['scopes'] {
  const calls = `${region}/calls/${kind}`;
  return {
    account: accountScope,
    region,
    calls,
    quota: region,
    addresses: region,
    capacity: region,
    configuration: region,
  };
}

/** Reads a launch config's content (spec/api.md 5.4). */
export function placeOf(configuration: JsonObject): AwsPlace {
  const region = stringMember(configuration, 'region') ?? '';
  const launchConfig = asObject(configuration['launchConfig']);
  const instanceType = stringMember(launchConfig, 'InstanceType') ?? defaultInstanceType;
  const market = marketOf(launchConfig);
  const subnet = subnetOf(launchConfig);
  // A subnet lies in one zone, so it says as much when the zone itself is not given.
  const zone = stringMember(asObject(launchConfig['Placement']), 'AvailabilityZone') ?? `${region}/${subnet ?? 'any'}`;
  return {
    region,
    scopes: {
      ...regionScopes(region, 'run'),
      quota: `${region}/quota/${market}/${quotaFamily(instanceType)}`,
      addresses: `${region}/addresses/${subnet ?? 'default'}`,
      capacity: `${zone}/${instanceType}/${market}`,
      configuration: `${region}/config/${digestOf(configuration)}`,
    },
  };
}

function marketOf(launchConfig: JsonObject): Market {
  const marketType = stringMember(asObject(launchConfig['InstanceMarketOptions']), 'MarketType');
  return marketType === 'spot' || marketType === 'capacity-block' ? marketType : 'on-demand';
}

function subnetOf(launchConfig: JsonObject): string | null {
  const [firstInterface] = objectsIn(launchConfig['NetworkInterfaces']);
  return stringMember(launchConfig, 'SubnetId') ?? stringMember(firstInterface, 'SubnetId');
}

/** What EC2 gets to see of a configuration decides whether it can work: everything but the part for worker-manager itself. */
function digestOf(configuration: JsonObject): string {
  const { workerManager: _ours, capacityPerInstance: _oursToo, ...told } = configuration;
  return createHash('sha256').update(JSON.stringify(told)).digest('hex').slice(0, 16);
}
