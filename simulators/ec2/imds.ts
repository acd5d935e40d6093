import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { macOf, networkInterfaceIdOf, privateIpOf, privateNameOf, publicIpOf, publicNameOf } from './addresses.ts';
import type { Cloud } from './cloud.ts';
import { identityDocumentOf, signDocument } from './identity.ts';
import { isUp } from './life.ts';
import { publicDomainOf, zoneIdOf } from './region.ts';
import { tagsOf, type Instance } from './state.ts';

/** What the metadata service answers. */
export interface MetadataAnswer {
  status: number;
  body: string | Buffer;
  headers?: Readonly<Record<string, string>>;
}

/** A category of the metadata: a directory of others, a text, or one that is made when it is asked for. */
type Category = Directory | string | (() => string | Buffer);
interface Directory {
  readonly [name: string]: Category | undefined;
}

const tokenHeader = 'x-aws-ec2-metadata-token';
const lifetimeHeader = 'x-aws-ec2-metadata-token-ttl-seconds';
const longestTokenSeconds = 21_600;

/**
 * The instance metadata service, version 2: what a program on an instance finds at `http://169.254.169.254`
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html).
 *
 * The DSA form of the identity signature (`instance-identity/pkcs7`) is not there.
 */
export class MetadataService {
  readonly #cloud: Cloud;
  /** Tokens are not kept: each carries its end, under a seal of this key. */
  readonly #sealingKey = randomBytes(32);

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
  }

  /** @param path as on the instance, e.g. `/latest/meta-data/instance-id`. */
  answer(instanceId: string, method: string, path: string, headers: IncomingHttpHeaders): MetadataAnswer {
    const { nowMs } = this.#cloud;
    const instance = this.#cloud.find(instanceId);
    if (instance === undefined || !isUp(instance, nowMs)) {
      return { status: 404, body: 'the machine is not up\n' };
    }
    const { metadata } = instance.launch.blueprint;
    if (metadata.httpEndpoint === 'disabled') {
      return { status: 403, body: errorPage(403, 'Forbidden') };
    }
    if (path === '/latest/api/token') {
      return this.#giveToken(instance, method, headers, nowMs);
    }
    if (!this.#isAllowed(instance, headers[tokenHeader], nowMs)) {
      return { status: 401, body: errorPage(401, 'Unauthorized') };
    }
    if (method !== 'GET' && method !== 'HEAD') {
      return { status: 405, body: errorPage(405, 'Method Not Allowed') };
    }
    return lookUp(this.#categories(instance, nowMs), path);
  }

  #giveToken(instance: Instance, method: string, headers: IncomingHttpHeaders, nowMs: number): MetadataAnswer {
    if (method !== 'PUT') {
      return { status: 405, body: errorPage(405, 'Method Not Allowed') };
    }
    // A proxy must not be able to get tokens for others.
    if (headers['x-forwarded-for'] !== undefined) {
      return { status: 403, body: errorPage(403, 'Forbidden') };
    }
    const seconds = Number(headers[lifetimeHeader]);
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > longestTokenSeconds) {
      return { status: 400, body: errorPage(400, 'Bad Request') };
    }
    const endMs = nowMs + seconds * 1000;
    return {
      status: 200,
      body: `${endMs.toString(36)}-${this.#seal(instance.id, endMs).toString('base64url')}`,
      headers: { [lifetimeHeader]: String(seconds) },
    };
  }

  #isAllowed(instance: Instance, token: string | string[] | undefined, nowMs: number): boolean {
    if (token === undefined) {
      return instance.launch.blueprint.metadata.httpTokens === 'optional';
    }
    const [end = '', seal = ''] = String(token).split(/-(.*)/s);
    const endMs = Number.parseInt(end, 36);
    const given = Buffer.from(seal, 'base64url');
    const right = this.#seal(instance.id, endMs);
    return given.length === right.length && timingSafeEqual(given, right) && nowMs < endMs;
  }

  #seal(instanceId: string, endMs: number): Buffer {
    return createHmac('sha256', this.#sealingKey).update(`${instanceId} ${endMs}`).digest();
  }

  #categories(instance: Instance, nowMs: number): Directory {
    const { blueprint } = instance.launch;
    const document = identityDocumentOf(instance, this.#cloud.accountId);
    const proofs = (): ReturnType<typeof signDocument> =>
      signDocument(blueprint.region, document, new Date(instance.launch.atMs));
    return {
      dynamic: {
        'instance-identity': {
          document,
          rsa2048: () => proofs().rsa2048,
          signature: () => proofs().signature,
        },
      },
      'meta-data': metaDataOf(instance, this.#cloud.accountId, nowMs),
      'user-data': blueprint.userData === '' ? undefined : () => Buffer.from(blueprint.userData, 'base64'),
    };
  }
}

