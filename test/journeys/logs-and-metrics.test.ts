import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { logTypes } from '#contract/logs-reference.ts';
import type { JsonObject } from '#core/json.ts';
import { metricTable } from '#telemetry/metric-table.ts';
import { aWorld, hourMs, minuteMs, secondMs } from '#test/world.ts';
import type { World } from '#test/world.ts';
import { segment } from '#demo/client.ts';
import { aLaunchConfig, aPool, aStaticPool } from './a-pool.ts';

const regions = ['us-east-1', 'us-west-2'];
const pool = 'proj/told';

/** A line of the log as it is written (spec/api.md 9.1). */
interface Line {
  Timestamp: number;
  Type: string;
  Logger: string;
  Hostname: string;
  EnvVersion: string;
  Severity: number;
  Pid: number;
  severity: string;
  serviceContext: { service: string; version: string };
  Fields: JsonObject;
}

/** Syslog's numbers (RFC 5424). */
const severities: Readonly<Record<string, number>> = { err: 3, warning: 4, notice: 5, info: 6, debug: 7 };

/** Everything that happens to pools and workers, good and bad, in an hour or two. @returns the metrics as they were when workers were at work, and before their pool was deleted. */
async function anEventfulDay(world: World): Promise<string> {
  world.ec2.faults.add({ kind: 'stock', region: 'us-east-1', available: 2 });
  const launchConfigs = regions.map((region) => aLaunchConfig({ region }));
  const lifecycle = { registrationTimeout: 600, queueInactivityTimeout: 1200 };
  await world.createPool(pool, aPool({ min: 1, launchConfigs, lifecycle }));
  await world.createPool('proj/fixed', aStaticPool());
  world.queue.createTasks(pool, { durationMs: minuteMs, count: 12 });
  await world.live(10 * minuteMs);
  // Calls that are throttled, a stranger, and later one that may not end.
  world.ec2.faults.add({ kind: 'error', action: 'RunInstances', code: 'RequestLimitExceeded', times: 1 });
  world.queue.createTasks(pool, { durationMs: minuteMs, count: 12 });
  await world.through(world.provision());
  const stranger = { document: 'none', signature: 'none' };
  const proof = { workerPoolId: pool, providerId: 'aws-demo', workerGroup: 'us-west-2', workerId: 'i-0' };
  await assert.rejects(world.client.call('POST', '/worker/register', { ...proof, workerIdentityProof: stranger }));
  const report = { workerGroup: 'us-west-2', workerId: 'i-0', kind: 'k', title: 't', description: 'd', extra: {} };
  await world.client.call('POST', `/worker-pool-errors/${segment(pool)}`, report);
  await world.live(30 * minuteMs, 30 * secondMs);
  const worker = (await world.rows(pool)).find(({ state }) => state === 'running');
  assert.ok(worker);
  const atWork = await world.service.metrics.exposition();
  world.ec2.faults.add({ kind: 'error', action: 'TerminateInstances', code: 'UnauthorizedOperation', times: 2 });
  await world.client.call('DELETE', `/workers/${segment(pool)}/${worker.workerGroup}/${worker.workerId}`);
  await world.live(10 * minuteMs, 30 * secondMs);
  const atTheEnd = await world.service.metrics.exposition();
  await world.deletePool(pool);
  await world.live(hourMs, minuteMs);
  await world.expire();
  return `${atWork.text}\n${atTheEnd.text}`;
}

