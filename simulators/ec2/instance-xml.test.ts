import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DescribeInstancesCommand,
  DescribeInstanceStatusCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { clientConfig, plainLaunch, rigEc2 } from './rig.ts';

/** The texts of all elements that hold nothing else, sorted. */
function textsIn(xml: string): string[] {
  return Array.from(xml.matchAll(/<(\w+)>([^<]+)<\/\1>/g), ([, , text]) => text ?? '').toSorted();
}

/** All values in an answer of the SDK as EC2 writes them, sorted. */
function valuesIn(value: unknown): string[] {
  if (value instanceof Date) {
    return [value.toISOString()];
  }
  if (typeof value === 'object' && value !== null) {
    return Object.values(value).flatMap(valuesIn).toSorted();
  }
  return value === undefined || value === '' ? [] : [JSON.stringify(value).replaceAll(/^"|"$/g, '')];
}

test('every element that is sent has a name that the SDK knows', async (t) => {
  const { ec2, clock } = await rigEc2(t);
  const client = new EC2Client(clientConfig(ec2));
  t.after(() => client.destroy());
  let xml = '';
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { request } = args as { request?: { body: string; headers: Record<string, string> } };
      const again = await fetch(ec2.url, {
        method: 'POST',
        body: request?.body ?? '',
        headers: request?.headers ?? {},
      });
      xml = await again.text();
      return result;
    },
    { step: 'finalizeRequest', priority: 'low' },
  );
  const sent = (answer: { $metadata: unknown }): void => {
    const { $metadata: _metadata, ...content } = answer;
    const texts = textsIn(xml.replace(/<requestId>.*?<\/requestId>/, ''));
    assert.ok(texts.length > 10);
    assert.deepEqual(texts, valuesIn(content));
  };
  const launch = {
    ...plainLaunch,
    MaxCount: 2,
    ClientToken: 'token',
    KeyName: 'key',
    IamInstanceProfile: { Name: 'profile' },
    InstanceMarketOptions: { MarketType: 'spot' as const },
    TagSpecifications: [{ ResourceType: 'instance' as const, Tags: [{ Key: 'a', Value: 'b' }] }],
  };
  sent(await client.send(new RunInstancesCommand(launch)));
  await clock.step(30_000);
  ec2.steering.impair(ec2.instances()[0]?.id ?? '');
  sent(await client.send(new DescribeInstancesCommand()));
  sent(await client.send(new DescribeInstanceStatusCommand()));
  for (const { id } of ec2.instances()) {
    ec2.steering.fail(id);
  }
  await clock.step(10_000);
  sent(await client.send(new DescribeInstancesCommand()));
  await clock.step(60_000);
  sent(await client.send(new DescribeInstancesCommand()));
});
