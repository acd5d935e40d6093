import { createHash, randomBytes } from 'node:crypto';
import type { LaunchOrder } from '#core/launch.ts';

/** The names of everything that is made for one worker (spec/provisioning.md 8.3). */
export interface MachineNames {
  /** The worker's id and the virtual machine's name, `vm-…`: 38 characters, all that a worker id may have. */
  vm: string;
  /** 15 characters, Windows' limit, and never digits alone. */
  computer: string;
  /** Also the name of its ip configuration. */
  nic: string;
  ip: string;
  osDisk: string;
  deployment: string;
}

const vmPrefix = 'vm-';
const suffixLength = 35;
const shortLength = 24;
const letters = 'abcdefghijklmnopqrstuvwxyz';

/**
 * The id of an order's worker. It follows from the order alone, so a repeat of the order asks for the same machine, and a machine is
 * found by its name whatever was lost.
 * @param index 0 for the first machine of the order.
 */
export function workerIdOf(orderId: string, index: number): string {
  const hash = createHash('sha256').update(`${orderId}/${index}`).digest();
  const digits = BigInt(`0x${hash.toString('hex')}`)
    .toString(36)
    .padStart(50, '0');
  const first = letters[(hash[0] ?? 0) % letters.length] ?? 'a';
  return `${vmPrefix}${first}${digits.slice(1 - suffixLength)}`;
}

/** Has it the form of a worker's id? Every machine of ours has such a name. */
export function isWorkerId(name: string): boolean {
  return /^vm-[a-z][a-z0-9]{34}$/.test(name);
}

/** The ids of all workers of an order. */
export function workerIdsOf({ orderId, count }: Pick<LaunchOrder, 'orderId' | 'count'>): string[] {
  return Array.from({ length: count }, (_none, index) => workerIdOf(orderId, index));
}

/** Every other name follows from the worker's id, so a crash leaves nothing that cannot be found. */
export function namesOf(workerId: string): MachineNames {
  const suffix = workerId.startsWith(vmPrefix) ? workerId.slice(vmPrefix.length) : workerId;
  return {
    vm: workerId,
    computer: suffix.slice(0, 15),
    nic: `nic-${suffix}`.slice(0, shortLength),
    ip: `pip-${suffix}`.slice(0, shortLength),
    osDisk: `disk-${suffix}-os`,
    deployment: `deploy-${suffix}`,
  };
}

/** The name of a data disk. @param position 1 for the first. */
export function dataDiskName(workerId: string, position: number): string {
  return `disk-${workerId.slice(vmPrefix.length)}-${position}`;
}

/** The worker of a deployment by its name; null when it is none of ours. */
export function workerOfDeployment(name: string): string | null {
  const suffix = /^deploy-([a-z][a-z0-9]{34})$/.exec(name)?.[1];
  return suffix === undefined ? null : `${vmPrefix}${suffix}`;
}

/** An administrator for a new machine. Nobody ever uses it: it is neither stored nor logged, and another one for each call. */
export interface Administrator {
  username: string;
  password: string;
}

/** Characters of a password beside one of each kind; Azure wants three kinds of four (spec/provisioning.md 8.3: all four). */
const passwordBytes = 51;

/** Names and passwords come from the system's own randomness: they are secrets. */
export function newAdministrator(): Administrator {
  const name = BigInt(`0x${randomBytes(16).toString('hex')}`).toString(36);
  return {
    username: `w${name}`.slice(0, 20),
    // 4 characters, one of each kind, and 68 of base64.
    password: `Aa1-${randomBytes(passwordBytes).toString('base64url')}`,
  };
}
