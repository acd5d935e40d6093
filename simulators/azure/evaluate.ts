import { isRecord } from '#simulators/worker/json.ts';
import { isExpression, literalText, parseExpression, type Expression } from './expression.ts';
import { pureFunctions } from './template-functions.ts';
import { TemplateProblem } from './template-problem.ts';

/** Stands for a value that only a running deployment knows: whatever is made from it is unknown too. */
export const unknown: unique symbol = Symbol('unknown until the deployment runs');

/** The functions of a template that depend on where and for whom it is evaluated, by their names in lower case. */
export type Scope = ReadonlyMap<string, (args: readonly unknown[]) => unknown>;

/**
 * A value of a template with all its expressions evaluated, in the keys of objects too.
 *
 * @throws TemplateProblem for expressions that cannot be parsed, unknown functions, and arguments that do not fit.
 */
export function evaluateDeep(value: unknown, scope: Scope): unknown {
  if (typeof value === 'string') {
    return isExpression(value) ? evaluate(parseExpression(value), scope) : literalText(value);
  }
  if (Array.isArray(value)) {
    return value.map((item) => evaluateDeep(item, scope));
  }
  if (isRecord(value)) {
    const { copy, ...others } = value;
    const loops = Array.isArray(copy) ? copy.filter(isRecord) : [];
    const plain = loops.length > 0 ? others : value;
    const entries = Object.entries(plain).map(([name, inner]) => [
      String(evaluateDeep(name, scope)),
      evaluateDeep(inner, scope),
    ]);
    return Object.fromEntries([...entries, ...loops.map((loop) => evaluateLoop(loop, scope))]) as Record<
      string,
      unknown
    >;
  }
  return value;
}

/** A property that is a list of what its `input` gives in each round. */
function evaluateLoop(loop: Record<string, unknown>, scope: Scope): [name: string, values: unknown[]] {
  const name = String(loop['name']);
  const rounds = Array.from({ length: countOf(loop, scope) }, (_unused, index) => index);
  return [name, rounds.map((index) => evaluateDeep(loop['input'], inRound(scope, name, index)))];
}

/** How often a loop goes round. @throws TemplateProblem where that is no number from 0 to 800. */
export function countOf(loop: Record<string, unknown>, scope: Scope): number {
  const count = evaluateDeep(loop['count'], scope);
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 0 || count > 800) {
    throw new TemplateProblem(`The copy count of loop '${String(loop['name'])}' must be an integer from 0 to 800.`);
  }
  return count;
}

/** The scope of one round of a loop: `copyIndex()`, with a loop's name and an offset, both of which may be left out. */
export function inRound(scope: Scope, loop: string, index: number): Scope {
  const outer = scope.get('copyindex');
  const copyIndex = ([first, second]: readonly unknown[]): unknown => {
    if (typeof first === 'string' && first !== loop) {
      return outer === undefined ? unknown : outer([first, second]);
    }
    const offset = typeof first === 'string' ? second : first;
    return index + (typeof offset === 'number' ? offset : 0);
  };
  return new Map([...scope, ['copyindex', copyIndex]]);
}

/** Whether anything in a value is unknown. */
export function hasUnknown(value: unknown): boolean {
  if (Array.isArray(value)) {
    return value.some(hasUnknown);
  }
  return value === unknown || (isRecord(value) && Object.values(value).some(hasUnknown));
}

function evaluate(expression: Expression, scope: Scope): unknown {
  if (expression.kind === 'literal') {
    return expression.value;
  }
  if (expression.kind === 'member') {
    const of = evaluate(expression.of, scope);
    return of === unknown ? unknown : memberOf(of, evaluate(expression.name, scope), expression.isSafe);
  }
  return call(expression.name, expression.args, scope);
}

function call(name: string, args: readonly Expression[], scope: Scope): unknown {
  const key = name.toLowerCase();
  if (key === 'if') {
    return choose(args, scope);
  }
  const scoped = scope.get(key);
  const values = args.map((arg) => evaluate(arg, scope));
  if (values.some(hasUnknown)) {
    return unknown;
  }
  if (scoped !== undefined) {
    return scoped(values);
  }
  const pure = pureFunctions.get(key);
  if (pure === undefined) {
    throw new TemplateProblem(`The template function '${name}' is not valid.`);
  }
  return pure(values);
}

/** Only the branch that is taken is evaluated. */
function choose([condition, then, otherwise]: readonly Expression[], scope: Scope): unknown {
  if (condition === undefined || then === undefined || otherwise === undefined) {
    throw new TemplateProblem("The template language function 'if' expects three arguments.");
  }
  const is = evaluate(condition, scope);
  if (is === unknown) {
    return unknown;
  }
  if (typeof is !== 'boolean') {
    throw new TemplateProblem("The template language function 'if' expects its first argument to be a boolean.");
  }
  return evaluate(is ? then : otherwise, scope);
}

function memberOf(of: unknown, name: unknown, isSafe: boolean): unknown {
  const found = Array.isArray(of) && typeof name === 'number' ? (of as unknown[])[name] : namedMember(of, String(name));
  if (found !== undefined) {
    return found;
  }
  if (isSafe) {
    return null;
  }
  if (Array.isArray(of)) {
    throw new TemplateProblem(`The language expression property array index '${String(name)}' is out of bounds.`);
  }
  const known = isRecord(of) ? `, available properties are '${Object.keys(of).join(', ')}'` : '';
  throw new TemplateProblem(`The language expression property '${String(name)}' doesn't exist${known}.`);
}

/** Names of members are the same however they are capitalized, but the exact one goes first. */
function namedMember(of: unknown, name: string): unknown {
  if (!isRecord(of)) {
    return undefined;
  }
  const like = (known: string): boolean => known.toLowerCase() === name.toLowerCase();
  return Object.hasOwn(of, name) ? of[name] : Object.entries(of).find(([known]) => like(known))?.[1];
}
