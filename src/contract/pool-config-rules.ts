import type { JsonObject, JsonValue } from '#core/json.ts';
import { poolLimits } from '#core/pool.ts';

/**
 * The largest capacity, and the longest time in seconds, that is counted with: the database's whole numbers end
 * there.
 */
const largestNumber = 2_147_483_647;

const limitNames = ['minCapacity', 'maxCapacity'];
const timeoutNames = ['registrationTimeout', 'reregistrationTimeout', 'queueInactivityTimeout'];
const capacityNames = ['capacityPerInstance', 'maxCapacity'];

interface Place {
  readonly path: string;
  readonly value: number;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Those of the named members that are numbers, with their paths. */
function numbersIn(object: JsonValue | undefined, path: string, names: readonly string[]): Place[] {
  if (!isObject(object)) return [];
  return names.flatMap((name) => {
    const value = object[name];
    return typeof value === 'number' ? [{ path: `${path}/${name}`, value }] : [];
  });
}

function launchConfigNumbers(config: JsonObject): Place[] {
  const { launchConfigs } = config;
  const list: readonly JsonValue[] = Array.isArray(launchConfigs) ? launchConfigs : [];
  return list.filter(isObject).flatMap((launchConfig, index) => {
    const path = `data/launchConfigs/${index}`;
    const inManager = numbersIn(launchConfig['workerManager'], `${path}/workerManager`, capacityNames);
    return [...numbersIn(launchConfig, path, capacityNames), ...inManager];
  });
}

function problemsOf(config: JsonObject): string[] {
  const { minCapacity, maxCapacity } = poolLimits(config);
  const timeouts = numbersIn(config['lifecycle'], 'data/lifecycle', timeoutNames);
  const numbers = [...numbersIn(config, 'data', limitNames), ...timeouts, ...launchConfigNumbers(config)];
  const tooLarge = numbers.filter(({ value }) => value > largestNumber);
  const notPositive = timeouts.filter(({ value }) => value <= 0);
  return [
    ...tooLarge.map(({ path }) => `${path} must be <= ${largestNumber}`),
    ...notPositive.map(({ path, value }) => `${path} must be > 0, not ${value}`),
    ...(minCapacity > maxCapacity
      ? [`data/minCapacity must be <= maxCapacity, but ${minCapacity} is above ${maxCapacity}`]
      : []),
  ];
}

/**
 * What is wrong with a new config although it matches its schema (W23): a minimum above the maximum, time-outs that
 * are not positive, numbers that nobody can count with. What the pool's stored config says already, with the same
 * values, is tolerated, so that an old pool can still be changed elsewhere.
 * @param providerType the type whose schema the config has passed; `null` takes anything
 * @param stored the pool's present config, if there is one
 * @returns one text per problem, beginning with its place as in a schema violation; empty when all is well
 */
export function poolConfigProblems(providerType: string, config: JsonObject, stored?: JsonObject): readonly string[] {
  if (providerType === 'null') return [];
  const tolerated = new Set(stored === undefined ? [] : problemsOf(stored));
  return problemsOf(config).filter((problem) => !tolerated.has(problem));
}
