import assert from 'node:assert/strict';
import { createPublicKey, verify, webcrypto } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { EC2Client, RunInstancesCommand, type RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import { fromBER, OctetString } from 'asn1js';
import { Certificate, ContentInfo, CryptoEngine, setEngine, SignedData } from 'pkijs';
import { identityKeyOf, signDocument } from './identity.ts';
import { clientConfig, plainLaunch, rigEc2, testDay } from './rig.ts';

setEngine('node', new CryptoEngine({ name: 'node', crypto: webcrypto }));

async function rig(t: TestContext, input: Partial<RunInstancesCommandInput> = {}) {
  const { ec2, clock } = await rigEc2(t);
  const client = new EC2Client(clientConfig(ec2));
  t.after(() => client.destroy());
  const { Instances } = await client.send(new RunInstancesCommand({ ...plainLaunch, ...input }));
  await clock.step(30_000);
  const [machine] = ec2.park.machines();
  assert.ok(machine);
  const token = await fetch(`${machine.metadataUrl}/latest/api/token`, {
    method: 'PUT',
    headers: { 'X-aws-ec2-metadata-token-ttl-seconds': '21600' },
  });
  const headers = token.ok ? { 'X-aws-ec2-metadata-token': await token.text() } : {};
  const get = (path: string): Promise<Response> => fetch(`${machine.metadataUrl}/latest${path}`, { headers });
  const read = async (path: string): Promise<string> => (await get(path)).text();
  const [instance] = Instances ?? [];
  assert.ok(instance?.InstanceId !== undefined && instance.PrivateIpAddress !== undefined);
  const { InstanceId: id, PrivateIpAddress: ip, Placement } = instance;
  return { ec2, clock, id, ip, zone: Placement?.AvailabilityZone, machine, get, read };
}

function isSigned(region: string, document: string, signature: string): boolean {
  const key = createPublicKey(identityKeyOf(region).publicKeyPem);
  return verify('sha256', Buffer.from(document), key, Buffer.from(signature, 'base64'));
}

/** The text inside a SignedData, if the region's certificate says that it is the region's. */
async function openSignedData(region: string, rsa2048: string): Promise<string | undefined> {
  const pem = identityKeyOf(region).rsa2048CertificatePem;
  const certificate = Certificate.fromBER(Buffer.from(pem.replaceAll(/-----.*-----/g, ''), 'base64'));
  const parsed = new ContentInfo({ schema: fromBER(Buffer.from(rsa2048, 'base64')).result });
  const signedData = new SignedData({ schema: parsed.content });
  assert.deepEqual(signedData.certificates ?? [], []);
  signedData.certificates = [certificate];
  try {
    const { signatureVerified } = await signedData.verify({
      signer: 0,
      trustedCerts: [certificate],
      checkChain: true,
      checkDate: testDay,
      extendedMode: true,
    });
    const content = signedData.encapContentInfo.eContent;
    return signatureVerified === true && content instanceof OctetString
      ? Buffer.from(content.getValue()).toString()
      : undefined;
  } catch {
    return undefined;
  }
}

test('the identity document has the layout of AWS and the data of the instance', async (t) => {
  const { id, ip, read } = await rig(t, { Placement: { AvailabilityZone: 'us-west-2c' } });
  assert.equal(
    await read('/dynamic/instance-identity/document'),
    `{
  "accountId" : "123456789012",
  "availabilityZone" : "us-west-2c",
  "ramdiskId" : null,
  "kernelId" : null,
  "pendingTime" : "2026-03-01T12:00:00Z",
  "architecture" : "x86_64",
  "privateIp" : "${ip}",
  "devpayProductCodes" : null,
  "marketplaceProductCodes" : null,
  "version" : "2017-09-30",
  "region" : "us-west-2",
  "imageId" : "ami-0123456789abcdef0",
  "billingProducts" : null,
  "instanceId" : "${id}",
  "instanceType" : "m5.large"
}`,
  );
});

test('the signature is of the region and of every byte', async (t) => {
  const { read } = await rig(t);
  const document = await read('/dynamic/instance-identity/document');
  const signature = await read('/dynamic/instance-identity/signature');
  assert.ok(signature.split('\n').every((line) => line.length <= 76));
  assert.equal(isSigned('us-west-2', document, signature), true);
  assert.equal(isSigned('us-east-1', document, signature), false);
  assert.equal(isSigned('us-west-2', document.replace(' : ', ': '), signature), false);
});

test('the PKCS#7 form holds the same document, signed by the region', async (t) => {
  const { read, get } = await rig(t);
  const document = await read('/dynamic/instance-identity/document');
  const rsa2048 = await read('/dynamic/instance-identity/rsa2048');
  assert.equal(await openSignedData('us-west-2', rsa2048), document);
  assert.equal(await openSignedData('us-east-1', rsa2048), undefined);
  const der = Buffer.from(rsa2048, 'base64');
  const edited = Buffer.from(der);
  edited[der.indexOf('m5.large')] = 'c'.charCodeAt(0);
  assert.equal(await openSignedData('us-west-2', edited.toString('base64')), undefined);
  // Outer, inner and content lengths are indefinite, as in what AWS gives.
  assert.equal(der.subarray(0, 2).toString('hex'), '3080');
  assert.ok(der.includes(Buffer.from('2480', 'hex')));
  assert.equal((await get('/dynamic/instance-identity/pkcs7')).status, 404);
});

test('documents can be forged with the right key', async () => {
  const document = '{ "instanceId" : "i-0" }';
  const { signature, rsa2048 } = signDocument('us-west-2', document, testDay);
  assert.equal(isSigned('us-west-2', document, signature), true);
  assert.equal(await openSignedData('us-west-2', rsa2048), document);
});

test('each region has keys of its own, which stay the same', async (t) => {
  const { ec2 } = await rig(t);
  const keys = ec2.identityKeys();
  assert.deepEqual(
    keys.map(({ region }) => region),
    ['us-east-1', 'us-west-2'],
  );
  assert.equal(new Set(keys.flatMap((key) => [key.publicKeyPem, key.rsa2048CertificatePem])).size, 4);
  assert.deepEqual(ec2.identityKeys(['us-west-2']), keys.slice(1));
  assert.throws(() => ec2.identityKeys(['mars-1']), RangeError);
});

test('metadata needs a token, which is of one machine and ends', async (t) => {
  const { ec2, clock, machine, read } = await rig(t, { MaxCount: 2 });
  const url = `${machine.metadataUrl}/latest`;
  const put = (headers: Record<string, string>): Promise<Response> =>
    fetch(`${url}/api/token`, { method: 'PUT', headers });
  assert.equal((await fetch(`${url}/meta-data/instance-id`)).status, 401);
  assert.equal((await put({})).status, 400);
  assert.equal((await put({ 'X-aws-ec2-metadata-token-ttl-seconds': '21601' })).status, 400);
  assert.equal((await fetch(`${url}/api/token`)).status, 405);
  const forwarded = { 'X-aws-ec2-metadata-token-ttl-seconds': '60', 'X-Forwarded-For': '10.0.0.1' };
  assert.equal((await put(forwarded)).status, 403);
  const given = await put({ 'X-aws-ec2-metadata-token-ttl-seconds': '60' });
  assert.equal(given.headers.get('x-aws-ec2-metadata-token-ttl-seconds'), '60');
  const headers = { 'X-aws-ec2-metadata-token': await given.text() };
  assert.equal((await fetch(`${url}/meta-data/instance-id`, { headers })).status, 200);
  const [, neighbour] = ec2.park.machines();
  assert.ok(neighbour);
  assert.equal((await fetch(`${neighbour.metadataUrl}/latest/meta-data/`, { headers })).status, 401);
  await clock.step(60_000);
  assert.equal((await fetch(`${url}/meta-data/instance-id`, { headers })).status, 401);
  assert.equal(await read('/meta-data/instance-id'), machine.id);
});

test('metadata without token is open where the launch says so, and closed where it is switched off', async (t) => {
  const open = await rig(t, { MetadataOptions: { HttpTokens: 'optional' } });
  assert.equal((await fetch(`${open.machine.metadataUrl}/latest/meta-data/`)).status, 200);
  const closed = await rig(t, { MetadataOptions: { HttpEndpoint: 'disabled', HttpTokens: 'optional' } });
  assert.equal((await fetch(`${closed.machine.metadataUrl}/latest/meta-data/`)).status, 403);
});

test('metadata tells what the machine is and was given', async (t) => {
  const userData = '{"rootUrl":"https://tc.example","workerPoolId":"a/b"}';
  const { ip, zone, read, get } = await rig(t, { UserData: Buffer.from(userData).toString('base64') });
  assert.equal(await read('/user-data'), userData);
  assert.equal(await read('/meta-data/instance-type'), 'm5.large');
  assert.equal(await read('/meta-data/local-ipv4'), ip);
  assert.equal(await read('/meta-data/placement/region'), 'us-west-2');
  assert.equal(await read('/meta-data/placement/availability-zone'), zone);
  assert.equal(await read('/'), 'dynamic/\nmeta-data/\nuser-data');
  assert.match(await read('/meta-data/'), /^ami-id\nami-launch-index\n[^]*\nplacement\/\n/);
  assert.equal((await get('/meta-data/nothing')).status, 404);
  assert.equal((await get('/meta-data/constructor')).status, 404);
});

test('the notice of an interruption is there two minutes before, and not sooner', async (t) => {
  const { ec2, clock, machine, get, read } = await rig(t, { InstanceMarketOptions: { MarketType: 'spot' } });
  assert.equal((await get('/meta-data/spot/termination-time')).status, 404);
  assert.equal((await get('/meta-data/spot/instance-action')).status, 404);
  ec2.spotInterrupt(machine.id);
  const end = new Date(clock.now().getTime() + 120_000).toISOString().replace('.000', '');
  assert.equal(await read('/meta-data/spot/termination-time'), end);
  assert.deepEqual(JSON.parse(await read('/meta-data/spot/instance-action')), { action: 'terminate', time: end });
  await clock.step(120_000);
  assert.equal(machine.isUp, false);
  assert.equal((await get('/meta-data/spot/termination-time')).status, 404);
});
