import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DescribeRegionsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { clientConfig, refused, rigEc2 } from './rig.ts';

test('with secrets known, a signature of the SDK is right, and one by another secret or key id is not', async (t) => {
  const { ec2 } = await rigEc2(t, { secrets: { AKIASIMULATED: 'secret' } });
  const call = async (credentials: { accessKeyId: string; secretAccessKey: string }): Promise<unknown> => {
    const client = new EC2Client({ ...clientConfig(ec2), credentials });
    try {
      return await client.send(new DescribeRegionsCommand());
    } finally {
      client.destroy();
    }
  };
  await call({ accessKeyId: 'AKIASIMULATED', secretAccessKey: 'secret' });
  await assert.rejects(call({ accessKeyId: 'AKIASIMULATED', secretAccessKey: 'other' }), refused('AuthFailure', 401));
  await assert.rejects(call({ accessKeyId: 'AKIAOTHER', secretAccessKey: 'secret' }), refused('AuthFailure', 401));
});

test('a region that the account has not opted in to is refused', async (t) => {
  const { ec2 } = await rigEc2(t);
  const client = new EC2Client(clientConfig(ec2, 'af-south-1'));
  t.after(() => client.destroy());
  await assert.rejects(client.send(new DescribeRegionsCommand()), refused('AuthFailure', 401));
});

const right = {
  'x-amz-date': '20260301T120000Z',
  authorization: `AWS4-HMAC-SHA256 Credential=a/20260301/us-west-2/ec2/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`,
};

const wrongHeaders: [why: string, headers: Record<string, string>, status: number, code: string][] = [
  ['no authorization', { 'x-amz-date': right['x-amz-date'] }, 403, 'MissingAuthenticationToken'],
  ['another kind of authorization', { ...right, authorization: 'Bearer token' }, 401, 'AuthFailure'],
  ['no date', { authorization: right.authorization }, 401, 'AuthFailure'],
  ['another date', { ...right, 'x-amz-date': '20260302T120000Z' }, 401, 'AuthFailure'],
  ['another service', { ...right, authorization: right.authorization.replace('/ec2/', '/s3/') }, 401, 'AuthFailure'],
  ['an unsigned host', { ...right, authorization: right.authorization.replace('host;', '') }, 401, 'AuthFailure'],
  ['no region', { ...right, authorization: right.authorization.replace('/us-west-2', '') }, 401, 'AuthFailure'],
  ['a cut signature', { ...right, authorization: right.authorization.slice(0, -1) }, 401, 'AuthFailure'],
];

for (const [why, headers, status, code] of wrongHeaders) {
  test(`a call with ${why} gets ${code}`, async (t) => {
    const { ec2 } = await rigEc2(t);
    const body = 'Action=DescribeRegions&Version=2016-11-15';
    const answer = await fetch(ec2.url, { method: 'POST', body, headers });
    assert.equal(answer.status, status);
    assert.match(
      await answer.text(),
      new RegExp(`<Code>${code}</Code>.*<RequestID>${answer.headers.get('x-amzn-requestid') ?? 'none'}<`),
    );
  });
}

test('the query may also be in the address, and needs a version', async (t) => {
  const { ec2 } = await rigEc2(t);
  const get = (query: string): Promise<Response> => fetch(`${ec2.url}/?${query}`, { headers: right });
  assert.equal((await get('Action=DescribeRegions&Version=2016-11-15')).status, 200);
  assert.match(await (await get('Action=DescribeRegions')).text(), /<Code>NoSuchVersion</);
  assert.match(await (await get('Version=2016-11-15')).text(), /<Code>InvalidAction</);
});
