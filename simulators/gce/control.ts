import { wordIn, type ControlCall, type ControlRoute } from '#simulators/control.ts';
import { fates } from '#simulators/machine.ts';
import { parseDials } from './dials.ts';
import { parseFault } from './faults.ts';
import type { SimulatedGce } from './server.ts';

/** What an instance can be made to do. */
const deeds: Readonly<Record<string, (gce: SimulatedGce, id: string, json: unknown) => void>> = {
  preempt: (gce, id) => gce.steering.preempt(id),
  fail: (gce, id) => gce.steering.fail(id),
  delete: (gce, id) => gce.steering.delete(id),
  stop: (gce, id) => gce.steering.stop(id),
  start: (gce, id) => gce.steering.start(id),
  suspend: (gce, id) => gce.steering.suspend(id),
  repair: (gce, id) => gce.steering.repair(id),
  'power-off': (gce, id) => gce.steering.powerOff(id),
  vanish: (gce, id) => gce.steering.vanish(id),
  show: (gce, id, json) => gce.steering.showStatus(id, statusIn(json)),
  fate: (gce, id, json) => gce.steering.setFate(id, wordIn(json, 'fate', fates)),
};

/**
 * The controls of the simulator: the dials (GET, PATCH `/dials`), faults (GET, POST, DELETE `/faults`, DELETE
 * `/faults/<id>`), what happened (GET, DELETE `/counts`, GET `/logbook`), the instances (GET `/instances?zone=`), what is
 * to happen to them (POST `/instances/<id>/<deed>`), and the keys of tokens (POST `/keys/rotate`, DELETE `/keys/<kid>`).
 */
export const gceControls: readonly ControlRoute<SimulatedGce>[] = [
  ['GET', /^\/counts$/, ({ cloud: gce }) => gce.counts],
  ['DELETE', /^\/counts$/, ({ cloud: gce }) => gce.resetCounts()],
  ['GET', /^\/logbook$/, ({ cloud: gce }) => gce.logbook],
  ['GET', /^\/instances$/, ({ cloud: gce, query }) => gce.instances(query.get('zone') ?? undefined)],
  ['POST', /^\/instances\/(.+)$/, steer],
  ['GET', /^\/dials$/, ({ cloud: gce }) => gce.faults.dials],
  ['PATCH', /^\/dials$/, ({ cloud: gce, json }) => gce.faults.turn(parseDials(json))],
  ['GET', /^\/faults$/, ({ cloud: gce }) => gce.faults.list()],
  ['POST', /^\/faults$/, ({ cloud: gce, json }) => ({ id: gce.faults.add(parseFault(json)) })],
  ['DELETE', /^\/faults$/, ({ cloud: gce }) => gce.faults.clear()],
  ['DELETE', /^\/faults\/(\d+)$/, removeFault],
  ['POST', /^\/keys\/rotate$/, ({ cloud: gce }) => ({ kid: gce.keys.rotate() })],
  ['DELETE', /^\/keys\/(\w+)$/, ({ cloud: gce, part }) => gce.keys.revoke(part)],
];

function steer({ cloud, part, json }: ControlCall<SimulatedGce>): void {
  const [id = '', deed = ''] = part.split('/');
  if (!Object.hasOwn(deeds, deed)) {
    throw new RangeError(`an instance can be made to ${Object.keys(deeds).join(', ')}; not to ${deed}`);
  }
  deeds[deed]?.(cloud, id, json);
}

function removeFault({ cloud, part }: ControlCall<SimulatedGce>): void {
  if (!cloud.faults.remove(Number(part))) {
    throw new RangeError(`there is no fault ${part}`);
  }
}

/** Any text, or null for the true status. */
function statusIn(json: unknown): string | null {
  const status: unknown = typeof json === 'object' && json !== null && 'status' in json ? json.status : undefined;
  if (status !== null && typeof status !== 'string') {
    throw new TypeError('status must be a text or null');
  }
  return status;
}
