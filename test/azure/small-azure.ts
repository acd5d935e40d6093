import { createHash } from 'node:crypto';
import type { Clock } from '#core/clock.ts';
import type { JsonObject, JsonValue } from '#core/json.ts';
import type { Arm, ArmAnswer, ArmRequest } from '#providers/azure/arm.ts';
import { ArmError, errorOf } from '#providers/azure/errors.ts';
import { asObject, objectAt, objectsIn } from '#providers/azure/members.ts';

/** How long things take, in milliseconds. */
export interface SmallAzureTimes {
  network: number;
  machine: number;
  removal: number;
  deployment: number;
}

/** What a call is answered with instead, before or after it had its effect. */
export interface Fault {
  matches: (request: ArmRequest) => boolean;
  how: { status: number; code: string; headers?: Readonly<Record<string, string>> } | 'break' | 'hang';
  when?: 'before' | 'after';
  times?: number;
}

interface Thing {
  id: string;
  body: Record<string, JsonValue>;
  /** What happens to it, and when. */
  due: { atMs: number; happen: () => void } | null;
}

interface Operation {
  endsAtMs: number;
  error: { code: string; message: string } | null;
}

/**
 * As much of Azure's resource manager as lives in one process and by a stepped clock: answers the calls of the provider by the rules of the real one
 * (what holds what, what goes with what). The wire itself is the simulator's affair.
 */
export class SmallAzure implements Arm {
  readonly calls: ArmRequest[] = [];
  readonly things = new Map<string, Thing>();
  readonly groups = new Map<string, JsonObject>();
  readonly faults: Fault[] = [];
  /** Machines fail so, once they have been accepted. */
  allocationFailure: { code: string; message: string } | null = null;
  /** A machine's parts stay when it goes, as templates may want. */
  isDetaching = false;
  /** Lists of states show nothing but states. */
  isStatusBare = true;
  /** Does it pass the tags on to what it makes beside the machine? */
  templateTagsParts = true;
  readonly #clock: Clock;
  readonly #times: SmallAzureTimes;
  readonly #operations = new Map<string, Operation>();

  constructor(clock: Clock, times: Partial<SmallAzureTimes> = {}) {
    this.#clock = clock;
    this.#times = { network: 0, machine: 0, removal: 0, deployment: 0, ...times };
  }

