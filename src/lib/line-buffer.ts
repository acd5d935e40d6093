/** Something that takes text, such as `process.stdout`. */
interface Output {
  write(text: string): unknown;
}

/**
 * Lines that leave together: all that are written in one turn of the event loop are one write, since a write of its own for each costs a server as much
 * as the rest of an answer. Nothing stays behind a turn; `flush` before the process ends sees to the last one.
 */
export class LineBuffer {
  readonly #output: Output;
  #lines: string[] = [];

  constructor(output: Output) {
    this.#output = output;
  }

  write(line: string): void {
    if (this.#lines.push(line) === 1) setImmediate(() => this.flush());
  }

  /** Writes what has come in. */
  flush(): void {
    if (this.#lines.length === 0) return;
    const text = this.#lines.join('');
    this.#lines = [];
    this.#output.write(text);
  }
}
