import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { systemClock } from '#lib/clock.ts';
import { withDeadline } from '#lib/deadline.ts';

const run = promisify(execFile);

/**
 * The scripts of Debian's package `rabbitmq-server`. Those in /usr/sbin only pass on to them, as user `rabbitmq`; these run as
 * anybody, root included, on whatever place and ports their environment names.
 */
const scripts = '/usr/lib/rabbitmq/bin';
/** The name server that every Erlang node registers with. */
const epmd = '/usr/bin/epmd';
const setpriv = '/usr/bin/setpriv';

/** As `skip` of a test takes it: why there can be no broker here, or false where there can be one. */
export const noRabbitmq: string | false =
  existsSync(join(scripts, 'rabbitmq-server')) && existsSync(epmd)
    ? false
    : 'needs RabbitMQ (apt-get install --no-install-recommends rabbitmq-server), which is not installed here';

/** Creating its database takes the first start some 6 s on an idle machine, and much more on a busy one. */
const startLimitMs = 120_000;

/** A RabbitMQ of its own: data, ports, name server. Listens on the loopback interface only. */
export interface TestBroker {
  /** How clients reach it. */
  readonly address: { hostname: string; port: number; username: string; password: string; vhost: string };
  /** Ends it as a loss of power would (kill -9) and resolves when it is gone. What it has confirmed stays on disk. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, on the same data and ports; resolves when it takes connections. */
  start(): Promise<void>;
  /** Stops it in its tracks: it keeps its connections and answers nobody until `resume`. */
  pause(): void;
  resume(): void;
  /** Runs `rabbitmqctl` on it, e.g. `control('set_vm_memory_high_watermark', '0')`. */
  control(...args: string[]): Promise<string>;
  /** Ends it with all that belongs to it. */
  stop(): Promise<void>;
}

/**
 * Starts a broker. It does not outlive this process, however that ends, where util-linux' setpriv is installed.
 * @throws {Error} with its last words when it does not come up; then nothing is left.
 */
export async function startRabbitmq(): Promise<TestBroker> {
  const home = await mkdtemp(join(tmpdir(), 'test-rabbitmq-'));
  await writeFile(join(home, 'enabled_plugins'), '[].');
  const [port = 0, distributionPort = 0, epmdPort = 0] = await freePorts(3);
  const env = environment(home, { port, distributionPort, epmdPort });
  const names = spawnWithUs(epmd, ['-port', String(epmdPort), '-address', '127.0.0.1'], env);
  let server: ChildProcess | undefined;
  const broker: TestBroker = {
    address: { hostname: '127.0.0.1', port, username: 'guest', password: 'guest', vhost: '/' },
    async start() {
      server = spawnWithUs(join(scripts, 'rabbitmq-server'), [], env);
      await startedUp(server);
    },
    async kill() {
      if (server !== undefined) await killed(server);
    },
    pause: () => void server?.kill('SIGSTOP'),
    resume: () => void server?.kill('SIGCONT'),
    async control(...args) {
      return (await run(join(scripts, 'rabbitmqctl'), ['--quiet', ...args], { env, cwd: home })).stdout;
    },
    async stop() {
      await broker.kill();
      await killed(names);
      await rm(home, { recursive: true, force: true });
    },
  };
  try {
    await broker.start();
    return broker;
  } catch (error) {
    await broker.stop();
    throw error;
  }
}

/** Everything that would otherwise be found at a place shared by the whole machine. */
function environment(
  home: string,
  { port, distributionPort, epmdPort }: Record<'port' | 'distributionPort' | 'epmdPort', number>,
): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    LANG: 'C.UTF-8',
    HOME: home,
    RABBITMQ_NODENAME: `test-${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_MNESIA_BASE: join(home, 'mnesia'),
    RABBITMQ_LOG_BASE: join(home, 'log'),
    RABBITMQ_CONFIG_FILE: join(home, 'rabbitmq'),
    RABBITMQ_CONF_ENV_FILE: join(home, 'environment'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(home, 'enabled_plugins'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    // Lets the script become the broker instead of its parent, so that a signal to our child reaches it.
    RUNNING_UNDER_SYSTEMD: 'true',
  };
}

/** Has the kernel end the child when we die. */
function spawnWithUs(program: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const command = [program, ...args];
  const [file = program, ...rest] = existsSync(setpriv) ? [setpriv, '--pdeathsig', 'KILL', '--', ...command] : command;
  return spawn(file, rest, { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Resolves when the broker says that it is up. */
async function startedUp(server: ChildProcess): Promise<void> {
  const { promise: up, resolve, reject } = Promise.withResolvers<void>();
  const lastLines: string[] = [];
  for (const output of [server.stdout, server.stderr]) {
    if (output === null) continue;
    createInterface(output).on('line', (line) => {
      lastLines.push(line);
      lastLines.splice(0, lastLines.length - 20);
      if (/Starting broker\.\.\. completed/.test(line)) resolve();
    });
  }
  server.once('error', reject);
  server.once('close', () => reject(new Error(`RabbitMQ does not start: ${lastLines.join('\n')}`)));
  try {
    await withDeadline({ clock: systemClock, limitMs: startLimitMs }, () => up);
  } catch (error) {
    await killed(server);
    throw new Error(`RabbitMQ does not start: ${lastLines.join('\n')}`, { cause: error });
  }
}

/**
 * Ports of the loopback interface that nobody listens on now, below those that Linux gives to outgoing connections: they are still free
 * when the broker is started again.
 */
async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(15_000, 32_000);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listening = new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  const isOurs = await listening;
  await new Promise((resolve) => server.close(resolve));
  return isOurs;
}
