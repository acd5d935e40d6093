import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { seed } from '#test/seed.ts';
import { certificateProblem, createTemporaryCredentials, derivedAccessToken, isCertificate } from './certificate.ts';
import type { Certificate } from './certificate.ts';

// The vectors of spec/api.md 3.3.
const issuer = { clientId: 'static/taskcluster/worker-manager', accessToken: 'issuer-access-token-for-tests' };
const name = 'worker/static/aa/bb/g/w';
const terms = {
  name,
  scopes: ['queue:claim-work:aa/bb', 'assume:worker-id:g/w'],
  start: new Date(1_700_000_000_000),
  expiry: new Date(1_700_003_600_000),
  seed: 'AAAAAAAAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBBBBBBB',
};
const now = new Date(1_700_000_600_000);
const mayIssue = { ...issuer, scopes: ['auth:create-client:worker/*', 'queue:claim-work:*', 'assume:worker-id:*'] };

function certificateOf(change: Partial<typeof terms> = {}): Certificate {
  const certificate: unknown = JSON.parse(createTemporaryCredentials(issuer, { ...terms, ...change }).certificate);
  assert.ok(isCertificate(certificate));
  return certificate;
}

// spec: api 3.3
test('named credentials are signed and derived as everybody expects', () => {
  const credentials = createTemporaryCredentials(issuer, terms);
  assert.deepEqual(JSON.parse(credentials.certificate), {
    version: 1,
    scopes: terms.scopes,
    start: 1_700_000_000_000,
    expiry: 1_700_003_600_000,
    seed: terms.seed,
    issuer: issuer.clientId,
    signature: 'rUqMFIm/km6CDEp5bXe1JsdS48CsqPOx1RB0pQHbOso=',
  });
  assert.equal(credentials.clientId, name);
  assert.equal(credentials.accessToken, 'HujFdvo7fBr4U4Fvr_Z6Ah4lWZZyB5IUR0IE0qBxwQ8');
  assert.equal(derivedAccessToken(issuer.accessToken, terms.seed), credentials.accessToken);
});

// spec: api 3.3
test('unnamed credentials carry no issuer and act as theirs', () => {
  const { name: _, ...unnamed } = terms;
  const credentials = createTemporaryCredentials(issuer, unnamed);
  const certificate = JSON.parse(credentials.certificate) as Certificate;
  assert.equal(certificate.signature, 'zKimxd7oWUa4WiWIIDkzNiqQsu3BeZr5F2C7/LOvuh0=');
  assert.equal('issuer' in certificate, false);
  assert.equal(credentials.clientId, issuer.clientId);
  assert.equal(certificateProblem(certificate, issuer.clientId, mayIssue, now), undefined);
});

test('each issue has a seed of its own', () => {
  const { seed: _, ...unseeded } = terms;
  const seeds = [1, 2].map(
    () => (JSON.parse(createTemporaryCredentials(issuer, unseeded).certificate) as Certificate).seed,
  );
  assert.notEqual(seeds[0], seeds[1]);
  for (const seed of seeds) assert.match(seed, /^[A-Za-z0-9_-]{44}$/);
});

// spec: api 3.3
test('terms that nobody would accept are not issued', () => {
  const wrong: Partial<typeof terms>[] = [
    { scopes: [] },
    { scopes: ['line\nbreak'] },
    { name: issuer.clientId },
    { expiry: terms.start },
    { expiry: new Date(terms.start.getTime() + 31 * 24 * 3600 * 1000 + 1) },
    { expiry: new Date(Number.NaN) },
  ];
  for (const change of wrong) {
    assert.throws(() => createTemporaryCredentials(issuer, { ...terms, ...change }), RangeError);
  }
  assert.ok(certificateOf({ expiry: new Date(terms.start.getTime() + 31 * 24 * 3600 * 1000) }));
});

// spec: api 3.3
test('a genuine certificate is good from 5 minutes before its start to 5 minutes after its end', () => {
  const certificate = certificateOf();
  const problemAt = (ms: number): string | undefined => certificateProblem(certificate, name, mayIssue, new Date(ms));
  const fiveMinutes = 300_000;
  assert.equal(problemAt(certificate.start - fiveMinutes), undefined);
  assert.match(problemAt(certificate.start - fiveMinutes - 1) ?? '', /not valid yet/);
  assert.equal(problemAt(certificate.expiry + fiveMinutes), undefined);
  assert.match(problemAt(certificate.expiry + fiveMinutes + 1) ?? '', /expired/);
});

// spec: api 3.3
test('a certificate that was changed in any member is not signed by its issuer', () => {
  const certificate = certificateOf();
  const changes: Partial<Certificate>[] = [
    { scopes: [...certificate.scopes, 'queue:claim-work:aa/cc'] },
    { scopes: certificate.scopes.slice(1) },
    { expiry: certificate.expiry + 1 },
    { start: certificate.start - 1 },
    { seed: terms.seed.replace('A', 'C') },
    { signature: '' },
    { issuer: 'somebody-else' },
  ];
  for (const change of changes) {
    const problem = certificateProblem({ ...certificate, ...change }, name, mayIssue, now);
    assert.match(problem ?? '', /not signed/, JSON.stringify(change));
  }
  assert.match(certificateProblem(certificate, `${name}2`, mayIssue, now) ?? '', /not signed/);
  const { issuer: _, ...nameless } = certificate;
  assert.match(certificateProblem(nameless, name, mayIssue, now) ?? '', /not signed/);
});

