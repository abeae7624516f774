import type { Config } from '../../functions/deployment-hook/config.ts';
import { createHandler, type Deps } from '../../functions/deployment-hook/handler.ts';
import type { GateItem } from '../../shared/aws/gate-store.ts';
import type { Target } from '../../shared/domain/deployment.ts';
import type { ProbeOutcome } from '../../shared/domain/probe.ts';
import type { Fields } from '../../shared/runtime/log.ts';
import { createVirtualClock } from '../../simulator/virtual-clock.ts';

/** How a dependency treats one call. `deaf` hangs and does not even heed the signal to stop. */
export type Mood = 'well' | 'throttled' | 'broken' | 'slow' | 'hanging' | 'deaf';

/** How green answers a test call; `mixed` is bad or lost now and then. */
export type Health =
  | 'good'
  | 'bad-status'
  | 'bad-body'
  | 'wrong-identity'
  | 'silent'
  | 'lost'
  | 'mixed';

/** A world in which the gate is called: everything that it may see, drawn beforehand. */
export type GateWorld = {
  readonly green: Health;
  /** Green's latency over blue's. */
  readonly slowdown: number;
  readonly traffic: 'green' | 'blue' | 'both' | 'nothing';
  readonly targets: readonly string[];
  readonly alarm: string | undefined;
  readonly metric: number | undefined;
  readonly isFirst: boolean;
  /** Moods of the calls in the order in which they come; then all is well. */
  readonly moods: readonly Mood[];
  /** Draws for `mixed`, used in turn. */
  readonly draws: readonly number[];
};

/** What really was observed in the course of one call of the hook. */
export type Observed = {
  routing: boolean;
  targets: boolean;
  answered: boolean;
  alarms: boolean;
  metrics: boolean;
};

const nothingObserved = (): Observed => ({
  routing: false,
  targets: false,
  answered: false,
  alarms: false,
  metrics: false,
});

const prefix = 'arn:aws:ecs:us-east-1:123456789012';
const elb = 'arn:aws:elasticloadbalancing:us-east-1:123456789012';
export const clusterArn = `${prefix}:cluster/prod`;
const targetGroup = (name: string): string => `${elb}:targetgroup/${name}/0a1b`;
const rule = (name: string): string => `${elb}:listener-rule/app/web/0a/1b/${name}`;

/** The event of the gated stage. */
export const gatedEvent = (hookDetails?: unknown) => ({
  executionId: '0d4f8a4e-7b19-4c55-9b39-3a3c2a1f5e77',
  lifecycleStage: 'POST_TEST_TRAFFIC_SHIFT',
  resourceArn: `${prefix}:service-deployment/prod/web/AbCdEf123`,
  executionDetails: {
    serviceArn: `${prefix}:service/prod/web`,
    targetServiceRevisionArn: `${prefix}:service-revision/prod/web/2222222222`,
    testTrafficWeights: {},
    productionTrafficWeights: {},
  },
  ...(hookDetails === undefined ? {} : { hookDetails }),
});

/** Everything that the gate can be asked to prove, in one configuration. */
export const fullDetails = {
  samples: 20,
  warmUp: 1,
  checks: [{ name: 'home', path: '/', timeoutMs: 1_000, expect: { contains: 'well' } }],
  identity: { header: 'x-revision', equals: 'revision-id' },
  alarms: ['errors'],
  metrics: [{ name: 'load', namespace: 'n', metricName: 'm', max: 5, missing: 'wait' }],
};

