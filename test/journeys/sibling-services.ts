import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { localAuthenticator } from '#access/local-authenticator.ts';
import type { LocalClient } from '#access/local-authenticator.ts';
import type { SignedRequest } from '#access/signed-request.ts';
import { systemClock } from '#lib/clock.ts';

/** A mail as the notify service is asked to send it (`POST /api/notify/v1/email`). */
interface SentMail {
  address: string;
  subject: string;
  content: string;
}

/** The part of auth's and notify's APIs that the service calls, on one root URL as in a deployment. */
export class SiblingServices {
  /** What auth knows; may be changed while it runs. */
  readonly clients: LocalClient[];
  readonly anonymousScopes: readonly string[];
  readonly mails: SentMail[] = [];
  /** What was asked of auth, oldest first. */
  readonly questions: SignedRequest[] = [];
  /** With what notify answers, or that it breaks the connection. */
  notifyAnswers: number | 'nothing' = 200;
  isAuthAway = false;
  /** Calls of notify that had no effect. */
  refusedMails = 0;
  readonly #server: Server;

  constructor(clients: readonly LocalClient[], anonymousScopes: readonly string[]) {
    this.clients = [...clients];
    this.anonymousScopes = anonymousScopes;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** Begins to listen. @returns the root URL. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'GET') {
      const status = request.url === '/api/auth/v1/ping' ? 200 : 404;
      response.writeHead(this.isAuthAway ? 503 : status, { 'content-type': 'application/json' }).end('{"alive":true}');
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
    if (request.url === '/api/auth/v1/authenticate-hawk') await this.#authenticate(body as SignedRequest, response);
    else if (request.url === '/api/notify/v1/email') this.#mail(body as SentMail, response);
    else response.writeHead(404).end('{}');
  }

  /** By the rules of the auth service, which are those of clients that are known locally (spec/api.md 3.1). */
  async #authenticate(question: SignedRequest, response: ServerResponse): Promise<void> {
    this.questions.push(question);
    if (this.isAuthAway) {
      response.writeHead(503).end('{}');
      return;
    }
    const authenticator = localAuthenticator(this.clients, this.anonymousScopes, systemClock);
    const found = await authenticator.authenticate({ ...question, method: question.method.toUpperCase() });
    const soon = new Date(systemClock.now().getTime() + 900_000).toISOString();
    const expires = found.status === 'success' && found.expires !== null ? found.expires.toISOString() : soon;
    const answers = {
      failed: () => ({ status: 'auth-failed', message: found.status === 'failed' ? found.message : '' }),
      anonymous: () => ({ status: 'no-auth', scheme: 'none', scopes: this.anonymousScopes, expires: soon }),
      success: () => ({ ...found, status: 'auth-success', scheme: 'hawk', expires }),
    };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answers[found.status]()));
  }

  #mail(mail: SentMail, response: ServerResponse): void {
    if (this.notifyAnswers === 200) {
      this.mails.push(mail);
      response.writeHead(200).end('{}');
      return;
    }
    this.refusedMails += 1;
    if (this.notifyAnswers === 'nothing') response.destroy();
    else response.writeHead(this.notifyAnswers).end('{}');
  }
}
