import * as hawk from 'hawk';
import type { Clock } from '#lib/clock.ts';
import type { HttpCall, HttpCaller } from './http.ts';
import { fromJson, textMember } from './json.ts';
import type { Identity } from './metadata.ts';

/** Credentials ready for signing: the certificate is kept as the header's `ext` only. */
export interface SigningCredentials {
  clientId: string;
  accessToken: string;
  ext: string;
}

/** An answer of a Taskcluster service; status 0 if there was none. */
export interface ApiAnswer {
  status: number;
  body: unknown;
}

/** Credentials as the services hand them out; undefined if the value is none. */
export function signingCredentials(issued: unknown): SigningCredentials | undefined {
  const clientId = textMember(issued, 'clientId');
  const accessToken = textMember(issued, 'accessToken');
  const certificate = fromJson(textMember(issued, 'certificate') ?? '');
  if (clientId === undefined || accessToken === undefined) {
    return undefined;
  }
  const ext = certificate === undefined ? '' : Buffer.from(JSON.stringify({ certificate })).toString('base64');
  return { clientId, accessToken, ext };
}

/** The calls that worker-runner and generic-worker make for one worker, each made once. */
export class WorkerApi {
  readonly #identity: Identity;
  readonly #http: HttpCaller;
  readonly #clock: Clock;
  readonly #queue: string;

  /** `queueUrl`: the queue's root URL where it is not the deployment's. */
  constructor(identity: Identity, http: HttpCaller, clock: Clock, queueUrl: string | undefined) {
    this.#identity = identity;
    this.#http = http;
    this.#clock = clock;
    this.#queue = `${queueUrl ?? identity.rootUrl}/api/queue/v1`;
  }

  /** registerWorker, without credentials: the proof is the right. */
  register(bootedAt: Date): Promise<ApiAnswer> {
    const { workerPoolId, providerId, workerGroup, workerId, proof } = this.#identity;
    return this.#call('POST', `${this.#workerManager}/worker/register`, undefined, {
      workerPoolId,
      providerId,
      workerGroup,
      workerId,
      workerIdentityProof: proof,
      systemBootTime: bootedAt.toISOString(),
    });
  }

  /** reregisterWorker with the secret of the last (re)registration. */
  reregister(secret: string, credentials: SigningCredentials): Promise<ApiAnswer> {
    const { workerPoolId, workerGroup, workerId } = this.#identity;
    const body = { workerPoolId, workerGroup, workerId, secret };
    return this.#call('POST', `${this.#workerManager}/worker/reregister`, credentials, body);
  }

  /** shouldWorkerTerminate. */
  shouldTerminate(credentials: SigningCredentials): Promise<ApiAnswer> {
    return this.#call('GET', `${this.#self}/should-terminate`, credentials);
  }

  /** removeWorker for itself. */
  removeWorker(credentials: SigningCredentials): Promise<ApiAnswer> {
    return this.#call('DELETE', this.#self, credentials);
  }

  /** claimWork for up to `tasks` tasks. */
  claimWork(tasks: number, credentials: SigningCredentials): Promise<ApiAnswer> {
    const { workerPoolId, workerGroup, workerId } = this.#identity;
    const url = `${this.#queue}/claim-work/${encodeURIComponent(workerPoolId)}`;
    return this.#call('POST', url, credentials, { tasks, workerGroup, workerId });
  }

  /** reclaimTask, reportCompleted, reportFailed or reportException, with the credentials of the claim. */
  ofRun(
    run: { taskId: string; runId: number; credentials: SigningCredentials },
    deed: 'reclaim' | 'completed' | 'failed' | 'exception',
    body?: object,
  ): Promise<ApiAnswer> {
    return this.#call('POST', `${this.#queue}/task/${run.taskId}/runs/${run.runId}/${deed}`, run.credentials, body);
  }

  get #workerManager(): string {
    return `${this.#identity.rootUrl}/api/worker-manager/v1`;
  }

  get #self(): string {
    const { workerPoolId, workerGroup, workerId } = this.#identity;
    return `${this.#workerManager}/workers/${encodeURIComponent(workerPoolId)}/${workerGroup}/${workerId}`;
  }

  async #call(
    method: HttpCall['method'],
    url: string,
    credentials?: SigningCredentials,
    body?: object,
  ): Promise<ApiAnswer> {
    const { status, text } = await this.#http.call({
      method,
      url,
      headers: credentials === undefined ? {} : { Authorization: this.#sign(method, url, credentials) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status, body: fromJson(text) };
  }

  #sign(method: string, url: string, { clientId, accessToken, ext }: SigningCredentials): string {
    return hawk.client.header(url, method, {
      credentials: { id: clientId, key: accessToken, algorithm: 'sha256' },
      ext,
      timestamp: Math.floor(this.#clock.now().getTime() / 1000),
    }).header;
  }
}
