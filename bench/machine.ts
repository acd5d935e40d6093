import { availableParallelism, totalmem } from 'node:os';
import { systemClock } from '#lib/clock.ts';

/** What the numbers were measured on, and when: a line each. */
export function aboutThisMachine(): readonly string[] {
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return [
    `${availableParallelism()} cores and ${gigabytes} GiB of memory, shared by the service, PostgreSQL, the simulators and the load`,
    `Node ${process.versions.node}, embedded PostgreSQL (durable), every simulated call takes 50 ms`,
    `measured on ${systemClock.now().toISOString().slice(0, 10)}`,
  ];
}
