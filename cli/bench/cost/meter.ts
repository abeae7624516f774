import type { Account } from '../../../simulator/account.ts';
import { recognise, type WireRequest, type WireResponse } from '../../../simulator/aws/wire.ts';
import type { Factories } from '../../../simulator/play.ts';
import type { FunctionFactory } from '../../../simulator/stack/deploy.ts';
import type { LambdaHandler } from '../../../simulator/stack/lambda.ts';
import type { Sandbox } from '../../../simulator/stack/sandbox.ts';
import { meterRequest } from './table-requests.ts';

/** What has called a function. */
export type Trigger = 'schedule' | 'queue' | 'hook';

/** One invocation of a function, and what it used. */
export type Invocation = {
  readonly functionName: string;
  readonly trigger: Trigger;
  readonly atMs: number;
  /** In virtual time: waiting for AWS, the read limiter and test calls; no computing. */
  durationMs: number;
  /** Requests to AWS by `service:Operation`. */
  readonly calls: Map<string, number>;
  /** Messages that came with it. */
  readonly messages: number;
  readUnits: number;
  writeUnits: number;
  /** Metrics asked of CloudWatch, which bills them one by one. */
  metricsRead: number;
  logBytes: number;
  /** It made the calendar of replacements, which the other runs of its schedule do not. */
  isCalendar: boolean;
};

/** How to call a function again as it was called last. */
export type Recorded = {
  readonly factory: FunctionFactory;
  readonly env: Readonly<Record<string, string>>;
  readonly event: unknown;
};

export type Meter = {
  /** Puts a meter around every function. */
  wrap(factories: Factories): Factories;
  /** Whose table is read: called before anything is invoked. */
  watch(account: Account): void;
  readonly invocations: readonly Invocation[];
  /** The last call by function and trigger, as `name trigger`. */
  readonly recorded: ReadonlyMap<string, Recorded>;
};

/** Bytes of a log record beside message and fields: what powertools and CloudWatch add to each. */
const recordBytes = 450;
/** Bytes of the records that Lambda itself writes of an invocation: start, runtime and report. */
const platformBytes = 1_100;

export function createMeter(): Meter {
  let account: Account | undefined;
  const invocations: Invocation[] = [];
  const recorded = new Map<string, Recorded>();
  const accountOf = (): Account => {
    if (account === undefined) throw new Error('the meter watches no account yet');
    return account;
  };
  const wrapOne =
    (functionName: string, factory: FunctionFactory): FunctionFactory =>
    (env, sandbox): LambdaHandler => {
      let current: Invocation | undefined;
      const handle = factory(
        env,
        metered(sandbox, accountOf, () => current),
      );
      return async (event, context) => {
        const atMs = sandbox.clock.nowMs();
        const invocation = begin(functionName, event, atMs);
        current = invocation;
        recorded.set(`${functionName} ${invocation.trigger}`, { factory, env, event });
        try {
          return await handle(event, context);
        } finally {
          invocation.durationMs = sandbox.clock.nowMs() - atMs;
          invocations.push(invocation);
        }
      };
    };
  return {
    wrap: (factories) =>
      Object.fromEntries(
        Object.entries(factories).map(([name, factory]) => [name, wrapOne(name, factory)]),
      ),
    watch: (watched) => {
      account = watched;
    },
    invocations,
    recorded,
  };
}

function begin(functionName: string, event: unknown, atMs: number): Invocation {
  const records: unknown = Reflect.get(Object(event), 'Records');
  const isSchedule = Reflect.get(Object(event), 'source') === 'ballast.schedule';
  const messages = Array.isArray(records) ? records.length : 0;
  const trigger: Trigger = messages > 0 ? 'queue' : isSchedule ? 'schedule' : 'hook';
  return {
    ...{ functionName, trigger, atMs, messages },
    ...{ durationMs: 0, readUnits: 0, writeUnits: 0, metricsRead: 0, logBytes: platformBytes },
    calls: new Map(),
    isCalendar: false,
  };
}

/** A sandbox runs one invocation at a time: whatever it does meanwhile is that one's. */
function metered(
  sandbox: Sandbox,
  account: () => Account,
  current: () => Invocation | undefined,
): Sandbox {
  const { log, clientSettings } = sandbox;
  const { requestHandler } = clientSettings;
  const noting =
    (write: Sandbox['log']['info']): Sandbox['log']['info'] =>
    (message, fields = {}) => {
      noteLog(current(), message, fields);
      write(message, fields);
    };
  return {
    ...sandbox,
    // Debug is not written at the level that the template sets.
    log: {
      debug: log.debug,
      info: noting(log.info),
      warn: noting(log.warn),
      error: noting(log.error),
    },
    clientSettings: {
      ...clientSettings,
      requestHandler: {
        ...requestHandler,
        handle: async (request, options) => {
          const finish = noteCall(current(), request, account());
          const answer = await requestHandler.handle(request, options);
          finish(answer.response);
          return answer;
        },
      },
    },
  };
}

function noteLog(invocation: Invocation | undefined, message: string, fields: object): void {
  if (invocation === undefined) return;
  invocation.logBytes += recordBytes + message.length + JSON.stringify(fields).length;
  if (message === 'look' && Reflect.get(fields, 'calendar') === true) invocation.isCalendar = true;
}

/** Notes a request when it is made; returns what notes its answer. */
function noteCall(
  invocation: Invocation | undefined,
  request: WireRequest,
  account: Account,
): (response: WireResponse) => void {
  if (invocation === undefined) return () => {};
  const { protocol, operation, input } = recognise(request);
  const name = `${protocol.service}:${operation}`;
  invocation.calls.set(name, (invocation.calls.get(name) ?? 0) + 1);
  if (name === 'cloudwatch:GetMetricData') {
    const queries = input.MetricDataQueries;
    invocation.metricsRead += Array.isArray(queries) ? queries.length : 0;
  }
  if (protocol.service !== 'dynamodb') return () => {};
  const unitsOf = meterRequest(account, { operation, input });
  return ({ body }) => {
    const answer: unknown =
      operation === 'Query' ? JSON.parse(new TextDecoder().decode(body)) : undefined;
    const units = unitsOf(answer);
    invocation.readUnits += units.read;
    invocation.writeUnits += units.write;
  };
}
