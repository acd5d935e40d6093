import { happens } from '#simulators/range.ts';
import { textMember } from '#simulators/worker/json.ts';
import type { Cloud } from './cloud.ts';
import type { Quota, Stock } from './faults.ts';
import { Refusal, type ErrorBody } from './refusal.ts';
import type { Json, Vm } from './state.ts';
import { vmSizeOf, type VmSize } from './vm-size.ts';

/** What a virtual machine wants of the cloud's capacity. */
export interface Wish {
  location: string;
  zone: string | undefined;
  size: VmSize;
  isSpot: boolean;
  /** The highest spot price, or Infinity. */
  maxPrice: number;
}

/**
 * What Azure refuses at once: a size that is not to be had, a quota, a price.
 *
 * @throws Refusal 409, with the codes of
 * https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-sku-not-available and
 * https://learn.microsoft.com/azure/virtual-machines/error-codes-spot.
 */
export function refuseAtOnce(wish: Wish, vmId: string, cloud: Cloud): void {
  const { location, size, zone, isSpot, maxPrice } = wish;
  const stock = emptyStock(wish, cloud, (code) => code === 'SkuNotAvailable');
  if (stock !== undefined) {
    throw new Refusal(
      'SkuNotAvailable',
      `The requested VM size for resource 'Following SKUs have failed for Capacity Restrictions: ${size.name}' is currently not available in location '${location}'${zone === undefined ? '' : ` zone '${zone}'`}. Please try another size or deploy to a different location or different zone. See https://aka.ms/azureskunotavailable for details.`,
      409,
    );
  }
  const { spotPrice } = cloud.dials;
  if (isSpot && maxPrice < spotPrice) {
    throw new Refusal(
      'SpotPriceGreaterThanProvidedMaxPrice',
      `Unable to perform operation 'Create VM' since the provided max price '${maxPrice} USD' is lower than the current spot price '${spotPrice} USD' for Azure Spot VM size '${size.name}'.`,
      409,
    );
  }
  for (const quota of cloud.faults.quotas) {
    refuseOver(quota, wish, vmId, cloud);
  }
}

/**
 * What Azure finds out later, when it looks for a host: takes one from the stocks, or says why there is none
 * (https://learn.microsoft.com/troubleshoot/azure/virtual-machines/windows/allocation-failure).
 */
export function allocate(wish: Wish, cloud: Cloud): ErrorBody | null {
  const stock = emptyStock(wish, cloud, (code) => code !== 'SkuNotAvailable');
  if (stock !== undefined || !happens(cloud.dials.allocationSuccess, cloud.random)) {
    return allocationError(stock?.code ?? (wish.zone === undefined ? 'AllocationFailed' : 'ZonalAllocationFailed'));
  }
  for (const limit of cloud.faults.stocks.filter((one) => concerns(one, wish))) {
    limit.available -= 1;
  }
  return null;
}

function allocationError(code: string): ErrorBody {
  const place = code.includes('Zonal') ? 'zone' : 'region';
  const message = code.startsWith('Overconstrained')
    ? 'Allocation failed. VM(s) with the following constraints cannot be allocated, because the condition is too restrictive. Please remove some constraints and try again. Constraints applied are:\n  - VM Size\n  - Networking Constraints\n'
    : `Allocation failed. We do not have sufficient capacity for the requested VM size in this ${place}. Read more about improving likelihood of allocation success at http://aka.ms/allocation-guidance`;
  return { code, message };
}

function emptyStock(wish: Wish, cloud: Cloud, isMeant: (code: string | undefined) => boolean): Stock | undefined {
  return cloud.faults.stocks.find((stock) => stock.available <= 0 && isMeant(stock.code) && concerns(stock, wish));
}

function concerns(stock: Stock, { location, zone, size, isSpot }: Wish): boolean {
  return (
    stock.location === location &&
    (stock.zone ?? zone) === zone &&
    (stock.vmSize ?? size.name).toLowerCase() === size.name.toLowerCase() &&
    (stock.priority ?? priorityOf(isSpot)) === priorityOf(isSpot)
  );
}

function priorityOf(isSpot: boolean): 'Regular' | 'Spot' {
  return isSpot ? 'Spot' : 'Regular';
}

/**
 * "Quota is calculated based on the total number of cores in use both allocated and deallocated"
 * (https://learn.microsoft.com/azure/virtual-machines/quotas): every virtual machine counts until it is deleted.
 */
function refuseOver(quota: Quota, wish: Wish, vmId: string, cloud: Cloud): void {
  const isMeant = (location: string, size: VmSize, isSpot: boolean): boolean =>
    (quota.location ?? location) === location &&
    (quota.family ?? size.family) === size.family &&
    (quota.priority ?? priorityOf(isSpot)) === priorityOf(isSpot);
  if (!isMeant(wish.location, wish.size, wish.isSpot)) {
    return;
  }
  let usage = 0;
  for (const vm of cloud.subscription.virtualMachines.values()) {
    const size = vmSizeOf(sizeNameOf(vm));
    if (vm.id !== vmId && size !== undefined && isMeant(vm.location, size, isSpotVm(vm))) {
      usage += size.vcpus;
    }
  }
  if (usage + wish.size.vcpus > quota.vcpus) {
    throw overQuota(quota, wish, usage);
  }
}

function overQuota(quota: Quota, { location, size: { vcpus } }: Wish, usage: number): Refusal {
  const all = quota.priority === 'Spot' ? 'LowPriorityCores' : 'Total Regional Cores';
  const name = quota.family === undefined ? all : `${quota.family} Cores`;
  return new Refusal(
    quota.code ?? 'OperationNotAllowed',
    `Operation could not be completed as it results in exceeding approved ${name} quota. Additional details - Deployment Model: Resource Manager, Location: ${location}, Current Limit: ${quota.vcpus}, Current Usage: ${usage}, Additional Required: ${vcpus}, (Minimum) New Limit Required: ${usage + vcpus}. Submit a request for Quota increase at https://aka.ms/ProdportalCRP by specifying parameters listed in the ‘Details’ section for deployment to succeed. Please read more about quota limits at https://docs.microsoft.com/en-us/azure/azure-supportability/per-vm-quota-requests`,
    409,
  );
}

/** The size of a virtual machine, as it was asked for. */
export function sizeNameOf({ properties }: Vm): string {
  return textMember(properties['hardwareProfile'], 'vmSize') ?? '';
}

/** Whether it may be evicted. */
export function isSpotVm({ properties }: Vm): boolean {
  return isSpotPriority(properties);
}

/** Whether such properties ask for a spot machine; `Low` is its older name, and neither has to be capitalized. */
export function isSpotPriority(properties: Json): boolean {
  return ['spot', 'low'].includes(textMember(properties, 'priority')?.toLowerCase() ?? '');
}
