import type { Presence } from '#core/provider.ts';
import type { Refusal } from '#core/launch.ts';
import type { GoogleOperation } from './answer.ts';
import { operationRefusal } from './errors.ts';
import { lastOf, wasPreempted } from './operations.ts';
import type { GoogleScopes } from './place.ts';

/** What became of a machine that Google does not show, by what its operations tell. */
export interface Fate {
  presence: Extract<Presence, 'starting' | 'ending' | 'gone'>;
  cloudState: string;
  why: string | null;
  trouble: Refusal | null;
}

/**
 * Why there is no machine: its insert goes on, or has failed after it was accepted (spec/provisioning.md 7.6), or Google took it back, or it was deleted.
 * Null: its operations do not say.
 */
export function fateOf(operations: readonly GoogleOperation[], scopes: GoogleScopes): Fate | null {
  const insert = lastOf(operations, 'insert');
  const deletion = lastOf(operations, 'delete');
  if (insert !== null && stateOf(insert) === 'failed' && !isCanceled(insert, deletion)) {
    const trouble = operationRefusal(insert.errors, insert.errorStatus, insert.name, scopes);
    return { ...fate('gone', 'insert failed'), trouble };
  }
  if (wasPreempted(operations)) {
    return { ...fate('gone', 'preempted'), why: 'preempted' };
  }
  switch (stateOf(deletion)) {
    case 'done':
      return fate('gone', 'deleted');
    case 'open':
      return fate('ending', 'delete goes on');
    default:
      return stateOf(insert) === 'open' ? fate('starting', 'insert goes on') : null;
  }
}

/**
 * Was the machine deleted before its insert was done? Then the insert ends with status 409, which says nothing of the launch config
 * (https://github.com/piercefreeman/cloud-gpu-reliability/pull/5).
 */
function isCanceled({ errorStatus }: GoogleOperation, deletion: GoogleOperation | null): boolean {
  return errorStatus === 409 && deletion !== null;
}

function stateOf(operation: GoogleOperation | null): 'none' | 'open' | 'failed' | 'done' {
  if (operation === null || !operation.isDone) {
    return operation === null ? 'none' : 'open';
  }
  return operation.errors.length > 0 ? 'failed' : 'done';
}

function fate(presence: Fate['presence'], cloudState: string): Fate {
  return { presence, cloudState, why: null, trouble: null };
}
