import taskcluster from 'taskcluster-client';
import type { Credentials, WorkerManager } from 'taskcluster-client';
import { aDeployment } from '#test/deployment.ts';
import type { Deployment } from '#test/deployment.ts';
import { endingOf, freePort } from '#test/processes.ts';
import { admin } from '#test/world.ts';

/** Two processes that answer the API of one deployment, on one database. */
export interface ServerPair {
  deployment: Deployment;
  /** Only answers. */
  one: WorkerManager;
  /** Answers, and is the only one that does what is due: at once when it is woken, by itself once an hour. */
  other: WorkerManager;
  /** Both, for what has to hold in either order. */
  both: readonly [WorkerManager, WorkerManager];
  /** Clients of both with these credentials. */
  as: (credentials: Partial<Credentials>) => readonly [WorkerManager, WorkerManager];
}

/** Where machines are, and where the account is asked for its regions. */
const regions = ['us-west-2', 'us-east-1'];
const hourMs = 3_600_000;

/** Starts the pair; it ends with the test. */
export async function aServerPair(test: { after(run: () => Promise<void>): void }): Promise<ServerPair> {
  const t = endingOf(test);
  const calm = { bootMs: [0, 0], shutDownMs: [0, 0] } as const;
  const deployment = await aDeployment(t, { regions, dials: calm });
  const usual = deployment.settings(0)['PROVIDERS'] as Record<string, object>;
  const rests = [
    'provisionEveryMs',
    'observeEveryMs',
    'observeIdleScopeEveryMs',
    'retireEveryMs',
    'settleEveryMs',
    'firstLookAfterMs',
  ];
  const settings = {
    // As behind a balancer: both are the same service to the world.
    TASKCLUSTER_ROOT_URL: `http://127.0.0.1:${await freePort()}`,
    PACE: Object.fromEntries(rests.map((name) => [name, hourMs])),
    PROVIDERS: {
      'static-demo': { providerType: 'static' },
      'aws-demo': {
        ...usual['aws-demo'],
        identityKeys: deployment.ec2.identityKeys(['us-west-2']),
      },
    },
  };
  const urls = await Promise.all(
    [['server'], ['all']].map(async (words) => {
      const started = await deployment.start(words, settings);
      const [, url = ''] = await started.says(/listening on (\S+)/);
      return url;
    }),
  );
  const [oneUrl = '', otherUrl = ''] = urls;
  const as = (credentials: Partial<Credentials>): readonly [WorkerManager, WorkerManager] => [
    new taskcluster.WorkerManager({ rootUrl: oneUrl, credentials, retries: 0 }),
    new taskcluster.WorkerManager({ rootUrl: otherUrl, credentials, retries: 0 }),
  ];
  const both = as(admin);
  return { deployment, one: both[0], other: both[1], both, as };
}
