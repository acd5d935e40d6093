import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { CallLimit } from '#providers/call-gate.ts';
import type { SettingsReader } from '#providers/settings-reader.ts';

/** The settings of one provider of this type: an entry of PROVIDERS. */
export interface TemplateSettings {
  /** Where the cloud's API is. */
  endpoint: string;
  /** Sent with every call. */
  apiToken: string;
  /** For each kind of call. */
  limit: CallLimit;
  /** Signs the machines' proofs. */
  identityKey: KeyObject | null;
}

/** Say what must be there, what has a default, and what is wrong; the reader collects all of it for the operator. */
export function readTemplateSettings(settings: SettingsReader): TemplateSettings {
  return {
    endpoint: settings.text('endpoint'),
    apiToken: settings.text('apiToken'),
    limit: { intervalMs: settings.positive('interval', 10_000), cap: settings.positive('intervalCap', 100) },
    identityKey: readKey(settings),
  };
}

function readKey(settings: SettingsReader): KeyObject | null {
  const pem = settings.text('identityKeyPem');
  try {
    return createPublicKey(pem);
  } catch {
    settings.reject('identityKeyPem', 'must be a public key in PEM');
    return null;
  }
}
