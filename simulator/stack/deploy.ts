import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { Fields } from '../../shared/runtime/log.ts';
import type { Account } from '../account.ts';
import type { WireRequest } from '../aws/wire.ts';
import { compileEventPattern, type EventMatcher } from '../event-pattern.ts';
import { connectQueue } from './event-source.ts';
import { UnsupportedTemplate } from './intrinsics.ts';
import {
  createLambda,
  type Lambda,
  type LambdaHandler,
  type LogRecord,
  type Outcome,
} from './lambda.ts';
import { createQueue, type Queue, type Timeline } from './queue.ts';
import { createSandbox, type Sandbox } from './sandbox.ts';
import { readSchedule } from './schedule.ts';
import type { Stack, StackResource } from './template.ts';

/** Builds a function's handler from its own environment, as its `index.ts` does. */
export type FunctionFactory = (
  env: Readonly<Record<string, string>>,
  sandbox: Sandbox,
) => LambdaHandler;

/** What goes wrong between the parts of the stack; see `faults/` for who draws it. */
export type DeliveryFaults = {
  /** How long after it happened an event arrives, one number a delivery; none: it is lost. */
  readonly deliveries: (event: unknown) => readonly number[];
  /** How long after its time an invocation by a schedule starts, one number an invocation. */
  readonly invocations?: () => readonly number[];
  /** What answers a request where reads may lag behind; the account by default. */
  readonly readsFrom?: (request: WireRequest) => Account;
  /** Asked before each request of a sandbox: true ends it there. */
  readonly crashesBefore: (functionName: string) => boolean;
  /** Time of one request to AWS, in ms. */
  readonly latencyMs: () => number;
};

/** A deployed stack: what its rules, queues, schedules and functions do with events. */
export type Deployed = {
  /** EventBridge: to every rule that matches. */
  deliver(event: unknown): void;
  /** By folder name. */
  readonly lambdas: ReadonlyMap<string, Lambda>;
  /** By logical id. */
  readonly queues: ReadonlyMap<string, Queue>;
  readonly logs: readonly LogRecord[];
  /** A synchronous call, as ECS calls a hook. */
  invoke(functionArn: string, event: unknown): Promise<Outcome>;
  /** Whether anything is under way that promises of this moment may carry on. */
  isWorking(): boolean;
  /** Resolves once everything that runs waits for time to pass. */
  settle(): Promise<void>;
};

export type DeployOptions = {
  readonly account: Account;
  readonly timeline: Timeline;
  /** By folder name; a function of the template without one is an error. */
  readonly functions: Readonly<Record<string, FunctionFactory>>;
  /** By folder name: functions of the template that are not put up, nor the rules to their queues. */
  readonly leftOut?: ReadonlySet<string>;
  readonly faults: DeliveryFaults;
  readonly maxAttempts?: number;
  /** Work outside virtual time, for which time has to stand still; none by default. */
  readonly held?: () => number;
};

/** Of a client that does not say otherwise. */
export const maxAttemptsDefault = 3;
/** Lambda's waits before it tries an asynchronous event again: one minute, then two. */
const asyncRetryDelaysMs = [60_000, 120_000];

/** Puts up everything of the stack that moves: rules to queues, queues to functions, schedules. */
export function deployStack(stack: Stack, options: DeployOptions): Deployed {
  const { timeline, faults, held = () => 0 } = options;
  const logs: LogRecord[] = [];
  const work = new Set<Promise<unknown>>();
  const track = (promise: Promise<unknown>): void => {
    work.add(promise);
    void promise.finally(() => work.delete(promise));
  };
  const queues = createQueues(stack, timeline);
  const { present, absent } = functionsOf(stack, options.leftOut);
  const lambdas = new Map(
    present.map((resource) => [
      folderOf(resource.id),
      createFunction(stack, resource, options, logs),
    ]),
  );
  const byArn = new Map([...lambdas.values()].map((lambda) => [lambda.functionArn, lambda]));
  for (const resource of present) {
    const lambda = lambdas.get(folderOf(resource.id));
    if (lambda !== undefined) {
      connectEvents(resource, lambda, { stack, queues, timeline, track, faults });
    }
  }
  const rules = rulesOf(stack, queues, new Set(absent.flatMap((one) => queuesOf(one, stack))));
  return {
    lambdas,
    queues,
    logs,
    deliver(event) {
      for (const { matches, targets } of rules) {
        if (!matches(event)) continue;
        for (const delayMs of faults.deliveries(event)) {
          timeline.schedule(timeline.nowMs() + delayMs, () => {
            for (const queue of targets) queue.send(JSON.stringify(event));
          });
        }
      }
    },
    invoke(functionArn, event) {
      const lambda = byArn.get(functionArn);
      if (lambda === undefined) throw new Error(`nothing answers to ${functionArn}`);
      const outcome = lambda.invoke(event);
      track(outcome);
      return outcome;
    },
    isWorking: () => work.size > 0,
    settle: () => settle([...lambdas.values()], work, held),
  };
}

