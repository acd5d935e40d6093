import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ComputeManagementClient, type VirtualMachine } from '@azure/arm-compute';
import { NetworkManagementClient } from '@azure/arm-network';
import { ResourceManagementClient } from '@azure/arm-resources';
import { DeploymentsClient } from '@azure/arm-resourcesdeployments';
import type { Pipeline } from '@azure/core-rest-pipeline';
import { SteppedClock } from '#lib/clock.ts';
import { startAzure, type AzureOptions, type SimulatedAzure } from './server.ts';

/** The day on which all tests of the simulator begin. */
const testDay = new Date('2026-03-01T12:00:00Z');

/** The resource group that is there. */
export const group = 'rg-workers';

/** How many turns of the event loop sockets get for each step of time in `through`. */
const turnsPerStep = 30;

/** Options of the simulator, with a clock that can be stepped. */
export type RigOptions = Omit<AzureOptions, 'clock'> & { clock?: SteppedClock };

/** A JSON answer of the API. */
export interface RestAnswer {
  status: number;
  headers: Headers;
  json: Loose;
}

/** JSON of a form that only the test knows. */
interface Loose {
  readonly [name: string]: Loose | undefined;
}

/** A simulator for one test, with the SDKs in front of it; its time stands still until it is stepped. */
export async function rigAzure(t: TestContext, options: RigOptions = {}) {
  const { clock = new SteppedClock(testDay) } = options;
  const azure = await startAzure({
    ...options,
    clock,
    dials: {
      publicIpMs: [2000, 2000],
      publicIpDeleteMs: [5000, 5000],
      nicMs: [1000, 1000],
      nicDeleteMs: [5000, 5000],
      diskMs: [1000, 1000],
      diskDeleteMs: [2000, 2000],
      vmCreateMs: [40_000, 40_000],
      vmDeleteMs: [30_000, 30_000],
      deallocateMs: [20_000, 20_000],
      startMs: [20_000, 20_000],
      groupDeleteMs: [60_000, 60_000],
      allocateMs: [5000, 5000],
      bootMs: [30_000, 30_000],
      deploymentMs: [1000, 1000],
      retryAfterSeconds: 0,
      ...options.dials,
    },
  });
  t.after(() => azure.close());
  const subnet = subnetIn(azure);
  const rest = (method: string, path: string, body?: unknown): Promise<RestAnswer> => call(azure, method, path, body);
  return {
    azure,
    clock,
    subnet,
    rest,
    ...clientsOf(azure),
    through: <T>(work: PromiseLike<T>) => through(work, clock),
  };
}

