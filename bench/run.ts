import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { aboutThisMachine } from './machine.ts';
import { measurementText, reportMarkdown, verdictText } from './report.ts';
import type { Measurement } from './report.ts';
import { Rig } from './rig.ts';
import type { Scenario, ScenarioOptions } from './scenario.ts';
import { api } from './scenarios/api.ts';
import { azure } from './scenarios/azure.ts';
import { coldStart } from './scenarios/cold-start.ts';
import { idle } from './scenarios/idle.ts';
import { memory } from './scenarios/memory.ts';
import { observe } from './scenarios/observe.ts';
import { registrationStorm } from './scenarios/registration-storm.ts';
import { remove } from './scenarios/remove.ts';

const scenarios: readonly Scenario[] = [observe, coldStart, remove, api, registrationStorm, memory, idle, azure];
const resultsFile = new URL('results.md', import.meta.url);

const usage = `Usage: npm run bench -- [scenario…] [--sizes 1000,10000] [--json] [--profile DIRECTORY]

${scenarios.map(({ name, summary }) => `  ${name.padEnd(20)} ${summary}`).join('\n')}

Without scenarios and sizes everything is measured, and the result is kept in bench/results.md.
--profile leaves a CPU profile of each service process in a directory.`;

interface Wish extends ScenarioOptions {
  chosen: readonly Scenario[];
  isJson: boolean;
  isFull: boolean;
}

function refuse(why: string): never {
  process.stderr.write(`${why}\n\n${usage}\n`);
  process.exit(1);
}

function readArguments() {
  const options = {
    sizes: { type: 'string' },
    json: { type: 'boolean' },
    profile: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function readWish(): Wish {
  const { values, positionals } = readArguments();
  if (values.help === true) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  const unknown = positionals.find((name) => scenarios.every((scenario) => scenario.name !== name));
  if (unknown !== undefined) refuse(`there is no scenario ${unknown}`);
  const sizes = (values.sizes ?? '')
    .split(',')
    .filter((text) => text !== '')
    .map(Number);
  if (!sizes.every((size) => Number.isInteger(size) && size > 0))
    refuse('--sizes takes whole numbers, e.g. 1000,10000');
  return {
    chosen: positionals.length === 0 ? scenarios : scenarios.filter(({ name }) => positionals.includes(name)),
    sizes,
    isJson: values.json === true,
    isFull: positionals.length === 0 && sizes.length === 0,
    nodeOptions: values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`],
  };
}

async function main(): Promise<void> {
  const { chosen, isJson, isFull, ...options } = readWish();
  const about = aboutThisMachine();
  if (!isJson) process.stdout.write(`${about.join('\n')}\n`);
  const measurements: Measurement[] = [];
  for (const scenario of chosen) {
    for await (const measurement of scenario.run(options)) {
      measurements.push(measurement);
      if (!isJson) process.stdout.write(`\n${measurementText(measurement)}\n`);
    }
  }
  if (isFull) await writeFile(resultsFile, reportMarkdown(measurements, about));
  if (isJson) process.stdout.write(`${JSON.stringify({ about, measurements }, null, 2)}\n`);
  else process.stdout.write(`\n${verdictText(measurements)}\n`);
}

/** Ends what is under way, children and database too. */
async function stop(signal: NodeJS.Signals): Promise<void> {
  process.once(signal, () => process.exit(1));
  isStopped = true;
  await Rig.endAll();
  process.exit(1);
}

let isStopped = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop(signal));
try {
  await main();
  process.exit(0);
} catch (error) {
  // Whatever breaks while everything is ended is broken by that.
  if (!isStopped) throw error;
}
