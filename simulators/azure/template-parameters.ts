import { isRecord, member, textMember } from '#simulators/worker/json.ts';
import { evaluateDeep, type Scope } from './evaluate.ts';
import { TemplateProblem } from './template-problem.ts';
import type { Json } from './state.ts';

const checks: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  securestring: (value) => typeof value === 'string',
  int: (value) => typeof value === 'number' && Number.isInteger(value),
  bool: (value) => typeof value === 'boolean',
  array: Array.isArray,
  object: isRecord,
  secureobject: isRecord,
};

/** Types as deployments write them. */
const shownTypes: Readonly<Record<string, string>> = {
  string: 'String',
  securestring: 'SecureString',
  int: 'Int',
  bool: 'Bool',
  array: 'Array',
  object: 'Object',
  secureobject: 'SecureObject',
};

/**
 * The values of a template's parameters: given, or by default
 * (https://learn.microsoft.com/azure/azure-resource-manager/templates/parameters).
 *
 * @param given each as `{value}`, or as `{reference}` to a secret in a key vault, which is made up.
 * @throws TemplateProblem for those that are missing, not known, or do not fit.
 */
export function resolveParameters(declared: Json, given: Json, scope: Scope): ReadonlyMap<string, unknown> {
  const names = Object.keys(declared);
  const strange = Object.keys(given).filter((name) => !names.some((known) => isSameName(known, name)));
  if (strange.length > 0) {
    throw new TemplateProblem(
      `The template parameters '${strange.join(', ')}' in the parameters file are not valid; they are not present in the original template and can therefore not be provided at deployment time. The only supported parameters for this template are '${names.join(', ')}'. Please see https://aka.ms/arm-pass-parameter-values for usage details.`,
    );
  }
  const values = new Map<string, unknown>();
  for (const [name, declaration] of Object.entries(declared)) {
    const entry = Object.entries(given).find(([known]) => isSameName(known, name))?.[1];
    // A default may build on parameters that stand before it.
    const known: Scope = new Map([...scope, ['parameters', ([wanted]) => parameterNamed(wanted, values)]]);
    const value = entry === undefined ? defaultOf(name, declaration, known) : givenValue(name, entry);
    checkValue(name, declaration, value);
    values.set(name.toLowerCase(), value);
  }
  return values;
}

/** @throws TemplateProblem where there is none of that name. */
export function parameterNamed(name: unknown, values: ReadonlyMap<string, unknown>): unknown {
  const key = String(name).toLowerCase();
  if (!values.has(key)) {
    throw new TemplateProblem(
      `The template parameter '${String(name)}' is not found. Please see https://aka.ms/arm-syntax-parameters for usage details.`,
    );
  }
  return values.get(key);
}

/** The parameters as the deployment shows them: without the values of secure ones. */
export function shownParameters(declared: Json, values: ReadonlyMap<string, unknown>): Json {
  return Object.fromEntries(
    Object.entries(declared).map(([name, declaration]) => {
      const type = typeIn(declaration);
      const shown = shownTypes[type] ?? type;
      return [
        name,
        type.startsWith('secure') ? { type: shown } : { type: shown, value: values.get(name.toLowerCase()) },
      ];
    }),
  );
}

function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function typeIn(declaration: unknown): string {
  return textMember(declaration, 'type')?.toLowerCase() ?? '';
}

function defaultOf(name: string, declaration: unknown, scope: Scope): unknown {
  if (!isRecord(declaration) || !('defaultValue' in declaration)) {
    throw new TemplateProblem(
      `The value for the template parameter '${name}' at line '1' and column '1' is not provided. Please see https://aka.ms/arm-create-parameter-file for usage details.`,
    );
  }
  return evaluateDeep(declaration['defaultValue'], scope);
}

function givenValue(name: string, entry: unknown): unknown {
  if (isRecord(entry) && 'value' in entry) {
    return entry['value'];
  }
  const secret = member(member(entry, 'reference'), 'secretName');
  const vault = member(member(member(entry, 'reference'), 'keyVault'), 'id');
  if (typeof secret !== 'string' || typeof vault !== 'string') {
    throw new TemplateProblem(
      `The value of deployment parameter '${name}' is null. Please specify the value or use the parameter reference. See https://aka.ms/arm-create-parameter-file for usage details.`,
    );
  }
  return `Secret-1-${secret}`;
}

function checkValue(name: string, declaration: unknown, value: unknown): void {
  const type = typeIn(declaration);
  if (checks[type]?.(value) !== true) {
    throw new TemplateProblem(
      `The provided value for the template parameter '${name}' is not valid. Expected a value of type '${type}'. Please see https://aka.ms/arm-create-parameter-file for usage details.`,
    );
  }
  const allowed = member(declaration, 'allowedValues');
  if (Array.isArray(allowed) && !allowed.some((one) => JSON.stringify(one) === JSON.stringify(value))) {
    throw new TemplateProblem(
      `The provided value '${JSON.stringify(value)}' for the template parameter '${name}' is not valid. The value is not part of the allowed value(s): '${allowed.join(',')}'.`,
    );
  }
  checkLength(name, declaration, value);
}

function checkLength(name: string, declaration: unknown, value: unknown): void {
  const length = typeof value === 'string' || Array.isArray(value) ? value.length : undefined;
  const least = member(declaration, 'minLength');
  const most = member(declaration, 'maxLength');
  if (length !== undefined && typeof least === 'number' && length < least) {
    throw new TemplateProblem(
      `The provided value for the template parameter '${name}' is not valid. Length of the value should be greater than or equal to '${least}'.`,
    );
  }
  if (length !== undefined && typeof most === 'number' && length > most) {
    throw new TemplateProblem(
      `The provided value for the template parameter '${name}' is not valid. Length of the value should be less than or equal to '${most}'.`,
    );
  }
}
