import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { MailRefused } from '#core/mail.ts';
import { SteppedClock, systemClock } from '#lib/clock.ts';
import { smtpMailer } from './smtp.ts';

const mail = { to: 'who@example.com', subject: 'Something', content: 'It broke.' };
const { signal } = new AbortController();

/** A tiny SMTP server that answers RCPT with a line of ours, and what it took. */
async function aServer(t: TestContext, recipientAnswer: string) {
  const taken: string[] = [];
  const server = createServer((socket) => {
    let isData = false;
    socket.on('error', () => undefined);
    socket.write('220 test ESMTP\r\n');
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\r\n').slice(0, -1)) {
        taken.push(line);
        if (isData) {
          if (line !== '.') continue;
          isData = false;
          socket.write('250 taken\r\n');
        } else if (line === 'DATA') {
          isData = true;
          socket.write('354 go on\r\n');
        } else socket.write(line.startsWith('RCPT') ? `${recipientAnswer}\r\n` : '250 ok\r\n');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const mailer = smtpMailer({
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    from: 'worker-manager@example.com',
    clock: systemClock,
  });
  t.after(() => mailer.close());
  return { mailer, taken };
}

test('a mail goes out by SMTP', async (t) => {
  const { mailer, taken } = await aServer(t, '250 ok');
  await mailer.send(mail, signal);
  assert.ok(taken.includes('MAIL FROM:<worker-manager@example.com>'));
  assert.ok(taken.includes('RCPT TO:<who@example.com>'));
  assert.ok(taken.includes('Subject: Something'));
  assert.ok(taken.includes('It broke.'));
});

test('a recipient refused for good is final, one refused for now is not', async (t) => {
  await assert.rejects((await aServer(t, '550 no such user')).mailer.send(mail, signal), MailRefused);
  await assert.rejects(
    (await aServer(t, '450 mailbox busy')).mailer.send(mail, signal),
    (error) => !(error instanceof MailRefused),
  );
});

test('a server that falls silent holds nobody up for longer than a minute, and nobody who leaves', async (t) => {
  const met = Promise.withResolvers<void>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    met.resolve();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const clock = new SteppedClock(new Date('2026-03-01T12:00:00Z'));
  const url = `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const mailer = smtpMailer({ url, from: 'worker-manager@example.com', clock });
  t.after(() => mailer.close());
  const givenUp = assert.rejects(
    mailer.send(mail, signal),
    (error) => !(error instanceof MailRefused) && /60000 ms/.test(String(error)),
  );
  await met.promise;
  await clock.step(60_000);
  await givenUp;
  const leaving = new AbortController();
  const left = mailer.send(mail, leaving.signal);
  leaving.abort(new Error('the process stops'));
  await assert.rejects(left, /the process stops/);
});
