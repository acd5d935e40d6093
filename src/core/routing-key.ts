import type { ServiceEvent } from './events.ts';

/** The words of every routing key after the first, in order (spec/api.md 8.2). */
export const routingKeyWords = [
  'providerId',
  'provisionerId',
  'workerType',
  'workerGroup',
  'workerId',
  'launchConfigId',
  'reserved',
] as const;
export type RoutingKeyWord = (typeof routingKeyWords)[number];

/** The first word, always the same: a key for everybody, not a CC for one. */
export const routingKeyKind = 'primary';

/** A word without a value. */
const absent = '_';
const wordPattern = /^[^.#*]{1,38}$/;

function wordsOf(payload: ServiceEvent['payload']): Partial<Record<RoutingKeyWord, string>> {
  const { workerGroup, workerId, launchConfigId } = {
    workerGroup: undefined,
    workerId: undefined,
    launchConfigId: undefined,
    ...payload,
  };
  const [provisionerId = '', workerType = ''] = payload.workerPoolId.split('/');
  return {
    providerId: payload.providerId,
    provisionerId,
    workerType,
    ...(workerGroup === undefined ? {} : { workerGroup }),
    ...(workerId === undefined ? {} : { workerId }),
    ...(launchConfigId === undefined ? {} : { launchConfigId }),
  };
}

/**
 * The routing key a message goes out with: eight words with dots between them. Messages about pools carry no values,
 * as consumers have always seen them; with `namesPools` they carry theirs, which only consumers that bind to literal
 * placeholders would miss (W33).
 * @throws {RangeError} when a value cannot be a word (a dot in it, more than 38 characters): no consumer could make
 * sense of the key.
 */
export function routingKey(event: ServiceEvent, options: { namesPools?: boolean } = {}): string {
  const isPoolEvent = event.exchange === 'worker-pool-created' || event.exchange === 'worker-pool-updated';
  const words = isPoolEvent && options.namesPools !== true ? {} : wordsOf(event.payload);
  const texts = routingKeyWords.map((name) => words[name] ?? absent);
  const misfit = texts.find((text) => !wordPattern.test(text));
  if (misfit !== undefined) {
    throw new RangeError(`"${misfit}" cannot be a word of a routing key (${event.exchange})`);
  }
  return [routingKeyKind, ...texts].join('.');
}
