import { isRecord, textMember } from '#simulators/worker/json.ts';
import type { Cloud } from './cloud.ts';
import { countOf, evaluateDeep, inRound, unknown, type Scope } from './evaluate.ts';
import { keyOf, resourceId } from './resource-id.ts';
import type { Group, Json } from './state.ts';
import { parameterNamed, resolveParameters, shownParameters } from './template-parameters.ts';
import { TemplateProblem } from './template-problem.ts';

/** A resource of a template, as far as it is known before the deployment runs. */
export interface PlannedResource {
  /** Its symbolic name and that of its loop, as far as it has them. */
  symbols: readonly string[];
  type: string;
  name: string;
  id: string;
  key: string;
  /** Keys of the resources that must be there first. */
  after: Set<string>;
  /** The request's body; may hold what is unknown until its dependencies are there. */
  body: Json;
  /** The same again, once they are. @throws TemplateProblem */
  bodyWith: (reference: Reference) => Json;
}

/** What `reference()` gives: the properties of a resource, or all of it with `Full`. */
export type Reference = (id: string, isFull: boolean) => unknown;

/** A template with its parameters: what a deployment does. */
export interface Plan {
  parameters: Json;
  resources: readonly PlannedResource[];
  outputsWith: (reference: Reference) => Json;
}

/** Members of a template's resource that are no part of the request. */
const ownMembers = new Set([
  'apiVersion',
  'comments',
  'condition',
  'copy',
  'dependsOn',
  'existing',
  'name',
  'scope',
  'type',
]);

/** Where a template is evaluated. */
export interface Place {
  cloud: Cloud;
  group: Group;
  deployment: string;
}

/**
 * Reads a template and works out what it asks for: the parts of the language that templates of virtual machines use.
 * Nested templates, child resources and functions of one's own are refused.
 *
 * @throws TemplateProblem
 */
export function planOf(template: Json, given: Json, place: Place): Plan {
  checkTemplate(template);
  const declared = sectionOf(template, 'parameters');
  const outside = placeScope(place);
  const values = resolveParameters(declared, given, outside);
  const base: Scope = new Map([...outside, ['parameters', ([name]) => parameterNamed(name, values)]]);
  const scope: Scope = new Map([...base, ['variables', variablesOf(sectionOf(template, 'variables'), base)]]);
  const all = listResources(template).flatMap(([symbol, resource]) =>
    roundsOf(resource, scope).map((round) => ({
      isWanted: isWanted(resource, round),
      dependsOn: evaluateDeep(resource['dependsOn'] ?? [], round),
      planned: planResource(symbol, resource, round, place),
    })),
  );
  const resources = all.filter((one) => one.isWanted).map(({ planned }) => planned);
  for (const { planned, dependsOn } of all) {
    linkDependencies(
      planned,
      Array.isArray(dependsOn) ? dependsOn.map(String) : [],
      all.map((one) => one.planned),
    );
    keepOnly(planned.after, resources);
  }
  refuseCircles(resources);
  return {
    parameters: shownParameters(declared, values),
    resources,
    outputsWith: (reference) => outputsOf(sectionOf(template, 'outputs'), runtime(scope, reference, place)),
  };
}

function checkTemplate(template: Json): void {
  const version = template['contentVersion'];
  if (
    textMember(template, '$schema') === undefined ||
    typeof version !== 'string' ||
    !/^\d+(\.\d+){3}$/.test(version)
  ) {
    throw new TemplateProblem("Required property '$schema' or 'contentVersion' not found in JSON, or not valid.");
  }
  if (template['functions'] !== undefined) {
    throw new TemplateProblem("The template property 'functions' is not supported by this simulator.");
  }
}

function sectionOf(template: Json, name: string): Json {
  const section = template[name] ?? {};
  if (!isRecord(section)) {
    throw new TemplateProblem(`The template property '${name}' must be an object.`);
  }
  return section;
}

