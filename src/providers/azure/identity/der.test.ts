import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import * as der from '#simulators/der.ts';
import {
  DerReader,
  MalformedDer,
  readAlgorithm,
  readBoolean,
  readObjectId,
  readOnly,
  readSmallInteger,
} from './der.ts';

const bytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const malformed = (read: () => unknown): void => assert.throws(read, MalformedDer);
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

// spec: provisioning 8.12
describe('DER', () => {
  test('of any length is read as it was written', () => {
    fc.assert(
      fc.property(fc.array(bytes(300), { maxLength: 20 }), (contents) => {
        const element = readOnly(der.sequence(...contents.map(der.octetString)), 'sequence');
        const read = new DerReader(element.content).takeAll();
        assert.deepEqual(
          read.map(({ tag, content }) => [tag, content]),
          contents.map((content) => [0x04, content]),
        );
      }),
    );
    const long = readOnly(der.octetString(Buffer.alloc(70_000, 1)), 'octetString');
    assert.equal(long.content.length, 70_000);
  });

  test('with anything missing or left over is malformed', () => {
    fc.assert(
      fc.property(bytes(300), bytes(10), fc.nat(), (content, more, cut) => {
        const whole = der.octetString(content);
        malformed(() => readOnly(whole.subarray(0, cut % whole.length), 'octetString'));
        if (more.length > 0) malformed(() => readOnly(Buffer.concat([whole, more]), 'octetString'));
        malformed(() => readOnly(whole, 'sequence'));
      }),
    );
  });

  test('has one way to write each length', () => {
    for (const written of [
      '04 80 00 00',
      '04 81 01 00',
      '04 82 00 81',
      '04 84 00 00 00 01 00',
      '04 83 00 01 00',
      '04 ff',
      '04',
    ]) {
      malformed(() => readOnly(Buffer.concat([hex(written), Buffer.alloc(300)]), 'octetString'));
      malformed(() => new DerReader(hex(written)).takeAny());
    }
  });

  test('of any bytes at all is read or malformed', () => {
    fc.assert(
      fc.property(bytes(60), (noise) => {
        try {
          new DerReader(noise).takeAll();
        } catch (error) {
          assert.ok(error instanceof MalformedDer);
        }
      }),
    );
  });

  test('names objects in dots', () => {
    const arc = fc.nat(2 ** 31);
    fc.assert(
      fc.property(fc.nat(2), fc.nat(39), fc.array(arc, { maxLength: 10 }), (first, second, others) => {
        const dotted = [first, second, ...others].join('.');
        assert.equal(readObjectId(readOnly(der.objectId(dotted), 'objectIdentifier')), dotted);
      }),
    );
    const read = (content: string) => () => readObjectId({ tag: 6, content: hex(content), whole: hex('') });
    for (const content of ['', '80 01', '2a 80 01', '2a 86', `2a ${'ff '.repeat(20)} 7f`]) malformed(read(content));
  });

  test('names algorithms with parameters that say nothing', () => {
    const id = der.objectId('1.2.3');
    const read = (...parts: readonly Buffer[]): string =>
      readAlgorithm(readOnly(der.sequence(id, ...parts), 'sequence'));
    assert.equal(read(), '1.2.3');
    assert.equal(read(der.nothing()), '1.2.3');
    for (const parameters of [der.integer(1), hex('05 01 00'), Buffer.concat([der.nothing(), der.nothing()])]) {
      malformed(() => read(parameters));
    }
  });

  test('has small numbers and truths of one byte', () => {
    const small = (content: string) => readSmallInteger({ tag: 2, content: hex(content), whole: hex('') });
    const truth = (content: string) => readBoolean({ tag: 1, content: hex(content), whole: hex('') });
    assert.deepEqual([small('00'), small('7f'), truth('00'), truth('ff')], [0, 127, false, true]);
    for (const content of ['', '80', '00 01']) malformed(() => small(content));
    for (const content of ['', '01', 'ff ff']) malformed(() => truth(content));
  });
});
