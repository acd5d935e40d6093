import { classOf, Ec2Error } from './errors.ts';

/** What became of a call about several instances. */
export interface CallByIds<T> {
  /** The answers of the calls that went through, each for some of the ids. */
  answers: readonly T[];
  /** Ids that EC2 does not know (any more). */
  unknown: ReadonlySet<string>;
  /** Ids for which the call failed otherwise, with the error. */
  failed: ReadonlyMap<string, unknown>;
}

/**
 * Makes a call about instances around EC2's habit of refusing all of them when one is wrong: the ids that its error names
 * are put aside and the call is made again with the rest; where it names none they are found by halves. An error that is
 * not about ids ends it for all that are left.
 * @throws the signal's reason, and defects.
 */
export async function callByIds<T>(
  instanceIds: readonly string[],
  signal: AbortSignal,
  call: (instanceIds: readonly string[]) => Promise<T>,
): Promise<CallByIds<T>> {
  const answers: T[] = [];
  const unknown = new Set<string>();
  const failed = new Map<string, unknown>();
  const waiting: (readonly string[])[] = [[...new Set(instanceIds)]];
  for (let ids = waiting.pop(); ids !== undefined; ids = waiting.pop()) {
    if (ids.length === 0) {
      continue;
    }
    try {
      answers.push(await call(ids));
    } catch (error) {
      signal.throwIfAborted();
      const { culprits, others } = suspects(error, ids);
      waiting.push(...others);
      for (const id of culprits) {
        if (isAboutUnknownIds(error)) {
          unknown.add(id);
        } else {
          failed.set(id, error);
        }
      }
    }
  }
  return { answers, unknown, failed };
}

/** Which of the ids an error is about, and the lists of others that are worth another call. */
function suspects(
  error: unknown,
  ids: readonly string[],
): { culprits: readonly string[]; others: (readonly string[])[] } {
  if (classOf(error) !== 'configuration' || ids.length === 1) {
    return { culprits: ids, others: [] };
  }
  const words = new Set((error as Ec2Error).words.split(/[^\w-]+/));
  const named = ids.filter((id) => words.has(id));
  if (named.length > 0) {
    return { culprits: named, others: [ids.filter((id) => !words.has(id))] };
  }
  const half = Math.ceil(ids.length / 2);
  return { culprits: [], others: [ids.slice(0, half), ids.slice(half)] };
}

/** `InvalidInstanceID.NotFound`, and `.Malformed` for what can be no instance at all. */
function isAboutUnknownIds(error: unknown): boolean {
  return error instanceof Ec2Error && error.code.startsWith('InvalidInstanceID.');
}
