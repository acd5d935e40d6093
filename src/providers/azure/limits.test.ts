import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { silentMetrics } from '#core/telemetry.ts';
import { SteppedClock } from '#lib/clock.ts';
import { SettingsReader } from '#providers/settings-reader.ts';
import { never } from '#test/conformance/provider/world.ts';
import { someSurroundings } from '#test/conformance/provider/fixtures.ts';
import type { Arm, ArmAnswer, ArmRequest } from './arm.ts';
import { errorOf } from './errors.ts';
import { limitedArm } from './limits.ts';
import { readAzureSettings } from './settings.ts';

const base = '/subscriptions/s/resourceGroups/rg/providers';
const readMachine: ArmRequest = {
  method: 'GET',
  url: `${base}/Microsoft.Compute/virtualMachines/vm-1`,
  kind: 'get',
  operation: 'virtualMachines.get',
};
const readInterface: ArmRequest = {
  method: 'GET',
  url: `${base}/Microsoft.Network/networkInterfaces/nic-1`,
  kind: 'get',
  operation: 'networkInterfaces.get',
};

type Headers = Readonly<Record<string, string>>;

/** Azure says what it is told to, and what was asked of it is kept with its time. */
function aLimitedArm(
  answers: (request: ArmRequest, count: number) => { status: number; headers?: Headers },
  rates = {},
) {
  const clock = new SteppedClock(new Date('2026-03-01T00:00:00Z'));
  const startedMs = clock.now().getTime();
  const sent: [string, number][] = [];
  const arm: Arm = {
    async send(request) {
      sent.push([request.operation, clock.now().getTime() - startedMs]);
      const { status, headers = {} } = answers(request, sent.length);
      const answer: ArmAnswer = {
        status,
        body: { error: { code: 'TooManyRequests' } },
        header: (name) => headers[name] ?? null,
      };
      if (status > 299) throw errorOf(answer);
      return answer;
    },
  };
  const told: [string, Readonly<Record<string, string>>, number?][] = [];
  const surroundings = {
    ...someSurroundings({ clock }),
    metrics: {
      ...silentMetrics,
      count: (name: string, labels: Headers) => void told.push([name, labels]),
      gauge: (name: string, labels: Headers, value: number) => void told.push([name, labels, value]),
    },
  };
  const members = {
    clientId: 'c',
    secret: 's',
    domain: 't',
    subscriptionId: 'sub',
    resourceGroupName: 'rg',
    apiRateLimits: rates,
  };
  const limited = limitedArm(arm, 'azure-1', readAzureSettings(new SettingsReader(members)), surroundings);
  return { clock, limited, sent, told, heard: surroundings.heard };
}

// spec: provisioning 5.2, 5.3, P-08
describe('limits of Azure', () => {
  test('compute that is throttled waits as long as it was told to, and the network does not', async () => {
    const { clock, limited, sent } = aLimitedArm(({ operation }, count) =>
      operation === 'virtualMachines.get' && count === 1
        ? { status: 429, headers: { 'retry-after': '30', 'x-ms-ratelimit-remaining-subscription-reads': '90' } }
        : { status: 200 },
    );
    const first = limited.send(readMachine, never);
    await clock.step(1_000);
    const other = limited.send(readInterface, never);
    await clock.step(120_000);
    await Promise.all([first, other]);
    assert.deepEqual(sent, [
      ['virtualMachines.get', 0],
      ['networkInterfaces.get', 1_000],
      ['virtualMachines.get', 30_000],
    ]);
  });

  test('an empty bucket of the subscription stops all reads, whatever they are about', async () => {
    const { clock, limited, sent } = aLimitedArm((_request, count) =>
      count === 1
        ? { status: 429, headers: { 'retry-after': '10', 'x-ms-ratelimit-remaining-subscription-reads': '0' } }
        : { status: 200 },
    );
    const first = limited.send(readMachine, never);
    await clock.step(1_000);
    const other = limited.send(readInterface, never);
    await clock.step(60_000);
    await Promise.all([first, other]);
    assert.deepEqual(
      sent.map(([, atMs]) => atMs >= 10_000),
      [false, true, true],
    );
  });

  test('no wish is honoured for more than two minutes', async () => {
    const { clock, limited, sent } = aLimitedArm((_request, count) =>
      count === 1 ? { status: 429, headers: { 'retry-after': '300' } } : { status: 200 },
    );
    const call = limited.send({ ...readMachine, kind: 'opRead' }, never);
    await clock.step(130_000);
    await call;
    assert.deepEqual(
      sent.map(([, atMs]) => atMs),
      [0, 120_000],
    );
  });

  test('each refusal is told once, with what Azure says is left', async () => {
    const headers = {
      'retry-after': '5',
      'x-ms-ratelimit-remaining-subscription-reads': '-3',
      'x-ms-ratelimit-remaining-subscription-writes': 'many',
      'x-ms-ratelimit-remaining-resource': 'Microsoft.Compute/HighCostGet3Min;0',
    };
    const { clock, limited, told, heard } = aLimitedArm((_request, count) =>
      count === 1 ? { status: 429, headers } : { status: 200 },
    );
    const call = limited.send(readMachine, never);
    await clock.step(60_000);
    await call;
    const entries = heard.entries.filter(({ type }) => type === 'azure-throttled');
    assert.deepEqual(
      entries.map(({ fields }) => fields),
      [
        {
          providerId: 'azure-1',
          operationType: 'read',
          retryAfterSeconds: 5,
          remainingReads: 0,
          remainingWrites: null,
          remainingDeletes: null,
          remainingResource: 'Microsoft.Compute/HighCostGet3Min;0',
        },
      ],
    );
    assert.deepEqual(told, [
      ['worker_manager_azure_ratelimit_remaining', { providerId: 'azure-1', limitType: 'reads' }, 0],
      ['worker_manager_azure_throttle_total', { providerId: 'azure-1', operationType: 'read' }],
    ]);
  });

  test('the bucket of the subscription is shared by all kinds of read', async () => {
    const rates = { get: { interval: 10_000, intervalCap: 10 }, opRead: { interval: 10_000, intervalCap: 10 } };
    const { clock, limited, sent } = aLimitedArm(() => ({ status: 200 }), rates);
    const calls = Array.from({ length: 20 }, (_none, index) =>
      limited.send(index % 2 === 0 ? readMachine : { ...readInterface, kind: 'opRead' }, never),
    );
    await clock.step(1);
    assert.equal(sent.length, 10);
    await clock.step(20_000);
    await Promise.all(calls);
    assert.equal(sent.length, 20);
  });
});
