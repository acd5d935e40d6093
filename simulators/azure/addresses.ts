/** Addresses and ids that follow from a resource's number: unique without being kept. */

/** An address in 10.0.0.0/8 of its own. */
export function privateIpOf({ serial }: { serial: number }): string {
  return `10.${(serial >>> 16) & 255}.${(serial >>> 8) & 255}.${serial & 255}`;
}

/** An address of the range that is reserved for benchmarks (RFC 2544), so that it is nobody's. */
export function publicIpOf({ serial }: { serial: number }): string {
  return `198.${18 + ((serial >>> 16) & 1)}.${(serial >>> 8) & 255}.${serial & 255}`;
}

/** Twelve hexadecimal digits, of Microsoft's range, in capitals. */
export function macOf({ serial }: { serial: number }): string {
  return `000D3A${serial.toString(16).padStart(6, '0').toUpperCase().slice(-6)}`;
}
