import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isDateTime, isEmail, readDateTime } from './formats.ts';

// spec: api 0.1
test('an instant may be separated by T, t or a space and end in Z, z or an offset', () => {
  const same = [
    '2026-01-02T03:04:05.678Z',
    '2026-01-02t03:04:05.678z',
    '2026-01-02 03:04:05.678Z',
    '2026-01-02T05:04:05.678+02:00',
    '2026-01-02T05:04:05.678+0200',
    '2026-01-02T05:04:05.678+02',
    '2026-01-01T23:34:05.678-03:30',
    '2026-01-02T03:04:05.6789999Z',
  ];
  for (const text of same) {
    assert.equal(readDateTime(text)?.toISOString(), '2026-01-02T03:04:05.678Z', text);
  }
});

// spec: api 0.1
test('an instant without a zone is read as UTC', () => {
  assert.equal(readDateTime('2026-01-02T03:04:05')?.toISOString(), '2026-01-02T03:04:05.000Z');
});

test('a leap second is the first instant of the next minute', () => {
  assert.equal(readDateTime('2016-12-31T23:59:60Z')?.toISOString(), '2017-01-01T00:00:00.000Z');
});

// spec: api 0.1
test('what is no instant is refused', () => {
  const wrong = [
    '',
    'now',
    '2026-01-02',
    '2026-13-02T03:04:05Z',
    '2026-00-02T03:04:05Z',
    '2026-02-29T03:04:05Z',
    '1900-02-29T03:04:05Z',
    '2026-01-02T24:00:00Z',
    '2026-01-02T03:60:00Z',
    '2026-01-02T03:04:60Z',
    '2026-01-02T03:04Z',
    '2026-01-02T03:04:05+24:00',
    '9999-12-31T23:59:59-01:00',
    '0000-01-01T00:00:00+01:00',
    ' 2026-01-02T03:04:05Z',
    '2026-01-02T03:04:05Z\n',
  ];
  for (const text of wrong) assert.equal(isDateTime(text), false, JSON.stringify(text));
  assert.equal(isDateTime('2024-02-29T03:04:05Z'), true);
});

// spec: api 0.1
test('every instant this service writes is read back as the same instant', () => {
  const dates = fc.date({
    min: new Date('0000-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  });
  fc.assert(fc.property(dates, (date) => readDateTime(date.toISOString())?.getTime() === date.getTime()));
});

// spec: api 0.1
test('an e-mail address needs an @ and a dotted domain', () => {
  for (const text of ['a@b.c', 'team+worker-pools@mozilla.com', "o'x@sub.example.org"]) {
    assert.equal(isEmail(text), true, text);
  }
  for (const text of ['', 'a', 'a@b', '@b.c', 'a@.c', 'a@b.', 'a b@c.d', 'a@b.c\n']) {
    assert.equal(isEmail(text), false, JSON.stringify(text));
  }
});
