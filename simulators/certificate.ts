import { createHash, sign, type KeyObject } from 'node:crypto';
import * as asn1 from 'asn1js';
import { algorithm, bytes, der, integer, octets, oid, sequence, tagged } from './der.ts';

const sha256WithRsa = '1.2.840.113549.1.1.11';
const commonName = '2.5.4.3';
const organizationName = '2.5.4.10';
const countryName = '2.5.4.6';
const basicConstraints = '2.5.29.19';

/** Well before and after anything that a stepped clock shows; UTCTime ends with 2049. */
const validFrom = new Date('2015-01-01T00:00:00Z');
const validTo = new Date('2049-12-31T23:59:59Z');

/** A self-signed certificate (DER) for an RSA key, of the kind that clouds publish for the keys they sign with. */
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
