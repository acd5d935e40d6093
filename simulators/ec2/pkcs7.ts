import { createHash, sign, type KeyObject } from 'node:crypto';
import * as asn1 from 'asn1js';
import { algorithm, der, integer, octets, oid, sequence, tagged } from '#simulators/der.ts';

const sha256 = '2.16.840.1.101.3.4.2.1';
const rsa = '1.2.840.113549.1.1.1';
const data = '1.2.840.113549.1.7.1';
const signedData = '1.2.840.113549.1.7.2';
const contentType = '1.2.840.113549.1.9.3';
const messageDigest = '1.2.840.113549.1.9.4';
const signingTime = '1.2.840.113549.1.9.5';

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

function issuerAndSerialOf(certificate: Buffer): asn1.Sequence {
  const parsed = asn1.fromBER(certificate).result;
  const [toSign] = parsed instanceof asn1.Sequence ? parsed.valueBlock.value : [];
  const [, serial, , issuer] = toSign instanceof asn1.Sequence ? toSign.valueBlock.value : [];
  if (serial === undefined || issuer === undefined) {
    throw new TypeError('the certificate of an identity key does not parse');
  }
  return sequence(issuer, serial);
}
