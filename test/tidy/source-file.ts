import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A source file as the rules of tidiness see it. */
export interface SourceFile {
  /** From the project's root, with slashes. */
  path: string;
  text: string;
  /** The text with blanks for comments and for what stands between quotes, everything at its old place. */
  code: string;
  imports: readonly ImportedModule[];
}

/** What a file imports or re-exports, statically, dynamically or as types. */
export interface ImportedModule {
  specifier: string;
  line: number;
  /** Is it loaded with the importing file (and not erased, like types, or loaded later)? */
  isEager: boolean;
}

export function sourceFile(path: string, text: string): SourceFile {
  const code = blankOut(text);
  return { path, text, code, imports: importsOf(text, code) };
}

/** All TypeScript of the named folders that exist, below the project's root. */
export async function readSourceFiles(folders: readonly string[]): Promise<SourceFile[]> {
  const paths = await Promise.all(folders.map(pathsBelow));
  return Promise.all(paths.flat().map(async (path) => sourceFile(path, await readFile(path, 'utf8'))));
}

async function pathsBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true }).catch((): string[] => []);
  return entries.filter((name) => name.endsWith('.ts')).map((name) => join(folder, name));
}

export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

const importStart = /\b(?:from|import)\s*\(?\s*(['"])/g;

function importsOf(text: string, code: string): ImportedModule[] {
  return [...code.matchAll(importStart)].map((match) => {
    const start = match.index + match[0].length;
    const end = code.indexOf(match[1] ?? '', start);
    const statement = code.slice(0, start).match(/\b(?:import|export)\b(?!.*\b(?:import|export)\b)[^]*$/s)?.[0] ?? '';
    return {
      specifier: text.slice(start, end),
      line: lineAt(text, start),
      isEager: !/^(?:import|export)\s+type\b/.test(statement) && !/^import\s*\(/.test(statement),
    };
  });
}

/** What is not code, in the order in which it is looked for: comments, quoted text, regular expressions (where no value can have ended). */
const notCode =
  /(?<comment>\/\/[^\n]*|\/\*[^]*?\*\/)|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|(?<template>`(?:[^`\\]|\\[^])*`)|(?<=(?:^|[=(,:;!&|?{}[\n]|\breturn|=>)\s*)\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\//g;

function blankOut(text: string): string {
  return text.replaceAll(notCode, (found: string, comment?: string, template?: string) => {
    if (comment !== undefined) {
      return blanks(comment);
    }
    const inner = found.slice(1, -1);
    return found.charAt(0) + (template === undefined ? blanks(inner) : blanksAroundHoles(inner)) + found.charAt(0);
  });
}

/** What stands in `${}` is code. */
function blanksAroundHoles(template: string): string {
  return template.replaceAll(/(\$\{[^{}]*\})|[^\n]/g, (_found, hole?: string) => hole ?? ' ');
}

function blanks(text: string): string {
  return text.replaceAll(/[^\n]/g, ' ');
}
