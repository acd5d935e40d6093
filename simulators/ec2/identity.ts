import { generateKeyPairSync, sign } from 'node:crypto';
import { pemOf, selfSigned, type Issued, type KeyPair } from '#simulators/certificate.ts';
import { privateIpOf } from './addresses.ts';
import { signedDataOf } from './pkcs7.ts';
import type { Instance } from './state.ts';

/** What a provider must trust to believe the machines of a simulated region. */
export interface IdentityKey {
  region: string;
  /** SPKI in PEM: checks `instance-identity/signature`. */
  publicKeyPem: string;
  /** The certificate whose key checks `instance-identity/rsa2048`. */
  rsa2048CertificatePem: string;
}

/** The proofs of an identity document, as the metadata service gives them: base64 in lines of 76 characters. */
export interface IdentityProofs {
  signature: string;
  rsa2048: string;
}

interface RegionKeys {
  signing: KeyPair;
  /** AWS signs the PKCS#7 form with another key than the bare signature. */
  pkcs7: Issued;
}

/** Generating keys is slow, and nothing depends on which they are: made once per process. */
const keysByRegion = new Map<string, RegionKeys>();

/** The public halves of a region's keys; every region has its own. */
export function identityKeyOf(region: string): IdentityKey {
  const { signing, pkcs7 } = keysOf(region);
  return {
    region,
    publicKeyPem: signing.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    rsa2048CertificatePem: pemOf(pkcs7.der),
  };
}

/** Signs any text as the region's identity service signs documents: for the real ones, and for forged ones in tests. */
export function signDocument(region: string, document: string, at: Date): IdentityProofs {
  const { signing, pkcs7 } = keysOf(region);
  const signature = sign('sha256', Buffer.from(document), signing.privateKey);
  return {
    signature: wrapped(signature),
    rsa2048: wrapped(signedDataOf(document, pkcs7, at)),
  };
}

/** An instance's identity document, in the layout of AWS to the byte: signatures cover its spaces too. */
export function identityDocumentOf(instance: Instance, accountId: string): string {
  const { blueprint, atMs } = instance.launch;
  const fields: Readonly<Record<string, string | null>> = {
    accountId,
    availabilityZone: blueprint.zone,
    ramdiskId: null,
    kernelId: null,
    pendingTime: `${new Date(atMs).toISOString().slice(0, 19)}Z`,
    architecture: blueprint.instanceType.architecture,
    privateIp: privateIpOf(instance),
    devpayProductCodes: null,
    marketplaceProductCodes: null,
    version: '2017-09-30',
    region: blueprint.region,
    imageId: blueprint.imageId,
    billingProducts: null,
    instanceId: instance.id,
    instanceType: blueprint.instanceType.name,
  };
  const lines = Object.entries(fields).map(([name, value]) => `  "${name}" : ${JSON.stringify(value)}`);
  return `{\n${lines.join(',\n')}\n}`;
}

function keysOf(region: string): RegionKeys {
  const known = keysByRegion.get(region);
  if (known !== undefined) {
    return known;
  }
  const keys = {
    signing: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    pkcs7: selfSigned(`EC2 simulator ${region}`, generateKeyPairSync('rsa', { modulusLength: 2048 })),
  };
  keysByRegion.set(region, keys);
  return keys;
}

function wrapped(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll(/.{76}(?=.)/g, '$&\n');
}
