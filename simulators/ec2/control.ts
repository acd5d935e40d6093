import type { Fate } from '#simulators/machine.ts';
import { parseDials } from './dials.ts';
import { parseFault } from './faults.ts';
import type { SimulatedEc2 } from './server.ts';

/** A call to `/_sim`, with its path's last parts and the JSON of its body, or undefined where it has none. */
interface ControlCall {
  ec2: SimulatedEc2;
  part: string;
  query: URLSearchParams;
  json: unknown;
}

type Handler = (call: ControlCall) => unknown;

/** What an instance can be made to do. */
const deeds: Readonly<Record<string, (ec2: SimulatedEc2, id: string, json: unknown) => void>> = {
  interrupt: (ec2, id, json) => ec2.steering.spotInterrupt(id, numberIn(json, 'noticeMs')),
  terminate: (ec2, id) => ec2.steering.terminate(id),
  fail: (ec2, id) => ec2.steering.fail(id),
  stop: (ec2, id) => ec2.steering.stop(id),
  'power-off': (ec2, id) => ec2.steering.powerOff(id),
  vanish: (ec2, id) => ec2.steering.vanish(id),
  impair: (ec2, id) => ec2.steering.impair(id),
  heal: (ec2, id) => ec2.steering.impair(id, false),
  fate: (ec2, id, json) => ec2.steering.setFate(id, fateIn(json)),
};

const routes: readonly (readonly [method: string, path: RegExp, handler: Handler])[] = [
  ['GET', /^\/counts$/, ({ ec2 }) => ec2.counts],
  ['DELETE', /^\/counts$/, ({ ec2 }) => ec2.resetCounts()],
  ['GET', /^\/logbook$/, ({ ec2 }) => ec2.logbook],
  ['GET', /^\/instances$/, ({ ec2, query }) => ec2.instances(query.get('region') ?? undefined)],
  ['POST', /^\/instances\/(.+)$/, steer],
  ['GET', /^\/dials$/, ({ ec2 }) => ec2.faults.dials],
  ['PATCH', /^\/dials$/, ({ ec2, json }) => ec2.faults.turn(parseDials(json))],
  ['GET', /^\/faults$/, ({ ec2 }) => ec2.faults.list()],
  ['POST', /^\/faults$/, ({ ec2, json }) => ({ id: ec2.faults.add(parseFault(json)) })],
  ['DELETE', /^\/faults$/, ({ ec2 }) => ec2.faults.clear()],
  ['DELETE', /^\/faults\/(\d+)$/, removeFault],
  ['GET', /^\/identity-keys$/, ({ ec2, query }) => ec2.identityKeys(query.getAll('region'))],
];

/**
 * Answers a call below `/_sim`, in JSON: the dials (GET, PATCH `/dials`), faults (GET, POST, DELETE `/faults`, DELETE
 * `/faults/<id>`), what happened (GET, DELETE `/counts`, GET `/logbook`), the instances (GET `/instances?region=`) and
 * what is to happen to them (POST `/instances/<id>/<deed>`), and the keys of identity documents (GET
 * `/identity-keys?region=`).
 *
 * @param url path and query below `/_sim`.
 */
export function answerControl(
  ec2: SimulatedEc2,
  method: string,
  url: string,
  body: string,
): { status: number; body: string } {
  const { pathname, searchParams } = new URL(url, 'http://simulator');
  const route = routes.find(([routeMethod, path]) => routeMethod === method && path.test(pathname));
  if (route === undefined) {
    return problem(404, `the simulator has no ${method} ${pathname}`);
  }
  const [, path, handler] = route;
  try {
    const json: unknown = body === '' ? undefined : JSON.parse(body);
    const answer = handler({ ec2, part: path.exec(pathname)?.[1] ?? '', query: searchParams, json });
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

function steer({ ec2, part, json }: ControlCall): void {
  const [id = '', deed = ''] = part.split('/');
  if (!Object.hasOwn(deeds, deed)) {
    throw new RangeError(`an instance can be made to ${Object.keys(deeds).join(', ')}; not to ${deed}`);
  }
  deeds[deed]?.(ec2, id, json);
}

function removeFault({ ec2, part }: ControlCall): void {
  if (!ec2.faults.remove(Number(part))) {
    throw new RangeError(`there is no fault ${part}`);
  }
}

function numberIn(json: unknown, name: string): number | undefined {
  const value: unknown =
    typeof json === 'object' && json !== null ? Object.entries(json).find(([key]) => key === name)?.[1] : undefined;
  if (value !== undefined && typeof value !== 'number') {
    throw new TypeError(`${name} must be a number`);
  }
  return value;
}

function fateIn(json: unknown): Fate {
  const fates: readonly Fate[] = ['works', 'never-registers', 'crashes-while-working'];
  const fate = fates.find(
    (candidate) => typeof json === 'object' && json !== null && 'fate' in json && json.fate === candidate,
  );
  if (fate === undefined) {
    throw new TypeError(`fate must be one of ${fates.join(', ')}`);
  }
  return fate;
}
