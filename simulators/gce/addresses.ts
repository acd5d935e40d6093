/** The private address of the instance of that number. */
export function privateIpOf(serial: number): string {
  return `10.${128 + ((serial >> 16) & 127)}.${(serial >> 8) & 255}.${serial & 255}`;
}

/** Its public address, where it has one. */
export function publicIpOf(serial: number): string {
  return `34.${64 + ((serial >> 16) & 63)}.${(serial >> 8) & 255}.${serial & 255}`;
}

/** The hardware address of its first interface: Google's prefix and the private address. */
export function macOf(serial: number): string {
  const bytes = privateIpOf(serial)
    .split('.')
    .map((byte) => Number(byte).toString(16).padStart(2, '0'));
  return ['42', '01', ...bytes].join(':');
}
