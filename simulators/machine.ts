/** All that a simulated machine can do with its life. */
export const fates = ['works', 'never-registers', 'crashes-while-working'] as const;

/** What a simulated machine will do with its life, drawn or steered by its cloud's faults. */
export type Fate = (typeof fates)[number];

/** One simulated machine as the program running on it sees it: the same for every simulated cloud. */
export interface SimulatedMachine {
  cloud: 'aws' | 'google' | 'azure';
  /** The cloud's own id of the machine. */
  id: string;
  /** Base URL of its metadata service, e.g. `http://127.0.0.1:4001/_sim/imds/i-0abc` (no trailing slash); paths below it are the real service's. */
  metadataUrl: string;
  /** True from the end of its boot until it ends. */
  isUp: boolean;
  bootedAt: Date;
  fate: Fate;
  /** What `shutdown -h now` does on it: the cloud sees the machine end by itself. */
  powerOff(): void;
}

/** A cloud seen as a car park of machines: what the simulated workers drive. */
export interface MachinePark {
  machines(): readonly SimulatedMachine[];
}
