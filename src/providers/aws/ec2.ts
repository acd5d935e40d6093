import type {
  DescribeInstancesCommandOutput,
  EC2Client,
  EC2ClientConfig,
  Instance,
  Reservation,
  RunInstancesCommandInput,
} from '@aws-sdk/client-ec2';
import type { JsonObject } from '#core/json.ts';
import { callCodes } from '#providers/call-error.ts';
import { Ec2Error } from './errors.ts';
import type { Ec2Instance } from './instance.ts';
import type { AwsSettings } from './settings.ts';
import { UnreadElements } from './unread-elements.ts';

/** One page of machines. */
export interface InstancePage {
  instances: readonly Ec2Instance[];
  /** Null on the last page. */
  nextToken: string | null;
}

/** Which instances to describe. */
export interface InstanceQuery {
  /** EC2's filters: name to accepted values. */
  filters?: Readonly<Record<string, readonly string[]>>;
  instanceIds?: readonly string[];
  /** How many at most; not together with ids. */
  maxResults?: number;
  nextToken?: string;
}

/**
 * The calls to EC2 that are made, each one HTTP request. The account needs the IAM actions ec2:DescribeRegions,
 * ec2:DescribeInstances, ec2:RunInstances, ec2:TerminateInstances and ec2:CreateTags.
 * @throws Ec2Error, or whatever ends an aborted call.
 */
export interface Ec2 {
  /** The regions that are enabled for the account. */
  describeRegions(signal: AbortSignal): Promise<readonly string[]>;
  /** `parameters` are those of RunInstances, as JSON. @returns all instances of the launch. */
  runInstances(region: string, parameters: JsonObject, signal: AbortSignal): Promise<readonly Ec2Instance[]>;
  describeInstances(region: string, query: InstanceQuery, signal: AbortSignal): Promise<InstancePage>;
  terminateInstances(region: string, instanceIds: readonly string[], signal: AbortSignal): Promise<void>;
}

/** A host that does not even answer the call for a connection is given up after this. */
const connectionTimeoutMs = 5000;

/**
 * EC2 through Amazon's SDK, which is loaded here and nowhere else. The SDK repeats nothing (`maxAttempts: 1`): limits and
 * repeats are `limits.ts`. Connections are closed when `closing` is aborted.
 */
export async function openEc2(settings: AwsSettings, closing: AbortSignal): Promise<Ec2> {
  const sdk = await import('@aws-sdk/client-ec2');
  const clients = new Map<string, EC2Client>();

  const shared: EC2ClientConfig = {
    maxAttempts: 1,
    requestHandler: { connectionTimeout: connectionTimeoutMs },
    ...(settings.endpoint === null ? {} : { endpoint: settings.endpoint }),
    ...(settings.credentials === null ? {} : { credentials: settings.credentials }),
  };
  /** Made when its region is first needed. */
  const clientOf = (region: string): EC2Client => {
    const known = clients.get(region);
    if (known !== undefined) {
      return known;
    }
    const client = new sdk.EC2Client({ ...shared, region });
    // All clients use the connections, and the credentials as resolved, of the first one.
    shared.requestHandler = client.config.requestHandler;
    shared.credentials = client.config.credentials;
    reduceAnswers(client);
    clients.set(region, client);
    return client;
  };
  closing.addEventListener('abort', () => clients.forEach((client) => client.destroy()), { once: true });

  return {
    async describeRegions(signal) {
      const call = new sdk.DescribeRegionsCommand({});
      const { Regions } = await answered(clientOf(settings.homeRegion).send(call, { abortSignal: signal }));
      return required(Regions).flatMap((region) => region.RegionName ?? []);
    },

    async runInstances(region, parameters, signal) {
      const call = new sdk.RunInstancesCommand(runInstancesInput(parameters));
      const answer = await answered(clientOf(region).send(call, { abortSignal: signal }));
      return required(answer.Instances).map((instance) => instanceOf(instance, answer));
    },

    async describeInstances(region, query, signal) {
      const call = new sdk.DescribeInstancesCommand({
        Filters: Object.entries(query.filters ?? {}).map(([Name, values]) => ({ Name, Values: [...values] })),
        InstanceIds: query.instanceIds === undefined ? undefined : [...query.instanceIds],
        MaxResults: query.maxResults,
        NextToken: query.nextToken,
      });
      return pageOf(await answered(clientOf(region).send(call, { abortSignal: signal })));
    },

    async terminateInstances(region, instanceIds, signal) {
      const call = new sdk.TerminateInstancesCommand({ InstanceIds: [...instanceIds] });
      const { TerminatingInstances } = await answered(clientOf(region).send(call, { abortSignal: signal }));
      required(TerminatingInstances);
    },
  };
}

