// spec: provisioning 8.11, P-24, P-40

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { LaunchOrder } from '#core/launch.ts';
import { lifecycleOf } from '#core/pool.ts';
import { azureId, anAzureWorld, within } from '#test/azure-world.ts';
import type { AzureWorld } from '#test/azure-world.ts';
import { hourMs, minuteMs, secondMs } from '#test/world.ts';
import { anAzurePool, byResources, byTemplate } from './azure-pools.ts';

const pool = 'proj/fleet';
const idle = { idleTimeoutMs: 24 * hourMs };

test('TC#4987, TC#8815: an observation of running machines costs one call for each page, not for each machine', async (t) => {
  const azureWorld = await anAzureWorld(t, { ...idle, azure: { dials: { vmPageSize: 10 } } });
  const { azure, world } = azureWorld;
  await world.createPool(pool, anAzurePool({ min: 45, max: 45 }));
  await azureWorld.untilRunning(pool, 45);
  await azureWorld.pass(6 * minuteMs, secondMs);
  const fromMs = azureWorld.nowMs;
  const observed = (): number => world.logged('scan-seen').length;
  const before = observed();
  await azureWorld.pass(4 * minuteMs, secondMs);
  const calls = azure.logbook.filter(({ at }) => at.getTime() > fromMs);
  const scans = observed() - before;
  const lists = calls.filter(({ action }) => action === 'virtualMachines.listAll').length;
  const others = calls.filter(({ action }) => action !== 'virtualMachines.listAll');
  t.diagnostic(`${scans} observations of 45 machines on 5 pages: ${lists} lists, ${others.length} other calls`);
  assert.ok(scans >= 8, `${scans} observations`);
  assert.ok(lists <= (scans + 1) * 5, `${lists} lists`);
  // Once in five minutes what machines leave is looked for: interfaces, addresses, disks, groups and the deployments of each group.
  assert.ok(
    others.every(({ action }) => /list(All)?$/.test(action)),
    others.map(({ action }) => action).join(),
  );
  assert.ok(others.length <= 10, `${others.length} others`);
});

/** Starts a machine that no row accounts for: of an order that is known and settled without it, or of one that nobody knows. @returns the order's id. */
async function startStranger({ world }: AzureWorld, sort: 'lost' | 'foreign'): Promise<string> {
  const { store, providers } = world.service;
  const definition = await store.pool(pool);
  const fleet = providers.get(azureId)?.fleet;
  const [launchConfig] = definition?.launchConfigs ?? [];
  assert.ok(definition !== null && launchConfig !== undefined && fleet != null);
  const { configuration, launchConfigId } = launchConfig;
  const { scope, workerGroup } = fleet.place(configuration);
  const order: LaunchOrder = {
    orderId: randomUUID(),
    workerPoolId: pool,
    providerId: azureId,
    launchConfigId,
    scope,
    workerGroup,
    count: 1,
    capacityPerInstance: 1,
    placedAt: world.clock.now(),
  };
  if (sort === 'lost') {
    await store.placeOrders(pool, [order], { want: 9, maxCapacity: 9 }, order.placedAt);
    const terms = { lifecycle: lifecycleOf({}), firstLookAt: order.placedAt };
    await store.settleOrder(order, { kind: 'settled', launched: [], refusal: null }, terms, order.placedAt);
  }
  await world.through(fleet.launch({ order, configuration, pool: definition }, new AbortController().signal));
  return order.orderId;
}

/** What a person or another deployment has made beside ours: the same in all but the tags. */
async function put(
  { azure }: AzureWorld,
  { name, group, tags }: { name: string; group: string; tags: Record<string, string> },
): Promise<void> {
  const path = `/subscriptions/${azure.subscriptionId}/resourceGroups/${group}/providers/Microsoft.Network/networkInterfaces/${name}`;
  const subnet = { id: path.replace(/networkInterfaces.*/, 'virtualNetworks/vn/subnets/sn') };
  const ipConfigurations = [{ name: 'ip', properties: { subnet } }];
  const answer = await fetch(`${azure.url}${path}?api-version=2024-05-01`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${await token(azure)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ location: 'eastus', tags, properties: { ipConfigurations } }),
  });
  assert.ok(answer.ok, `${answer.status} ${await answer.text()}`);
}

async function token({ url, tenantId }: AzureWorld['azure']): Promise<string> {
  const answer = await fetch(`${url}/${tenantId}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: 'client',
      client_secret: 'secret',
      scope: 'https://management.azure.com/.default',
    }),
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}

for (const [way, launchConfig] of [
  ['by resources', byResources({ hasPublicIp: true, dataDisks: 1 })],
  ['by a template', byTemplate({ hasPublicIp: true })],
] as const) {
  test(`TC#8113: machines that no worker accounts for end after the grace, with all that is theirs; those of unknown orders stay; ${way}`, async (t) => {
    const azureWorld = await anAzureWorld(t, idle);
    const { azure, world } = azureWorld;
    await world.createPool(pool, anAzurePool({ launchConfigs: [launchConfig] }));
    const lost = await startStranger(azureWorld, 'lost');
    const foreign = await startStranger(azureWorld, 'foreign');
    const count = (): number => azure.steering.resources().filter(({ tags }) => tags['order-id'] === lost).length;
    assert.ok(count() > 0);
    await azureWorld.pass(14 * minuteMs, secondMs);
    assert.ok(count() > 0, 'it may still be adopted');
    const ended = await azureWorld.until('all of it is gone', () => count() === 0, hourMs, secondMs);
    within(t, 'started → nothing left, with a grace of 900 s', 14 * 60 + ended, 900 + 180);
    await azureWorld.pass(20 * minuteMs, 2 * secondMs);
    assert.deepEqual(
      azure.machines().map(({ tags }) => tags['order-id']),
      [foreign],
    );
  });
}

test('things that carry no mark, or that of another deployment, are never touched', async (t) => {
  const azureWorld = await anAzureWorld(t, idle);
  const { azure, world } = azureWorld;
  const mark = (providerId: string): Record<string, string> => ({
    'created-by': `taskcluster-wm-${providerId}`,
    'managed-by': 'taskcluster',
  });
  const others = [
    { name: 'nic-untagged', group: 'rg-workers', tags: {} },
    { name: 'nic-of-another', group: 'rg-workers', tags: { ...mark('azure-other'), 'worker-id': 'vm-x' } },
    { name: 'nic-half', group: 'rg-workers', tags: { 'managed-by': 'taskcluster', 'worker-id': 'vm-y' } },
    {
      name: 'nic-same-id',
      group: 'rg-workers',
      tags: { ...mark(azureId), 'worker-id': 'vm-z', 'order-id': 'unknown' },
    },
  ];
  for (const other of others) await put(azureWorld, other);
  await world.createPool(pool, anAzurePool({ min: 1, max: 1 }));
  await azureWorld.untilRunning(pool, 1);
  await azureWorld.pass(hourMs, 5 * secondMs);
  const names = new Set(azure.steering.resources().map(({ name }) => name));
  for (const { name } of others) assert.ok(names.has(name), `${name} is there`);
  assert.ok(world.logged('orphan').every(({ verdict }) => verdict === 'report'));
});
