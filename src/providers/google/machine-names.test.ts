import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { aLaunchRequest } from '#test/conformance/provider/fixtures.ts';
import { bulkRequestId, machineNames } from './machine-names.ts';

const aPoolId = fc.stringMatching(/^[a-zA-Z0-9-_]{1,38}\/[a-zA-Z0-9-_]{1,38}$/);
const anOrder = (orderId: string, workerPoolId: string, count = 1) =>
  aLaunchRequest({ order: { orderId, workerPoolId, count } }).order;

// spec: provisioning 7.3, P-23, P-42
describe('the names of machines', () => {
  test('are valid whatever the pool’s id is, and so are the request ids', () => {
    fc.assert(
      fc.property(fc.uuid(), aPoolId, fc.integer({ min: 1, max: 20 }), (orderId, poolId, count) => {
        for (const { name, requestId } of machineNames(anOrder(orderId, poolId, count))) {
          assert.match(name, /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
          assert.match(requestId, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        }
      }),
    );
  });

  test('are the same for a repeat of the order, and nobody else’s', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.uuid(), { minLength: 2, maxLength: 8 }), aPoolId, (orderIds, poolId) => {
        const all = orderIds.flatMap((orderId) => machineNames(anOrder(orderId, poolId, 5)));
        const again = orderIds.flatMap((orderId) => machineNames(anOrder(orderId, poolId, 5)));
        assert.deepEqual(again, all);
        assert.equal(new Set(all.map(({ name }) => name)).size, 5 * orderIds.length);
        const ids = [
          ...all.map(({ requestId }) => requestId),
          ...orderIds.map((id) => bulkRequestId(anOrder(id, poolId))),
        ];
        assert.equal(new Set(ids).size, 6 * orderIds.length);
      }),
    );
  });

  test('begin with as much of the pool’s id as there is room for', () => {
    const nameFor = (poolId: string): string => machineNames(anOrder('order', poolId))[0]?.name ?? '';
    assert.match(nameFor('proj-taskcluster/gw-ubuntu'), /^proj-taskcluster-gw-ubuntu-[0-9a-v]{24}$/);
    assert.match(nameFor('9Gecko_t/Linux'), /^p-9gecko-t-linux-[0-9a-v]{24}$/);
    assert.match(nameFor(`${'a'.repeat(38)}/${'b'.repeat(38)}`), /^a{38}-[0-9a-v]{24}$/);
  });
});
