import type { Authentication } from '#access/authenticator.ts';
import { renderScopes } from '#access/scope-template.ts';
import { insufficientScopesText, satisfies, satisfyingScopes } from '#access/scopes.ts';
import type { ScopeTemplate } from '#core/scope-expression.ts';
import { ApiError } from './errors.ts';

/** A caller that was not turned away. */
type Admitted = Exclude<Authentication, { status: 'failed' }>;

/** What the access log says of a caller (spec/api.md 9.2). */
export interface CallerRecord {
  /** Empty: not known, or not asked for. */
  clientId: string;
  expires: string;
  satisfyingScopes: readonly string[];
  authenticated: boolean;
}

/** Who makes a request. Found out at most once, and only if somebody asks (spec/api.md 2.1). */
export class Caller {
  readonly #authenticate: () => Promise<Authentication>;
  #admitted: Promise<Admitted> | undefined;
  #record: CallerRecord = { clientId: '', expires: '', satisfyingScopes: [], authenticated: false };

  constructor(authenticate: () => Promise<Authentication>) {
    this.#authenticate = authenticate;
  }

  /** What is known so far. */
  get record(): CallerRecord {
    return this.#record;
  }

  /** @throws {ApiError} AuthenticationFailed when credentials were given and are not good. */
  async authenticate(): Promise<Admitted> {
    this.#admitted ??= this.#admit();
    return await this.#admitted;
  }

  /** @throws {ApiError} AuthenticationFailed, or InsufficientScopes unless the caller has what the template asks for. */
  async authorize(template: ScopeTemplate, parameters: Readonly<Record<string, unknown>>): Promise<void> {
    const required = renderScopes(template, parameters);
    if (required === undefined) return;
    const { scopes } = await this.authenticate();
    if (!satisfies(scopes, required)) {
      const { clientId } = this.#record;
      const text = insufficientScopesText(clientId === '' ? undefined : clientId, scopes, required);
      throw new ApiError('InsufficientScopes', text);
    }
    this.#record = { ...this.#record, satisfyingScopes: satisfyingScopes(scopes, required) };
  }

  async #admit(): Promise<Admitted> {
    const found = await this.#authenticate();
    if (found.status === 'failed') throw new ApiError('AuthenticationFailed', found.message);
    if (found.status === 'success') {
      const { clientId, expires } = found;
      this.#record = { ...this.#record, clientId, expires: expires?.toISOString() ?? '', authenticated: true };
    }
    return found;
  }
}
