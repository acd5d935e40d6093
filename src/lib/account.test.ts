import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { accountIn, accountInsteadOfRoot, canPass } from './account.ts';

const passwd =
  'root:x:0:0:root:/root:/bin/bash\npostgres:x:101:104:,,,:/var/lib:/bin/bash\nbroken\nnobody:x:65534:65534::/:\n';

describe('accounts', () => {
  test('are found by their whole name', () => {
    assert.deepEqual(accountIn(passwd, 'postgres'), { name: 'postgres', uid: 101, gid: 104 });
    assert.equal(accountIn(passwd, 'post'), undefined);
    assert.equal(accountIn(passwd, 'broken'), undefined);
    assert.equal(accountIn(passwd, ''), undefined);
  });

  test('root is told to be somebody else, everybody else may stay', async () => {
    const isRoot = process.getuid?.() === 0;
    const account = await accountInsteadOfRoot(['no-such-account', 'root', 'nobody']);
    assert.equal(account?.name, isRoot ? 'nobody' : undefined);
    if (isRoot) {
      await assert.rejects(accountInsteadOfRoot(['no-such-account']), /none of the accounts no-such-account/);
    }
  });

  test('a directory can be passed when it and all above it let the account through', async (t) => {
    const top = await mkdtemp(join(tmpdir(), 'account-'));
    t.after(() => rm(top, { recursive: true }));
    const inner = join(top, 'inner');
    await mkdir(inner);
    await chmod(inner, 0o755);
    const { uid, gid } = await stat(top);
    const [owner, member, other] = [
      { name: 'owner', uid, gid: gid + 1 },
      { name: 'member', uid: uid + 1, gid },
      { name: 'other', uid: uid + 1, gid: gid + 1 },
    ];
    const whoCanPass = async (mode: number): Promise<boolean[]> => {
      await chmod(top, mode);
      return Promise.all([undefined, owner, member, other].map((account) => canPass(inner, account)));
    };
    assert.deepEqual(await whoCanPass(0o700), [true, true, false, false]);
    assert.deepEqual(await whoCanPass(0o710), [true, true, true, false]);
    assert.deepEqual(await whoCanPass(0o701), [true, true, false, true]);
    assert.deepEqual(await whoCanPass(0o755), [true, true, true, true]);
  });
});
