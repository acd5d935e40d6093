import type { ApiErrorCode } from '#contract/error-codes.ts';
import { errorStatus } from '#contract/error-codes.ts';
import type { Endpoint } from '#contract/endpoint.ts';
import type { OperationName } from '#contract/routes.ts';
import { schemaPointer } from './schemas.ts';

/** When an endpoint answers with a code. */
const words: Record<ApiErrorCode, string> = {
  MalformedPayload: 'the body is not JSON, or is not said to be',
  InvalidRequestArguments: 'a route parameter or query key is unknown or malformed',
  InputValidationError: 'the body does not match its schema; every violation is named',
  InputError: 'what is asked for cannot be done',
  AuthenticationFailed: 'the credentials are not valid',
  InsufficientScopes: 'the caller lacks scopes; the message says which',
  ResourceNotFound: 'there is no such thing',
  RequestConflict: 'what is there differs from what is sent',
  InputTooLarge: 'the body is longer than 10 MiB',
  InternalServerError: 'a defect; the message has a number by which operators find it in their log',
  ProviderSetupFailed: 'a part that is needed is away for now; try again',
};

/** What only the handler of an endpoint can find out (spec/api.md 1). */
const foundByHandler: Readonly<Record<OperationName, readonly ApiErrorCode[]>> = {
  ping: [],
  lbheartbeat: [],
  version: [],
  heartbeat: ['ProviderSetupFailed'],
  listProviders: [],
  createWorkerPool: ['InputError', 'RequestConflict', 'ProviderSetupFailed'],
  updateWorkerPool: ['InputError', 'ResourceNotFound', 'RequestConflict', 'ProviderSetupFailed'],
  deleteWorkerPool: ['ResourceNotFound', 'ProviderSetupFailed'],
  listWorkerPoolLaunchConfigs: ['InputError', 'ResourceNotFound', 'ProviderSetupFailed'],
  workerPoolStats: ['ResourceNotFound', 'ProviderSetupFailed'],
  workerPool: ['ResourceNotFound', 'ProviderSetupFailed'],
  listWorkerPools: ['InputError', 'ProviderSetupFailed'],
  listWorkerPoolsStats: ['InputError', 'ProviderSetupFailed'],
  reportWorkerError: ['InputError', 'ResourceNotFound', 'ProviderSetupFailed'],
  workerPoolErrorStats: ['ResourceNotFound', 'ProviderSetupFailed'],
  listWorkerPoolErrors: ['InputError', 'ProviderSetupFailed'],
  listWorkersForWorkerGroup: ['InputError', 'ProviderSetupFailed'],
  worker: ['ResourceNotFound', 'ProviderSetupFailed'],
  createWorker: ['InputError', 'ResourceNotFound', 'RequestConflict', 'ProviderSetupFailed'],
  updateWorker: ['InputError', 'ResourceNotFound', 'ProviderSetupFailed'],
  removeWorker: ['InputError', 'ResourceNotFound', 'ProviderSetupFailed'],
  shouldWorkerTerminate: ['ResourceNotFound', 'ProviderSetupFailed'],
  listWorkersForWorkerPool: ['InputError', 'ResourceNotFound', 'ProviderSetupFailed'],
  registerWorker: ['InputError', 'ResourceNotFound', 'ProviderSetupFailed'],
  reregisterWorker: ['InputError', 'ProviderSetupFailed'],
  listWorkers: ['InputError', 'ProviderSetupFailed'],
  getWorker: ['ResourceNotFound', 'ProviderSetupFailed'],
};

/** Every code with which an endpoint may answer, in the order of the table of codes. */
function codesOf(name: OperationName, { input, scopes }: Endpoint): ApiErrorCode[] {
  const codes = new Set<ApiErrorCode>(['InvalidRequestArguments', 'InternalServerError', ...foundByHandler[name]]);
  if (input !== undefined) for (const code of bodyCodes) codes.add(code);
  if (scopes !== undefined) for (const code of callerCodes) codes.add(code);
  return allCodes.filter((code) => codes.has(code));
}
const allCodes = Object.keys(errorStatus) as ApiErrorCode[];
const bodyCodes = ['MalformedPayload', 'InputValidationError', 'InputTooLarge'] as const;
const callerCodes = ['AuthenticationFailed', 'InsufficientScopes'] as const;

/** The error answers of an endpoint by status. */
export function refusals(name: OperationName, endpoint: Endpoint): Record<string, object> {
  const codes = codesOf(name, endpoint);
  const statuses = new Set(codes.map((code) => errorStatus[code]));
  const answers = [...statuses].map((status) => [
    String(status),
    refusal(
      status,
      codes.filter((code) => errorStatus[code] === status),
    ),
  ]);
  return Object.fromEntries(answers) as Record<string, object>;
}

function refusal(status: number, codes: readonly ApiErrorCode[]): object {
  return {
    description: codes.map((code) => `\`${code}\`: ${words[code]}.`).join(' '),
    ...(status === 401
      ? { headers: { 'www-authenticate': { description: '`hawk`', schema: { const: 'hawk' } } } }
      : {}),
    content: {
      'application/json': {
        schema: schemaPointer('error'),
        examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
      },
    },
  };
}

const exampleTime = '2026-01-02T03:04:05.678Z';

/** An error answer of each code. */
export function refusalExamples(): Readonly<Record<string, object>> {
  const examples = allCodes.map((code) => [code, { summary: words[code], value: exampleOf(code) }]);
  return Object.fromEntries(examples) as Record<string, object>;
}

function exampleOf(code: ApiErrorCode): object {
  const facts = `* method:     updateWorkerPool\n* errorCode:  ${code}\n* statusCode: ${errorStatus[code]}\n* time:       ${exampleTime}`;
  const info = {
    method: 'updateWorkerPool',
    params: { workerPoolId: 'example-project/linux' },
    ...(code === 'InputTooLarge' ? {} : { payload: {} }),
    time: exampleTime,
  };
  return {
    code,
    message: `The request failed: ${words[code]}.\n\n---\n\n${facts}`,
    requestInfo: info,
  };
}
