import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KnownOrder } from './launch-store.ts';
import { orphan, orphanGraceMs } from './orphan.ts';
import type { Presence, Sighting } from './provider.ts';
import { showsWithinMs } from './settle.ts';
import { workerStates } from './worker.ts';

const noon = new Date('2026-01-01T12:00:00Z');
const before = (ms: number) => new Date(noon.getTime() - ms);
const old = before(orphanGraceMs);

const aSighting = (sighting: Partial<Sighting> = {}): Sighting => ({
  workerGroup: 'us-west-2',
  workerId: 'i-1',
  presence: 'alive',
  cloudState: 'running',
  orderId: 'order-1',
  launchedAt: old,
  providerData: {},
  ...sighting,
});

const anOrder = (isOpen: boolean): KnownOrder => ({
  orderId: 'order-1',
  workerPoolId: 'proj/pool',
  providerId: 'aws',
  launchConfigId: 'lc',
  scope: 'us-west-2',
  workerGroup: 'us-west-2',
  count: 1,
  capacityPerInstance: 1,
  placedAt: old,
  isOpen,
});

const verdictOf = (sighting: Sighting, facts: Partial<Parameters<typeof orphan>[1]> = {}) => {
  const { kind, reason } = orphan(sighting, { rowState: null, order: null, ...facts }, noon);
  return `${kind}: ${reason.code}`;
};

test('a machine of an order that is not settled is left to whoever settles it', () => {
  assert.equal(verdictOf(aSighting(), { order: anOrder(true) }), 'leave: order-open');
});

// spec: P-48
test('a machine of an order that was settled without it is ended, but not while it is young', () => {
  const order = anOrder(false);
  assert.equal(verdictOf(aSighting({ launchedAt: before(orphanGraceMs - 1) }), { order }), 'wait: young');
  assert.equal(verdictOf(aSighting(), { order }), 'end: lost');
  assert.equal(verdictOf(aSighting({ launchedAt: null }), { order }), 'end: lost');
});

// spec: P-48
test('a machine that lives on behind a stopped worker is ended', () => {
  assert.equal(verdictOf(aSighting({ presence: 'dormant' }), { rowState: 'stopped' }), 'end: left-behind');
  assert.equal(verdictOf(aSighting({ launchedAt: null, orderId: null }), { rowState: 'stopped' }), 'end: left-behind');
  assert.equal(verdictOf(aSighting({ launchedAt: noon }), { rowState: 'stopped' }), 'wait: young');
});

test('a machine whose row came in the meantime is left', () => {
  for (const rowState of ['requested', 'running', 'stopping'] as const) {
    assert.equal(verdictOf(aSighting(), { rowState }), 'leave: has-row');
  }
});

// spec: P-48
test('a machine of an order unknown here, or of none, is reported and never touched', () => {
  assert.equal(verdictOf(aSighting()), 'report: foreign');
  assert.equal(verdictOf(aSighting({ orderId: null })), 'report: foreign');
});

test('a machine that ends by itself is left', () => {
  for (const presence of ['ending', 'gone'] as const) {
    assert.equal(verdictOf(aSighting({ presence }), { order: anOrder(false) }), 'leave: ending');
  }
});

test('the grace outlasts the time in which an order is given up', () => {
  assert.ok(orphanGraceMs > showsWithinMs);
});

// spec: P-48
test('only what is certainly ours is ever ended, and nothing young', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<Presence[]>('alive', 'suspended', 'ending', 'dormant', 'gone'),
      fc.option(fc.constantFrom(...workerStates)),
      fc.option(fc.boolean().map(anOrder)),
      fc.nat({ max: 2 * orphanGraceMs }),
      (presence, rowState, order, ageMs) => {
        const { kind } = orphan(aSighting({ presence, launchedAt: before(ageMs) }), { rowState, order }, noon);
        if (kind !== 'end') return;
        assert.ok(rowState === 'stopped' || (rowState === null && order !== null && !order.isOpen));
        assert.ok(ageMs >= orphanGraceMs);
      },
    ),
  );
});
