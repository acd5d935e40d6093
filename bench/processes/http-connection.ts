import { connect } from 'node:net';
import type { Socket } from 'node:net';

const endOfHead = '\r\n\r\n';

/**
 * One HTTP/1.1 connection that is kept open, with one request at a time on it. Written by hand, without parsing more than status and length: the
 * load shares two cores with what it measures, and Node's own client would take as much of them as the server.
 */
export class HttpConnection {
  readonly #socket: Socket;
  #waiting: { resolve: (status: number) => void; reject: (error: Error) => void } | undefined;
  #head = '';
  /** Bytes of the answer still to come; null while its head has not been read. */
  #left: number | null = null;
  #status = 0;

  constructor({ hostname, port }: { hostname: string; port: string }) {
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.#socket.on('data', (chunk) => this.#read(chunk));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the connection was closed')));
  }

  /** Whether it can still be used: a server closes what nobody has used for a while. */
  get isOpen(): boolean {
    return this.#socket.writable;
  }

  /** Sends a whole request. @returns the status of its answer, once all of it has arrived. */
  send(request: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  #read(chunk: Buffer): void {
    if (this.#left === null) {
      const before = this.#head.length;
      this.#head += chunk.toString('latin1');
      const end = this.#head.indexOf(endOfHead);
      if (end < 0) return;
      const head = this.#head.slice(0, end);
      this.#status = Number(head.slice('HTTP/1.1 '.length, 'HTTP/1.1 '.length + 3));
      const [, length] = /\r\ncontent-length: (\d+)/i.exec(head) ?? [];
      if (length === undefined) return this.#fail(new Error(`an answer without length: ${head}`));
      this.#left = Number(length) - (before + chunk.length - end - endOfHead.length);
    } else {
      this.#left -= chunk.length;
    }
    if (this.#left > 0) return;
    this.#head = '';
    this.#left = null;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(this.#status);
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}
