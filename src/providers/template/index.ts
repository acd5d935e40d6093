import { stringMember } from '#core/provider.ts';
import type { Fleet } from '#core/provider.ts';
import { CallGate } from '#providers/call-gate.ts';
import { launchCall } from '#providers/launch-call.ts';
import type { ProviderModule, ProviderSurroundings } from '#providers/module.ts';
import { accountScope } from '#providers/unavailable-provider.ts';
import { openCloud } from './cloud.ts';
import type { Cloud } from './cloud.ts';
import { mayHaveHappened, readFailure } from './errors.ts';
import { templateIdentity } from './identity.ts';
import { launch, recover } from './launch.ts';
import { inspect, observe } from './observe.ts';
import { readTemplateSettings } from './settings.ts';
import type { TemplateSettings } from './settings.ts';
import { terminate } from './terminate.ts';

/**
 * The start for a new provider: copy the folder, rename, fill in, and add one line to `providers/index.ts`. It compiles and
 * keeps all promises of the conformance suite, in front of a cloud that does not exist; it is not registered.
 */
export const templateModule: ProviderModule<'template'> = {
  providerType: 'template',
  // The schema of its pools' configs; a new one is added in `contract/` and to `ConfigSchemaName`.
  configSchemaName: 'config-null',
  parts: ['fleet', 'identity'],
  configure(reader) {
    const settings = readTemplateSettings(reader);
    return async (providerId, surroundings, signal) => {
      const cloud = limitedCloud(openCloud(settings, surroundings.clock), providerId, settings, surroundings);
      // Set-up asks the cloud something harmless, so that wrong settings show now and not at the first launch.
      await cloud.list({ owner: 'nobody' }, signal);
      return {
        fleet: templateFleet(cloud, providerId, surroundings.rootUrl),
        identity: settings.identityKey === null ? null : templateIdentity(settings.identityKey),
        enrolment: null,
      };
    };
  },
};

/** This cloud has one part in which its machines are listed; a launch config names it by `zone`. */
const onlyZone = 'everywhere';

function templateFleet(cloud: Cloud, providerId: string, rootUrl: string): Fleet {
  return {
    maxPerOrder: 50,
    confirmsLater: false,
    scopes: () => [onlyZone],
    place(configuration) {
      const zone = stringMember(configuration, 'zone') ?? onlyZone;
      return { workerGroup: zone, scope: zone, backOffScopes: [accountScope, zone] };
    },
    launch: (request, signal) => launch(cloud, request, rootUrl, signal),
    recover: (order, signal) => recover(cloud, order, signal),
    observe: (_scope, signal) => observe(cloud, providerId, signal),
    inspect: (_scope, workers, signal) => inspect(cloud, workers, signal),
    terminate: (scope, workers, signal) => terminate(cloud, scope, workers, signal),
  };
}

/** The first pause when throttled, the limit of one attempt, and how long a call may wait for its turn. */
const times = { throttleBackOffMs: 1000, timeoutMs: 30_000, longestWaitMs: 30_000 };

/** The same calls, each kind at its own pace, repeated where that is worth it, and measured. */
function limitedCloud(
  cloud: Cloud,
  providerId: string,
  { limit }: TemplateSettings,
  surroundings: ProviderSurroundings,
): Cloud {
  const gate = (kind: string): CallGate =>
    new CallGate({ providerId, scope: onlyZone, kind, limit, ...times, readFailure }, surroundings);
  const [starts, reads, ends] = [gate('start'), gate('read'), gate('end')];
  return {
    start: (order, signal) =>
      launchCall(starts, 'start', signal, mayHaveHappened, (limited) => cloud.start(order, limited)),
    list: (query, signal) => reads.call('list', signal, (limited) => cloud.list(query, limited)),
    get: (ids, signal) => reads.call('get', signal, (limited) => cloud.get(ids, limited)),
    end: (ids, signal) => ends.call('end', signal, (limited) => cloud.end(ids, limited)),
  };
}
