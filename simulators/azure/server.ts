import type { IncomingMessage, ServerResponse } from 'node:http';
import { systemClock, type Clock } from '#lib/clock.ts';
import { seededRandom, type Random } from '#lib/random.ts';
import { answerControl } from '#simulators/control.ts';
import { close, listen, read, send, serverOf } from '#simulators/http-server.ts';
import { Logbook, type Counts, type LogbookEntry } from '#simulators/logbook.ts';
import type { MachinePark } from '#simulators/machine.ts';
import { answerCall, answerToken, type Outcome } from './api.ts';
import type { AttestedFacts } from './attested-facts.ts';
import { Cloud, noDeeds, type Deed } from './cloud.ts';
import { azureControls } from './control.ts';
import type { Dials } from './dials.ts';
import { Faults } from './faults.ts';
import { MetadataService } from './imds.ts';
import { defaultLocations } from './locations.ts';
import { TokenOffice } from './oauth.ts';
import { azurePark } from './park.ts';
import { makeGroup } from './resource-groups.ts';
import { Steering, type MachineView } from './steering.ts';

/** How to start the simulator; everything has a default. */
export interface AzureOptions {
  /** Time of all lives, buckets, operations and latencies; the machine's own by default. */
  clock?: Clock;
  /** Chance of all ids, lives and faults; seeded with 1 by default. */
  random?: Random;
  /** 0 (default) for a free one. */
  port?: number;
  subscriptionId?: string;
  tenantId?: string;
  /** Regions that the subscription may use. */
  locations?: readonly string[];
  /** Resource groups that are there from the beginning, with their locations; by default `rg-workers` in `eastus`. */
  groups?: Readonly<Record<string, string>>;
  /** A latency for every call, in milliseconds: short for the dial `latencyMs`. */
  latencyMs?: number;
  /** Dials that are not as on a calm day. */
  dials?: Partial<Dials>;
  /** Client id → secret. With them tokens are checked; without, any well-formed one is taken. */
  secrets?: Readonly<Record<string, string>>;
  /** Signs attested documents: DER in base64. Without it the metadata service has none. */
  attest?: (facts: AttestedFacts) => Promise<string>;
  /** How many calls the logbook keeps. */
  logbookSize?: number;
}

/** A running simulator of Azure, as tests, demonstrations and measurements hold it. */
export interface SimulatedAzure {
  /** The endpoint for the SDKs, and of the token service, without a slash at the end. */
  readonly url: string;
  readonly subscriptionId: string;
  readonly tenantId: string;
  /** Dials and faults. */
  readonly faults: Faults;
  /** What can be done to single things. */
  readonly steering: Steering;
  /** The virtual machines as machines, for simulated workers. */
  readonly park: MachinePark;
  /**
   * What happened so far, by resource group (as a region) and action, and how many machines are up or on their way now.
   * `launched` and `terminated` count virtual machines, `replayed` the PUTs that changed nothing.
   */
  readonly counts: Counts<Deed> & { alive: number };
  /** The last calls, oldest first. */
  readonly logbook: readonly LogbookEntry[];
  resetCounts(): void;
  machines(): MachineView[];
  /** Ends all connections, also those that hang. */
  close(): Promise<void>;
}

/**
 * Starts an Azure whose wire format is Microsoft's own, for unmodified SDKs: Azure Resource Manager with compute,
 * network, resource groups and deployments at `/subscriptions/…`, and Microsoft Entra ID at
 * `/<tenant>/oauth2/v2.0/token`.
 *
 * Besides it serves each machine's metadata service at `/_sim/imds/<vmId or name>/metadata/…` and its own controls
 * below `/_sim` (see control.ts).
 *
 * @throws what `listen` fails with, e.g. EADDRINUSE.
 */
export async function startAzure(options: AzureOptions = {}): Promise<SimulatedAzure> {
  const clock = options.clock ?? systemClock;
  const cloud = cloudOf(options, clock);
  const secrets = options.secrets === undefined ? undefined : new Map(Object.entries(options.secrets));
  const tokens = new TokenOffice(cloud, secrets);
  const stopping = new AbortController();
  const metadata = new MetadataService(cloud);
  const server = serverOf(answer);
  const url = await listen(server, options.port ?? 0);
  const azure = handleOf(cloud, url, () => {
    stopping.abort();
    return close(server);
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: target = '/', headers } = request;
    const body = await read(request);
    const tenant = /^\/([^/]+)\/oauth2\/v2\.0\/token(?:\?|$)/i.exec(target)?.[1];
    if (target.startsWith('/_sim/imds/')) {
      const [, machine = '', path = '/'] = /^\/_sim\/imds\/([^/]+)(\/.*)?$/.exec(target) ?? [];
      const { contentType, ...found } = await metadata.answer(machine, method, path, headers);
      send(response, { ...found, headers: { 'content-type': contentType } });
    } else if (target.startsWith('/_sim/')) {
      const control = { method, url: target.slice('/_sim'.length), body };
      const answered = answerControl(azureControls, azure, control);
      send(response, { ...answered, headers: { 'content-type': 'application/json' } });
    } else if (tenant !== undefined && method === 'POST') {
      await deliver(answerToken(tenant, body, cloud, tokens), request, response);
    } else {
      await deliver(answerCall({ method, url: target, headers, body }, cloud, tokens), request, response);
    }
  }

  async function deliver(outcome: Outcome, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (outcome.kind === 'reset') {
      request.socket.resetAndDestroy();
    } else if (outcome.kind === 'answer') {
      if (outcome.afterMs > 0) {
        await clock.sleep(outcome.afterMs, stopping.signal);
      }
      send(response, outcome);
    }
  }

  return azure;
}

function cloudOf(options: AzureOptions, clock: Clock): Cloud {
  const random = options.random ?? seededRandom(1);
  const latency = options.latencyMs === undefined ? {} : { latencyMs: [options.latencyMs, options.latencyMs] as const };
  const cloud = new Cloud({
    clock,
    random,
    subscriptionId: options.subscriptionId ?? '00000000-0000-4000-8000-000000000001',
    tenantId: options.tenantId ?? '00000000-0000-4000-8000-0000000000aa',
    locations: options.locations ?? defaultLocations,
    faults: new Faults(random, { ...latency, ...options.dials }),
    logbook: new Logbook(options.logbookSize ?? 2000, noDeeds),
    attest: options.attest,
  });
  for (const [name, location] of Object.entries(options.groups ?? { 'rg-workers': 'eastus' })) {
    makeGroup(name, location, {}, cloud);
  }
  return cloud;
}

function handleOf(cloud: Cloud, url: string, end: () => Promise<void>): SimulatedAzure {
  const steering = new Steering(cloud);
  return {
    url,
    subscriptionId: cloud.subscriptionId,
    tenantId: cloud.tenantId,
    faults: cloud.faults,
    steering,
    park: azurePark(cloud, url),
    get counts() {
      return { ...cloud.logbook.counts, alive: steering.alive };
    },
    get logbook() {
      return cloud.logbook.entries;
    },
    resetCounts: () => cloud.logbook.reset(),
    machines: () => steering.machines(),
    close: end,
  };
}
