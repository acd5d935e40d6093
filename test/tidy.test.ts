import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import * as habits from './tidy/habits.ts';
import * as imports from './tidy/law-of-imports.ts';
import { readSourceFiles, sourceFile } from './tidy/source-file.ts';
import type { SourceFile } from './tidy/source-file.ts';

const ours = await readSourceFiles(['src', 'simulators', 'demo', 'bench', 'test', 'scripts']);

/** A file that breaks a rule, or only seems to: path and text. */
type Sample = readonly [path: string, text: string];

interface Rule {
  promise: string;
  find: (files: readonly SourceFile[]) => string[];
  advice: string;
  /** Each must be found, or the rule is blind. */
  bad: readonly Sample[];
  /** None may be found. */
  good: readonly Sample[];
}

const rules: readonly Rule[] = [
  {
    promise: 'rooms import only what the law of imports allows them',
    find: imports.unlawfulImports,
    advice:
      'Take what you need as a parameter of a type from core (the program hands it in, see src/service.ts), or move the code to the ' +
      'room where it belongs. The law is the table in test/tidy/law-of-imports.ts.',
    bad: [
      ['src/loops/a.ts', "import { store } from '#store/pools.ts';"],
      ['src/loops/a.ts', "import type { Store } from '#store/pools.ts';"],
      ['src/loops/a.ts', "const { store } = await import('#store/pools.ts');"],
      ['src/api/routes/a.ts', "export { a } from '#providers/index.ts';"],
      ['src/core/a.ts', "import { a } from '#lib/a.ts';"],
      ['src/lib/a.ts', "import { a } from '#core/a.ts';"],
      ['src/lib/a.test.ts', "import { a } from '#core/a.ts';"],
      ['src/access/a.ts', "import { a } from '#contract/a.ts';"],
      ['simulators/ec2/a.ts', "import { a } from '#providers/aws/a.ts';"],
      ['simulators/ec2/a.test.ts', "import { a } from '#providers/aws/a.ts';"],
      ['src/store/a.ts', "import { a } from '#simulators/a.ts';"],
      ['src/store/a.ts', "import { a } from '#src/config.ts';"],
      ['src/store/a.ts', "import { a } from '#test/a.ts';"],
      ['src/service.ts', "import { a } from '#demo/a.ts';"],
      ['scripts/a.ts', "import { a } from '#demo/a.ts';"],
      ['src/attic/a.ts', "import { a } from '#core/a.ts';"],
    ],
    good: [
      [
        'src/loops/a.ts',
        "import { a } from '#core/a.ts';\nimport { b } from '#lib/b.ts';\nimport { c } from '#loops/c.ts';",
      ],
      ['src/loops/a.test.ts', "import { a } from '#store/a.ts';\nimport { b } from '#test/database.ts';"],
      ['src/lib/a.test.ts', "import { b } from '#test/seed.ts';"],
      ['src/main.ts', "import { a } from '#demo/a.ts';\nimport { b } from '#store/b.ts';"],
      ['test/journeys/a.test.ts', "import { a } from '#store/a.ts';"],
      ['src/core/a.ts', "// import { a } from '#store/a.ts';\nconst b = `import { a } from '#store/a.ts'`;"],
    ],
  },
  {
    promise: 'a provider never imports its neighbour',
    find: imports.importsOfNeighbours,
    advice: 'What two providers share goes to src/providers itself, or to src/lib when it is of use in any program.',
    bad: [['src/providers/aws/a.ts', "import { a } from '#providers/google/a.ts';"]],
    good: [
      ['src/providers/aws/a.ts', "import { a } from '#providers/module.ts';"],
      ['src/providers/index.ts', "import { a } from './aws/index.ts';"],
    ],
  },
  {
    promise: 'an import shows whether it leaves its room',
    find: imports.badPaths,
    advice: 'Write ./file.ts for what is in the same folder or below it, #room/file.ts for everything else; never ../',
    bad: [
      ['src/loops/a.ts', "import { a } from '../core/a.ts';"],
      ['src/providers/aws/a.ts', "import { a } from './../module.ts';"],
      ['src/loops/a.ts', "import { a } from '#loops/b.ts';"],
      ['simulators/ec2/a.ts', "import { a } from '#simulators/ec2/deep/b.ts';"],
    ],
    good: [
      ['src/providers/aws/a.ts', "import { a } from '#providers/module.ts';\nimport { b } from './deep/b.ts';"],
      ['src/main.ts', "import { a } from '#store/a.ts';\nimport { b } from './service.ts';"],
    ],
  },
  {
    promise: 'there are no barrels',
    find: imports.barrels,
    advice: 'Import each thing from the file that makes it, and delete the file that only passes it on.',
    bad: [
      ['src/core/index.ts', "/** All. */\nexport { a } from './a.ts';\nexport type { B } from './b.ts';\n"],
      ['src/core/all.ts', "import { a } from './a.ts';\nexport { a };\n"],
      ['src/core/more.ts', "export * from './a.ts';\nexport const b = 1;\n"],
    ],
    good: [['src/providers/index.ts', "import { aws } from './aws/index.ts';\nexport const providers = [aws];\n"]],
  },
  {
    promise: 'drivers and SDKs stay in the room that speaks to them',
    find: imports.packagesAbroad,
    advice: 'Ask the room that has the driver, through its door in core. The table is in test/tidy/law-of-imports.ts.',
    bad: [
      ['src/loops/a.ts', "import pg from 'pg';"],
      ['src/main.ts', "import { Kysely } from 'kysely/migration';"],
      ['src/providers/aws/launch.ts', "import type { EC2Client } from '@aws-sdk/client-ec2';"],
      ['src/providers/aws/ec2.ts', "import { EC2Client } from '@aws-sdk/client-ec2';"],
      ['simulators/queue/a.ts', "import fastify from 'fastify';"],
    ],
    good: [
      ['src/store/a.ts', "import pg from 'pg';\nimport { sql } from 'kysely';"],
      [
        'src/providers/aws/ec2.ts',
        "import type { EC2Client } from '@aws-sdk/client-ec2';\nconst sdk = await import('@aws-sdk/client-ec2');",
      ],
      ['simulators/ec2/a.test.ts', "import { EC2Client } from '@aws-sdk/client-ec2';"],
      ['src/core/pages.ts', "import { pgn } from './pg.ts';"],
    ],
  },
  {
    promise: 'core and contract need no Node',
    find: imports.impurities,
    advice:
      'core computes and contract describes: what does something belongs to another room, which hands in the result.',
    bad: [
      ['src/core/a.ts', "import { createHash } from 'node:crypto';"],
      ['src/core/a.ts', "import { parse } from 'yaml';"],
      ['src/contract/a.ts', "import { join } from 'node:path';"],
      ['src/core/a.ts', "const a = Buffer.from('a');"],
    ],
    good: [
      ['src/core/a.ts', "import { b } from './b.ts';\n/** Like `process.env`. */\nconst a = 1;"],
      ['src/core/a.test.ts', "import { test } from 'node:test';"],
    ],
  },
  {
    promise: 'no file has more than 400 lines',
    find: habits.longFiles,
    advice: 'Cut it where its subject changes: 150 lines are wanted, 400 are the end.',
    bad: [['src/core/a.ts', 'const a = 1;\n'.repeat(401)]],
    good: [['src/core/a.ts', 'const a = 1;\n'.repeat(400)]],
  },
  {
    promise: 'time and chance are arguments',
    find: habits.surprises,
    advice:
      'Take a Clock and a Random (core/clock.ts) as parameters; the real ones are in src/lib, and only main hands them in.',
    bad: [
      ['src/core/a.ts', 'const a = Date.now();'],
      ['src/core/a.ts', 'const a = new Date();'],
      ['src/core/a.ts', 'const a = new Date ( );'],
      ['src/loops/a.ts', 'const a = Math.random();'],
      ['src/loops/a.ts', 'const draw = Math.random;'],
      ['src/loops/a.test.ts', 'setTimeout(() => {}, 10);'],
      ['src/loops/a.ts', "import { setTimeout as sleep } from 'node:timers/promises';"],
      ['src/store/a.ts', 'const signal = AbortSignal.timeout(10);'],
      ['src/store/a.ts', 'const a = `${Date.now()}`;'],
      ['demo/a.ts', 'const a = performance.now();'],
    ],
    good: [
      ['src/core/a.ts', "const a = new Date(0); // not Date.now()\nconst b = 'Math.random()';"],
      ['src/core/a.ts', "const a = /'/.test(b); // it's Date.now()\nconst c = `Date.now()`;"],
      ['src/lib/clock.ts', 'const a = new Date();'],
      ['simulators/ec2/a.ts', 'setTimeout(() => {}, 10);'],
      ['bench/run.ts', 'const a = performance.now();'],
    ],
  },
  {
    promise: 'only src/config.ts reads the environment',
    find: habits.environmentReaders,
    advice: 'Add the setting to src/config.ts, and take its value as a parameter.',
    bad: [
      ['src/store/a.ts', "const a = process.env['DATABASE_URL'];"],
      ['src/main.ts', 'const { env } = process; const a = process.env;'],
      ['simulators/ec2/a.ts', "const a = process['env'];"],
    ],
    good: [
      ['src/config.ts', 'const a = process.env;'],
      ['test/a.ts', 'const a = process.env;'],
      ['src/store/a.ts', '/** Not process.env. */ const a = process.pid;'],
    ],
  },
  {
    promise: 'lib knows nothing of this program',
    find: habits.domainWordsInLib,
    advice: 'Say it in general words, or move it to the room that it is about.',
    bad: [
      ['src/lib/a.ts', 'export const workerPoolId = 1;'],
      ['src/lib/a.ts', '/** Waits for a launch. */\nexport const a = 1;'],
      ['src/lib/a.ts', 'export const freeWorkers = 1;'],
    ],
    good: [
      ['src/lib/a.ts', '/** Spools. */\nexport const network = 1;'],
      ['src/core/a.ts', 'export const workerPoolId = 1;'],
    ],
  },
  {
    promise: 'nobody goes around the type checker, or the linter without saying why',
    find: habits.wayOuts,
    advice:
      'Narrow the value by looking at it. A lint rule may be switched off for a line with its reason after " -- ".',
    bad: [
      ['src/core/a.ts', 'const a = b as unknown as string;'],
      ['src/core/a.ts', '// @ts-ignore\nconst a = b;'],
      ['src/core/a.ts', '// oxlint-disable-next-line no-console\nconsole.log();'],
    ],
    good: [
      [
        'src/core/a.ts',
        '// oxlint-disable-next-line no-console -- the one place that speaks to people\nconsole.log();',
      ],
      ['src/core/a.ts', "const a = 'as unknown as';"],
    ],
  },
  {
    promise: 'no file is named after nothing',
    find: habits.emptyFileNames,
    advice: 'Name the file after its main export; if there is none, its contents belong elsewhere.',
    bad: [
      ['src/core/utils.ts', ''],
      ['src/core/worker-helpers.ts', ''],
      ['src/common/a.ts', ''],
      ['src/core/data.test.ts', ''],
    ],
    good: [
      ['src/store/database.ts', ''],
      ['src/core/metadata.ts', ''],
      ['src/providers/aws/user-data.ts', ''],
    ],
  },
];

