import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ProofRejected } from '#core/error.ts';
import { silentLog } from '#core/telemetry.ts';
import { SteppedClock } from '#lib/clock.ts';
import { SettingsReader } from '#providers/settings-reader.ts';
import { createAttestationAuthority } from '#simulators/azure/attestation.ts';
import type { AttestedMachine } from '#simulators/azure/attestation.ts';
import { azureForgeries, azureVariations } from '#test/conformance/provider/azure-forgeries.ts';
import { aWorker } from '#test/conformance/provider/fixtures.ts';
import { readAttestedFacts } from './identity/attested-facts.ts';
import { readTrustSettings } from './identity/settings.ts';
import { carriedAnchors } from './identity/trust-anchors.ts';
import { createTrustStore, trustStoreOf } from './identity/trust-store.ts';
import { azureIdentity, openDocument } from './identity.ts';

const never = new AbortController().signal;

const realProofs = new URL('../../../../shared/data/proofs/azure-attested-documents.json', import.meta.url);
const isRealProofHere = existsSync(realProofs);

const clock = new SteppedClock(new Date('2026-07-28T14:00:00Z'));
const authority = createAttestationAuthority({ clock });
const machine: AttestedMachine = {
  vmId: '5a6b1310-d400-46f6-82cb-6217df846586',
  subscriptionId: '8a205152-b25a-417f-a676-80465535a6c9',
};
const worker = aWorker({ providerId: 'azure-1', providerData: { vm: { name: 'vm-1', vmId: machine.vmId } } });

function trustedBySettings() {
  const trustAnchors = authority.trustAnchors().map((certificatePem) => ({ certificatePem }));
  return readTrustSettings(new SettingsReader({ trustAnchors })).anchors;
}

/** Believes the simulated authority and Microsoft, and notes whatever is asked of the world outside. */
function anIdentity(vmIds: readonly (string | null)[] = []) {
  const asked: string[] = [];
  const left = [...vmIds];
  const trust = createTrustStore([...carriedAnchors(), ...trustedBySettings()], {
    fetchCertificate: async (url) => {
      asked.push(url.href);
      throw new Error('nothing is there');
    },
    sources: [],
    clock,
    log: silentLog,
    signal: never,
  });
  const identity = azureIdentity({
    trust,
    subscriptionId: machine.subscriptionId,
    async vmIdOf({ workerId }) {
      asked.push(workerId);
      return left.shift() ?? null;
    },
  });
  const identify = (document: unknown, of = worker, now = clock.now()): Promise<void> =>
    identity.identify({ document: document as string }, of, now, never);
  return { asked, identify };
}

async function rejects(identified: Promise<void>, why: RegExp): Promise<void> {
  await assert.rejects(identified, (error) => {
    assert.ok(error instanceof ProofRejected);
    assert.match(error.message, why);
    return true;
  });
}

// spec: provisioning 8.12, P-33
describe('a real attested document', { skip: isRealProofHere ? false : 'no real proofs beside the project' }, () => {
  const real = (): { document: string; vmId: string } => JSON.parse(readFileSync(realProofs, 'utf8'))[0];
  const realWorker = () => aWorker({ providerData: { vm: { vmId: real().vmId } } });
  const day = new Date('2026-07-28T14:00:00Z');

  test('is believed on its day, without asking anybody', async () => {
    const { identify, asked } = anIdentity();
    await identify(real().document, realWorker(), day);
    assert.deepEqual(asked, []);
  });

  test('is rejected on every other day, and after the end of its signer’s certificate', async () => {
    const { identify } = anIdentity();
    await rejects(identify(real().document, realWorker(), new Date('2026-07-28T13:00:00Z')), /future/);
    await rejects(identify(real().document, realWorker(), new Date('2026-07-28T19:24:00Z')), /expired/);
    await rejects(identify(real().document, realWorker(), new Date('2026-11-11T06:06:24Z')), /signer’s certificate/);
  });

  test('is rejected for another machine, and where only others are trusted', async () => {
    const { identify } = anIdentity();
    await rejects(identify(real().document, worker, day), /another machine/);
    const trust = createTrustStore(trustedBySettings(), null);
    const { subscriptionId } = machine;
    const stranger = azureIdentity({ trust, subscriptionId, vmIdOf: async () => null });
    await rejects(stranger.identify({ document: real().document }, realWorker(), day, never), /nobody who is trusted/);
  });
});

