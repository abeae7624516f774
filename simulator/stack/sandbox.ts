import type { Clock } from '../../shared/runtime/clock.ts';
import type { Fields, Log } from '../../shared/runtime/log.ts';
import type { Account } from '../account.ts';
import { createRequestHandler, type SimulatedRequestHandler } from '../aws/request-handler.ts';
import type { WireRequest } from '../aws/wire.ts';
import type { Timeline } from './queue.ts';

/** One execution environment of Lambda: it runs one invocation at a time, and dies whole. */
export type Sandbox = {
  readonly clock: Clock;
  readonly clientSettings: SandboxClientSettings;
  readonly log: Log;
  /** Things of this sandbox that wait for time to pass. */
  waits(): number;
  isDead(): boolean;
  /** From now on nothing that it waits for ever comes, and nothing it does has an effect. */
  kill(): void;
};

/** What its AWS clients are built with: requests and retries take virtual time. */
export type SandboxClientSettings = {
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly maxAttempts: number;
  readonly requestHandler: SimulatedRequestHandler;
  readonly retryStrategy: RetryStrategy;
  readonly signer: Signer;
  /** Without any method: the SDK then does not prepare what nobody would read. */
  readonly logger: object;
};

export type SandboxOptions = {
  readonly functionName: string;
  readonly account: Account;
  readonly timeline: Timeline;
  readonly maxAttempts: number;
  /** Time that one request takes, in ms. */
  readonly latencyMs: () => number;
  /** Asked before each request; true kills the sandbox there: a crash between two calls. */
  readonly crashesBefore: (request: { readonly body?: unknown }) => boolean;
  /** What answers a request: the account, or how it was a moment ago where a read may lag behind. */
  readonly readsFrom?: ((request: WireRequest) => Account) | undefined;
  readonly onLog: (level: keyof Log, message: string, fields: Fields) => void;
  readonly onDeath: () => void;
};

/** Time of an AWS call that hangs, in ms: the `requestTimeout` that the functions' clients have. */
const requestTimeoutMs = 4_000;

export function createSandbox(options: SandboxOptions): Sandbox {
  const { account, timeline, onLog, readsFrom } = options;
  let [isDead, waits] = [false, 0];
  const kill = (): void => {
    if (isDead) return;
    isDead = true;
    options.onDeath();
  };
  const sleep: Clock['sleep'] = (delayMs, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      waits += 1;
      const end = (settle: () => void) => (): void => {
        waits -= 1;
        cancel();
        signal?.removeEventListener('abort', aborted);
        if (!isDead) settle();
      };
      const aborted = end(() => reject(signal?.reason));
      const cancel = timeline.schedule(timeline.nowMs() + Math.max(delayMs, 0), end(resolve));
      signal?.addEventListener('abort', aborted, { once: true });
    });
  const handling = { sleep, requestTimeoutMs, caller: options.functionName };
  const ended = new WeakSet<object>();
  const responder = createRequestHandler(account, handling);
  const responderOf = (request: WireRequest): SimulatedRequestHandler => {
    const seen = readsFrom?.(request) ?? account;
    return seen === account ? responder : createRequestHandler(seen, handling);
  };
  const note =
    (level: keyof Log) =>
    (message: string, fields: Fields = {}): void => {
      if (!isDead) onLog(level, message, fields);
    };
  return {
    clock: { nowMs: () => timeline.nowMs(), sleep },
    log: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') },
    waits: () => waits,
    isDead: () => isDead,
    kill,
    clientSettings: {
      region: account.region,
      credentials: { accessKeyId: 'simulated', secretAccessKey: 'simulated' },
      maxAttempts: options.maxAttempts,
      retryStrategy: createRetryStrategy(ended, sleep),
      signer: createScopeSigner(account.region),
      logger: {},
      requestHandler: {
        ...responder,
        handle: async (request, handleOptions) => {
          if (isDead || options.crashesBefore(request)) {
            kill();
            return await never();
          }
          const half = options.latencyMs() / 2;
          await sleep(half);
          const answer = responderOf(request).handle(request, handleOptions);
          const [result] = await Promise.allSettled([answer]);
          if (isLastAttempt(request)) {
            ended.add(result.status === 'fulfilled' ? result.value.response : result.reason);
          }
          // The work is done; whether its answer arrives is another question.
          await sleep(half);
          return await answer;
        },
      },
    },
  };
}

const never = (): Promise<never> => new Promise(() => {});

/** The part of the SDK's signer that its middleware calls. */
export type Signer = { sign(request: SignedRequest): Promise<SignedRequest> };
type SignedRequest = { readonly headers: Record<string, string>; readonly hostname: string };

/**
 * Writes whom a request is for, as a signature does, and does not sign it: nobody checks signatures
 * here, and they are a third of the time that a request takes.
 */
const createScopeSigner = (region: string): Signer => ({
  sign: async (request) => {
    // The client was made for one Region, and its endpoint begins with the service's signing name.
    const [service] = request.hostname.split('.', 1);
    const scope = `simulated/20260101/${region}/${service}/aws4_request`;
    request.headers.authorization = `AWS4-HMAC-SHA256 Credential=${scope}, Signature=simulated`;
    return request;
  },
});

/** The part of the SDK's retry strategy that its middleware calls. */
export type RetryStrategy = {
  readonly mode: string;
  acquireInitialRetryToken(): Promise<RetryToken>;
  refreshRetryTokenForRetry(token: RetryToken, error: RetryError): Promise<RetryToken>;
  recordSuccess(): void;
};
type RetryToken = { getRetryCount(): number; getRetryDelay(): number };
type RetryError = { readonly errorType: string; readonly error?: unknown };

/** First delay of the SDK's standard back-off, and of the one for throttling, in ms. */
const retryBaseMs = 100;
const throttledBaseMs = 500;
const retryDelayMsMax = 20_000;

const tokenOf = (count: number): RetryToken => ({
  getRetryCount: () => count,
  // The waiting is done in virtual time before the token is handed out.
  getRetryDelay: () => 0,
});

/** Pause before a retry, the first being 1. */
export const retryPauseMs = (retry: number, isThrottled: boolean): number =>
  Math.min((isThrottled ? throttledBaseMs : retryBaseMs) * 2 ** (retry - 1), retryDelayMsMax);

/** Whether the client that sends a request tries no more after it, as the SDK says in a header. */
function isLastAttempt({ headers }: WireRequest): boolean {
  const [, attempt, max] = /attempt=(\d+); max=(\d+)/.exec(headers['amz-sdk-request'] ?? '') ?? [];
  return attempt !== undefined && Number(attempt) >= Number(max);
}

/**
 * Retries as the SDK's standard strategy does, waiting in virtual time and without its jitter, which
 * would be chance of another source than the seed. How often is each client's own `maxAttempts`, which
 * no strategy is told: `ended` has the answers, and the failures, of last attempts.
 * Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 */
function createRetryStrategy(ended: WeakSet<object>, sleep: Clock['sleep']): RetryStrategy {
  return {
    mode: 'standard',
    acquireInitialRetryToken: async () => tokenOf(0),
    refreshRetryTokenForRetry: async (token, { errorType, error }) => {
      const count = token.getRetryCount() + 1;
      const isLast = [error, Object(error).$response].some((one) => ended.has(Object(one)));
      if (errorType === 'CLIENT_ERROR' || isLast) throw error ?? new Error('no more retries');
      await sleep(retryPauseMs(count, errorType === 'THROTTLING'));
      return tokenOf(count);
    },
    recordSuccess: () => {},
  };
}
