import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { LocalClient } from '#access/local-authenticator.ts';
import { scopePattern } from '#access/scopes.ts';
import type { JsonObject } from '#core/json.ts';
import { defaultPace } from '#core/pace.ts';
import type { Pace } from '#core/pace.ts';
import { isJsonObject } from '#lib/json.ts';
import { configureProviders, ProvidersMisconfigured } from '#providers/directory.ts';
import { providerModules } from '#providers/index.ts';
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
  /** Where sibling services are asked: the deployment itself, or each by its name in the cluster (spec/api.md 3.1). */
  siblings: { auth: string; notify: string; queue: string };
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
  /** Whether AWS pools may have reserved members of a RunInstances request, as the original let them (W24). */
  toleratesReservedMembers: boolean;
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
    siblings: readSiblings(read, rootUrl),
    database: readDatabase(read),
    dataDirectory: read.text('DATA_DIRECTORY', '.data'),
    cryptoKeys: readCryptoKeys(read),
    listen: { host: read.text('HOST', '0.0.0.0'), port: read.integer('PORT', 8080, anyPort) },
    showsStackTraces: read.bool('SHOW_STACK_TRACES', false),
    forceSsl: read.bool('FORCE_SSL', false),
    trustProxy: read.bool('TRUST_PROXY', false),
    keepAliveTimeoutSeconds: read.integer('KEEP_ALIVE_TIMEOUT_SECONDS', 90, { least: 1, most: 86_400 }),
    clients: read.has('LOCAL_CLIENTS') ? readClients(read) : null,
    anonymousScopes: read.texts('ANONYMOUS_SCOPES', []),
    toleratesReservedMembers: read.bool('AWS_TOLERATE_RESERVED_MEMBERS', false),
    providers: readProviders(read),
    pulse: readPulse(read),
    smtp: read.has('SMTP_URL')
      ? { url: read.address('SMTP_URL', ['smtp', 'smtps']), from: read.text('MAIL_FROM') }
      : null,
    scannerConcurrency: read.integer('WORKER_SCANNER_CONCURRENCY', 0, { least: 0, most: 1_000 }) || 8,
    pace: readPace(read),
    level: readLevel(read),
    metrics: readMetrics(read),
  };
  if (read.has('TASKCLUSTER_CERTIFICATE')) {
    read.complain('TASKCLUSTER_CERTIFICATE', 'cannot be used: temporary credentials cannot issue those of the workers');
  }
  if (config.database !== null && config.cryptoKeys.length === 0) {
    read.complain('DB_CRYPTO_KEYS', 'is needed with a database of your own: it keeps secrets sealed');
  }
  if (read.problems.length > 0) throw new ConfigError(read.problems);
  return Object.freeze(config);
}

/** 0 takes any that is free. */
const anyPort = { least: 0, most: 65_535 };
const databaseSchemes = ['postgresql', 'postgres'];

/** A queue of its own goes before what the cluster's names say. */
function readSiblings(read: SettingsReader, rootUrl: string): Config['siblings'] {
  const isByName = read.bool('USE_KUBERNETES_DNS_SERVICE_DISCOVERY', false);
  const [auth, notify, queue] = ['auth', 'notify', 'queue'].map((name) =>
    isByName ? `http://taskcluster-${name}` : rootUrl,
  ) as [string, string, string];
  return { auth, notify, queue: read.has('QUEUE_ROOT_URL') ? read.url('QUEUE_ROOT_URL') : queue };
}

function readDatabase(read: SettingsReader): Config['database'] {
  const url = read.has('DATABASE_URL') ? read.address('DATABASE_URL', databaseSchemes) : undefined;
  if (url === undefined && !read.has('READ_DB_URL') && !read.has('WRITE_DB_URL')) return null;
  return {
    readUrl: read.address('READ_DB_URL', databaseSchemes, url),
    writeUrl: read.address('WRITE_DB_URL', databaseSchemes, url),
  };
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
  const ids = new Set<string>();
  return read.objects('LOCAL_CLIENTS', []).flatMap((entry, index) => {
    const { clientId, accessToken, scopes } = entry;
    if (isFilled(clientId) && isFilled(accessToken) && isListOfScopes(scopes)) {
      if (ids.has(clientId)) read.complain('LOCAL_CLIENTS', `entry ${index}: has the clientId of an earlier one`);
      ids.add(clientId);
      return [{ clientId, accessToken, scopes }];
    }
    read.complain('LOCAL_CLIENTS', `entry ${index}: must be {clientId, accessToken, scopes: [...]}`);
    return [];
  });
}

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isListOfScopes(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((scope) => typeof scope === 'string' && scopePattern.test(scope));
}

/** What is wrong inside of each is known to its provider, and said with all the rest. */
function readProviders(read: SettingsReader): Config['providers'] {
  const providers = read.object('PROVIDERS');
  try {
    configureProviders(providers, providerModules);
  } catch (error) {
    if (!(error instanceof ProvidersMisconfigured)) throw error;
    read.problems.push(...error.problems);
  }
  return Object.fromEntries(
    Object.entries(providers).flatMap(([id, settings]) => (isJsonObject(settings) ? [[id, settings]] : [])),
  );
}

function readPulse(read: SettingsReader): Config['pulse'] {
  if (!read.has('PULSE_HOSTNAME')) return null;
  return {
    hostname: read.text('PULSE_HOSTNAME'),
    username: read.text('PULSE_USERNAME'),
    password: read.text('PULSE_PASSWORD'),
    vhost: read.text('PULSE_VHOST'),
    isAmqps: read.bool('PULSE_AMQPS', true),
    ...(read.has('PULSE_PORT') ? { port: read.integer('PULSE_PORT', 0, { least: 1, most: 65_535 }) } : {}),
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

/** What the original could do besides (`push`) is left alone: nothing is pushed. */
function readMetrics(read: SettingsReader): Config['metrics'] {
  if (!read.has('PROMETHEUS_CONFIG')) return { prefix: '', server: null };
  const inside = new SettingsReader(read.object('PROMETHEUS_CONFIG'));
  const server = new SettingsReader(inside.object('server', {}));
  const prefix = inside.text('prefix', '');
  if (!/^([a-z_:][a-z0-9_:]*)?$/i.test(prefix)) {
    inside.complain('prefix', 'must be letters, digits and "_", and not begin with a digit');
  }
  const where = { port: server.integer('port', 9100, anyPort), ip: server.text('ip', '127.0.0.1') };
  const problems = [...inside.problems, ...server.problems.map((problem) => `server.${problem}`)];
  for (const problem of problems) read.complain('PROMETHEUS_CONFIG', problem);
  return { prefix, server: where };
}
