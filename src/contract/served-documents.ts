import { logsReference } from './logs-reference.ts';
import { openApiDocument } from './openapi.ts';
import { publishedDocuments } from './references.ts';

/** Where the OpenAPI document is. It is in no manifest: generators of Taskcluster clients do not know such documents. */
const openApiPath = '/references/worker-manager/v1/openapi.json';

/**
 * Every document that this service serves and that `npm run references` writes, by its path under the root URL (spec/api.md 2.8).
 * @param more references by name that come from other parts of the program (`metrics`)
 */
export function servedDocuments(more: Readonly<Record<string, object>>): ReadonlyMap<string, object> {
  return new Map([...publishedDocuments({ logs: logsReference(), ...more }), [openApiPath, openApiDocument()]]);
}

/** Finds the document at a path under the root URL; undefined: there is none. All of them are made at the first question. */
export function documentFinder(more: Readonly<Record<string, object>>): (path: string) => object | undefined {
  let documents: ReadonlyMap<string, object> | undefined;
  return (path) => {
    documents ??= servedDocuments(more);
    return documents.get(path);
  };
}
