import type { JsonObject } from '#core/json.ts';
import { stringMember } from '#core/provider.ts';
import { ArmError, ownCodes } from './errors.ts';
import { objectsIn } from './members.ts';
import type { AzureParts } from './parts.ts';
import { resourceTypes, subscriptionPath, withQuery } from './paths.ts';
import type { ResourceKind } from './paths.ts';

/**
 * The pages of a list. While one is read the next is already on its way; no more than these two are in memory. A list that breaks off fails.
 * @param operation what is listed, for measurements.
 */
export async function* pages(
  { arm }: AzureParts,
  firstUrl: string,
  operation: string,
  signal: AbortSignal,
): AsyncGenerator<readonly JsonObject[]> {
  const abandoned = new AbortController();
  const anySignal = AbortSignal.any([signal, abandoned.signal]);
  const ask = (url: string) => {
    const page = arm.send({ method: 'GET', url, kind: 'list', operation }, anySignal);
    // A page that nobody waits for any more may fail unheard.
    page.catch(() => {});
    return page;
  };
  try {
    for (let page: ReturnType<typeof ask> | null = ask(firstUrl); page !== null;) {
      const { body }: Awaited<ReturnType<typeof ask>> = await page;
      // An empty answer with status 200 (from something in between) must not pass for "there are none".
      if (!Array.isArray(body['value'])) throw new ArmError(ownCodes.brokenAnswer, 'the answer holds no list');
      const next = stringMember(body, 'nextLink');
      page = next === null || next === '' ? null : ask(next);
      yield objectsIn(body['value']);
      signal.throwIfAborted();
    }
  } finally {
    abandoned.abort();
  }
}

/** All resources of a kind in the subscription. */
export function listAll(
  parts: AzureParts,
  kind: ResourceKind,
  signal: AbortSignal,
  query: Readonly<Record<string, string>> = {},
): AsyncGenerator<readonly JsonObject[]> {
  const { type } = resourceTypes[kind];
  const url = withQuery(`${subscriptionPath(parts.subscriptionId)}/providers/${type}`, kind, query);
  return pages(parts, url, `${type.slice(type.indexOf('/') + 1)}.list`, signal);
}

/** Reads a list to its end. @param isKept what of it is wanted. */
export async function allOf(
  list: AsyncIterable<readonly JsonObject[]>,
  isKept: (resource: JsonObject) => boolean = () => true,
): Promise<JsonObject[]> {
  const all: JsonObject[] = [];
  for await (const page of list) all.push(...page.filter(isKept));
  return all;
}
