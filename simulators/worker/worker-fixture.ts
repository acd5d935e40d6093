import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import { SteppedClock } from '#lib/clock.ts';
import type { Fate, MachinePark, SimulatedMachine } from '#simulators/machine.ts';
import { authenticate } from '#simulators/queue/authentication.ts';
import { clients, manager } from '#simulators/queue/queue-fixture.ts';
import { areScopesSatisfied } from '#simulators/queue/scopes.ts';
import { startQueueSimulator } from '#simulators/queue/server.ts';
import type { QueueSimulator } from '#simulators/queue/server.ts';
import { issueTemporaryCredentials } from '#simulators/queue/temporary-credentials.ts';
import { SimulatedWorkers } from './workers.ts';
import type { SimulatedWorkersOptions } from './workers.ts';

export const poolId = 'prov/type';
export const minuteMs = 60_000;
const group = 'us-east-1';

/** A worker manager that believes every worker, and records what it is asked. */
export class FakeWorkerManager {
  /** `<method> <workerId>` in order. */
  readonly calls: string[] = [];
  /** Bodies of registerWorker. */
  readonly registrations: Record<string, unknown>[] = [];
  /** Statuses to answer the next calls of a method with, before it answers properly. */
  readonly refusals: Record<'register' | 'reregister' | 'shouldTerminate' | 'remove', number[]> = {
    register: [],
    reregister: [],
    shouldTerminate: [],
    remove: [],
  };
  workerConfig: unknown = {};
  credentialLifeMs = 96 * 60 * minuteMs;
  shouldTerminate = false;
  readonly #clock: SteppedClock;
  readonly #secrets = new Map<string, string>();
  #issued = 0;

  constructor(clock: SteppedClock) {
    this.#clock = clock;
  }

