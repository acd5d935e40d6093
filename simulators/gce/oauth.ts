import { randomBytes } from 'node:crypto';
import { isJsonObject, type JsonObject } from '#lib/json.ts';
import type { Cloud } from './cloud.ts';
import { textAt, integerAt } from './json.ts';
import { Refusal } from './refusal.ts';

/** An answer of the token endpoint. */
export interface TokenAnswer {
  status: number;
  json: unknown;
}

const lifeSeconds = 3599;
const assertionGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/**
 * Who may call: the token endpoint and what it gave out
 * (https://developers.google.com/identity/protocols/oauth2/service-account). Signatures of assertions are not checked,
 * as the keys of service accounts are their owners'.
 */
export class Tokens {
  readonly #cloud: Cloud;
  /** Tokens that were given out, and their ends; with those that are allowed besides, or undefined for any. */
  readonly #issued = new Map<string, { email: string; endMs: number }>();
  readonly #allowed: ReadonlySet<string> | undefined;

  /** @param allowed tokens that are good for ever; undefined for any that was not given out here. */
  constructor(cloud: Cloud, allowed: readonly string[] | undefined) {
    this.#cloud = cloud;
    this.#allowed = allowed === undefined ? undefined : new Set(allowed);
  }

  /** Answers a call of the token endpoint. @param form the body, form-encoded. */
  grant(form: string): TokenAnswer {
    const parameters = new URLSearchParams(form);
    switch (parameters.get('grant_type')) {
      case assertionGrant:
        return this.#grantAssertion(parameters.get('assertion') ?? '');
      case 'refresh_token':
        return parameters.get('refresh_token')
          ? this.#issue(this.#cloud.accounts[0]?.email ?? '')
          : problem('invalid_request', 'Missing required parameter: refresh_token');
      default:
        return problem('unsupported_grant_type', 'Invalid grant_type');
    }
  }

  /**
   * The e-mail of who calls.
   *
   * @throws Refusal 401 without a bearer token, or with one that is expired or not allowed.
   */
  callerOf(authorization: string | undefined): string {
    const token = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) {
      throw unauthenticated('required', 'Login Required.', 'CREDENTIALS_MISSING');
    }
    const issued = this.#issued.get(token);
    const isGood = issued === undefined ? (this.#allowed?.has(token) ?? true) : this.#cloud.nowMs < issued.endMs;
    if (!isGood) {
      throw unauthenticated('authError', 'Invalid Credentials', 'ACCESS_TOKEN_EXPIRED');
    }
    return issued?.email ?? `caller@${this.#cloud.project}.iam.gserviceaccount.com`;
  }

  #grantAssertion(assertion: string): TokenAnswer {
    const claims = claimsOf(assertion);
    const email = textAt(claims, 'iss');
    if (claims === undefined || email === undefined || !textAt(claims, 'scope')) {
      return problem('invalid_grant', 'Invalid JWT: malformed, or without iss or scope.');
    }
    if (!textAt(claims, 'aud')?.endsWith('/token')) {
      return problem('invalid_grant', 'Invalid JWT: the audience is not the token endpoint.');
    }
    const nowSeconds = this.#cloud.nowMs / 1000;
    const isTimely =
      (integerAt(claims, 'iat') ?? Infinity) <= nowSeconds + 300 && (integerAt(claims, 'exp') ?? 0) > nowSeconds;
    return isTimely
      ? this.#issue(email)
      : problem(
          'invalid_grant',
          'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.',
        );
  }

  #issue(email: string): TokenAnswer {
    const token = `ya29.${randomBytes(24).toString('base64url')}`;
    this.#issued.set(token, { email, endMs: this.#cloud.nowMs + lifeSeconds * 1000 });
    return { status: 200, json: { access_token: token, expires_in: lifeSeconds, token_type: 'Bearer' } };
  }
}

function claimsOf(assertion: string): JsonObject | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString());
    return isJsonObject(claims) ? claims : undefined;
  } catch {
    return undefined;
  }
}

function problem(error: string, description: string): TokenAnswer {
  return { status: 400, json: { error, error_description: description } };
}

function unauthenticated(reason: string, text: string, detail: string): Refusal {
  const message =
    reason === 'required'
      ? 'Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.'
      : 'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.';
  return new Refusal(401, reason, message, {
    header: 'Authorization',
    statusName: 'UNAUTHENTICATED',
    details: [
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: detail,
        domain: 'googleapis.com',
        metadata: { service: 'compute.googleapis.com', text },
      },
    ],
  });
}
