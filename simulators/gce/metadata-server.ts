import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { macOf, privateIpOf, publicIpOf } from './addresses.ts';
import type { ServiceAccount } from './account.ts';
import type { Cloud } from './cloud.ts';
import { identityClaims } from './identity-token.ts';
import { isPreempted, isUp, type Instance } from './instance.ts';
import { listAt, textAt } from './json.ts';
import type { KeyRing } from './key-ring.ts';

/** What the metadata server answers. */
export interface MetadataAnswer {
  status: number;
  body: string;
  headers: Readonly<Record<string, string>>;
}

/** An entry of the metadata: a directory of others, a text, or one that is made of the query when it is asked for. */
type Entry = Directory | string | ((query: URLSearchParams) => string);
interface Directory {
  readonly [name: string]: Entry | undefined;
}

/** Thrown where a query lacks something. */
class BadQuery extends Error {}

const headers = { 'metadata-flavor': 'Google', server: 'Metadata Server for VM', 'x-xss-protection': '0' };

/**
 * The metadata server: what a program on an instance finds at `http://metadata.google.internal`
 * (https://cloud.google.com/compute/docs/metadata/predefined-metadata-keys). Directories are lists of names; JSON
 * (`recursive=true`, `alt=json`) is not there.
 */
export class MetadataServer {
  readonly #cloud: Cloud;
  readonly #keys: KeyRing;

  constructor(cloud: Cloud, keys: KeyRing) {
    this.#cloud = cloud;
    this.#keys = keys;
  }

  /** @param url path and query as on the instance, e.g. `/computeMetadata/v1/instance/id`. */
  answer(instanceId: string, method: string, url: string, asked: IncomingHttpHeaders): MetadataAnswer {
    const instance = this.#cloud.find(instanceId);
    if (instance === undefined || !isUp(instance, this.#cloud.nowMs)) {
      return { status: 404, body: 'the machine is not up\n', headers: {} };
    }
    // A proxy must not be able to get tokens for others.
    if (asked['metadata-flavor'] !== 'Google' || asked['x-forwarded-for'] !== undefined) {
      return errorPage(403, 'Forbidden');
    }
    if (method !== 'GET' && method !== 'HEAD') {
      return errorPage(405, 'Method Not Allowed');
    }
    const { pathname, searchParams } = new URL(url, 'http://metadata.google.internal');
    try {
      return this.#lookUp(instance, pathname, searchParams);
    } catch (error) {
      if (error instanceof BadQuery) {
        return textAnswer(400, error.message);
      }
      throw error;
    }
  }

  #lookUp(instance: Instance, path: string, query: URLSearchParams): MetadataAnswer {
    const [root, version, ...names] = path.split('/').filter((name) => name !== '');
    let entry: Entry | undefined = root === 'computeMetadata' && version === 'v1' ? this.#entries(instance) : undefined;
    for (const name of names) {
      entry = typeof entry === 'object' && Object.hasOwn(entry, name) ? entry[name] : undefined;
    }
    if (entry === undefined) {
      return errorPage(404, 'Not Found');
    }
    if (typeof entry === 'object') {
      const shown = Object.entries(entry).filter(([, value]) => value !== undefined);
      return textAnswer(200, shown.map(([name, value]) => `${name}${typeof value === 'object' ? '/' : ''}\n`).join(''));
    }
    return textAnswer(200, typeof entry === 'function' ? entry(query) : entry);
  }

