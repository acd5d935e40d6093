import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Metrics } from '#core/telemetry.ts';
import { metricTable } from './metric-table.ts';
import type { MetricDefinition } from './metric-table.ts';

type Labels = Readonly<Record<string, string>>;

/** Metrics in Prometheus' text form. */
export interface PrometheusMetrics extends Metrics {
  /** The exposition text of every metric, with its content type. */
  exposition(): Promise<{ contentType: string; text: string }>;
}

/** All metrics of the table in a registry of their own; `prefix` is put before each name with `_` (spec/api.md 9.3). */
export function createMetrics(prefix = ''): PrometheusMetrics {
  const registry = new Registry();
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  /** The label sets each gauge has now: prom-client tells them only asynchronously, and forgetting must not race with setting. */
  const series = new Map<string, Map<string, Record<string, string>>>();
  const histograms = new Map<string, Histogram>();
  const definitions: ReadonlyMap<string, MetricDefinition> = new Map(Object.entries(metricTable));

  for (const [name, definition] of definitions) {
    const options = {
      name: prefix === '' ? name : `${prefix}_${name}`,
      help: definition.help,
      labelNames: [...definition.labels],
      registers: [registry],
    };
    if (definition.type === 'counter') counters.set(name, new Counter(options));
    else if (definition.type === 'gauge') gauges.set(name, new Gauge(options));
    else {
      histograms.set(name, new Histogram({ ...options, buckets: [...(definition.buckets ?? [])] }));
    }
  }

  /** The declared labels and no others; missing ones are empty. */
  const declared = (name: string, labels: Labels): Record<string, string> =>
    Object.fromEntries((definitions.get(name)?.labels ?? []).map((label) => [label, labels[label] ?? '']));

  return {
    count: (name, labels, by = 1) => counters.get(name)?.inc(declared(name, labels), by),
    gauge(name, labels, value) {
      const own = declared(name, labels);
      gauges.get(name)?.set(own, value);
      const known = series.get(name) ?? new Map<string, Record<string, string>>();
      series.set(name, known.set(JSON.stringify(own), own));
    },
    observe: (name, labels, value) => histograms.get(name)?.observe(declared(name, labels), value),
    forget(name, labels) {
      const wanted = Object.entries(labels);
      for (const [key, own] of series.get(name) ?? []) {
        if (!wanted.every(([label, value]) => own[label] === value)) continue;
        gauges.get(name)?.remove(own);
        series.get(name)?.delete(key);
      }
    },
    async exposition() {
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}
