import type { Fate } from '#simulators/machine.ts';
import { draw, happens } from '#simulators/range.ts';
import type { Cloud } from './cloud.ts';
import type { Draft } from './draft.ts';
import { operationErrorOf, type OperationFault, type StuckFault } from './faults.ts';
import { pathOf, type Instance } from './instance.ts';
import type { Step } from './life.ts';
import type { Operation, OperationError } from './operation.ts';
import type { Zone } from './zone.ts';

/** An instance to create. */
export interface Order {
  name: string;
  hostname: string | undefined;
  draft: Draft;
  /** Why its insert will fail, or null. */
  error: OperationError | null;
  user: string;
  requestId: string | undefined;
  /** Of the bulk insert that it belongs to. */
  groupId: string | undefined;
}

/**
 * Accepts an insert: the instance is there at once, as `PROVISIONING`, and its whole life is drawn, as far as chance
 * decides it. One whose insert fails is gone when the operation is done, as users of stock-outs and quotas report.
 */
export function beginInsert(cloud: Cloud, zone: Zone, order: Order, nowMs: number): Operation {
  const { dials } = cloud.faults;
  const fault = order.error === null ? cloud.faults.strikeOperation('insert', zone.name) : undefined;
  const error = fault?.kind === 'operation' ? operationErrorOf(fault) : order.error;
  const instance = bear(cloud, zone, order, nowMs);
  const stagingMs = nowMs + draw(dials.provisionMs, cloud.random);
  const runningMs = stagingMs + draw(dials.stageMs, cloud.random);
  const failedMs = nowMs + draw(dials.failMs, cloud.random);
  const operation = cloud.begin({
    type: 'insert',
    zone: zone.name,
    target: pathOf(cloud.project, instance),
    targetId: instance.id,
    user: order.user,
    insertMs: nowMs,
    endMs: endOf(fault, error === null ? runningMs : failedMs),
    error,
    requestId: order.requestId,
    groupId: order.groupId,
  });
  instance.insert = operation;
  if (error !== null) {
    instance.life = [
      { atMs: nowMs, status: 'PROVISIONING' },
      { atMs: failedMs, status: 'GONE' },
    ];
    instance.isFailing = true;
    instance.visibleFromMs = dials.isFailingShown ? instance.visibleFromMs : Infinity;
    cloud.logbook.count('failed', 1);
  } else if (fault?.kind === 'stuck' && fault.isEffective !== true) {
    instance.life = [{ atMs: nowMs, status: 'PROVISIONING' }];
  } else {
    instance.life = lifeOf(cloud, instance, { nowMs, stagingMs, runningMs });
  }
  zone.add(instance);
  cloud.logbook.count('launched', 1);
  return operation;
}

/** When an operation ends that would end at `endMs` if all went well. */
export function endOf(fault: OperationFault | StuckFault | undefined, endMs: number): number {
  return fault?.kind === 'stuck' ? Infinity : endMs;
}

function bear(cloud: Cloud, zone: Zone, { name, hostname, draft }: Order, nowMs: number): Instance {
  const { random, faults } = cloud;
  const { dials } = faults;
  return {
    id: cloud.numericId(),
    name,
    zone: zone.name,
    serial: cloud.nextSerial(),
    draft,
    hostname,
    createdMs: nowMs,
    visibleFromMs: nowMs + draw(dials.hiddenMs, random),
    life: [],
    insert: null,
    bootMs: draw(dials.bootMs, random),
    fate: drawFate(cloud),
    isFailing: false,
    strangeStatus: happens(dials.strangeStatus, random) ? 'HIBERNATING' : null,
  };
}

function drawFate({ faults, random }: Cloud): Fate {
  if (happens(faults.dials.neverRegisters, random)) {
    return 'never-registers';
  }
  return happens(faults.dials.crashesWhileWorking, random) ? 'crashes-while-working' : 'works';
}

interface Boot {
  nowMs: number;
  stagingMs: number;
  runningMs: number;
}

function lifeOf(cloud: Cloud, instance: Instance, { nowMs, stagingMs, runningMs }: Boot): Step[] {
  const begin: Step[] = [
    { atMs: nowMs, status: 'PROVISIONING' },
    { atMs: stagingMs, status: 'STAGING' },
    { atMs: runningMs, status: 'RUNNING' },
  ];
  const end = drawEnd(cloud, instance, runningMs + instance.bootMs, nowMs);
  const endMs = end[0]?.atMs ?? Infinity;
  return [...begin.filter(({ atMs }) => atMs < endMs), ...end];
}

function drawEnd(cloud: Cloud, instance: Instance, bootedMs: number, nowMs: number): Step[] {
  const { faults, random } = cloud;
  const { dials } = faults;
  if (instance.draft.isSpot && happens(dials.preempted, random)) {
    return preemption(cloud, instance, nowMs + draw(dials.preemptedAfterMs, random));
  }
  if (happens(dials.hostError, random)) {
    return hostError(cloud, instance, bootedMs + draw(dials.hostErrorAfterMs, random));
  }
  if (happens(dials.endsByItself, random)) {
    const atMs = bootedMs + draw(dials.endsByItselfAfterMs, random);
    const event = cloud.systemEvent('guestTerminate', 'Instance terminated by guest OS shutdown.', instance, atMs);
    return [
      { atMs, status: 'STOPPING', cause: 'guest', event },
      { atMs: atMs + draw(dials.stopMs, random), status: 'TERMINATED', cause: 'guest' },
    ];
  }
  return [];
}

/**
 * The steps of a preemption: `STOPPING` for the time of notice, then `TERMINATED`, or gone where the instance's
 * termination action says so (https://cloud.google.com/compute/docs/instances/spot).
 */
export function preemption(cloud: Cloud, instance: Instance, atMs: number): Step[] {
  const { preemptionNoticeMs } = cloud.faults.dials;
  const event = cloud.systemEvent('preempted', 'Instance was preempted.', instance, atMs);
  const status = instance.draft.terminationAction === 'DELETE' ? 'GONE' : 'TERMINATED';
  return [
    { atMs, status: 'STOPPING', cause: 'preempted', event },
    { atMs: atMs + preemptionNoticeMs, status, cause: 'preempted' },
  ];
}

/** The steps after a failure of the host: a restart where the instance allows it, else the end. */
export function hostError(cloud: Cloud, instance: Instance, atMs: number): Step[] {
  const message = 'Instance terminated by Compute Engine: host error.';
  const event = cloud.systemEvent('hostError', message, instance, atMs);
  if (!instance.draft.automaticRestart) {
    return [{ atMs, status: 'TERMINATED', cause: 'host-error', event }];
  }
  return [
    { atMs, status: 'REPAIRING', cause: 'host-error', event },
    { atMs: atMs + draw(cloud.faults.dials.stopMs, cloud.random), status: 'RUNNING' },
  ];
}
