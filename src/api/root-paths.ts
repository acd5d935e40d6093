import { documentFinder } from '#contract/served-documents.ts';
import type { ApiParts } from './parts.ts';

/** What is answered outside the API. */
export type RootAnswer = { json: unknown } | { text: string };

/**
 * Finds what is answered outside the API, without CORS headers: at any verb and below any of four paths (spec/api.md 1.4), and the published
 * documents, each at its own (2.8).
 */
export function rootPaths(parts: Pick<ApiParts, 'version' | 'references'>): (path: string) => RootAnswer | undefined {
  const documentAt = documentFinder(parts.references);
  const answers = new Map<string, RootAnswer>([
    ['__version__', { json: parts.version }],
    ['__heartbeat__', { json: {} }],
    ['__lbheartbeat__', { json: {} }],
    ['robots.txt', { text: 'User-Agent: *\nDisallow: /\n' }],
  ]);
  return (path) => {
    const document = documentAt(path);
    return document === undefined ? answers.get(path.split('/', 2)[1] ?? '') : { json: document };
  };
}
