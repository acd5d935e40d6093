import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';

/*
 * Runs the tests: `npm test`, `npm test -- --seed 42`, `npm test -- src/core/estimate.test.ts --test-name-pattern=weight`.
 * What starts with a dash goes to node's test runner (with its value after `=`), all else names files, instead of all.
 */

const allTests = ['src', 'simulators', 'demo', 'bench', 'test', 'scripts'].map((folder) => `${folder}/**/*.test.ts`);

// Each test file is a process of its own that loads much of the same: compiled once, it starts in three quarters of the time.
const compileCache = 'node_modules/.cache/compiled';

const { seed, flags, files } = readArguments(process.argv.slice(2));
console.log(`seed ${seed} (npm test -- --seed ${seed} repeats this run)`);

const runner = spawn(
  process.execPath,
  [
    '--import=./test/seed.ts',
    '--test',
    '--test-global-setup=test/global-setup.ts',
    `--test-concurrency=${availableParallelism()}`,
    '--test-timeout=300000',
    ...flags,
    ...(files.length > 0 ? files : allTests),
  ],
  { stdio: 'inherit', env: { NODE_COMPILE_CACHE: compileCache, ...process.env, SEED: String(seed) } },
);
// A Ctrl-C reaches the runner by itself; we only wait for it to tidy up. What is sent to us alone is passed on.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => runner.kill('SIGTERM'));
runner.on('exit', (code) => {
  process.exitCode = code ?? 1;
});

function readArguments(args: readonly string[]): { seed: number; flags: string[]; files: string[] } {
  const rest = [...args];
  const at = rest.findIndex((arg) => arg === '--seed' || arg.startsWith('--seed='));
  let chosenSeed = randomInt(2 ** 31);
  if (at >= 0) {
    const [option = '', value = ''] = rest.splice(at, rest[at] === '--seed' ? 2 : 1);
    const text = option.includes('=') ? option.slice(option.indexOf('=') + 1) : value;
    if (!/^\d+$/.test(text)) {
      console.error(`--seed takes a whole number, not ${JSON.stringify(text)}`);
      process.exit(1);
    }
    chosenSeed = Number(text);
  }
  return {
    seed: chosenSeed,
    flags: rest.filter((arg) => arg.startsWith('-')),
    files: rest.filter((arg) => !arg.startsWith('-')),
  };
}
