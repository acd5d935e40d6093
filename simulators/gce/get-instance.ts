import type { Route } from './call.ts';
import { instanceNamed } from './instance-named.ts';
import { instanceJson } from './instance-resource.ts';
import { instanceShape } from './instance-shape.ts';

/** `instances.get` (https://cloud.google.com/compute/docs/reference/rest/v1/instances/get): by name or numeric id. */
export const getInstance: Route = {
  action: 'instances.get',
  method: 'GET',
  path: /^zones\/(?<zone>[^/]+)\/instances\/(?<instance>[^/]+)$/,
  limit: 'read_requests_per_region',
  parameters: ['view'],
  answer: instanceShape,

  run(call) {
    const instance = instanceNamed(call);
    call.note([instance.id]);
    return instanceJson(instance, { project: call.cloud.project, nowMs: call.nowMs }, call.mask);
  },
};
