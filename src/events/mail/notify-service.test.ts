import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { MailRefused } from '#core/mail.ts';
import { systemClock } from '#lib/clock.ts';
import { notifyServiceMailer } from './notify-service.ts';

const mail = { to: 'who@example.com', subject: 'Something', content: 'It *broke*.' };
const { signal } = new AbortController();

/** A notify service that answers with a status; and what it was sent. */
async function aNotifyService(t: TestContext, status: number) {
  const requests: { request: IncomingMessage; body: unknown }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({ request, body: JSON.parse(Buffer.concat(chunks).toString()) });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const rootUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { clientId: 'static/worker-manager', accessToken: 'token' };
  return { mailer: notifyServiceMailer({ rootUrl, credentials, clock: systemClock }), requests };
}

test('a mail is one signed call of the notify service', async (t) => {
  const { mailer, requests } = await aNotifyService(t, 200);
  await mailer.send(mail, signal);
  const [sent] = requests;
  assert.equal(`${sent?.request.method} ${sent?.request.url}`, 'POST /api/notify/v1/email');
  assert.match(sent?.request.headers.authorization ?? '', /^Hawk id="static\/worker-manager"/);
  assert.deepEqual(sent?.body, { address: 'who@example.com', subject: 'Something', content: 'It *broke*.' });
});

test('an address that is not taken is final; a service that is away or does not know us is not', async (t) => {
  await assert.rejects((await aNotifyService(t, 400)).mailer.send(mail, signal), MailRefused);
  for (const status of [401, 403, 429, 500, 503]) {
    const { mailer } = await aNotifyService(t, status);
    await assert.rejects(mailer.send(mail, signal), (error) => !(error instanceof MailRefused));
  }
});
