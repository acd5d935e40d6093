import type { KeyObject } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { systemClock, type Clock } from '#lib/clock.ts';
import { seededRandom, type Random } from '#lib/random.ts';
import { answerControl } from '#simulators/control.ts';
import { close, listen, read, send, serverOf } from '#simulators/http-server.ts';
import { Logbook, type Counts, type LogbookEntry } from '#simulators/logbook.ts';
import type { MachinePark } from '#simulators/machine.ts';
import type { ServiceAccount } from './account.ts';
import { answerCall, type Outcome } from './api.ts';
import { Cloud, noDeeds, type Deed } from './cloud.ts';
import { gceControls } from './control.ts';
import type { Dials } from './dials.ts';
import { answerElsewhere } from './elsewhere.ts';
import { Faults } from './faults.ts';
import { KeyRing, type TokenHeader } from './key-ring.ts';
import { MetadataServer } from './metadata-server.ts';
import { changed } from './metadata-wait.ts';
import { Tokens } from './oauth.ts';
import { gcePark } from './park.ts';
import { defaultRegions, zonesOf } from './region.ts';
import { Steering, type InstanceView } from './steering.ts';

/** How to start the simulator; everything has a default. */
export interface GceOptions {
  /** Time of all lives, windows and latencies; the machine's own by default. */
  clock?: Clock;
  /** Chance of all ids, lives and faults; seeded with 1 by default. */
  random?: Random;
  /** 0 (default) for a free one. */
  port?: number;
  /** Regions whose zones there are; by default all. */
  regions?: readonly string[];
  /** Id of the one project. */
  project?: string;
  projectNumber?: string;
  /** Service accounts; the first is the default of instances. By default one, `worker@<project>.iam.gserviceaccount.com`. */
  accounts?: readonly ServiceAccount[];
  /** Access tokens that are good besides those of the token endpoint; by default any is. */
  tokens?: readonly string[];
  /** A latency for every call, in milliseconds: short for the dial `latencyMs`. */
  latencyMs?: number;
  /** Dials that are not as on a calm day. */
  dials?: Partial<Dials>;
  /** How many calls the logbook keeps. */
  logbookSize?: number;
}

/** A running simulator of Compute Engine, as tests, demonstrations and measurements hold it. */
export interface SimulatedGce {
  /** Base address, without a slash at the end; the SDK's `rootUrl` is this and a slash. */
  readonly url: string;
  readonly project: string;
  readonly projectNumber: string;
  readonly accounts: readonly ServiceAccount[];
  /** Dials and faults. */
  readonly faults: Faults;
  /** What can be done to single instances. */
  readonly steering: Steering;
  /** The instances as machines, for simulated workers. */
  readonly park: MachinePark;
  /** The keys of identity tokens: rotated and revoked here, published at `/oauth2/v3/certs` and `/oauth2/v1/certs`. */
  readonly keys: KeyRing;
  /** What happened so far, and how many instances are alive now. */
  readonly counts: Counts<Deed> & { alive: number };
  /** The last calls, oldest first. */
  readonly logbook: readonly LogbookEntry[];
  resetCounts(): void;
  instances(zone?: string): InstanceView[];
  /** Signs any claims, also such as no machine would get; see `KeyRing.signToken`. */
  signToken(claims: unknown, header?: TokenHeader, key?: KeyObject): string;
  /** Ends all connections, also those that hang. */
  close(): Promise<void>;
}

/**
 * Starts a Compute Engine whose wire format is Google's own, for unmodified SDKs:
 * `compute({ version: 'v1', rootUrl: `${gce.url}/`, … })`.
 *
 * Besides the API below `/compute/v1` it serves IAM's service accounts (`/v1/projects/…`), the OAuth token endpoint
 * (`/token`), Google's published keys, each instance's metadata server at `/_sim/metadata/<id>/computeMetadata/v1/…`,
 * and its own controls below `/_sim` (see control.ts).
 *
 * @throws what `listen` fails with, e.g. EADDRINUSE.
 */
export async function startGce(options: GceOptions = {}): Promise<SimulatedGce> {
  const cloud = cloudOf(options);
  const stopping = new AbortController();
  const tokens = new Tokens(cloud, options.tokens);
  const keys = new KeyRing();
  const metadata = new MetadataServer(cloud, keys);
  const server = serverOf(answer);
  const url = await listen(server, options.port ?? 0);
  const gce = handleOf(cloud, keys, url, () => {
    stopping.abort();
    return close(server);
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: target = '/', headers } = request;
    const body = await read(request);
    const [, instanceId = '', path = '/'] = /^\/_sim\/metadata\/([^/?]+)(\/.*)?$/.exec(target) ?? [];
    if (instanceId !== '') {
      const ask = (): ReturnType<MetadataServer['answer']> => metadata.answer(instanceId, method, path, headers);
      send(response, await changed(ask, path, cloud.clock, stopping.signal));
    } else if (target.startsWith('/_sim/')) {
      const control = { method, url: target.slice('/_sim'.length), body };
      send(response, { ...answerControl(gceControls, gce, control), headers: json });
    } else {
      const call = { method, url: target, authorization: headers.authorization, body };
      const outcome = target.startsWith('/compute/')
        ? answerCall(call, cloud, tokens)
        : answerElsewhere(call, { cloud, tokens, keys });
      await deliver(outcome, request, response);
    }
  }

  async function deliver(outcome: Outcome, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (outcome.kind === 'reset') {
      request.socket.resetAndDestroy();
    } else if (outcome.kind === 'held') {
      await cloud.clock.sleep(outcome.forMs, stopping.signal);
      await deliver(outcome.resume(), request, response);
    } else if (outcome.kind === 'answer') {
      if (outcome.afterMs > 0) {
        await cloud.clock.sleep(outcome.afterMs, stopping.signal);
      }
      send(response, { status: outcome.status, body: outcome.body, headers: { ...json, ...outcome.headers } });
    }
  }

  return gce;
}

const json = { 'content-type': 'application/json; charset=UTF-8' };
function cloudOf(options: GceOptions): Cloud {
  const { project = 'simulated', latencyMs } = options;
  const random = options.random ?? seededRandom(1);
  const latency = latencyMs === undefined ? {} : { latencyMs: [latencyMs, latencyMs] as const };
  const account = { email: `worker@${project}.iam.gserviceaccount.com`, uniqueId: '112233445566778899001' };
  return new Cloud({
    clock: options.clock ?? systemClock,
    random,
    project,
    projectNumber: options.projectNumber ?? '123456789012',
    zones: (options.regions ?? defaultRegions).flatMap(zonesOf),
    accounts: options.accounts ?? [account],
    faults: new Faults(random, { ...latency, ...options.dials }),
    logbook: new Logbook(options.logbookSize ?? 2000, noDeeds),
  });
}

function handleOf(cloud: Cloud, keys: KeyRing, url: string, end: () => Promise<void>): SimulatedGce {
  const steering = new Steering(cloud);
  return {
    url,
    project: cloud.project,
    projectNumber: cloud.projectNumber,
    accounts: cloud.accounts,
    faults: cloud.faults,
    steering,
    park: gcePark(cloud, url),
    keys,
    get counts() {
      return { ...cloud.logbook.counts, alive: steering.alive };
    },
    get logbook() {
      return cloud.logbook.entries;
    },
    resetCounts: () => cloud.logbook.reset(),
    instances: (zone) => steering.instances(zone),
    signToken: (claims, header, key) => keys.signToken(claims, header, key),
    close: end,
  };
}