// spec: provisioning 8.12, P-30
describe('an attested document', () => {
  /** Where the authorities would publish another certificate of the same name: all that a document can make us ask. */
  const published = new Set(
    ['Microsoft TLS G9 RSA CA OCSP 02', 'Microsoft TLS RSA Root G9'].map(
      (name) => `http://www.microsoft.com/pkiops/certs/${encodeURIComponent(name)}.crt`,
    ),
  );

  test('is believed, a second time too', async () => {
    const { identify, asked } = anIdentity();
    const document = await authority.attest(machine);
    await identify(document);
    await identify(document);
    assert.deepEqual(asked, []);
  });

  for (const [name, document] of Object.entries(azureVariations({ authority, machine, now: clock.now() }))) {
    test(`${name} is believed`, async () => anIdentity().identify(document));
  }

  for (const [name, document] of Object.entries(azureForgeries({ authority, machine, now: clock.now() }))) {
    // spec: P-36
    test(`is rejected, and only Microsoft may be asked: ${name}`, async () => {
      const { identify, asked } = anIdentity();
      await rejects(identify(document), /./);
      assert.ok(
        asked.every((url) => published.has(url)),
        asked.join(),
      );
    });
  }

  // spec: P-59
  test('that is forged gets as far as the check that it is made for', async () => {
    const { identify } = anIdentity();
    const broken =
      /^bytes |^nothing but|attributes? .*(?:no attributes|none|twice|two|no value)|certificate (?:that is|with its key|whose ext)/;
    for (const [name, document] of Object.entries(azureForgeries({ authority, machine, now: clock.now() }))) {
      if (broken.test(name)) continue;
      await assert.rejects(identify(document), (error: Error) => !/not as Azure makes them/.test(error.message), name);
    }
  });

  test('is rejected when it is no text', async () => {
    const { identify } = anIdentity();
    for (const document of [undefined, null, 7, [], {}, ['MIIM']]) {
      await rejects(identify(document), /lacks its document/);
    }
  });

  test('of which any byte was changed is rejected or says the same', async () => {
    const { identify } = anIdentity();
    const good = Buffer.from(await authority.attest({ ...machine, createdOn: clock.now() }), 'base64');
    const said = readAttestedFacts(openDocument({ document: good.toString('base64') }).content);
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const changed = Buffer.from(good);
        changed[at] = (changed[at] ?? 0) ^ change;
        const document = changed.toString('base64');
        const isBelieved = await identify(document).then(
          () => true,
          (error: unknown) => {
            assert.ok(error instanceof ProofRejected, String(error));
            return false;
          },
        );
        if (isBelieved) assert.deepEqual(readAttestedFacts(openDocument({ document }).content), said);
      }),
      { numRuns: 2000 },
    );
  });

  test('that is any bytes at all is rejected', async () => {
    const { identify } = anIdentity();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        await rejects(identify(Buffer.from(bytes).toString('base64')), /./);
      }),
    );
  });
});

// spec: provisioning 8.12
describe('the machine’s id', () => {
  const unrecorded = { ...worker, providerData: { vm: { name: 'vm-1' } } };

  test('is asked of Azure when it was not recorded', async () => {
    for (const vm of [{ name: 'vm-1' }, { vmId: '' }, { vmId: false }, null, 'vm-1']) {
      const { identify, asked } = anIdentity([machine.vmId.toUpperCase()]);
      await identify(await authority.attest(machine), { ...worker, providerData: { vm } });
      assert.deepEqual(asked, ['worker']);
    }
  });

  test('that Azure does not have, or that is another, is none', async () => {
    const document = await authority.attest(machine);
    for (const vmId of [null, '', 'another']) {
      await rejects(anIdentity([vmId]).identify(document, unrecorded), /another machine/);
    }
  });

  test('is not asked of Azure for a document that is not believed anyway', async () => {
    const { identify, asked } = anIdentity();
    for (const [name, document] of Object.entries(azureForgeries({ authority, machine, now: clock.now() }))) {
      // What is right but for the machine's id can only be told from the truth by asking.
      if (/^a document of (?:another machine|a machine .* (?:begins so|empty id))$/.test(name)) continue;
      await assert.rejects(identify(document, unrecorded), ProofRejected, name);
    }
    assert.ok(!asked.includes(worker.workerId));
  });

  test('an outage of Azure is no rejection', async () => {
    const trust = createTrustStore(trustedBySettings(), null);
    const outage = new Error('Azure is away');
    const { subscriptionId } = machine;
    const identity = azureIdentity({ trust, subscriptionId, vmIdOf: () => Promise.reject(outage) });
    const document = await authority.attest(machine);
    await assert.rejects(identity.identify({ document }, unrecorded, clock.now(), never), outage);
  });
});

// spec: P-30, P-46
test('a rotation costs no machine its registration, and two requests in all', async (t) => {
  const asked: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    asked.push(url);
    response.end(rotating.certificateAt(url));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const certificatesUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/pkiops/certs/`;
  const rotating = createAttestationAuthority({ clock, certificatesUrl });
  const settings = new SettingsReader({
    trustAnchors: rotating.trustAnchors().map((certificatePem) => ({ certificatePem })),
    certificateSources: [{ url: certificatesUrl }],
  });
  const trust = trustStoreOf(readTrustSettings(settings), { clock, log: silentLog, signal: never });
  const { subscriptionId } = machine;
  const identity = azureIdentity({ trust, subscriptionId, vmIdOf: async () => null });
  const register = async (): Promise<void> =>
    identity.identify({ document: await rotating.attest(machine) }, worker, clock.now(), never);
  await register();
  assert.deepEqual(asked, []);
  for (const number of ['04', '06']) {
    rotating.rotate();
    await Promise.all(Array.from({ length: 50 }, register));
    assert.equal(asked.at(-1), `/pkiops/certs/Microsoft%20TLS%20G9%20RSA%20CA%20OCSP%20${number}.crt`);
  }
  assert.equal(asked.length, 2);
});

test('a nonce that was recorded must be in the document', async () => {
  const { identify } = anIdentity();
  const withNonce = { ...worker, providerData: { ...worker.providerData, nonce: '1234567890' } };
  await identify(await authority.attest({ ...machine, nonce: '1234567890' }), withNonce);
  await rejects(identify(await authority.attest(machine), withNonce), /nonce/);
});

test('documents are believed after the machines’ certificate was renewed, and years later', async () => {
  const later = new SteppedClock(clock.now());
  const renewing = createAttestationAuthority({ clock: later });
  for (let month = 0; month < 24; month += 1) {
    await later.step(30 * 24 * 3_600_000);
    await anIdentity().identify(await renewing.attest(machine), worker, later.now());
  }
});