  /** How often calls of each operation were made. */
  counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { operation } of this.calls) counts[operation] = (counts[operation] ?? 0) + 1;
    return counts;
  }

  ofType(type: string): Thing[] {
    this.#pass();
    return [...this.things.values()].filter(({ id }) => id.toLowerCase().includes(`/${type.toLowerCase()}/`));
  }

  async send(request: ArmRequest, signal: AbortSignal): Promise<ArmAnswer> {
    signal.throwIfAborted();
    this.calls.push(request);
    this.#pass();
    const fault = this.faults.find((one) => one.matches(request) && (one.times ?? 1) > 0);
    if (fault?.times !== undefined) fault.times -= 1;
    if (fault !== undefined && fault.when !== 'after') await this.#fail(fault, signal);
    const answer = this.#answer(request);
    if (fault !== undefined) await this.#fail(fault, signal);
    if (answer.status > 299) throw errorOf(answer);
    return answer;
  }

  /** Something ends a thing from the outside. */
  vanish(name: string): void {
    for (const [key, { id }] of this.things) if (id.endsWith(`/${name}`)) this.#drop(key);
  }

  async #fail({ how }: Fault, signal: AbortSignal): Promise<never> {
    if (how === 'break') throw new ArmError('ECONNRESET', 'the connection broke');
    if (how === 'hang') {
      return new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
      );
    }
    throw errorOf(answerOf(how.status, { error: { code: how.code, message: `refused for ${how.code}` } }, how.headers));
  }

  get #nowMs(): number {
    return this.#clock.now().getTime();
  }

  #pass(): void {
    for (const thing of this.things.values()) {
      if (thing.due !== null && thing.due.atMs <= this.#nowMs) {
        const { happen } = thing.due;
        thing.due = null;
        happen();
      }
    }
  }

  #answer({ method, url, body, headers }: ArmRequest): ArmAnswer {
    const { pathname } = new URL(url, 'https://azure.example');
    if (pathname.startsWith('/operations/')) return this.#operation(pathname);
    const group = /^\/subscriptions\/[^/]+\/resourcegroups(?:\/([^/]+))?$/i.exec(pathname);
    if (group !== null) return this.#group(method, group[1], body);
    if (pathname.endsWith('/cancel')) return this.#cancel(pathname.slice(0, -'/cancel'.length));
    if (pathname.endsWith('/operations')) {
      return this.#steps(
        pathname
          .slice(0, -'/operations'.length)
          .replace('/deployments/', '/providers/Microsoft.Resources/deployments/'),
      );
    }
    const isItem = /\/resourceGroups\/[^/]+\/providers\/[^/]+\/[^/]+\/[^/]+$/i.test(pathname);
    if (!isItem) return this.#list(pathname, this.isStatusBare && url.includes('statusOnly'));
    if (method === 'GET') return this.#get(pathname);
    return method === 'DELETE' ? this.#delete(pathname) : this.#put(pathname, body ?? {}, headers ?? {});
  }

  #operation(pathname: string): ArmAnswer {
    const operation = this.#operations.get(pathname);
    if (operation === undefined) return notFound();
    if (operation.endsAtMs > this.#nowMs) return answerOf(200, { status: 'InProgress' });
    return operation.error === null
      ? answerOf(200, { status: 'Succeeded' })
      : answerOf(200, { status: 'Failed', error: { ...operation.error } });
  }

  #begin(status: number, body: JsonObject, takesMs: number, error: Operation['error'] = null): ArmAnswer {
    const path = `/operations/${this.#operations.size}`;
    this.#operations.set(path, { endsAtMs: this.#nowMs + takesMs, error });
    return answerOf(status, body, { 'azure-asyncoperation': path });
  }

  #group(method: string, name: string | undefined, body: JsonObject | undefined): ArmAnswer {
    if (name === undefined) {
      return answerOf(200, { value: [...this.groups].map(([key, given]) => ({ ...given, name: key })) });
    }
    if (method === 'GET') return this.groups.has(name) ? answerOf(200, { name }) : notFound();
    this.groups.set(name, body ?? {});
    return answerOf(201, { name });
  }

  #list(pathname: string, isBare: boolean): ArmAnswer {
    const type = pathname.replace(/\/$/, '').split('/').slice(-2).join('/');
    const [group = ''] = /\/resourceGroups\/[^/]+\//i.exec(pathname) ?? [];
    const isAskedFor = ({ id }: Thing): boolean => id.toLowerCase().includes(group.toLowerCase());
    const bare = ({ location, properties }: Record<string, JsonValue>): JsonObject => {
      const { vmId = '', provisioningState = '', instanceView = {} } = asObject(properties);
      return { location: location ?? '', properties: { vmId, provisioningState, instanceView } };
    };
    const shown = (body: Record<string, JsonValue>): JsonObject => (isBare ? bare(body) : body);
    return answerOf(200, {
      value: this.ofType(type)
        .filter(isAskedFor)
        .map(({ id, body }) => ({ id, name: nameOf(id), ...shown(body) })),
    });
  }

  #get(id: string): ArmAnswer {
    const thing = this.things.get(id.toLowerCase());
    return thing === undefined ? notFound() : answerOf(200, { id: thing.id, name: nameOf(thing.id), ...thing.body });
  }

  #put(id: string, body: JsonObject, headers: Readonly<Record<string, string>>): ArmAnswer {
    const known = this.things.get(id.toLowerCase());
    if (id.includes('/deployments/')) return this.#deploy(id, body, known);
    if (id.includes('/virtualMachines/')) {
      if (known !== undefined && headers['if-none-match'] === '*')
        return answerOf(412, { error: { code: 'PreconditionFailed' } });
      return this.#makeMachine(id, body);
    }
    if (known !== undefined) return answerOf(200, known.body);
    const thing = this.#make(id, body, 'Updating', this.#times.network);
    return this.#begin(201, thing.body, this.#times.network);
  }

  #make(id: string, body: JsonObject, state: string, takesMs: number): Thing {
    const properties = { ...asObject(body['properties']), provisioningState: state };
    const thing: Thing = { id, body: { ...body, properties }, due: null };
    thing.due = { atMs: this.#nowMs + takesMs, happen: () => setState(thing, 'Succeeded') };
    this.things.set(id.toLowerCase(), thing);
    return thing;
  }

  #makeMachine(id: string, body: JsonObject): ArmAnswer {
    const thing = this.#make(id, body, 'Creating', this.#times.machine);
    setProperty(thing, 'vmId', vmIdOf(nameOf(id)));
    setProperty(thing, 'timeCreated', this.#clock.now().toISOString());
    for (const nic of machineParts(body).nics) this.#hold(nic, { virtualMachine: { id } });
    const failure = this.allocationFailure;
    const happen = (): void => {
      setState(thing, failure === null ? 'Succeeded' : 'Failed');
      const codes =
        failure === null
          ? ['ProvisioningState/succeeded', 'PowerState/running']
          : [`ProvisioningState/failed/${failure.code}`];
      setProperty(thing, 'instanceView', {
        statuses: codes.map((code) => ({ code, message: failure?.message ?? '' })),
      });
      if (failure !== null) return;
      for (const disk of machineParts(body).disks) {
        const diskId = `${id.slice(0, id.indexOf('/providers/'))}/providers/Microsoft.Compute/disks/${disk}`;
        this.#make(diskId, { tags: asObject(body['tags']), managedBy: id }, 'Succeeded', 0);
      }
    };
    thing.due = { atMs: this.#nowMs + this.#times.machine, happen };
    if (this.#times.machine === 0) this.#pass();
    return this.#begin(201, thing.body, this.#times.machine, failure);
  }

  #hold(id: string, by: JsonObject): void {
    const thing = this.things.get(id.toLowerCase());
    if (thing === undefined) return;
    for (const [name, value] of Object.entries(by)) setProperty(thing, name, value);
  }

  #delete(id: string): ArmAnswer {
    const key = id.toLowerCase();
    const thing = this.things.get(key);
    if (thing === undefined) return answerOf(204, {});
    const refusal = this.#holder(thing);
    if (refusal !== null) return answerOf(refusal.status, { error: { code: refusal.code, message: 'in use' } });
    setState(thing, 'Deleting');
    thing.due = { atMs: this.#nowMs + this.#times.removal, happen: () => this.#drop(key) };
    const answer = this.#begin(202, {}, this.#times.removal);
    this.#pass();
    return answer;
  }

  #holder({ id, body }: Thing): { status: number; code: string } | null {
    const properties = asObject(body['properties']);
    if (properties['virtualMachine'] !== undefined) return { status: 400, code: 'NicInUse' };
    if (body['managedBy'] !== undefined) return { status: 409, code: 'OperationNotAllowed' };
    if (id.includes('/deployments/') && properties['provisioningState'] === 'Running')
      return { status: 409, code: 'DeploymentActive' };
    const isBound = this.ofType('networkInterfaces').some(({ body: nic }) => JSON.stringify(nic).includes(id));
    return id.includes('/publicIPAddresses/') && isBound
      ? { status: 400, code: 'PublicIPAddressCannotBeDeleted' }
      : null;
  }

  /** A machine takes with it what is to go with it. */
  #drop(key: string): void {
    const thing = this.things.get(key);
    this.things.delete(key);
    if (thing === undefined || !key.includes('/virtualmachines/')) return;
    for (const nic of this.ofType('networkInterfaces')) {
      if (objectAt(nic.body, 'properties', 'virtualMachine')['id'] !== thing.id) continue;
      nic.body['properties'] = omit(asObject(nic.body['properties']), 'virtualMachine');
      if (this.isDetaching) continue;
      this.things.delete(nic.id.toLowerCase());
      const [configuration = {}] = objectsIn(asObject(nic.body['properties'])['ipConfigurations']);
      const address = objectAt(configuration, 'properties', 'publicIPAddress')['id'];
      if (typeof address === 'string') this.things.delete(address.toLowerCase());
    }
    for (const disk of this.ofType('disks')) {
      if (disk.body['managedBy'] !== thing.id) continue;
      if (this.isDetaching) delete disk.body['managedBy'];
      else this.things.delete(disk.id.toLowerCase());
    }
  }

  #deploy(id: string, body: JsonObject, known: Thing | undefined): ArmAnswer {
    if (known !== undefined && objectAt(known.body, 'properties')['provisioningState'] === 'Running') {
      return answerOf(409, { error: { code: 'DeploymentActive', message: 'still active' } });
    }
    const thing = this.#make(id, body, 'Running', 0);
    const base = id.slice(0, id.indexOf('/providers/'));
    const value = (name: string): JsonValue => objectAt(body, 'properties', 'parameters', name)['value'] ?? '';
    const failure = this.allocationFailure;
    const happen = (): void => {
      const tags = asObject(value('tags'));
      const partTags = this.templateTagsParts ? { tags } : {};
      const nicId = `${base}/providers/Microsoft.Network/networkInterfaces/${String(value('vmName'))}-nic`;
      const vmId = `${base}/providers/Microsoft.Compute/virtualMachines/${String(value('vmName'))}`;
      this.#make(nicId, partTags, 'Succeeded', 0);
      setProperty(thing, 'made', [nicId, vmId]);
      setState(thing, failure === null ? 'Succeeded' : 'Failed');
      if (failure !== null) {
        setProperty(thing, 'error', {
          code: 'DeploymentFailed',
          message: 'At least one failed',
          details: [{ code: 'Conflict', message: JSON.stringify({ error: failure }) }],
        });
        return;
      }
      const name = String(value('vmName'));
      this.#makeMachine(vmId, {
        tags,
        location: value('location'),
        properties: {
          hardwareProfile: { vmSize: value('vmSize') },
          storageProfile: {
            osDisk: {
              name: `${name}_OsDisk`,
              createOption: 'FromImage',
              managedDisk: { id: `${base}/providers/Microsoft.Compute/disks/${name}_OsDisk` },
            },
          },
          networkProfile: { networkInterfaces: [{ id: nicId }] },
        },
      });
    };
    thing.due = { atMs: this.#nowMs + this.#times.deployment, happen };
    const answer = this.#begin(201, thing.body, this.#times.deployment, failure);
    this.#pass();
    return answer;
  }

  #cancel(id: string): ArmAnswer {
    const thing = this.things.get(id.toLowerCase());
    if (thing === undefined) return notFound();
    thing.due = null;
    setState(thing, 'Canceled');
    return answerOf(204, {});
  }

  #steps(id: string): ArmAnswer {
    const thing = this.things.get(id.toLowerCase());
    if (thing === undefined) return notFound();
    const properties = asObject(thing.body['properties']);
    const made = Array.isArray(properties['made']) ? (properties['made'] as string[]) : [];
    const [error] = objectsIn(asObject(properties['error'])['details']);
    const value = made.map((target) => ({
      properties: {
        provisioningOperation: 'Create',
        provisioningState: error !== undefined && target.includes('/virtualMachines/') ? 'Failed' : 'Succeeded',
        statusCode: error === undefined ? 'Created' : 'Conflict',
        targetResource: {
          id: target,
          resourceType: target.includes('/virtualMachines/')
            ? 'Microsoft.Compute/virtualMachines'
            : 'Microsoft.Network/networkInterfaces',
        },
        ...(error !== undefined && target.includes('/virtualMachines/') ? { statusMessage: { error } } : {}),
      },
    }));
    return answerOf(200, { value });
  }
}

function machineParts(body: JsonObject): { nics: string[]; disks: string[] } {
  const properties = asObject(body['properties']);
  const storage = asObject(properties['storageProfile']);
  const texts = (objects: readonly JsonObject[], name: string): string[] =>
    objects.map((object) => String(object[name]));
  return {
    nics: texts(objectsIn(asObject(properties['networkProfile'])['networkInterfaces']), 'id'),
    disks: texts([asObject(storage['osDisk']), ...objectsIn(storage['dataDisks'])], 'name'),
  };
}

function setState(thing: Thing, state: string): void {
  setProperty(thing, 'provisioningState', state);
}

function setProperty(thing: Thing, name: string, value: JsonValue): void {
  thing.body['properties'] = { ...asObject(thing.body['properties']), [name]: value };
}

function omit(object: JsonObject, name: string): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
}

/** Azure's own id of a machine: a UUID, here by its name. */
export function vmIdOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

function nameOf(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}

function answerOf(status: number, body: JsonObject, headers: Readonly<Record<string, string>> = {}): ArmAnswer {
  return { status, body, header: (name) => headers[name] ?? null };
}

function notFound(): ArmAnswer {
  return answerOf(404, { error: { code: 'ResourceNotFound', message: 'not found' } });
}