  #entries(instance: Instance): Directory {
    const { project, projectNumber, nowMs } = this.#cloud;
    const { draft, zone, name, id } = instance;
    const place = `projects/${projectNumber}`;
    return {
      instance: {
        attributes: draft.metadata,
        'cpu-platform': draft.machineType.cpuPlatform,
        description: textAt(draft.given, 'description') ?? '',
        disks: disksOf(instance),
        hostname: instance.hostname ?? `${name}.${zone}.c.${project}.internal`,
        id,
        image: textAt(listAt(draft.given, 'disks')[0], 'initializeParams', 'sourceImage') ?? '',
        'machine-type': `${place}/machineTypes/${draft.machineType.name}`,
        'maintenance-event': 'NONE',
        name,
        'network-interfaces': networkInterfacesOf(instance, place),
        preempted: isPreempted(instance, nowMs) ? 'TRUE' : 'FALSE',
        scheduling: {
          'automatic-restart': draft.automaticRestart ? 'TRUE' : 'FALSE',
          'on-host-maintenance': draft.isSpot ? 'TERMINATE' : 'MIGRATE',
          preemptible: draft.isSpot ? 'TRUE' : 'FALSE',
        },
        'service-accounts': this.#accountsOf(instance),
        tags: JSON.stringify(listAt(draft.given, 'tags', 'items')),
        zone: `${place}/zones/${zone}`,
      },
      project: { attributes: {}, 'numeric-project-id': projectNumber, 'project-id': project },
      universe: { 'universe-domain': 'googleapis.com' },
    };
  }

  #accountsOf(instance: Instance): Directory {
    const account = this.#cloud.accounts.find(({ email }) => email === instance.draft.account);
    if (account === undefined) {
      return {};
    }
    const entries = this.#accountEntries(instance, account);
    return { default: entries, [account.email]: entries };
  }

  #accountEntries(instance: Instance, account: ServiceAccount): Directory {
    return {
      aliases: 'default\n',
      email: account.email,
      identity: (query) => this.#identityToken(instance, account, query),
      scopes: listAt(instance.draft.given, 'serviceAccounts')
        .flatMap((given) => listAt(given, 'scopes'))
        .map((scope) => `${textAt(scope) ?? ''}\n`)
        .join(''),
    };
  }

  #identityToken(instance: Instance, account: ServiceAccount, query: URLSearchParams): string {
    const audience = query.get('audience') ?? '';
    if (audience === '') {
      throw new BadQuery('non-empty audience parameter required');
    }
    const format = query.get('format') === 'full' ? 'full' : 'standard';
    const hasLicenses = query.get('licenses')?.toUpperCase() === 'TRUE';
    return this.#keys.signToken(identityClaims(instance, account, { audience, format, hasLicenses }, this.#cloud));
  }
}

function disksOf({ draft }: Instance): Directory {
  return Object.fromEntries(
    listAt(draft.given, 'disks').map((disk, index): [string, Directory] => [
      String(index),
      {
        'device-name': textAt(disk, 'deviceName') ?? `persistent-disk-${index}`,
        index: String(index),
        mode: textAt(disk, 'mode') ?? 'READ_WRITE',
        type: textAt(disk, 'type') ?? 'PERSISTENT',
      },
    ]),
  );
}

function networkInterfacesOf({ draft, serial }: Instance, place: string): Directory {
  return Object.fromEntries(
    listAt(draft.given, 'networkInterfaces').map((nic, index): [string, Directory] => [
      String(index),
      {
        'access-configs':
          listAt(nic, 'accessConfigs').length === 0
            ? undefined
            : { 0: { 'external-ip': publicIpOf(serial), type: 'ONE_TO_ONE_NAT' } },
        ip: privateIpOf(serial),
        mac: macOf(serial),
        network: `${place}/networks/default`,
      },
    ]),
  );
}

function textAnswer(status: number, body: string): MetadataAnswer {
  const etag = createHash('sha256').update(body).digest('hex').slice(0, 16);
  return { status, body, headers: { ...headers, 'content-type': 'application/text', etag } };
}

function errorPage(status: number, title: string): MetadataAnswer {
  const body = `<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n  <title>Error ${status} (${title})!!1</title>\n</html>\n`;
  return { status, body, headers: { ...headers, 'content-type': 'text/html; charset=UTF-8' } };
}
