import { invalidValue, type Refusal } from './refusal.ts';
import { isInShape, type Shape } from './shape.ts';

/** Reads a member of a resource by its path. */
export type Read = (path: readonly string[]) => unknown;

/** Whether a resource passes the filter. */
export type Predicate = (read: Read) => boolean;

type Comparator = '=' | '!=' | '<' | '<=' | '>' | '>=' | ':';

/** More than a filter that people or programs write. */
const mostTokens = 2000;
const tokenForm = /\s*(?:([()])|(!=|<=|>=|[=<>:])|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([^\s()=!<>:"']+))/y;

interface Token {
  kind: 'bracket' | 'comparator' | 'quoted' | 'word';
  text: string;
}

/**
 * Reads the parameter `filter` of lists, in either of its two languages
 * (https://cloud.google.com/compute/docs/reference/rest/v1/instances/list, and https://google.aip.dev/160 for the newer
 * one): comparisons with AND, OR, NOT and brackets, of which OR binds most; or `field eq regular-expression`, one, or
 * several in brackets.
 *
 * A comparison with a member that is not there is false, `!=` too (AIP-160); `label:*` asks whether it is there. `:`
 * with anything but `*` is for lists here, and refused for others, as Google's page does not say what it does. Metadata
 * cannot be asked for, as users found.
 *
 * @param shape of the resource: what it does not have is refused.
 * @throws Refusal
 */
export function parseFilter(text: string, shape: Shape): Predicate {
  const legacy = parseLegacy(text, shape);
  return legacy ?? new Reader(tokensOf(text), text, shape).whole();
}

class Reader {
  readonly #tokens: readonly Token[];
  readonly #text: string;
  readonly #shape: Shape;
  #at = 0;

  constructor(tokens: readonly Token[], text: string, shape: Shape) {
    this.#tokens = tokens;
    this.#text = text;
    this.#shape = shape;
  }

  whole(): Predicate {
    const predicate = this.#expression();
    if (this.#at < this.#tokens.length) {
      throw malformed(this.#text);
    }
    return predicate;
  }

  /** Factors with AND, or nothing, between them. */
  #expression(): Predicate {
    const parts = [this.#factor()];
    while (this.#at < this.#tokens.length && this.#next?.text !== ')') {
      this.#takes('AND');
      parts.push(this.#factor());
    }
    return (read) => parts.every((part) => part(read));
  }

  #factor(): Predicate {
    const parts = [this.#term()];
    while (this.#takes('OR')) {
      parts.push(this.#term());
    }
    return (read) => parts.some((part) => part(read));
  }

  #term(): Predicate {
    if (this.#takes('NOT')) {
      const part = this.#simple();
      return (read) => !part(read);
    }
    return this.#simple();
  }

  #simple(): Predicate {
    if (this.#takes('(')) {
      const inner = this.#expression();
      if (!this.#takes(')')) {
        throw malformed(this.#text);
      }
      return inner;
    }
    return this.#comparison();
  }

  #comparison(): Predicate {
    const [field, comparator, value] = this.#tokens.slice(this.#at, this.#at + 3);
    const isWhole = field?.kind === 'word' && comparator?.kind === 'comparator';
    if (!isWhole || (value?.kind !== 'word' && value?.kind !== 'quoted')) {
      throw malformed(this.#text);
    }
    this.#at += 3;
    const isNegated = field.text.startsWith('-');
    const path = pathIn(isNegated ? field.text.slice(1) : field.text, this.#shape, this.#text);
    const text = value.kind === 'quoted' ? unquoted(value.text) : value.text;
    const compare = comparisonOf(comparator.text as Comparator, text);
    return (read) => compare(read(path)) !== isNegated;
  }

  get #next(): Token | undefined {
    return this.#tokens[this.#at];
  }

  #takes(text: string): boolean {
    const isNext = this.#next?.text === text && this.#next.kind !== 'quoted';
    this.#at += isNext ? 1 : 0;
    return isNext;
  }
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  tokenForm.lastIndex = 0;
  const trimmed = text.trim();
  while (tokenForm.lastIndex < trimmed.length) {
    const [, bracket, comparator, quoted, word] = tokenForm.exec(trimmed) ?? [];
    const token = bracket ?? comparator ?? quoted ?? word;
    if (token === undefined || tokens.length >= mostTokens) {
      throw malformed(text);
    }
    const kind = bracket ? 'bracket' : comparator ? 'comparator' : quoted ? 'quoted' : 'word';
    tokens.push({ kind, text: token });
  }
  return tokens;
}

const legacyForm = /^([\w.-]+)\s+(eq|ne)\s+(?:"([^"]*)"|'([^']*)'|(\S+))$/;

/** The older language; undefined for a text of the newer one. */
function parseLegacy(text: string, shape: Shape): Predicate | undefined {
  const trimmed = text.trim();
  const parts = trimmed.startsWith('(')
    ? [...trimmed.matchAll(/\(([^()]*)\)/g)].map(([, part]) => part ?? '')
    : [trimmed];
  const matches = parts.map((part) => legacyForm.exec(part.trim()));
  if (matches.length === 0 || matches.includes(null)) {
    return undefined;
  }
  const predicates = matches.map((match): Predicate => {
    const [, field = '', operator, double, single, bare = ''] = match ?? [];
    const path = pathIn(field, shape, text);
    const expression = regularExpression(double ?? single ?? bare, text);
    return (read) => {
      const value = read(path);
      return value !== undefined && expression.test(textOf(value)) === (operator === 'eq');
    };
  });
  return (read) => predicates.every((predicate) => predicate(read));
}

function regularExpression(source: string, text: string): RegExp {
  try {
    return new RegExp(`^(?:${source})$`, 'u');
  } catch {
    throw malformed(text);
  }
}

function pathIn(field: string, shape: Shape, text: string): string[] {
  // Keys of labels have no dots.
  const path = field.split('.');
  if (!isInShape(path, shape) || path[0] === 'metadata') {
    throw malformed(text);
  }
  return path;
}

function comparisonOf(comparator: Comparator, text: string): (value: unknown) => boolean {
  switch (comparator) {
    case ':':
      return (value) => has(value, text);
    case '=':
      return (value) => equals(value, text);
    case '!=':
      return (value) => value !== undefined && !equals(value, text);
    default:
      return (value) => value !== undefined && isInOrder(comparator, order(textOf(value), text));
  }
}

function has(value: unknown, text: string): boolean {
  if (text === '*') {
    return value !== undefined;
  }
  if (value !== undefined && !Array.isArray(value)) {
    throw invalidValue('filter', text, 'The simulator knows the operator : for lists, and with * for all.');
  }
  return Array.isArray(value) && value.some((item: unknown) => equals(item, text));
}

/** A star in the text stands for any characters. */
function equals(value: unknown, text: string): boolean {
  if (value === undefined || typeof value === 'object') {
    return false;
  }
  if (!text.includes('*')) {
    return textOf(value) === text;
  }
  const pattern = text.split('*').map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`));
  return new RegExp(`^${pattern.join('.*')}$`, 'su').test(textOf(value));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Numbers by size, times by their instants, all else by its characters. */
function order(value: string, text: string): number {
  const [left, right] = [numberOf(value), numberOf(text)];
  if (!Number.isNaN(left) && !Number.isNaN(right)) {
    return left - right;
  }
  return value < text ? -1 : Number(value > text);
}

function numberOf(text: string): number {
  return /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : NaN;
}

function isInOrder(comparator: '<' | '<=' | '>' | '>=', difference: number): boolean {
  return { '<': difference < 0, '<=': difference <= 0, '>': difference > 0, '>=': difference >= 0 }[comparator];
}

function unquoted(text: string): string {
  return text.slice(1, -1).replaceAll(/\\(.)/gs, '$1');
}

function malformed(text: string): Refusal {
  return invalidValue('filter', text, 'Invalid list filter expression.');
}