  answer(request: IncomingMessage, path: string, body: Record<string, unknown>): { status: number; body: unknown } {
    const [method, workerId, scope] = this.#recognise(request.method ?? '', path, body);
    this.calls.push(`${method} ${workerId}`);
    const status = this.refusals[method].shift();
    if (status !== undefined) {
      return { status, body: { code: 'Refused', message: 'as told' } };
    }
    if (method === 'register') {
      this.registrations.push(body);
      return { status: 200, body: { ...this.#issue(workerId), workerConfig: this.workerConfig } };
    }
    const { url = '', headers } = request;
    const signed = {
      method: request.method ?? '',
      url,
      host: headers.host ?? '',
      authorization: headers.authorization,
    };
    if (!areScopesSatisfied(authenticate(signed, clients, this.#clock.now()).scopes, scope)) {
      return { status: 403, body: { code: 'InsufficientScopes' } };
    }
    if (method === 'reregister') {
      const isRight = this.#secrets.get(workerId) === body['secret'];
      return isRight ? { status: 200, body: this.#issue(workerId) } : { status: 400, body: { code: 'InputError' } };
    }
    return { status: 200, body: method === 'remove' ? {} : { terminate: this.shouldTerminate, reason: 'needed' } };
  }

  #recognise(
    verb: string,
    path: string,
    body: Record<string, unknown>,
  ): [keyof FakeWorkerManager['refusals'], workerId: string, scope: string] {
    if (verb === 'POST') {
      const method = path.endsWith('/reregister') ? 'reregister' : 'register';
      const workerId = String(body['workerId']);
      return [
        method,
        workerId,
        `worker-manager:reregister-worker:${poolId}/${String(body['workerGroup'])}/${workerId}`,
      ];
    }
    const match = /\/workers\/prov%2Ftype\/([^/]+)\/([^/]+)(\/should-terminate)?$/.exec(path);
    const [, workerGroup = '', workerId = '', question] = match ?? [];
    const worker = `${poolId}/${workerGroup}/${workerId}`;
    return verb === 'DELETE' && question === undefined
      ? ['remove', workerId, `worker-manager:remove-worker:${worker}`]
      : ['shouldTerminate', workerId, `worker-manager:should-worker-terminate:${worker}`];
  }

  #issue(workerId: string): Record<string, unknown> {
    const nowMs = this.#clock.now().getTime();
    const expiry = new Date(nowMs + this.credentialLifeMs);
    this.#issued += 1;
    const secret = String(this.#issued).padStart(44, 's');
    this.#secrets.set(workerId, secret);
    const workers = [group, 'racks'].map((workerGroup) => `${workerGroup}/${workerId}`);
    const credentials = issueTemporaryCredentials({
      clientId: `worker/aws/${poolId}/${workerId}`,
      scopes: workers.flatMap((worker) => [
        `queue:worker-id:${worker}`,
        `queue:claim-work:${poolId}`,
        ...['remove-worker', 'reregister-worker', 'should-worker-terminate'].map(
          (deed) => `worker-manager:${deed}:${poolId}/${worker}`,
        ),
      ]),
      start: new Date(nowMs - 15 * minuteMs),
      expiry,
      issuer: manager,
    });
    return { expires: expiry.toISOString(), credentials, secret };
  }
}

/** A machine whose metadata service is the fixture's. */
export interface TestMachine extends SimulatedMachine {
  /** Whether the spot notice is there. */
  isNoticed: boolean;
  /** What its user data says instead of the truth. */
  userData?: string;
  powerOffs: number;
}

export interface World {
  clock: SteppedClock;
  queue: QueueSimulator;
  manager: FakeWorkerManager;
  rootUrl: string;
  machines: TestMachine[];
  park: MachinePark;
  /** Adds a machine that is up now. */
  addMachine: (fate?: Fate) => TestMachine;
  workersWith: (options?: Partial<SimulatedWorkersOptions>) => SimulatedWorkers;
  /** Turns and steps, from one due time to the next, until `ms` have passed. */
  pass: (workers: SimulatedWorkers, ms: number) => Promise<void>;
}

/** A queue with signatures verified, a fake worker manager, and an empty park with a metadata service. */
export async function aWorld(t: TestContext): Promise<World> {
  const clock = new SteppedClock(new Date('2026-03-01T12:00:00.000Z'));
  const queue = await startQueueSimulator({ clock, clients });
  const fake = new FakeWorkerManager(clock);
  const machines: TestMachine[] = [];
  const server = createServer((request, response) => void serve(request, response));
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let text = '';
    for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) {
      text += chunk;
    }
    const path = request.url ?? '';
    const { status, body } = path.startsWith('/imds/')
      ? metadata(request, path, machines, rootUrl)
      : fake.answer(request, path, text === '' ? {} : (JSON.parse(text) as Record<string, unknown>));
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const rootUrl = urlOf(server);
  t.after(async () => {
    server.close();
    server.closeAllConnections();
    await queue.close();
  });
  const addMachine = (fate: Fate = 'works'): TestMachine => {
    const machine = aMachine(`i-${machines.length + 1}`, fate, rootUrl, clock.now());
    machines.push(machine);
    return machine;
  };
  const park = { machines: () => machines };
  const workersWith: World['workersWith'] = (options = {}) => {
    const workers = new SimulatedWorkers({ clock, parks: [park], queueUrl: queue.url, ...options });
    t.after(() => workers.close());
    return workers;
  };
  const pass: World['pass'] = async (workers, ms) => {
    const endMs = clock.now().getTime() + ms;
    for (;;) {
      const next = await workers.turn();
      const leftMs = endMs - clock.now().getTime();
      if (leftMs === 0) {
        return;
      }
      await clock.step(Math.min(leftMs, next === null ? Infinity : next.getTime() - clock.now().getTime()));
    }
  };
  return { clock, queue, manager: fake, rootUrl, machines, park, addMachine, workersWith, pass };
}

function aMachine(id: string, fate: Fate, rootUrl: string, bootedAt: Date): TestMachine {
  return {
    cloud: 'aws',
    id,
    metadataUrl: `${rootUrl}/imds/${id}`,
    isUp: true,
    bootedAt,
    fate,
    isNoticed: false,
    powerOffs: 0,
    powerOff() {
      this.powerOffs += 1;
      this.isUp = false;
    },
  };
}

/** The identity document of a machine: odd spacing, because its bytes count. */
export function documentOf(id: string): string {
  return `{\n  "instanceId" : "${id}",\n\t"region": "us-east-1" }\n`;
}

function metadata(
  request: IncomingMessage,
  path: string,
  machines: readonly TestMachine[],
  rootUrl: string,
): { status: number; body: string } {
  const [, , id = '', ...rest] = path.split('/');
  const machine = machines.find((one) => one.id === id);
  if (machine === undefined) {
    return { status: 404, body: '' };
  }
  if (rest.join('/') === 'latest/api/token') {
    const isAsked = request.method === 'PUT' && request.headers['x-aws-ec2-metadata-token-ttl-seconds'] === '21600';
    return isAsked ? { status: 200, body: `token-of-${id}` } : { status: 400, body: '' };
  }
  if (request.headers['x-aws-ec2-metadata-token'] !== `token-of-${id}`) {
    return { status: 401, body: '' };
  }
  const userData = JSON.stringify({ rootUrl, providerId: 'aws', workerPoolId: poolId, workerGroup: group });
  const pages: Record<string, string | undefined> = {
    'latest/user-data': machine.userData ?? userData,
    'latest/dynamic/instance-identity/document': documentOf(id),
    'latest/dynamic/instance-identity/signature': `signature\nof ${id}`,
    'latest/meta-data/spot/termination-time': machine.isNoticed ? '2026-03-01T12:30:00Z' : undefined,
  };
  const body = pages[rest.join('/')];
  return body === undefined ? { status: 404, body: '' } : { status: 200, body };
}

function urlOf(server: Server): string {
  const address = server.address();
  return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
}
