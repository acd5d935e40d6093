import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { MailRefused } from '#core/mail.ts';
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
