import type { ProviderSurroundings } from '#providers/module.ts';
import type { Arm, ArmAnswer, ArmRequest } from './arm.ts';
import { ArmError, isThrottled, retryAfterMs } from './errors.ts';

const limitTypes = ['reads', 'writes', 'deletes'] as const;

/**
 * The same calls, with what Azure's headers say of its limits told to metrics, and each refusal for too many calls to the log, once per answer
 * (spec/provisioning.md 5.3).
 */
export function watchLimits(
  arm: Arm,
  providerId: string,
  { log, metrics }: Pick<ProviderSurroundings, 'log' | 'metrics'>,
): Arm {
  const tellLimits = (answer: ArmAnswer): (number | null)[] => {
    const remaining = limitTypes.map((type) => [type, remainingOf(answer, `subscription-${type}`)] as const);
    for (const [limitType, value] of remaining) {
      if (value !== null) metrics.gauge('worker_manager_azure_ratelimit_remaining', { providerId, limitType }, value);
    }
    return remaining.map(([, value]) => value);
  };
  const tellThrottled = ({ method }: ArmRequest, answer: ArmAnswer, remaining: readonly (number | null)[]): void => {
    const [remainingReads, remainingWrites, remainingDeletes] = remaining;
    const operationType = operationTypeOf(method);
    const waitMs = retryAfterMs(answer);
    metrics.count('worker_manager_azure_throttle_total', { providerId, operationType });
    log.write('azure-throttled', 'warning', {
      providerId,
      operationType,
      retryAfterSeconds: waitMs === null ? null : waitMs / 1000,
      remainingReads,
      remainingWrites,
      remainingDeletes,
      remainingResource: answer.header('x-ms-ratelimit-remaining-resource'),
    });
  };
  return {
    async send(request, signal) {
      try {
        const answer = await arm.send(request, signal);
        tellLimits(answer);
        return answer;
      } catch (error) {
        if (error instanceof ArmError && error.answer !== null) {
          const remaining = tellLimits(error.answer);
          if (isThrottled(error)) tellThrottled(request, error.answer, remaining);
        }
        throw error;
      }
    },
  };
}

/** A number that cannot be read is none, and a negative one is 0. */
function remainingOf(answer: ArmAnswer, name: string): number | null {
  const text = answer.header(`x-ms-ratelimit-remaining-${name}`)?.trim() ?? '';
  return /^-?\d+$/.test(text) ? Math.max(0, Number(text)) : null;
}

function operationTypeOf(method: ArmRequest['method']): 'read' | 'write' | 'delete' {
  if (method === 'GET') return 'read';
  return method === 'DELETE' ? 'delete' : 'write';
}
