import { readSourceFiles } from '#test/tidy/source-file.ts';
import { apiWeaknesses, edgeCases, provisioningWeaknesses } from './spec-numbers.ts';
import { apiSections, provisioningSections } from './spec-sections.ts';

/*
 * Prints which tests prove which part of the specification: `npm run coverage:spec`. A test says it by a comment line directly above it, a file
 * for all its tests by one before its first line of code:
 *
 *   // spec: api 1.18, 8.3, W8, P-47, E36
 *
 * Section numbers belong to the document named before them (`api`, `provisioning`); W and P are the numbered weaknesses, E1 to E76 the edge cases
 * of spec/api.md 11.
 */

/** One `spec:` comment of a test file. */
export interface Tag {
  /** File and line. */
  readonly place: string;
  /** What it is about, e.g. `api 1.18` or `W8`. */
  readonly ids: readonly string[];
  /** The test, with the group it is in; undefined: all of the file. Null: it stands above nothing that is a test. */
  readonly test: string | undefined | null;
}

const tagLine = /^([ \t]*)\/\/ spec: (.*)$/gm;
const titleArgument = String.raw`\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|\`((?:[^\`\\]|\\.)*)\`|([\w.]+))`;
/** The test below a tag, further comments in between. */
const testBelow = new RegExp(String.raw`^(?:\s*//.*\n)*\s*(?:await )?(?:\w+\.)?(?:test|it|describe)${titleArgument}`);
/** Tests and groups that are in no other. */
const outermost = new RegExp(String.raw`^(?:test|describe)${titleArgument}`, 'gm');
const onlyComments = /^(?:\s|\/\/.*\n|\/\*[^]*?\*\/)*$/;

function titleOf(call: RegExpExecArray | null | undefined): string | undefined {
  return call?.slice(1).find((part) => part !== undefined);
}

/** `api 1.18, 8.3, W8` → `api 1.18`, `api 8.3`, `W8`. */
function idsOf(list: string): string[] {
  let document = '';
  return list.split(',').map((item) => {
    const [, named, number = ''] = /^\s*(api|provisioning)?\s*(.*?)\s*$/.exec(item) ?? [];
    document = named ?? document;
    return /^\d/.test(number) ? `${document} ${number}`.trim() : number;
  });
}

/** The tags of a file, in order. */
export function tagsOf(path: string, text: string): Tag[] {
  return [...text.matchAll(tagLine)].map((match) => {
    const [line, indent = '', list = ''] = match;
    const before = text.slice(0, match.index);
    const own = titleOf(testBelow.exec(text.slice(match.index + line.length + 1)));
    const group = indent === '' ? undefined : titleOf([...before.matchAll(outermost)].at(-1));
    const test = own === undefined ? null : [group, own].filter((part) => part !== undefined).join(' ');
    const place = `${path}:${before.split('\n').length}`;
    return { place, ids: idsOf(list), test: test ?? (onlyComments.test(before) ? undefined : null) };
  });
}

function numbered(lines: string, prefix = ''): [id: string, words: string][] {
  return lines
    .trim()
    .split('\n')
    .map((line) => {
      const space = line.indexOf(' ');
      return [prefix + line.slice(0, space), line.slice(space + 1)];
    });
}

/** Everything that a tag can name, in order, with words for it. */
export const specification: ReadonlyMap<string, string> = new Map([
  ...numbered(apiSections, 'api '),
  ...numbered(edgeCases),
  ...numbered(apiWeaknesses),
  ...numbered(provisioningSections, 'provisioning '),
  ...numbered(provisioningWeaknesses),
]);

/** What nothing here can prove, and why. */
const notOurs: ReadonlyMap<string, string> = new Map([
  [
    'provisioning 11.7',
    'it is spoken between worker-runner and the worker on one machine; no part of it reaches this service',
  ],
]);

/** All tags of the project. */
export async function projectTags(): Promise<Tag[]> {
  const files = await readSourceFiles(['src', 'simulators', 'demo', 'bench', 'test', 'scripts']);
  return files
    .filter(({ path }) => path !== 'scripts/spec-coverage.ts')
    .flatMap(({ path, text }) => tagsOf(path, text));
}

/** The report: each part of the specification with its tests, those without one last, then what is wrong with tags. */
export function report(tags: readonly Tag[]): string[] {
  const tests = new Map<string, Set<string>>();
  for (const { place, ids, test } of tags) {
    if (test === null) continue;
    const file = place.replace(/:\d+$/, '');
    const name = test === undefined ? file : `${file}: ${test}`;
    for (const id of ids) tests.set(id, (tests.get(id) ?? new Set()).add(name));
  }
  const all = [...specification].map(([id, words]) => ({
    id,
    title: `${id} ${words}`,
    tests: [...(tests.get(id) ?? [])],
  }));
  const proved = all.filter((one) => one.tests.length > 0);
  const bare = all.filter((one) => one.tests.length === 0 && !notOurs.has(one.id));
  return [
    ...proved.flatMap(({ title, tests: own }) => [title, ...own.map((test) => `    ${test}`)]),
    '',
    ...[...notOurs].map(([id, why]) => `${id} needs none: ${why}`),
    `${proved.length} of ${all.length - notOurs.size} have a test; ${bare.length} have none${bare.length === 0 ? '' : ':'}`,
    ...bare.map(({ title }) => `    ${title}`),
    ...mistakes(tags),
  ];
}

/** What is wrong with tags: a line each. */
export function mistakes(tags: readonly Tag[]): string[] {
  return tags.flatMap(({ place, ids, test }) => [
    ...ids.filter((id) => !specification.has(id)).map((id) => `${place}: the specification has no "${id}"`),
    ...(test === null ? [`${place}: there is no test below`] : []),
  ]);
}

if (import.meta.main) for (const line of report(await projectTags())) console.log(line);
