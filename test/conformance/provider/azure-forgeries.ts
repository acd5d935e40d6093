import { sign } from 'node:crypto';
import { attestedContent, azureTime, rsaKey } from '#simulators/azure/attestation.ts';
import type { AttestationAuthority, AttestedMachine } from '#simulators/azure/attestation.ts';
import * as certificates from '#simulators/certificate.ts';
import * as der from '#simulators/der.ts';
import { attribute, signedAttributesOver, signedData, signingTime } from '#simulators/signed-data.ts';
import type { SignedDataParts, Signer } from '#simulators/signed-data.ts';
import { forgedCertificates, issuedByStrangers } from './azure-forged-certificates.ts';

/** What documents are forged about: the machine that the verifier expects, at an instant of the authority's. */
export interface ForgeryScene {
  authority: AttestationAuthority;
  machine: AttestedMachine;
  now: Date;
}

type Documents = Readonly<Record<string, string>>;

const hourMs = 3_600_000;
const digestId = '1.2.840.113549.1.9.4';
const typeId = '1.2.840.113549.1.9.3';

/** Documents that look like the machine's and must not be believed, in base64, by what is wrong with them. */
export function azureForgeries(scene: ForgeryScene): Documents {
  return {
    ...forgedFacts(scene),
    ...editedAfterwards(scene),
    ...forgedSigners(scene),
    ...forgedAttributes(scene),
    ...forgedEnvelopes(scene),
    ...brokenBytes(scene),
    ...Object.fromEntries(
      [...Object.entries(forgedCertificates(scene.authority.chain())), ...Object.entries(issuedByStrangers())].map(
        ([name, certificate]) => [
          `signed by a certificate ${name}`,
          documentOf(truth(scene), { certificate, hash: 'sha256' }),
        ],
      ),
    ),
  };
}

/** Documents that are made in another way than Azure's and say what they should. */
export function azureVariations(scene: ForgeryScene): Documents {
  const content = truth(scene);
  const signer = signerOf(scene);
  const attributes = signedAttributesOver(content, 'sha256');
  const good = documentOf(content, signer);
  const { leaf, intermediate } = scene.authority.chain();
  const named = (commonName: string, ...names: readonly string[]): string => {
    const subject = leaf.subject.map(([type, value]) => [type, type === 'CN' ? commonName : value] as const);
    const extensions = certificates.overlaid(leaf.extensions, [certificates.alternativeNames(...names)]);
    const certificate = certificates.issue({ ...leaf, subject, extensions }, intermediate);
    return documentOf(content, { certificate, hash: 'sha256' });
  };
  return {
    'as Azure makes it': good,
    'in lines': good.replaceAll(/.{76}/g, '$&\r\n'),
    'with SHA-384': documentOf(content, { ...signer, hash: 'sha384' }),
    'with SHA-512': documentOf(content, { ...signer, hash: 'sha512' }),
    'with the digest named as such': documentOf(content, { ...signer, digestId: '2.16.840.1.101.3.4.2.1' }),
    'with the signature named in full': documentOf(content, { ...signer, signatureId: '1.2.840.113549.1.1.11' }),
    'with signed attributes': documentOf(content, { ...signer, signedAttributes: attributes }),
    'with the time signed': documentOf(content, {
      ...signer,
      signedAttributes: [...attributes, signingTime(scene.now)],
    }),
    'with an unsigned attribute': documentOf(content, { ...signer, unsignedAttributes: [signingTime(scene.now)] }),
    'of a region, by its subject': named('westeurope.metadata.azure.com', 'example.com'),
    'of a region, by an alternative name': named('Azure', 'example.com', 'WestEurope.Metadata.Azure.com'),
    'without what nobody asks for': documentOf(
      encode({ ...members(scene), nonce: undefined, plan: undefined, sku: undefined, licenseType: undefined }),
      signer,
    ),
    'with capitals in its ids': documentOf(
      encode({ ...members(scene), vmId: scene.machine.vmId.toUpperCase() }),
      signer,
    ),
  };
}

