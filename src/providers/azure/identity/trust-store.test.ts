import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ProofRejected } from '#core/error.ts';
import { SteppedClock } from '#lib/clock.ts';
import { createAttestationAuthority, rsaKey } from '#simulators/azure/attestation.ts';
import * as certificates from '#simulators/certificate.ts';
import type { CertificateContent, Issued } from '#simulators/certificate.ts';
import * as forged from '#test/conformance/provider/azure-forged-certificates.ts';
import { aWorker } from '#test/conformance/provider/fixtures.ts';
import { readCertificate } from './certificate.ts';
import { anchorOf } from './trust-anchors.ts';
import { createTrustStore } from './trust-store.ts';

const never = new AbortController().signal;
const worker = aWorker({ providerId: 'azure-1', workerPoolId: 'proj/pool', workerId: 'vm-1' });
const start = new Date('2026-07-28T14:00:00Z');
const chain = createAttestationAuthority({ clock: new SteppedClock(start) }).chain();

/** Trusts the root only, in a world in which these certificates are published. */
function aStore(published: ReadonlyMap<string, Buffer>, options: { sources?: readonly string[]; root?: Issued } = {}) {
  const clock = new SteppedClock(start);
  const asked: string[] = [];
  const logged: { type: string; fields: Readonly<Record<string, unknown>> }[] = [];
  let isSlow = false;
  const write = (type: string, _level: string, fields: Readonly<Record<string, unknown>>): void =>
    void logged.push({ type, fields });
  const log = { write, child: () => log };
  const store = createTrustStore([anchorOf(readCertificate((options.root ?? chain.root).der), 'settings')], {
    async fetchCertificate(url, signal) {
      asked.push(url.href);
      if (isSlow)
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      const found = published.get(url.href);
      if (found === undefined) throw new Error('404');
      return found;
    },
    sources: (options.sources ?? []).map((url) => new URL(url)),
    clock,
    log,
    signal: never,
  });
  const vouch = (leaf: Issued, signal = never) => store.vouch(readCertificate(leaf.der), worker, clock.now(), signal);
  return { clock, asked, logged, vouch, slow: (slow: boolean) => void (isSlow = slow) };
}

const authority = (changes: Partial<CertificateContent> = {}, issuer: Issued = chain.root): Issued =>
  certificates.issue({ ...chain.intermediate, subject: forged.microsoft(forged.soughtName), ...changes }, issuer);

async function rejects(vouched: Promise<unknown>, message?: string): Promise<void> {
  await assert.rejects(vouched, ProofRejected, message);
}