// spec: api 3.3
test('an issuer hands on only what it has, and only names that it may give', () => {
  const problemWith = (...scopes: string[]): string =>
    certificateProblem(certificateOf(), name, { ...issuer, scopes }, now) ?? '';
  assert.match(problemWith('queue:claim-work:*', 'assume:worker-id:*'), /name that its issuer may not/);
  assert.match(problemWith('auth:create-client:worker/*', 'queue:claim-work:*'), /scopes that its issuer/);
  assert.equal(problemWith('*'), '');
  const itself = { ...certificateOf(), issuer: name };
  assert.match(certificateProblem(itself, name, mayIssue, now) ?? '', /names its issuer/);
});

// spec: api 3.3
test('a life of more than 31 days is refused even when it is signed', () => {
  // Signed by hand, by the text of spec/api.md 3.3: this module would not issue it.
  const { start } = certificateOf();
  const expiry = start + 31 * 24 * 3600 * 1000 + 1;
  const text = `version:1
clientId:${name}
issuer:${issuer.clientId}
seed:${terms.seed}
start:${start}
expiry:${expiry}
scopes:
${terms.scopes.join('\n')}`;
  const signature = createHmac('sha256', issuer.accessToken).update(text).digest('base64');
  const long: Certificate = { ...certificateOf(), expiry, signature };
  assert.match(certificateProblem(long, name, mayIssue, now) ?? '', /longer than 31 days/);
});

// spec: api 3.3
test('what lacks a part of a certificate, or has one in another form, is none', () => {
  const good: Record<string, unknown> = { ...certificateOf() };
  assert.ok(isCertificate(good));
  const changes: Record<string, unknown>[] = [
    { version: '1' },
    { version: 2 },
    { scopes: 'a' },
    { scopes: ['a', 5] },
    { scopes: ['ä'] },
    { start: '5' },
    { start: 1.5 },
    { expiry: null },
    { seed: 'short' },
    { signature: undefined },
    { issuer: 5 },
    { issuer: '' },
    { issuer: undefined, clientId: name },
  ];
  for (const change of changes) assert.equal(isCertificate({ ...good, ...change }), false, JSON.stringify(change));
  for (const value of [null, 'x', 5, undefined, []]) assert.equal(isCertificate(value), false);
});

const hourMs = 3_600_000;
const printable = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 20,
});

/** Terms that anybody may issue, around an instant at which they hold. */
const fairTerms = fc
  .record({
    isNamed: fc.boolean(),
    scopes: fc.array(printable, { minLength: 1, maxLength: 4 }),
    before: fc.integer({ min: 0, max: 24 * hourMs }),
    after: fc.integer({ min: 1, max: 24 * hourMs }),
  })
  .map(({ isNamed, scopes, before, after }) => ({
    ...(isNamed ? { name } : {}),
    scopes,
    start: new Date(now.getTime() - before),
    expiry: new Date(now.getTime() + after),
  }));
const everything = { ...issuer, scopes: ['*'] };

// spec: api 3.3
test('whatever fair terms credentials are issued on, they are good at their time, and for an issuer who may grant them', () => {
  const property = fc.property(fairTerms, (fair) => {
    const { clientId, certificate: text } = createTemporaryCredentials(issuer, fair);
    const certificate: unknown = JSON.parse(text);
    assert.ok(isCertificate(certificate));
    assert.equal(certificateProblem(certificate, clientId, everything, now), undefined);
    const early = new Date(fair.start.getTime() - 5 * 60_000 - 1);
    const late = new Date(fair.expiry.getTime() + 5 * 60_000 + 1);
    assert.match(certificateProblem(certificate, clientId, everything, early) ?? '', /not valid yet/);
    assert.match(certificateProblem(certificate, clientId, everything, late) ?? '', /has expired/);
    const { name: given = '' } = fair;
    const nobody = { ...issuer, scopes: [`auth:create-client:${given}`] };
    const isGranted = fair.scopes.every((scope) => scope === nobody.scopes[0]);
    assert.equal(certificateProblem(certificate, clientId, nobody, now) === undefined, isGranted);
  });
  fc.assert(property, { seed });
});

const changes: readonly ((good: Certificate) => object)[] = [
  ({ scopes }) => ({ scopes: [...scopes, 'one:more'] }),
  ({ scopes }) => ({ scopes: scopes.map((scope) => `${scope}*`) }),
  ({ start }) => ({ start: start + 1 }),
  ({ expiry }) => ({ expiry: expiry + 1 }),
  () => ({ seed: terms.seed }),
  ({ signature }) => ({ signature: `${signature}A` }),
  () => ({ issuer: `${issuer.clientId}x` }),
];

// spec: api 3.3
test('no member of a certificate can be changed, nor is it good by the key of another', () => {
  const property = fc.property(fairTerms, fc.constantFrom(...changes), (fair, change) => {
    const { clientId, certificate } = createTemporaryCredentials(issuer, fair);
    const good = JSON.parse(certificate) as Certificate;
    const changed: unknown = { ...good, ...change(good) };
    assert.ok(isCertificate(changed));
    assert.notEqual(certificateProblem(changed, clientId, everything, now), undefined);
    const another = { ...everything, accessToken: 'another' };
    assert.notEqual(certificateProblem(good, clientId, another, now), undefined);
  });
  fc.assert(property, { seed });
});
