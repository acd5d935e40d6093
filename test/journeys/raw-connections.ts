import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** What came back; status 0: nothing, the connection was closed. */
export interface RawAnswer {
  status: number;
  /** Names in lower case; of several of one name the last. */
  headers: Readonly<Record<string, string>>;
  /** Unzipped. */
  text: string;
}

/** Bytes to send as one request. */
export interface RawRequest {
  bytes: Buffer;
  /** Answers to it have no body. */
  isHead: boolean;
}

const headEnd = Buffer.from('\r\n\r\n');

/** One connection that is kept open from answer to answer; a new one is made when the server has closed it. */
class RawConnection {
  readonly #port: number;
  #socket: Socket | undefined;
  #received = Buffer.alloc(0);
  #chunks: Buffer[] = [];
  #isHead = false;
  #answered: ((answer: RawAnswer) => void) | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  send({ bytes, isHead }: RawRequest): Promise<RawAnswer> {
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.#isHead = isHead;
      this.#socket ??= this.#open();
      this.#socket.write(bytes);
    });
  }

  close(): void {
    this.#socket?.destroy();
  }

  #open(): Socket {
    const socket = connect(this.#port, '127.0.0.1');
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#read(false);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.#read(true);
      this.#received = Buffer.alloc(0);
    });
    return socket;
  }

  #read(isClosed: boolean): void {
    this.#received = Buffer.concat([this.#received, ...this.#chunks]);
    this.#chunks = [];
    const found = readAnswer(this.#received, this.#isHead, isClosed);
    if (found === undefined) return;
    this.#received = this.#received.subarray(found.length);
    // An answer that does not say that it stays open is followed by an end.
    if (found.answer.headers['connection'] !== 'keep-alive') {
      this.#socket?.destroy();
      this.#socket = undefined;
      this.#received = Buffer.alloc(0);
    }
    const answered = this.#answered;
    this.#answered = undefined;
    answered?.(found.answer);
  }
}

/** The answer at the beginning of what was received, if it is whole. */
function readAnswer(
  bytes: Buffer,
  isHead: boolean,
  isClosed: boolean,
): { answer: RawAnswer; length: number } | undefined {
  const end = bytes.indexOf(headEnd);
  if (end === -1) return isClosed ? { answer: nothing, length: bytes.length } : undefined;
  const { status, headers } = readHead(bytes.toString('latin1', 0, end));
  const start = end + headEnd.length;
  const size = isHead || status === 304 ? 0 : Number(headers['content-length']);
  if (Number.isNaN(size)) throw new Error(`an answer without length: ${status} ${JSON.stringify(headers)}`);
  const isWhole = bytes.length >= start + size;
  if (!isWhole) return isClosed ? { answer: nothing, length: bytes.length } : undefined;
  const body = bytes.subarray(start, start + size);
  const isZipped = headers['content-encoding'] === 'gzip' && size > 0;
  return { answer: { status, headers, text: (isZipped ? gunzipSync(body) : body).toString() }, length: start + size };
}

const nothing: RawAnswer = { status: 0, headers: {}, text: '' };

function readHead(head: string): Pick<RawAnswer, 'status' | 'headers'> {
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { status: Number(statusLine.split(' ')[1]), headers: Object.fromEntries(headers) };
}

/** Sends raw bytes over a few connections, as many requests at once. */
export class RawConnections {
  readonly #connections: readonly RawConnection[];

  constructor(url: string, count: number) {
    const port = Number(new URL(url).port);
    this.#connections = Array.from({ length: count }, () => new RawConnection(port));
  }

  /** Sends all of them, and gives each one's answer. */
  async sendAll(requests: readonly RawRequest[]): Promise<RawAnswer[]> {
    const answers: RawAnswer[] = [];
    let next = 0;
    await Promise.all(
      this.#connections.map(async (connection) => {
        for (let index = next++; index < requests.length; index = next++) {
          const request = requests[index];
          if (request !== undefined) answers[index] = await connection.send(request);
        }
      }),
    );
    return answers;
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }
}