// spec: provisioning 8.12, P-30, P-46
describe('an authority that is not known yet', () => {
  test('is fetched once, and believed because a root issued it', async () => {
    const { leaf, served } = forged.leadingTo(chain, authority());
    const { vouch, asked, logged } = aStore(served);
    const [first, second] = await Promise.all([vouch(leaf), vouch(leaf)]);
    assert.equal(first, second);
    assert.equal((await vouch(leaf)).origin, [...served.keys()][0]);
    assert.deepEqual(asked, [...served.keys()]);
    const { fingerprint } = readCertificate(authority().der);
    assert.match(fingerprint, /^(?:[0-9A-F]{2}:){19}[0-9A-F]{2}$/);
    assert.deepEqual(
      logged.map(({ type, fields }) => [type, fields['subject'], fields['issuer'], fields['url']]),
      [
        [
          'registration-new-intermediate-certificate',
          `/C=US,/O=Microsoft Corporation,/CN=${forged.soughtName}`,
          '/C=US,/O=Microsoft Corporation,/CN=Microsoft TLS RSA Root G9',
          asked[0],
        ],
      ],
    );
  });

  test('is believed below a root that is cross-signed by one that is known', async () => {
    const subject = forged.microsoft('Microsoft TLS RSA Root G8');
    const own = certificates.overlaid(chain.root.extensions, [
      certificates.authorityInfoAccess([forged.addressOf(chain.root)]),
    ]);
    const crossed = certificates.issue({ ...chain.root, subject, key: rsaKey('G8'), extensions: own }, chain.root);
    const below = (pathLength: number | null) => {
      const above = certificates.issue(
        { ...crossed, extensions: certificates.overlaid(own, [certificates.basicConstraints(true, pathLength)]) },
        chain.root,
      );
      const access = certificates.authorityInfoAccess([forged.addressOf(crossed)]);
      const extensions = certificates.overlaid(chain.intermediate.extensions, [access]);
      return forged.leadingTo(chain, authority({ extensions }, crossed), above);
    };
    const { leaf, served } = below(null);
    assert.match((await aStore(served).vouch(leaf)).subject, /OCSP 88$/);
    await aStore(below(1).served).vouch(leaf);
    await rejects(aStore(below(0).served).vouch(leaf), 'the path is too long for it');
    const shortRoot = certificates.issue({
      ...chain.root,
      extensions: certificates.overlaid(chain.root.extensions, [certificates.basicConstraints(true, 1)]),
    });
    await rejects(aStore(served, { root: shortRoot }).vouch(leaf), 'the path is too long for the root');
  });

  test('is not looked for without end', async () => {
    const served = new Map<string, Buffer>();
    const issuers = [8, 7, 6, 5].map((number) => {
      const subject = forged.microsoft(`Microsoft TLS RSA Root G${number}`);
      const next = forged.microsoft(`Microsoft TLS RSA Root G${number - 1}`);
      const extensions = certificates.overlaid(chain.root.extensions, [
        certificates.authorityInfoAccess([forged.addressOf({ subject: next })]),
      ]);
      return { ...chain.root, subject, extensions };
    });
    for (const [index, content] of issuers.entries()) {
      const issued = certificates.issue(content, issuers[index + 1] ?? chain.root);
      served.set(forged.addressOf(issued), issued.der);
    }
    const top = certificates.issue(issuers[0]!, issuers[1]);
    const { leaf } = forged.leadingTo(chain, top);
    const { vouch, asked } = aStore(served);
    await rejects(vouch(leaf));
    assert.equal(asked.length, 2);
  });

  for (const [name, { leaf, served }] of Object.entries(forged.forgedAuthorities(chain))) {
    test(`is not believed when it is one ${name}`, async () => {
      const { vouch, logged } = aStore(served);
      await rejects(vouch(leaf));
      assert.ok(!logged.some(({ type }) => type === 'registration-new-intermediate-certificate'));
    });
  }

  test('is only looked for under Microsoft’s names', async () => {
    for (const name of [
      'Evil CA 02',
      'Microsoft TLS G9 RSA CA OCSP 022',
      'Microsoft Azure ECC TLS Issuing CA 03',
      '',
    ]) {
      const issuer = authority({ subject: forged.microsoft(name) });
      const { leaf, served } = forged.leadingTo(chain, issuer);
      const { vouch, asked } = aStore(served);
      await rejects(vouch(leaf), name);
      assert.deepEqual(asked, [], name);
    }
    const subject = [
      ['C', 'US'],
      ['O', 'Evil Corporation'],
      ['CN', forged.soughtName],
    ] as const;
    const { leaf, served } = forged.leadingTo(chain, authority({ subject }));
    await rejects(aStore(served).vouch(leaf));
  });

  for (const [name, address] of Object.entries(forged.evilAddresses(forged.soughtName))) {
    test(`is not fetched from an address ${name}`, async () => {
      const { vouch, asked, logged } = aStore(new Map([[address, authority().der]]));
      await rejects(vouch(forged.strangersLeaf(forged.soughtName, [address])));
      assert.deepEqual(asked, []);
      assert.deepEqual(
        logged.map(({ type, fields }) => [type, fields['workerPoolId'], fields['providerId'], fields['workerId']]),
        [['registration-rejected-intermediate-certificate-url', 'proj/pool', 'azure-1', 'vm-1']],
      );
    });
  }

  test('is fetched from the next address when one does not give it', async () => {
    const good = forged.addressOf(authority());
    const other = good.replace('www.', 'caissuers.');
    const addresses = ['http://evil.example/', other, good];
    const leaf = certificates.issue(
      {
        ...chain.leaf,
        extensions: certificates.overlaid(chain.leaf.extensions, [certificates.authorityInfoAccess(addresses)]),
      },
      authority(),
    );
    const { vouch, asked } = aStore(new Map([[good, authority().der]]));
    await vouch(leaf);
    assert.deepEqual(asked, [other, good]);
  });

  test('is not looked for at more than four addresses', async () => {
    const good = forged.addressOf(authority());
    const leaf = forged.strangersLeaf(forged.soughtName, [
      ...Array.from({ length: 4 }, () => 'http://evil.example/'),
      good,
    ]);
    const { vouch, asked } = aStore(new Map());
    await rejects(vouch(leaf));
    assert.deepEqual(asked, []);
  });

  test('may come from an address of the settings, be it of this machine', async () => {
    const source = 'http://127.0.0.1:1234/pki/';
    const address = `${source}${encodeURIComponent(forged.soughtName)}.crt`;
    const leaf = certificates.issue(
      {
        ...chain.leaf,
        extensions: certificates.overlaid(chain.leaf.extensions, [certificates.authorityInfoAccess([address])]),
      },
      authority(),
    );
    const served = new Map([[address, authority().der]]);
    await rejects(aStore(served).vouch(leaf));
    await rejects(aStore(served, { sources: ['http://127.0.0.1:1234/other/'] }).vouch(leaf));
    await aStore(served, { sources: [source] }).vouch(leaf);
  });

  test('that could not be fetched is asked for again after a minute, and not before', async () => {
    const { leaf, served } = forged.leadingTo(chain, authority());
    const published = new Map<string, Buffer>();
    const { vouch, asked, clock } = aStore(published);
    await rejects(vouch(leaf));
    published.set(...[...served][0]!);
    await clock.step(59_000);
    await rejects(vouch(leaf));
    assert.equal(asked.length, 1);
    await clock.step(1_000);
    await vouch(leaf);
    assert.equal(asked.length, 2);
  });

  test('is not waited for longer than five seconds, and not at all by who is gone', async () => {
    const { leaf, served } = forged.leadingTo(chain, authority());
    const { vouch, clock, slow } = aStore(served);
    slow(true);
    const gone = new AbortController();
    const [waiting, leaving] = [vouch(leaf), vouch(leaf, gone.signal)];
    gone.abort(new Error('gone'));
    await assert.rejects(leaving, /gone/);
    const rejected = rejects(waiting);
    await clock.step(5_000);
    await rejected;
  });

  test('that was fetched and issued nothing is asked for again after ten minutes, and not before', async () => {
    const { leaf, served } = forged.leadingTo(chain, authority({ key: rsaKey('stranger') }));
    const { vouch, asked, clock } = aStore(new Map([...served].map(([url]) => [url, authority().der])));
    await rejects(vouch(leaf));
    await clock.step(599_000);
    await rejects(vouch(leaf));
    assert.equal(asked.length, 1);
    await clock.step(1_000);
    await rejects(vouch(leaf));
    assert.equal(asked.length, 2);
  });

  test('is one of sixteen that are fetched at the same time', async () => {
    const names = Array.from({ length: 20 }, (_, number) => `Microsoft TLS G9 RSA CA OCSP ${10 + number}`);
    const { vouch, asked, clock, slow } = aStore(new Map());
    slow(true);
    const rejected = Promise.all(
      names.map((name) =>
        rejects(vouch(forged.strangersLeaf(name, [forged.addressOf({ subject: forged.microsoft(name) })]))),
      ),
    );
    await clock.step(5_000);
    await rejected;
    assert.equal(asked.length, 16);
    slow(false);
    const { leaf } = forged.leadingTo(chain, authority());
    await rejects(vouch(leaf));
    assert.equal(asked.length, 17);
  });

  test('is one of sixty that are fetched in a moment, and then of two a second', async () => {
    const { vouch, asked, clock } = aStore(new Map());
    const sought = (number: number): Promise<void> => {
      const name = `Microsoft TLS G9 RSA CA OCSP ${10 + number}`;
      return rejects(vouch(forged.strangersLeaf(name, [forged.addressOf({ subject: forged.microsoft(name) })])));
    };
    for (let number = 0; number < 60; number += 1) await sought(number);
    const late = Promise.all([60, 61, 62].map(sought));
    await clock.step(400);
    assert.equal(asked.length, 60);
    await clock.step(1_100);
    await late;
    assert.equal(asked.length, 63);
  });

  test('is believed no longer than it and its root are valid', async () => {
    const year = (number: number): Date => new Date(`${number}-01-01T00:00:00Z`);
    const root = certificates.issue({ ...chain.root, notAfter: year(2028) });
    const issuer = authority({ notAfter: year(2030) }, root);
    const { leaf, served } = forged.leadingTo(chain, issuer);
    const { vouch, clock } = aStore(served, { root });
    await vouch(leaf);
    await clock.step(year(2028).getTime() - clock.now().getTime());
    await vouch(leaf);
    await clock.step(1000);
    await rejects(vouch(leaf));
  });
});

