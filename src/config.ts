import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { LocalClient } from '#access/local-authenticator.ts';
import type { JsonObject } from '#core/json.ts';
import { defaultPace } from '#core/pace.ts';
import type { Pace } from '#core/pace.ts';
import { isJsonObject } from '#lib/json.ts';
import { readLevels } from '#telemetry/log.ts';
import { SettingsReader } from './settings-reader.ts';
import type { Settings } from './settings-reader.ts';

export interface CryptoKey {
  id: string;
  /** 32 bytes. */
  key: Buffer;
}

/** Everything the program can be told, read once at the start. */
export interface Config {
  rootUrl: string;
  /** The service's own permanent client: signs its calls and its workers' credentials. */
  credentials: { clientId: string; accessToken: string };
  /** Where the queue is asked; the deployment itself unless told otherwise. */
  queueRootUrl: string;
  /** Null: an embedded PostgreSQL in `dataDirectory`. */
  database: { readUrl: string; writeUrl: string } | null;
  dataDirectory: string;
  /** Oldest first; the last one seals. Empty: a key is made and kept in the data directory (embedded database only). */
  cryptoKeys: readonly CryptoKey[];
  listen: { host: string; port: number };
  /** Whether defects show their stack trace to the caller (W51). */
  showsStackTraces: boolean;
  forceSsl: boolean;
  trustProxy: boolean;
  keepAliveTimeoutSeconds: number;
  /** Null: the deployment's auth service is asked. */
  clients: readonly LocalClient[] | null;
  anonymousScopes: readonly string[];
  /** Settings by provider id, each with its `providerType`; the providers check the rest. */
  providers: Readonly<Record<string, JsonObject>>;
  /** Null: there is no broker; events go to nobody. */
  pulse: {
    hostname: string;
    username: string;
    password: string;
    vhost: string;
    isAmqps: boolean;
    /** Absent: 5671, or 5672 without TLS. */
    port?: number;
    /** Whether the keys of pool messages name pool and provider (W33). */
    namesPools: boolean;
  } | null;
  /** Null: mails go through the deployment's notify service. */
  smtp: { url: string; from: string } | null;
  /** Scopes observed at the same time. */
  scannerConcurrency: number;
  pace: Pace;
  level: string;
  metrics: { prefix: string; server: { port: number; ip: string } | null };
}

/** All that is wrong with the configuration, one line each; made for people. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/**
 * Reads the environment over a settings file (YAML or JSON; the same names, structures instead of JSON text allowed).
 * @throws {ConfigError} with every problem at once.
 */
export function loadConfig(file: string | null, env: NodeJS.ProcessEnv = process.env): Config {
  const set = Object.entries(env).filter(([, value]) => value !== undefined && value !== '');
  return readConfig({ ...(file === null ? {} : readSettingsFile(file)), ...Object.fromEntries(set) });
}

/** What only a deployment sets; one of them is enough, so that a setting that was forgotten is missed and not taken for a wish to see a demonstration. */
const deploymentSettings = [
  'TASKCLUSTER_ROOT_URL',
  'TASKCLUSTER_CLIENT_ID',
  'TASKCLUSTER_ACCESS_TOKEN',
  'PROVIDERS',
  'DB_CRYPTO_KEYS',
];

/** Whether the environment configures a deployment, completely or not. */
export function hasConfiguration(env: NodeJS.ProcessEnv = process.env): boolean {
  return deploymentSettings.some((name) => (env[name] ?? '') !== '');
}

function readSettingsFile(file: string): Settings {
  let content: unknown;
  try {
    content = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const [why = ''] = String(error instanceof Error ? error.message : error).split('\n', 1);
    throw new ConfigError([`--config ${file}: cannot be read: ${why}`]);
  }
  if (!isJsonObject(content)) {
    throw new ConfigError([`--config ${file}: must hold a mapping of setting names to values`]);
  }
  return content;
}

/**
 * Checks settings and applies defaults (spec/api.md 10.1).
 * @throws {ConfigError} with every problem at once.
 */
export function readConfig(settings: Settings): Config {
  const read = new SettingsReader(settings);
  const rootUrl = read.url('TASKCLUSTER_ROOT_URL');
  const config: Config = {
    rootUrl,
    credentials: {
      clientId: read.text('TASKCLUSTER_CLIENT_ID'),
      accessToken: read.text('TASKCLUSTER_ACCESS_TOKEN'),
    },
    queueRootUrl: read.has('QUEUE_ROOT_URL') ? read.url('QUEUE_ROOT_URL') : rootUrl,
    database: readDatabase(read),
    dataDirectory: read.text('DATA_DIRECTORY', '.data'),
    cryptoKeys: readCryptoKeys(read),
    listen: { host: read.text('HOST', '0.0.0.0'), port: read.integer('PORT', 8080) },
    showsStackTraces: read.bool('SHOW_STACK_TRACES', false),
    forceSsl: read.bool('FORCE_SSL', false),
    trustProxy: read.bool('TRUST_PROXY', false),
    keepAliveTimeoutSeconds: read.integer('KEEP_ALIVE_TIMEOUT_SECONDS', 90),
    clients: read.has('LOCAL_CLIENTS') ? readClients(read) : null,
    anonymousScopes: read.texts('ANONYMOUS_SCOPES', []),
    providers: readProviders(read),
    pulse: readPulse(read),
    smtp: read.has('SMTP_URL') ? { url: read.text('SMTP_URL'), from: read.text('MAIL_FROM') } : null,
    scannerConcurrency: Math.max(1, read.integer('WORKER_SCANNER_CONCURRENCY', 0) || 8),
    pace: readPace(read),
    level: readLevel(read),
    metrics: readMetrics(read),
  };
  if (config.database !== null && config.cryptoKeys.length === 0) {
    read.complain('DB_CRYPTO_KEYS', 'is needed with a database of your own: it keeps secrets sealed');
  }
  if (read.problems.length > 0) throw new ConfigError(read.problems);
  return Object.freeze(config);
}

