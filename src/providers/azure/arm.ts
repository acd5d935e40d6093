import type { HttpClient, PipelineRequest, PipelineResponse } from '@azure/core-rest-pipeline';
import type { JsonObject } from '#core/json.ts';
import { isJsonObject } from '#lib/json.ts';
import type { Clock } from '#core/clock.ts';
import { openTokens } from './credentials.ts';
import { ArmError, errorOf, ownCodes } from './errors.ts';
import type { AzureSettings } from './settings.ts';

/** Calls of one kind share a limit; Azure itself counts reads, writes and deletes. */
export type CallKind = 'write' | 'delete' | 'get' | 'list' | 'opRead';

/** One call to the resource manager. */
export interface ArmRequest {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** A path with its query, or the whole address that Azure gave for what comes next. */
  url: string;
  kind: CallKind;
  /** What is done to what, for measurements: `virtualMachines.put`. */
  operation: string;
  body?: JsonObject;
  headers?: Readonly<Record<string, string>>;
}

/** An answer with a status of 2xx. */
export interface ArmAnswer {
  status: number;
  /** Empty where the answer has none. */
  body: JsonObject;
  /** A header's value; null when it is absent. */
  header(name: string): string | null;
}

/**
 * Azure's resource manager: one call, one HTTP request.
 * @throws ArmError for every other status and for the lack of an answer, or whatever ends an aborted call.
 */
export interface Arm {
  send(request: ArmRequest, signal: AbortSignal): Promise<ArmAnswer>;
}

/**
 * The resource manager through Microsoft's HTTP pipeline, which is loaded here and nowhere else, without its repeats: limits and repeats are
 * `limits.ts`. Why not through the libraries for single resource types: docs/decisions/0018-azure-requests.md.
 */
export async function openArm(settings: AzureSettings, clock: Clock): Promise<Arm> {
  const sdk = await import('@azure/core-rest-pipeline');
  const tokens = await openTokens(settings, clock);
  const client: HttpClient = sdk.createDefaultHttpClient();
  const pipeline = sdk.createEmptyPipeline();
  pipeline.addPolicy(sdk.proxyPolicy());
  pipeline.addPolicy(sdk.decompressResponsePolicy());
  pipeline.addPolicy(sdk.setClientRequestIdPolicy());
  const { origin } = new URL(settings.endpoint);

  const requestOf = (
    { method, url, body, headers }: ArmRequest,
    token: string,
    signal: AbortSignal,
  ): PipelineRequest => {
    const address = new URL(url, settings.endpoint);
    // The token is for the resource manager alone, whatever an answer names as the next address.
    if (address.origin !== origin) throw new ArmError(ownCodes.brokenAnswer, 'the answer leads to another host');
    return sdk.createPipelineRequest({
      url: address.href,
      method,
      headers: sdk.createHttpHeaders({
        accept: 'application/json',
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      }),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      abortSignal: signal,
      allowInsecureConnection: address.protocol === 'http:',
    });
  };

  return {
    async send(request, signal) {
      const token = await tokens.token(signal);
      const response = await answered(pipeline.sendRequest(client, requestOf(request, token, signal)), signal);
      if (response.status === 401) tokens.forget(token);
      const answer = answerOf(response);
      if (response.status < 200 || response.status > 299) throw errorOf(answer);
      return answer;
    },
  };
}

async function answered(call: Promise<PipelineResponse>, signal: AbortSignal): Promise<PipelineResponse> {
  try {
    return await call;
  } catch (error) {
    signal.throwIfAborted();
    const { code, message }: { code?: unknown; message: string } =
      error instanceof Error ? error : new Error(String(error));
    throw new ArmError(typeof code === 'string' ? code : ownCodes.noAnswer, message, { cause: error });
  }
}

function answerOf({ status, headers, bodyAsText }: PipelineResponse): ArmAnswer {
  return { status, body: bodyOf(bodyAsText, status), header: (name) => headers.get(name) ?? null };
}

/** Whoever stands between may answer an error with a page; a success must be what Azure says, which is an object or nothing. */
function bodyOf(text: string | null | undefined, status: number): JsonObject {
  if (text === null || text === undefined || text === '') return {};
  try {
    const body: unknown = JSON.parse(text);
    if (isJsonObject(body)) return body;
  } catch {
    // Told below.
  }
  if (status > 299) return {};
  throw new ArmError(ownCodes.brokenAnswer, 'the answer is no JSON object');
}
