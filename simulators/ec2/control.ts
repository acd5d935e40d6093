import { numberIn, wordIn, type ControlCall, type ControlRoute } from '#simulators/control.ts';
import { fates } from '#simulators/machine.ts';
import { parseDials } from './dials.ts';
import { parseFault } from './faults.ts';
import type { SimulatedEc2 } from './server.ts';

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
  fate: (ec2, id, json) => ec2.steering.setFate(id, wordIn(json, 'fate', fates)),
};

/**
 * The controls of the simulator: the dials (GET, PATCH `/dials`), faults (GET, POST, DELETE `/faults`, DELETE
 * `/faults/<id>`), what happened (GET, DELETE `/counts`, GET `/logbook`), the instances (GET `/instances?region=`) and
 * what is to happen to them (POST `/instances/<id>/<deed>`), and the keys of identity documents (GET
 * `/identity-keys?region=`).
 */
export const ec2Controls: readonly ControlRoute<SimulatedEc2>[] = [
  ['GET', /^\/counts$/, ({ cloud: ec2 }) => ec2.counts],
  ['DELETE', /^\/counts$/, ({ cloud: ec2 }) => ec2.resetCounts()],
  ['GET', /^\/logbook$/, ({ cloud: ec2 }) => ec2.logbook],
  ['GET', /^\/instances$/, ({ cloud: ec2, query }) => ec2.instances(query.get('region') ?? undefined)],
  ['POST', /^\/instances\/(.+)$/, steer],
  ['GET', /^\/dials$/, ({ cloud: ec2 }) => ec2.faults.dials],
  ['PATCH', /^\/dials$/, ({ cloud: ec2, json }) => ec2.faults.turn(parseDials(json))],
  ['GET', /^\/faults$/, ({ cloud: ec2 }) => ec2.faults.list()],
  ['POST', /^\/faults$/, ({ cloud: ec2, json }) => ({ id: ec2.faults.add(parseFault(json)) })],
  ['DELETE', /^\/faults$/, ({ cloud: ec2 }) => ec2.faults.clear()],
  ['DELETE', /^\/faults\/(\d+)$/, removeFault],
  ['GET', /^\/identity-keys$/, ({ cloud: ec2, query }) => ec2.identityKeys(query.getAll('region'))],
];

function steer({ cloud, part, json }: ControlCall<SimulatedEc2>): void {
  const [id = '', deed = ''] = part.split('/');
  if (!Object.hasOwn(deeds, deed)) {
    throw new RangeError(`an instance can be made to ${Object.keys(deeds).join(', ')}; not to ${deed}`);
  }
  deeds[deed]?.(cloud, id, json);
}

function removeFault({ cloud, part }: ControlCall<SimulatedEc2>): void {
  if (!cloud.faults.remove(Number(part))) {
    throw new RangeError(`there is no fault ${part}`);
  }
}