/** Right in every way but in what they say. */
function forgedFacts(scene: ForgeryScene): Documents {
  const { machine, now } = scene;
  const good = members(scene);
  const { timeStamp, vmId: _vmId, subscriptionId: _subscriptionId, ...others } = good;
  const at = (hours: number): string => azureTime(new Date(now.getTime() + hours * hourMs));
  const timed = (createdOn: unknown, expiresOn: unknown): object => ({ ...good, timeStamp: { createdOn, expiresOn } });
  const contents: Readonly<Record<string, object | Buffer | null>> = {
    'of another machine': { ...good, vmId: '00000000-0000-4000-8000-000000000000' },
    'of a machine whose id only begins so': { ...good, vmId: `${machine.vmId}0` },
    'of a machine without an id': { ...others, timeStamp, subscriptionId: machine.subscriptionId },
    'of a machine with an empty id': { ...good, vmId: '' },
    'of a machine with an id in a list': { ...good, vmId: [machine.vmId] },
    'of another subscription': { ...good, subscriptionId: '00000000-0000-4000-8000-000000000000' },
    'of no subscription': { ...others, timeStamp, vmId: machine.vmId },
    'that has expired': timed(at(-6), at(-0.001)),
    'that expires now': timed(at(-6), azureTime(now)),
    'of tomorrow': timed(at(24), at(30)),
    'that expires in fifty years': timed(at(0), azureTime(new Date('2076-01-01T00:00:00Z'))),
    'that ends before it begins': timed(at(0.05), at(0.01)),
    'without a time': { ...good, timeStamp: undefined },
    'with a time that is a text': { ...good, timeStamp: at(6) },
    'without an end': timed(at(0), undefined),
    'without a beginning': timed(undefined, at(6)),
    'that never expires': timed(at(0), null),
    'with the time in another form': timed(now.toISOString(), new Date(now.getTime() + hourMs).toISOString()),
    'of a day that there is not': timed('02/30/26 00:00:00 -0000', at(6)),
    'of the hour 25': timed(at(0), at(6).replace(/ \d\d/, ' 25')),
    'without a time zone': timed(at(0), at(6).replace(' -0000', '')),
    'with more behind its time': timed(at(0), `${at(6)}\n`),
    'that is a list': [good],
    'that is null': null,
    'that is no JSON': Buffer.from('vmId'),
    'that is cut off': Buffer.from(JSON.stringify(good).slice(0, -1)),
    'that is empty': Buffer.alloc(0),
    'that is no UTF-8': Buffer.from(JSON.stringify({ ...good, sku: 'é' }), 'latin1'),
    'that is nested': Buffer.from('['.repeat(5000)),
  };
  return Object.fromEntries(
    Object.entries(contents).map(([name, content]) => [
      `a document ${name}`,
      documentOf(Buffer.isBuffer(content) ? content : encode(content), signerOf(scene)),
    ]),
  );
}

/** Another content under a signature that was good. */
function editedAfterwards(scene: ForgeryScene): Documents {
  const signer = signerOf(scene);
  const { privateKey } = signer.certificate.key;
  const others = encode({ ...members(scene), vmId: '00000000-0000-4000-8000-000000000000' });
  const old = encode(attestedContent({ ...scene.machine, createdOn: new Date('2020-01-01T00:00:00Z') }, scene.now));
  const signature = sign('sha256', truth(scene), privateKey);
  const flipped = Buffer.from(signature);
  flipped[7] = (flipped[7] ?? 0) ^ 1;
  const signatures: Readonly<Record<string, Buffer>> = {
    'of another machine, edited': sign('sha256', others, privateKey),
    'of an earlier time, edited': sign('sha256', old, privateKey),
    'whose signature has another bit': flipped,
    'whose signature is empty': Buffer.alloc(0),
    'whose signature is nothing but zeros': Buffer.alloc(256),
    'whose signature is one': Buffer.concat([Buffer.alloc(255), Buffer.from([1])]),
    'whose signature is too long': Buffer.concat([Buffer.alloc(1), signature]),
    'whose signature is too short': signature.subarray(1),
    'whose signature is of the digest': sign(null, truth(scene).subarray(0, 32), privateKey),
  };
  return Object.fromEntries(
    Object.entries(signatures).map(([name, forged]) => [
      `a document ${name}`,
      documentOf(truth(scene), { ...signer, signature: forged }),
    ]),
  );
}

