import { readFileSync, readdirSync } from 'node:fs';
import type { JsonObject } from '#core/json.ts';

/** A pool definition as its owner sends it to createWorkerPool. */
export interface ExamplePool {
  workerPoolId: string;
  body: JsonObject;
}

const directory = new URL('pools/', import.meta.url);

/** The example pools; the id is the file's name with `__` read as `/`. */
export function examplePools(): ExamplePool[] {
  return readPools(directory);
}

/** The pool definitions in a directory of such files. */
export function readPools(from: URL): ExamplePool[] {
  return readdirSync(from)
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .map((name) => ({
      workerPoolId: name.slice(0, -'.json'.length).replace('__', '/'),
      body: JSON.parse(readFileSync(new URL(name, from), 'utf8')) as JsonObject,
    }));
}
