import { isTest } from './law-of-imports.ts';
import { lineAt } from './source-file.ts';
import type { SourceFile } from './source-file.ts';

/** Lines of a file, tests included, beyond which it has to be cut in two. */
const longestFile = 400;

export function longFiles(files: readonly SourceFile[]): string[] {
  return files
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > longestFile)
    .map(({ path, lines }) => `${path}: ${lines} lines`);
}

const timeAndChance =
  /\bDate\.now\b|\bnew Date\s*(?:\(\s*\)|(?![\s(\w]))|\bDate\(\)|\bMath\.random\b|\b(?:setTimeout|setInterval|setImmediate)\b|\bperformance\.now\b|\bprocess\.hrtime\b|\bAbortSignal\.timeout\b/g;

/** The system's clock, chance and timers outside of the places that are made for them. */
export function surprises(files: readonly SourceFile[]): string[] {
  const checked = files.filter(({ path }) => !/^(?:src\/lib|simulators|test|bench|scripts)\//.test(path));
  return [
    ...findings(checked, timeAndChance),
    ...checked.flatMap(({ path, imports }) =>
      imports
        .filter(({ specifier }) => /^(?:node:)?timers(?:\/|$)/.test(specifier))
        .map(({ specifier, line }) => `${path}:${line}: ${specifier}`),
    ),
  ];
}

/** The environment is read in one place, tests and what stands around the program excepted. */
export function environmentReaders(files: readonly SourceFile[]): string[] {
  const checked = files.filter(
    ({ path }) => /^(?:src|simulators)\//.test(path) && path !== 'src/config.ts' && !isTest(path),
  );
  return findings(checked, /\bprocess\s*(?:\.\s*env\b|\[)|\bimport\.meta\.env\b/g);
}

const subjects =
  'workers?|pools?|launch(?:es|ed)?|provision\\w*|providers?|scanners?|taskcluster|pulse|fleets?|ec2|aws|azure|google';
const capitalized = subjects.replaceAll(/(?<=^|\|)[a-z]/g, (letter) => letter.toUpperCase());
/** As words, and as parts of camelCase names; not as parts of other words. */
const domainWords = new RegExp(`(?<![A-Za-z])(?:${subjects})(?![a-z])|(?:${capitalized})(?![a-z])`, 'g');

/** `lib` would be useful in any program: it knows nothing of what this one is about, comments included. */
export function domainWordsInLib(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => path.startsWith('src/lib/'))
    .flatMap(({ path, text }) => matches(path, text, text, domainWords));
}

/** Ways around the type checker, and lint rules switched off without a reason (`// oxlint-disable-next-line rule -- why`). */
export function wayOuts(files: readonly SourceFile[]): string[] {
  const casts = findings(files, /\bas\s+unknown\s+as\b|\bas\s+any\b/g);
  const comments = files.flatMap(({ path, text }) =>
    matches(
      path,
      text,
      text,
      /^\s*(?:\/\/|\/\*)\s*(?:@ts-(?:ignore|nocheck).*|(?:oxlint|eslint)-disable(?!.* -- \w).*)$/gm,
    ),
  );
  return [...casts, ...comments];
}

const emptyNames = /(?:\/|^)(?:utils?|helpers?|common|base|manager|misc|data)(?=[./])|-(?:utils?|helpers?)(?=[./])/;

/** Files and folders whose names say nothing. */
export function emptyFileNames(files: readonly SourceFile[]): string[] {
  return files.map(({ path }) => path).filter((path) => emptyNames.test(path));
}

function findings(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, text, code }) => matches(path, text, code, pattern));
}

function matches(path: string, text: string, searched: string, pattern: RegExp): string[] {
  return [...searched.matchAll(pattern)].map(
    ({ 0: found, index }) => `${path}:${lineAt(text, index)}: ${found.trim()}`,
  );
}
