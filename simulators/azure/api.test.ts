import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, rigAzure } from './rig.ts';

test('errors stand in the envelope of Azure Resource Manager, with an id of the request', async (t) => {
  const { rest, azure } = await rigAzure(t);
  const answer = await rest('GET', '/resourcegroups/ghost');
  assert.equal(answer.status, 404);
  assert.deepEqual(answer.json, {
    error: { code: 'ResourceGroupNotFound', message: "Resource group 'ghost' could not be found." },
  });
  assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8');
  assert.equal(answer.headers.get('x-ms-request-id'), azure.logbook[0]?.requestId);
  assert.equal(answer.headers.get('x-ms-failure-cause'), 'service');
});

test('a version is needed, and one that could be', async (t) => {
  const { azure, rest } = await rigAzure(t);
  const bare = await fetch(`${azure.url}/subscriptions/${azure.subscriptionId}/resourcegroups`, {
    headers: { authorization: 'Bearer any' },
  });
  assert.equal(bare.status, 400);
  assert.equal(JSON.parse(await bare.text()).error.code, 'MissingApiVersionParameter');
  const wrong = await rest('GET', '/resourcegroups?api-version=latest');
  assert.equal(wrong.json['error']?.['code'], 'InvalidApiVersionParameter');
  assert.equal((await rest('GET', '/resourcegroups?api-version=2026-06-01-preview')).status, 200);
});

test('other subscriptions and unknown paths are not found, and a body that is no JSON is refused', async (t) => {
  const { azure, rest } = await rigAzure(t);
  const other = await call(azure, 'GET', `${azure.url}/subscriptions/other/resourcegroups`);
  assert.deepEqual([other.status, other.json['error']?.['code']], [404, 'SubscriptionNotFound']);
  const unknown = await rest('GET', '/providers/Microsoft.Sql/servers');
  assert.deepEqual([unknown.status, unknown.json['error']?.['code']], [404, 'InvalidResourceType']);
  const list = await rest('PUT', '/resourcegroups/rg', []);
  assert.equal(list.json['error']?.['code'], 'InvalidRequestContent');
});

test('paths mean the same however they are capitalized', async (t) => {
  const { rest } = await rigAzure(t);
  assert.equal((await rest('GET', '/RESOURCEGROUPS/RG-Workers')).status, 200);
  assert.equal(
    (await rest('GET', '/resourceGroups/rg-workers/PROVIDERS/microsoft.compute/VIRTUALMACHINES')).status,
    200,
  );
});

test('equal seeds give equal ids', async (t) => {
  const ids = async () => {
    const { rest } = await rigAzure(t);
    const path = '/resourceGroups/rg-workers/providers/Microsoft.Network/publicIPAddresses/ip';
    const body = { location: 'eastus', sku: { name: 'Standard' }, properties: { publicIPAllocationMethod: 'Static' } };
    return (await rest('PUT', path, body)).headers.get('azure-asyncoperation')?.replace(/^http:\/\/[^/]+/, '');
  };
  assert.equal(await ids(), await ids());
});
