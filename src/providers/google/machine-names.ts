import { createHash } from 'node:crypto';
import type { LaunchOrder } from '#core/launch.ts';

/** Who a machine is before it exists: both follow from its order, so that a repeat of the order is a repeat to Google. */
export interface MachineName {
  /** Of the instance; no other order's machine in the zone bears it. */
  name: string;
  /** The `requestId` of its insert call, a UUID: Google answers a repeat with the operation of the first time. */
  requestId: string;
}

/** As much of the pool's id as a name shows. */
const longestPoolPart = 38;
/** The rest of the 63 characters, five bits each: 120 bits. */
const digestLength = 24;

/**
 * The machines of an order. A name must match `[a-z]([-a-z0-9]*[a-z0-9])?` in at most 63 characters
 * (https://cloud.google.com/compute/docs/naming-resources); it shows the pool for people, and a digest keeps it apart (P-23).
 */
export function machineNames({ orderId, workerPoolId, count }: LaunchOrder): MachineName[] {
  const pool = workerPoolId.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-');
  const prefix = (/^[a-z]/.test(pool) ? pool : `p-${pool}`).slice(0, longestPoolPart);
  return Array.from({ length: count }, (_, index) => {
    const digest = createHash('sha256').update(`${orderId}/${index}`).digest();
    return { name: `${prefix}-${base32(digest)}`, requestId: uuidOf(digest) };
  });
}

/** The `requestId` of the call that starts all machines of an order at once. */
export function bulkRequestId({ orderId }: LaunchOrder): string {
  return uuidOf(createHash('sha256').update(`${orderId}/bulk`).digest());
}

function base32(digest: Buffer): string {
  return [...digest.subarray(0, digestLength)].map((byte) => (byte % 32).toString(32)).join('');
}

/** A UUID of version 8, whose bits are the maker's own affair (RFC 9562, 5.8). */
function uuidOf(digest: Buffer): string {
  const bytes = Buffer.from(digest.subarray(0, 16));
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
