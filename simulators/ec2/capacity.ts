import { shuffle, type Random } from '#lib/random.ts';
import type { Faults, Quota, Stock } from './faults.ts';
import type { InstanceType } from './instance-type.ts';
import { stateAt } from './life.ts';
import { zonesOf } from './region.ts';
import { Refusal } from './refusal.ts';
import type { RegionState } from './state.ts';

/** What a launch wants of the cloud's capacity. */
export interface Wish {
  instanceType: InstanceType;
  market: 'on-demand' | 'spot';
  /** The zone that the caller chose, or undefined to leave it to EC2. */
  zone: string | undefined;
  /** The highest spot price, or undefined for no limit. */
  maxPrice: number | undefined;
  least: number;
  most: number;
}

/**
 * Finds room for as many instances as possible, at least `least`, all in one zone, and takes them from the stocks.
 *
 * EC2 "launches the largest possible number of instances above MinCount" (RunInstances in the API reference), whether
 * machines or quotas are short.
 *
 * @throws Refusal with AWS's code for what is missing: a quota, a price, or machines.
 */
export function takeCapacity(
  wish: Wish,
  region: RegionState,
  faults: Faults,
  random: Random,
  nowMs: number,
): { zone: string; count: number } {
  refuseLowPrice(wish, faults.dials.spotPrice);
  const allowed = Math.min(wish.most, ...faults.quotas(region.name).map((quota) => roomIn(quota, wish, region, nowMs)));
  const zones = wish.zone === undefined ? shuffle(zonesOf(region.name), random) : [wish.zone];
  const stocks = faults.stocks(region.name).filter((stock) => suits(stock, wish));
  const [best] = zones
    .map((zone) => ({ zone, count: Math.min(allowed, ...stocksOf(zone, stocks).map((stock) => stock.available)) }))
    .toSorted((a, b) => b.count - a.count);
  if (best === undefined || best.count < wish.least) {
    throw noCapacity(wish, region.name, stocks);
  }
  for (const stock of stocksOf(best.zone, stocks)) {
    stock.available -= best.count;
  }
  return best;
}

function refuseLowPrice({ market, maxPrice }: Wish, price: number): void {
  if (market === 'spot' && maxPrice !== undefined && maxPrice < price) {
    throw new Refusal(
      'SpotMaxPriceTooLow',
      `Your Spot request price of ${maxPrice} is lower than the minimum required Spot request fulfillment price of ${price}.`,
    );
  }
}

function suits(limit: Stock | Quota, { instanceType, market }: Wish): boolean {
  const isOfType =
    limit.kind === 'stock'
      ? (limit.instanceType ?? instanceType.name) === instanceType.name
      : (limit.family ?? instanceType.family) === instanceType.family;
  return isOfType && (limit.market ?? market) === market;
}

function stocksOf(zone: string, stocks: readonly Stock[]): Stock[] {
  return stocks.filter((stock) => (stock.zone ?? zone) === zone);
}

/** How many instances the quota leaves room for. @throws Refusal when that is less than the wish's least. */
function roomIn(quota: Quota, wish: Wish, region: RegionState, nowMs: number): number {
  if (!suits(quota, wish)) {
    return Infinity;
  }
  let vcpus = 0;
  let instances = 0;
  for (const instance of region.instances) {
    const { instanceType, market } = instance.launch.blueprint;
    if (suits(quota, { ...wish, instanceType, market }) && ['pending', 'running'].includes(stateAt(instance, nowMs))) {
      vcpus += instanceType.vcpus;
      instances += 1;
    }
  }
  const room = Math.max(
    0,
    Math.min(
      Math.floor(((quota.vcpus ?? Infinity) - vcpus) / wish.instanceType.vcpus),
      (quota.instances ?? Infinity) - instances,
    ),
  );
  if (room < wish.least) {
    throw overQuota(quota, wish, room);
  }
  return room;
}

function overQuota(quota: Quota, wish: Wish, room: number): Refusal {
  if (wish.market === 'spot') {
    return new Refusal('MaxSpotInstanceCountExceeded', 'Max spot instance count exceeded');
  }
  if (quota.vcpus !== undefined) {
    return new Refusal(
      'VcpuLimitExceeded',
      `You have requested more vCPU capacity than your current vCPU limit of ${quota.vcpus} allows for the instance bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.`,
    );
  }
  return new Refusal(
    'InstanceLimitExceeded',
    `Your quota allows for ${room} more running instance(s). You requested at least ${wish.least}`,
  );
}

function noCapacity(wish: Wish, region: string, stocks: readonly Stock[]): Refusal {
  if (wish.market === 'spot') {
    return insufficient('There is no Spot capacity available that matches your request.');
  }
  const type = wish.instanceType.name;
  if (wish.zone === undefined) {
    return insufficient(`We currently do not have sufficient ${type} capacity in the zones of ${region}.`);
  }
  const others = zonesOf(region).filter((zone) =>
    stocksOf(zone, stocks).every((stock) => stock.available >= wish.least),
  );
  const advice =
    others.length === 0
      ? ''
      : ` You can currently get ${type} capacity by not specifying an Availability Zone in your request or choosing ${others.join(', ')}.`;
  return insufficient(
    `We currently do not have sufficient ${type} capacity in the Availability Zone you requested (${wish.zone}). Our system will be working on provisioning additional capacity.${advice}`,
  );
}

function insufficient(message: string): Refusal {
  return new Refusal('InsufficientInstanceCapacity', message, 500);
}
