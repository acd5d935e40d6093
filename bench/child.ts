import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** What a process answers: asynchronous functions by name. */
type Calls<Self> = { [Name in keyof Self]: (...args: never[]) => Promise<unknown> };

interface Question {
  id: number;
  name: string;
  args: readonly unknown[];
}

interface Answer {
  id: number;
  value?: unknown;
  /** The stack of what was thrown. */
  error?: string;
}

/** A child process with a script of ours, asked over the channel between the two. It ends with us. */
export class Child<Self extends Calls<Self>> {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #lastId = 0;

  /**
   * @param script its absolute path or URL
   * @param nodeOptions e.g. `--cpu-prof`
   */
  constructor(script: URL, nodeOptions: readonly string[] = []) {
    this.#process = fork(script, {
      serialization: 'advanced',
      execArgv: [...nodeOptions],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#process.on('message', (message) => this.#settle(message as Answer));
    this.#process.on('exit', (code, signal) => this.#abandon(`${script.pathname} ended (${signal ?? code ?? ''})`));
  }

  /** Calls one of its functions. @throws what the function throws, as text. */
  async call<Name extends keyof Self & string>(
    name: Name,
    ...args: Parameters<Self[Name]>
  ): Promise<Awaited<ReturnType<Self[Name]>>> {
    const id = (this.#lastId += 1);
    const reply = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#process.send({ id, name, args } satisfies Question);
    return (await reply) as Awaited<ReturnType<Self[Name]>>;
  }

  /** Lets it end what it has under way, and waits until it is gone. */
  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, 'exit');
    if (this.#process.connected) this.#process.disconnect();
    await gone;
  }

  #settle({ id, value, error }: Answer): void {
    const waiter = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiter?.resolve(value);
    else waiter?.reject(new Error(error));
  }

  #abandon(why: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(why));
    this.#waiting.clear();
  }
}

/**
 * In a child: answers calls with these functions until the parent is gone, then ends.
 * @param end what has to be done before the end
 */
export function serve<Self extends Calls<Self>>(calls: Self, end: () => Promise<void>): void {
  const known = new Map(Object.entries<Calls<Self>[keyof Self]>(calls));
  process.on('message', (message) => {
    const { id, name, args } = message as Question;
    const call = known.get(name);
    const outcome = call === undefined ? Promise.reject(new Error(`no call ${name}`)) : call(...(args as never[]));
    outcome.then(
      (value) => answer({ id, value }),
      (error: unknown) =>
        answer({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  // A Ctrl-C reaches the parent too, which ends its children in order.
  process.on('SIGINT', () => undefined);
  process.once('disconnect', () => {
    end().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        process.exit(1);
      },
    );
  });
}

function answer(message: Answer): void {
  // A parent that has just gone is no trouble of ours: the end follows.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}
