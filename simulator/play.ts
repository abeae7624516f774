import type { Prober } from '../shared/http/port.ts';
import type { Clock } from '../shared/runtime/clock.ts';
import type { Account } from './account.ts';
import { readAlert, topicOf } from './alert-messages.ts';
import type { AppHttp, AppsHttp } from './app-http.ts';
import type { VariantChoices } from './behaviours.ts';
import { fastFactories } from './fast/functions.ts';
import { crashesBefore, createCallFaults } from './faults/calls.ts';
import { deliveriesOf, invocationsOf } from './faults/delivery.ts';
import { startNature } from './faults/nature.ts';
import { createStaleReads } from './faults/stale.ts';
import { createFaults, drawFaults, type FaultName, type Faults, wireFaults } from './faults.ts';
import { createHookCaller } from './hook-calls.ts';
import { createJournal, type Journal } from './journal.ts';
import { observeWorld, signalIn, stopIn } from './observer.ts';
import { createWorldProber, type WorldProberOptions } from './prober.ts';
import type { AlertRecord, RunRecord } from './record.ts';
import type { RunMode, Scenario, StackMode, Stage } from './scenario.ts';
import { advance, parametersOf, readStackOf, type Simulation, simulate } from './simulation.ts';
import type { DeliveryFaults, FunctionFactory } from './stack/deploy.ts';
import { functionFactories } from './stack/functions.ts';
import type { LogRecord } from './stack/lambda.ts';
import type { Stack } from './stack/template.ts';
import { warmUp } from './stack/warm-up.ts';
import { createUsers, type Users } from './users.ts';
import { createWorld, type EventEnvelope, type World } from './world.ts';

export type PlayOptions = {
  readonly seed: number;
  readonly days: number;
  readonly withBallast: boolean;
  readonly mode: RunMode;
  readonly variants?: VariantChoices;
  /** In place of those that the seed draws. */
  readonly faults?: ReadonlySet<FaultName>;
  /** Puts others in the place of the real functions: to see that checkers notice. */
  readonly replace?: (real: Factories) => Factories;
  /**
   * Puts up the functions that look at whole clusters every few minutes as well, or those of them that are
   * named, or leaves them out;
   * the scenario says what is usual. A day with them takes several times as long.
   */
  readonly withWatchers?: boolean | readonly string[];
  /** What people did in another run because they were told; in this one they do it at the same times. */
  readonly reactions?: ReadonlyMap<string, number>;
  /** Time of a request to AWS; drawn by default. */
  readonly latencyMs?: number;
  /** What sends the hook's test calls; by default they end in the world itself. */
  readonly createProber?: CreateProber;
  /** Called once, when everything is arranged and time has not begun to pass. */
  readonly watch?: (watched: Watched) => void;
};

export type CreateProber = (world: World, options: WorldProberOptions) => (clock: Clock) => Prober;

/** What a run looks like from outside, while it goes on. */
export type Watched = {
  readonly world: World;
  readonly journal: Journal;
  /** What the functions have logged until now. */
  logs(): readonly LogRecord[];
  readonly users: Users;
  readonly apps: AppsHttp;
};

/** Functions that look at whole clusters, whatever happens. */
const watchers = new Set(['instance-replacement', 'az-balance', 'density']);

export type Factories = Readonly<Record<string, FunctionFactory>>;

const dayMs = 86_400_000;
const minuteMs = 60_000;
/** When every run begins: a Friday. */
const startMs = Date.parse('2026-11-20T00:00:00Z');
/** A cluster starts, and Ballast's first run ends, before anything may go wrong. */
const calmMs = 45 * minuteMs;
const clusterNameDefault = 'prod';
const latencyRangeMs = [5, 40] as const;

/** A played run: what it left behind, and what its scenario says of itself. */
export type Played = {
  readonly record: RunRecord;
  readonly variants: Readonly<Record<string, string>>;
  readonly figures: Readonly<Record<string, unknown>>;
  /** When people did what they were told to: a run without Ballast can repeat it. */
  readonly reactions: ReadonlyMap<string, number>;
};

