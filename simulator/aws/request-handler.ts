import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Account, Call, Fault, ServiceName } from '../account.ts';
import { applicationAutoScaling } from './application-auto-scaling.ts';
import { cloudWatch } from './cloudwatch.ts';
import { dynamoDb } from './dynamodb.ts';
import { ec2 } from './ec2.ts';
import { ecs } from './ecs.ts';
import { elbv2 } from './elbv2.ts';
import { ServiceError, throttledBy, UnsupportedRequest } from './errors.ts';
import { logs } from './logs.ts';
import { type Responder, respond } from './operation.ts';
import { secretsManager } from './secrets-manager.ts';
import { sns } from './sns.ts';
import { ssm } from './ssm.ts';
import {
  encodeError,
  encodeOutput,
  isXml,
  type Protocol,
  type Recognised,
  recognise,
  type WireRequest,
  type WireResponse,
} from './wire.ts';

/** Every simulated service. */
export const responders: Readonly<Record<ServiceName, Responder>> = {
  ecs,
  elasticloadbalancing: elbv2,
  cloudwatch: cloudWatch,
  ssm,
  secretsmanager: secretsManager,
  dynamodb: dynamoDb,
  logs,
  sns,
  ec2,
  'application-autoscaling': applicationAutoScaling,
};

export type RequestHandlerOptions = {
  /** How long a call that hangs lasts, in ms; without it, until the caller aborts. */
  readonly requestTimeoutMs?: number;
  /** Waits for the timeout of a call that hangs; a simulation in virtual time brings its own. */
  readonly sleep?: Clock['sleep'];
  /** Name of whoever makes the calls. */
  readonly caller?: string;
};

/** What a client passes along with a request, as far as it matters here. */
type HandleOptions = { readonly abortSignal?: unknown; readonly requestTimeout?: number };

/** The Smithy `HttpHandler` shape; pass it to any client as `requestHandler`. */
export type SimulatedRequestHandler = {
  readonly metadata: { readonly handlerProtocol: string };
  handle(
    request: WireRequest,
    options?: HandleOptions,
  ): Promise<{ readonly response: WireResponse }>;
  updateHttpClientConfig(key: string, value: unknown): void;
  httpHandlerConfigs(): { readonly requestTimeout?: number };
  destroy(): void;
};

/**
 * Ends the requests of real AWS clients in the simulated account: serialisation, retries and paging
 * stay the client's own. One handler may serve any number of clients.
 */
export function createRequestHandler(
  account: Account,
  options: RequestHandlerOptions = {},
): SimulatedRequestHandler {
  const sleep = options.sleep ?? realSleep;
  let requestTimeoutMs = options.requestTimeoutMs;
  let requests = 0;
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    handle: async (request, { abortSignal, requestTimeout } = {}) => {
      const signal = abortSignal instanceof AbortSignal ? abortSignal : undefined;
      if (signal?.aborted) throw abortError();
      requests += 1;
      const requestId = `00000000-0000-4000-8000-${String(requests).padStart(12, '0')}`;
      const recognised = recogniseOrComplain(account, request);
      const call = callOf(recognised, options.caller);
      account.calls.push(call);
      const fault = takeFault(account, call);
      if (fault === 'hang') await hang(requestTimeout ?? requestTimeoutMs, sleep, signal);
      if (fault === 'network-error') throw connectionReset();
      const isAdmitted = account.admits?.(call) ?? true;
      const response = answer(account, recognised, isAdmitted ? fault : 'throttle', requestId);
      if (fault === 'answer-lost') throw connectionReset();
      return { response };
    },
    updateHttpClientConfig: (key, value) => {
      if (key === 'requestTimeout' && typeof value === 'number') requestTimeoutMs = value;
    },
    httpHandlerConfigs: () =>
      requestTimeoutMs === undefined ? {} : { requestTimeout: requestTimeoutMs },
    destroy: () => {},
  };
}

const callOf = ({ protocol, operation, input }: Recognised, caller: string | undefined): Call => ({
  ...{ service: protocol.service, operation, input },
  ...(caller === undefined ? {} : { caller }),
});

function recogniseOrComplain(account: Account, request: WireRequest): Recognised {
  try {
    return recognise(request);
  } catch (cause) {
    if (cause instanceof UnsupportedRequest)
      account.problems.push(`Not simulated: ${cause.message}`);
    throw cause;
  }
}

