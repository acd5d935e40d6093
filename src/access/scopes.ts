import type { ScopeExpression } from '#core/scope-expression.ts';

/** What a scope is made of: printable ASCII and space (spec/api.md 3.6). */
export const scopePattern = /^[\x20-\x7e]*$/;

/**
 * Whether one held scope covers a required one: it is equal, or it ends in `*` and the required one begins with what
 * stands before.
 */
function covers(held: string, required: string): boolean {
  return held === required || (held.endsWith('*') && required.startsWith(held.slice(0, -1)));
}

/** Whether held scopes cover a required one. A star at the end of the required one is a letter like any other. */
export function satisfiesScope(held: readonly string[], required: string): boolean {
  return held.some((scope) => covers(scope, required));
}

/**
 * Whether held scopes satisfy an expression. Nothing in `AllOf` is satisfied by everybody, nothing in `AnyOf` by
 * nobody.
 */
export function satisfies(held: readonly string[], expression: ScopeExpression): boolean {
  if (typeof expression === 'string') return satisfiesScope(held, expression);
  return 'AllOf' in expression
    ? expression.AllOf.every((part) => satisfies(held, part))
    : expression.AnyOf.some((part) => satisfies(held, part));
}

/** The only one of several expressions, or all of them under their word. */
function unwrapped(
  parts: readonly ScopeExpression[],
  wrap: (parts: readonly ScopeExpression[]) => ScopeExpression,
): ScopeExpression {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : wrap(parts);
}

/**
 * What is missing for an expression to be satisfied: satisfied parts are gone, and what has one part left is that
 * part (spec/api.md 3.6).
 * @returns undefined when nothing is missing
 */
export function missingScopes(held: readonly string[], expression: ScopeExpression): ScopeExpression | undefined {
  if (satisfies(held, expression)) return undefined;
  if (typeof expression === 'string') return expression;
  const isAllOf = 'AllOf' in expression;
  const parts = isAllOf ? expression.AllOf : expression.AnyOf;
  const missing = parts.flatMap((part) => missingScopes(held, part) ?? []);
  return unwrapped(missing, (rest) => (isAllOf ? { AllOf: rest } : { AnyOf: rest }));
}

/** The required scopes that an expression found satisfied; of `AnyOf` every part that is satisfied as a whole. */
function satisfiedStrings(held: readonly string[], expression: ScopeExpression): string[] {
  if (!satisfies(held, expression)) return [];
  if (typeof expression === 'string') return [expression];
  const parts = 'AllOf' in expression ? expression.AllOf : expression.AnyOf;
  return parts.flatMap((part) => satisfiedStrings(held, part));
}

/** Orders scopes so that `x*` comes directly before all that it covers. */
function sortKey(scope: string): string {
  return scope.endsWith('*') ? `${scope.slice(0, -1)}\u0000` : `${scope}\u0001`;
}

/** Scopes in order, without repeats and without those that another one covers. */
export function normalizedScopes(scopes: readonly string[]): string[] {
  const sorted = scopes
    .map((scope) => ({ scope, key: sortKey(scope) }))
    .toSorted((left, right) => (left.key < right.key ? -1 : Number(left.key > right.key)));
  const kept: string[] = [];
  let broadest: string | undefined;
  for (const { scope } of sorted) {
    if (broadest !== undefined && covers(broadest, scope)) continue;
    kept.push(scope);
    broadest = scope;
  }
  return kept;
}

/** The scopes that let a request through, for the access log (spec/api.md 3.6). */
export function satisfyingScopes(held: readonly string[], expression: ScopeExpression): readonly string[] {
  return normalizedScopes(satisfiedStrings(held, expression));
}

function printed(expression: ScopeExpression): string {
  const text = typeof expression === 'string' ? expression : JSON.stringify(expression, null, 2);
  return `\`\`\`\n${text}\n\`\`\``;
}

/**
 * The text of a 403 (spec/api.md 2.4).
 * @param clientId the caller, or undefined when it gave no credentials; then it is not told what exactly is missing
 */
export function insufficientScopesText(
  clientId: string | undefined,
  held: readonly string[],
  required: ScopeExpression,
): string {
  const needs = `This request needs the scopes:\n\n${printed(required)}`;
  const missing = missingScopes(held, required);
  if (clientId === undefined || missing === undefined) return needs;
  return `Client \`${clientId}\` does not have the scopes that this request needs. It lacks:\n\n${printed(missing)}\n\n${needs}`;
}
