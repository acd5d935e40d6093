/** The parts of the published client that tests use; the package has no types of its own. */
declare module 'taskcluster-client' {
  import type { OperationName, ResponseBody } from '#contract/routes.ts';

  export interface Credentials {
    clientId: string;
    accessToken: string;
    /** JSON text; only temporary credentials have one. */
    certificate?: string;
  }

  /** An entry of the reference that the client was generated from. */
  export interface ReferenceEntry {
    readonly type: string;
    readonly name: string;
    readonly method: string;
    readonly args: readonly string[];
    readonly query?: readonly string[];
    /** Absent: the method is public. */
    readonly scopes?: unknown;
  }

  /** Takes the route parameters, then the body if there is one, then, optionally, the query. */
  export interface Method<Name extends OperationName> {
    (...args: readonly unknown[]): Promise<ResponseBody<Name>>;
    readonly entryReference: ReferenceEntry;
  }

  /** The calls of the client of this version; the newest one is not among them. */
  type KnownName = Exclude<OperationName, 'shouldWorkerTerminate'>;

  export type WorkerManager = { readonly [Name in KnownName]: Method<Name> } & {
    /** The method's arguments, the query if there is one, and how many seconds the URL is good for. */
    buildSignedUrl(method: Method<OperationName>, ...args: readonly unknown[]): string;
    /** A client that differs from this one in some options. */
    use(options: Partial<ClientOptions>): WorkerManager;
  };

  export interface ClientOptions {
    rootUrl: string;
    credentials?: Partial<Credentials>;
    authorizedScopes?: readonly string[];
    /** How often a call is repeated that got no answer, or one of status 5xx; 5 by default. */
    retries?: number;
    /** Of the pauses between repeats; milliseconds. */
    delayFactor?: number;
  }

  /** What a refused call throws. */
  export interface ClientError extends Error {
    code: string;
    statusCode: number;
    body: unknown;
  }

  interface ClientClass<Client> {
    new (options: ClientOptions): Client;
    readonly prototype: Client;
  }

  const client: {
    readonly WorkerManager: ClientClass<WorkerManager>;
    /** Makes a client class from a published reference. */
    createClient(reference: object, name: string): ClientClass<Record<string, Method<OperationName>>>;
    createTemporaryCredentials(options: {
      /** With it the credentials have a name of their own. */
      clientId?: string;
      scopes: readonly string[];
      start?: Date;
      expiry: Date;
      credentials: Credentials;
    }): Credentials;
  };
  export default client;
}
