import type { HookAnswer } from '../functions/deployment-hook/answer.ts';
import type { Config } from '../functions/deployment-hook/config.ts';
import { createHandler } from '../functions/deployment-hook/handler.ts';
import { createDeploymentHookGateways } from '../shared/aws/deployment-hook-gateways.ts';
import type { Prober } from '../shared/http/port.ts';
import type { Clock } from '../shared/runtime/clock.ts';
import type { Fields, Log } from '../shared/runtime/log.ts';
import type { Account, TableDefinition } from './account.ts';
import { createRequestHandler } from './aws/request-handler.ts';
import { type BlueGreenService, hookEvent } from './deployment.ts';

/** The table of `template.yaml`, as far as requests can tell. */
export const tableDefinition: TableDefinition = {
  TableName: 'ballast',
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'S' },
    { AttributeName: 'indexPk', AttributeType: 'S' },
    { AttributeName: 'indexSk', AttributeType: 'S' },
  ],
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'by-index',
      KeySchema: [
        { AttributeName: 'indexPk', KeyType: 'HASH' },
        { AttributeName: 'indexSk', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'ALL' },
    },
  ],
};

/** Lambda's time for one call, in ms: the function's `Timeout` in `template.yaml`. */
export const lambdaTimeoutMsDefault = 60_000;
/** Time of an AWS call that hangs, in ms: the `requestTimeout` that the hook's clients have. */
const requestTimeoutMsDefault = 4_000;
/** ECS calls a hook again for 24 h at most, unless its own time-out is shorter. */
const hookTimeoutMsDefault = 24 * 3_600_000;
/** Default delay between two polls, in seconds. */
const callBackDelaySecondsDefault = 30;
/** Polls after which a session is broken: more than a day of the shortest delays. */
const invocationsMax = 20_000;

/** One call of the hook, as ECS sees it, with the decision record that it logged. */
export type HookInvocation = {
  readonly atMs: number;
  readonly answer: HookAnswer;
  readonly decision: Fields;
};

export type HookSessionResult = {
  readonly verdict: 'SUCCEEDED' | 'FAILED';
  /** The reason of the last decision; `hook-timed-out` when ECS ended the hook. */
  readonly reason: string;
  readonly invocations: readonly HookInvocation[];
  readonly elapsedMs: number;
};

export type HookDeps = {
  readonly account: Account;
  readonly clock: Clock;
  readonly prober: Prober;
  readonly config: Config;
  readonly seed: number;
  /** Told every line that the hook logs, of whatever level. */
  readonly onLog?: (message: string, fields: Fields) => void;
  /** Time of an AWS call that hangs, in ms. */
  readonly requestTimeoutMs?: number;
};

/** The real handler, its SDK clients ending in the simulated account; `records` are its decisions. */
export function createSimulatedHook(deps: HookDeps) {
  const { account, clock, prober, config, seed, onLog } = deps;
  const records: Fields[] = [];
  const note = (message: string, fields: Fields = {}): void => {
    onLog?.(message, fields);
    if (message === 'decision') records.push(fields);
  };
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const gateways = createDeploymentHookGateways({
    region: account.region,
    credentials: { accessKeyId: 'simulated', secretAccessKey: 'simulated' },
    maxAttempts: 3,
    requestHandler: createRequestHandler(account, {
      requestTimeoutMs: deps.requestTimeoutMs ?? requestTimeoutMsDefault,
      sleep: (delayMs, signal) => clock.sleep(delayMs, signal),
    }),
  });
  const handle = createHandler({
    ...gateways,
    prober,
    clock,
    log,
    readConfig: () => config,
    seed: () => seed + records.length,
  });
  return { handle, records };
}

/** What becomes of the `hookDetails` that a hook returned; how ECS does it is not documented in full. */
export type DetailsTravel = (
  configured: unknown,
  returned: Readonly<Record<string, unknown>>,
) => unknown;

export const detailsReplaced: DetailsTravel = (_, returned) => returned;
export const detailsMerged: DetailsTravel = (configured, returned) =>
  typeof configured === 'object' ? { ...configured, ...returned } : returned;

export type HookSessionOptions = {
  readonly stage: string;
  readonly hookDetails?: unknown;
  readonly isRollback?: boolean;
  readonly travel?: DetailsTravel;
  /** ECS's own time-out for the hook, and what it does then. */
  readonly timeout?: { readonly minutes: number; readonly action: 'ROLLBACK' | 'CONTINUE' };
  /** Lambda's time for one call, in ms. */
  readonly lambdaTimeoutMs?: number;
  /** The ARN that ECS invokes the hook by; without it the hook does not learn it. */
  readonly functionArn?: string;
  /** Lets the time between two polls pass. */
  readonly waitBetween: (delayMs: number) => Promise<void> | void;
  readonly onInvocation?: (invocation: HookInvocation) => void;
};

/** Plays ECS's part for one hook at one stage: calls it until it says SUCCEEDED or FAILED. */
export async function runHookSession(
  service: BlueGreenService,
  deps: HookDeps,
  options: HookSessionOptions,
): Promise<HookSessionResult> {
  const { clock } = deps;
  const { handle, records } = createSimulatedHook(deps);
  const startedMs = clock.nowMs();
  const { minutes, action } = options.timeout ?? { minutes: undefined, action: 'ROLLBACK' };
  const endsMs = startedMs + (minutes === undefined ? hookTimeoutMsDefault : minutes * 60_000);
  const invocations: HookInvocation[] = [];
  const travel = options.travel ?? detailsReplaced;
  const lambdaTimeoutMs = options.lambdaTimeoutMs ?? lambdaTimeoutMsDefault;
  let hookDetails = options.hookDetails;
  const result = (verdict: HookSessionResult['verdict'], reason: string): HookSessionResult => ({
    verdict,
    reason,
    invocations,
    elapsedMs: clock.nowMs() - startedMs,
  });

  for (let call = 0; call < invocationsMax && clock.nowMs() < endsMs; call += 1) {
    const atMs = clock.nowMs();
    const event = hookEvent(service, {
      stage: options.stage,
      isRollback: options.isRollback ?? false,
      ...(hookDetails === undefined ? {} : { hookDetails }),
    });
    const answer = await handle(structuredClone(event), {
      functionArn: options.functionArn,
      remainingMs: () => atMs + lambdaTimeoutMs - clock.nowMs(),
    });
    const decision = records.at(-1) ?? {};
    const invocation = { atMs, answer, decision };
    invocations.push(invocation);
    options.onInvocation?.(invocation);
    if (answer.hookStatus !== 'IN_PROGRESS') {
      return result(answer.hookStatus, String(decision.reason));
    }
    // What ECS gets is JSON: whatever does not survive that never reaches the next call.
    const returned = JSON.parse(JSON.stringify(answer.hookDetails ?? {}));
    hookDetails = travel(options.hookDetails, returned);
    await options.waitBetween((answer.callBackDelay ?? callBackDelaySecondsDefault) * 1_000);
  }
  return result(action === 'CONTINUE' ? 'SUCCEEDED' : 'FAILED', 'hook-timed-out');
}
