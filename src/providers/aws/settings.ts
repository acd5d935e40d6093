import { createPublicKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { CallLimit } from '#providers/call-gate.ts';
import type { SettingsReader } from '#providers/settings-reader.ts';

/** A key that signs the identity documents of a region. */
export interface IdentityKey {
  region: string;
  /** Of the plain signature; null: none. */
  signature: KeyObject | null;
  /** Of the RSA-2048 PKCS#7 signature; null: none. */
  rsa2048: KeyObject | null;
}

/** The settings of one AWS provider (spec/api.md 10.3). */
export interface AwsSettings {
  /** Null: whatever the SDK finds (environment, shared files, the machine's role …). */
  credentials: { accessKeyId: string; secretAccessKey: string } | null;
  /** Another address for EC2, e.g. of a simulator; null: Amazon's. */
  endpoint: string | null;
  /** The region that is asked which regions there are; others only where `us-east-1` is out of reach (China, GovCloud). */
  homeRegion: string;
  /** For each kind of call in each region. */
  limit: CallLimit;
  /** The first pause after being throttled; milliseconds. */
  throttleBackOffMs: number;
  /** Keys trusted beside Amazon's own: those of a simulator, or of a region that is newer than this program. */
  identityKeys: readonly IdentityKey[];
}

/** Reads the settings; the names and defaults are those that deployments know. */
export function readAwsSettings(settings: SettingsReader): AwsSettings {
  const credentials = settings.optionalObject('credentials');
  const endpoint = settings.optionalText('endpoint');
  if (endpoint !== null && !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')) {
    settings.reject('endpoint', 'must be an http or https URL');
  }
  return {
    credentials:
      credentials === null
        ? null
        : { accessKeyId: credentials.text('accessKeyId'), secretAccessKey: credentials.text('secretAccessKey') },
    endpoint,
    homeRegion: settings.optionalText('homeRegion') ?? 'us-east-1',
    limit: {
      intervalMs: settings.positive('intervalDefault', 10_000),
      cap: settings.positive('intervalCapDefault', 150),
    },
    throttleBackOffMs: settings.positive('_backoffDelay', 2000),
    identityKeys: settings.objects('identityKeys').map(readIdentityKey),
  };
}

function readIdentityKey(entry: SettingsReader): IdentityKey {
  return {
    region: entry.text('region'),
    signature: readKey(entry, 'publicKeyPem', createPublicKey),
    rsa2048: readKey(entry, 'rsa2048CertificatePem', (pem) => new X509Certificate(pem).publicKey),
  };
}

function readKey(entry: SettingsReader, name: string, parse: (pem: string) => KeyObject): KeyObject | null {
  const pem = entry.optionalText(name);
  try {
    return pem === null ? null : parse(pem);
  } catch {
    entry.reject(name, 'must be PEM text that can be read');
    return null;
  }
}
