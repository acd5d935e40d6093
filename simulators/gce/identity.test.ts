import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { compute, type compute_v1 } from '@googleapis/compute';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, importX509, jwtVerify } from 'jose';
import { clientConfig, plainInstance, rigGce, zone } from './rig.ts';

async function rig(t: TestContext, change: compute_v1.Schema$Instance = {}) {
  const { gce, clock } = await rigGce(t);
  const client = compute(clientConfig(gce));
  const { data } = await client.instances.insert({
    project: gce.project,
    zone,
    requestBody: {
      ...plainInstance('worker-1'),
      serviceAccounts: [{ email: gce.accounts[0]!.email, scopes: ['https://www.googleapis.com/auth/cloud-platform'] }],
      metadata: { items: [{ key: 'taskcluster', value: '{"rootUrl":"http://tc"}' }] },
      ...change,
    },
  });
  await clock.step(30_000);
  const id = data.targetId ?? '';
  const ask = (path: string, headers: Record<string, string> = { 'Metadata-Flavor': 'Google' }) =>
    fetch(`${gce.url}/_sim/metadata/${id}/computeMetadata/v1/${path}`, { headers });
  const text = async (path: string) => (await ask(path)).text();
  const token = (query: string) => text(`instance/service-accounts/default/identity?${query}`);
  const jwks = () => createRemoteJWKSet(new URL(`${gce.url}/oauth2/v3/certs`));
  const options = {
    issuer: 'https://accounts.google.com',
    audience: 'http://tc',
    algorithms: ['RS256'],
    currentDate: clock.now(),
  };
  return { gce, clock, id, ask, text, token, jwks, options };
}

// spec: provisioning 7.8
test('a full identity token says which machine it is, and verifies against the published keys', async (t) => {
  const { gce, id, token, jwks, options } = await rig(t);
  const { payload, protectedHeader } = await jwtVerify(await token('audience=http://tc&format=full'), jwks(), options);
  const account = gce.accounts[0]!;
  assert.deepEqual(payload, {
    aud: 'http://tc',
    azp: account.uniqueId,
    email: account.email,
    email_verified: true,
    exp: 1772366430 + 3600,
    google: {
      compute_engine: {
        instance_creation_timestamp: 1772366400,
        instance_id: id,
        instance_name: 'worker-1',
        project_id: 'simulated',
        project_number: 123456789012,
        zone,
      },
    },
    iat: 1772366430,
    iss: 'https://accounts.google.com',
    sub: account.uniqueId,
  });
  assert.deepEqual(protectedHeader, { alg: 'RS256', kid: gce.keys.kid, typ: 'JWT' });
});

test('a token of the standard format says nothing of the machine; licences come when asked for', async (t) => {
  const { token } = await rig(t);
  for (const query of ['audience=http://tc', 'audience=http://tc&format=standard']) {
    assert.equal(decodeJwt(await token(query))['google'], undefined);
  }
  const licensed = decodeJwt<{ google: { compute_engine: { license_id: string[] } } }>(
    await token('audience=http://tc&format=full&licenses=TRUE'),
  );
  assert.deepEqual(licensed.google.compute_engine.license_id, ['1000205']);
});

test('an identity needs an audience, and a service account', async (t) => {
  const { ask } = await rig(t);
  const answer = await ask('instance/service-accounts/default/identity');
  assert.deepEqual([answer.status, await answer.text()], [400, 'non-empty audience parameter required']);
  const poor = await rig(t, { serviceAccounts: [] });
  assert.equal((await poor.ask('instance/service-accounts/default/identity?audience=x')).status, 404);
});

