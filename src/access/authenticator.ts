import type { SignedRequest } from './signed-request.ts';

/** Who calls, and what they may do. */
export type Authentication =
  | {
      readonly status: 'success';
      readonly clientId: string;
      /** All of them, the anonymous ones too. */
      readonly scopes: readonly string[];
      /** When the credentials end; null: never. */
      readonly expires: Date | null;
    }
  | {
      /** No credentials were given: these are everybody's scopes. */
      readonly status: 'anonymous';
      readonly scopes: readonly string[];
    }
  | {
      /** Credentials were given and are not good; the message is for the caller. */
      readonly status: 'failed';
      readonly message: string;
    };

/** Finds out who calls. */
export interface Authenticator {
  /**
   * Checks the signature of a request, with the hash of its body if one was signed. Rejects when it cannot be found
   * out now (the auth service does not answer): that is nobody's fault and says nothing of the caller.
   */
  authenticate(request: SignedRequest): Promise<Authentication>;
}
