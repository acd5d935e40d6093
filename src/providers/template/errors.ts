import type { Refusal, RefusalClass } from '#core/launch.ts';
import { DeadlineExceeded } from '#lib/deadline.ts';
import { failureOf, tellingOf } from '#providers/call-error.ts';
import { NotStarted } from '#providers/call-gate.ts';
import type { CallFailure } from '#providers/call-gate.ts';
import { CloudError } from './cloud.ts';

/**
 * What the cloud's codes mean. Cite its documentation here, and mind the difference between an account's limit (`quota`),
 * too many calls (`throttle`), no machines there now (`capacity`) and a launch config that can never work (`configuration`):
 * each is tried again at its own pace.
 */
const classes: Readonly<Record<string, RefusalClass>> = {
  OutOfMachines: 'capacity',
  LimitReached: 'quota',
  TooManyCalls: 'throttle',
  NotAllowed: 'auth',
  BadImage: 'configuration',
};

/** @throws what is no answer of the cloud, nor the lack of one: defects are not refusals. */
function classOf(error: unknown): RefusalClass {
  if (error instanceof DeadlineExceeded) {
    return 'transient';
  }
  if (error instanceof NotStarted) {
    return 'throttle';
  }
  if (!(error instanceof CloudError)) {
    throw error;
  }
  return classes[error.code] ?? (error.status !== null && error.status < 500 ? 'configuration' : 'transient');
}

/** `scope` names what else is refused as long as this is; `Fleet.place` must list every scope that can be named here. */
export function refusalOf(error: unknown, scope: string): Refusal {
  return { class: classOf(error), ...tellingOf(error), scope };
}

/** May the call have had its effect all the same? */
export function mayHaveHappened(error: unknown): boolean {
  return classOf(error) === 'transient';
}

/** For the call gate: what is worth another attempt. */
export function readFailure(error: unknown): CallFailure {
  return failureOf(error, classOf);
}
