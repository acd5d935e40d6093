import * as Hawk from 'hawk';
import taskcluster from 'taskcluster-client';
import type { ClientOptions, Credentials, WorkerManager } from 'taskcluster-client';
import type { Clock } from '#core/clock.ts';
import { systemClock } from '#lib/clock.ts';
import { admin, aWorld } from '#test/world.ts';
import type { World, WorldOptions } from '#test/world.ts';

/** A world that begins now: the published client signs by the machine's own time. */
export async function aWorldOfToday(
  t: { after(run: () => Promise<void>): void },
  options: WorldOptions = {},
): Promise<World> {
  return await aWorld(t, { regions: ['us-west-2', 'us-east-1'], start: systemClock.now(), ...options });
}

/** The published client at the service of a world; the administrator unless said otherwise. It does not repeat calls. */
export function aClient(world: World, options: Partial<ClientOptions> = {}): WorkerManager {
  const rootUrl = world.service.url ?? '';
  return new taskcluster.WorkerManager({ rootUrl, credentials: admin, retries: 0, ...options });
}

/** Every method that the published client knows. */
export function knownMethods(): WorkerManager['ping'][] {
  return Object.values<unknown>(taskcluster.WorkerManager.prototype).filter(isMethod);
}

function isMethod(member: unknown): member is WorkerManager['ping'] {
  return typeof member === 'function' && 'entryReference' in member;
}

/** The client, noting in `called` which of its methods are called. */
export function noting(client: WorkerManager, called: Set<string>): WorkerManager {
  return new Proxy(client, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (!isMethod(member)) return member;
      const { entryReference } = member;
      const noted = (...args: readonly unknown[]): Promise<unknown> => {
        called.add(entryReference.name);
        return member.apply(target, [...args]);
      };
      return Object.assign(noted, { entryReference });
    },
  });
}

/** Temporary credentials of the administrator for an hour. */
export function temporary(
  scopes: readonly string[],
  special: { clientId?: string; start?: Date; expiry?: Date; credentials?: Credentials } = {},
): Credentials {
  const expiry = new Date(systemClock.now().getTime() + 3_600_000);
  const { clientId, accessToken } = admin;
  return taskcluster.createTemporaryCredentials({ scopes, expiry, credentials: { clientId, accessToken }, ...special });
}

/** A raw answer. */
export interface RawAnswer {
  status: number;
  body: unknown;
}

/** A signed GET without any client. */
export async function signedGet(
  url: string,
  { clientId, accessToken, certificate }: Credentials,
  clock: Clock,
): Promise<RawAnswer> {
  const ext = certificate && Buffer.from(JSON.stringify({ certificate: JSON.parse(certificate) })).toString('base64');
  const { header } = Hawk.client.header(url, 'GET', {
    credentials: { id: clientId, key: accessToken, algorithm: 'sha256' },
    timestamp: Math.floor(clock.now().getTime() / 1000),
    ...(ext === undefined ? {} : { ext }),
  });
  return await rawGet(url, { authorization: header });
}

/** A GET as any program would make it. */
export async function rawGet(url: string, headers: Record<string, string> = {}): Promise<RawAnswer> {
  const response = await fetch(url, { headers });
  return { status: response.status, body: await response.json() };
}