describe('what is seen of an eventful day', () => {
  let world: World;
  let metrics: string;
  const ends: (() => Promise<void>)[] = [];
  before(async () => {
    world = await aWorld(
      { after: (run) => void ends.push(run) },
      { regions, dials: { neverRegisters: 0.3 }, settings: () => ({ LEVEL: 'debug' }) },
    );
    metrics = await anEventfulDay(world);
  });
  after(async () => {
    for (const end of ends) await end();
  });

  // spec: api 9.1, 9.2
  test('every line of the log has the form that its readers expect, and says what is published, at its level', () => {
    const types = new Map(Object.values(logTypes).map((type) => [type.type, type]));
    for (const text of world.lines) {
      const { Type, Fields, Severity, ...line } = JSON.parse(text) as Line;
      const type = types.get(Type);
      assert.ok(type !== undefined, `${Type} is not published`);
      const { v, ...fields } = Fields;
      assert.equal(v, type.version, Type);
      const unknown = Object.keys(fields).filter((name) => !Object.hasOwn(type.fields, name));
      assert.deepEqual(unknown, [], `${Type} has fields that are not published`);
      if (type.level !== 'any') assert.equal(Severity, severities[type.level], Type);
      assert.equal(severities[line.severity.toLowerCase()], Severity);
      assert.match(line.Logger, /^taskcluster\.worker-manager(\.|$)/);
      assert.equal(line.EnvVersion, '2.0');
      assert.equal(line.serviceContext.service, 'worker-manager');
      assert.ok(Number.isInteger(line.Pid) && line.Hostname !== '' && line.Timestamp > 1.7e18);
    }
  });

  // spec: api 2.7, 9.1
  test('an answer and its line of the log have the same ids', async () => {
    const headers = { 'x-taskcluster-trace-id': 'of-the-caller' };
    const answer = await fetch(`${world.service.url}/api/worker-manager/v1/ping`, { headers });
    await answer.text();
    const requestId = answer.headers.get('x-for-request-id') ?? '';
    const isOurs = (line: string): boolean => line.includes(requestId);
    await world.until('the line is written', () => world.lines.some(isOurs));
    const line = JSON.parse(world.lines.find(isOurs) ?? '') as Line & { traceId: string; requestId: string };
    assert.deepEqual([line.Type, line.traceId, line.requestId], ['monitor.apiMethod', 'of-the-caller', requestId]);
  });

  // spec: api 9.2, provisioning 4.5, 10.1
  test('everything that can be said of such a day is said', () => {
    const written = new Set(world.lines.map((line) => (JSON.parse(line) as Line).Type));
    const expected = `worker-pool-provisioned worker-requested worker-running worker-stopped worker-removed simple-estimate scan-seen
      worker-error cloud-api-paused cloud-api-resumed cloud-api-metrics registration-error-warning launch-config-selector-debug audit-event
      monitor.apiMethod db-pool-counts termination-refused expired termination-decisions`;
    const unsaid = expected.split(/\s+/).filter((type) => !written.has(type));
    assert.deepEqual(unsaid, []);
  });

  // spec: api 9.3
  test('every metric that such a day has reason to set is set', () => {
    const isSet = (name: string): boolean => new RegExp(`^${name}(_count)?\\{`, 'm').test(metrics);
    // Of other days: those of orphans, and of Azure; and what the engine and its delivery set, which stand still here.
    const others =
      /azure|orphans|scan_errors|outbox|iterate_duration|worker_provision_seconds|worker_startup_seconds|total_idle/;
    const unset = Object.keys(metricTable).filter((name) => !others.test(name) && !isSet(name));
    assert.deepEqual(unset, []);
  });

  // spec: P-39
  test('times are in the unit that is published for them', async () => {
    const [pause] = world.logged('cloud-api-paused');
    const turns = world.logged('worker-pool-provisioned').map(({ duration }) => Number(duration));
    assert.match(logTypes['workerPoolProvisioned']?.fields['duration'] ?? '', /milliseconds/);
    assert.ok(Number(pause?.['duration']) >= secondMs);
    assert.ok(Math.max(...turns) >= Number(pause?.['duration']), 'the turn that waited for the end of the pause');
    assert.match(logTypes['workerRunning']?.fields['registrationDuration'] ?? '', /^Seconds/);
    const rows = await world.rows(pool);
    for (const { workerId, registrationDuration } of world.logged('worker-running')) {
      const { registeredAt, created } = rows.find((row) => row.workerId === workerId) ?? {};
      assert.ok(registeredAt && created);
      assert.equal(registrationDuration, (registeredAt.getTime() - created.getTime()) / secondMs);
    }
  });

  // spec: P-56
  test('errors that anybody may read say what happened and where, and nothing of what was sent', async () => {
    const problems = await world.problems(pool);
    assert.ok(problems.length >= 2);
    const said = new Set(problems.flatMap(({ extra }) => Object.keys(extra)));
    const harmless = new Set(['workerGroup', 'workerId', 'code', 'class', 'requestId', 'requested']);
    assert.deepEqual(
      [...said].filter((name) => !harmless.has(name)),
      [],
    );
  });
});