test('keys rotate: new tokens have the new key, old ones verify until theirs is revoked', async (t) => {
  const { gce, token, jwks, options } = await rig(t);
  const before = await token('audience=http://tc');
  const old = gce.keys.kid;
  const fresh = gce.keys.rotate();
  const after = await token('audience=http://tc');
  assert.notEqual(fresh, old);
  assert.equal(decodeProtectedHeader(after).kid, fresh);
  await jwtVerify(before, jwks(), options);
  await jwtVerify(after, jwks(), options);
  gce.keys.revoke(old);
  await assert.rejects(jwtVerify(before, jwks(), options), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
  assert.throws(() => gce.keys.revoke(old), RangeError);
});

test('the keys are published as a set and as certificates, and may be cached', async (t) => {
  const { gce, token, options } = await rig(t);
  const sets = await fetch(`${gce.url}/oauth2/v3/certs`);
  assert.match(sets.headers.get('cache-control') ?? '', /max-age=\d+/);
  const { keys } = (await sets.json()) as { keys: { kid: string; alg: string; use: string; kty: string }[] };
  assert.deepEqual(
    keys.map(({ alg, use, kty }) => [alg, use, kty]),
    [
      ['RS256', 'sig', 'RSA'],
      ['RS256', 'sig', 'RSA'],
    ],
  );
  const pems = (await (await fetch(`${gce.url}/oauth2/v1/certs`)).json()) as Record<string, string>;
  assert.deepEqual(Object.keys(pems).toSorted(), keys.map(({ kid }) => kid).toSorted());
  const pem = pems[gce.keys.kid] ?? '';
  assert.ok(new X509Certificate(pem).verify(new X509Certificate(pem).publicKey));
  await jwtVerify(await token('audience=http://tc'), await importX509(pem, 'RS256'), options);
});

test('tests can sign anything, as forgers would', async (t) => {
  const { gce, jwks, options } = await rig(t);
  const claims = { iss: 'https://accounts.google.com', aud: 'http://tc', sub: '1' };
  assert.equal((await jwtVerify(gce.signToken(claims), jwks(), options)).payload.sub, '1');
  assert.match(gce.signToken(claims, { alg: 'none' }), /\.$/);
  const pem = gce.keys.certificates()[gce.keys.kid] ?? '';
  for (const alg of ['RS384', 'PS256']) {
    await jwtVerify(gce.signToken(claims, { alg }), await importX509(pem, alg), { ...options, algorithms: [alg] });
  }
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await assert.rejects(jwtVerify(gce.signToken(claims, {}, other.privateKey), jwks(), options), {
    code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  });
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await jwtVerify(gce.signToken(claims, { alg: 'ES256' }, curve.privateKey), curve.publicKey, {
    ...options,
    algorithms: ['ES256'],
  });
  const edwards = generateKeyPairSync('ed25519');
  await jwtVerify(gce.signToken(claims, { alg: 'EdDSA' }, edwards.privateKey), edwards.publicKey, {
    ...options,
    algorithms: ['EdDSA'],
  });
  const spki = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'pem' });
  await jwtVerify(gce.signToken(claims, { alg: 'HS256' }), Buffer.from(spki), { ...options, algorithms: ['HS256'] });
});

// spec: provisioning 11.2
test('the metadata server tells what the runner asks for', async (t) => {
  const { gce, id, text } = await rig(t);
  const answers: Readonly<Record<string, string>> = {
    'instance/id': id,
    'instance/attributes/taskcluster': '{"rootUrl":"http://tc"}',
    'instance/image': 'projects/images/global/images/worker-1',
    'instance/machine-type': 'projects/123456789012/machineTypes/n2-standard-4',
    'instance/zone': `projects/123456789012/zones/${zone}`,
    'instance/hostname': `worker-1.${zone}.c.simulated.internal`,
    'instance/name': 'worker-1',
    'instance/preempted': 'FALSE',
    'instance/attributes/': 'taskcluster\n',
    'project/project-id': 'simulated',
    'project/numeric-project-id': '123456789012',
    'instance/service-accounts/default/email': gce.accounts[0]!.email,
  };
  for (const [path, answer] of Object.entries(answers)) {
    assert.equal(await text(path), answer, path);
  }
  assert.match(await text('instance/network-interfaces/0/ip'), /^10\./);
  assert.match(await text('instance/network-interfaces/0/access-configs/0/external-ip'), /^34\./);
  assert.match(await text('instance/'), /^attributes\/\ncpu-platform\n/);
});

test('the metadata server wants its header, knows its paths, and is there while the machine is up', async (t) => {
  const { gce, clock, id, ask } = await rig(t);
  const bare = await ask('instance/id', {});
  assert.deepEqual([bare.status, bare.headers.get('metadata-flavor')], [403, 'Google']);
  const proxied = await ask('instance/id', { 'Metadata-Flavor': 'Google', 'X-Forwarded-For': '1.2.3.4' });
  assert.equal(proxied.status, 403);
  assert.equal((await ask('instance/colour')).status, 404);
  assert.equal((await ask('instance/attributes/taskcluster/more')).status, 404);
  assert.equal((await ask('instance/id')).headers.get('metadata-flavor'), 'Google');
  gce.steering.stop(id);
  assert.equal((await ask('instance/id')).status, 404);
  await clock.step(10_000);
  gce.steering.start(id);
  await clock.step(28_000);
  assert.equal((await ask('instance/id')).status, 200);
});

// spec: provisioning 11.5
test('a question may wait for the preemption, or for its time', async (t) => {
  const { gce, clock, id, ask } = await rig(t, { scheduling: { provisioningModel: 'SPOT' } });
  const answers: string[] = [];
  const waiting = ask('instance/preempted?wait_for_change=true').then(async (answer) =>
    answers.push(await answer.text()),
  );
  const timed = ask('instance/preempted?wait_for_change=true&timeout_sec=5').then(async (answer) =>
    answers.push(await answer.text()),
  );
  while (clock.pending < 2) {
    await new Promise(setImmediate);
  }
  await clock.step(6_000);
  await timed;
  assert.deepEqual(answers, ['FALSE']);
  gce.steering.preempt(id);
  await clock.step(1_000);
  await waiting;
  assert.deepEqual(answers, ['FALSE', 'TRUE']);
});
