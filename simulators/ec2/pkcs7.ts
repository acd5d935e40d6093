import { createHash, sign, type KeyObject } from 'node:crypto';
import * as asn1 from 'asn1js';

const sha256 = '2.16.840.1.101.3.4.2.1';
const sha256WithRsa = '1.2.840.113549.1.1.11';
const rsa = '1.2.840.113549.1.1.1';
const data = '1.2.840.113549.1.7.1';
const signedData = '1.2.840.113549.1.7.2';
const contentType = '1.2.840.113549.1.9.3';
const messageDigest = '1.2.840.113549.1.9.4';
const signingTime = '1.2.840.113549.1.9.5';
const commonName = '2.5.4.3';
const organizationName = '2.5.4.10';
const countryName = '2.5.4.6';
const basicConstraints = '2.5.29.19';

/** Well before and after anything that a stepped clock shows; UTCTime ends with 2049. */
const validFrom = new Date('2015-01-01T00:00:00Z');
const validTo = new Date('2049-12-31T23:59:59Z');

/** A self-signed certificate (DER) for an RSA key, of the kind that AWS publishes per region. */
export function certificateOf(subject: string, key: { privateKey: KeyObject; publicKey: KeyObject }): Buffer {
  const name = nameOf(subject);
  const spki = asn1.fromBER(key.publicKey.export({ type: 'spki', format: 'der' })).result;
  const toSign = sequence(
    tagged(0, integer(2)),
    serialOf(subject),
    algorithm(sha256WithRsa),
    name,
    sequence(new asn1.UTCTime({ valueDate: validFrom }), new asn1.UTCTime({ valueDate: validTo })),
    name,
    spki,
    tagged(
      3,
      sequence(
        sequence(
          oid(basicConstraints),
          new asn1.Boolean({ value: true }),
          octets(der(sequence(new asn1.Boolean({ value: true })))),
        ),
      ),
    ),
  );
  const signature = sign('sha256', der(toSign), key.privateKey);
  return der(sequence(toSign, algorithm(sha256WithRsa), new asn1.BitString({ valueHex: bytes(signature) })));
}

/**
 * A text inside a PKCS#7 SignedData, signed with SHA-256: built as AWS's `instance-identity/rsa2048` is, in BER with
 * indefinite lengths, the text as constructed octets, signed attributes, and no certificate enclosed.
 */
export function signedDataOf(text: string, key: { privateKey: KeyObject; certificate: Buffer }, at: Date): Buffer {
  const content = Buffer.from(text);
  const signedAttributes = [
    sequence(oid(contentType), new asn1.Set({ value: [oid(data)] })),
    sequence(oid(signingTime), new asn1.Set({ value: [new asn1.UTCTime({ valueDate: at })] })),
    sequence(oid(messageDigest), new asn1.Set({ value: [octets(createHash('sha256').update(content).digest())] })),
  ];
  const signature = sign('sha256', der(new asn1.Set({ value: signedAttributes })), key.privateKey);
  const signerInfo = sequence(
    integer(1),
    issuerAndSerialOf(key.certificate),
    algorithm(sha256),
    tagged(0, ...signedAttributes),
    algorithm(rsa),
    octets(signature),
  );
  const enclosed = new asn1.OctetString({ isConstructed: true, value: [octets(content)] });
  enclosed.lenBlock.isIndefiniteForm = true;
  return der(
    open(
      oid(signedData),
      openTagged(
        0,
        open(
          integer(1),
          new asn1.Set({ value: [algorithm(sha256)] }),
          open(oid(data), openTagged(0, enclosed)),
          new asn1.Set({ value: [signerInfo] }),
        ),
      ),
    ),
  );
}

const indefinite = { lenBlock: { isIndefiniteForm: true } };

/** A sequence of indefinite length. */
function open(...value: asn1.BaseBlock[]): asn1.Sequence {
  return new asn1.Sequence({ ...indefinite, value });
}

function openTagged(tagNumber: number, ...value: asn1.BaseBlock[]): asn1.Constructed {
  return new asn1.Constructed({ ...indefinite, idBlock: { tagClass: 3, tagNumber }, value });
}

function sequence(...value: asn1.BaseBlock[]): asn1.Sequence {
  return new asn1.Sequence({ value });
}

function tagged(tagNumber: number, ...value: asn1.BaseBlock[]): asn1.Constructed {
  return new asn1.Constructed({ idBlock: { tagClass: 3, tagNumber }, value });
}

function oid(value: string): asn1.ObjectIdentifier {
  return new asn1.ObjectIdentifier({ value });
}

function integer(value: number): asn1.Integer {
  return new asn1.Integer({ value });
}

function octets(value: Uint8Array): asn1.OctetString {
  return new asn1.OctetString({ valueHex: bytes(value) });
}

function algorithm(id: string): asn1.Sequence {
  return sequence(oid(id), new asn1.Null());
}

function nameOf(subject: string): asn1.Sequence {
  const part = (type: string, value: string): asn1.Set =>
    new asn1.Set({ value: [sequence(oid(type), new asn1.PrintableString({ value }))] });
  return sequence(part(countryName, 'US'), part(organizationName, 'Simulated clouds'), part(commonName, subject));
}

/** A positive serial number that follows from the subject. */
function serialOf(subject: string): asn1.Integer {
  const digest = createHash('sha256').update(subject).digest().subarray(0, 8);
  return new asn1.Integer({ valueHex: bytes(Buffer.concat([Buffer.from([0x01]), digest])) });
}

function issuerAndSerialOf(certificate: Buffer): asn1.Sequence {
  const parsed = asn1.fromBER(certificate).result;
  const [toSign] = parsed instanceof asn1.Sequence ? parsed.valueBlock.value : [];
  const [, serial, , issuer] = toSign instanceof asn1.Sequence ? toSign.valueBlock.value : [];
  if (serial === undefined || issuer === undefined) {
    throw new TypeError('the certificate of an identity key does not parse');
  }
  return sequence(issuer, serial);
}

function der(block: asn1.BaseBlock): Buffer {
  return Buffer.from(block.toBER());
}

function bytes(value: Uint8Array): ArrayBuffer {
  return new Uint8Array(value).buffer;
}
