import { privateDomainOf, publicDomainOf } from './region.ts';
import type { Instance } from './state.ts';

/** The sixteen hexadecimal digits that an instance's id is made of. */
function digitsOf(instance: Instance): string {
  return instance.id.slice(-16);
}

/** Ids of things that belong to one instance are its digits, turned: unique without being kept. */
function turned(digits: string, by: number): string {
  return digits.slice(by) + digits.slice(0, by);
}

/** The id of the instance's volume of that place among its devices. */
export function volumeIdOf(instance: Instance, device: number): string {
  return `vol-0${turned(digitsOf(instance), (device % 10) + 1)}`;
}

/** The ids of the instances that could own that volume. */
export function possibleOwnersOf(volumeId: string): string[] {
  const digits = volumeId.slice('vol-0'.length);
  return Array.from({ length: 10 }, (_unused, device) => `i-0${turned(digits, 16 - (device + 1))}`);
}

export function networkInterfaceIdOf(instance: Instance): string {
  return `eni-0${turned(digitsOf(instance), 12)}`;
}

export function attachmentIdOf(instance: Instance): string {
  return `eni-attach-0${turned(digitsOf(instance), 13)}`;
}

export function spotRequestIdOf(instance: Instance): string {
  return `sir-${digitsOf(instance).slice(0, 8)}`;
}

export function macOf(instance: Instance): string {
  return `02:${digitsOf(instance)
    .slice(0, 10)
    .replaceAll(/..(?=.)/g, '$&:')}`;
}

/** An address in 10.0.0.0/8 of its own. */
export function privateIpOf({ serial }: Instance): string {
  return `10.${(serial >>> 16) & 255}.${(serial >>> 8) & 255}.${serial & 255}`;
}

/** An address of the range that is reserved for benchmarks (RFC 2544), so that it is nobody's. */
export function publicIpOf({ serial }: Instance): string {
  return `198.${18 + ((serial >>> 16) & 1)}.${(serial >>> 8) & 255}.${serial & 255}`;
}

export function privateNameOf(instance: Instance): string {
  return `ip-${privateIpOf(instance).replaceAll('.', '-')}.${privateDomainOf(instance.launch.blueprint.region)}`;
}

export function publicNameOf(instance: Instance): string {
  return `ec2-${publicIpOf(instance).replaceAll('.', '-')}.${publicDomainOf(instance.launch.blueprint.region)}`;
}
