import type { Identity, Metadata } from './metadata.ts';
import { completeIdentity } from './metadata.ts';

export interface StaticMachineOptions {
  rootUrl: string;
  providerId: string;
  workerPoolId: string;
  workerGroup: string;
  workerId: string;
  staticSecret: string;
  bootedAt: Date;
}

/** A machine that no cloud made: its runner file holds who it is and its secret (spec/provisioning.md 11.2). */
export class StaticMachine {
  readonly id: string;
  readonly fate = 'works';
  readonly options: StaticMachineOptions;
  isUp = true;
  bootedAt: Date;

  constructor(options: StaticMachineOptions) {
    this.options = options;
    this.id = `${options.workerPoolId}/${options.workerGroup}/${options.workerId}`;
    this.bootedAt = options.bootedAt;
  }

  powerOff(): void {
    this.isUp = false;
  }

  /** Switches it on (again): its program starts from the beginning. */
  powerOn(at: Date): void {
    this.isUp = true;
    this.bootedAt = at;
  }
}

/** What the runner file of a static machine says. */
export class StaticMetadata implements Metadata {
  readonly interruptionCheckMs = Infinity;
  readonly isDynamic = false;
  readonly #options: StaticMachineOptions;

  constructor(options: StaticMachineOptions) {
    this.#options = options;
  }

  identify(): Promise<Identity | 'unusable'> {
    const { staticSecret, ...identity } = this.#options;
    return Promise.resolve(completeIdentity({ ...identity, proof: { staticSecret } }));
  }

  isInterrupted(): Promise<boolean> {
    return Promise.resolve(false);
  }
}
