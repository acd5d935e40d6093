import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { publishedSchemas } from '#contract/schemas/published.ts';
import type { SchemaName } from '#contract/schemas/published.ts';
import { ApiError } from './errors.ts';
import { refuseViolations, violationsOf } from './validate.ts';

const declaration = { expires: '2026-05-01T00:00:00Z' };

// spec: api 2.5
test('nothing is coerced, stripped or filled in', () => {
  const body = { ...declaration, capacity: '5', more: 1 };
  assert.deepEqual(violationsOf('create-worker-request', body).toSorted(), [
    'data must NOT have additional properties: "more"',
    'data/capacity must be integer',
  ]);
  assert.deepEqual(body, { ...declaration, capacity: '5', more: 1 });
});

// spec: W24
test('what must not be there is named by its place', () => {
  const launchConfig = { region: 'r', launchConfig: { ImageId: 'i', UserData: 'x' } };
  const config = { minCapacity: 0, maxCapacity: 1, launchConfigs: [launchConfig] };
  assert.deepEqual(violationsOf('config-aws', config), [
    'data/launchConfigs/0/launchConfig/UserData must NOT be there',
  ]);
});

test('equal items are found whatever the order of their members, and many items take no time', () => {
  const launchConfig = { region: 'r', launchConfig: { ImageId: 'i' } };
  const turned = { launchConfig: { ImageId: 'i' }, region: 'r' };
  const of = (launchConfigs: unknown[]): unknown => ({ minCapacity: 0, maxCapacity: 1, launchConfigs });
  assert.deepEqual(violationsOf('config-aws', of([launchConfig, { ...launchConfig, region: 's' }])), []);
  assert.match(violationsOf('config-aws', of([launchConfig, turned])).join(), /items ## 0 and 1 are identical/);
  const many = Array.from({ length: 20_000 }, (_, index) => ({ ...launchConfig, region: String(index) }));
  assert.deepEqual(violationsOf('config-aws', of(many)), []);
});

// spec: W42
test('of a body that is made to be wrong in a million ways the first is enough', () => {
  const members = Object.fromEntries(Array.from({ length: 200_000 }, (_, index) => [`a${index}`, 1]));
  const items = Array.from({ length: 200_000 }, () => ({}));
  const config = { minCapacity: 0, maxCapacity: 1 };
  const hostile: [SchemaName, unknown][] = [
    ['create-worker-pool-request', members],
    ['register-worker-request', { workerPoolId: 'a/b', workerIdentityProof: members }],
    ['config-azure', { ...config, launchConfigs: items }],
    ['config-google', { ...config, launchConfigs: items }],
  ];
  for (const [name, value] of hostile) {
    const violations = violationsOf(name, value);
    assert.ok(violations.length >= 2 && violations.length < 20, `${name}: ${violations.length}`);
    assert.match(violations.at(-1) ?? '', /too much/);
  }
  const some = { ...config, launchConfigs: items.slice(0, 1_000) };
  assert.ok(violationsOf('config-google', some).length >= 7_000, 'of what people may have meant all are named');
});

// spec: api 2.5
test('a refusal names the schema by its address and lists the first hundred violations', () => {
  const violations = Array.from({ length: 250 }, (_, index) => `data/${index} is wrong`);
  assert.throws(
    () => refuseViolations('config-aws', violations, 'https://tc.example.com'),
    (error) => {
      assert.ok(error instanceof ApiError && error.code === 'InputValidationError');
      const lines = error.message.split('\n');
      assert.equal(lines[0], '');
      assert.match(lines[2] ?? '', /https:\/\/tc\.example\.com\/schemas\/worker-manager\/v1\/config-aws\.json#$/);
      assert.equal(lines[3], '  * data/0 is wrong');
      assert.equal(lines.length, 104);
      assert.match(lines.at(-1) ?? '', /150 more/);
      return true;
    },
  );
  refuseViolations('config-aws', [], 'https://tc.example.com');
});

test('every schema gives an opinion on every value', () => {
  const names = fc.constantFrom(...(Object.keys(publishedSchemas) as SchemaName[]));
  fc.assert(
    fc.property(names, fc.jsonValue(), (name, value) => {
      for (const violation of violationsOf(name, value)) assert.match(violation, /^data/);
    }),
  );
});