function readDatabase(read: SettingsReader): Config['database'] {
  if (read.has('DATABASE_URL')) {
    const url = read.text('DATABASE_URL');
    return { readUrl: read.text('READ_DB_URL', url), writeUrl: read.text('WRITE_DB_URL', url) };
  }
  if (!read.has('READ_DB_URL') && !read.has('WRITE_DB_URL')) return null;
  return { readUrl: read.text('READ_DB_URL'), writeUrl: read.text('WRITE_DB_URL') };
}

function readCryptoKeys(read: SettingsReader): CryptoKey[] {
  const ids = new Set<string>();
  return read.objects('DB_CRYPTO_KEYS', []).flatMap((entry, index) => {
    const { id, algo, key } = entry;
    const bytes = typeof key === 'string' ? Buffer.from(key, 'base64') : Buffer.alloc(0);
    if (typeof id === 'string' && algo === 'aes-256' && bytes.length === 32) {
      if (ids.has(id)) read.complain('DB_CRYPTO_KEYS', `entry ${index}: has the id of an earlier one`);
      ids.add(id);
      return [{ id, key: bytes }];
    }
    read.complain('DB_CRYPTO_KEYS', `entry ${index}: must be {id, algo: "aes-256", key: base64 of 32 bytes}`);
    return [];
  });
}

function readClients(read: SettingsReader): LocalClient[] {
  return read.objects('LOCAL_CLIENTS', []).flatMap((entry, index) => {
    const { clientId, accessToken, scopes } = entry;
    if (typeof clientId === 'string' && typeof accessToken === 'string' && Array.isArray(scopes)) {
      return [{ clientId, accessToken, scopes: scopes.map(String) }];
    }
    read.complain('LOCAL_CLIENTS', `entry ${index}: must be {clientId, accessToken, scopes: [...]}`);
    return [];
  });
}

function readProviders(read: SettingsReader): Config['providers'] {
  const entries = Object.entries(read.object('PROVIDERS')).map(([providerId, settings]) => {
    if (isJsonObject(settings)) return [providerId, settings] as const;
    read.complain('PROVIDERS', `${providerId}: must be an object with a providerType`);
    return [providerId, {}] as const;
  });
  return Object.fromEntries(entries);
}

function readPulse(read: SettingsReader): Config['pulse'] {
  if (!read.has('PULSE_HOSTNAME')) return null;
  return {
    hostname: read.text('PULSE_HOSTNAME'),
    username: read.text('PULSE_USERNAME'),
    password: read.text('PULSE_PASSWORD'),
    vhost: read.text('PULSE_VHOST'),
    isAmqps: read.bool('PULSE_AMQPS', true),
    ...(read.has('PULSE_PORT') ? { port: read.integer('PULSE_PORT', 0) } : {}),
    namesPools: read.bool('PULSE_POOLS_IN_ROUTING_KEYS', false),
  };
}

/** The original's loop settings keep their meaning where there still is one; PACE sets the rest by name. */
function readPace(read: SettingsReader): Pace {
  const pace: Record<keyof Pace, number> = { ...defaultPace };
  const own = read.object('PACE', {});
  for (const [name, value] of Object.entries(own)) {
    if (!Object.hasOwn(defaultPace, name)) {
      read.complain('PACE', `${name}: is no such setting; there are ${Object.keys(pace).join(', ')}`);
    } else if (typeof value !== 'number' || !(value > 0)) {
      read.complain('PACE', `${name}: must be a number of milliseconds above 0`);
    } else {
      pace[name as keyof Pace] = value;
    }
  }
  pace.provisionEveryMs = read.loopSetting('PROVISIONER_ITERATE_CONFIG', 'waitTime', pace.provisionEveryMs);
  pace.timeSliceMs = read.loopSetting('PROVISIONER_ITERATE_CONFIG', 'maxIterationTime', pace.timeSliceMs);
  pace.observeEveryMs = read.loopSetting('WORKER_SCANNER_ITERATE_CONFIG', 'waitTime', pace.observeEveryMs);
  return pace;
}

/** Checked where it is read, so that a bad one is refused with all else that is wrong. */
function readLevel(read: SettingsReader): string {
  const level = read.text('LEVEL', 'info');
  try {
    readLevels(level);
  } catch (error) {
    read.complain('LEVEL', error instanceof Error ? error.message : String(error));
  }
  return level;
}

function readMetrics(read: SettingsReader): Config['metrics'] {
  if (!read.has('PROMETHEUS_CONFIG')) return { prefix: '', server: null };
  const { prefix, server } = read.object('PROMETHEUS_CONFIG');
  const { port, ip } = isJsonObject(server) ? server : {};
  return {
    prefix: typeof prefix === 'string' ? prefix : '',
    server: {
      port: typeof port === 'number' ? port : 9100,
      ip: typeof ip === 'string' ? ip : '127.0.0.1',
    },
  };
}
