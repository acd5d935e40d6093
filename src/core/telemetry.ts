/** Syslog levels by name, as the log format of spec/api.md 9.1 orders them. */
export type LogLevel = 'err' | 'warning' | 'notice' | 'info' | 'debug';

/** By what the entries of one request are found, here and at the services that it went through (spec/api.md 2.7, 9.1). */
export interface Trace {
  traceId: string;
  requestId: string;
}

/** Where structured log entries go (spec/api.md 9.2). Never throws, never blocks. */
export interface Log {
  /** One entry: its type as in the table of 9.2, e.g. `worker-running`, and its fields. Secrets are masked at any depth. */
  write(type: string, level: LogLevel, fields: Readonly<Record<string, unknown>>, trace?: Trace): void;
  /** The same log under a longer logger name, e.g. `provisioner`. */
  child(name: string): Log;
}

/** Where numbers go (spec/api.md 9.3). Names are those of the table; labels that a metric does not declare are dropped. Never throws. */
export interface Metrics {
  count(name: string, labels: Readonly<Record<string, string>>, by?: number): void;
  gauge(name: string, labels: Readonly<Record<string, string>>, value: number): void;
  observe(name: string, labels: Readonly<Record<string, string>>, value: number): void;
  /** Forgets the series of a gauge that carry these label values (all series for `{}`), so that what vanished does not linger. */
  forget(name: string, labels: Readonly<Record<string, string>>): void;
}

/** A log and metrics that keep nothing: for programs that do not look. */
export const silentLog: Log = { write: () => undefined, child: () => silentLog };
export const silentMetrics: Metrics = {
  count: () => undefined,
  gauge: () => undefined,
  observe: () => undefined,
  forget: () => undefined,
};
