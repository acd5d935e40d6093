import type { Issued } from '#simulators/certificate.ts';
import * as der from '#simulators/der.ts';
import { ids, signedAttributesOver, signerInfo, signingTime } from '#simulators/signed-data.ts';

const sha256 = '2.16.840.1.101.3.4.2.1';

/** Tags of what is of indefinite length here. */
const tags = { sequence: 0x30, octets: 0x24, content: 0xa0 } as const;

/**
 * A text inside a PKCS#7 SignedData, signed with SHA-256: built as AWS's `instance-identity/rsa2048` is, in BER with
 * indefinite lengths, the text as constructed octets, signed attributes, and no certificate enclosed.
 */
export function signedDataOf(text: string, certificate: Issued, at: Date): Buffer {
  const content = Buffer.from(text);
  const signedAttributes = [...signedAttributesOver(content, 'sha256'), signingTime(at)];
  const signer = { certificate, hash: 'sha256', digestId: sha256, signedAttributes } as const;
  const enclosed = open(tags.content, open(tags.octets, der.octetString(content)));
  const signedData = open(
    tags.sequence,
    der.integer(1),
    der.setOf(der.algorithm(sha256)),
    open(tags.sequence, der.objectId(ids.data), enclosed),
    der.setOf(signerInfo(signer, content)),
  );
  return open(tags.sequence, der.objectId(ids.signedData), open(tags.content, signedData));
}

/** A value of indefinite length: it ends with two zeros. */
function open(tag: number, ...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from([tag, 0x80]), ...parts, Buffer.from([0, 0])]);
}
