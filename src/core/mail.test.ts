import assert from 'node:assert/strict';
import { test } from 'node:test';
import { incidentMail } from './mail.ts';
import type { Problem } from './problem-store.ts';

function mailAbout(special: Partial<Problem> = {}) {
  const problem: Problem = {
    errorId: 'e1',
    workerPoolId: 'proj/linux',
    reported: new Date('2026-03-01T12:00:00Z'),
    kind: 'worker-error',
    title: 'Disk full',
    description: 'nothing\nfits',
    extra: {},
    launchConfigId: null,
    ...special,
  };
  return incidentMail({ problem, owner: 'who@example.com' });
}

// spec: api 7.4, provisioning 10.2
test('a mail says what happened, to which pool, and by what it is found; details only when there are any', () => {
  const { to, subject, content } = mailAbout();
  assert.deepEqual([to, subject], ['who@example.com', 'Taskcluster Worker Manager Error: Disk full']);
  assert.match(content, /\*\*proj\/linux\*\*[^]*\n> nothing\n> fits\n[^]*`e1`/);
  assert.doesNotMatch(content, /```/);
  assert.match(mailAbout({ extra: { code: 'Full' } }).content, /```\n\{\n {2}"code": "Full"\n\}\n```/);
});

test('what a worker says cannot leave its place: not the line of the subject, not the block of the details', () => {
  assert.equal(mailAbout({ title: 'Disk\r\nBcc: all' }).subject, 'Taskcluster Worker Manager Error: Disk Bcc: all');
  const { content } = mailAbout({ extra: { text: 'a ```` [click](http://example.com)' } });
  assert.match(content, /\n`````\n\{[^]*\}\n`````\n/);
});

test('a mail stays of a size that is taken, however much a worker says', () => {
  const { content } = mailAbout({ extra: { text: 'x'.repeat(5_000_000) } });
  assert.ok(content.length < 25_000);
  assert.match(content, /x\n…\n```/);
});
