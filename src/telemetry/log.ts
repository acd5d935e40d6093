import { hostname } from 'node:os';
import pino from 'pino';
import type { Clock } from '#core/clock.ts';
import type { Log, LogLevel } from '#core/telemetry.ts';

/** Syslog severities (RFC 5424) of our levels. */
const severities: Record<LogLevel, number> = {
  err: 3,
  warning: 4,
  notice: 5,
  info: 6,
  debug: 7,
};

/** Where finished lines go; `process.stdout`'s descriptor in production, an array in tests. */
export interface LineSink {
  write(line: string): void;
}

export interface LogOptions {
  clock: Clock;
  sink: LineSink;
  /** `<level>`, or `root:<level> <child>:<level> …` (spec/api.md 10.1, LEVEL). */
  level: string;
  version: string;
  /** The version of each published type of entry: stands as `v` in its fields. Types without one are our own. */
  entryVersions?: ReadonlyMap<string, number>;
}

const maskedKeys = new Set([
  'credentials',
  'accesstoken',
  'password',
  'secretaccesskey',
  'secret',
  'secrets',
  'staticsecret',
  'workeridentityproof',
  'bewit',
]);
const deepestLevel = 8;

/** A copy in which the values of secret-bearing keys are `...`, at any depth (spec/api.md 9.1); errors become their name and message. */
function masked(value: unknown, depth = 0): unknown {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Error) return { name: value.name, message: value.message };
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= deepestLevel) return '…';
  if (Array.isArray(value)) return value.map((item) => masked(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      maskedKeys.has(key.toLowerCase()) ? '...' : masked(member, depth + 1),
    ]),
  );
}

/** An error that is reported says in fields of its own what it is and where it happened (spec/api.md 9.2, errorReport). */
function reported(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { error, ...rest } = fields;
  if (!(error instanceof Error)) return fields;
  const { name, message, stack } = error;
  return { name, message, stack, ...rest };
}

/** What people read first: the message, of an error with where it happened. */
function messageOf({ message, stack }: Readonly<Record<string, unknown>>): { message?: string } {
  const text = typeof stack === 'string' ? stack : message;
  return typeof text === 'string' ? { message: text } : {};
}

/**
 * Reads LEVEL.
 * @throws {Error} for an unknown level name.
 */
export function readLevels(text: string): { root: LogLevel; children: Map<string, LogLevel> } {
  const children = new Map<string, LogLevel>();
  let root: LogLevel = 'info';
  for (const part of text.trim().split(/\s+/)) {
    const [name, level] = part.includes(':') ? part.split(':') : ['root', part];
    if (level === undefined || !Object.hasOwn(severities, level)) {
      throw new Error(`"${part}" names no log level; use one of ${Object.keys(severities).join(', ')}`);
    }
    if (name === 'root') root = level as LogLevel;
    else children.set(name ?? '', level as LogLevel);
  }
  return { root, children };
}

/** The service's log: one JSON object a line in the format of spec/api.md 9.1. */
export function createLog(options: LogOptions): Log {
  const levels = readLevels(options.level);
  const output = pino(
    {
      base: null,
      timestamp: false,
      level: 'trace',
      // Our format has severities of its own; a member must stand here all the same.
      formatters: { level: () => ({ EnvVersion: '2.0' }) },
    },
    options.sink,
  );
  const environment = {
    Hostname: hostname(),
    Pid: process.pid,
    serviceContext: { service: 'worker-manager', version: options.version },
  };

  const versioned = (type: string, fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
    const v = options.entryVersions?.get(type);
    return v === undefined ? fields : { v, ...fields };
  };

  const logger = (path: string, threshold: number): Log => ({
    write(type, level, fields, trace) {
      if (severities[level] > threshold) return;
      const told = type === 'monitor.error' ? reported(fields) : fields;
      output.info({
        Timestamp: options.clock.now().getTime() * 1_000_000,
        Type: type,
        Logger: path,
        Severity: severities[level],
        severity: level.toUpperCase(),
        ...trace,
        ...environment,
        ...messageOf(told),
        Fields: masked(versioned(type, told)),
      });
    },
    child(name) {
      const own = levels.children.get(name);
      return logger(`${path}.${name}`, own === undefined ? threshold : severities[own]);
    },
  });
  return logger('taskcluster.worker-manager', severities[levels.root]);
}
