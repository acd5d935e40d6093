import { listAnswer } from './answers.ts';
import type { Answer, Call, Handler } from './call.ts';
import type { Cloud } from './cloud.ts';
import { groupNamed, readLocation, readObject } from './envelope.ts';
import { operationHeaders } from './operation-links.ts';
import { Refusal } from './refusal.ts';
import { keyOf } from './resource-id.ts';
import type { Group, Json } from './state.ts';
import { readTags } from './tags.ts';

const type = 'Microsoft.Resources/resourceGroups';

/** Adds a resource group. @throws Refusal for names that groups cannot have. */
export function makeGroup(
  name: string,
  location: string,
  rest: Partial<Pick<Group, 'tags' | 'managedBy'>>,
  cloud: Cloud,
): Group {
  if (name.length > 90 || !/^[\p{L}\p{N}\-_.()]*[\p{L}\p{N}\-_()]$/u.test(name)) {
    throw new Refusal(
      'InvalidResourceGroup',
      `The provided resource group name '${name}' has these invalid characters or is longer than 90 characters. The name can only be a letter, digit, '-', '.', '(', ')' or '_', and cannot end with a period.`,
    );
  }
  const group: Group = {
    id: `/subscriptions/${cloud.subscriptionId}/resourceGroups/${name}`,
    name,
    location,
    tags: rest.tags ?? {},
    managedBy: rest.managedBy ?? null,
    provisioningState: 'Succeeded',
  };
  cloud.subscription.groups.set(keyOf(name), group);
  return group;
}

/** Takes a group away with everything in it. */
function removeGroup(group: Group, cloud: Cloud): void {
  const { subscription } = cloud;
  for (const { id, kind } of subscription.resourcesIn(group.name)) {
    subscription[kind].delete(keyOf(id));
  }
  for (const deployment of subscription.deployments.values()) {
    if (keyOf(deployment.group) === keyOf(group.name)) {
      subscription.deployments.delete(keyOf(deployment.id));
    }
  }
  subscription.groups.delete(keyOf(group.name));
}

function groupJson({ id, name, location, tags, managedBy, provisioningState }: Group): Json {
  const owner = managedBy === null ? {} : { managedBy };
  return { id, name, type, location, ...owner, tags, properties: { provisioningState } };
}

function put(call: Call): Answer {
  const { cloud, group: name } = call;
  const body = readObject(call.body);
  const location = readLocation(body['location'], type, cloud);
  const tags = readTags(body['tags']);
  const known = cloud.subscription.groups.get(keyOf(name));
  if (known === undefined) {
    return { status: 201, body: groupJson(makeGroup(name, location, { tags }, cloud)) };
  }
  groupNamed(name, cloud, 'make');
  if (known.location !== location) {
    throw new Refusal(
      'InvalidResourceGroupLocation',
      `Invalid resource group location '${location}'. The Resource group already exists in location '${known.location}'.`,
      409,
    );
  }
  known.tags = tags;
  return { status: 200, body: groupJson(known) };
}

function remove(call: Call): Answer {
  const { cloud, action, group: name } = call;
  const group = groupNamed(name, cloud, 'make');
  group.provisioningState = 'Deleting';
  const operation = cloud.begin({
    action,
    group: name,
    service: 'resources',
    location: group.location,
    resource: keyOf(group.id),
    durationMs: cloud.draw(cloud.dials.groupDeleteMs),
    succeed: () => removeGroup(group, cloud),
    fail: () => {
      group.provisioningState = 'Succeeded';
    },
  });
  return { status: 202, headers: operationHeaders(operation, call, true) };
}

export const groupHandlers = {
  put,
  get: (call) => ({ status: 200, body: groupJson(groupNamed(call.group, call.cloud, 'look')) }),
  // An answer to HEAD has no body, whatever it says.
  head: ({ cloud, group }) => ({ status: cloud.subscription.groups.has(keyOf(group)) ? 204 : 404 }),
  list: (call) => {
    const groups = [...call.cloud.subscription.groups.values()];
    const numbered = groups.map((group, index) => ({ group, serial: index + 1, visibleFromMs: 0 }));
    return listAnswer(call, numbered, call.cloud.dials.pageSize, ({ group }) => groupJson(group));
  },
  delete: remove,
} satisfies Record<string, Handler>;
