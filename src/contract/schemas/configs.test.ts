import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { poolConfigProblems } from '#contract/pool-config-rules.ts';
import { matchesPattern, patterns } from '#contract/patterns.ts';
import type { JsonObject } from '#core/json.ts';
import { schemaId } from './json-schema.ts';
import { ajvOptions, learnSchemas } from './learning.ts';
import { configSchemas } from './published.ts';

const ajv = new Ajv(ajvOptions);
learnSchemas(ajv);

/** The violations of a schema: paths and Ajv's words. */
function violations(schema: string, value: unknown): string[] {
  const check = ajv.getSchema(schemaId(schema));
  assert.ok(check, schema);
  assert.equal(check(value), check.errors === null || check.errors === undefined);
  return (check.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ''}`);
}

function accepts(schema: string, value: unknown): void {
  assert.deepEqual(violations(schema, value), [], JSON.stringify(value));
}

function refuses(schema: string, value: unknown, place: RegExp): void {
  const found = violations(schema, value);
  assert.ok(
    found.some((violation) => place.test(violation)),
    `${JSON.stringify(value)}: ${found.join('; ')}`,
  );
}

const cloud = { minCapacity: 0, maxCapacity: 1 };

function withConfig(launchConfig: JsonObject): JsonObject {
  return { ...cloud, launchConfigs: [launchConfig] };
}

const aws = { region: 'us-west-2', launchConfig: { ImageId: 'ami-1' } };
const google = {
  region: 'us-east1',
  zone: 'us-east1-a',
  machineType: 'zones/us-east1-a/machineTypes/n2-standard-4',
  disks: [{}],
  networkInterfaces: [{}],
  scheduling: {},
  workerConfig: {},
};
const azureResources = {
  workerConfig: {},
  location: 'westus',
  subnetId: '/subscriptions/s/subnet',
  hardwareProfile: { vmSize: 'Standard_F8s_v2' },
  storageProfile: { osDisk: {} },
};
const templateSpec = '/subscriptions/s/resourceGroups/r/providers/Microsoft.Resources/templateSpecs/t/versions/1';
const armDeployment = {
  mode: 'Incremental',
  templateLink: { id: templateSpec },
  parameters: { location: { value: 'westus' } },
};
const azureTemplate = { workerConfig: {}, armDeployment };

const samples: [string, JsonObject][] = [
  ['config-aws', aws],
  ['config-google', google],
  ['config-azure', azureResources],
  ['config-azure', azureTemplate],
];

// spec: api 5.4, 5.5, 5.6, 5.9
test('a launch config needs nothing but what its cloud needs', () => {
  for (const [schema, launchConfig] of samples) {
    accepts(schema, withConfig(launchConfig));
    accepts(schema, { ...cloud, launchConfigs: [] });
    for (const member of Object.keys(launchConfig)) {
      const { [member]: _, ...less } = launchConfig;
      refuses(schema, withConfig(less), new RegExp(`must have required property '${member}'`));
    }
  }
});

// spec: api 5.1
test('all clouds share minimum, maximum, ratio, lifecycle and nothing else', () => {
  for (const [schema, launchConfig] of samples) {
    const config = withConfig(launchConfig);
    accepts(schema, { ...config, scalingRatio: 0.5, lifecycle: {}, maxCapacity: 0 });
    refuses(schema, { ...config, minCapacity: -1 }, /^\/minCapacity must be >= 0/);
    refuses(schema, { ...config, maxCapacity: 1.5 }, /^\/maxCapacity must be integer/);
    refuses(schema, { ...config, maxCapacity: '5' }, /^\/maxCapacity must be integer/);
    refuses(schema, { ...config, scalingRatio: 1.1 }, /^\/scalingRatio must be <= 1/);
    refuses(schema, { ...config, more: 1 }, /additional properties/);
    refuses(schema, { ...config, launchConfigs: [launchConfig, launchConfig] }, /duplicate items/);
    refuses(schema, { maxCapacity: 1, launchConfigs: [] }, /required property 'minCapacity'/);
  }
});

// spec: api 5.2, E5
test('lifecycle time-outs are whole seconds within their bounds', () => {
  const lifecycle = (members: JsonObject): JsonObject => ({ ...withConfig(aws), lifecycle: members });
  accepts('config-aws', lifecycle({ reregistrationTimeout: 2_592_000, queueInactivityTimeout: 1200 }));
  accepts('config-aws', lifecycle({ registrationTimeout: -5 }));
  refuses('config-aws', lifecycle({ reregistrationTimeout: 2_592_001 }), /reregistrationTimeout must be <= 2592000/);
  refuses('config-aws', lifecycle({ queueInactivityTimeout: 600 }), /queueInactivityTimeout must be >= 1200/);
  refuses('config-aws', lifecycle({ registrationTimeout: 1.5 }), /registrationTimeout must be integer/);
  refuses('config-aws', lifecycle({ registerTimeout: 5 }), /additional properties/);
});

// spec: W44
test('checking a config changes nothing in it', () => {
  const config = { ...withConfig(google), lifecycle: { registrationTimeout: 60 } };
  const before = structuredClone(config);
  accepts('config-google', config);
  assert.deepEqual(config, before);
});

// spec: api 5.3
test('workerManager takes known members within their bounds', () => {
  for (const [schema, launchConfig] of samples) {
    const managed = (workerManager: JsonObject): JsonObject => withConfig({ ...launchConfig, workerManager });
    accepts(schema, managed({}));
    accepts(schema, managed({ launchConfigId: 'a_B-1', capacityPerInstance: 3, initialWeight: 0, maxCapacity: 0 }));
    refuses(schema, managed({ launchConfigId: 'a.b' }), /launchConfigId must match pattern/);
    refuses(schema, managed({ launchConfigId: 'x'.repeat(39) }), /launchConfigId must NOT have more/);
    refuses(schema, managed({ launchConfigId: '' }), /launchConfigId must NOT have fewer/);
    refuses(schema, managed({ capacityPerInstance: 0 }), /capacityPerInstance must be >= 1/);
    refuses(schema, managed({ initialWeight: 2 }), /initialWeight must be <= 1/);
    refuses(schema, managed({ maxCapacity: -1 }), /maxCapacity must be >= 0/);
    refuses(schema, managed({ more: 1 }), /additional properties/);
    accepts(schema, withConfig({ ...launchConfig, capacityPerInstance: 8 }));
  }
  const azureOnly = { publicIp: true, keepDeployment: true, ignoreFailedProvisioningStates: ['A', 'B'] };
  accepts('config-azure', withConfig({ ...azureTemplate, workerManager: azureOnly }));
  refuses('config-aws', withConfig({ ...aws, workerManager: azureOnly }), /additional properties/);
});

// spec: api 5.4, 5.5, 5.6
test('google and azure launch configs are open, aws ones are closed', () => {
  accepts('config-google', withConfig({ ...google, minCpuPlatform: 'x', metadata: { items: [] } }));
  accepts('config-azure', withConfig({ ...azureResources, evictionPolicy: 'Delete' }));
  accepts('config-azure', withConfig({ ...azureTemplate, location: 'westus', tags: { a: 'b' } }));
  refuses('config-aws', withConfig({ ...aws, zone: 'a' }), /additional properties/);
});

// spec: api 5.4, W24, P-12
test('each member of a RunInstances request that the service sets itself is refused alone', () => {
  for (const member of ['IamInstanceProfile', 'UserData', 'MinCount', 'MaxCount']) {
    const launchConfig = { ImageId: 'ami-1', [member]: 1 };
    refuses('config-aws', withConfig({ ...aws, launchConfig }), new RegExp(`launchConfig/${member} must NOT be valid`));
  }
  for (const member of ['rootUrl', 'workerPoolId', 'providerId', 'workerGroup', 'workerConfig']) {
    refuses(
      'config-aws',
      withConfig({ ...aws, additionalUserData: { [member]: 1 } }),
      new RegExp(`${member} must NOT`),
    );
  }
  accepts('config-aws', withConfig({ ...aws, additionalUserData: { tmpfsSize: 1 }, workerConfig: { any: [1] } }));
});

// spec: api 5.6
test('an azure launch config is a list of resources or a template, not both', () => {
  refuses('config-azure', withConfig({ ...azureResources, armDeployment }), /must match exactly one schema/);
  refuses('config-azure', withConfig({ workerConfig: {} }), /must match exactly one schema/);
  accepts('config-azure', withConfig({ ...azureResources, billingProfile: { maxPrice: -1 }, priority: 'spot' }));
  refuses('config-azure', withConfig({ ...azureResources, storageProfile: {} }), /required property 'osDisk'/);
  refuses('config-azure', withConfig({ ...azureResources, networkProfile: {} }), /'networkInterfaces'/);
});

// spec: api 5.6, W25
test('a template is given once and must be told the location', () => {
  const deployed = (change: JsonObject): JsonObject =>
    withConfig({ workerConfig: {}, armDeployment: { ...armDeployment, ...change } });
  const { templateLink: _, ...withoutTemplate } = armDeployment;
  const inline = { ...withoutTemplate, template: { resources: [] } };
  accepts('config-azure', withConfig({ workerConfig: {}, armDeployment: inline }));
  accepts('config-azure', deployed({ templateLink: { uri: 'https://x/y.json', contentVersion: '1.0.0.0' } }));
  accepts(
    'config-azure',
    deployed({
      parameters: { location: { value: 'a' }, n: { value: null }, s: { reference: { keyVault: {}, secretName: 'n' } } },
    }),
  );
  refuses('config-azure', deployed({ template: {} }), /must match exactly one schema/);
  refuses(
    'config-azure',
    withConfig({ workerConfig: {}, armDeployment: withoutTemplate }),
    /must match exactly one schema/,
  );
  refuses(
    'config-azure',
    deployed({ templateLink: { id: `${templateSpec}/x` } }),
    /templateLink\/id must match pattern/,
  );
  refuses(
    'config-azure',
    deployed({ templateLink: { id: templateSpec, uri: 'x' } }),
    /templateLink must match exactly one/,
  );
  refuses('config-azure', deployed({ mode: 'Sometimes' }), /mode must be equal to one of/);
  refuses('config-azure', deployed({ parameters: {} }), /parameters must have required property 'location'/);
  refuses('config-azure', deployed({ parameters: { location: { value: 5 } } }), /location\/value must be string/);
  refuses(
    'config-azure',
    deployed({ parameters: { location: { value: 'a' }, n: { value: 1, more: 1 } } }),
    /n must match exactly one/,
  );
  refuses(
    'config-azure',
    deployed({ parameters: { location: { value: 'a' }, s: { reference: { keyVault: {} } } } }),
    /'secretName'/,
  );
  refuses('config-azure', deployed({ more: 1 }), /additional properties/);
  const { parameters: __, ...withoutParameters } = armDeployment;
  refuses('config-azure', withConfig({ workerConfig: {}, armDeployment: withoutParameters }), /'parameters'/);
});

// spec: api 5.7, 5.8
test('static, null and testing configs take what they can use', () => {
  accepts('config-static', {});
  accepts('config-static', { lifecycle: { reregistrationTimeout: 2_592_000 }, workerConfig: { a: 1 } });
  refuses('config-static', { minCapacity: 1 }, /additional properties/);
  refuses('config-static', { lifecycle: { registrationTimeout: 1 } }, /additional properties/);
  refuses('config-static', { lifecycle: { reregistrationTimeout: 2_592_001 } }, /<= 2592000/);
  accepts('config-null', { anything: [1] });
  accepts('config-testing', {});
  refuses('config-testing', { a: 1 }, /additional properties/);
});

// ---- real definitions ----

const folder = join(import.meta.dirname, '../../../../shared/data/pools');
const skip = existsSync(folder) ? false : 'the folder of real pool definitions is not here';

function providerTypeOf(providerId: string): keyof typeof configSchemas {
  if (providerId.includes('azure')) return 'azure';
  if (providerId.includes('aws')) return 'aws';
  return providerId === 'static' ? 'static' : 'google';
}

interface RealPool {
  workerPoolId: string;
  type: keyof typeof configSchemas;
  body: { providerId: string; config: JsonObject };
}

function realPools(): RealPool[] {
  return globSync('**/*.json', { cwd: folder }).map((file) => {
    const body = JSON.parse(readFileSync(join(folder, file), 'utf8')) as RealPool['body'];
    const workerPoolId = basename(file, '.json').replace('__', '/');
    return { workerPoolId, type: providerTypeOf(body.providerId), body };
  });
}

// spec: api 5.9, E71
test('real pool definitions are accepted and left as they are', { skip }, () => {
  const pools = realPools();
  assert.equal(pools.length, 14);
  for (const { workerPoolId, type, body } of pools) {
    const before = structuredClone(body);
    assert.ok(matchesPattern(patterns.workerPoolId, workerPoolId), workerPoolId);
    accepts('create-worker-pool-request', body);
    accepts('update-worker-pool-request', body);
    accepts(configSchemas[type], body.config);
    assert.deepEqual(poolConfigProblems(type, body.config), [], workerPoolId);
    assert.deepEqual(body, before, workerPoolId);
  }
});

test('no real definition fits the schema of another provider type', { skip }, () => {
  // An empty config fits static and testing alike.
  const pools = realPools().filter(({ body }) => Object.keys(body.config).length > 0);
  for (const { workerPoolId, type, body } of pools) {
    const fitting = Object.entries(configSchemas).filter(([, schema]) => violations(schema, body.config).length === 0);
    assert.deepEqual(
      fitting.map(([name]) => name),
      [type, 'null'].toSorted(),
      workerPoolId,
    );
  }
});
