/**
 * A set of scopes that a caller must have (spec/api.md 3.6). Nothing in `AllOf` is satisfied by everybody, nothing in
 * `AnyOf` by nobody.
 */
export type ScopeExpression =
  | string
  | { readonly AllOf: readonly ScopeExpression[] }
  | { readonly AnyOf: readonly ScopeExpression[] };

/**
 * A scope expression with `<param>` in its strings, to be filled from a request. Inside `AllOf` and `AnyOf`, `for`
 * gives one member for each entry of the list parameter `in`; `if` looks at a boolean parameter. A template that
 * gives nothing asks for nothing.
 */
export type ScopeTemplate =
  | string
  | { readonly AllOf: readonly ScopeTemplate[] }
  | { readonly AnyOf: readonly ScopeTemplate[] }
  | { readonly for: string; readonly in: string; readonly each: ScopeTemplate }
  | { readonly if: string; readonly then: ScopeTemplate; readonly else?: ScopeTemplate };
