import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ServiceError } from '#core/error.ts';
import type { JsonObject } from '#core/json.ts';
import { SteppedClock } from '#lib/clock.ts';
import { aLaunchRequest, aWorker, someSurroundings } from '#test/conformance/provider/fixtures.ts';
import { configureProviders, openProviders, ProvidersMisconfigured } from './directory.ts';
import { providerModules } from './index.ts';

const never = new AbortController().signal;

const problemsOf = (configured: JsonObject): readonly string[] => {
  try {
    configureProviders(configured, providerModules);
    return [];
  } catch (error) {
    assert.ok(error instanceof ProvidersMisconfigured);
    return error.problems;
  }
};

async function anOpenDirectory(configured: JsonObject) {
  const clock = new SteppedClock(new Date('2026-01-01T00:00:00Z'));
  const stopping = new AbortController();
  const surroundings = someSurroundings({ clock, signal: stopping.signal });
  const providers = await openProviders(configureProviders(configured, providerModules), surroundings);
  return { clock, stopping, providers, heard: surroundings.heard };
}

// spec: api 10.3, provisioning 10.4
describe('the configuration of providers', () => {
  test('everything wrong is told at once, one line each, with the provider and without its secrets', () => {
    const problems = problemsOf({
      'my-cloud': { providerType: 'gopher' },
      'null-provider': { providerType: 'null' },
      other: { providerType: 'null' },
      typeless: {},
      aws: {
        providerType: 'aws',
        credentials: { accessKeyId: 'AKIA', secret: 'hush' },
        intervalCapDefault: 'many',
        endpoint: 'not a URL',
        identityKeys: [{ publicKeyPem: 'hush' }],
      },
      list: [],
      'not.good': { providerType: 'static' },
      static: { providerType: 'static', staticSecret: 'hush' },
    });
    assert.deepEqual(problems, [
      'provider "my-cloud": providerType must be one of aws, google, static, testing',
      'provider "null-provider": this id is always there and cannot be configured',
      'provider "other": providerType must be one of aws, google, static, testing',
      'provider "typeless": providerType is missing',
      'provider "aws": endpoint must be an http or https URL',
      'provider "aws": credentials.secretAccessKey is missing',
      'provider "aws": intervalCapDefault must be a number above 0',
      'provider "aws": identityKeys[0].region is missing',
      'provider "aws": identityKeys[0].publicKeyPem must be PEM text that can be read',
      'provider "aws": credentials.secret is not a setting',
      'provider "list": its settings must be an object',
      'provider "not.good": its id must be 1 to 38 letters, digits, "-" and "_"',
      'provider "static": staticSecret is not a setting',
    ]);
  });

  test('settings of existing deployments are accepted as they are', () => {
    assert.deepEqual(
      problemsOf({
        aws: {
          providerType: 'aws',
          credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
          intervalDefault: 10_000,
          intervalCapDefault: 150,
          _backoffDelay: 2000,
        },
        'aws-by-role': { providerType: 'aws' },
        static: { providerType: 'static' },
      }),
      [],
    );
  });
});

describe('the directory of providers', () => {
  // spec: provisioning 9.2, 10.3
  test('lists the providers in the order of the configuration, and null-provider always and last', async () => {
    const { providers } = await anOpenDirectory({ b: { providerType: 'static' }, a: { providerType: 'testing' } });
    assert.deepEqual(
      providers.list().map(({ providerId, providerType, unavailable }) => [providerId, providerType, unavailable]),
      [
        ['b', 'static', null],
        ['a', 'testing', null],
        ['null-provider', 'null', null],
      ],
    );
    assert.equal(providers.get('c'), undefined);
    const none = providers.get('null-provider');
    assert.deepEqual([none?.fleet, none?.identity, none?.enrolment], [null, null, null]);
  });

  // spec: api 10.3, provisioning 9.3, 10.3, E68
  test('a provider whose set-up fails refuses with the reason, is tried every minute, and then works', async () => {
    const { clock, providers, heard } = await anOpenDirectory({
      failing: { providerType: 'testing', setupFailure: 2 },
      good: { providerType: 'testing' },
    });
    assert.equal(providers.get('good')?.unavailable, null);
    for (const failures of [1, 2]) {
      assert.match(providers.get('failing')?.unavailable ?? '', /fail/);
      assert.equal(heard.setUpFailures.length, failures);
      await clock.step(60_000);
    }
    assert.equal(providers.get('failing')?.unavailable, null);
    assert.deepEqual(providers.get('failing')?.fleet?.scopes(), providers.get('good')?.fleet?.scopes());
    assert.deepEqual(
      providers.list().map((provider) => provider.providerId),
      ['failing', 'good', 'null-provider'],
    );
    await clock.step(600_000);
    assert.equal(heard.setUpFailures.length, 2);
  });

  // spec: provisioning 10.1, 10.3
  test('while it is not set up, every part of a provider is there and refuses', async () => {
    const { providers } = await anOpenDirectory({ failing: { providerType: 'testing', setupFailure: 9 } });
    const { fleet, identity, enrolment } = providers.get('failing')!;
    const request = aLaunchRequest();
    const worker = aWorker();
    const isUnavailable = (error: unknown): boolean => error instanceof ServiceError && error.code === 'unavailable';
    assert.equal(enrolment, null);
    assert.equal((await fleet!.launch(request, never)).kind, 'unknown');
    assert.equal((await fleet!.recover(request.order, never)).kind, 'unknown');
    assert.throws(() => fleet!.place({}), isUnavailable);
    await assert.rejects(async () => {
      for await (const page of fleet!.observe('scope', never)) {
        assert.fail(`an unavailable cloud shows nothing, not even ${page.length} machines`);
      }
    }, isUnavailable);
    await assert.rejects(fleet!.inspect('scope', [worker], never), isUnavailable);
    const [outcome] = await fleet!.terminate('scope', [worker], never);
    assert.deepEqual([outcome?.accepted, outcome?.refusal?.code], [false, 'ProviderSetupFailed']);
    await assert.rejects(identity!.identify({}, worker, new Date(0), never), isUnavailable);
  });

  test('a set-up that hangs delays the start for a limited time and no other provider', async () => {
    const clock = new SteppedClock(new Date('2026-01-01T00:00:00Z'));
    const surroundings = someSurroundings({ clock });
    const hanging = {
      providerId: 'hanging',
      providerType: 'testing',
      parts: [],
      setUp: () => new Promise<never>(() => {}),
    };
    const opening = openProviders([hanging], surroundings);
    await clock.step(30_000);
    const providers = await opening;
    assert.match(providers.get('hanging')?.unavailable ?? '', /30000 ms/);
  });

  test('when the program stops, nothing is tried any more', async () => {
    const { clock, stopping, heard } = await anOpenDirectory({ failing: { providerType: 'testing', setupFailure: 9 } });
    stopping.abort();
    await clock.step(600_000);
    assert.equal(heard.setUpFailures.length, 1);
    assert.equal(clock.pending, 0);
  });
});