function createFunction(
  stack: Stack,
  { id, properties }: StackResource,
  { account, timeline, functions, faults, maxAttempts = maxAttemptsDefault }: DeployOptions,
  logs: LogRecord[],
): Lambda {
  const functionName = folderOf(id);
  const factory = functions[functionName];
  if (factory === undefined) throw new UnsupportedTemplate(`no handler for ${id}`);
  const env = environmentOf(properties);
  const settings = { functionArn: stack.arnOf(id), timeoutMs: Number(properties.Timeout) * 1_000 };
  const least = leastLevelOf(env);
  const note = (level: LogRecord['level'], message: string, fields: LogRecord['fields'] = {}) => {
    if (levels.indexOf(level) < least) return;
    logs.push({ atMs: timeline.nowMs(), functionName, level, message, fields });
  };
  return createLambda(settings, {
    timeline,
    openSandbox: (onDeath) =>
      createSandbox({
        functionName,
        account,
        timeline,
        maxAttempts,
        latencyMs: faults.latencyMs,
        readsFrom: faults.readsFrom,
        crashesBefore: () => faults.crashesBefore(functionName),
        onLog: note,
        onDeath,
      }),
    createHandler: (sandbox) => factory(env, sandbox),
    // Lambda's own line: the function itself can say nothing any more.
    onTimeOut: () => note('error', 'timed-out'),
  });
}

/** Of a log, the least first. */
const levels: readonly LogRecord['level'][] = ['debug', 'info', 'warn', 'error'];

/** What is below it is not written, as the template says it for all functions; everything without a word. */
const leastLevelOf = ({ POWERTOOLS_LOG_LEVEL: name = '' }: Readonly<Record<string, string>>) =>
  levels.findIndex((level) => level.toUpperCase() === name);

/** Folder of a function: `DeploymentHook` lives in `functions/deployment-hook`. */
export const folderOf = (id: string): string =>
  id.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function environmentOf(properties: Fields): Readonly<Record<string, string>> {
  const variables = fieldsOf(fieldsOf(properties.Environment).Variables);
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : String(value),
    ]),
  );
}

/** The dead letters first: other queues refer to them. */
function createQueues(stack: Stack, timeline: Timeline): ReadonlyMap<string, Queue> {
  const queues = new Map<string, Queue>();
  const isRedriving = ({ properties }: StackResource): boolean => 'RedrivePolicy' in properties;
  const all = stack.ofType('AWS::SQS::Queue');
  for (const resource of [...all.filter((one) => !isRedriving(one)), ...all.filter(isRedriving)]) {
    const { properties, id } = resource;
    const redrive = fieldsOf(properties.RedrivePolicy);
    const target = stack.byArn(String(redrive.deadLetterTargetArn));
    queues.set(
      id,
      createQueue(
        {
          arn: stack.arnOf(id),
          visibilityTimeoutMs: Number(properties.VisibilityTimeout ?? 30) * 1_000,
          retentionMs: Number(properties.MessageRetentionPeriod ?? 345_600) * 1_000,
          maxReceiveCount:
            redrive.maxReceiveCount === undefined ? undefined : Number(redrive.maxReceiveCount),
        },
        timeline,
        target === undefined ? undefined : queues.get(target.id),
      ),
    );
  }
  return queues;
}

type Rule = { readonly matches: EventMatcher; readonly targets: readonly Queue[] };

/** Rules that lead to a queue which someone reads: all but those to the queues given. */
function rulesOf(
  stack: Stack,
  queues: ReadonlyMap<string, Queue>,
  unread: ReadonlySet<string>,
): readonly Rule[] {
  const rules = stack.ofType('AWS::Events::Rule').map(({ id, properties }) => ({
    matches: compileEventPattern(properties.EventPattern),
    targets: listOf(properties.Targets).flatMap((target) => {
      const arn = String(fieldsOf(target).Arn);
      if (unread.has(arn)) return [];
      const queue = queues.get(stack.byArn(arn)?.id ?? '');
      if (queue === undefined) throw new UnsupportedTemplate(`${id}: ${arn} is no queue`);
      return [queue];
    }),
  }));
  return rules.filter(({ targets }) => targets.length > 0);
}

