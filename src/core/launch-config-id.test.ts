import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from './json.ts';
import { jsonbText, launchConfigIdOf } from './launch-config-id.ts';

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

// The two vectors of spec/api.md 6.2.
const plain: JsonObject = { region: 'us-west-2', launchConfig: { ImageId: 'ami-1' } };
const odd: JsonObject = {
  zone: 'us-east1-a',
  region: 'us-east1',
  disks: [{ autoDelete: true, sizeGb: 10.5 }, null],
  workerConfig: {
    naïve: 'tab\tquote"slash/back\\',
    big: 1e21,
    small: 0.000001,
    neg: -0.5,
  },
  workerManager: { initialWeight: 0.5 },
  capacityPerInstance: 2,
};

// spec: api 6.2
test('a launch config without an id gets the id that an existing deployment would give it', () => {
  assert.equal(launchConfigIdOf('aa/bb', plain, md5), 'lc-69fc396b949b700ccb6e');
  assert.equal(launchConfigIdOf('proj-x/linux-1', odd, md5), 'lc-6b5824d142035a057113');
});

// spec: api 6.2
test('the canonical text sorts keys by length and then bytewise, and writes numbers without exponent', () => {
  const { workerManager: _, ...content } = odd;
  assert.equal(
    jsonbText(content),
    '{"zone": "us-east1-a", "disks": [{"sizeGb": 10.5, "autoDelete": true}, null], "region": "us-east1", "workerConfig": {"big": 1000000000000000000000, "neg": -0.5, "small": 0.000001, "naïve": "tab\\tquote\\"slash/back\\\\"}, "capacityPerInstance": 2}',
  );
  assert.equal(
    jsonbText([-0, 1e-7, 1.5e-10, 1.25e22, -1e21, 5]),
    '[0, 0.0000001, 0.00000000015, 12500000000000000000000, -1000000000000000000000, 5]',
  );
  assert.equal(jsonbText('\u0001\u001f\b\f\n\r\t\u007f/é'), '"\\u0001\\u001f\\b\\f\\n\\r\\t\u007f/é"');
  assert.equal(jsonbText({ ab: 1, b: 2, é: 3, z: [], '': {} }), '{"": {}, "b": 2, "z": [], "ab": 1, "é": 3}');
});

// spec: api 6.2
test('an id that the owner gave is used as it is', () => {
  const launchConfig = { ...plain, workerManager: { launchConfigId: 'mine' } };
  assert.equal(launchConfigIdOf('aa/bb', launchConfig, md5), 'mine');
});

const content = fc.dictionary(
  fc.string().filter((key) => key !== 'workerManager'),
  fc.jsonValue() as fc.Arbitrary<JsonValue>,
);

// spec: api 6.2
test('workerManager does not count for the id, the order of keys neither', () => {
  fc.assert(
    fc.property(content, fc.double({ min: 0, max: 1 }), (launchConfig, initialWeight) => {
      const id = launchConfigIdOf('aa/bb', launchConfig, md5);
      const turned = Object.fromEntries(Object.entries(launchConfig).toReversed());
      assert.equal(launchConfigIdOf('aa/bb', { workerManager: { initialWeight }, ...turned }, md5), id);
      assert.match(id, /^lc-[0-9a-f]{20}$/);
    }),
  );
});

// spec: api 6.2
test('the same content in another pool, and other content in the same pool, have other ids', () => {
  fc.assert(
    fc.property(content, (launchConfig) => {
      const id = launchConfigIdOf('aa/bb', launchConfig, md5);
      assert.notEqual(launchConfigIdOf('aa/bc', launchConfig, md5), id);
      assert.notEqual(launchConfigIdOf('aa/bb', { ...launchConfig, extra: [launchConfig] }, md5), id);
    }),
  );
});

test('the canonical text is JSON for the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue() as fc.Arbitrary<JsonValue>, (value) => {
      assert.deepEqual(JSON.parse(jsonbText(value)), JSON.parse(JSON.stringify(value)));
    }),
  );
});
