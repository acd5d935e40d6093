import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { matcherOf } from './filters.ts';
import { Form } from './form.ts';
import { instanceTypeOf } from './instance-type.ts';
import { indexAfter } from './paging.ts';
import { defaultRegions, optInRegions, zoneIdOf, zonesOf } from './region.ts';
import { publishedBuckets, Throttle } from './throttle.ts';

test('lists and structures come in the order of their numbers, whatever the order they were sent in', () => {
  const form = Form.parse('A.10=k&A.2=b&A.1=a&B.2.Key=y&B.1.Key=x&B.1.Value=1&C=plain');
  assert.deepEqual(form.list('A'), ['a', 'b', 'k']);
  assert.deepEqual(form.tags('B'), [
    { key: 'x', value: '1' },
    { key: 'y', value: '' },
  ]);
  assert.equal(form.has('B'), true);
  assert.equal(form.has('BB'), false);
  assert.deepEqual(form.list('C'), []);
});

test('a fingerprint depends on all parameters but those named, and not on their order', () => {
  const print = (encoded: string): string => Form.parse(encoded).fingerprint('T');
  assert.equal(print('A=1&B=2&T=x'), print('B=2&A=1&T=y'));
  assert.notEqual(print('A=1&B=2'), print('A=2&B=1'));
  assert.notEqual(print('A=1'), print('A=1&B='));
});

test('a filter value without wildcards matches itself and nothing else', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (value, text) => {
      const escaped = value.replaceAll(/[*?\\]/g, String.raw`\$&`);
      assert.equal(matcherOf([escaped])(text), text === value);
      assert.equal(matcherOf([escaped])(value), true);
      assert.equal(matcherOf([`${escaped}*`])(value + text), true);
    }),
  );
});

test('wildcards stand for any text and for one character', () => {
  const isMatching = matcherOf(['a*c', '?x.y', String.raw`100\*`]);
  assert.deepEqual(['ac', 'abbc', 'a\nc', 'zx.y', '100*'].map(isMatching), [true, true, true, true, true]);
  assert.deepEqual(['ab', 'x.y', 'zxxy', '1000', undefined].map(isMatching), [false, false, false, false, false]);
});

test('a bucket never gives more than its capacity and what flowed in', () => {
  const calls = fc.array(fc.tuple(fc.nat(2000), fc.integer({ min: 1, max: 8 })), { maxLength: 60 });
  fc.assert(
    fc.property(calls, (steps) => {
      const bucket = { capacity: 5, refillPerSecond: 2 };
      const throttle = new Throttle();
      let nowMs = 0;
      let taken = 0;
      for (const [pauseMs, tokens] of steps) {
        nowMs += pauseMs;
        taken += throttle.take('us-west-2', 'RunInstances', bucket, tokens, nowMs) ? tokens : 0;
        assert.ok(taken <= bucket.capacity + (nowMs / 1000) * bucket.refillPerSecond + 1e-9);
      }
    }),
  );
  assert.deepEqual(publishedBuckets['RunInstances:instances'], { capacity: 1000, refillPerSecond: 2 });
});

test('the index behind a position is where the greater ones begin', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(1000)), fc.nat(1000), (numbers, position) => {
      const sorted = numbers.toSorted((a, b) => a - b);
      const index = indexAfter(sorted, position, (number) => number);
      assert.deepEqual(
        sorted.slice(index),
        sorted.filter((number) => number > position),
      );
    }),
  );
});

test('instance types are read from their names', () => {
  const type = (name: string): unknown[] => {
    const { vcpus, architecture, family } = instanceTypeOf(name) ?? {};
    return [vcpus, architecture, family];
  };
  assert.deepEqual(type('m5.large'), [2, 'x86_64', 'Standard']);
  assert.deepEqual(type('c4.4xlarge'), [16, 'x86_64', 'Standard']);
  assert.deepEqual(type('m5d.metal'), [96, 'x86_64', 'Standard']);
  assert.deepEqual(type('m7i.metal-24xl'), [96, 'x86_64', 'Standard']);
  assert.deepEqual(type('t2.micro'), [1, 'x86_64', 'Standard']);
  assert.deepEqual(type('t4g.micro'), [2, 'arm64', 'Standard']);
  assert.deepEqual(type('c7gn.xlarge'), [4, 'arm64', 'Standard']);
  assert.deepEqual(type('g5.48xlarge'), [192, 'x86_64', 'G and VT']);
  assert.deepEqual(type('p4d.24xlarge'), [96, 'x86_64', 'P']);
  assert.deepEqual(type('u-6tb1.metal'), [undefined, undefined, undefined]);
  assert.equal(instanceTypeOf('m5.enormous'), undefined);
  assert.equal(instanceTypeOf('large'), undefined);
});

test('zones have ids that no other zone has', () => {
  const zones = [...defaultRegions, ...optInRegions].flatMap(zonesOf);
  assert.equal(new Set(zones.map(zoneIdOf)).size, zones.length);
  assert.equal(zoneIdOf('ap-northeast-1c'), 'apne1-az2');
  assert.equal(zoneIdOf('eu-central-1a'), 'euc1-az1');
  assert.equal(zoneIdOf('ap-southeast-2b'), 'apse2-az2');
});