/** A hook in this world, with what it observed in its last call. */
export function createGateWorld(world: GateWorld, overrides: Partial<Config> = {}) {
  const clock = createVirtualClock(Date.parse('2026-11-23T09:00:00Z'));
  const items = new Map<string, GateItem>();
  const records: Fields[] = [];
  let observed = nothingObserved();
  let [moodAt, drawAt] = [0, 0];

  const answering = async <T>(signal: AbortSignal | undefined, value: () => T): Promise<T> => {
    const mood = world.moods[moodAt] ?? 'well';
    moodAt += 1;
    if (mood === 'throttled') throw Object.assign(new Error('slow down'), { name: 'Throttling' });
    if (mood === 'broken') throw new Error('connection lost');
    if (mood === 'slow') await clock.sleep(3_000, signal);
    if (mood === 'hanging') await untilAborted(signal);
    if (mood === 'deaf') await new Promise<never>(() => undefined);
    return value();
  };
  const draw = (): number => {
    drawAt += 1;
    return world.draws[drawAt % Math.max(world.draws.length, 1)] ?? 0;
  };
  const weights = (green: number) => [
    { targetGroupArn: targetGroup('blue'), weight: 100 - green },
    { targetGroupArn: targetGroup('green'), weight: green },
  ];
  const testWeights = () =>
    ({ green: weights(100), blue: weights(0), both: weights(50), nothing: [] })[world.traffic];
  const placed = {
    listener: { protocol: 'HTTP', port: 80, dnsName: 'lb', kind: 'application' },
    listenerArn: `${elb}:listener/app/web/0a/1b`,
  } as const;
  const record = (message: string, fields: Fields = {}): void => {
    if (message === 'decision') records.push(fields);
  };

  const deps: Deps = {
    clock,
    seed: () => 7,
    log: { debug: record, info: record, warn: record, error: record },
    readConfig: () => ({
      stackMode: 'enforce',
      clusterArns: [clusterArn],
      allowedHosts: [],
      tableName: 'ballast',
      ...overrides,
    }),
    deployments: {
      describeDeployment: (_, signal) =>
        answering(signal, () => ({
          status: 'IN_PROGRESS',
          hasRollback: false,
          sourceRevisionArns: world.isFirst ? [] : ['blue'],
          hooks: [],
          configuredHooks: [
            {
              targetArn: 'hook',
              stages: ['POST_TEST_TRAFFIC_SHIFT'],
              hookDetails: fullDetails,
            },
          ],
        })),
      describeRevisions: (arns, signal) =>
        answering(signal, () =>
          arns.map((arn) => ({
            arn,
            taskDefinitionArn: arn === 'blue' ? 'web:1' : 'web:2',
            containers: [],
            hasServiceConnect: false,
            routes: [
              {
                containerName: 'app',
                targetGroupArns: [targetGroup('blue'), targetGroup('green')],
                ownTargetGroupArn: targetGroup('green'),
                productionRuleArn: rule('production'),
                testRuleArn: rule('test'),
              },
            ],
          })),
        ),
      readServiceTags: (_cluster, _service, signal) => answering(signal, () => ({})),
    },
    loadBalancers: {
      describeRule: (arn, signal) =>
        answering(signal, () => {
          if (arn === rule('production')) {
            return {
              rule: { priority: undefined, conditions: [], targetGroups: weights(0) },
              ...placed,
            };
          }
          observed.routing = world.traffic === 'green';
          const conditions = [{ kind: 'header', name: 'x-test', patterns: ['1'] } as const];
          return { rule: { priority: 10, conditions, targetGroups: testWeights() }, ...placed };
        }),
      describeTargets: (_, signal) =>
        answering(signal, () => {
          const { targets } = world;
          observed.targets = targets.length > 0 && targets.every((state) => state === 'healthy');
          return targets.map((state, at): Target => ({ id: `${at}`, state, reason: undefined }));
        }),
    },
    metrics: {
      describeAlarms: (_, signal) =>
        answering(signal, () => {
          observed.alarms = world.alarm === 'OK';
          return world.alarm === undefined ? [] : [{ name: 'errors', state: world.alarm }];
        }),
      readMetrics: (queries, _nowMs, signal) =>
        answering(signal, () => {
          observed.metrics = world.metric !== undefined && world.metric <= 5;
          return queries.map(() =>
            world.metric === undefined ? [] : [{ value: world.metric, isComplete: true }],
          );
        }),
    },
    parameters: { readParameter: (_, signal) => answering(signal, () => undefined) },
    secrets: { readSecret: (_arn, _key, signal) => answering(signal, () => 'secret') },
    createStore: () => ({
      load: (_arn, _stage, signal) => answering(signal, () => [...items.values()]),
      save: (item, signal) =>
        answering(signal, () => {
          items.set(item.configHash, item);
          return true;
        }),
    }),
    createReportStores: () => ({
      incidents: {
        get: (_key, signal) => answering(signal, () => undefined),
        save: (_incident, _version, signal) => answering(signal, () => true),
      },
      evidence: { putEvidence: (_evidence, signal) => answering(signal, () => undefined) },
    }),
    prober: {
      close: () => undefined,
      send: async (request) => {
        const isGreen = request.endpoint.headers['x-test'] === '1';
        const outcome = isGreen ? greenOutcome(world, draw()) : goodOutcome(10);
        const tookMs = 'elapsedMs' in outcome ? outcome.elapsedMs : 1;
        await clock.sleep(tookMs);
        if (isGreen && isGood(outcome)) observed.answered = true;
        return outcome;
      },
    },
  };
  const handle = createHandler(deps);
  return {
    clock,
    deps,
    records,
    /** What the latest call saw for itself. */
    observed: () => observed,
    async call(event: unknown, lambdaMs = 60_000) {
      observed = nothingObserved();
      const startedMs = clock.nowMs();
      const answer = await handle(event, {
        functionArn: undefined,
        remainingMs: () => startedMs + lambdaMs - clock.nowMs(),
      });
      return { answer, tookMs: clock.nowMs() - startedMs };
    },
  };
}

const untilAborted = (signal: AbortSignal | undefined): Promise<never> =>
  new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

const goodOutcome = (elapsedMs: number): ProbeOutcome => ({
  kind: 'answer',
  status: 200,
  headers: { 'x-revision': '2222222222' },
  body: 'all is well',
  bodyTruncated: false,
  elapsedMs,
});

const isGood = (outcome: ProbeOutcome): boolean =>
  outcome.kind === 'answer' &&
  outcome.status === 200 &&
  outcome.body.includes('well') &&
  outcome.headers['x-revision'] === '2222222222';

function greenOutcome({ green, slowdown }: GateWorld, drawn: number): ProbeOutcome {
  const good = goodOutcome(10 * slowdown);
  switch (green) {
    case 'good':
      return good;
    case 'bad-status':
      return { ...good, kind: 'answer', status: 500 } as ProbeOutcome;
    case 'bad-body':
      return { ...good, body: 'sick' } as ProbeOutcome;
    case 'wrong-identity':
      return { ...good, headers: { 'x-revision': '1111111111' } } as ProbeOutcome;
    case 'silent':
      return { kind: 'no-answer', elapsedMs: 1_000 };
    case 'lost':
      return { kind: 'transport', phase: 'connect', code: 'ECONNREFUSED' };
    case 'mixed':
      if (drawn < 0.3) return { kind: 'transport', phase: 'reset', code: 'ECONNRESET' };
      return drawn < 0.5 ? greenOutcome({ green: 'bad-status', slowdown } as GateWorld, 0) : good;
  }
}
