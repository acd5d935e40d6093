import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import { aLaunchRequest } from '#test/conformance/provider/fixtures.ts';
import { anAzureWorld, workerTemplate } from '#test/conformance/provider/azure-world.ts';
import { never } from '#test/conformance/provider/world.ts';
import { asObject, objectAt, objectsIn } from './members.ts';

const folder = join(import.meta.dirname, '../../../../shared/data/pools');
const pools = [
  'community-tc-config/proj-git-cinnabar__windows.json',
  'fxci-config/gecko-t__win11-64-25h2.json',
  'history/fxci-config-2025-09-01/gecko-t__win11-64-24h2-gpu.json',
];

for (const pool of pools) {
  const path = join(folder, pool);
  // spec: provisioning 8.2, 8.4
  test(`each launch config of ${pool} starts a machine where it says, which is seen and ends with all that it has`, async (t) => {
    if (!existsSync(path)) {
      t.skip('the pool definitions are not at hand');
      return;
    }
    const w = await anAzureWorld('sequential');
    t.after(() => w.close());
    const { config } = JSON.parse(readFileSync(path, 'utf8')) as { config: JsonObject };
    for (const configuration of objectsIn(config['launchConfigs'])) {
      const { id } = objectAt(configuration, 'armDeployment', 'templateLink');
      if (typeof id === 'string') w.azure.steering.addTemplateSpec(id, { ...asObject(workerTemplate) });
      const { workerGroup, scope } = w.fleet.place(configuration);
      const order = { providerId: w.providerId, workerGroup, scope, count: 1, placedAt: w.now() };
      const outcome = await w.fleet.launch(aLaunchRequest({ configuration, order }), never);
      assert.ok(outcome.kind === 'settled' && outcome.launched.length === 1, JSON.stringify(outcome));
      const workers = outcome.launched.map((worker) => ({ workerPoolId: 'proj/pool', ...worker }));
      let presences: (string | undefined)[] = [];
      for (let looks = 0; looks < 200 && presences[0] !== 'alive'; looks++) {
        await w.clock.sleep(500);
        presences = (await w.fleet.inspect(scope, workers, never)).map(({ presence }) => presence);
      }
      assert.deepEqual(presences, ['alive']);
      const [machine] = w.azure.machines();
      assert.equal(machine?.location, workerGroup);
      await w.fleet.terminate(scope, workers, never);
      for (let looks = 0; looks < 200 && !['gone', undefined].includes(presences[0]); looks++) {
        await w.clock.sleep(500);
        presences = (await w.fleet.inspect(scope, workers, never)).map(({ presence }) => presence);
      }
      assert.deepEqual(w.azure.steering.resources(), []);
    }
  });
}