/** Resources stand in a list, or in an object under symbolic names (language version 2.0). */
function listResources(template: Json): (readonly [symbol: string, resource: Json])[] {
  const section = template['resources'];
  const entries: (readonly [string, unknown])[] = Array.isArray(section)
    ? section.map((resource: unknown) => ['', resource] as const)
    : Object.entries(isRecord(section) ? section : {});
  return entries.map(([symbol, resource]) => {
    if (
      !isRecord(resource) ||
      textMember(resource, 'type') === undefined ||
      textMember(resource, 'name') === undefined
    ) {
      throw new TemplateProblem('A resource of the template needs a type and a name.');
    }
    if (resource['resources'] !== undefined || resource['type'] === 'Microsoft.Resources/deployments') {
      throw new TemplateProblem('Child resources and nested templates are not supported by this simulator.');
    }
    return [symbol, resource] as const;
  });
}

/** The scopes in which a resource is made: one, or one for each round of its loop. */
function roundsOf({ copy }: Json, scope: Scope): Scope[] {
  if (!isRecord(copy)) {
    return [scope];
  }
  const rounds = Array.from({ length: countOf(copy, scope) }, (_unused, index) => index);
  return rounds.map((index) => inRound(scope, String(copy['name']), index));
}

/** Whether it is to be made: its condition holds, and the template does not only refer to it. */
function isWanted(resource: Json, scope: Scope): boolean {
  if (resource['existing'] === true) {
    return false;
  }
  const condition = resource['condition'] === undefined ? true : evaluateDeep(resource['condition'], scope);
  if (typeof condition !== 'boolean') {
    throw new TemplateProblem(`The condition of resource '${String(resource['name'])}' must be a boolean.`);
  }
  return condition;
}

function planResource(symbol: string, resource: Json, scope: Scope, place: Place): PlannedResource {
  const type = String(resource['type']);
  const name = evaluateDeep(resource['name'], scope);
  const names = typeof name === 'string' ? name.split('/') : [];
  if (names.length !== type.split('/').length - 1 || names.includes('')) {
    throw new TemplateProblem(
      `The template resource '${String(name)}' for type '${type}' has incorrect segment lengths. A nested resource type must have identical number of segments as its resource name.`,
    );
  }
  const id = idIn(place, type, names);
  const content = Object.fromEntries(Object.entries(resource).filter(([member]) => !ownMembers.has(member)));
  const after = new Set<string>();
  const noting: Reference = (referenced) => {
    after.add(keyOf(referenced));
    return unknown;
  };
  const bodyWith = (reference: Reference): Json => evaluateDeep(content, runtime(scope, reference, place)) as Json;
  const loop = isRecord(resource['copy']) ? [String(resource['copy']['name'])] : [];
  const symbols = [symbol, ...loop].filter((one) => one !== '');
  return { symbols, type, name: names.join('/'), id, key: keyOf(id), after, body: bodyWith(noting), bodyWith };
}

/** Adds what `dependsOn` names: ids, names, or symbolic names. @throws TemplateProblem for what is not in the template */
function linkDependencies(planned: PlannedResource, names: readonly string[], all: readonly PlannedResource[]): void {
  for (const name of names) {
    const meant = all.filter((one) => isMeant(name, one));
    if (meant.length === 0) {
      throw new TemplateProblem(
        `The resource '${name}' is not defined in the template. Please see https://aka.ms/arm-syntax for usage details.`,
      );
    }
    for (const { key } of meant) {
      planned.after.add(key);
    }
  }
}

/** Turns names into keys, and forgets what is there already, or will not be made: such a dependency counts as kept. */
function keepOnly(after: Set<string>, resources: readonly PlannedResource[]): void {
  const meant = resources.filter((one) => after.values().some((name) => isMeant(name, one)));
  after.clear();
  for (const { key } of meant) {
    after.add(key);
  }
}

function isMeant(name: string, { symbols, type, name: full, key }: PlannedResource): boolean {
  const forms = [key, full, `${type}/${full}`, ...symbols];
  return forms.some((form) => form.toLowerCase() === name.toLowerCase());
}

