import fc from 'fast-check';
import type { Endpoint } from '#contract/endpoint.ts';
import type { SchemaName } from '#contract/schemas/published.ts';
import type { WorkerKey } from '#core/worker.ts';
import { aLaunchConfig, aPool, aStaticPool } from './a-pool.ts';
import { hushed, instant, mostly, nearly, oddText } from './fuzz-values.ts';

/** What is there for requests to name. */
export const names = {
  workerPoolId: ['fuzz/cloud', 'fuzz/fixed', 'fuzz/none', 'fuzz/new', 'fuzz/absent'],
  provisionerId: ['fuzz', 'absent'],
  workerType: ['cloud', 'fixed', 'absent'],
  workerGroup: ['us-west-2', 'desk', 'absent'],
  providerId: ['aws-demo', 'static-demo', 'null-provider', 'aws-broken', 'absent'],
  launchConfigId: ['lc-a', 'lc_b'],
} as const;

/** What exists only once the world does. */
export interface Inhabitants {
  workers: readonly WorkerKey[];
  /** A proof that is good, and what it is for. */
  registrations: readonly object[];
  /** A renewal that is good. */
  renewals: readonly object[];
}

const launchConfig = fc
  .record({
    region: fc.constantFrom('us-west-2', 'us-east-1', 'nowhere-1'),
    instanceType: fc.constantFrom('m5.large', 'c5.large', 'z9.nano'),
    isSpot: fc.boolean(),
    workerManager: fc.record(
      {
        launchConfigId: fc.constantFrom(...names.launchConfigId, 'lc-c', 'x'.repeat(38)),
        capacityPerInstance: fc.constantFrom(1, 4, 2 ** 31),
        initialWeight: fc.constantFrom(0, 0.5, 1),
        maxCapacity: fc.constantFrom(0, 5, 1e9),
      },
      { requiredKeys: [] },
    ),
  })
  .map(aLaunchConfig);

const seconds = fc.constantFrom(1, 1800, 345_600, 2 ** 40, -1);

const cloudConfig = fc.record({
  minCapacity: fc.constantFrom(0, 1, 2 ** 40),
  maxCapacity: fc.constantFrom(0, 10, 2 ** 40),
  scalingRatio: fc.constantFrom(0, 0.5, 1),
  lifecycle: fc.record(
    { registrationTimeout: seconds, reregistrationTimeout: seconds, queueInactivityTimeout: seconds },
    { requiredKeys: [] },
  ),
  launchConfigs: fc.array(launchConfig, { maxLength: 3 }),
});

const definition = fc.oneof(
  fc.constant(aPool()),
  fc.constant(aStaticPool()),
  fc.record({
    providerId: fc.constantFrom(...names.providerId),
    description: mostly(fc.constantFrom('', 'a pool'), oddText),
    owner: fc.constantFrom('a@example.com', 'a@b', ''),
    emailOnError: fc.boolean(),
    config: fc.oneof(cloudConfig, fc.constantFrom({}, { lifecycle: { reregistrationTimeout: 60 } }, { a: [{ b: 1 }] })),
  }),
);

const declaration = fc.record(
  {
    expires: instant,
    capacity: fc.constantFrom(1, 7, 2 ** 31 - 1, 2 ** 31),
    providerInfo: fc.oneof(
      { weight: 4, arbitrary: fc.constant({ staticSecret: hushed }) },
      {
        weight: 1,
        arbitrary: fc.constantFrom({}, { staticSecret: `${hushed}!` }, [{ staticSecret: [hushed] }], hushed),
      },
    ),
  },
  { requiredKeys: ['expires'] },
);

const proofs = fc.constantFrom<unknown>(
  { staticSecret: hushed },
  { staticSecret: `${hushed}!` },
  { token: hushed },
  { document: hushed },
  { document: hushed, signature: hushed },
  { document: '{"instanceId":"i-0"}', signature: hushed },
  { document: '{"instanceId":"i-0"', signature: 'AAAA' },
  { document: hushed, token: hushed },
  hushed,
);

/** Bodies by the name of their schema. */
export function bodiesFor(there: Inhabitants): Partial<Record<SchemaName, fc.Arbitrary<unknown>>> {
  const workerPoolId = fc.constantFrom(...names.workerPoolId);
  const workerGroup = fc.constantFrom(...names.workerGroup);
  const workerId = fc.constantFrom(...there.workers.map(({ workerId }) => workerId));
  const anyRegistration = fc.record(
    {
      workerPoolId,
      providerId: fc.constantFrom(...names.providerId),
      workerGroup,
      workerId,
      workerIdentityProof: proofs,
      systemBootTime: instant,
    },
    { requiredKeys: ['workerPoolId', 'providerId', 'workerGroup', 'workerId', 'workerIdentityProof'] },
  );
  const anyRenewal = fc.record({ workerPoolId, workerGroup, workerId, secret: fc.constant(hushed) });
  const read = { workerPoolId: 'fuzz/new', created: '2026-01-01T00:00:00Z', requestedCount: 5, currentCapacity: 5 };
  return {
    'create-worker-pool-request': nearly(definition),
    'update-worker-pool-request': nearly(
      mostly(
        definition,
        definition.map((said) => ({ ...said, ...read })),
      ),
    ),
    'create-worker-request': nearly(declaration),
    'report-worker-error-request': nearly(
      fc.record({
        workerGroup,
        workerId,
        kind: mostly(fc.constant('worker-error'), oddText),
        title: mostly(fc.constant('A title'), oddText),
        description: mostly(fc.constant('what happened'), oddText),
        extra: fc.constantFrom({}, { code: 'ENOSPC' }, { code: 5, workerId: 'mine' }, { a: { b: [null] } }),
      }),
    ),
    'register-worker-request': nearly(fc.oneof(fc.constantFrom(...there.registrations), anyRegistration)),
    'reregister-worker-request': nearly(fc.oneof(fc.constantFrom(...there.renewals), anyRenewal)),
  };
}

/** What is sent as body; undefined: nothing. */
export type RawBody = string | Uint8Array | undefined;

/** Bodies of requests to an endpoint, as they go over the wire: most of them JSON. */
export function rawBodies(
  { input, masks }: Endpoint,
  bodies: Partial<Record<SchemaName, fc.Arbitrary<unknown>>>,
): fc.Arbitrary<RawBody> {
  const valid = (input === undefined ? undefined : bodies[input]) ?? fc.constant(undefined);
  const json: fc.Arbitrary<RawBody> = valid.map((value) => JSON.stringify(value));
  // A body that is no JSON is shown again as it came, unless its endpoint takes secrets.
  const single = JSON.stringify(masks === undefined ? 'text' : hushed);
  const broken: fc.Arbitrary<RawBody> = fc.oneof(
    json.map((text) => (typeof text === 'string' ? text.slice(0, -1) : text)),
    json.map((text) => (typeof text === 'string' ? `\ufeff${text}` : text)),
    json.map((text) => (typeof text === 'string' ? `${text}\0` : text)),
    json.map((text) => (typeof text === 'string' ? text.replace('{', '{"__proto__":{"a":1},"providerId":1,') : text)),
    fc.uint8Array({ maxLength: 50 }),
    fc.constantFrom('null', '5', '""', '[]', '{}', single, '{"a":1e999}', '{"a":', '[1,]', '{"a":1}{}', 'NaN'),
    fc.constantFrom('['.repeat(50_000), '{"a":'.repeat(20_000), `[${'[],'.repeat(3_000)}[]]`),
  );
  return mostly(json, broken, 10);
}
