import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { azureTime } from '#simulators/azure/attestation.ts';
import { readAzureTime } from './attested-facts.ts';

// spec: provisioning 8.12, P-36
describe('a time in Azure’s form', () => {
  test('is read as it was written, to the second', () => {
    const seconds = fc.integer({ min: Date.UTC(2000, 0) / 1000, max: Date.UTC(2100, 0) / 1000 - 1 });
    fc.assert(
      fc.property(seconds, (second) => {
        const instant = new Date(second * 1000);
        assert.deepEqual(readAzureTime(azureTime(instant)), instant);
      }),
    );
  });

  test('counts from its own time zone', () => {
    const read = (zone: string): string | undefined => readAzureTime(`07/28/26 13:24:00 ${zone}`)?.toISOString();
    assert.equal(read('-0000'), '2026-07-28T13:24:00.000Z');
    assert.equal(read('+0000'), '2026-07-28T13:24:00.000Z');
    assert.equal(read('+0530'), '2026-07-28T07:54:00.000Z');
    assert.equal(read('-0800'), '2026-07-28T21:24:00.000Z');
  });

  test('is none in any other form, and of no day or hour that there is not', () => {
    for (const text of [
      '',
      '7/28/26 13:24:00 -0000',
      '07/28/2026 13:24:00 -0000',
      '07-28-26 13:24:00 -0000',
      '2026-07-28T13:24:00Z',
      '07/28/26 13:24:00',
      '07/28/26 13:24:00 Z',
      '07/28/26 13:24:00 -00:00',
      '07/28/26 13:24 -0000',
      '07/28/26  13:24:00 -0000',
      ' 07/28/26 13:24:00 -0000',
      '07/28/26 13:24:00 -0000 ',
      '28/07/26 13:24:00 -0000',
      '02/29/26 13:24:00 -0000',
      '00/01/26 13:24:00 -0000',
      '07/28/26 24:00:00 -0000',
      '07/28/26 13:60:00 -0000',
      '07/28/26 13:24:60 -0000',
      '07/28/26 13:24:00 +0060',
      '07/28/26 13:24:00 +2400',
      '07/28/26 ::::::21 -0000',
      '٠٧/28/26 13:24:00 -0000',
    ]) {
      assert.equal(readAzureTime(text), null, text);
    }
    assert.notEqual(readAzureTime('02/29/28 13:24:00 -0000'), null);
  });

  test('that is any text at all is read or none', () => {
    fc.assert(fc.property(fc.string(), (text) => readAzureTime(text) === null));
  });
});
