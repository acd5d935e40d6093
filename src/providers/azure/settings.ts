import type { CallLimit } from '#providers/call-gate.ts';
import type { SettingsReader } from '#providers/settings-reader.ts';
import type { CallKind } from './arm.ts';
import { readTrustSettings } from './identity/settings.ts';
import type { TrustSettings } from './identity/settings.ts';

/** By what the provider shows Azure who it is. */
export type AzureCredentials =
  | { kind: 'secret'; tenantId: string; clientId: string; secret: string }
  | { kind: 'certificate'; tenantId: string; clientId: string; certificatePath: string }
  | { kind: 'workload'; tenantId: string; clientId: string; tokenFile: string }
  /** Of the machine that runs this program; `clientId` chooses among several. */
  | { kind: 'managed'; clientId: string | null };

/** The settings of one Azure provider (spec/provisioning.md 8.1). */
export interface AzureSettings {
  credentials: AzureCredentials;
  subscriptionId: string;
  /** An existing resource group, for everything whose launch config names no other. */
  resourceGroupName: string;
  /** Another address for the resource manager, e.g. of a simulator; without a slash at its end. */
  endpoint: string;
  /** Where tokens come from, when not from Microsoft's public cloud. */
  authority: string | null;
  limits: Readonly<Record<CallKind, CallLimit>>;
  /** The first pause after being throttled without a wish of Azure's; milliseconds. */
  throttleBackOffMs: number;
  /** Whose word counts about who a machine is. */
  trust: TrustSettings;
}

const publicEndpoint = 'https://management.azure.com';

/**
 * As Azure's own buckets: 200 writes and 200 deletes that refill at 10 a second, 250 reads at 25, for each subscription and principal
 * (https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling). Three kinds of call are reads.
 */
const defaultLimits: Readonly<Record<CallKind, CallLimit>> = {
  write: { intervalMs: 20_000, cap: 200 },
  delete: { intervalMs: 20_000, cap: 200 },
  get: { intervalMs: 10_000, cap: 250 },
  list: { intervalMs: 10_000, cap: 250 },
  opRead: { intervalMs: 10_000, cap: 250 },
};

/** The names under which deployments set limits (spec/provisioning.md 5.1); `query` is for what creates and deletes. */
const limitNames: Readonly<Record<CallKind, string>> = {
  write: 'query',
  delete: 'query',
  get: 'get',
  list: 'list',
  opRead: 'opRead',
};

/** Reads the settings; names and meaning are those that deployments know, and the other ways to log in. */
export function readAzureSettings(settings: SettingsReader): AzureSettings {
  const endpoint = addressOf(settings, 'endpoint');
  const rates = settings.optionalObject('apiRateLimits');
  const rateOf = new Map(
    ['query', 'get', 'list', 'opRead'].map((name) => [name, rates?.optionalObject(name) ?? null] as const),
  );
  const limitOf = (kind: CallKind): CallLimit => {
    const { intervalMs, cap } = defaultLimits[kind];
    const rate = rateOf.get(limitNames[kind]) ?? null;
    if (rate === null) return { intervalMs, cap };
    return { intervalMs: rate.positive('interval', intervalMs), cap: rate.positive('intervalCap', cap) };
  };
  return {
    credentials: readCredentials(settings),
    subscriptionId: settings.text('subscriptionId'),
    resourceGroupName: settings.text('resourceGroupName'),
    endpoint: endpoint ?? publicEndpoint,
    authority: addressOf(settings, 'authority'),
    limits: {
      write: limitOf('write'),
      delete: limitOf('delete'),
      get: limitOf('get'),
      list: limitOf('list'),
      opRead: limitOf('opRead'),
    },
    throttleBackOffMs: settings.positive('_backoffDelay', 1000),
    trust: readTrustSettings(settings),
  };
}

function readCredentials(settings: SettingsReader): AzureCredentials {
  const secret = settings.optionalText('secret');
  const certificatePath = settings.optionalText('certificatePath');
  const tokenFile = settings.optionalText('federatedTokenFile');
  const isManaged = settings.optionalText('identity') === 'managed';
  const given = [secret, certificatePath, tokenFile, isManaged ? '' : null].filter((way) => way !== null);
  if (given.length !== 1) {
    settings.reject(
      'secret',
      'or certificatePath, federatedTokenFile or identity "managed" must be given, one of them',
    );
  }
  if (isManaged) return { kind: 'managed', clientId: settings.optionalText('clientId') };
  const [tenantId, clientId] = [settings.text('domain'), settings.text('clientId')];
  if (certificatePath !== null) return { kind: 'certificate', tenantId, clientId, certificatePath };
  if (tokenFile !== null) return { kind: 'workload', tenantId, clientId, tokenFile };
  return { kind: 'secret', tenantId, clientId, secret: secret ?? '' };
}

function addressOf(settings: SettingsReader, name: string): string | null {
  const address = settings.optionalText(name);
  if (address !== null && !/^https?:$/.test(URL.parse(address)?.protocol ?? '')) {
    settings.reject(name, 'must be an http or https URL');
  }
  return address?.replace(/\/+$/, '') ?? null;
}
