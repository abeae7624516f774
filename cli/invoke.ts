import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createProber } from '../shared/http/prober.ts';
import { proberDefaults } from '../shared/http/prober-defaults.ts';
import type { Fields } from '../shared/runtime/log.ts';
import { type Account, createAccount } from '../simulator/account.ts';
import { createSimulatedAzBalance } from '../simulator/az-balance.ts';
import { createSimulatedDensity } from '../simulator/density.ts';
import {
  createSimulatedHook,
  lambdaTimeoutMsDefault,
  tableDefinition,
} from '../simulator/hook-session.ts';
import { type HttpService, startHttpService } from '../simulator/http-service.ts';
import { createSimulatedInstanceReplacement } from '../simulator/instance-replacement.ts';
import { addManagedCluster } from '../simulator/managed-cluster.ts';
import { createSkippingClock } from '../simulator/skipping-clock.ts';
import { createSimulatedTaskState, topicArns } from '../simulator/task-state.ts';
import { createVirtualClock } from '../simulator/virtual-clock.ts';
import { addZoneCluster } from '../simulator/zone-cluster.ts';
import { Misuse, runCommand } from './misuse.ts';
import { userPath } from './user-path.ts';
import { behaviourOf, createWorld, parseWorld, type World } from './world.ts';
import { parseZoneWorld } from './zone-cluster-world.ts';

const usage = 'usage: npm run -s invoke -- FUNCTION EVENT.json [--world FILE]';

/** What one call came to, as it is printed. */
type Report = {
  readonly result: unknown;
  readonly decision: unknown;
  readonly awsCalls: readonly {
    readonly service: string;
    readonly operation: string;
    readonly count: number;
  }[];
  /** What SNS was sent. The hook leaves its alerts to the sweep of task-state. */
  readonly alerts: readonly unknown[];
  /** What the two local servers saw. */
  readonly requests: { readonly green: number; readonly blue: number };
};

type Invoke = (event: unknown, world: unknown) => Promise<Report>;

/** The same order of test calls in every run. */
const seed = 1;

const invokeDeploymentHook: Invoke = async (event, given) => {
  const world = parseWorld(given);
  const servers: HttpService[] = [];
  const start = async (application: World['green']): Promise<HttpService> => {
    const server = await startHttpService({ behaviour: behaviourOf(application) });
    servers.push(server);
    return server;
  };
  const prober = createProber(proberDefaults);
  try {
    const green = await start(world.green);
    const blue = await start(world.blue ?? world.green);
    const clock = createSkippingClock();
    // The account stands at the world's own time, so that times in events and parameters still fit.
    clock.skip(Date.parse(world.now) - clock.nowMs());
    const ports = { green: green.port, blue: blue.port };
    const { account, service } = createWorld(world, ports, () => clock.nowMs());
    const { handle, records } = createSimulatedHook({
      account,
      clock,
      prober,
      seed,
      config: {
        stackMode: world.mode,
        clusterArns: [service.clusterArn],
        allowedHosts: [],
        tableName: tableDefinition.TableName,
      },
    });
    const endsMs = clock.nowMs() + lambdaTimeoutMsDefault;
    const result = await handle(event, {
      functionArn: undefined,
      remainingMs: () => endsMs - clock.nowMs(),
    });
    return {
      result,
      decision: records.at(-1),
      awsCalls: countsOf(account),
      alerts: [],
      requests: { green: green.requests.count, blue: blue.requests.count },
    };
  } finally {
    prober.close();
    await Promise.all(servers.map((server) => server.close()));
  }
};

/** Kept so far that the first look of a stack is over: it tells nothing for ten minutes. */
const firstLookMs = 3_600_000;

