import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { callByIds } from './call-by-ids.ts';
import { Ec2Error } from './errors.ts';

const never = new AbortController().signal;

/** A call that EC2 refuses while one of the bad ids is in it, naming as many of them as `names` says. */
function aCall(bad: ReadonlySet<string>, names: (bad: readonly string[]) => readonly string[], code: string) {
  const calls: (readonly string[])[] = [];
  const call = async (ids: readonly string[]): Promise<readonly string[]> => {
    calls.push(ids);
    const found = ids.filter((id) => bad.has(id));
    if (found.length > 0) {
      throw new Ec2Error(code, `The instance IDs '${names(found).join(', ')}' do not exist`, { status: 400 });
    }
    return ids;
  };
  return { calls, call };
}

const idNumber = fc.integer({ min: 0, max: 40 });

describe('a call about many instances', () => {
  test('reaches all that EC2 takes and tells the others, however many of them its error names', async () => {
    const named = fc.constantFrom(
      (bad: readonly string[]) => bad,
      (bad: readonly string[]) => bad.slice(0, 1),
      () => [],
    );
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(idNumber), fc.uniqueArray(idNumber), named, async (all, wrong, names) => {
        const ids = all.map((number) => `i-${number}`);
        const bad = new Set(wrong.map((number) => `i-${number}`));
        const { call, calls } = aCall(bad, names, 'InvalidInstanceID.NotFound');
        const { answers, unknown, failed } = await callByIds(ids, never, call);
        assert.deepEqual(answers.flat().toSorted(), ids.filter((id) => !bad.has(id)).toSorted());
        assert.deepEqual([...unknown].toSorted(), ids.filter((id) => bad.has(id)).toSorted());
        assert.equal(failed.size, 0);
        assert.ok(calls.every((asked) => asked.length > 0));
      }),
    );
  });

  test('costs one more call when EC2 names the unknown ones', async () => {
    const { call, calls } = aCall(new Set(['i-1', 'i-2']), (bad) => bad, 'InvalidInstanceID.NotFound');
    await callByIds(['i-0', 'i-1', 'i-2', 'i-3'], never, call);
    assert.deepEqual(calls, [
      ['i-0', 'i-1', 'i-2', 'i-3'],
      ['i-0', 'i-3'],
    ]);
  });

  test('one that EC2 protects is told with the error, and the others are reached', async () => {
    const { call } = aCall(new Set(['i-1']), (bad) => bad, 'OperationNotPermitted');
    const { answers, unknown, failed } = await callByIds(['i-0', 'i-1', 'i-2'], never, call);
    assert.deepEqual(answers, [['i-0', 'i-2']]);
    assert.equal(unknown.size, 0);
    assert.deepEqual([...failed.keys()], ['i-1']);
  });

  test('an error that is not about ids ends it for all, after one call', async () => {
    for (const code of ['RequestLimitExceeded', 'AuthFailure', 'ECONNRESET']) {
      let calls = 0;
      const { failed } = await callByIds(['i-0', 'i-1'], never, async () => {
        calls += 1;
        throw new Ec2Error(code, 'i-0', code === 'ECONNRESET' ? {} : { status: 503 });
      });
      assert.deepEqual([calls, [...failed.keys()]], [1, ['i-0', 'i-1']]);
    }
  });

  test('a defect and an abort are thrown on', async () => {
    await assert.rejects(
      callByIds(['i-0'], never, () => Promise.reject(new TypeError('defect'))),
      /defect/,
    );
    const reason = new Error('stop');
    const failing = () => Promise.reject(new Ec2Error('ECONNRESET', 'gone'));
    await assert.rejects(callByIds(['i-0'], AbortSignal.abort(reason), failing), (error) => error === reason);
  });
});