/** Signed in a way that does not count, or by somebody else than is enclosed. */
function forgedSigners(scene: ForgeryScene): Documents {
  const content = truth(scene);
  const signer = signerOf(scene);
  const { leaf, intermediate } = scene.authority.chain();
  const strangers = { ...leaf, key: rsaKey('stranger') };
  return {
    'signed with SHA-1': documentOf(content, { ...signer, hash: 'sha1' }),
    'signed with SHA-1, named as digest': documentOf(content, { ...signer, hash: 'sha1', digestId: '1.3.14.3.2.26' }),
    'signed with SHA-1 under the name of SHA-256': documentOf(content, {
      ...signer,
      hash: 'sha1',
      digestId: '2.16.840.1.101.3.4.2.1',
    }),
    'signed with MD5': documentOf(content, { ...signer, hash: 'md5', digestId: '1.2.840.113549.2.5' }),
    'with a digest nobody knows': documentOf(content, { ...signer, digestId: '1.2.3.4' }),
    'with a digest and a signature of two kinds': documentOf(content, {
      ...signer,
      signatureId: '1.2.840.113549.1.1.13',
    }),
    'that says it is signed with PSS': documentOf(content, { ...signer, signatureId: '1.2.840.113549.1.1.10' }),
    'signed with a key that is not the certificate’s': documentOf(content, { ...signer, certificate: strangers }),
    'whose signer has another serial number': documentOf(
      content,
      { ...signer, certificate: { ...leaf, serial: Buffer.from([0x01]) } },
      { certificates: [leaf.der] },
    ),
    'whose signer has another issuer': documentOf(
      content,
      { ...signer, certificate: { ...leaf, issuer: leaf.subject } },
      { certificates: [leaf.der] },
    ),
    'signed by the intermediate itself': documentOf(content, { certificate: intermediate, hash: 'sha256' }),
    'without a signer': signedData({ content, signers: [], certificates: [leaf.der] }).toString('base64'),
    'signed twice': signedData({ content, signers: [signer, signer], certificates: [leaf.der] }).toString('base64'),
    'signed by a stranger, too': signedData({
      content,
      signers: [{ certificate: strangers, hash: 'sha256' }, signer],
      certificates: [leaf.der],
    }).toString('base64'),
  };
}

function forgedAttributes(scene: ForgeryScene): Documents {
  const content = truth(scene);
  const others = encode({ ...members(scene), vmId: '00000000-0000-4000-8000-000000000000' });
  const [type, digest] = signedAttributesOver(content, 'sha256') as [Buffer, Buffer];
  const [otherType, otherDigest] = signedAttributesOver(others, 'sha256', '1.2.840.113549.1.7.2') as [Buffer, Buffer];
  const [, shortDigest] = signedAttributesOver(content, 'sha1') as [Buffer, Buffer];
  const good = der.octetString(Buffer.alloc(32));
  const lists: Readonly<Record<string, readonly Buffer[]>> = {
    'over another content': [type, otherDigest],
    'over another type of content': [otherType, digest],
    'without a digest': [type],
    'without a type': [digest],
    'that are none': [],
    'with a digest of SHA-1': [type, shortDigest],
    'with two digests': [type, digest, otherDigest],
    'with the digest twice': [type, digest, digest],
    'with two types': [type, otherType, digest],
    'whose digest has two values': [type, attribute(digestId, good, good)],
    'whose digest has no value': [type, attribute(digestId)],
    'whose digest is a number': [type, attribute(digestId, der.integer(Buffer.alloc(32, 1)))],
    'whose type is a text': [attribute(typeId, der.printableString('data')), digest],
    'that are no attributes': [type, digest, der.integer(1)],
  };
  const signer = signerOf(scene);
  const signedAttributes = [type, digest];
  const stripped = der.setOf(type, digest);
  return {
    ...Object.fromEntries(
      Object.entries(lists).map(([name, list]) => [
        `with signed attributes ${name}`,
        documentOf(content, { ...signer, signedAttributes: list }),
      ]),
    ),
    'with signed attributes under a signature of the content': documentOf(content, {
      ...signer,
      signedAttributes,
      signature: sign('sha256', content, signer.certificate.key.privateKey),
    }),
    'with another document’s attributes in place of the content': documentOf(stripped, signer),
    'with unsigned attributes that are none': documentOf(content, {
      ...signer,
      unsignedAttributes: [der.integer(1)],
    }),
    'with an unsigned attribute twice': documentOf(content, { ...signer, unsignedAttributes: [type, type] }),
    'with the signed attributes unsigned': documentOf(others, {
      ...signer,
      unsignedAttributes: [type, digest],
      signature: sign('sha256', stripped, signer.certificate.key.privateKey),
    }),
  };
}

