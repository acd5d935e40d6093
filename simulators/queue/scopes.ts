/** What a caller must hold: one scope, all of some, or any of some. */
export type NeededScopes = string | { allOf: readonly NeededScopes[] } | { anyOf: readonly NeededScopes[] };

/** True if the held scopes satisfy what is needed: a held scope ending in `*` covers everything it is a prefix of (spec/api.md 3.6). */
export function areScopesSatisfied(held: readonly string[], needed: NeededScopes): boolean {
  if (typeof needed === 'string') {
    return held.some((scope) => scope === needed || (scope.endsWith('*') && needed.startsWith(scope.slice(0, -1))));
  }
  return 'allOf' in needed
    ? needed.allOf.every((part) => areScopesSatisfied(held, part))
    : needed.anyOf.some((part) => areScopesSatisfied(held, part));
}