/** Functions of the stack that are put up, and those that are left out. */
function functionsOf(stack: Stack, leftOut: ReadonlySet<string> = new Set()) {
  const all = stack.ofType('AWS::Serverless::Function');
  const isLeftOut = ({ id }: StackResource): boolean => leftOut.has(folderOf(id));
  return { present: all.filter((one) => !isLeftOut(one)), absent: all.filter(isLeftOut) };
}

/** ARNs of the queues that a function reads. */
const queuesOf = ({ properties }: StackResource, { byArn }: Stack): readonly string[] =>
  Object.values(fieldsOf(properties.Events)).flatMap((event) => {
    const arn = String(fieldsOf(fieldsOf(event).Properties).Queue);
    return byArn(arn) === undefined ? [] : [arn];
  });

type Connections = {
  readonly stack: Stack;
  readonly queues: ReadonlyMap<string, Queue>;
  readonly timeline: Timeline;
  readonly track: (work: Promise<unknown>) => void;
  readonly faults: DeliveryFaults;
};

function connectEvents({ id, properties }: StackResource, lambda: Lambda, to: Connections): void {
  const retriesMax = Number(fieldsOf(properties.EventInvokeConfig).MaximumRetryAttempts ?? 2);
  for (const [name, value] of Object.entries(fieldsOf(properties.Events))) {
    const { Type, Properties } = fieldsOf(value);
    const source = fieldsOf(Properties);
    if (Type === 'SQS') {
      const queue = to.queues.get(to.stack.byArn(String(source.Queue))?.id ?? '');
      if (queue === undefined) throw new UnsupportedTemplate(`${id}.${name} has no queue`);
      connectQueue(queue, lambda, eventSourceOf(source), to.timeline, to.track);
    } else if (Type === 'ScheduleV2') {
      startSchedule(source, lambda, retriesMax, to);
    } else {
      throw new UnsupportedTemplate(`${id}.${name}: ${String(Type)} is not simulated`);
    }
  }
}

const eventSourceOf = (source: Fields) => ({
  batchSize: Number(source.BatchSize ?? 10),
  batchingWindowMs: Number(source.MaximumBatchingWindowInSeconds ?? 0) * 1_000,
  maximumConcurrency: Number(fieldsOf(source.ScalingConfig).MaximumConcurrency ?? 5),
  reportsItemFailures: listOf(source.FunctionResponseTypes).includes('ReportBatchItemFailures'),
});

function startSchedule(
  source: Fields,
  lambda: Lambda,
  retriesMax: number,
  { timeline, track, faults }: Connections,
): void {
  const next = readSchedule(String(source.ScheduleExpression), timeline.nowMs());
  const event: unknown = JSON.parse(String(source.Input ?? '{}'));
  const attempt = async (count: number): Promise<void> => {
    const outcome = await lambda.invoke(event);
    const delayMs = asyncRetryDelaysMs[count];
    if (outcome.type === 'returned' || count >= retriesMax || delayMs === undefined) return;
    timeline.schedule(timeline.nowMs() + delayMs, () => track(attempt(count + 1)));
  };
  const plan = (): void => {
    const atMs = next(timeline.nowMs());
    if (atMs === undefined) return;
    timeline.schedule(atMs, () => {
      for (const lateMs of faults.invocations?.() ?? [0]) {
        if (lateMs === 0) track(attempt(0));
        else timeline.schedule(timeline.nowMs() + lateMs, () => track(attempt(0)));
      }
      plan();
    });
  };
  plan();
}

/** Turns without anyone busy after which everyone is taken to be waiting. */
const quietTurnsMin = 3;
/** Turns that a handler gets at full speed; only the loading of a module takes more. */
const quickTurnsMax = 1_000;
/** Turns after which a handler that waits for nothing simulated is a mistake: some twenty seconds. */
const turnsMax = 20_000;

async function settle(
  lambdas: readonly Lambda[],
  work: ReadonlySet<Promise<unknown>>,
  held: () => number,
): Promise<void> {
  let quiet = 0;
  for (let turn = 0; work.size > 0 && quiet < quietTurnsMin; turn += 1) {
    if (turn > turnsMax) throw new Error('a handler waits for something outside the simulation');
    await (turn < quickTurnsMax ? nextTurn() : delay(1));
    const isBusy = held() > 0 || lambdas.some((lambda) => lambda.busy() > 0);
    quiet = isBusy ? 0 : quiet + 1;
  }
}
