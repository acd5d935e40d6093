import type { Page, PageRequest } from '#core/pool-store.ts';
import type { NewestFirstKey } from '#core/worker-store.ts';
import type { SecretVault } from '#lib/secret-vault.ts';
import { ApiError } from './errors.ts';

/** The largest page, and that of a caller who does not say. */
export const largestPage = 1000;

/** Where a page of the queue's workers begins: within one page of the queue. */
export interface QueuePlace {
  /** The token of the queue's page; null: its first. */
  token: string | null;
  /** How many workers of that page were passed already. */
  skip: number;
}

/** The sort keys of each kind of list. Lists of one kind accept each other's tokens (spec/api.md 1.11). */
interface PageKeys {
  pools: string;
  'launch-configs': string;
  workers: NewestFirstKey;
  problems: NewestFirstKey;
  'queue-workers': QueuePlace;
}
type PageKind = keyof PageKeys;

/** The paging part of a query. */
export interface PageQuery {
  continuationToken?: string;
  limit?: string;
}

/** One page as it is sent: the token is absent on the last one. */
export interface SentPage<Row> {
  rows: readonly Row[];
  token: { continuationToken?: string };
}

/** How many rows a caller gets who asks for `limit` (spec/api.md 2.6). */
export function pageLimit(limit: string | undefined, largest = largestPage): number {
  return limit === undefined ? largest : Math.min(Number(limit), largest);
}

/**
 * Tokens that say after which row a page begins, so that rows that come and go meanwhile move nothing. They are sealed: what this service
 * did not make itself is refused, and every process with the same keys reads them.
 */
export class PageTokens {
  readonly #vault: SecretVault;

  constructor(vault: SecretVault) {
    this.#vault = vault;
  }

  /** The token of the page after `key`. */
  write<Kind extends PageKind>(kind: Kind, key: PageKeys[Kind]): string {
    const { kid, hash } = this.#vault.seal(sealedText(kind, key));
    return `${Buffer.from(JSON.stringify([kid, key])).toString('base64url')}.${hash}`;
  }

  /** @throws {ApiError} InputError for a token that is not one of this kind. */
  read<Kind extends PageKind>(kind: Kind, token: string): PageKeys[Kind] {
    const [, content = '', hash = ''] = tokenForm.exec(token) ?? [];
    try {
      const [kid, key] = JSON.parse(Buffer.from(content, 'base64url').toString()) as [string, PageKeys[Kind]];
      if (this.#vault.matches({ kid, hash }, sealedText(kind, key))) return key;
    } catch {
      // Not even of the right form: refused below, like a forged one.
    }
    throw new ApiError('InputError', 'The continuationToken is not one that this service gave for this list.');
  }

  /** Fetches the page that a query asks for; none of it for a limit of 0 (W13). */
  async page<Kind extends PageKind, Row>(
    kind: Kind,
    query: PageQuery,
    fetch: (page: PageRequest<PageKeys[Kind]>) => Promise<Page<Row, PageKeys[Kind]>>,
  ): Promise<SentPage<Row>> {
    const { continuationToken } = query;
    const after = continuationToken === undefined ? null : this.read(kind, continuationToken);
    const limit = pageLimit(query.limit);
    if (limit === 0) return { rows: [], token: {} };
    const { rows, next } = await fetch({ after, limit });
    return { rows, token: next === null ? {} : { continuationToken: this.write(kind, next) } };
  }
}

/** What it says and its seal. */
const tokenForm = /^([\w-]+)\.([\w-]{43})$/;

function sealedText(kind: PageKind, key: unknown): string {
  return `page of ${kind} after ${JSON.stringify(key)}`;
}