function refuseCircles(planned: readonly PlannedResource[]): void {
  let left = planned;
  let before = Infinity;
  while (left.length > 0 && left.length < before) {
    before = left.length;
    const keys = new Set(left.map(({ key }) => key));
    left = left.filter(({ after }) => [...after].some((key) => keys.has(key)));
  }
  if (left[0] !== undefined) {
    throw new TemplateProblem(
      `Circular dependency detected on resource: '${left[0].id}'. Please see https://aka.ms/arm-syntax-resources for usage details.`,
    );
  }
}

/** Variables are evaluated when they are asked for, and may ask for others. */
function variablesOf(section: Json, base: Scope): (args: readonly unknown[]) => unknown {
  const known = new Map<string, unknown>();
  const under = new Set<string>();
  const lookUp = ([name]: readonly unknown[]): unknown => {
    const key = String(name).toLowerCase();
    const entry = Object.entries(section).find(([candidate]) => candidate.toLowerCase() === key);
    if (entry === undefined || under.has(key)) {
      throw new TemplateProblem(
        entry === undefined
          ? `The template variable '${String(name)}' is not found. Please see https://aka.ms/arm-syntax-variables for usage details.`
          : `The template variable '${String(name)}' refers to itself.`,
      );
    }
    if (!known.has(key)) {
      under.add(key);
      known.set(key, evaluateDeep(entry[1], new Map([...base, ['variables', lookUp]])));
      under.delete(key);
    }
    return known.get(key);
  };
  return lookUp;
}

function outputsOf(section: Json, scope: Scope): Json {
  return Object.fromEntries(
    Object.entries(section)
      .filter(([, output]) => isRecord(output) && isWanted(output, scope))
      .map(([name, output]) => {
        const type = textMember(output, 'type') ?? 'Object';
        const value = evaluateDeep(isRecord(output) ? output['value'] : null, scope);
        return [name, { type: type.charAt(0).toUpperCase() + type.slice(1), value }];
      }),
  );
}

function placeScope({ cloud, group, deployment }: Place): Scope {
  const { subscriptionId, tenantId } = cloud;
  const subscription = { id: `/subscriptions/${subscriptionId}`, subscriptionId, tenantId, displayName: 'Simulated' };
  return new Map<string, (args: readonly unknown[]) => unknown>([
    ['resourcegroup', () => ({ id: group.id, name: group.name, location: group.location, tags: group.tags })],
    ['subscription', () => subscription],
    ['tenant', () => ({ tenantId })],
    ['deployment', () => ({ name: deployment, properties: { mode: 'Incremental' } })],
    ['resourceid', (args) => resourceIdOf(args.map(String), { subscriptionId, group: group.name })],
    ['utcnow', () => new Date(cloud.nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '')],
    ['newguid', () => cloud.uuid()],
  ]);
}

/** `resourceId([subscriptionId], [resourceGroup], type, name…)` */
function resourceIdOf(
  args: readonly string[],
  { subscriptionId, group }: { subscriptionId: string; group: string },
): string {
  const at = args.findIndex((arg) => arg.includes('/'));
  const type = args[at];
  const names = args.slice(at + 1);
  if (type === undefined || at > 2 || names.length !== type.split('/').length - 1) {
    throw new TemplateProblem(
      "Unable to evaluate template language function 'resourceId': the type and its names do not fit.",
    );
  }
  return resourceId({
    subscriptionId: at === 2 ? (args[0] ?? '') : subscriptionId,
    group: at === 0 ? group : (args[at - 1] ?? ''),
    type,
    names,
  });
}

function idIn({ cloud, group }: Place, type: string, names: readonly string[]): string {
  return resourceId({ subscriptionId: cloud.subscriptionId, group: group.name, type, names });
}

/** A scope in which other resources can be looked at. A name stands for the id of a resource of this group. */
function runtime(scope: Scope, reference: Reference, { cloud, group }: Place): Scope {
  const lookUp = ([wanted, , full]: readonly unknown[]): unknown => {
    const name = String(wanted);
    const found = name.startsWith('/') ? undefined : cloud.subscription.resourcesIn(group.name);
    const id = found?.find((one) => one.name.toLowerCase() === name.toLowerCase())?.id ?? name;
    return reference(id, String(full).toLowerCase() === 'full');
  };
  return new Map([...scope, ['reference', lookUp]]);
}
