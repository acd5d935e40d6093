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
    const entries = Object.entries(value).map(([name, inner]) => [
      String(evaluateDeep(name, scope)),
      evaluateDeep(inner, scope),
    ]);
    return Object.fromEntries(entries) as Record<string, unknown>;
  }
  return value;
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