/** Plays a scenario once, from its first moment to its last. */
export async function play(scenario: Scenario, options: PlayOptions): Promise<Played> {
  await warmUp();
  const { seed, days, variants = {} } = options;
  const { clusterName = clusterNameDefault, region } = scenario;
  const place = region === undefined ? {} : { region };
  const world = createWorld({ seed, startMs, variants, ...place });
  const endMs = startMs + days * dayMs;
  const faults = faultsOf(scenario, options, world);
  const journal = createJournal(world.account);
  const apps = new Map<string, AppHttp>();
  const stackMode = scenario.stackMode(seed);
  const cluster = world.ecs.createCluster({ clusterName });
  world.onEvent((event) => noteEvent(event, journal));
  const { upAfterMs = 0 } = scenario;
  const putUpNow = (): Ballast | undefined =>
    options.withBallast
      ? putUp(world, readStackOf(world, parametersOf(cluster, stackMode)), {
          options: { ...options, withWatchers: watchersOf(scenario, options) },
          ...{ faults, journal, apps },
        })
      : undefined;
  let ballast = upAfterMs === 0 ? putUpNow() : undefined;
  const observer = observeWorld(world, (entry) => journal.timeline.push(entry));
  const stage = stageOf(world, {
    ...{ faults, journal, apps, endMs, stackMode, clusterName },
    hook: ballast?.hook,
    reactions: { noted: new Map(), repeated: options.reactions },
  });
  const arranged = scenario.arrange(stage);
  scenario.story?.(stage, arranged.zones);
  startNature({
    world,
    faults,
    zones: arranged.zones,
    deploy: arranged.deploy,
    note: (text) => journal.note('nature', text),
  });
  const logs = (): readonly LogRecord[] => ballast?.simulation.deployed.logs ?? [];
  options.watch?.({ world, journal, logs, apps, users: stage.users });
  if (upAfterMs > 0) {
    await advance(world, Math.min(endMs, startMs + upAfterMs));
    ballast = putUpNow();
  }
  await (ballast?.simulation.advance(endMs) ?? advance(world, endMs));
  return {
    record: {
      ...{ scenario: scenario.name, seed, mode: options.mode, stackMode },
      withBallast: options.withBallast,
      upMs: startMs + upAfterMs,
      ...{ startMs, endMs, faultsFromMs: faults.fromMs, faultsUntilMs: faults.untilMs },
      ...{ faults: faults.active, hits: faults.hits, logs: logs() },
      functions: ballast?.functions ?? [],
      users: stage.users.requests(),
      ...seenIn(world, journal, observer),
    },
    variants: world.variants(),
    figures: arranged.figures?.() ?? {},
    reactions: stage.reactions.noted,
  };
}

/** What the world, and those who wrote down what happened in it, know at the end. */
const seenIn = (world: World, journal: Journal, observer: ReturnType<typeof observeWorld>) => ({
  truths: journal.truths,
  stops: journal.stops(),
  signals: journal.signals(),
  hookCalls: journal.hookCalls,
  alerts: alertsOf(world.account),
  writes: journal.writes,
  counts: observer.counts,
  fleet: observer.fleet,
  deployments: observer.deployments(),
  drains: observer.drains,
  instances: observer.instances(),
  digests: digestsOf(world.account),
  tags: tagsOf(world.account),
  deadLetters: journal.deadLetters,
  problems: world.account.problems,
  calls: Object.fromEntries([...journal.calls].sort(([a], [b]) => (a < b ? -1 : 1))),
  timeline: journal.timeline,
});

const watchersOf = (scenario: Scenario, options: PlayOptions): boolean | readonly string[] =>
  options.withWatchers ?? scenario.hasWatchers ?? false;

/** Faults that are on in this run, between its calm beginning and the time in which all must be well. */
function faultsOf(scenario: Scenario, options: PlayOptions, { nowMs }: World): Faults {
  const { seed, days, mode } = options;
  const untilMs = startMs + days * dayMs - scenario.convergesWithinMs;
  const drawn = [...drawFaults(seed, scenario.faults), ...(scenario.essentialFaults ?? [])];
  const active = options.faults ?? new Set(drawn);
  const isPossible = (fault: FaultName): boolean => mode === 'wire' || !wireFaults.has(fault);
  return createFaults(
    new Set([...active].filter(isPossible)),
    [startMs + calmMs, Math.max(startMs + calmMs, untilMs)],
    nowMs,
  );
}

function noteEvent(event: EventEnvelope, journal: Journal): void {
  const stop = stopIn(event);
  if (stop !== undefined) journal.stopped(stop);
  const signal = signalIn(event);
  if (signal !== undefined) journal.signalled(signal);
}

const proberOfWorld: CreateProber = (_, options) => createWorldProber(options);

type Ballast = {
  readonly simulation: Simulation;
  readonly hook: NonNullable<Stage['hook']>;
  /** Names of those that are deployed. */
  readonly functions: readonly string[];
};

type Parts = {
  readonly options: PlayOptions;
  readonly faults: Faults;
  readonly journal: Journal;
  readonly apps: Map<string, AppHttp>;
};

