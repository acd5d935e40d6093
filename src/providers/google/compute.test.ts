import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import { SettingsReader } from '#providers/settings-reader.ts';
import { openCompute } from './compute.ts';
import type { Compute } from './compute.ts';
import { GoogleError } from './errors.ts';
import { readGoogleSettings } from './settings.ts';

const never = new AbortController().signal;

interface Asked {
  method: string;
  path: string;
  query: Readonly<Record<string, string>>;
  authorization: string | undefined;
  body: string;
}

type Answer = (request: Asked) => { status?: number; headers?: Record<string, string>; body: unknown };

/** A server that answers as it is told, and remembers what it was asked. */
async function aServer(t: TestContext, answer: Answer): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void read(request).then((one) => {
      asked.push(one);
      const { status = 200, headers = {}, body } = answer(one);
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function read(request: IncomingMessage): Promise<Asked> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://server');
  const body = Buffer.concat(await request.toArray()).toString();
  const { authorization } = request.headers;
  return { method: request.method ?? '', path: pathname, query: Object.fromEntries(searchParams), authorization, body };
}

async function aClient(
  t: TestContext,
  answer: Answer,
  special: JsonObject = { accessToken: 'token-1' },
): Promise<{ compute: Compute; asked: Asked[] }> {
  const { url, asked } = await aServer(t, answer);
  const settings = { project: 'tc-workers', workerServiceAccountId: '1122', endpoint: url, ...special };
  return { compute: await openCompute(readGoogleSettings(new SettingsReader(settings))), asked };
}

/** An operation as https://cloud.google.com/compute/docs/api/how-tos/api-requests-responses shows it. */
const insertOperation = {
  kind: 'compute#operation',
  id: '7127550864823803662',
  name: 'operation-1458856416788-52ed27a803e22-1c3bd86a-9e95017b',
  zone: 'https://www.googleapis.com/compute/v1/projects/tc-workers/zones/us-west1-b',
  clientOperationId: '5f2d0c9e-0000-8000-8000-000000000001',
  operationType: 'insert',
  targetLink: 'https://www.googleapis.com/compute/v1/projects/tc-workers/zones/us-west1-b/instances/one',
  targetId: '4132355614508179178',
  status: 'RUNNING',
  user: 'user@example.com',
  progress: 0,
  insertTime: '2026-03-24T14:53:37.788-07:00',
};

const instance = {
  kind: 'compute#instance',
  id: '4132355614508179178',
  name: 'one',
  zone: 'https://www.googleapis.com/compute/v1/projects/tc-workers/zones/us-west1-b',
  status: 'RUNNING',
  creationTimestamp: '2026-03-24T14:53:38.100-07:00',
  labels: { 'order-id': 'order-1' },
  machineType: 'https://www.googleapis.com/compute/v1/projects/tc-workers/zones/us-west1-b/machineTypes/n1-standard-4',
  scheduling: { preemptible: true },
  guestAccelerators: [
    { acceleratorType: 'https://www.googleapis.com/…/acceleratorTypes/nvidia-tesla-t4', acceleratorCount: 1 },
  ],
};

const readInstance = {
  id: '4132355614508179178',
  name: 'one',
  zone: 'us-west1-b',
  status: 'RUNNING',
  createdAt: new Date('2026-03-24T21:53:38.100Z'),
  orderId: 'order-1',
  machineType: 'n1-standard-4',
  market: 'spot',
  accelerators: 'nvidia-tesla-t4x1',
};

describe('a call to Compute Engine', () => {
  test('that inserts is one request, with its request id, and answers with the operation', async (t) => {
    const { compute, asked } = await aClient(t, () => ({ body: insertOperation }));
    const operation = await compute.insert('us-west1-b', 'request-1', { name: 'one' }, never);
    assert.deepEqual(operation, {
      name: insertOperation.name,
      type: 'insert',
      isDone: false,
      targetId: '4132355614508179178',
      requestId: '5f2d0c9e-0000-8000-8000-000000000001',
      groupId: null,
      insertedAt: new Date('2026-03-24T21:53:37.788Z'),
      errors: [],
      errorStatus: null,
      createdCount: null,
    });
    assert.equal(asked.length, 1);
    const { method, path, query, authorization, body } = asked[0]!;
    assert.deepEqual([method, path], ['POST', '/compute/v1/projects/tc-workers/zones/us-west1-b/instances']);
    assert.deepEqual(
      [query['requestId'], authorization, JSON.parse(body)],
      ['request-1', 'Bearer token-1', { name: 'one' }],
    );
  });

  test('about an operation tells its errors, the quota among them, and how far a bulkInsert is', async (t) => {
    const errorDetails = [{ quotaInfo: { metricName: 'compute.googleapis.com/n2_cpus', limit: 24 } }];
    const body = {
      ...insertOperation,
      operationType: 'bulkInsert',
      targetId: undefined,
      operationGroupId: 'group-1',
      status: 'DONE',
      httpErrorStatusCode: 403,
      error: { errors: [{ code: 'QUOTA_EXCEEDED', message: 'too many', errorDetails }] },
      instancesBulkInsertOperationMetadata: {
        perLocationStatus: { 'zones/us-west1-b': { targetVmCount: 5, createdVmCount: 3, failedToCreateVmCount: 2 } },
      },
    };
    const { compute } = await aClient(t, () => ({ body }));
    const { isDone, targetId, groupId, errors, errorStatus, createdCount } = await compute.operation(
      'us-west1-b',
      'o',
      never,
    );
    assert.deepEqual([isDone, targetId, groupId, errorStatus, createdCount], [true, null, 'group-1', 403, 3]);
    assert.deepEqual(errors, [
      { code: 'QUOTA_EXCEEDED', message: 'too many', quotaMetric: 'compute.googleapis.com/n2_cpus' },
    ]);
  });

  test('for all machines asks for those of a filter, 500 a page, in the fields that are read', async (t) => {
    const body = {
      kind: 'compute#instanceAggregatedList',
      nextPageToken: 'more',
      items: {
        'zones/us-west1-b': { instances: [instance] },
        'zones/us-west1-c': { warning: { code: 'NO_RESULTS_ON_PAGE', message: 'none' } },
        'zones/us-east1-b': { warning: { code: 'UNREACHABLE', message: 'out of reach' } },
      },
      unreachables: ['https://www.googleapis.com/compute/v1/projects/tc-workers/zones/us-east1-c'],
    };
    const { compute, asked } = await aClient(t, () => ({ body }));
    const page = await compute.allInstances({ filter: 'labels.a = "b"', pageToken: 'here' }, never);
    assert.deepEqual(page, { instances: [readInstance], nextToken: 'more', unreachable: ['us-east1-b', 'us-east1-c'] });
    const { fields, ...query } = asked[0]!.query;
    assert.deepEqual(query, {
      filter: 'labels.a = "b"',
      pageToken: 'here',
      maxResults: '500',
      returnPartialSuccess: 'true',
    });
    assert.match(fields ?? '', /^kind,nextPageToken,unreachables,items\/\*\(warning,instances\(id,name,zone,status,/);
  });

  test('whose answer lacks what it must hold fails: an empty one is no empty list', async (t) => {
    for (const body of ['', '{}', '[]', '<html></html>', 'null']) {
      const { compute } = await aClient(t, () => ({ body }));
      const query = { filter: 'f', pageToken: null };
      for (const call of [
        () => compute.allInstances(query, never),
        () => compute.instances('us-west1-b', query, never),
        () => compute.operations('us-west1-b', query, never),
        () => compute.instance('us-west1-b', '1', never),
        () => compute.insert('us-west1-b', 'r', {}, never),
        () => compute.serviceAccountEmail('1122', never),
      ]) {
        await assert.rejects(call, (error) => error instanceof GoogleError && error.code === 'BrokenAnswer', body);
      }
    }
  });

  test('that fails is not repeated by the SDK, and tells Google’s reason', async (t) => {
    const errors = [{ domain: 'global', reason: 'backendError', message: 'Internal error.' }];
    const { compute, asked } = await aClient(t, () => ({
      status: 503,
      headers: { 'retry-after': '7' },
      body: { error: { code: 503, message: 'Internal error.', errors } },
    }));
    await assert.rejects(compute.instance('us-west1-b', '1', never), (error) => {
      assert.ok(error instanceof GoogleError);
      assert.deepEqual(
        [error.code, error.words, error.status, error.retryAfterMs],
        ['backendError', 'Internal error.', 503, 7000],
      );
      return true;
    });
    await assert.rejects(compute.serviceAccountEmail('1122', never), GoogleError);
    assert.equal(asked.length, 2);
  });

  test('that nobody answers tells the network’s code', async () => {
    const settings = {
      project: 'tc-workers',
      workerServiceAccountId: '1122',
      endpoint: 'http://127.0.0.1:1',
      accessToken: 'a',
    };
    const compute = await openCompute(readGoogleSettings(new SettingsReader(settings)));
    const isRefused = (error: unknown): boolean => error instanceof GoogleError && error.code === 'ECONNREFUSED';
    await assert.rejects(compute.instance('us-west1-b', '1', never), isRefused);
    await assert.rejects(compute.serviceAccountEmail('1122', never), isRefused);
  });
});

// spec: provisioning 7.1
describe('credentials', () => {
  test('a key that signs nothing is told as such', async (t) => {
    const creds = { client_email: 'wm@example.com', private_key: 'no PEM' };
    const { compute, asked } = await aClient(t, () => ({ body: instance }), { creds });
    await assert.rejects(
      compute.instance('us-west1-b', '1', never),
      (error) =>
        error instanceof GoogleError && error.code === 'NoUsableCredentials' && !error.message.includes('no PEM'),
    );
    assert.equal(asked.length, 0);
  });

  test('workload identity federation changes the machine’s own token for one of Google’s, once', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'federation-'));
    t.after(() => rm(directory, { recursive: true }));
    const file = join(directory, 'token');
    await writeFile(file, 'subject-token');
    const { url, asked: exchanges } = await aServer(t, () => ({
      body: {
        access_token: 'federated',
        expires_in: 3600,
        token_type: 'Bearer',
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      },
    }));
    const creds = {
      type: 'external_account',
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${url}/v1/token`,
      credential_source: { file },
    };
    const { compute, asked } = await aClient(t, () => ({ body: instance }), { creds });
    assert.deepEqual(await compute.instance('us-west1-b', '1', never), readInstance);
    await compute.instance('us-west1-b', '1', never);
    assert.deepEqual(
      asked.map(({ authorization }) => authorization),
      ['Bearer federated', 'Bearer federated'],
    );
    assert.equal(exchanges.length, 1);
    assert.match(exchanges[0]!.body, /subject_token=subject-token/);
  });

  test('a service account’s key signs for the two scopes that are needed', async () => {
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const { authentication } = await import('./credentials.ts');
    const auth = await authentication({ kind: 'service-account', email: 'wm@example.com', key: privateKey });
    const { JWT } = await import('google-auth-library');
    const client = await auth.getClient();
    assert.ok(client instanceof JWT);
    assert.deepEqual(client.scopes, ['https://www.googleapis.com/auth/compute', 'https://www.googleapis.com/auth/iam']);
    assert.deepEqual([client.email, client.key], ['wm@example.com', privateKey]);
  });
});
