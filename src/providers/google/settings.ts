import type { JsonObject } from '#core/json.ts';
import { stringMember } from '#core/provider.ts';
import { isJsonObject } from '#lib/json.ts';
import type { CallLimit } from '#providers/call-gate.ts';
import type { SettingsReader } from '#providers/settings-reader.ts';
import { asObject } from './members.ts';
import { callKinds } from './place.ts';
import type { CallKind } from './place.ts';

/** The settings of one Google provider (spec/provisioning.md 7.1, spec/api.md 10.3). */
export interface GoogleSettings {
  /** The id of the project in which the instances live. */
  project: string;
  credentials: GoogleCredentials;
  /** The unique id of the service account that instances get, and the subject of their tokens. */
  workerServiceAccountId: string;
  limits: Readonly<Record<CallKind, CallLimit>>;
  /** The first pause after being throttled; milliseconds. */
  throttleBackOffMs: number;
  /** Another address for Compute Engine, e.g. of a simulator; null: Google's. */
  endpoint: string | null;
  /** Another address for IAM; that of `endpoint` where only this is given. */
  iamEndpoint: string | null;
  /** Where the keys that sign the instances' tokens are published, as a JWK set or as certificates by key id. */
  certificatesUrl: string;
}

/**
 * Who we are to Google: a service account's key; a configuration of workload identity federation; an access token that
 * somebody else renews (a simulator's); or what the machine has (application default credentials).
 */
export type GoogleCredentials =
  | { kind: 'service-account'; email: string; key: string }
  | { kind: 'federation'; json: JsonObject }
  | { kind: 'access-token'; accessToken: string }
  | { kind: 'default' };

/**
 * 20 calls of each kind per second, as deployments know it (spec/provisioning.md 5.1), yet in shorter windows: Google refills its
 * counts once a minute, 1,500 each where a project has the smallest quota
 * (https://cloud.google.com/compute/docs/api-rate-limits), and 2,000 calls at once would use up more than that.
 */
const defaultLimit: CallLimit = { intervalMs: 10_000, cap: 200 };

const googleCertificates = 'https://www.googleapis.com/oauth2/v3/certs';

/** Reads the settings; the names and defaults are those that deployments know. */
export function readGoogleSettings(settings: SettingsReader): GoogleSettings {
  const endpoint = readUrl(settings, 'endpoint');
  const rateLimits = settings.optionalObject('apiRateLimits');
  const limitOf = (kind: CallKind): [CallKind, CallLimit] => [
    kind,
    readLimit(rateLimits?.optionalObject(kind) ?? null),
  ];
  return {
    project: readProject(settings),
    credentials: readCredentials(settings),
    workerServiceAccountId: readServiceAccountId(settings),
    limits: Object.fromEntries(callKinds.map(limitOf)) as Record<CallKind, CallLimit>,
    throttleBackOffMs: settings.positive('_backoffDelay', 1000),
    endpoint,
    iamEndpoint: readUrl(settings, 'iamEndpoint') ?? endpoint,
    certificatesUrl: readUrl(settings, 'certificatesUrl') ?? googleCertificates,
  };
}

/** Ids may have the domain before them: `example.com:project`. */
function readProject(settings: SettingsReader): string {
  const project = settings.text('project');
  if (project !== '' && !/^[a-z0-9.:-]+$/.test(project)) {
    settings.reject('project', "must be a project's id");
  }
  return project;
}

function readServiceAccountId(settings: SettingsReader): string {
  const id = settings.text('workerServiceAccountId');
  if (id !== '' && !/^\d+$/.test(id)) {
    settings.reject('workerServiceAccountId', 'must be the numeric unique id of a service account, as a text');
  }
  return id;
}

function readLimit(settings: SettingsReader | null): CallLimit {
  return {
    intervalMs: settings?.positive('interval', defaultLimit.intervalMs) ?? defaultLimit.intervalMs,
    cap: settings?.positive('intervalCap', defaultLimit.cap) ?? defaultLimit.cap,
  };
}

function readUrl(settings: SettingsReader, name: string): string | null {
  const url = settings.optionalText(name);
  if (url !== null && url !== '' && !/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
    settings.reject(name, 'must be an http or https URL');
  }
  return url;
}

function readCredentials(settings: SettingsReader): GoogleCredentials {
  const accessToken = settings.optionalText('accessToken');
  const creds = settings.optionalTextOrObject('creds');
  if (accessToken !== null) {
    if (creds !== null) {
      settings.reject('accessToken', 'must not be given together with creds');
    }
    return { kind: 'access-token', accessToken };
  }
  if (creds === null) {
    return { kind: 'default' };
  }
  const json = typeof creds === 'string' ? parseCredentials(creds) : creds;
  if (json === null) {
    settings.reject('creds', 'must be an object, its JSON text, or base64 of that');
    return { kind: 'default' };
  }
  return json['type'] === 'external_account' ? readFederation(settings, json) : readKey(settings, json);
}

/** JSON text, or base64 of it. */
function parseCredentials(text: string): JsonObject | null {
  const decoded = text.trimStart().startsWith('{') ? text : Buffer.from(text, 'base64').toString('utf8');
  try {
    const parsed: unknown = JSON.parse(decoded);
    return isJsonObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

/** A key without a type is taken for a service account's; of other types (a person's, say) none is meant for a service. */
function readKey(settings: SettingsReader, json: JsonObject): GoogleCredentials {
  const type = json['type'] ?? 'service_account';
  if (type !== 'service_account') {
    settings.reject('creds', 'must be of the type service_account or external_account');
  }
  rejectLacking(settings, json, ['client_email', 'private_key']);
  return {
    kind: 'service-account',
    email: stringMember(json, 'client_email') ?? '',
    key: stringMember(json, 'private_key') ?? '',
  };
}

function readFederation(settings: SettingsReader, json: JsonObject): GoogleCredentials {
  rejectLacking(settings, json, ['audience', 'subject_token_type', 'token_url', 'credential_source']);
  if (asObject(json['credential_source'])['executable'] !== undefined) {
    settings.reject('creds', 'must not name a program: none is run for them');
  }
  return { kind: 'federation', json };
}

function rejectLacking(settings: SettingsReader, json: JsonObject, names: readonly string[]): void {
  const missing = names.filter((name) => [undefined, null, ''].some((nothing) => json[name] === nothing));
  if (missing.length > 0) {
    settings.reject('creds', `lacks ${missing.join(', ')}`);
  }
}