for (const { promise, find, advice, bad, good } of rules) {
  describe(promise, () => {
    test('in this project', () => {
      const found = find(ours);
      assert.equal(found.length, 0, `${found.join('\n')}\n\n${advice}`);
    });

    test('and a breach would be found', () => {
      for (const [path, text] of bad) {
        assert.notEqual(find([sourceFile(path, text)]).length, 0, `not found in ${path}: ${text}`);
      }
      for (const [path, text] of good) {
        assert.deepEqual(find([sourceFile(path, text)]), [], `wrongly found in ${path}: ${text}`);
      }
    });
  });
}

test('what is checked is not nothing', () => {
  for (const room of ['core', 'lib', 'store', 'test', 'simulators']) {
    assert.ok(
      ours.some(({ path }) => imports.roomOf(path) === room && path.endsWith('.ts')),
      room,
    );
  }
});

describe('the budgets and promises that oxlint keeps', () => {
  const lines = (count: number): string => '  void 0;\n'.repeat(count);
  const branches = (count: number): string => '  if (a) { return; }\n'.repeat(count);
  const samples = [
    { rule: 'max-lines-per-function', text: `export function f(): void {\n${lines(69)}}\n` },
    { rule: 'complexity', text: `export function f(a: boolean): void {\n${branches(11)}}\n` },
    { rule: 'no-floating-promises', text: 'export async function f(): Promise<void> {}\nf();\n' },
    { rule: 'no-explicit-any', text: 'export const f = (a: any): unknown => a;\n' },
  ];

  for (const { rule, text } of samples) {
    test(`${rule} is one of them`, async (t) => {
      const folder = await mkdtemp(join(tmpdir(), 'tidy-'));
      t.after(() => rm(folder, { recursive: true }));
      await writeFile(join(folder, 'sample.ts'), text);
      assert.match(await lint(folder), new RegExp(`\\(${rule}\\)`));
    });
  }

  test('and what keeps to them is let through', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'tidy-'));
    t.after(() => rm(folder, { recursive: true }));
    const text = `export function f(a: boolean): void {\n${branches(10)}}\n\nexport function g(): void {\n${'  f(true);\n'.repeat(68)}}\n`;
    await writeFile(join(folder, 'sample.ts'), text);
    assert.match(await lint(folder), /Found 0 warnings and 0 errors/);
  });
});

async function lint(folder: string): Promise<string> {
  const args = ['-c', resolve('.oxlintrc.json'), '--type-aware', folder];
  const { promise, resolve: done } = Promise.withResolvers<string>();
  execFile(resolve('node_modules/.bin/oxlint'), args, { cwd: folder }, (_error, stdout) => done(stdout));
  return promise;
}
