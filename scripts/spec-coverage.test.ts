import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mistakes, projectTags, report, specification, tagsOf } from './spec-coverage.ts';

const tag = (list: string): string => `// spec: ${list}\n`;

test('a tag belongs to the test below it', () => {
  const text = [
    "import { test } from 'node:test';\n",
    `${tag('api 1.18, 8.3, W8,P-47 , E36')}test('a removed worker is told', () => {});\n`,
    `describe('a pool', () => {\n  ${tag('provisioning 2.4')}  // And why.\n  test(\n    \`has a \${word}\`,\n    () => {});\n`,
    `${tag('W1')}test(name, () => {});\n`,
  ].join('\n');
  assert.deepEqual(tagsOf('a.test.ts', text), [
    { place: 'a.test.ts:3', ids: ['api 1.18', 'api 8.3', 'W8', 'P-47', 'E36'], test: 'a removed worker is told' },
    { place: 'a.test.ts:7', ids: ['provisioning 2.4'], test: 'a pool has a ${word}' },
    { place: 'a.test.ts:13', ids: ['W1'], test: 'name' },
  ]);
});

test('a tag before all code belongs to every test of its file', () => {
  const text = `/* About. */\n${tag('api 3.2')}\nimport { test } from 'node:test';\n\ntest('x', () => {});\n`;
  assert.deepEqual(tagsOf('a.test.ts', text), [{ place: 'a.test.ts:2', ids: ['api 3.2'], test: undefined }]);
});

test('a tag above something else, or of something else, is a mistake', () => {
  const text = `const a = 1;\n${tag('W1, W45, 2.3, api 99')}const b = 2;\n`;
  assert.deepEqual(mistakes(tagsOf('a.test.ts', text)), [
    'a.test.ts:2: the specification has no "W45"',
    'a.test.ts:2: the specification has no "2.3"',
    'a.test.ts:2: the specification has no "api 99"',
    'a.test.ts:2: there is no test below',
  ]);
});

test('the report names the tests of each part, and last the parts without one', () => {
  const lines = report(tagsOf('a.test.ts', `${tag('W2')}\nconst a = 1;\n${tag('E1, W2')}test('x', () => {});\n`));
  assert.deepEqual(lines.slice(0, 6), [
    'E1 a pool is created twice alike',
    '    a.test.ts: x',
    'W2 messages and audit rows apart from their change',
    '    a.test.ts',
    '    a.test.ts: x',
    '',
  ]);
  assert.match(lines[6] ?? '', /^provisioning 11\.7 needs none: ./);
  assert.equal(lines[7], `2 of ${specification.size - 1} have a test; ${specification.size - 3} have none:`);
  assert.ok(lines.includes('    W1 repeats of createWorkerPool, order of launch configs'));
});

test('the specification is listed whole', () => {
  const count = (prefix: string): number => [...specification.keys()].filter((id) => id.startsWith(prefix)).length;
  assert.equal(count('E'), 76);
  // W45 and W46 do not exist.
  assert.equal(count('W'), 52);
  assert.equal(count('P-'), 59);
  for (const [id, words] of specification) assert.ok(words.length > 2, id);
});

test('every tag of the project names what there is, above a test', async () => {
  assert.deepEqual(mistakes(await projectTags()), []);
});