function forgedEnvelopes(scene: ForgeryScene): Documents {
  const content = truth(scene);
  const signer = signerOf(scene);
  const { leaf, intermediate } = scene.authority.chain();
  const good = signedData({ content, signers: [signer] });
  const renamed = Buffer.from(good);
  // 1.2.840.113549.1.7.3: enveloped data.
  renamed[renamed.indexOf(Buffer.from('2a864886f70d010702', 'hex')) + 8] = 3;
  return {
    'without a certificate': documentOf(content, signer, { certificates: [] }),
    'with two certificates': documentOf(content, signer, { certificates: [leaf.der, intermediate.der] }),
    'with its certificate twice': documentOf(content, signer, { certificates: [leaf.der, leaf.der] }),
    'with another certificate': documentOf(content, signer, { certificates: [intermediate.der] }),
    'with a certificate that is none': documentOf(content, signer, { certificates: [der.sequence(der.integer(1))] }),
    'with a certificate that is cut off': documentOf(content, signer, {
      certificates: [der.sequence(leaf.der.subarray(4, -20))],
    }),
    'that leaves its content out': documentOf(content, signer, { isDetached: true }),
    'with content of another type': documentOf(content, signer, { contentType: '1.2.840.113549.1.9.16.1.4' }),
    'of another version': documentOf(content, signer, { version: 3 }),
    'that is enveloped, not signed': renamed.toString('base64'),
  };
}

/** Bytes that are no DER, or not what they should be. */
function brokenBytes(scene: ForgeryScene): Documents {
  const good = Buffer.from(documentOf(truth(scene), signerOf(scene)), 'base64');
  const contentAt = good.indexOf(Buffer.from('{"licenseType"'));
  const retagged = Buffer.from(good);
  retagged[contentAt - 4] = 0x0c;
  const nested = (levels: number): Buffer =>
    Array.from({ length: levels }).reduce<Buffer>((inside) => der.sequence(inside), Buffer.alloc(0));
  const noise = Buffer.from(Array.from({ length: 3000 }, (_, index) => (index * 7919 + (index >> 3)) % 256));
  const bytes: Readonly<Record<string, Buffer>> = {
    'with bytes behind it': Buffer.concat([good, Buffer.from([0])]),
    twice: Buffer.concat([good, good]),
    'in BER of indefinite length': Buffer.concat([Buffer.from([0x30, 0x80]), good.subarray(4), Buffer.from([0, 0])]),
    'with a length longer than need be': Buffer.concat([Buffer.from([0x30, 0x83, 0]), good.subarray(2)]),
    'that claims four gigabytes': Buffer.concat([Buffer.from([0x30, 0x84, 255, 255, 255, 255]), good.subarray(4)]),
    'that claims a length of 127 bytes': Buffer.concat([Buffer.from([0x30, 0xff]), Buffer.alloc(130, 255)]),
    'of nothing but sequences': nested(2000),
    'of nothing but open ends': Buffer.from('3080'.repeat(4000), 'hex'),
    'of zeros': Buffer.alloc(4000),
    'of ones': Buffer.alloc(4000, 0xff),
    'of noise': noise,
    'of noise in a sequence': der.sequence(noise),
    'of a tag of several bytes': Buffer.concat([Buffer.from([0x3f, 0x81, 0x01]), good.subarray(1)]),
    'whose content is a text': retagged,
    'of one byte': Buffer.from([0x30]),
    'of an empty sequence': der.sequence(),
    ...Object.fromEntries(
      [1, 15, 30, 60, contentAt, contentAt + 50, good.length - 300, good.length - 1].map((length) => [
        `cut off after ${length} bytes`,
        good.subarray(0, length),
      ]),
    ),
  };
  return {
    ...Object.fromEntries(Object.entries(bytes).map(([name, value]) => [`bytes ${name}`, value.toString('base64')])),
    'no base64': '{"vmId": "…"}',
    'base64 with more behind its end': `${good.toString('base64')}==AAAA`,
    nothing: '',
    'nothing but spaces': '   ',
    'a million characters': 'MIIM'.repeat(250_000),
  };
}

function truth(scene: ForgeryScene): Buffer {
  return encode(members(scene));
}

function members({ machine, now }: ForgeryScene): Record<string, unknown> {
  return { ...attestedContent(machine, now) };
}

function encode(content: object | null): Buffer {
  return Buffer.from(JSON.stringify(content));
}

function signerOf({ authority }: ForgeryScene): Signer {
  return { certificate: authority.chain().leaf, hash: 'sha256' };
}

function documentOf(content: Buffer, signer: Signer, special: Partial<SignedDataParts> = {}): string {
  return signedData({ content, signers: [signer], ...special }).toString('base64');
}