function putUp(world: World, stack: Stack, { options, faults, journal, apps }: Parts): Ballast {
  const { account } = world;
  const { mode, replace = (real) => real, createProber = proberOfWorld } = options;
  const random = world.random('hook-order');
  const given = {
    prober: createProber(world, { account, apps, random: world.random('probes') }),
    seed: () => random.integer(0, 2 ** 31 - 1),
  };
  const real = mode === 'fast' ? fastFactories(account, given) : functionFactories(given);
  const functions = replace(real);
  const callFault = createCallFaults(faults, world.random, world.nowMs);
  account.intercept = (call) => {
    journal.call(call);
    // Nobody reads them again, and a long run has millions.
    account.calls.length = 0;
    return mode === 'fast' ? undefined : callFault(call);
  };
  const { withWatchers = false } = options;
  const isLeftOut = (name: string): boolean =>
    typeof withWatchers === 'boolean' ? !withWatchers : !withWatchers.includes(name);
  const leftOut = new Set([...watchers].filter(isLeftOut));
  const simulation = simulate(world, stack, {
    functions,
    leftOut,
    faults: deliveryFaults(world, { options, faults, journal }),
  });
  world.connectHooks(
    createHookCaller(simulation.deployed, world.nowMs, (call) => journal.hookCalls.push(call)),
  );
  noteDeadLetters(simulation, journal, world.nowMs);
  return {
    simulation,
    functions: Object.keys(functions).filter((name) => !leftOut.has(name)),
    hook: { hookTargetArn: stack.arnOf('DeploymentHook'), roleArn: stack.arnOf('HookInvokeRole') },
  };
}

function deliveryFaults(
  world: World,
  { options, faults, journal }: Omit<Parts, 'apps'>,
): DeliveryFaults {
  const latency = world.random('aws-latency');
  const fixedMs = options.latencyMs ?? (options.mode === 'fast' ? 0 : undefined);
  return {
    deliveries(event) {
      const envelope = event as EventEnvelope;
      const what = String(envelope.detail.eventName ?? envelope.detail.taskArn ?? envelope.id);
      const delaysMs = deliveriesOf(faults, world.random, what);
      const arrivalsMs = delaysMs.map((delayMs) => world.nowMs() + delayMs);
      journal.arrives(stopIn(envelope)?.taskArn ?? envelope.id, arrivalsMs);
      return delaysMs;
    },
    invocations: () => invocationsOf(faults, world.random),
    readsFrom: createStaleReads(world, faults, world.random),
    crashesBefore: (functionName) => crashesBefore(faults, world.random, functionName),
    latencyMs: () => fixedMs ?? latency.integer(...latencyRangeMs),
  };
}

type StageParts = Pick<Parts, 'faults' | 'journal' | 'apps'> & {
  readonly endMs: number;
  readonly stackMode: StackMode;
  readonly clusterName: string;
  readonly hook: Stage['hook'];
  readonly reactions: Stage['reactions'];
};

const stageOf = (
  world: World,
  { faults, journal, apps, endMs, stackMode, clusterName, hook, reactions }: StageParts,
): Stage => ({
  world,
  startMs,
  faultsFromMs: faults.fromMs,
  faultsUntilMs: faults.untilMs,
  endMs,
  clusterName,
  stackMode,
  hook,
  reactions,
  apps,
  users: createUsers(world, apps),
  random: (concern) => world.random(`scenario:${concern}`),
  note: (text) => journal.note('you', text),
  know: (truth) => void journal.truths.push(truth),
});

function alertsOf({ topics }: Account): readonly AlertRecord[] {
  return [...topics.values()]
    .flatMap(({ TopicArn, messages }) =>
      messages.map((message) => readAlert(message, topicOf(TopicArn))),
    )
    .sort((a, b) => a.atMs - b.atMs);
}

/** What a mail of each digest says. */
const digestsOf = ({ topics }: Account): RunRecord['digests'] =>
  [...topics.values()]
    .flatMap(({ messages }) => messages)
    .filter(({ attributes }) => attributes.kind?.startsWith('digest-') === true)
    .map(({ atMs, bodies }) => ({ atMs, text: bodies.email ?? bodies.default }));

const tagsOf = ({ services }: Account): RunRecord['tags'] =>
  Object.fromEntries(
    [...services.values()].map(({ serviceName, tags }) => [
      serviceName,
      Object.fromEntries(tags.map(({ key, value }) => [key, value])),
    ]),
  );

/** Writes down when a message is given up: a queue for such messages tells when one comes. */
function noteDeadLetters({ deployed }: Simulation, journal: Journal, nowMs: () => number): void {
  for (const [id, queue] of deployed.queues) {
    if (!id.endsWith('DeadLetters')) continue;
    queue.onVisible(() => {
      const body = queue.bodies().at(-1) ?? '';
      journal.deadLetters.push({ atMs: nowMs(), queue: id, body });
    });
  }
}
