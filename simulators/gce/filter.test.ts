import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseFilter } from './filter.ts';
import { instanceShape } from './instance-shape.ts';
import { Refusal } from './refusal.ts';

interface Thing {
  name: string;
  status: string;
  labels: Record<string, string>;
  scheduling?: { preemptible: boolean };
  creationTimestamp?: string;
  tags?: { items: string[] };
}

const thing: Thing = {
  name: 'worker-7',
  status: 'RUNNING',
  labels: { 'created-by': 'taskcluster-wm-google', owner: 'nobody', empty: '' },
  scheduling: { preemptible: true },
  creationTimestamp: '2026-03-01T04:00:00.000-08:00',
  tags: { items: ['web', 'db'] },
};

function passes(filter: string, value: Thing = thing): boolean {
  return parseFilter(
    filter,
    instanceShape,
  )((path) =>
    path.reduce<unknown>(
      (found, name) =>
        typeof found === 'object' && found !== null
          ? Object.entries(found).find(([key]) => key === name)?.[1]
          : undefined,
      value,
    ),
  );
}

test('comparisons mean what they say', () => {
  const truths: Readonly<Record<string, boolean>> = {
    'status=RUNNING': true,
    'status = "RUNNING"': true,
    "status = 'STOPPING'": false,
    'status != STOPPING': true,
    'labels.created-by=taskcluster-wm-google': true,
    'labels.owner:*': true,
    'labels.empty:*': true,
    'labels.other:*': false,
    'labels.other=x': false,
    'labels.other!=x': false,
    'NOT labels.other:*': true,
    '-labels.owner:*': false,
    'name=worker-*': true,
    'name="*-7"': true,
    'name=worker': false,
    'scheduling.preemptible=true': true,
    'scheduling.preemptible = false': false,
    'creationTimestamp > "2026-03-01T11:59:59Z"': true,
    'creationTimestamp >= "2026-03-01T12:00:01Z"': false,
    'name < worker-8': true,
    'tags.items:web': true,
    'tags.items:api': false,
    'name eq worker-[0-9]+': true,
    'name eq "worker"': false,
    'name ne .*8': true,
    '(name eq worker-7) (status ne STOPPING)': true,
  };
  for (const [filter, truth] of Object.entries(truths)) {
    assert.equal(passes(filter), truth, filter);
  }
});

test('brackets, AND, OR and nothing between go together; OR binds most', () => {
  const truths: Readonly<Record<string, boolean>> = {
    '(status=RUNNING) (labels.owner=nobody)': true,
    'status=RUNNING AND labels.owner=somebody': false,
    'status=STOPPING OR status=RUNNING AND labels.owner=somebody': false,
    'status=RUNNING OR status=STOPPING AND labels.owner=nobody': true,
    'labels.owner=nobody AND (status=STOPPING OR status=RUNNING)': true,
    'NOT (status=RUNNING OR status=STAGING)': false,
  };
  for (const [filter, truth] of Object.entries(truths)) {
    assert.equal(passes(filter), truth, filter);
  }
});

test('what is no filter, or asks for what cannot be asked for, is refused', () => {
  for (const filter of [
    'status',
    'status=',
    '=RUNNING',
    '(status=RUNNING',
    'status=RUNNING)',
    'status=RUNNING AND',
    'colour=red',
    'labels.a.b=c',
    'metadata.items:x',
    'name eq [',
    '"name"=x',
    'AND',
  ]) {
    assert.throws(
      () => parseFilter(filter, instanceShape),
      (error) => error instanceof Refusal && /Invalid list filter expression/.test(error.message),
      filter,
    );
  }
});

/** A filter as a tree, its text, and its truth told without the parser. */
interface Tree {
  text: string;
  holds: (value: Thing) => boolean;
}

const word = fc.constantFrom('a', 'b', 'c-1', 'd_2', 'AND', 'it is', '(x)', "don't");
const statuses = fc.constantFrom('RUNNING', 'STAGING', 'TERMINATED');

const leaf: fc.Arbitrary<Tree> = fc.oneof(
  fc.record({ key: fc.constantFrom('x', 'y', 'z-1'), value: word }).map(({ key, value }) => ({
    text: `labels.${key}="${value}"`,
    holds: ({ labels }: Thing) => labels[key] === value,
  })),
  fc.record({ key: fc.constantFrom('x', 'y', 'z-1') }).map(({ key }) => ({
    text: `labels.${key}:*`,
    holds: ({ labels }: Thing) => labels[key] !== undefined,
  })),
  statuses.map((status) => ({ text: `status = ${status}`, holds: (value: Thing) => value.status === status })),
);

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.tuple(tie('tree'), tie('tree'), fc.constantFrom(' AND ', ' ')).map(([a, b, glue]) => ({
      text: `(${a.text})${glue}(${b.text})`,
      holds: (value: Thing) => a.holds(value) && b.holds(value),
    })),
    fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => ({
      text: `(${a.text}) OR (${b.text})`,
      holds: (value: Thing) => a.holds(value) || b.holds(value),
    })),
    tie('tree').map((inner) => ({ text: `NOT (${inner.text})`, holds: (value: Thing) => !inner.holds(value) })),
  ),
}));

const anyThing: fc.Arbitrary<Thing> = fc.record({
  name: fc.constant('worker'),
  status: statuses,
  labels: fc.dictionary(fc.constantFrom('x', 'y', 'z-1'), word),
});

test('any tree of comparisons is read as it was written', () => {
  fc.assert(
    fc.property(tree, anyThing, (filter, value) => {
      assert.equal(passes(filter.text, value), filter.holds(value), filter.text);
    }),
  );
});

test('any text is read or refused, and nothing else', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (text) => {
      try {
        parseFilter(text, instanceShape);
      } catch (error) {
        assert.ok(error instanceof Refusal, String(error));
      }
    }),
  );
});
