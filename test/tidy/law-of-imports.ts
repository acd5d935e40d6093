import { posix } from 'node:path';
import type { ImportedModule, SourceFile } from './source-file.ts';

/** Which room may import which others; each may import itself. House rule: rows point upward only, so no cycle can exist. */
const law: Readonly<Record<string, readonly string[] | 'all'>> = {
  core: [],
  lib: [],
  contract: ['core'],
  access: ['core', 'lib'],
  store: ['core', 'lib'],
  providers: ['core', 'lib'],
  demand: ['core', 'lib'],
  events: ['core', 'lib'],
  telemetry: ['core', 'lib'],
  loops: ['core', 'lib'],
  api: ['core', 'contract', 'access', 'lib'],
  simulators: ['lib'],
  src: 'all',
  demo: 'all',
  test: 'all',
  bench: 'all',
  scripts: 'all',
};

/** Rooms whose tests keep to the law, too; those of the others may use the whole program and its simulators. */
const strictRooms = new Set(['core', 'lib', 'contract', 'simulators']);

export function isTest(path: string): boolean {
  return path.endsWith('.test.ts');
}

/** `src/store/pools.ts` is in the room `store`, `src/main.ts` in `src`, `simulators/ec2/state.ts` in `simulators`. */
export function roomOf(path: string): string {
  const [top = '', next = '', ...rest] = path.split('/');
  return top === 'src' && rest.length > 0 ? next : top;
}

/** Imports of rooms that the law does not allow. */
export function unlawfulImports(files: readonly SourceFile[]): string[] {
  return problems(files, (file, { specifier }) => {
    const from = roomOf(file.path);
    const to = /^#([a-z]+)\//.exec(specifier)?.[1];
    if (to === undefined || to === from) {
      return undefined;
    }
    if (to === 'demo' && !mayShowDemo(file.path)) {
      return 'only src/main.ts, tests and benchmarks import the demo';
    }
    if (law[from] === undefined || law[to] === undefined) {
      return `the room ${law[from] === undefined ? from : to} is not in the law`;
    }
    return mayImport(file.path, to) ? undefined : `${from} may not import ${to}`;
  });
}

function mayShowDemo(path: string): boolean {
  return path === 'src/main.ts' || isTest(path) || ['test', 'bench'].includes(roomOf(path));
}

function mayImport(path: string, to: string): boolean {
  const room = roomOf(path);
  const row = law[room] ?? [];
  const isFreeTest = isTest(path) && !strictRooms.has(room);
  return row === 'all' || isFreeTest || row.includes(to) || (isTest(path) && to === 'test');
}

/** A provider is one folder, to be read, added and deleted by itself. */
export function importsOfNeighbours(files: readonly SourceFile[]): string[] {
  return problems(files, (file, { specifier }) => {
    const own = /^src\/providers\/([^/]+)\//.exec(file.path)?.[1];
    const other = /^#providers\/([^/]+)\//.exec(specifier)?.[1];
    return own !== undefined && other !== undefined && own !== other ? `${own} may not import ${other}` : undefined;
  });
}

/** One sees from the path whether an import leaves the room: `./` stays, `#room/` goes through a door. */
export function badPaths(files: readonly SourceFile[]): string[] {
  return problems(files, (file, { specifier }) => {
    if (specifier === '..' || specifier.startsWith('../') || specifier.includes('/../')) {
      return `${specifier} climbs`;
    }
    const folder = posix.dirname(file.path);
    const target = specifier.replace(/^#(?:src\/)?/, '');
    const isBelow = specifier.startsWith('#') && target.startsWith(`${folder.replace(/^src\//, '')}/`);
    return isBelow && folder !== 'src' ? `${specifier} is in this folder or below it: import it by ./` : undefined;
  });
}

/** Files that only pass on what others export, and anything that passes on everything. */
export function barrels(files: readonly SourceFile[]): string[] {
  const passesOn = /\b(?:import|export)\b[^;'"]*\bfrom\s*(?:'[^']*'|"[^"]*");?|\bexport\s*(?:type\s*)?\{[^}]*\};?/g;
  return files
    .filter(({ code }) => {
      const hasExports = /\bexport\b/.test(code);
      return /\bexport\s*\*/.test(code) || (hasExports && code.replaceAll(passesOn, '').trim() === '');
    })
    .map(({ path }) => path);
}

interface PackageRule {
  packages: RegExp;
  /** Beginnings of the paths that may import it. */
  allowed: readonly string[];
  /** May it only be loaded when it is needed? */
  isLazy?: boolean;
}

const packageRules: readonly PackageRule[] = [
  { packages: /^(?:pg|kysely)(?:\/|$)/, allowed: ['src/store/'] },
  { packages: /^@aws-sdk\//, allowed: ['src/providers/aws/ec2.ts'], isLazy: true },
  { packages: /^@azure\/arm-/, allowed: ['simulators/azure/rig.ts'] },
  {
    packages: /^@azure\//,
    allowed: ['src/providers/azure/arm.ts', 'src/providers/azure/credentials.ts', 'simulators/azure/rig.ts'],
    isLazy: true,
  },
  { packages: /^amqplib(?:\/|$)/, allowed: ['src/events/'] },
  { packages: /^nodemailer(?:\/|$)/, allowed: ['src/events/'] },
  { packages: /^(?:@fastify\/|fastify(?:\/|$))/, allowed: ['src/api/'] },
  { packages: /^(?:pino|prom-client)(?:\/|$)/, allowed: ['src/telemetry/'] },
];

/** Drivers and SDKs that are imported where they are not at home. Tests, and the bench, may drive anything. */
export function packagesAbroad(files: readonly SourceFile[]): string[] {
  const checked = files.filter(({ path }) => !isTest(path) && !/^(?:test|bench|scripts)\//.test(path));
  return problems(checked, (file, { specifier, isEager }) => {
    const rule = packageRules.find(({ packages }) => packages.test(specifier));
    if (rule === undefined) {
      return undefined;
    }
    if (!rule.allowed.some((path) => file.path.startsWith(path))) {
      return `${specifier} is only for ${rule.allowed.join(', ')}`;
    }
    return rule.isLazy === true && isEager
      ? `${specifier} is loaded at once: import types, and the rest by import()`
      : undefined;
  });
}

/** `core` is arithmetic and words, `contract` runs in browsers too. */
export function impurities(files: readonly SourceFile[]): string[] {
  const pure = files.filter(({ path }) => /^src\/(?:core|contract)\//.test(path) && !isTest(path));
  const imported = problems(pure, (file, { specifier }) => {
    const isForeign =
      specifier.startsWith('node:') || (roomOf(file.path) === 'core' && !/^(?:\.\/|#core\/)/.test(specifier));
    return isForeign ? `${roomOf(file.path)} may not import ${specifier}` : undefined;
  });
  const used = pure
    .filter(({ code }) => /\b(?:process|Buffer)\s*\./.test(code))
    .map(({ path }) => `${path}: uses Node's globals`);
  return [...imported, ...used];
}

function problems(
  files: readonly SourceFile[],
  judge: (file: SourceFile, imported: ImportedModule) => string | undefined,
): string[] {
  return files.flatMap((file) =>
    file.imports.flatMap((imported) => {
      const trouble = judge(file, imported);
      return trouble === undefined ? [] : [`${file.path}:${imported.line}: ${trouble}`];
    }),
  );
}
