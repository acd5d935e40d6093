import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { seededRandom } from '#lib/random.ts';
import type { Random } from '#lib/random.ts';
import type { Clock } from '#lib/clock.ts';
import { authenticate } from './authentication.ts';
import type { Caller, ClientLookup } from './authentication.ts';
import { Desk, queueClientId } from './desk.ts';
import { Faults } from './faults.ts';
import type { FaultDials } from './faults.ts';
import { QueueRefusal } from './refusal.ts';
import { findRoute } from './routes.ts';
import { errorEnvelope, parseJson, readBody, send } from './http-json.ts';
import type { Call, Route } from './route.ts';
import { areScopesSatisfied } from './scopes.ts';
import { slugid } from './slugid.ts';
import { QueueState } from './state.ts';
import type { TaskCounts } from './state.ts';
import { steer } from './steering.ts';
import { simulatedTask } from './simulated-task.ts';
import type { SimulatedTaskOptions } from './simulated-task.ts';
import type { WorkerName } from './wire.ts';

export interface QueueSimulatorOptions {
  clock: Clock;
  /** Seed of its chance (jitter, error rates, task ids); 1 by default. */
  seed?: number;
  /** 0, the default, takes a free one. */
  port?: number;
  /** The clients whose signatures count. Absent: every call is accepted, signed or not. */
  clients?: ClientLookup;
}

/** What was called. */
export interface QueueCounters {
  /** Calls by method, faults and refusals included. */
  calls: Record<string, number>;
  /** Refusals by error code. */
  refusals: Record<string, number>;
  /** Calls that a dial hung, cut or failed. */
  faults: number;
}

const basePath = '/api/queue/v1';

/**
 * A task queue as an HTTP server: the part of the Taskcluster Queue API that a worker manager and its workers call, in its
 * wire format. `url` serves as a client's rootUrl. Close it, or hold it with `await using`.
 */
export class QueueSimulator implements AsyncDisposable {
  readonly state: QueueState;
  readonly counters: QueueCounters = { calls: {}, refusals: {}, faults: 0 };
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #faults: Faults;
  readonly #desk: Desk;
  readonly #lookup: ClientLookup | undefined;
  readonly #server: Server = createServer((request, response) => void this.#serve(request, response));

  /** Use {@link startQueueSimulator}. */
  constructor(options: QueueSimulatorOptions) {
    this.#clock = options.clock;
    this.#random = seededRandom(options.seed ?? 1);
    this.state = new QueueState(options.clock);
    this.#faults = new Faults(options.clock, this.#random);
    this.#desk = new Desk(this.state, options.clock, this.#faults);
    // Longer than clients keep connections: one that is closed just as it is used again looks like a fault.
    this.#server.keepAliveTimeout = 75_000;
    const { clients } = options;
    this.#lookup = clients && ((id) => (id === queueClientId ? this.#desk.client : clients(id)));
  }