/** The answer of the service, or of the fault in its place. */
function answer(
  account: Account,
  recognised: Recognised,
  fault: Fault | undefined,
  requestId: string,
): WireResponse {
  const { protocol, operation } = recognised;
  if (fault === 'empty-answer') return encodeOutput(recognised, {}, requestId);
  try {
    const injected = fault === undefined ? undefined : errorOf(fault, account, recognised);
    if (injected !== undefined) throw injected;
    return encodeOutput(recognised, outputOf(account, recognised), requestId);
  } catch (cause) {
    if (cause instanceof ServiceError) return encodeError(protocol, cause, requestId);
    // A defect of the simulation as well as a gap in it: a client would only see a failed request.
    const sentence = cause instanceof Error ? cause.message : String(cause);
    account.problems.push(`${protocol.service}:${operation}: ${sentence}`);
    const code =
      cause instanceof UnknownOperation ? 'UnknownOperationException' : 'UnsupportedBySimulator';
    const message = `${protocol.service}:${operation}: ${sentence}`;
    return encodeError(protocol, new ServiceError(code, message), requestId);
  }
}

class UnknownOperation extends UnsupportedRequest {}

function outputOf(account: Account, { protocol, operation, input, region }: Recognised): object {
  if (region !== account.region) {
    throw new UnsupportedRequest(`the Region is ${region}, the account's is ${account.region}`);
  }
  const simulated = responders[protocol.service][operation];
  if (simulated === undefined) throw new UnknownOperation('the operation is not simulated');
  return respond(simulated, account, input);
}

/** The hook comes first: a property that draws faults owns them all. */
function takeFault(account: Account, call: Call): Fault | undefined {
  const drawn = account.intercept?.(call);
  if (drawn !== undefined) return drawn;
  const rule = account.faults.find(
    ({ service, operation, times }) =>
      (service === undefined || service === call.service) &&
      (operation === undefined || operation === call.operation) &&
      (times === undefined || times > 0),
  );
  if (rule?.times !== undefined) rule.times -= 1;
  return rule?.kind;
}

function errorOf(
  fault: Fault,
  account: Account,
  { protocol, operation }: Recognised,
): ServiceError | undefined {
  switch (fault) {
    case 'throttle':
      return throttled(protocol);
    case 'server-error':
      return new ServiceError(
        serverErrorCodes[protocol.service],
        'We encountered an internal error',
        {
          statusCode: 500,
        },
      );
    case 'access-denied':
      return accessDenied(account, protocol, operation);
    default:
      return undefined;
  }
}

function throttled(protocol: Protocol): ServiceError {
  const isOld = isXml(protocol) || protocol.isQueryCompatible;
  return throttledBy(protocol.service, isOld ? 'Throttling' : 'ThrottlingException');
}

const serverErrorCodes: Readonly<Record<ServiceName, string>> = {
  ecs: 'ServerException',
  elasticloadbalancing: 'InternalFailure',
  cloudwatch: 'InternalServiceError',
  ssm: 'InternalServerError',
  secretsmanager: 'InternalServiceError',
  dynamodb: 'InternalServerError',
  logs: 'ServiceUnavailableException',
  sns: 'InternalError',
  ec2: 'InternalError',
  'application-autoscaling': 'InternalServiceException',
};

function accessDenied(account: Account, protocol: Protocol, operation: string): ServiceError {
  const caller = `arn:aws:sts::${account.accountId}:assumed-role/ballast/ballast`;
  const message = `User: ${caller} is not authorized to perform: ${protocol.service}:${operation}`;
  if (protocol.version === 'ec2') {
    const sentence = `You are not authorized to perform this operation. ${message}`;
    return new ServiceError('UnauthorizedOperation', sentence, { statusCode: 403 });
  }
  return isXml(protocol) || protocol.isQueryCompatible
    ? new ServiceError('AccessDenied', message, { statusCode: 403 })
    : new ServiceError('AccessDeniedException', message);
}

/** Ends by the caller's signal or by the timeout, whichever comes first; never by itself. */
async function hang(
  timeoutMs: number | undefined,
  sleep: Clock['sleep'],
  signal: AbortSignal | undefined,
): Promise<never> {
  try {
    if (timeoutMs === undefined || timeoutMs === 0) await untilAborted(signal);
    else await sleep(timeoutMs, signal);
  } catch (cause) {
    if (signal?.aborted) throw abortError();
    throw cause;
  }
  throw Object.assign(new Error(`the request timed out after ${timeoutMs} ms`), {
    name: 'TimeoutError',
  });
}

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted) reject(abortError());
    signal?.addEventListener('abort', () => reject(abortError()), { once: true });
  });
}

/** The names and codes that the SDK's own handler gives, because its retries depend on them. */
function abortError(): Error {
  return Object.assign(new Error('Request aborted'), { name: 'AbortError' });
}

function connectionReset(): Error {
  return Object.assign(new Error('read ECONNRESET'), { name: 'TimeoutError', code: 'ECONNRESET' });
}

async function realSleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  await delay(delayMs, undefined, signal === undefined ? {} : { signal });
}
