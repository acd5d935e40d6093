import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isJsonObject } from '#lib/json.ts';
import { SettingsReader } from '#providers/settings-reader.ts';
import { TestingBreak, TestingCloud, TestingRefusal } from '#providers/testing/cloud.ts';
import type { TestingCall, TestingMachine } from '#providers/testing/cloud.ts';
import { templateModule } from '#providers/template/index.ts';
import { hastyClock, someSurroundings } from './fixtures.ts';
import type { FleetWorld } from './world.ts';

const codes = {
  capacity: 'OutOfMachines',
  quota: 'LimitReached',
  throttle: 'TooManyCalls',
  auth: 'NotAllowed',
  configuration: 'BadImage',
  transient: 'OutOfOrder',
} as const;

const states = {
  starting: 'booting',
  alive: 'up',
  suspended: 'odd',
  failed: 'broken',
  ending: 'ending',
  dormant: 'odd',
  gone: 'ended',
} as const;

/** The template in front of the cloud that it was written for: an HTTP API of four calls over machines in memory. */
export async function aTemplateWorld(): Promise<FleetWorld> {
  const clock = hastyClock(10);
  const cloud = new TestingCloud(clock);
  const stopping = new AbortController();
  const server = createServer((request, response) => {
    answer(cloud, request, response, stopping.signal).catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const settings = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiToken: 'secret',
    identityKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
  const surroundings = someSurroundings({ clock, signal: stopping.signal });
  const setUp = templateModule.configure(new SettingsReader(settings));
  const { fleet, identity } = await setUp('template-1', surroundings, stopping.signal);
  const proof = (workerId: string, key: KeyObject) => ({
    token: sign(null, Buffer.from(workerId), key).toString('base64url'),
  });
  return {
    fleet: fleet!,
    identity,
    providerId: 'template-1',
    configuration: { zone: 'everywhere', image: 'linux' },
    unknownId: 'm-unknown',
    now: () => clock.now(),
    machines: () =>
      [...cloud.machines.values()].map(({ workerId, orderId, presence }) => ({
        workerId,
        orderId,
        isAlive: presence === 'alive',
      })),
    addStranger: async () => cloud.start('somebody', null, 1)[0]!.workerId,
    end: (workerId) => cloud.end([workerId]),
    limitStock: (available) => void (cloud.stock = available),
    refuse(call, refusalClass) {
      cloud.faults.set(call, { kind: 'refuse', class: refusalClass });
      return true;
    },
    disturb: (call, kind, when) => void cloud.faults.set(call, { kind, when }),
    calm() {
      cloud.faults.clear();
      cloud.stock = Infinity;
    },
    proofOf: async (workerId) => proof(workerId, privateKey),
    forgeries: async (workerId) => ({ 'by another key': proof(workerId, generateKeyPairSync('ed25519').privateKey) }),
    async close() {
      stopping.abort();
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(
  cloud: TestingCloud,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const body = Buffer.concat(await request.toArray()).toString();
  try {
    const [call, effect] = callOf(cloud, request, body);
    const found = await cloud.call(call, signal, effect);
    response.setHeader('content-type', 'application/json').end(JSON.stringify(found));
  } catch (error) {
    if (error instanceof TestingBreak) {
      request.socket.destroy();
    } else if (error instanceof TestingRefusal) {
      const { class: refusalClass, message } = error;
      response
        .writeHead(refusalClass === 'transient' ? 503 : 400)
        .end(JSON.stringify({ code: codes[refusalClass], message }));
    } else {
      throw error;
    }
  }
}

function callOf(
  cloud: TestingCloud,
  { method, url = '' }: IncomingMessage,
  body: string,
): [TestingCall, () => unknown] {
  const { searchParams } = new URL(url, 'http://cloud');
  const ids = searchParams.get('ids')?.split(',') ?? [];
  const order: unknown = body === '' ? null : JSON.parse(body);
  if (method === 'POST' && isJsonObject(order)) {
    return [
      'launch',
      () => pageOf(cloud.start(String(order['owner']), String(order['orderId']), Number(order['count']))),
    ];
  }
  if (method === 'DELETE') {
    return ['terminate', () => cloud.end(ids) ?? {}];
  }
  if (searchParams.has('ids')) {
    return ['get', () => pageOf(ids.flatMap((id) => cloud.machines.get(id) ?? []))];
  }
  return ['list', () => listOf(cloud, searchParams)];
}

function listOf(cloud: TestingCloud, query: URLSearchParams): object {
  const start = Number(query.get('page') ?? 0);
  const found = query.has('orderId')
    ? cloud.ofOrder(query.get('orderId'))
    : [...cloud.machines.values()].filter((machine) => machine.owner === query.get('owner'));
  const next = start + 10 < found.length ? { next: String(start + 10) } : {};
  return { ...pageOf(query.has('orderId') ? found : found.slice(start, start + 10)), ...next };
}

function pageOf(machines: readonly TestingMachine[]): object {
  return {
    machines: machines.map(({ workerId, orderId, presence, launchedAt }) => ({
      id: workerId,
      zone: 'everywhere',
      state: states[presence],
      orderId,
      startedAt: launchedAt.toISOString(),
    })),
  };
}
