import { serve } from '#bench/child.ts';
import { systemClock } from '#lib/clock.ts';
import { startQueueSimulator } from '#simulators/queue/server.ts';
import type { QueueSimulator } from '#simulators/queue/server.ts';
import { AwsMetadata } from '#simulators/worker/aws.ts';
import { HttpCaller } from '#simulators/worker/http.ts';
import type { Identity } from '#simulators/worker/metadata.ts';
import { startCloud } from './clouds.ts';
import type { BenchCloud, CloudName } from './clouds.ts';

/** A simulated cloud and queue, in a process of their own: what they cost is nobody else's. */
export interface SimulatorCalls {
  start(options: {
    cloud: CloudName;
    regions: readonly string[];
    latencyMs: number;
    isReal: boolean;
  }): Promise<Simulators>;
  /** Calls since the start, by action; those of the queue as `queue.<method>`. */
  calls(): Promise<Record<string, number>>;
  /** Machines that are there, by region or project. */
  machinesByPlace(): Promise<Record<string, number>>;
  /** When each of these machines was named in a call that ends machines, in milliseconds since the epoch; those that were not are missing. */
  terminatedAt(ids: readonly string[]): Promise<Map<string, number>>;
  /** Who so many of the machines at EC2 are, with their proofs, as their metadata services say. */
  identities(count: number): Promise<Identity[]>;
}

interface Simulators {
  queueUrl: string;
  /** The settings of a provider in front of the cloud. */
  provider: Record<string, unknown>;
}

let running: { cloud: BenchCloud; queue: QueueSimulator } | undefined;

function started(): { cloud: BenchCloud; queue: QueueSimulator } {
  if (running === undefined) throw new Error('not started');
  return running;
}

const calls: SimulatorCalls = {
  async start({ cloud: name, ...options }) {
    const { latencyMs } = options;
    const cloud = await startCloud(name, options);
    const queue = await startQueueSimulator({ clock: systemClock });
    queue.turnFaults({ latencyMs });
    running = { cloud, queue };
    return { queueUrl: queue.url, provider: cloud.settings };
  },

  calls: () => {
    const { cloud, queue } = started();
    const counts = new Map<string, number>();
    for (const byAction of Object.values(cloud.counts().calls)) {
      for (const [action, count] of Object.entries(byAction)) counts.set(action, (counts.get(action) ?? 0) + count);
    }
    for (const [method, count] of Object.entries(queue.counters.calls)) counts.set(`queue.${method}`, count);
    return Promise.resolve(Object.fromEntries(counts));
  },

  machinesByPlace: () => {
    const counts: Record<string, number> = {};
    for (const place of started().cloud.places()) counts[place] = (counts[place] ?? 0) + 1;
    return Promise.resolve(counts);
  },

  terminatedAt: (ids) => {
    const { cloud } = started();
    const wanted = new Set(ids);
    const found = new Map<string, number>();
    for (const { action, at, instanceIds } of cloud.logbook()) {
      if (action !== cloud.deleteAction) continue;
      for (const id of instanceIds) if (wanted.has(id) && !found.has(id)) found.set(id, at.getTime());
    }
    return Promise.resolve(found);
  },

  async identities(count) {
    const http = new HttpCaller(20, 10_000);
    const identities: Identity[] = [];
    for (const { metadataUrl } of started().cloud.park.machines().slice(0, count)) {
      const identity = await new AwsMetadata(metadataUrl, http, systemClock, 1_000).identify();
      if (typeof identity === 'string') throw new Error(`a machine's metadata is ${identity}`);
      identities.push(identity);
    }
    http.close();
    return identities;
  },
};

serve(calls, async () => {
  await running?.cloud.close();
  await running?.queue.close();
});
