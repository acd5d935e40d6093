import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { SettingsReader } from '#providers/settings-reader.ts';
import { openEc2 } from './ec2.ts';
import type { Ec2 } from './ec2.ts';
import { Ec2Error } from './errors.ts';
import { readAwsSettings } from './settings.ts';

const never = new AbortController().signal;

/** EC2 in front of a server that answers as told, and what was sent to it. */
async function aServer(t: TestContext, answer: (response: ServerResponse, request: IncomingMessage) => void) {
  const sent: URLSearchParams[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      sent.push(new URLSearchParams(Buffer.concat(chunks).toString()));
      answer(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const closing = new AbortController();
  t.after(() => {
    closing.abort();
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return { sent, ec2: await openEc2(settingsFor(`http://127.0.0.1:${port}`), closing.signal) };
}

const settingsFor = (endpoint: string) =>
  readAwsSettings(new SettingsReader({ endpoint, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } }));

const calls: Readonly<Record<string, (ec2: Ec2) => Promise<unknown>>> = {
  describeRegions: (ec2) => ec2.describeRegions(never),
  runInstances: (ec2) => ec2.runInstances('us-west-2', { ImageId: 'ami-1', MinCount: 1, MaxCount: 1 }, never),
  describeInstances: (ec2) => ec2.describeInstances('us-west-2', {}, never),
  terminateInstances: (ec2) => ec2.terminateInstances('us-west-2', ['i-1'], never),
};

async function failureOf(call: Promise<unknown>): Promise<Ec2Error> {
  const error = await call.then(
    () => assert.fail('it succeeded'),
    (failure: unknown) => failure,
  );
  assert.ok(error instanceof Ec2Error, String(error));
  return error;
}

const errorXml = (code: string): string =>
  `<?xml version="1.0"?><Response><Errors><Error><Code>${code}</Code><Message>Words &amp; more</Message></Error></Errors><RequestID>r</RequestID></Response>`;

describe('EC2 through the SDK', () => {
  test('an error has EC2’s own code and words, the id of the call and the wish when to come again', async (t) => {
    const { ec2 } = await aServer(t, (response) => {
      response.writeHead(503, { 'retry-after': '7', 'x-amzn-requestid': 'r-1' }).end(errorXml('RequestLimitExceeded'));
    });
    for (const call of Object.values(calls)) {
      const { code, words, status, requestId, retryAfterMs } = await failureOf(call(ec2));
      assert.deepEqual(
        { code, words, status, requestId, retryAfterMs },
        { code: 'RequestLimitExceeded', words: 'Words & more', status: 503, requestId: 'r-1', retryAfterMs: 7000 },
      );
    }
  });

  // spec: provisioning 5.2, P-08
  test('each call is one request: the SDK repeats nothing', async (t) => {
    const { ec2, sent } = await aServer(t, (response) => response.writeHead(500).end(errorXml('InternalError')));
    for (const call of Object.values(calls)) {
      await failureOf(call(ec2));
    }
    assert.deepEqual(
      sent.map((form) => form.get('Action')),
      ['DescribeRegions', 'RunInstances', 'DescribeInstances', 'TerminateInstances'],
    );
  });

  test('an answer that is empty, cut short or not EC2’s is no answer, whatever its status', async (t) => {
    const answers: [number, string][] = [
      [200, ''],
      [200, '<DescribeInstancesResponse><reservationSet><item>'],
      [200, '<html>welcome to the hotel</html>'],
      [502, '<html>Bad gateway</html>'],
    ];
    for (const [status, body] of answers) {
      const { ec2 } = await aServer(t, (response) => response.writeHead(status).end(body));
      for (const [name, call] of Object.entries(calls)) {
        const { code, status: told } = await failureOf(call(ec2));
        assert.ok(status === 200 ? code === 'BrokenAnswer' : told === 502, `${name} of ${body}: ${code}`);
      }
    }
  });

  test('a broken connection, and one that does not come about, keep the network’s code', async (t) => {
    const { ec2 } = await aServer(t, (_response, request) => request.socket.destroy());
    for (const call of Object.values(calls)) {
      assert.equal((await failureOf(call(ec2))).code, 'ECONNRESET');
    }
    const nobody = await openEc2(settingsFor('http://127.0.0.1:1'), never);
    assert.equal((await failureOf(calls['describeInstances']!(nobody))).code, 'ECONNREFUSED');
  });

  test('the parameters of a launch go out as they are, an instant too', async (t) => {
    const { ec2, sent } = await aServer(t, (response) => response.writeHead(500).end(errorXml('InternalError')));
    const parameters = {
      ImageId: 'ami-1',
      BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { VolumeSize: 40, DeleteOnTermination: true } }],
      InstanceMarketOptions: {
        MarketType: 'spot',
        SpotOptions: { MaxPrice: '0.1', ValidUntil: '2026-01-01T00:00:00Z' },
      },
      MinCount: 1,
      MaxCount: 7,
    };
    await failureOf(ec2.runInstances('us-west-2', parameters, never));
    const [form] = sent;
    form?.delete('ClientToken');
    assert.deepEqual(Object.fromEntries(form ?? []), {
      Action: 'RunInstances',
      Version: '2016-11-15',
      ImageId: 'ami-1',
      'BlockDeviceMapping.1.DeviceName': '/dev/sda1',
      'BlockDeviceMapping.1.Ebs.DeleteOnTermination': 'true',
      'BlockDeviceMapping.1.Ebs.VolumeSize': '40',
      'InstanceMarketOptions.MarketType': 'spot',
      'InstanceMarketOptions.SpotOptions.MaxPrice': '0.1',
      'InstanceMarketOptions.SpotOptions.ValidUntil': '2026-01-01T00:00:00Z',
      MinCount: '1',
      MaxCount: '7',
    });
  });

  // spec: provisioning 6.4
  test('of an instance page that holds everything, what is read is read', async (t) => {
    const { ec2 } = await aServer(t, (response) =>
      response.end(`<?xml version="1.0" encoding="UTF-8"?>
        <DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId><reservationSet><item>
        <reservationId>r-1</reservationId><ownerId>123456789012</ownerId><groupSet><item><groupId>sg-1</groupId><groupName>default</groupName></item></groupSet>
        <instancesSet><item><instanceId>i-1</instanceId><imageId>ami-1</imageId><instanceState><code>48</code><name>terminated</name></instanceState>
        <tagSet><item><key>instanceId</key><value>i-2</value></item></tagSet><amiLaunchIndex>3</amiLaunchIndex><instanceType>t2.micro</instanceType>
        <launchTime>2019-08-15T18:19:47.000Z</launchTime><placement><availabilityZone>us-west-2a</availabilityZone></placement>
        <stateReason><code>x</code><message>Ended &amp; gone</message></stateReason><architecture>x86_64</architecture><clientToken/>
        <networkInterfaceSet><item><privateIpAddress>10.0.0.1</privateIpAddress></item></networkInterfaceSet>
        </item></instancesSet></item></reservationSet><nextToken>next</nextToken></DescribeInstancesResponse>`),
    );
    assert.deepEqual(await ec2.describeInstances('us-west-2', {}, never), {
      nextToken: 'next',
      instances: [
        {
          instanceId: 'i-1',
          state: 'terminated',
          stateReason: 'Ended & gone',
          clientToken: null,
          launchTime: new Date('2019-08-15T18:19:47Z'),
          amiLaunchIndex: 3,
          imageId: 'ami-1',
          instanceType: 't2.micro',
          architecture: 'x86_64',
          privateIp: null,
          availabilityZone: 'us-west-2a',
          owner: '123456789012',
          groups: [{ GroupId: 'sg-1', GroupName: 'default' }],
        },
      ],
    });
  });
});
