import type { KeyObject } from 'node:crypto';
import { ProofRejected } from '#core/error.ts';

/** DER of the object identifier `signedData` (1.2.840.113549.1.7.2), tag and length included. */
const signedDataId = Buffer.from('06092a864886f70d010702', 'hex');
const sha256Id = '2.16.840.1.101.3.4.2.1';

/** Are these bytes PKCS#7 signed data, and not a bare RSA signature? The identifier follows the outermost tag and length. */
export function isSignedData(bytes: Buffer): boolean {
  const at = bytes.indexOf(signedDataId);
  return bytes[0] === 0x30 && at >= 2 && at <= 6;
}

/**
 * Checks PKCS#7 signed data of one signer over `content`, which it may hold or leave out. One of `keys` must have signed it:
 * certificates inside the data are not looked at.
 * @throws ProofRejected unless it holds in every point.
 */
export async function verifySignedData(signedData: Buffer, content: Buffer, keys: readonly KeyObject[]): Promise<void> {
  // Loaded only where a worker sends this form.
  const pkijs = await import('pkijs');
  const fail = (why: string, cause?: unknown): never => {
    throw new ProofRejected(`the PKCS#7 signature ${why}`, { cause });
  };
  const parse = (): InstanceType<typeof pkijs.SignedData> => {
    try {
      return new pkijs.SignedData({ schema: pkijs.ContentInfo.fromBER(signedData).content });
    } catch (cause) {
      return fail('cannot be parsed', cause);
    }
  };
  const parsed = parse();
  // The library takes content of any type, whatever its types say; only an OCTET STRING has bytes to give.
  const contentOf = (): ArrayBuffer | undefined => {
    try {
      const value: unknown = parsed.encapContentInfo.eContent?.getValue();
      if (value === undefined || value instanceof ArrayBuffer) return value;
      throw new TypeError(`its value is a ${typeof value}`);
    } catch (cause) {
      return fail('holds something else than bytes', cause);
    }
  };
  const [signer, ...others] = parsed.signerInfos;
  if (signer === undefined || others.length > 0 || !(signer.sid instanceof pkijs.IssuerAndSerialNumber)) {
    return fail('has not exactly one signer named by issuer and serial number');
  }
  if (signer.digestAlgorithm.algorithmId !== sha256Id) {
    return fail('is not made with SHA-256');
  }
  const held = contentOf();
  if (held !== undefined && !Buffer.from(held).equals(content)) {
    return fail('is over another document');
  }
  const detached = held === undefined ? { data: new Uint8Array(content).buffer } : {};
  const engine = new pkijs.CryptoEngine({ crypto: globalThis.crypto });
  for (const key of keys) {
    // The library finds the signer's key through a certificate of its name; here that name leads to the pinned key only.
    const { issuer, serialNumber } = signer.sid;
    const subjectPublicKeyInfo = pkijs.PublicKeyInfo.fromBER(key.export({ type: 'spki', format: 'der' }));
    parsed.certificates = [new pkijs.Certificate({ issuer, serialNumber, subjectPublicKeyInfo })];
    // It throws some rejections and answers false for others.
    if (await parsed.verify({ signer: 0, checkChain: false, ...detached }, engine).catch(() => false)) {
      return;
    }
  }
  fail('does not verify with a key of the region');
}
