import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { violationsOf } from '#api/validate.ts';
import { exchangePrefix, exchanges } from '#contract/exchanges.ts';
import { envelopeOf, properties } from './envelope.ts';
import { sampleEvents, workerRunning } from './sample-events.ts';

const addressing = { exchangePrefix, namesPools: false };

describe('the envelope of an event', () => {
  for (const { event, routingKey } of sampleEvents) {
    // spec: api 8.2, 8.3
    test(`${event.exchange} goes to its exchange with its key, and a body that its published schema describes`, () => {
      const envelope = envelopeOf(event, addressing);
      assert.equal(envelope.exchange, `exchange/taskcluster-worker-manager/v1/${event.exchange}`);
      assert.equal(envelope.routingKey, routingKey);
      const body: unknown = JSON.parse(envelope.body.toString('utf8'));
      assert.deepEqual(body, event.payload);
      assert.deepEqual(violationsOf(exchanges[event.exchange].schema, body), []);
    });
  }

  test('there is a sample for every exchange', () => {
    const sampled = sampleEvents.map(({ event }) => event.exchange);
    assert.deepEqual(sampled.toSorted(), Object.keys(exchanges).toSorted());
  });

  // spec: W33
  test('names the pool in messages about pools where that is wanted, and changes no other key', () => {
    for (const { event, routingKey } of sampleEvents) {
      const isAboutPool = event.exchange === 'worker-pool-created' || event.exchange === 'worker-pool-updated';
      const wanted = isAboutPool ? 'primary.aws.proj-x.linux-1._._._._' : routingKey;
      assert.equal(envelopeOf(event, { exchangePrefix, namesPools: true }).routingKey, wanted);
    }
  });

  test('is refused when a value cannot be a word of a routing key', () => {
    assert.throws(() => envelopeOf(workerRunning('a.b'), addressing), RangeError);
  });

  // spec: api 8.1
  test('says that messages outlive the broker, are JSON, and are meant for nobody in particular', () => {
    assert.deepEqual(properties, {
      persistent: true,
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      CC: [],
    });
  });
});
