import { parseArgs } from 'node:util';
import { systemClock } from '#lib/clock.ts';
import { LineBuffer } from '#lib/line-buffer.ts';
import { ConfigError, hasConfiguration, loadConfig } from './config.ts';
import { jobNamed } from './jobs.ts';
import type { Job } from './jobs.ts';
import { processesNamed } from './processes.ts';
import { createService } from './service.ts';
import type { Service } from './service.ts';

const usage = `Usage: npm start -- [--config FILE] [all | server | provisioner | scanner | expire-workers | expire-worker-pools | expire-launch-configs | expire-errors]…

Without configuration (no --config, no settings in the environment, no words) everything is shown on simulated clouds.`;
const seeHelp = 'npm start -- --help shows what there is';

/** A little more than the longest stop that is in order: what still hangs then is left to its leases. */
const stopLimitMs = 10_000;

/** Says what is wrong, a line each, and ends. */
function refuse(lines: readonly string[]): never {
  for (const line of lines) process.stderr.write(`worker-manager: ${line}\n`);
  process.exit(1);
}

/** The lines of an error that is for the operator; anything else is a defect and shows where it happened. */
function linesOf(error: unknown): readonly string[] {
  if (error instanceof ConfigError) return error.problems;
  if (!(error instanceof Error)) return [String(error)];
  const isForOperators = error.name === 'StartError' || error.name === 'ProvidersMisconfigured';
  return (isForOperators ? error.message : (error.stack ?? error.message)).split('\n');
}

function readArguments(): { words: string[]; config: string | null } {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { config: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help === true) {
      process.stdout.write(`${usage}\n`);
      process.exit(0);
    }
    return { words: positionals, config: values.config ?? null };
  } catch (error) {
    const [what = ''] = String(error instanceof Error ? error.message : error).split('\n', 1);
    return refuse([`${what} (${seeHelp})`]);
  }
}

/** Runs until told to stop; a second signal does not wait, and neither does a stop that takes too long. */
async function untilStopped(stop: () => Promise<void>): Promise<void> {
  const signal = await new Promise<string>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve(name));
  });
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(1));
  process.stderr.write(`worker-manager: ${signal}: stopping\n`);
  const late = systemClock
    .sleep(stopLimitMs)
    .then(() => refuse(['something does not end in time and is left as it is']));
  await Promise.race([stop(), late]);
}

async function runJob(service: Service, job: Job): Promise<void> {
  try {
    await job(service.loops);
  } finally {
    await service.stop();
  }
}

async function main(): Promise<void> {
  if (Number(process.versions.node.split('.', 1)[0]) < 24) {
    refuse([`Node ${process.versions.node} is too old; run it by npm (npm start), which brings its own`]);
  }
  const { words, config: file } = readArguments();
  const [word = ''] = words;
  const job = words.length === 1 ? jobNamed(word) : null;
  const { processes, unknown } = processesNamed(words);
  if (job === null && unknown.length > 0) refuse([`there is no process ${unknown.join(', ')} (${seeHelp})`]);

  if (file === null && words.length === 0 && !hasConfiguration()) {
    const { startDemo } = await import('#demo/start.ts');
    const demo = await startDemo();
    return untilStopped(() => demo.stop());
  }
  const config = loadConfig(file);
  const lines = new LineBuffer(process.stdout);
  process.on('exit', () => lines.flush());
  if (job !== null) return runJob(await createService(config, { processes: new Set(), lines }), job);
  const service = await createService(config, { processes, lines });
  const where = service.url === null ? '' : `; listening on ${service.url}`;
  process.stderr.write(`worker-manager: started ${[...processes].join(', ')}${where}\n`);
  return untilStopped(() => service.stop());
}

main().then(
  () => process.exit(0),
  (error: unknown) => refuse(linesOf(error)),
);
