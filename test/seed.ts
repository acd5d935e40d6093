import { randomInt } from 'node:crypto';
import { configureGlobal } from 'fast-check';

/**
 * The seed of this run: the chance of simulators and of property tests. `npm test -- --seed 42` sets it, each run of
 * `npm test` prints it. Loaded into every test process, so that property tests need not know of it.
 */
export const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31));

if (process.env['SEED'] === undefined) {
  console.log(`seed ${seed} (SEED=${seed} in the environment repeats this run)`);
}

configureGlobal({ seed });
