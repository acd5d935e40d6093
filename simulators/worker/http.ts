import { Agent, request } from 'node:http';

/** An answer; status 0 if there was none (refused, cut, timed out). */
export interface HttpAnswer {
  status: number;
  text: string;
}

export interface HttpCall {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  url: string;
  headers?: Record<string, string>;
  body?: string;
}

/** Plain HTTP over connections that are kept open: thousands of small calls from one process. */
export class HttpCaller {
  readonly #agent: Agent;
  readonly #timeoutMs: number;

  /** At most `connections` at once to one host; a call without a sign of life for `timeoutMs` (of real time) is given up. */
  constructor(connections: number, timeoutMs: number) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
    this.#timeoutMs = timeoutMs;
  }

  /** Never rejects: that nobody answers is an answer here. */
  async call(call: HttpCall): Promise<HttpAnswer> {
    const first = await this.#once(call);
    // A server may close an idle connection in the moment it is used again; that says nothing about the call.
    return first === 'idle connection lost' ? this.#once(call).then(withoutLoss) : first;
  }

  /** Closes the idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  #once({ method, url, headers = {}, body }: HttpCall): Promise<HttpAnswer | 'idle connection lost'> {
    return new Promise((resolve) => {
      const sent = request(url, { method, agent: this.#agent, headers: { ...headers, ...bodyHeaders(body) } });
      sent.setTimeout(this.#timeoutMs, () => sent.destroy());
      sent.on('error', (error: NodeJS.ErrnoException) => {
        const isLost = sent.reusedSocket && error.code === 'ECONNRESET';
        resolve(isLost ? 'idle connection lost' : { status: 0, text: error.message });
      });
      sent.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', (error) => resolve({ status: 0, text: error.message }));
      });
      sent.end(body);
    });
  }
}

function withoutLoss(answer: HttpAnswer | 'idle connection lost'): HttpAnswer {
  return answer === 'idle connection lost' ? { status: 0, text: answer } : answer;
}

function bodyHeaders(body: string | undefined): Record<string, string> {
  return body === undefined
    ? {}
    : { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)) };
}
