// spec: api 1.6, 1.7, 5.9, 6.1, E71, W1, W11
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import type { Provider } from '#core/provider.ts';
import { anApiWorld } from '#test/api-world.ts';

const folder = join(import.meta.dirname, '../../../../shared/data/pools');
const skip = existsSync(folder) ? false : 'the folder of real pool definitions is not here';

interface RealPool {
  workerPoolId: string;
  body: JsonObject;
  providerId: string;
}

function realPools(): RealPool[] {
  return globSync('**/*.json', { cwd: folder }).map((file) => {
    const body = JSON.parse(readFileSync(join(folder, file), 'utf8')) as JsonObject;
    return { workerPoolId: basename(file, '.json').replace('__', '/'), body, providerId: String(body['providerId']) };
  });
}

/** Deployments name their providers after the clouds; what has no cloud in its name is at Google. */
function typeOf(providerId: string): string {
  return ['azure', 'aws', 'static'].find((type) => providerId.includes(type)) ?? 'google';
}

function idsOf(config: JsonObject): unknown[] {
  return ((config['launchConfigs'] ?? []) as JsonObject[]).map((launchConfig) => {
    const manager = launchConfig['workerManager'] as JsonObject;
    return manager['launchConfigId'];
  });
}

/** A config without the ids that launch configs got here. */
function withoutIds(config: JsonObject, sent: JsonObject): JsonObject {
  const { launchConfigs } = config;
  if (!Array.isArray(launchConfigs)) return config;
  const before = (sent['launchConfigs'] ?? []) as JsonObject[];
  const plain = (launchConfigs as JsonObject[]).map((launchConfig, index): JsonObject => {
    const { workerManager, ...rest } = launchConfig;
    const own = before[index]?.['workerManager'] as JsonObject | undefined;
    if (own === undefined) return rest;
    if (own['launchConfigId'] !== undefined) return launchConfig;
    const { launchConfigId: _, ...manager } = workerManager as JsonObject;
    return { ...rest, workerManager: manager };
  });
  return { ...config, launchConfigs: plain };
}

test(
  'real definitions go in, come out in the order and form in which they were sent, and can be sent again and back',
  { skip },
  async (t) => {
    const pools = realPools();
    assert.ok(pools.length >= 14);
    const part = { fleet: null, identity: null, enrolment: null, unavailable: null };
    const providers = new Map(
      pools.map(({ providerId }): [string, Provider] => [
        providerId,
        { providerId, providerType: typeOf(providerId), ...part },
      ]),
    );
    const world = await anApiWorld(t, {
      providers: { get: (id) => providers.get(id), list: () => [...providers.values()] },
      configSchemaOf: (type) => `config-${type}` as 'config-aws',
    });
    for (const { workerPoolId, body } of pools) {
      const path = `/worker-pool/${encodeURIComponent(workerPoolId)}`;
      const sent = body['config'] as JsonObject;
      const created = await world.call('PUT', path, { body });
      assert.equal(created.status, 200, `${workerPoolId}: ${created.text}`);
      assert.deepEqual(withoutIds(created.body.config, sent), sent, workerPoolId);
      const ids = idsOf(created.body.config);
      assert.equal(new Set(ids).size, ids.length, workerPoolId);

      const repeated = await world.call('PUT', path, { body });
      assert.deepEqual([repeated.status, repeated.body], [200, created.body], workerPoolId);
      const read = await world.call('GET', path);
      const back = await world.call('POST', path, { body: read.body });
      assert.deepEqual([back.status, back.body.config], [200, read.body.config], workerPoolId);
      const active = await world.call('GET', `${path}/launch-configs?includeArchived=true`);
      const listed = active.body.workerPoolLaunchConfigs as JsonObject[];
      assert.deepEqual(new Set(listed.map(({ launchConfigId }) => launchConfigId)), new Set(ids), workerPoolId);
    }
  },
);
