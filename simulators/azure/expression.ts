import { TemplateProblem } from './template-problem.ts';

/** An expression of the template language. */
export type Expression =
  | { kind: 'literal'; value: string | number }
  | { kind: 'call'; name: string; args: readonly Expression[] }
  | { kind: 'member'; of: Expression; name: Expression; isSafe: boolean };

const tokenForm = /\s*(?:('(?:[^']|'')*')|(-?\d+)|([A-Za-z_][\w]*)|(\.\?|\[\?|[()[\].,]))/y;

/**
 * Whether a text of a template is an expression: it stands in brackets; one that begins with two of them is a text that
 * begins with one (https://learn.microsoft.com/azure/azure-resource-manager/templates/template-expressions).
 */
export function isExpression(text: string): boolean {
  return text.startsWith('[') && text.endsWith(']') && !text.startsWith('[[');
}

/** The text that a text of a template stands for, if it is no expression. */
export function literalText(text: string): string {
  return text.startsWith('[[') ? text.slice(1) : text;
}

/**
 * Parses what stands in the brackets.
 *
 * @throws TemplateProblem that says where it is wrong.
 */
export function parseExpression(text: string): Expression {
  const parser = new Parser(text.slice(1, -1));
  return parser.whole();
}

class Parser {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Expression {
    const expression = this.#expression();
    if (this.#text.slice(this.#position).trim() !== '') {
      throw this.#problem('expected the end of the expression');
    }
    return expression;
  }

  #expression(): Expression {
    let expression = this.#primary();
    for (;;) {
      if (this.#takeIf('.') || this.#takeIf('.?')) {
        const isSafe = this.#text.charAt(this.#position - 1) === '?';
        expression = { kind: 'member', of: expression, name: { kind: 'literal', value: this.#identifier() }, isSafe };
      } else if (this.#takeIf('[') || this.#takeIf('[?')) {
        const isSafe = this.#text.charAt(this.#position - 1) === '?';
        const name = this.#expression();
        this.#expect(']');
        expression = { kind: 'member', of: expression, name, isSafe };
      } else {
        return expression;
      }
    }
  }

  #primary(): Expression {
    const [, text, number, name] = this.#next() ?? [];
    if (text !== undefined) {
      return { kind: 'literal', value: text.slice(1, -1).replaceAll("''", "'") };
    }
    if (number !== undefined) {
      return { kind: 'literal', value: Number(number) };
    }
    if (name === undefined) {
      throw this.#problem('expected a text, a number or a function');
    }
    this.#expect('(');
    return { kind: 'call', name, args: this.#args() };
  }

  #args(): Expression[] {
    const args: Expression[] = [];
    if (this.#takeIf(')')) {
      return args;
    }
    do {
      args.push(this.#expression());
    } while (this.#takeIf(','));
    this.#expect(')');
    return args;
  }

  #identifier(): string {
    const name = this.#next()?.[3];
    if (name === undefined) {
      throw this.#problem('expected a name');
    }
    return name;
  }

  #next(): RegExpExecArray | null {
    tokenForm.lastIndex = this.#position;
    const match = tokenForm.exec(this.#text);
    this.#position = match === null ? this.#position : tokenForm.lastIndex;
    return match;
  }

  #takeIf(sign: string): boolean {
    const before = this.#position;
    const isThere = this.#next()?.[4] === sign;
    this.#position = isThere ? this.#position : before;
    return isThere;
  }

  #expect(sign: string): void {
    if (!this.#takeIf(sign)) {
      throw this.#problem(`expected '${sign}'`);
    }
  }

  #problem(why: string): TemplateProblem {
    return new TemplateProblem(
      `Unable to parse language expression '${this.#text}': ${why} at position '${this.#position}'.`,
    );
  }
}
