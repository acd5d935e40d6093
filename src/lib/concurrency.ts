/**
 * Calls `run` for each item, at most `limit` at a time, and waits for all of them: one that fails ends no other. The
 * outcomes are in the order of the items.
 * @throws RangeError when the limit is below 1.
 */
export async function mapConcurrently<T, R>(
  items: Iterable<T>,
  limit: number,
  run: (item: T, index: number) => Promise<R>,
): Promise<PromiseSettledResult<R>[]> {
  if (!(limit >= 1)) {
    throw new RangeError(`at least one must run at a time, not ${limit}`);
  }
  const list = [...items];
  // One iterator shared by all lanes: each takes the next entry when it is free.
  const entries = list.entries();
  const outcomes: PromiseSettledResult<R>[] = [];
  const lane = async (): Promise<void> => {
    for (const [index, item] of entries) {
      outcomes[index] = await settle(() => run(item, index));
    }
  };
  await Promise.all(Array.from({ length: Math.min(Math.floor(limit), list.length) }, lane));
  return outcomes;
}

async function settle<R>(run: () => Promise<R>): Promise<PromiseSettledResult<R>> {
  try {
    return { status: 'fulfilled', value: await run() };
  } catch (reason) {
    return { status: 'rejected', reason };
  }
}
