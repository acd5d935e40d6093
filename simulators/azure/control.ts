import { numberIn, wordIn, type ControlCall, type ControlRoute } from '#simulators/control.ts';
import { fates } from '#simulators/machine.ts';
import { isRecord, textMember } from '#simulators/worker/json.ts';
import { parseDials } from './dials.ts';
import { parseFault } from './faults.ts';
import { actions } from './routes.ts';
import type { SimulatedAzure } from './server.ts';

/** What a virtual machine can be made to do. */
const deeds: Readonly<Record<string, (azure: SimulatedAzure, name: string, json: unknown) => void>> = {
  evict: (azure, name, json) => azure.steering.evict(name, numberIn(json, 'noticeMs')),
  delete: (azure, name) => azure.steering.delete(name),
  vanish: (azure, name) => azure.steering.vanish(name),
  deallocate: (azure, name) => azure.steering.deallocate(name),
  hibernate: (azure, name) => azure.steering.hibernate(name),
  'power-off': (azure, name) => azure.steering.powerOff(name),
  fail: (azure, name, json) => azure.steering.fail(name, textMember(json, 'code'), textMember(json, 'message')),
  fate: (azure, name, json) => azure.steering.setFate(name, wordIn(json, 'fate', fates)),
};

/**
 * The controls of the simulator: the dials (GET, PATCH `/dials`), faults (GET, POST, DELETE `/faults`, DELETE
 * `/faults/<id>`), what happened (GET, DELETE `/counts`, GET `/logbook`), the virtual machines (GET `/machines`) and
 * what is to happen to them (POST `/machines/<name>/<deed>`), all resources (GET `/resources`, DELETE
 * `/resources/<id>`), the actions that faults and counts name (GET `/actions`), what is missing outside (PUT, DELETE `/missing/<id>`), template specs (PUT
 * `/template-specs/<id>`) and resource groups (PUT `/groups/<name>`).
 */
export const azureControls: readonly ControlRoute<SimulatedAzure>[] = [
  ['GET', /^\/counts$/, ({ cloud: azure }) => azure.counts],
  ['DELETE', /^\/counts$/, ({ cloud: azure }) => azure.resetCounts()],
  ['GET', /^\/logbook$/, ({ cloud: azure }) => azure.logbook],
  ['GET', /^\/machines$/, ({ cloud: azure }) => azure.machines()],
  ['POST', /^\/machines\/(.+)$/, steer],
  ['GET', /^\/resources$/, ({ cloud: azure }) => azure.steering.resources()],
  ['DELETE', /^\/resources(\/.+)$/, ({ cloud: azure, part }) => azure.steering.remove(part)],
  ['PUT', /^\/missing(\/.+)$/, ({ cloud: azure, part }) => azure.steering.setMissing(part)],
  ['DELETE', /^\/missing(\/.+)$/, ({ cloud: azure, part }) => azure.steering.setMissing(part, false)],
  ['PUT', /^\/template-specs(\/.+)$/, addTemplateSpec],
  ['PUT', /^\/groups\/([^/]+)$/, ({ cloud: azure, part, json }) => azure.steering.addGroup(part, locationIn(json))],
  ['GET', /^\/actions$/, () => actions],
  ['GET', /^\/dials$/, ({ cloud: azure }) => azure.faults.dials],
  ['PATCH', /^\/dials$/, ({ cloud: azure, json }) => azure.faults.turn(parseDials(json))],
  ['GET', /^\/faults$/, ({ cloud: azure }) => azure.faults.list()],
  ['POST', /^\/faults$/, addFault],
  ['DELETE', /^\/faults$/, ({ cloud: azure }) => azure.faults.clear()],
  ['DELETE', /^\/faults\/(\d+)$/, removeFault],
];

function steer({ cloud: azure, part, json }: ControlCall<SimulatedAzure>): void {
  const [name = '', deed = ''] = part.split('/');
  if (!Object.hasOwn(deeds, deed)) {
    throw new RangeError(`a machine can be made to ${Object.keys(deeds).join(', ')}; not to ${deed}`);
  }
  deeds[deed]?.(azure, name, json);
}

function addTemplateSpec({ cloud: azure, part, json }: ControlCall<SimulatedAzure>): void {
  if (!isRecord(json)) {
    throw new TypeError('a template must be an object');
  }
  azure.steering.addTemplateSpec(part, json);
}

function addFault({ cloud: azure, json }: ControlCall<SimulatedAzure>): { id: number } {
  const fault = parseFault(json);
  if ('action' in fault && fault.action !== undefined && !actions.includes(fault.action)) {
    throw new TypeError(`there is no action ${fault.action}; GET /_sim/actions shows all`);
  }
  return { id: azure.faults.add(fault) };
}

function removeFault({ cloud: azure, part }: ControlCall<SimulatedAzure>): void {
  if (!azure.faults.remove(Number(part))) {
    throw new RangeError(`there is no fault ${part}`);
  }
}

function locationIn(json: unknown): string {
  const location = textMember(json, 'location');
  if (location === undefined) {
    throw new TypeError('a group needs a location');
  }
  return location;
}
