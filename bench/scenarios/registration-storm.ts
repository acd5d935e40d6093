import { launch, spreadFleet } from '#bench/fleet.ts';
import type { LoadRequest, LoadResult } from '#bench/processes/load.ts';
import type { Quantity } from '#bench/report.ts';
import { Rig, admin } from '#bench/rig.ts';
import type { Scenario } from '#bench/scenario.ts';
import type { Identity } from '#simulators/worker/metadata.ts';

/** Machines that register in each of the two storms. */
const perStorm = 2_000;
const stormMs = 60_000;
const getsPerSecond = 100;
const warmUpMs = 5_000;
const calmMs = 20_000;
const connections = 50;

/** Machines that prove who they are, many at once, while others want to know things. */
export const registrationStorm: Scenario = {
  name: 'registration-storm',
  summary: '2,000 registrations a minute (AWS documents) beside 100 other requests a second',

  async *run({ nodeOptions }) {
    await using rig = await Rig.start({ fleet: spreadFleet, nodeOptions });
    await launch(rig, 2 * perStorm, spreadFleet);
    const identities = await rig.simulators.call('identities', 2 * perStorm);
    const { service, url } = await rig.service(['server', 'provisioner', 'scanner']);
    const base = new URL(url).pathname;
    const registrations = identities.map((identity) => registration(base, identity));
    await rig.load.call('prepare', 'minute', url, registrations.slice(0, perStorm));
    await rig.load.call('prepare', 'rush', url, registrations.slice(perStorm));
    const gets = identities.slice(0, 500).flatMap(({ workerPoolId, workerGroup, workerId }): LoadRequest[] => [
      {
        method: 'GET',
        path: `${base}/workers/${encodeURIComponent(workerPoolId)}/${workerGroup}/${workerId}`,
        credentials: admin,
      },
      { method: 'GET', path: `${base}/worker-pool/${encodeURIComponent(workerPoolId)}`, credentials: admin },
    ]);
    await rig.load.call('prepare', 'gets', url, gets);
    const others = { name: 'gets', everyMs: 1_000 / getsPerSecond };
    await rig.load.call('during', 'gets', connections, warmUpMs);

    const [calm] = await rig.load.call('paced', [others], calmMs);
    yield { scenario: 'registration-storm', subject: 'no registrations', quantities: latencies('others', calm) };

    const minute = await rig.measured(service, () =>
      rig.load.call('paced', [{ name: 'minute', everyMs: stormMs / perStorm }, others], stormMs),
    );
    const [registered, beside] = minute.result;
    yield {
      scenario: 'registration-storm',
      subject: '2,000 in a minute',
      quantities: [...latencies('registrations', registered), ...latencies('others', beside)],
      costs: minute.costs,
    };

    const rush = await rig.measured(service, () => rig.load.call('onceBeside', 'rush', connections, others));
    const [rushed, besideRush] = rush.result;
    yield {
      scenario: 'registration-storm',
      subject: `2,000 as fast as ${connections} connections can`,
      quantities: [
        { what: 'registrations per second', value: rushed?.perSecond ?? 0, unit: '' },
        ...latencies('registrations', rushed),
        ...latencies('others', besideRush),
      ],
      costs: rush.costs,
    };
  },
};

function registration(base: string, identity: Identity): LoadRequest {
  const { providerId, workerPoolId, workerGroup, workerId, proof } = identity;
  const body = { providerId, workerPoolId, workerGroup, workerId, workerIdentityProof: proof };
  return { method: 'POST', path: `${base}/worker/register`, body };
}

/** @throws when a single answer was not 200. */
function latencies(whose: string, result: LoadResult | undefined): Quantity[] {
  if (result === undefined || Object.keys(result.failures).length > 0) {
    throw new Error(`${whose}: answers that are none: ${JSON.stringify(result?.failures)}`);
  }
  const { answers, p50Ms, p99Ms, maxMs } = result;
  return [
    { what: `${whose}: answers`, value: answers, unit: '' },
    { what: `${whose}: p50`, value: p50Ms, unit: 'ms' },
    { what: `${whose}: p99`, value: p99Ms, unit: 'ms' },
    { what: `${whose}: longest`, value: maxMs, unit: 'ms' },
  ];
}