/**
 * The parameters are a pool manager's, passed through as they are: EC2 judges them. JSON has no instants, so the only
 * parameter that is one (of spot requests) is read from its text; the SDK would drop it silently.
 */
function runInstancesInput(parameters: JsonObject): RunInstancesCommandInput {
  return JSON.parse(JSON.stringify(parameters), (name, value: unknown) =>
    name === 'ValidUntil' && typeof value === 'string' ? new Date(value) : value,
  ) as RunInstancesCommandInput;
}

function pageOf(answer: DescribeInstancesCommandOutput): InstancePage {
  const instances = required(answer.Reservations).flatMap((reservation) =>
    (reservation.Instances ?? []).map((instance) => instanceOf(instance, reservation)),
  );
  return { instances, nextToken: textOf(answer.NextToken) };
}

function instanceOf(instance: Instance, reservation: Pick<Reservation, 'OwnerId' | 'Groups'>): Ec2Instance {
  return {
    instanceId: required(instance.InstanceId),
    state: required(instance.State?.Name),
    stateReason: textOf(instance.StateReason?.Message),
    clientToken: textOf(instance.ClientToken),
    launchTime: instance.LaunchTime ?? null,
    amiLaunchIndex: instance.AmiLaunchIndex ?? null,
    imageId: textOf(instance.ImageId),
    instanceType: textOf(instance.InstanceType),
    architecture: textOf(instance.Architecture),
    privateIp: textOf(instance.PrivateIpAddress),
    availabilityZone: textOf(instance.Placement?.AvailabilityZone),
    owner: textOf(reservation.OwnerId),
    groups: (reservation.Groups ?? []).map(({ GroupId, GroupName }) => ({
      ...(GroupId === undefined ? {} : { GroupId }),
      ...(GroupName === undefined ? {} : { GroupName }),
    })),
  };
}

function textOf(value: string | undefined): string | null {
  return value === undefined || value === '' ? null : value;
}

/** An empty answer with status 200 (from something in between) must not pass for "there are none". */
function required<T>(value: T | undefined): T {
  if (value === undefined) {
    throw new Ec2Error(callCodes.brokenAnswer, 'the answer lacks what it must hold');
  }
  return value;
}

async function answered<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw translated(error);
  }
}

/** What the SDK adds to its errors; its own types name only some of it. */
interface SdkError extends Error {
  code?: string;
  Code?: string;
  $fault?: string;
  $metadata?: { httpStatusCode?: number; requestId?: string };
  $response?: { headers?: Record<string, string> };
}

/** The SDK's errors in one form. */
function translated(error: unknown): Ec2Error {
  const sdkError: SdkError = error instanceof Error ? error : new Error(String(error));
  const { message, $fault, $metadata, $response } = sdkError;
  const retryAfterSeconds = Number($response?.headers?.['retry-after']);
  // Where it could not read an answer, the SDK adds advice for its users in a second line.
  return new Ec2Error(codeOf(sdkError), message.split('\n')[0] ?? '', {
    cause: error,
    status: $fault === undefined ? undefined : $metadata?.httpStatusCode,
    requestId: $metadata?.requestId,
    retryAfterMs: retryAfterSeconds > 0 ? retryAfterSeconds * 1000 : undefined,
  });
}

function codeOf({ name, code, $fault, $metadata }: SdkError): string {
  if ($fault !== undefined) {
    // EC2 answered: its code is in `name` (P-11).
    return name;
  }
  if (code !== undefined) {
    // The network's.
    return code;
  }
  if ($metadata !== undefined) {
    return callCodes.brokenAnswer;
  }
  // Thrown before anything was sent.
  return /Credentials|Token/.test(name) ? name : callCodes.unsendable;
}

const commandsWithInstances: ReadonlySet<string | undefined> = new Set([
  'DescribeInstancesCommand',
  'RunInstancesCommand',
]);

/** Makes the SDK parse only what is read of instances. */
function reduceAnswers(client: EC2Client): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      const response = result.response as { body?: unknown };
      if (commandsWithInstances.has(context.commandName) && isByteStream(response.body)) {
        response.body = await withoutUnreadElements(response.body);
      }
      return result;
    },
    { name: 'withoutUnreadElements', step: 'deserialize', priority: 'low' },
  );
}

function isByteStream(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

async function withoutUnreadElements(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const filter = new UnreadElements();
  const kept: string[] = [];
  for await (const chunk of stream) {
    kept.push(filter.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1')));
  }
  kept.push(filter.end());
  return Buffer.from(kept.join(''), 'latin1');
}