const invokeTaskState: Invoke = async (event, given) => {
  const world = parseWorld(given);
  let nowMs = timeOf(event) ?? Date.parse(world.now);
  const { account, service } = createWorld(world, { green: 80, blue: 80 }, () => nowMs);
  const topics = topicArns(account);
  for (const TopicArn of Object.values(topics)) {
    account.topics.set(TopicArn, { TopicArn, messages: [] });
  }
  const records: Fields[] = [];
  const { store, deliver } = createSimulatedTaskState({
    account,
    nowMs: () => nowMs,
    clusterArns: [service.clusterArn],
    onLog: (message, fields) => records.push({ message, ...fields }),
  });
  await store.endFirstRun(await store.firstRun(nowMs - 2 * firstLookMs), nowMs - firstLookMs);
  const result = await deliver([event]);
  const awsCalls = countsOf(account);
  // A card waits for others of the same cause: whoever runs next tells it, also without an event.
  nowMs += cardHoldMs;
  await deliver([]);
  const { incidents } = await store.list();
  return {
    result,
    decision: { records: records.slice(0, -1), incidents },
    awsCalls,
    alerts: Object.values(topics).flatMap((arn) => account.topics.get(arn)?.messages ?? []),
    requests: { green: 0, blue: 0 },
  };
};

/** What az-balance says of a cluster that it has watched for a while: its last run, and the alerts. */
const invokeAzBalance: Invoke = async (event, given) => {
  const world = parseZoneWorld(given);
  const startMs = world.nowMs - world.watchedMinutes * 60_000;
  const clock = createVirtualClock(startMs);
  const account = createAccount({ nowMs: () => clock.nowMs(), tables: [tableDefinition] });
  const clusterArns = [addZoneCluster(account, world.cluster, startMs)];
  const topics = topicArns(account);
  for (const TopicArn of Object.values(topics)) {
    account.topics.set(TopicArn, { TopicArn, messages: [] });
  }
  const records: Fields[] = [];
  const azBalance = createSimulatedAzBalance({
    ...{ account, clock, clusterArns },
    onLog: (message, fields) => records.push({ message, ...fields }),
  });
  const { store, sweep } = createSimulatedTaskState({
    ...{ account, clusterArns },
    nowMs: () => clock.nowMs(),
  });
  await store.endFirstRun(await store.firstRun(startMs - 2 * firstLookMs), startMs - firstLookMs);
  for (let atMs = startMs; atMs < world.nowMs; atMs += runEveryMs) {
    await clock.sleep(atMs - clock.nowMs());
    await azBalance.run();
    await sweep();
  }
  await clock.sleep(world.nowMs - clock.nowMs());
  for (const list of [records, account.calls]) list.splice(0);
  const result = await azBalance.handle(event);
  const awsCalls = countsOf(account);
  await sweep();
  const { incidents } = await store.list();
  return {
    result,
    decision: { records, incidents },
    awsCalls,
    alerts: Object.values(topics).flatMap((arn) => account.topics.get(arn)?.messages ?? []),
    requests: { green: 0, blue: 0 },
  };
};

/** How often the schedule of az-balance comes. */
const runEveryMs = 5 * 60_000;

/** Longest that a card waits, with a little room. */
const cardHoldMs = 6 * 60_000;

/** What is looked at after the event: a drain that stands still is told after an hour. */
const runsAfterEvent = 6;
const runMs = 15 * 60_000;

/** The event, then the runs of an hour and a half, and the sweep of task-state that tells people. */
const invokeInstanceReplacement: Invoke = async (event, given) => {
  const world = parseWorld(given);
  const clock = createVirtualClock(timeOf(event) ?? Date.parse(world.now));
  const account = createAccount({ nowMs: clock.nowMs, tables: [tableDefinition] });
  const clusterArns = [addManagedCluster(account, clock.nowMs())];
  const topics = topicArns(account);
  for (const TopicArn of Object.values(topics)) {
    account.topics.set(TopicArn, { TopicArn, messages: [] });
  }
  const records: Fields[] = [];
  const lambda = createSimulatedInstanceReplacement({
    account,
    clock,
    clusterArns,
    onLog: (message, fields) => records.push({ message, ...fields }),
  });
  const teller = createSimulatedTaskState({ account, nowMs: clock.nowMs, clusterArns });
  const { store } = teller;
  const firstMs = clock.nowMs() - firstLookMs;
  await store.endFirstRun(await store.firstRun(firstMs - firstLookMs), firstMs);
  const result = await lambda.deliver([event]);
  const awsCalls = countsOf(account);
  followEvent(event, account);
  for (let run = 0; run < runsAfterEvent; run += 1) {
    await lambda.run();
    await clock.sleep(runMs);
  }
  await teller.sweep();
  const { incidents } = await store.list();
  return {
    result,
    decision: { records, incidents },
    awsCalls,
    alerts: Object.values(topics).flatMap((arn) => account.topics.get(arn)?.messages ?? []),
    requests: { green: 0, blue: 0 },
  };
};

