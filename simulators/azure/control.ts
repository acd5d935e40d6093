import type { Fate } from '#simulators/machine.ts';
import { isRecord, member, textMember } from '#simulators/worker/json.ts';
import { parseDials } from './dials.ts';
import { parseFault } from './faults.ts';
import { actions } from './routes.ts';
import type { SimulatedAzure } from './server.ts';

/** A call to `/_sim`, with its path's last parts and the JSON of its body, or undefined where it has none. */
interface ControlCall {
  azure: SimulatedAzure;
  part: string;
  json: unknown;
}

type Handler = (call: ControlCall) => unknown;

/** What a virtual machine can be made to do. */
const deeds: Readonly<Record<string, (azure: SimulatedAzure, name: string, json: unknown) => void>> = {
  evict: (azure, name, json) => azure.steering.evict(name, numberIn(json, 'noticeMs')),
  delete: (azure, name) => azure.steering.delete(name),
  vanish: (azure, name) => azure.steering.vanish(name),
  deallocate: (azure, name) => azure.steering.deallocate(name),
  hibernate: (azure, name) => azure.steering.hibernate(name),
  'power-off': (azure, name) => azure.steering.powerOff(name),
  fail: (azure, name, json) => azure.steering.fail(name, textMember(json, 'code'), textMember(json, 'message')),
  fate: (azure, name, json) => azure.steering.setFate(name, fateIn(json)),
};

const routes: readonly (readonly [method: string, path: RegExp, handler: Handler])[] = [
  ['GET', /^\/counts$/, ({ azure }) => azure.counts],
  ['DELETE', /^\/counts$/, ({ azure }) => azure.resetCounts()],
  ['GET', /^\/logbook$/, ({ azure }) => azure.logbook],
  ['GET', /^\/machines$/, ({ azure }) => azure.machines()],
  ['POST', /^\/machines\/(.+)$/, steer],
  ['GET', /^\/resources$/, ({ azure }) => azure.steering.resources()],
  ['DELETE', /^\/resources(\/.+)$/, ({ azure, part }) => azure.steering.remove(part)],
  ['PUT', /^\/missing(\/.+)$/, ({ azure, part }) => azure.steering.setMissing(part)],
  ['DELETE', /^\/missing(\/.+)$/, ({ azure, part }) => azure.steering.setMissing(part, false)],
  ['PUT', /^\/template-specs(\/.+)$/, addTemplateSpec],
  ['PUT', /^\/groups\/([^/]+)$/, ({ azure, part, json }) => azure.steering.addGroup(part, locationIn(json))],
  ['GET', /^\/actions$/, () => actions],
  ['GET', /^\/dials$/, ({ azure }) => azure.faults.dials],
  ['PATCH', /^\/dials$/, ({ azure, json }) => azure.faults.turn(parseDials(json))],
  ['GET', /^\/faults$/, ({ azure }) => azure.faults.list()],
  ['POST', /^\/faults$/, addFault],
  ['DELETE', /^\/faults$/, ({ azure }) => azure.faults.clear()],
  ['DELETE', /^\/faults\/(\d+)$/, removeFault],
];

/**
 * Answers a call below `/_sim`, in JSON: the dials (GET, PATCH `/dials`), faults (GET, POST, DELETE `/faults`, DELETE
 * `/faults/<id>`), what happened (GET, DELETE `/counts`, GET `/logbook`), the virtual machines (GET `/machines`) and
 * what is to happen to them (POST `/machines/<name>/<deed>`), all resources (GET `/resources`, DELETE
 * `/resources/<id>`), the actions that faults and counts name (GET `/actions`), what is missing outside (PUT, DELETE `/missing/<id>`), template specs (PUT
 * `/template-specs/<id>`) and resource groups (PUT `/groups/<name>`).
 *
 * @param url path and query below `/_sim`.
 */
export function answerControl(
  azure: SimulatedAzure,
  method: string,
  url: string,
  body: string,
): { status: number; body: string } {
  const { pathname } = new URL(url, 'http://simulator');
  const route = routes.find(([routeMethod, path]) => routeMethod === method && path.test(pathname));
  if (route === undefined) {
    return problem(404, `the simulator has no ${method} ${pathname}`);
  }
  const [, path, handler] = route;
  try {
    const json: unknown = body === '' ? undefined : JSON.parse(body);
    const answer = handler({ azure, part: decodeURIComponent(path.exec(pathname)?.[1] ?? ''), json });
    return { status: 200, body: JSON.stringify(answer ?? {}) };
  } catch (error) {
    if (error instanceof RangeError) {
      return problem(404, error.message);
    }
    if (error instanceof TypeError || error instanceof SyntaxError) {
      return problem(400, error.message);
    }
    throw error;
  }
}

function problem(status: number, message: string): { status: number; body: string } {
  return { status, body: JSON.stringify({ error: message }) };
}

function steer({ azure, part, json }: ControlCall): void {
  const [name = '', deed = ''] = part.split('/');
  if (!Object.hasOwn(deeds, deed)) {
    throw new RangeError(`a machine can be made to ${Object.keys(deeds).join(', ')}; not to ${deed}`);
  }
  deeds[deed]?.(azure, name, json);
}

function addTemplateSpec({ azure, part, json }: ControlCall): void {
  if (!isRecord(json)) {
    throw new TypeError('a template must be an object');
  }
  azure.steering.addTemplateSpec(part, json);
}

function addFault({ azure, json }: ControlCall): { id: number } {
  const fault = parseFault(json);
  if ('action' in fault && fault.action !== undefined && !actions.includes(fault.action)) {
    throw new TypeError(`there is no action ${fault.action}; GET /_sim/actions shows all`);
  }
  return { id: azure.faults.add(fault) };
}

function removeFault({ azure, part }: ControlCall): void {
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

function numberIn(json: unknown, name: string): number | undefined {
  const value = member(json, name);
  if (value !== undefined && typeof value !== 'number') {
    throw new TypeError(`${name} must be a number`);
  }
  return value;
}

function fateIn(json: unknown): Fate {
  const fates: readonly Fate[] = ['works', 'never-registers', 'crashes-while-working'];
  const fate = fates.find((candidate) => candidate === member(json, 'fate'));
  if (fate === undefined) {
    throw new TypeError(`fate must be one of ${fates.join(', ')}`);
  }
  return fate;
}
