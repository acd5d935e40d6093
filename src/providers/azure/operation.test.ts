import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import { SteppedClock } from '#lib/clock.ts';
import { DeadlineExceeded } from '#lib/deadline.ts';
import { someSurroundings } from '#test/conformance/provider/fixtures.ts';
import { never } from '#test/conformance/provider/world.ts';
import type { Arm, ArmAnswer } from './arm.ts';
import { ArmError, errorOf } from './errors.ts';
import { ended, launching, operationOf, PollPace, removing } from './operation.ts';
import type { AzureParts } from './parts.ts';

type Headers = Readonly<Record<string, string>>;

function answer(status: number, body: JsonObject = {}, headers: Headers = {}): ArmAnswer {
  return { status, body, header: (name) => headers[name] ?? null };
}

// https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
describe('what a call began', () => {
  test('is followed at the address for its state, else at its location', () => {
    const both = { 'azure-asyncoperation': '/status', location: '/location', 'retry-after': '7' };
    assert.deepEqual(operationOf(answer(202, {}, both)), { url: '/status', kind: 'status', wishMs: 7_000 });
    assert.deepEqual(operationOf(answer(202, {}, { location: '/location' })), {
      url: '/location',
      kind: 'location',
      wishMs: null,
    });
  });

  test('is done when the answer says so, or names nothing to follow', () => {
    assert.equal(operationOf(answer(200)), null);
    const done = { properties: { provisioningState: 'Succeeded' } };
    assert.equal(operationOf(answer(201, done, { 'azure-asyncoperation': '/status' })), null);
  });
});

/** Follows an operation of which the looks say these things, one after the other. */
function following(looks: readonly (ArmAnswer | Error)[], kind: 'status' | 'location' = 'status', limitMs = 60_000) {
  const clock = new SteppedClock(new Date('2026-03-01T00:00:00Z'));
  const startedMs = clock.now().getTime();
  const askedMs: number[] = [];
  const arm: Arm = {
    async send() {
      askedMs.push(clock.now().getTime() - startedMs);
      const look = looks[Math.min(askedMs.length, looks.length) - 1];
      assert.ok(look !== undefined);
      if (look instanceof Error) throw look;
      if (look.status > 299) throw errorOf(look);
      return look;
    },
  };
  const parts: AzureParts = {
    arm,
    providerId: 'azure-1',
    subscriptionId: 's',
    resourceGroupName: 'rg',
    knownGroups: new Set(),
    pace: new PollPace(),
    surroundings: someSurroundings({ clock }),
  };
  const ending = ended(parts, { url: '/status', kind, wishMs: null }, { what: 'x', haste: launching, limitMs }, never);
  ending.catch(() => {});
  return { clock, ending, askedMs };
}

const inProgress = answer(200, { status: 'InProgress' });

// spec: provisioning 8.8
describe('an operation', () => {
  test('is looked at until it has succeeded', async () => {
    const { clock, ending, askedMs } = following([inProgress, inProgress, answer(200, { status: 'Succeeded' })]);
    await clock.step(10_000);
    assert.equal(await ending, 'succeeded');
    assert.deepEqual(askedMs, [250, 750, 1_500]);
  });

  test('that failed is an error with the code that lies innermost', async () => {
    const error = { code: 'Conflict', message: 'w', details: [{ code: 'AllocationFailed', message: 'No place.' }] };
    const { clock, ending } = following([answer(200, { status: 'Failed', error })]);
    await clock.step(10_000);
    await assert.rejects(
      ending,
      (one) => one instanceof ArmError && one.code === 'AllocationFailed' && one.isOperation,
    );
  });

  test('that Azure does not know (any more) has expired', async () => {
    const { clock, ending } = following([inProgress, answer(404)]);
    await clock.step(10_000);
    assert.equal(await ending, 'expired');
  });

  test('goes on when a look gets no answer', async () => {
    const { clock, ending } = following([
      new ArmError('ECONNRESET', 'broke'),
      answer(503),
      answer(429),
      answer(200, { status: 'Succeeded' }),
    ]);
    await clock.step(10_000);
    assert.equal(await ending, 'succeeded');
  });

  test('by its location goes on while that answers 202', async () => {
    const { clock, ending } = following([answer(202), answer(202), answer(200)], 'location');
    await clock.step(10_000);
    assert.equal(await ending, 'succeeded');
  });

  test('that never ends is given up', async () => {
    const { clock, ending } = following([inProgress]);
    await clock.step(70_000);
    await assert.rejects(ending, DeadlineExceeded);
  });
});

describe('the pace of looking', () => {
  test('heeds a wish, as far as the next step can wait', () => {
    const pace = new PollPace();
    assert.equal(pace.waitMs('x', 1, 500, launching), 500);
    assert.equal(pace.waitMs('x', 1, 15_000, launching), launching.longestMs);
  });

  test('first looks when others of the kind have taken as long', () => {
    const pace = new PollPace();
    for (const tookMs of [20_000, 30_000]) {
      pace.enter(launching);
      pace.leave(launching, 'vm.delete', tookMs);
    }
    const [first, second, other] = [
      pace.waitMs('vm.delete', 1, null, launching),
      pace.waitMs('vm.delete', 2, null, launching),
      pace.waitMs('nic.delete', 1, null, launching),
    ];
    assert.ok(first >= 18_000 && first <= 20_000, `${first}`);
    assert.deepEqual([second, other], [500, 250]);
  });

  test('slows down as more are followed, and what hurries does not wait for what does not', () => {
    const pace = new PollPace();
    for (let followed = 0; followed < 500; followed++) pace.enter(launching);
    assert.equal(pace.waitMs('x', 3, null, launching), 50_000);
    assert.equal(pace.waitMs('x', 3, null, removing), removing.longestMs);
  });
});