test('a root that has expired speaks for nobody new', async () => {
  const root = certificates.issue({ ...chain.root, notAfter: new Date('2026-01-01T00:00:00Z') });
  const { leaf, served } = forged.leadingTo(chain, authority({}, root));
  const { vouch, logged } = aStore(served, { root });
  await rejects(vouch(leaf));
  assert.deepEqual(logged, []);
});

test('an anchor with a key that can be broken speaks for nobody', async () => {
  const short = certificates.issue({ ...chain.intermediate, key: rsaKey('short', 1024) }, chain.root);
  const store = createTrustStore([anchorOf(readCertificate(short.der), 'settings')], null);
  const { leaf } = forged.leadingTo(chain, short);
  await rejects(store.vouch(readCertificate(leaf.der), worker, start, never));
});

test('where nothing may be fetched, only what is known is believed', async () => {
  const anchors = [chain.root, chain.intermediate].map(({ der }) => anchorOf(readCertificate(der), 'settings'));
  const store = createTrustStore(anchors, null);
  const vouch = (leaf: Issued) => store.vouch(readCertificate(leaf.der), worker, start, never);
  assert.match((await vouch(chain.leaf)).subject, /OCSP 02$/);
  await rejects(vouch(forged.leadingTo(chain, authority()).leaf));
});

test('an anchor is believed no longer than it is valid', async () => {
  const anchor = anchorOf(readCertificate(chain.intermediate.der), 'settings');
  const store = createTrustStore([anchor], null);
  const vouch = (now: Date) => store.vouch(readCertificate(chain.leaf.der), worker, now, never);
  await vouch(anchor.notBefore);
  await vouch(anchor.notAfter);
  await rejects(vouch(new Date(anchor.notAfter.getTime() + 1)));
  await rejects(vouch(new Date(anchor.notBefore.getTime() - 1)));
});