function metaDataOf(instance: Instance, accountId: string, nowMs: number): Directory {
  const { blueprint, reservationId } = instance.launch;
  const { region, zone } = blueprint;
  const publicAddress = (text: string): string | undefined => (blueprint.hasPublicAddress ? text : undefined);
  const groups = blueprint.securityGroups.map(({ name }) => name).join('\n');
  return {
    'ami-id': blueprint.imageId,
    'ami-launch-index': String(instance.index),
    'ami-manifest-path': '(unknown)',
    'block-device-mapping': { ami: blueprint.devices[0]?.name, root: blueprint.devices[0]?.name },
    events: { maintenance: { history: '[]', scheduled: '[]' } },
    hibernation: { configured: 'false' },
    hostname: privateNameOf(instance),
    'instance-action': 'none',
    'instance-id': instance.id,
    'instance-life-cycle': blueprint.market,
    'instance-type': blueprint.instanceType.name,
    'local-hostname': privateNameOf(instance),
    'local-ipv4': privateIpOf(instance),
    mac: macOf(instance),
    network: { interfaces: { macs: { [macOf(instance)]: networkOf(instance, accountId) } } },
    placement: { 'availability-zone': zone, 'availability-zone-id': zoneIdOf(zone), region },
    profile: 'default-hvm',
    'public-hostname': publicAddress(publicNameOf(instance)),
    'public-ipv4': publicAddress(publicIpOf(instance)),
    'reservation-id': reservationId,
    'security-groups': groups,
    services: {
      domain: publicDomainOf(region).endsWith('.cn') ? 'amazonaws.com.cn' : 'amazonaws.com',
      partition: 'aws',
    },
    spot: spotOf(instance, nowMs),
    tags: blueprint.metadata.instanceTags === 'enabled' ? { instance: tagDirectory(instance, nowMs) } : undefined,
  };
}

function networkOf(instance: Instance, accountId: string): Directory {
  const { blueprint } = instance.launch;
  return {
    'device-number': '0',
    'interface-id': networkInterfaceIdOf(instance),
    'local-hostname': privateNameOf(instance),
    'local-ipv4s': privateIpOf(instance),
    mac: macOf(instance),
    'owner-id': accountId,
    'security-group-ids': blueprint.securityGroups.map(({ id }) => id).join('\n'),
    'subnet-id': blueprint.subnetId,
    'vpc-id': blueprint.vpcId,
  };
}

/** The notice of an interruption: nothing at all until it is given. */
function spotOf({ end }: Instance, nowMs: number): Directory | undefined {
  if (end?.noticeMs == null || nowMs < end.noticeMs) {
    return undefined;
  }
  const time = `${new Date(end.atMs).toISOString().slice(0, 19)}Z`;
  return { 'instance-action': JSON.stringify({ action: 'terminate', time }), 'termination-time': time };
}

function tagDirectory(instance: Instance, nowMs: number): Directory {
  return Object.fromEntries(tagsOf(instance, nowMs).map(({ key, value }) => [key, value]));
}

/** A directory shows its names, those of directories with a slash. */
function lookUp(root: Directory, path: string): MetadataAnswer {
  const [version, ...names] = path.split('/').filter((name) => name !== '');
  let category: Category | undefined = version === 'latest' ? root : undefined;
  for (const name of names) {
    category = typeof category === 'object' && Object.hasOwn(category, name) ? category[name] : undefined;
  }
  if (category === undefined) {
    return { status: 404, body: errorPage(404, 'Not Found') };
  }
  if (typeof category === 'object') {
    const entries = Object.entries(category).filter(([, entry]) => entry !== undefined);
    return {
      status: 200,
      body: entries.map(([name, entry]) => name + (typeof entry === 'object' ? '/' : '')).join('\n'),
    };
  }
  return { status: 200, body: typeof category === 'function' ? category() : category };
}

function errorPage(status: number, title: string): string {
  return `<?xml version="1.0" encoding="iso-8859-1"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
	"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
 <head>
  <title>${status} - ${title}</title>
 </head>
 <body>
  <h1>${status} - ${title}</h1>
 </body>
</html>
`;
}
