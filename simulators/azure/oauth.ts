import type { IncomingHttpHeaders } from 'node:http';
import type { Cloud } from './cloud.ts';
import { Refusal } from './refusal.ts';

/** How long a token is good, as Microsoft Entra ID says it: an hour less a second. */
const tokenLifeSeconds = 3599;

/** An answer of the token endpoint: not in the form of Azure Resource Manager. */
export interface TokenAnswer {
  status: number;
  body: Readonly<Record<string, unknown>>;
}

/** Status, error, number of the AADSTS message, and its text. */
type TokenRefusal = readonly [status: number, error: string, number: number, text: string];

/**
 * Microsoft Entra ID as far as a service principal needs it: the client credentials grant
 * (https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow).
 */
export class TokenOffice {
  readonly #cloud: Cloud;
  readonly #secrets: ReadonlyMap<string, string> | undefined;
  /** When the tokens that were issued end. */
  readonly #ends = new Map<string, number>();

  /** @param secrets client id → secret. With them both are checked; without, any client gets a token. */
  constructor(cloud: Cloud, secrets: ReadonlyMap<string, string> | undefined) {
    this.#cloud = cloud;
    this.#secrets = secrets;
  }

  /** Answers a POST to `/<tenant>/oauth2/v2.0/token`. */
  issue(tenant: string, body: string): TokenAnswer {
    const form = new URLSearchParams(body);
    const refusal = refusalOf(form) ?? this.#clientRefusal(tenant, form);
    if (refusal !== undefined) {
      return this.#refuse(refusal);
    }
    const lives = { expires_in: tokenLifeSeconds, ext_expires_in: tokenLifeSeconds };
    return { status: 200, body: { token_type: 'Bearer', ...lives, access_token: this.#issueToken() } };
  }

  /**
   * Checks the token of a call to Azure Resource Manager. With secrets only tokens that were issued here are good;
   * without, any is that has not expired.
   *
   * @throws Refusal 401
   */
  check({ authorization }: IncomingHttpHeaders): void {
    const token = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
    if (authorization === undefined) {
      throw new Refusal('AuthenticationFailed', "Authentication failed. The 'Authorization' header is missing.", 401);
    }
    if (token === undefined) {
      throw new Refusal(
        'AuthenticationFailedInvalidHeader',
        "Authentication failed. The 'Authorization' header is provided in an invalid format.",
        401,
      );
    }
    const endMs = this.#ends.get(token);
    if (endMs !== undefined && this.#cloud.nowMs >= endMs) {
      throw new Refusal(
        'ExpiredAuthenticationToken',
        `The access token expiry UTC time '${new Date(endMs).toISOString()}' is earlier than current UTC time '${new Date(this.#cloud.nowMs).toISOString()}'.`,
        401,
      );
    }
    if (endMs === undefined && this.#secrets !== undefined) {
      throw new Refusal('InvalidAuthenticationToken', 'The access token is invalid.', 401);
    }
  }

  #issueToken(): string {
    const { nowMs } = this.#cloud;
    for (const [token, endMs] of this.#ends) {
      if (nowMs >= endMs + tokenLifeSeconds * 1000) {
        this.#ends.delete(token);
      }
    }
    const token = `simulated.${this.#cloud.digits(64)}`;
    this.#ends.set(token, nowMs + tokenLifeSeconds * 1000);
    return token;
  }

  #clientRefusal(tenant: string, form: URLSearchParams): TokenRefusal | undefined {
    if (this.#secrets === undefined) {
      return undefined;
    }
    if (tenant !== this.#cloud.tenantId) {
      return [400, 'invalid_request', 90002, `Tenant '${tenant}' not found.`];
    }
    const clientId = form.get('client_id') ?? '';
    const secret = this.#secrets.get(clientId);
    if (secret === undefined) {
      const text = `Application with identifier '${clientId}' was not found in the directory.`;
      return [400, 'unauthorized_client', 700016, text];
    }
    return secret === form.get('client_secret')
      ? undefined
      : [401, 'invalid_client', 7000215, 'Invalid client secret provided.'];
  }

  #refuse([status, error, number, text]: TokenRefusal): TokenAnswer {
    const timestamp = new Date(this.#cloud.nowMs).toISOString();
    return {
      status,
      body: {
        error,
        error_description: `AADSTS${number}: ${text} Trace ID: ${this.#cloud.uuid()} Timestamp: ${timestamp}`,
        error_codes: [number],
        timestamp,
        correlation_id: this.#cloud.uuid(),
        error_uri: `https://login.microsoftonline.com/error?code=${number}`,
      },
    };
  }
}

/** What is wrong with a request for a token, whoever sends it. */
function refusalOf(form: URLSearchParams): TokenRefusal | undefined {
  const missing = ['grant_type', 'client_id', 'client_secret', 'scope'].find((name) => (form.get(name) ?? '') === '');
  if (missing !== undefined) {
    const text = `The request body must contain the following parameter: '${missing}'.`;
    return [400, 'invalid_request', 900144, text];
  }
  if (form.get('grant_type') !== 'client_credentials') {
    const text = `The app requested an unsupported grant type '${form.get('grant_type') ?? ''}'.`;
    return [400, 'unsupported_grant_type', 70003, text];
  }
  return form.get('scope')?.endsWith('/.default') === true
    ? undefined
    : [400, 'invalid_scope', 1002012, "The provided request must include a 'scope' that ends in '/.default'."];
}
