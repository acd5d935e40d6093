import type { AccessToken, TokenCredential } from '@azure/identity';
import type { Clock } from '#core/clock.ts';
import { withDeadline } from '#lib/deadline.ts';
import { isJsonObject } from '#lib/json.ts';
import { ArmError, ownCodes } from './errors.ts';
import type { AzureSettings } from './settings.ts';
import { whileWanted } from './while-wanted.ts';

/** Where bearer tokens come from. */
export interface Tokens {
  /** One that is valid for a while. @throws ArmError when there is none to be had, or the signal's reason. */
  token(signal: AbortSignal): Promise<string>;
  /** Azure did not accept this token: the next one is fetched anew. */
  forget(token: string): void;
}

/** A token is renewed so long before its end: longer than any one call takes. */
const renewBeforeMs = 5 * 60_000;
/** While the authority does not answer, the token before is used on, and the authority asked again after so long. */
const askAgainMs = 30_000;
const fetchTimeoutMs = 30_000;

/**
 * Tokens by the credentials of the settings, through Microsoft's own library, which is loaded here and nowhere else. It refuses to speak plain
 * http, as only a simulator does: that is asked by a small request of our own.
 */
export async function openTokens(settings: AzureSettings, clock: Clock): Promise<Tokens> {
  const { authority } = settings;
  const fetchToken = authority?.startsWith('http:')
    ? () => plainToken(settings, authority, clock)
    : libraryTokens(await credentialOf(settings), settings.endpoint);
  let current: Promise<AccessToken> | null = null;
  let last: AccessToken | null = null;
  let renewAt = Infinity;
  return {
    async token(signal) {
      signal.throwIfAborted();
      if (nowMs() >= renewAt) current = null;
      // One request, however many calls wait for it; it belongs to none of them, so none of them can abort it.
      current ??= renewed();
      return (await whileWanted(current, signal)).token;
    },
    forget(refused) {
      if (last?.token !== refused) return;
      last = null;
      renewAt = -Infinity;
    },
  };

  function renewed(): Promise<AccessToken> {
    renewAt = Infinity;
    return fetchToken().then(
      (token) => {
        last = token;
        renewAt = token.expiresOnTimestamp - renewBeforeMs;
        return token;
      },
      (error: unknown) => {
        const isOutage = error instanceof ArmError && error.code === ownCodes.loginUnanswered;
        if (isOutage && last !== null && last.expiresOnTimestamp - askAgainMs > nowMs()) {
          renewAt = nowMs() + askAgainMs;
          return last;
        }
        current = null;
        throw error;
      },
    );
  }

  function nowMs(): number {
    return clock.now().getTime();
  }
}

async function credentialOf({ credentials, authority }: AzureSettings): Promise<TokenCredential> {
  const sdk = await import('@azure/identity');
  // Calls are repeated in one place, and that is not here. An authority of a deployment's own is not one that Microsoft lists.
  const retryOptions = { maxRetries: 0 };
  const options = {
    retryOptions,
    ...(authority === null ? {} : { authorityHost: authority, disableInstanceDiscovery: true }),
  };
  if (credentials.kind === 'managed') {
    const { clientId } = credentials;
    return new sdk.ManagedIdentityCredential({ retryOptions, ...(clientId === null ? {} : { clientId }) });
  }
  const { tenantId, clientId } = credentials;
  if (credentials.kind === 'certificate') {
    const { certificatePath } = credentials;
    return new sdk.ClientCertificateCredential(tenantId, clientId, { certificatePath }, options);
  }
  if (credentials.kind === 'workload') {
    return new sdk.WorkloadIdentityCredential({ tenantId, clientId, tokenFilePath: credentials.tokenFile, ...options });
  }
  return new sdk.ClientSecretCredential(tenantId, clientId, credentials.secret, options);
}

function libraryTokens(credential: TokenCredential, endpoint: string): () => Promise<AccessToken> {
  return async () => {
    try {
      const token = await credential.getToken(`${endpoint}/.default`);
      if (token !== null) return token;
    } catch (error) {
      throw loginFailure(error);
    }
    throw new ArmError(ownCodes.loginRefused, 'there is no token');
  };
}

/** The library's words for not having reached the authority, at the beginning of its messages. */
const unreached = /^(network_error|endpoints_resolution_error|openid_config_error|no_network_connectivity)\b/;

/** What the library ended with: a no of the authority's, or an outage, after which the same credentials may be good again. */
export function loginFailure(error: unknown): ArmError {
  const { name, message, cause } = error instanceof Error ? error : new Error(String(error));
  const isOutage = unreached.test(message) || isOutageStatus(statusOf(error)) || isOutageStatus(statusOf(cause));
  const isNo = /Authentication|Credential/.test(name) && !isOutage;
  const code = isNo ? ownCodes.loginRefused : ownCodes.loginUnanswered;
  return new ArmError(code, message.split('\n')[0] ?? '', { cause: error });
}

function statusOf(error: unknown): number {
  const { status, statusCode } = Object(error) as { status?: unknown; statusCode?: unknown };
  return Number(status ?? statusCode ?? 0);
}

function isOutageStatus(status: number): boolean {
  return status === 429 || status >= 500;
}

async function plainToken(
  { credentials, endpoint }: AzureSettings,
  authority: string,
  clock: Clock,
): Promise<AccessToken> {
  if (credentials.kind !== 'secret') {
    throw new ArmError(ownCodes.loginRefused, 'an authority over plain http is shown a secret only');
  }
  const { tenantId, clientId, secret } = credentials;
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: secret,
    scope: `${endpoint}/.default`,
  });
  const response = await withDeadline({ clock, limitMs: fetchTimeoutMs }, (signal) =>
    fetch(`${authority}/${tenantId}/oauth2/v2.0/token`, { method: 'POST', body, signal }),
  ).catch((error: unknown) => {
    throw new ArmError(ownCodes.loginUnanswered, 'the authority does not answer', { cause: error });
  });
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok || !isJsonObject(answer) || typeof answer['access_token'] !== 'string') {
    const code = isOutageStatus(response.status) ? ownCodes.loginUnanswered : ownCodes.loginRefused;
    throw new ArmError(code, `the authority answered ${response.status}`);
  }
  const lifetimeMs = Number(answer['expires_in'] ?? 3600) * 1000;
  return { token: answer['access_token'], expiresOnTimestamp: clock.now().getTime() + lifetimeMs };
}
