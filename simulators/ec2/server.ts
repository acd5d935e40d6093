import type { IncomingMessage, ServerResponse } from 'node:http';
import { systemClock, type Clock } from '#lib/clock.ts';
import { seededRandom, type Random } from '#lib/random.ts';
import { answerControl } from '#simulators/control.ts';
import { close, listen, read, send, serverOf } from '#simulators/http-server.ts';
import { Logbook, type Counts, type LogbookEntry } from '#simulators/logbook.ts';
import type { MachinePark } from '#simulators/machine.ts';
import { answerCall } from './api.ts';
import { Cloud, noDeeds, type Deed } from './cloud.ts';
import { ec2Controls } from './control.ts';
import type { Dials } from './dials.ts';
import { Faults } from './faults.ts';
import { identityKeyOf, signDocument, type IdentityKey, type IdentityProofs } from './identity.ts';
import { MetadataService } from './imds.ts';
import { ec2Park } from './park.ts';
import { defaultRegions } from './region.ts';
import { Steering, type InstanceView } from './steering.ts';
import { Throttle } from './throttle.ts';

/** How to start the simulator; everything has a default. */
export interface Ec2Options {
  /** Time of all lives, buckets and latencies; the machine's own by default. */
  clock?: Clock;
  /** Chance of all ids, lives and faults; seeded with 1 by default. */
  random?: Random;
  /** 0 (default) for a free one. */
  port?: number;
  /** Regions that the account may use; by default those that need no opt-in. */
  regions?: readonly string[];
  accountId?: string;
  /** A latency for every call, in milliseconds: short for the dial `latencyMs`. */
  latencyMs?: number;
  /** Dials that are not as on a calm day. */
  dials?: Partial<Dials>;
  /** Access key id → secret access key. With them signatures are checked; without, any well-formed one is taken. */
  secrets?: Readonly<Record<string, string>>;
  /** How many calls the logbook keeps. */
  logbookSize?: number;
}

/** A running simulator of EC2, as tests, demonstrations and measurements hold it. */
export interface SimulatedEc2 {
  /** The endpoint for the SDK, without a slash at the end; one for all regions. */
  readonly url: string;
  readonly accountId: string;
  /** Dials and faults. */
  readonly faults: Faults;
  /** What can be done to single instances. */
  readonly steering: Steering;
  /** The instances as machines, for simulated workers. */
  readonly park: MachinePark;
  /** What happened so far, and how many instances are pending or running now. */
  readonly counts: Counts<Deed> & { alive: number };
  /** The last calls, oldest first. */
  readonly logbook: readonly LogbookEntry[];
  resetCounts(): void;
  instances(region?: string): InstanceView[];
  /** What a provider must trust; of all regions of the account where none are named. Generates keys: 80 ms a region. */
  identityKeys(regions?: readonly string[]): IdentityKey[];
  /** Signs any text with a region's identity keys, also one that no machine would give. */
  signDocument(region: string, document: string): IdentityProofs;
  spotInterrupt(id: string, noticeMs?: number): void;
  /** Ends all connections, also those that hang. */
  close(): Promise<void>;
}

/**
 * Starts an EC2 whose wire format is AWS's own, for unmodified SDKs: `new EC2Client({ region, endpoint: ec2.url, … })`.
 *
 * Besides the API at `/` it serves each instance's metadata service at `/_sim/imds/<instanceId>/latest/…` and its own
 * controls below `/_sim` (see control.ts).
 *
 * @throws what `listen` fails with, e.g. EADDRINUSE.
 */
export async function startEc2(options: Ec2Options = {}): Promise<SimulatedEc2> {
  const clock = options.clock ?? systemClock;
  const random = options.random ?? seededRandom(1);
  const latency = options.latencyMs === undefined ? {} : { latencyMs: [options.latencyMs, options.latencyMs] as const };
  const throttle = new Throttle();
  const cloud = new Cloud({
    clock,
    random,
    accountId: options.accountId ?? '123456789012',
    regions: options.regions ?? defaultRegions,
    faults: new Faults(random, { ...latency, ...options.dials }),
    throttle,
    logbook: new Logbook(options.logbookSize ?? 2000, noDeeds),
  });
  const secrets = options.secrets === undefined ? undefined : new Map(Object.entries(options.secrets));
  const stopping = new AbortController();
  const metadata = new MetadataService(cloud);
  const server = serverOf(answer);
  const url = await listen(server, options.port ?? 0);
  const ec2 = handleOf(cloud, url, () => {
    stopping.abort();
    return close(server);
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: target = '/', headers } = request;
    const body = await read(request);
    if (target.startsWith('/_sim/imds/')) {
      const [, instanceId = '', path = '/'] = /^\/_sim\/imds\/([^/]+)(\/.*)?$/.exec(target) ?? [];
      const found = metadata.answer(instanceId, method, path, headers);
      send(response, { ...found, headers: { 'content-type': 'text/plain', ...found.headers } });
    } else if (target.startsWith('/_sim/')) {
      const answered = answerControl(ec2Controls, ec2, { method, url: target.slice('/_sim'.length), body });
      send(response, { ...answered, headers: { 'content-type': 'application/json' } });
    } else {
      const outcome = answerCall({ method, url: target, headers, body }, cloud, secrets);
      if (outcome.kind === 'reset') {
        request.socket.resetAndDestroy();
      } else if (outcome.kind === 'answer') {
        if (outcome.afterMs > 0) {
          await clock.sleep(outcome.afterMs, stopping.signal);
        }
        const { status, requestId } = outcome;
        const sent = { 'content-type': 'text/xml;charset=UTF-8', 'x-amzn-requestid': requestId };
        send(response, { status, body: outcome.body, headers: sent });
      }
    }
  }

  return ec2;
}

function handleOf(cloud: Cloud, url: string, end: () => Promise<void>): SimulatedEc2 {
  const steering = new Steering(cloud);
  const park = ec2Park(cloud, url);
  return {
    url,
    accountId: cloud.accountId,
    faults: cloud.faults,
    steering,
    park,
    get counts() {
      return { ...cloud.logbook.counts, alive: steering.alive };
    },
    get logbook() {
      return cloud.logbook.entries;
    },
    resetCounts: () => cloud.logbook.reset(),
    instances: (region) => steering.instances(region),
    identityKeys: (regions = []) => {
      const unknown = regions.find((region) => !cloud.regions.has(region));
      if (unknown !== undefined) {
        throw new RangeError(`the account has no region ${unknown}`);
      }
      return (regions.length > 0 ? regions : [...cloud.regions.keys()]).map(identityKeyOf);
    },
    signDocument: (region, document) => signDocument(region, document, cloud.clock.now()),
    spotInterrupt: (id, noticeMs) => steering.spotInterrupt(id, noticeMs),
    close: end,
  };
}
