/** Who a machine is, and how it proves it. */
export interface Identity {
  /** Of the deployment, without a trailing slash. */
  rootUrl: string;
  providerId: string;
  workerPoolId: string;
  workerGroup: string;
  workerId: string;
  /** `workerIdentityProof` of registerWorker. */
  proof: Readonly<Record<string, string>>;
}

/**
 * How the program on a machine learns who it is: one implementation per cloud (spec/provisioning.md 11.2, 11.5).
 */
export interface Metadata {
  /** `not-now` if the metadata service does not answer, `unusable` if what it says can never lead to a registration. */
  identify(): Promise<Identity | 'not-now' | 'unusable'>;
  /** True once the cloud has announced that it takes the machine back. */
  isInterrupted(): Promise<boolean>;
  /** How often to ask that; Infinity where the cloud announces nothing. */
  readonly interruptionCheckMs: number;
  /** True if the service made the machine: then the program removes its worker, or powers off, when it ends. */
  readonly isDynamic: boolean;
}

/** The identity if every part of it is there and the root URL has no trailing slash, as worker-runner demands. */
export function completeIdentity(parts: { [Part in keyof Identity]: Identity[Part] | undefined }):
  | Identity
  | 'unusable' {
  const { rootUrl, providerId, workerPoolId, workerGroup, workerId, proof } = parts;
  if (!rootUrl || !providerId || !workerPoolId || !workerGroup || !workerId || !proof || rootUrl.endsWith('/')) {
    return 'unusable';
  }
  return { rootUrl, providerId, workerPoolId, workerGroup, workerId, proof };
}