  /** Its root URL, without a trailing slash. */
  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') {
      throw new Error('the queue simulator is not listening');
    }
    return `http://127.0.0.1:${address.port}`;
  }

  /** Puts equal tasks into a queue, without HTTP; returns their ids. */
  createTasks(taskQueueId: string, options: SimulatedTaskOptions & { count?: number }): string[] {
    const { count = 1, ...task } = options;
    const definition = simulatedTask(taskQueueId, task, this.#clock.now());
    return Array.from({ length: count }, () => this.state.createTask(slugid(this.#random), definition).taskId);
  }

  /** The counts as they are, whatever the dials make the API say. */
  counts(taskQueueId: string): TaskCounts {
    return this.state.counts(taskQueueId);
  }

  /** How the dials stand. */
  get dials(): Readonly<FaultDials> {
    return this.#faults.dials;
  }

  /** Sets the named dials. */
  turnFaults(dials: Partial<FaultDials>): void {
    this.#faults.turn(dials);
    this.#desk.noteStaleness();
  }

  /** Back to a good day. */
  resetFaults(): void {
    this.#faults.reset();
    this.#desk.noteStaleness();
  }

  /**
   * Takes the payload of a worker-removed or worker-stopped message: each run of that worker ends as worker-shutdown and
   * its task waits again. Returns how many; a repeat, or a worker that never claimed, is 0.
   */
  workerGone(message: WorkerName & { workerPoolId: string }): number {
    return this.state.workerGone(message.workerPoolId, message);
  }

  /** Begins to listen on 127.0.0.1. */
  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', resolve);
    });
  }

  /** Ends all connections, hanging ones too. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = await readBody(request);
      const [path = '', query = ''] = (request.url ?? '').split('?', 2);
      if (path.startsWith('/_sim/')) {
        const answer = steer(this, request.method ?? '', path, parseJson(body));
        send(response, answer === undefined ? 404 : 200, answer ?? { message: 'no such lever' });
      } else {
        await this.#answer(request, response, path, query, body);
      }
    } catch (error) {
      this.#refuse(response, error);
    }
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    query: string,
    body: string,
  ): Promise<void> {
    const method = request.method ?? '';
    const found = path.startsWith(basePath) ? findRoute(method, path.slice(basePath.length)) : undefined;
    if (found === undefined) {
      throw new QueueRefusal('ResourceNotFound', 'no such path');
    }
    const { route, params } = found;
    this.counters.calls[route.name] = (this.counters.calls[route.name] ?? 0) + 1;
    const fate = await this.#faults.fateOf(route.name);
    if (fate !== 'answered') {
      this.counters.faults += 1;
      this.#spoil(fate, response);
      return;
    }
    const call: Call = {
      param: (name) => params.get(name) ?? '',
      query: new URLSearchParams(query),
      body: parseJson(body),
      desk: this.#desk,
    };
    send(response, 200, route.answer(call, this.#admit(request, route, call)));
  }

  /** @throws QueueRefusal AuthenticationFailed or InsufficientScopes */
  #admit(request: IncomingMessage, route: Route, call: Call): Caller {
    if (this.#lookup === undefined) {
      return { clientId: 'anonymous', scopes: ['*'] };
    }
    const { method = '', url = '', headers } = request;
    const { host = '', authorization } = headers;
    const caller = authenticate({ method, url, host, authorization }, this.#lookup, this.#clock.now());
    const needed = route.scopes?.(call) ?? { allOf: [] };
    if (!areScopesSatisfied(caller.scopes, needed)) {
      throw new QueueRefusal('InsufficientScopes', `${caller.clientId} lacks scopes: ${JSON.stringify(needed)}`);
    }
    return caller;
  }

  #spoil(fate: 'hangs' | 'cut' | 'fails', response: ServerResponse): void {
    if (fate === 'cut') {
      response.socket?.destroy();
    } else if (fate === 'fails') {
      send(response, this.#faults.dials.errorStatus, errorEnvelope('InternalServerError', 'the queue has a bad day'));
    }
  }

  #refuse(response: ServerResponse, error: unknown): void {
    if (error instanceof URIError) {
      this.#refuse(response, new QueueRefusal('InvalidRequestArguments', 'a percent-escape in the path is malformed'));
    } else if (error instanceof QueueRefusal) {
      this.counters.refusals[error.code] = (this.counters.refusals[error.code] ?? 0) + 1;
      send(response, error.status, errorEnvelope(error.code, error.message));
    } else {
      send(response, 500, errorEnvelope('InternalServerError', `a defect of the simulator: ${String(error)}`));
    }
  }
}

/** A queue simulator that listens on 127.0.0.1. Rejects when the port is taken. */
export async function startQueueSimulator(options: QueueSimulatorOptions): Promise<QueueSimulator> {
  const simulator = new QueueSimulator(options);
  await simulator.listen(options.port ?? 0);
  return simulator;
}
