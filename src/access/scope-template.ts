import type { ScopeExpression, ScopeTemplate } from '#core/scope-expression.ts';

/** What placeholders are filled with: strings and numbers in scopes, lists under `for`, booleans under `if`. */
export type ScopeParameters = Readonly<Record<string, unknown>>;

function parameter(name: string, parameters: ScopeParameters): unknown {
  if (!Object.hasOwn(parameters, name)) {
    throw new RangeError(`scopes cannot be rendered without the parameter "${name}"`);
  }
  return parameters[name];
}

function filled(text: string, parameters: ScopeParameters): string {
  return text.replaceAll(/<([^>]*)>/g, (_, name: string) => {
    const value = parameter(name, parameters);
    if (typeof value === 'string') return value;
    if (typeof value === 'number') return String(value);
    throw new RangeError(`the parameter "${name}" of scopes must be a string or a number`);
  });
}

function itemsOf(name: string, parameters: ScopeParameters): readonly unknown[] {
  const items = parameter(name, parameters);
  if (!Array.isArray(items)) throw new RangeError(`the parameter "${name}" of scopes must be a list`);
  return items as readonly unknown[];
}

/** What a template gives: none, one or (under `for`) several expressions. */
function rendered(template: ScopeTemplate, parameters: ScopeParameters): ScopeExpression[] {
  if (typeof template === 'string') return [filled(template, parameters)];
  const all = (parts: readonly ScopeTemplate[]): ScopeExpression[] =>
    parts.flatMap((part) => rendered(part, parameters));
  if ('AllOf' in template) return [{ AllOf: all(template.AllOf) }];
  if ('AnyOf' in template) return [{ AnyOf: all(template.AnyOf) }];
  if ('for' in template) {
    return itemsOf(template.in, parameters).flatMap((item) =>
      rendered(template.each, { ...parameters, [template.for]: item }),
    );
  }
  const condition = parameter(template.if, parameters);
  if (typeof condition !== 'boolean') {
    throw new RangeError(`the parameter "${template.if}" of scopes must be a boolean`);
  }
  const chosen = condition ? template.then : template.else;
  return chosen === undefined ? [] : rendered(chosen, parameters);
}

/**
 * Fills a scope template from the parameters of a request (spec/api.md 3.6).
 * @returns undefined when nothing is left of it: the request is public
 * @throws {RangeError} when a parameter is missing or of the wrong kind, or `for` stands outside `AllOf` and `AnyOf`
 */
export function renderScopes(template: ScopeTemplate, parameters: ScopeParameters): ScopeExpression | undefined {
  if (typeof template !== 'string' && 'for' in template) {
    throw new RangeError('"for" in scopes must stand inside AllOf or AnyOf');
  }
  return rendered(template, parameters)[0];
}
