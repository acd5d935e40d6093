import { serve } from '#bench/child.ts';
import { systemClock } from '#lib/clock.ts';
import { seededRandom } from '#lib/random.ts';
import { startEc2 } from '#simulators/ec2/server.ts';
import type { SimulatedEc2 } from '#simulators/ec2/server.ts';
import { startQueueSimulator } from '#simulators/queue/server.ts';
import type { QueueSimulator } from '#simulators/queue/server.ts';
import { AwsMetadata } from '#simulators/worker/aws.ts';
import { HttpCaller } from '#simulators/worker/http.ts';
import type { Identity } from '#simulators/worker/metadata.ts';

/** The simulated EC2 and queue, in a process of their own: what they cost is nobody else's. */
export interface SimulatorCalls {
  start(options: { regions: readonly string[]; latencyMs: number }): Promise<Simulators>;
  /** Calls since the start, by action; those of the queue as `queue.<method>`. */
  calls(): Promise<Record<string, number>>;
  /** Machines that are booting or up, by region. */
  machinesByRegion(): Promise<Record<string, number>>;
  /** When each of these machines was named in a TerminateInstances call, in milliseconds since the epoch; those that were not are missing. */
  terminatedAt(ids: readonly string[]): Promise<Map<string, number>>;
  /** Who so many of the machines are, with their proofs, as their metadata services say. */
  identities(count: number): Promise<Identity[]>;
}

interface Simulators {
  ec2Url: string;
  queueUrl: string;
  identityKeys: Record<string, string>[];
}

let running: { ec2: SimulatedEc2; queue: QueueSimulator } | undefined;

function started(): { ec2: SimulatedEc2; queue: QueueSimulator } {
  if (running === undefined) throw new Error('not started');
  return running;
}

const calls: SimulatorCalls = {
  async start({ regions, latencyMs }) {
    const ec2 = await startEc2({
      random: seededRandom(1),
      regions,
      latencyMs,
      // Our own limits are what is measured, not the cloud's; machines are up at once.
      dials: { isThrottling: false, bootMs: [0, 0] },
    });
    const queue = await startQueueSimulator({ clock: systemClock });
    queue.turnFaults({ latencyMs });
    running = { ec2, queue };
    const identityKeys = ec2.identityKeys(regions).map((key) => ({ ...key }));
    return { ec2Url: ec2.url, queueUrl: queue.url, identityKeys };
  },

  calls: () => {
    const { ec2, queue } = started();
    const counts = new Map<string, number>();
    for (const byAction of Object.values(ec2.counts.calls)) {
      for (const [action, count] of Object.entries(byAction)) counts.set(action, (counts.get(action) ?? 0) + count);
    }
    for (const [method, count] of Object.entries(queue.counters.calls)) counts.set(`queue.${method}`, count);
    return Promise.resolve(Object.fromEntries(counts));
  },

  machinesByRegion: () => {
    const counts: Record<string, number> = {};
    for (const { region } of started().ec2.instances()) counts[region] = (counts[region] ?? 0) + 1;
    return Promise.resolve(counts);
  },

  terminatedAt: (ids) => {
    const wanted = new Set(ids);
    const found = new Map<string, number>();
    for (const { action, at, instanceIds } of started().ec2.logbook) {
      if (action !== 'TerminateInstances') continue;
      for (const id of instanceIds) if (wanted.has(id) && !found.has(id)) found.set(id, at.getTime());
    }
    return Promise.resolve(found);
  },

  async identities(count) {
    const http = new HttpCaller(20, 10_000);
    const identities: Identity[] = [];
    for (const { metadataUrl } of started().ec2.park.machines().slice(0, count)) {
      const identity = await new AwsMetadata(metadataUrl, http, systemClock, 1_000).identify();
      if (typeof identity === 'string') throw new Error(`a machine's metadata is ${identity}`);
      identities.push(identity);
    }
    http.close();
    return identities;
  },
};

serve(calls, async () => {
  await running?.ec2.close();
  await running?.queue.close();
});