/** The account is as the event says: looks find the instance in the same status. */
function followEvent(event: unknown, account: Account): void {
  const detail: unknown = Object(Reflect.get(Object(event), 'detail'));
  const arn: unknown = Reflect.get(Object(detail), 'containerInstanceArn');
  const status: unknown = Reflect.get(Object(detail), 'status');
  const instance = account.containerInstances.get(String(arn));
  if (instance === undefined || typeof status !== 'string') return;
  account.containerInstances.set(instance.containerInstanceArn, { ...instance, status });
}

/** The time of an EventBridge event: the account stands there. */
function timeOf(event: unknown): number | undefined {
  const time: unknown =
    typeof event === 'object' && event !== null ? Reflect.get(event, 'time') : undefined;
  const timeMs = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/** What density finds stands in incidents; the sweep of task-state tells them. */
const invokeDensity: Invoke = async (event, given) => {
  const world = parseWorld(given);
  const nowMs = (): number => Date.parse(world.now);
  const { account, service } = createWorld(world, { green: 80, blue: 80 }, nowMs);
  const records: Fields[] = [];
  const handle = createSimulatedDensity({
    account,
    nowMs,
    clusterArns: [service.clusterArn],
    onLog: (message, fields) => records.push({ message, ...fields }),
  });
  const result = await handle(event);
  return {
    result,
    decision: { records },
    awsCalls: countsOf(account),
    alerts: [],
    requests: { green: 0, blue: 0 },
  };
};

const functions: Readonly<Record<string, Invoke>> = {
  density: invokeDensity,
  'deployment-hook': invokeDeploymentHook,
  'instance-replacement': invokeInstanceReplacement,
  'task-state': invokeTaskState,
  'az-balance': invokeAzBalance,
};

/** How often each operation was called, in the order of first calls. */
function countsOf({ calls }: Account): Report['awsCalls'] {
  const counts = new Map<string, Report['awsCalls'][number]>();
  for (const { service, operation } of calls) {
    const key = `${service}:${operation}`;
    counts.set(key, { service, operation, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()];
}

/** The JSON in a file; what is wrong with it becomes one line. */
function readJson(what: string, file: string): unknown {
  try {
    return JSON.parse(readFileSync(userPath(file), 'utf8'));
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new Misuse(`${what}: expected a file with JSON, ${detail.replace(/\s+/g, ' ')}`);
  }
}

/** An error says nothing in JSON by itself. */
const readable = (_key: string, value: unknown): unknown =>
  value instanceof Error ? `${value.name}: ${value.message}` : value;

/** Runs one handler once, on one event, in the simulated account. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { world: { type: 'string' } },
  });
  const [name, file, ...rest] = positionals;
  const invoke = name !== undefined && Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (invoke === undefined) {
    const known = Object.keys(functions).join(', ');
    throw new Misuse(`FUNCTION: expected one of ${known}, got ${name ?? 'nothing'}`);
  }
  if (file === undefined) throw new Misuse('EVENT.json: expected a file with JSON, got nothing');
  if (rest.length > 0) throw new Misuse(`expected one event, got "${rest.join(' ')}" as well`);
  const event = readJson('EVENT.json', file);
  const world = values.world === undefined ? {} : readJson('--world', values.world);
  const report = await invoke(event, world);
  process.stdout.write(`${JSON.stringify(report, readable, 2)}\n`);
  return 0;
}

await runCommand(usage, main);
