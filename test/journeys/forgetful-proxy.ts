import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands before a server and sometimes loses what it answers. */
export interface ForgetfulProxy {
  url: string;
  /**
   * The answers to the next calls are lost: the server has done what was asked, and the caller gets this status, or a broken connection.
   */
  lose(...instead: readonly (number | 'reset')[]): void;
  /** The statuses that the server gave, lost ones too, since the last time this was asked. */
  seen(): number[];
}

/** Starts a proxy before the server at `target`; it ends with the test. */
export async function startForgetfulProxy(
  t: { after(run: () => Promise<void>): void },
  target: string,
): Promise<ForgetfulProxy> {
  const { hostname, port } = new URL(target);
  const losses: (number | 'reset')[] = [];
  let statuses: number[] = [];
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    const passed = httpRequest({ hostname, port, method, path: url, headers }, (answer) => {
      statuses.push(answer.statusCode ?? 0);
      giveOrLose(losses.shift(), answer, response);
    });
    passed.on('error', () => response.destroy());
    request.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lose: (...instead) => void losses.push(...instead),
    seen() {
      const seen = statuses;
      statuses = [];
      return seen;
    },
  };
}

function giveOrLose(loss: number | 'reset' | undefined, answer: IncomingMessage, response: ServerResponse): void {
  if (loss === undefined) {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
    return;
  }
  answer.resume();
  answer.on('end', () => {
    if (loss === 'reset') response.destroy();
    else response.writeHead(loss, { 'content-type': 'application/json' }).end('{"code": "Lost", "message": "lost"}');
  });
}
