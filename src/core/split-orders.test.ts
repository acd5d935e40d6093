import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Choice } from './select.ts';
import { splitOrders } from './split-orders.ts';

const aChoice = (launchConfigId: string, instances: number): Choice => ({
  launchConfigId,
  instances,
  capacityPerInstance: 2,
  probes: [],
  reason: { code: 'drawn', text: 'drawn' },
});

const termsFor = (maxPerOrder: number) => {
  let ids = 0;
  return {
    workerPoolId: 'proj/pool',
    providerId: 'aws',
    places: new Map([
      ['a', { workerGroup: 'us-west-2', scope: 'us-west-2' }],
      ['b', { workerGroup: 'us-east-1', scope: 'us-east-1' }],
    ]),
    maxPerOrder,
    newId: () => `id-${(ids += 1)}`,
  };
};

test('an order carries everything that is known of its machines', () => {
  assert.deepEqual(splitOrders([aChoice('a', 3)], termsFor(10)), [
    {
      orderId: 'id-1',
      workerPoolId: 'proj/pool',
      providerId: 'aws',
      launchConfigId: 'a',
      scope: 'us-west-2',
      workerGroup: 'us-west-2',
      count: 3,
      capacityPerInstance: 2,
    },
  ]);
});

test('a launch config without a place is a defect of the caller', () => {
  assert.throws(() => splitOrders([aChoice('c', 1)], termsFor(10)), /launch config c has no place/);
});

test('orders have ids of their own, are as few as can be, nearly equal, and lose no machine', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.nat({ max: 3000 }), fc.nat({ max: 3000 }), (most, a, b) => {
      const orders = splitOrders([aChoice('a', a), aChoice('b', b)], termsFor(most));
      const countsOf = (id: string) =>
        orders.filter((order) => order.launchConfigId === id).map((order) => order.count);
      for (const [id, instances] of [
        ['a', a],
        ['b', b],
      ] as const) {
        const counts = countsOf(id);
        assert.equal(counts.length, Math.ceil(instances / most));
        assert.equal(
          counts.reduce((sum, count) => sum + count, 0),
          instances,
        );
        assert.ok(counts.every((count) => count >= 1 && count <= most));
        assert.ok(Math.max(0, ...counts) - Math.min(Infinity, ...counts) <= 1);
      }
      assert.equal(new Set(orders.map((order) => order.orderId)).size, orders.length);
    }),
  );
});
