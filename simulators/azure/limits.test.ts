import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seed } from '#test/seed.ts';
import { Limits } from './limits.ts';
import { aVm, group, rigAzure } from './rig.ts';

const groups = '/resourcegroups';
const vm = `/resourceGroups/${group}/providers/Microsoft.Compute/virtualMachines/vm`;

test('reads are limited to 250 and 25 a second, and each answer says how many are left', async (t) => {
  const { rest, clock } = await rigAzure(t);
  const left = async () => (await rest('GET', groups)).headers.get('x-ms-ratelimit-remaining-subscription-reads');
  assert.equal(await left(), '249');
  for (let call = 1; call < 250; call++) {
    await rest('GET', groups);
  }
  const refused = await rest('GET', groups);
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '1']);
  assert.equal(refused.json['error']?.['code'], 'SubscriptionRequestsThrottled');
  await clock.step(1000);
  assert.equal(await left(), '24');
});

test('writes and deletes have buckets of their own', async (t) => {
  const { rest } = await rigAzure(t);
  const written = await rest('PUT', `${groups}/rg-2`, { location: 'eastus' });
  assert.equal(written.headers.get('x-ms-ratelimit-remaining-subscription-writes'), '199');
  const deleted = await rest('DELETE', `${groups}/rg-2`);
  assert.equal(deleted.headers.get('x-ms-ratelimit-remaining-subscription-deletes'), '199');
});

test('the compute provider limits each machine and all of them, and refuses in its own words', async (t) => {
  const rig = await rigAzure(t);
  const { rest, clock } = rig;
  await aVm(rig, 'vm');
  await clock.step(600_000);
  const answer = await rest('GET', vm);
  assert.equal(
    answer.headers.get('x-ms-ratelimit-remaining-resource'),
    'Microsoft.Compute/LowCostGetSubscriptionMaximum;23999,Microsoft.Compute/LowCostGetResource;35',
  );
  for (let call = 1; call < 36; call++) {
    await rest('GET', vm);
  }
  const refused = await rest('GET', vm);
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '5']);
  assert.equal(refused.json['error']?.['code'], 'OperationNotAllowed');
  const detail = refused.json['error']?.['details']?.['0'];
  assert.deepEqual([detail?.['code'], detail?.['target']], ['TooManyRequests', 'LowCostGetResource']);
  await clock.step(5000);
  assert.equal((await rest('GET', vm)).status, 200);
  const listed = await rest('GET', '/providers/Microsoft.Compute/virtualMachines');
  assert.match(listed.headers.get('x-ms-ratelimit-remaining-resource') ?? '', /HighCostGetSubscriptionMaximum;899/);
});

test('limits can be changed and switched off', async (t) => {
  const { rest, azure } = await rigAzure(t, { dials: { buckets: { reads: { capacity: 1, refillPerSecond: 0.1 } } } });
  assert.equal((await rest('GET', groups)).status, 200);
  const refused = await rest('GET', groups);
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '10']);
  azure.faults.turn({ isThrottling: false });
  const free = await rest('GET', groups);
  assert.deepEqual([free.status, free.headers.get('x-ms-ratelimit-remaining-subscription-reads')], [200, null]);
});

test('no bucket gives more than its capacity and what flows in', () => {
  const bucket = fc.record({
    capacity: fc.integer({ min: 1, max: 50 }),
    refillPerSecond: fc.double({ min: 0.1, max: 20, noNaN: true }),
  });
  const steps = fc.array(fc.integer({ min: 0, max: 2000 }), { maxLength: 200 });
  fc.assert(
    fc.property(bucket, steps, (measures, waits) => {
      const limits = new Limits();
      let nowMs = 0;
      let taken = 0;
      for (const waitMs of waits) {
        nowMs += waitMs;
        const outcome = limits.take([{ bucket: 'b', of: '' }], () => measures, nowMs);
        if ('left' in outcome) {
          taken += 1;
          assert.ok((outcome.left[0]?.tokens ?? -1) >= 0);
        } else {
          const later = limits.take([{ bucket: 'b', of: '' }], () => measures, nowMs + outcome.waitSeconds * 1000);
          assert.ok('left' in later);
          nowMs += outcome.waitSeconds * 1000;
          taken += 1;
        }
      }
      assert.ok(taken <= measures.capacity + (nowMs / 1000) * measures.refillPerSecond + 1e-6);
    }),
    { seed },
  );
});
