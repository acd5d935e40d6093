import type { Measurement } from './report.ts';

export interface ScenarioOptions {
  /** Machines; empty: as many as the scenario's own targets speak of. */
  sizes: readonly number[];
  /** Given to Node for each service process. */
  nodeOptions: readonly string[];
}

/** Something that can be measured. */
export interface Scenario {
  name: string;
  /** For the usage text. */
  summary: string;
  run(options: ScenarioOptions): AsyncIterable<Measurement>;
}