/** The id of a subnet that is there. */
export function subnetIn({ subscriptionId }: SimulatedAzure): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks/vnet/subnets/default`;
}

/** The SDKs' clients, made to call plain HTTP, without retries of their own. */
function clientsOf(azure: SimulatedAzure) {
  const token = { token: 'any', expiresOnTimestamp: Number.MAX_SAFE_INTEGER };
  const credential = { getToken: () => Promise.resolve(token) };
  const options = { endpoint: azure.url, allowInsecureConnection: true, retryOptions: { maxRetries: 0 } };
  const { subscriptionId } = azure;
  const compute = new ComputeManagementClient(credential, subscriptionId, options);
  const network = new NetworkManagementClient(credential, subscriptionId, options);
  const resources = new ResourceManagementClient(credential, subscriptionId, options);
  const deployments = new DeploymentsClient(credential, subscriptionId, options);
  for (const { pipeline } of [compute, network, resources, deployments]) {
    sendToken(pipeline, token.token);
  }
  return { compute, network, resources, deployments };
}

/** The SDKs' own policy refuses to send tokens over plain HTTP. */
function sendToken(pipeline: Pipeline, token: string): void {
  pipeline.removePolicy({ name: 'bearerTokenAuthenticationPolicy' });
  pipeline.addPolicy(
    {
      name: 'simulatedToken',
      sendRequest(request, next) {
        request.headers.set('authorization', `Bearer ${token}`);
        return next(request);
      },
    },
    { phase: 'Sign' },
  );
}

/** A plain call below the subscription, or to an absolute URL; an api-version is added where there is none. */
export async function call(azure: SimulatedAzure, method: string, path: string, body?: unknown): Promise<RestAnswer> {
  const base = path.startsWith('http') ? path : `${azure.url}/subscriptions/${azure.subscriptionId}${path}`;
  const url = base.includes('api-version=') ? base : `${base}${base.includes('?') ? '&' : '?'}api-version=2026-04-01`;
  const headers = { authorization: 'Bearer any', 'content-type': 'application/json' };
  const answer = await fetch(url, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, json: (text === '' ? {} : JSON.parse(text)) as Loose };
}

/** Lets time pass as long as something is under way. */
async function through<T>(work: PromiseLike<T>, clock: SteppedClock): Promise<T> {
  const progress = { isOver: false };
  const settled = Promise.resolve(work).finally(() => (progress.isOver = true));
  // Whoever awaits the result hears of a failure.
  settled.catch(() => undefined);
  for (let turn = 1; !progress.isOver; turn++) {
    await nextTurn();
    if (turn % turnsPerStep === 0) {
      await clock.step(1000);
    }
  }
  return settled;
}

type Rig = Awaited<ReturnType<typeof rigAzure>>;

/** Makes a network interface, with a public address of the same name if wanted, and waits for it. */
export async function aNic(rig: Rig, name: string, isPublic = false): Promise<string> {
  const { network, subnet, through: wait } = rig;
  const fast = { updateIntervalInMs: 1 };
  const address = isPublic
    ? await wait(network.publicIPAddresses.createOrUpdate(group, name, plainAddress, fast))
    : undefined;
  const parameters = nicParameters(subnet, address?.id);
  const nic = await wait(network.networkInterfaces.createOrUpdate(group, name, parameters, fast));
  return nic.id ?? '';
}

/** The least that a network interface needs. */
export function nicParameters(subnet: string, addressId?: string) {
  const address = addressId === undefined ? {} : { publicIPAddress: { id: addressId } };
  const configuration = { name: 'ip', privateIPAllocationMethod: 'Dynamic', subnet: { id: subnet }, ...address };
  return { location: 'eastus', ipConfigurations: [configuration] };
}

export const plainAddress = { location: 'eastus', publicIPAllocationMethod: 'Static', sku: { name: 'Standard' } };

/** The least that a Windows machine needs. */
export function vmParameters(nicId: string, more: Partial<VirtualMachine> = {}): VirtualMachine {
  return {
    location: 'eastus',
    hardwareProfile: { vmSize: 'Standard_F8s_v2' },
    storageProfile: {
      imageReference: { id: '/subscriptions/x/resourceGroups/images/providers/Microsoft.Compute/images/win2022' },
      osDisk: { createOption: 'FromImage', osType: 'Windows' },
    },
    osProfile: { computerName: 'worker', adminUsername: 'someone', adminPassword: 'Pa55 word with more' },
    networkProfile: { networkInterfaces: [{ id: nicId, primary: true }] },
    ...more,
  };
}

/** Makes a virtual machine with its network interface, and waits until its creation has ended. */
export async function aVm(rig: Rig, name: string, more: Partial<VirtualMachine> = {}) {
  const nicId = await aNic(rig, `nic-${name}`);
  const parameters = vmParameters(nicId, more);
  return rig.through(rig.compute.virtualMachines.createOrUpdate(group, name, parameters, { updateIntervalInMs: 1 }));
}

/** For `assert.rejects`: an error that an SDK made of a refusal with that code and HTTP status. */
export function refused(code: string, status: number): (error: unknown) => boolean {
  return (error) => {
    const { code: found, statusCode } = error as { code?: string; statusCode?: number };
    assert.deepEqual({ code: found, status: statusCode }, { code, status });
    return true;
  };
}
