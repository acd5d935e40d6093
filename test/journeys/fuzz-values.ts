import fc from 'fast-check';

/** Stands where secrets are sent; nothing may show it again. It has the form of a static worker's secret. */
export const hushed = `hush${'h'.repeat(40)}`;

/** What is usual, and now and then something else. */
export function mostly<T, U>(usual: fc.Arbitrary<T>, other: fc.Arbitrary<U>, usualWeight = 6): fc.Arbitrary<T | U> {
  return fc.oneof({ weight: usualWeight, arbitrary: usual }, { weight: 1, arbitrary: other });
}

/** Texts that somewhere mean something else, or nothing. */
export const oddText: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      '',
      ' ',
      '\0',
      'a\0b',
      '\ud800',
      'x\udfff',
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      '../..',
      '%',
      '%00',
      "';--",
      '${a}',
      '<script>',
      '\u2028',
      '\u202e\u0627',
      '\ufeff',
      '👩‍🚀',
      '<workerPoolId>',
      '*',
      'x'.repeat(300),
      'é'.repeat(5_000),
      '9'.repeat(50),
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
);

const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

/** JSON values that are seldom meant. */
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  oddText,
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    -0,
    0,
    1.5,
    2 ** 31,
    2 ** 53,
    1e300,
    5e-324,
    [],
    {},
    [[]],
    { a: null },
    Array.from({ length: 200 }, () => ({ a: 1 })),
    nested(90),
    nested(150),
    Object.fromEntries([['__proto__', { isAdmin: true }]]),
    { constructor: { prototype: { isAdmin: true } } },
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Instants in every form that is read, and in some that are not. */
export const instant: fc.Arbitrary<string> = mostly(
  fc.constantFrom(
    '2027-05-01T00:00:00Z',
    '2027-05-01t00:00:00.123456z',
    '2027-05-01 00:00:00+02:00',
    '2027-05-01T00:00:00',
    '2020-01-01T00:00:00Z',
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:60Z',
  ),
  fc.constantFrom('0000-01-01T00:00:00+01:00', '2027-02-30T00:00:00Z', '2027-05-01', '+012027-05-01T00:00:00Z', 'now'),
);

/** A change of one place in a JSON value. */
interface Change {
  /** Which place, counted through all of them. */
  at: number;
  deed: 'replace' | 'remove' | 'add' | 'rename';
  name: string;
  value: unknown;
}

const changes: fc.Arbitrary<readonly Change[]> = mostly(
  fc.constant([]),
  fc.array(
    fc.record({
      at: fc.nat(),
      deed: fc.constantFrom<Change['deed'][]>('replace', 'remove', 'add', 'rename'),
      name: oddText,
      value: oddValue,
    }),
    { minLength: 1, maxLength: 3 },
  ),
  1,
);

/** Values of which half have one to three odd places. */
export function nearly(valid: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.tuple(valid, changes).map(([value, list]) => list.reduce(changed, value));
}

function changed(value: unknown, change: Change): unknown {
  const at = { left: change.at % placesOf(value) };
  return rebuilt(value, at, change);
}

function placesOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce((sum: number, member) => sum + placesOf(member), 1);
}

/** The value anew, with the change at the place that is `at.left` places away. */
function rebuilt(value: unknown, at: { left: number }, change: Change): unknown {
  if (at.left-- === 0) return change.deed === 'add' ? withMore(value, change) : change.value;
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).flatMap(([name, member]): [string, unknown][] => {
    const isHere = at.left === 0;
    const anew = rebuilt(member, at, change);
    if (!isHere || change.deed === 'add' || change.deed === 'replace') return [[name, anew]];
    return change.deed === 'remove' ? [] : [[change.name, member]];
  });
  return Array.isArray(value) ? members.map(([, member]) => member) : Object.fromEntries(members);
}

function withMore(value: unknown, { name, value: more }: Change): unknown {
  if (Array.isArray(value)) return [...(value as unknown[]), more];
  return typeof value === 'object' ? Object.fromEntries([...Object.entries(value ?? {}), [name, more]]) : more;
}
