import type { EcsLifecycleHook, EcsService, HookStage } from '../../../simulator/account.ts';
import type { VariantChoices } from '../../../simulator/behaviours.ts';
import type { AppBehaviour } from '../../../simulator/ecs/inputs.ts';
import {
  deploy,
  functionArn,
  greenShare,
  type HookCall,
  hookAt,
  type StagedOptions,
} from '../staged-lab.ts';
import { type Cases, createLab, hourMs, minuteMs, secondMs } from '../world-lab.ts';

const failsToStart: AppBehaviour = { startFailure: { reason: 'CannotStartContainerError: no' } };
const breaker = (rollback: boolean) => ({
  deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback } },
});

/** A rolling service of some tasks, and a second revision that behaves so. */
function roll(variants: VariantChoices, count: number, app: AppBehaviour, more: object = {}) {
  const lab = createLab({ variants });
  lab.define(256, 512);
  lab.serve(count, { launchType: 'FARGATE', ...more });
  lab.advance(5 * minuteMs);
  const blue = lab.tasks()[0]?.taskDefinitionArn;
  lab.define(256, 512, { app, container: { image: 'web:2' } });
  lab.world.ecs.updateService({ cluster: 'prod', service: 'web', taskDefinition: 'web' });
  return { lab, blue };
}

/** What becomes of the first deployment of a service, when none of its tasks starts. */
function firstFailure(variants: VariantChoices, strategy: 'ROLLING' | 'BLUE_GREEN') {
  const lab = createLab({ variants });
  lab.define(256, 512, { app: failsToStart });
  const { deploymentConfiguration } = breaker(true);
  lab.serve(2, {
    launchType: 'FARGATE',
    deploymentConfiguration: { ...deploymentConfiguration, strategy },
  });
  lab.advance(hourMs);
  return [...lab.world.account.serviceDeployments.values()].map(({ status }) => status).join();
}

const half = 'alternate 50, primary 50';
const primaryServes = 'alternate 0, primary 100';
const alternateServes = 'alternate 100, primary 0';

const reasonsOf = (lab: ReturnType<typeof createLab>): readonly string[] =>
  lab
    .detailsOf('ECS Deployment State Change')
    .map(({ reason }) => String(reason).replace(/ecs-svc\/\d+/g, 'ID'));

const every: readonly HookStage[] = [
  'PRE_SCALE_UP',
  'POST_SCALE_UP',
  'TEST_TRAFFIC_SHIFT',
  'POST_TEST_TRAFFIC_SHIFT',
  'PRE_PRODUCTION_TRAFFIC_SHIFT',
  'PRODUCTION_TRAFFIC_SHIFT',
  'POST_PRODUCTION_TRAFFIC_SHIFT',
];

const failAt =
  (stage: HookStage): NonNullable<StagedOptions['answer']> =>
  ({ event }) =>
    event.lifecycleStage === stage ? { hookStatus: 'FAILED' } : undefined;

/** A deployment with hooks at every stage, of which one failed, a quarter of an hour later. */
async function rolledBack(variants: VariantChoices, stage: HookStage) {
  const staged = await deploy({ variants, hooks: [hookAt(every)], answer: failAt(stage) });
  await staged.minutes(15);
  return staged;
}

/** In progress at first, so that there are two calls. */
const twice: NonNullable<StagedOptions['answer']> = (_, count) =>
  count === 1 ? { hookStatus: 'IN_PROGRESS', callBackDelay: 7, hookDetails: { b: 2 } } : undefined;

type Timeout = NonNullable<ReturnType<typeof hookAt>['timeoutConfiguration']>;

/** What becomes of a deployment whose hook is never done, and the last that the hook sent. */
async function endAtLimit(variants: VariantChoices, timeoutConfiguration: Timeout, until: number) {
  const staged = await deploy({
    variants,
    hooks: [hookAt(['POST_SCALE_UP'], { timeoutConfiguration })],
    answer: () => ({ hookStatus: 'IN_PROGRESS', callBackDelay: 600 }),
  });
  await staged.minutes(until);
  return `${staged.run().status} ${staged.hookEvents().at(-1)}`;
}

const web = { cluster: 'prod', service: 'web' } as const;

const pauseAt = (stage: HookStage, timeoutInMinutes = 20_160): EcsLifecycleHook => ({
  targetType: 'PAUSE',
  lifecycleStages: [stage],
  timeoutConfiguration: { timeoutInMinutes },
});
const limited = (timeoutInMinutes: number): EcsLifecycleHook =>
  hookAt(['PRODUCTION_TRAFFIC_SHIFT'], { timeoutConfiguration: { timeoutInMinutes } });
const times = (count: number, hook: EcsLifecycleHook): EcsLifecycleHook[] =>
  Array.from({ length: count }, () => hook);

/** Two at the limits, and one beyond each of them. */
const configurations: readonly NonNullable<EcsService['deploymentConfiguration']>[] = [
  { lifecycleHooks: [...times(10, limited(1_440)), ...times(10, pauseAt('PRE_SCALE_UP'))] },
  {
    lifecycleHooks: [],
    linearConfiguration: { stepPercent: 3, stepBakeTimeInMinutes: 1_440 },
    canaryConfiguration: { canaryPercent: 0.1, canaryBakeTimeInMinutes: 0 },
  },
  { lifecycleHooks: times(11, limited(1)) },
  { lifecycleHooks: times(11, pauseAt('PRE_SCALE_UP')) },
  { lifecycleHooks: [pauseAt('PRODUCTION_TRAFFIC_SHIFT')] },
  { lifecycleHooks: [{ ...pauseAt('PRE_SCALE_UP'), hookTargetArn: functionArn }] },
  { lifecycleHooks: [{ lifecycleStages: ['PRE_SCALE_UP'] }] },
  { lifecycleHooks: [limited(1_441)] },
  { lifecycleHooks: [pauseAt('PRE_SCALE_UP', 0)] },
  { linearConfiguration: { stepPercent: 2.9 } },
  { linearConfiguration: { stepBakeTimeInMinutes: -1 } },
  { canaryConfiguration: { canaryPercent: 100.1 } },
  { canaryConfiguration: { canaryBakeTimeInMinutes: 1_441 } },
];

/** Ways in which a deployment leaves its hooks behind. */
const leavings: readonly ((staged: Awaited<ReturnType<typeof deploy>>) => unknown)[] = [
  ({ again }) => again(),
  ({ lab, run }) => {
    const { serviceDeploymentArn } = run();
    lab.world.ecs.stopServiceDeployment({ serviceDeploymentArn });
  },
  ({ lab }) => lab.world.ecs.deleteService({ ...web, force: true }),
];

/** What ends a rolling deployment whose tasks are well. */
const interruptions: readonly ((lab: ReturnType<typeof createLab>) => unknown)[] = [
  ({ world }) => world.aws.setAlarm({ alarmName: 'web-5xx', state: 'ALARM' }),
  ({ world, service }) =>
    world.ecs.stopServiceDeployment({
      serviceDeploymentArn: service().currentServiceDeployment ?? '',
    }),
];

/** A rolling deployment that may stop half of its tasks, and whose hook is never done. */
async function waitForRollingHook(variants: VariantChoices, leave: (typeof leavings)[number]) {
  const staged = await deploy({
    variants,
    strategy: 'ROLLING',
    deployment: { minimumHealthyPercent: 50 },
    hooks: [hookAt(['PRE_SCALE_UP'])],
    answer: () => ({ hookStatus: 'IN_PROGRESS' }),
  });
  await staged.minutes(30);
  const { deployments = [] } = staged.lab.service();
  const tasks = deployments.map(({ status, runningCount }) => `${status} ${runningCount}`).join();
  const own = staged.calls[0]?.event.executionId;
  const countOwn = () => staged.calls.filter(({ event }) => event.executionId === own).length;
  const before = countOwn();
  if (staged.run().status === 'IN_PROGRESS') leave(staged);
  await staged.minutes(30);
  return `${tasks}; ${before} calls, then ${countOwn() - before}`;
}

export const deploymentCases = {
  'deployment-events': {
    observe: (variants) => {
      const { lab } = roll(variants, 1, {});
      lab.advance(5 * minuteMs);
      return reasonsOf(lab);
    },
    expected: {
      on: [
        'ECS deployment ID in progress.',
        'ECS deployment ID completed.',
        'ECS deployment ID in progress.',
        'ECS deployment ID completed.',
      ],
    },
  },
  'deployment-event-cluster': {
    observe: (variants) => {
      const lab = createLab({ variants });
      lab.define(256, 512);
      lab.serve(1, { launchType: 'FARGATE' });
      const [event] = lab.detailsOf('ECS Deployment State Change');
      return event?.clusterArn === lab.service().clusterArn;
    },
    expected: { on: true },
  },
  'deployment-id-is-revision': {
    observe: (variants) => {
      const lab = createLab({ variants });
      lab.define(256, 512);
      lab.serve(1, { launchType: 'FARGATE' });
      const [deployment] = lab.service().deployments ?? [];
      const [revision] = lab.service().currentServiceRevisions ?? [];
      return deployment?.id === `ecs-svc/${revision?.arn.split('/').at(-1)}`;
    },
    expected: { on: true },
  },
  'circuit-breaker': {
    // Ten tasks: five failures are one half.
    observe: (variants) => {
      const { lab } = roll(variants, 10, failsToStart, breaker(false));
      lab.advance(hourMs);
      const [primary] = lab.service().deployments ?? [];
      const run = [...lab.world.account.serviceDeployments.values()].at(-1);
      const { failureCount, threshold } = run?.deploymentCircuitBreaker ?? {};
      return `${primary?.rolloutState} after ${failureCount} of ${threshold}`;
    },
    expected: { on: 'FAILED after 5 of 5' },
  },
  'circuit-breaker-stages': {
    // One task runs, then none starts for a while: more than three failures, and it goes on.
    observe: (variants) => {
      const { lab } = roll(
        variants,
        3,
        {},
        {
          deploymentConfiguration: {
            maximumPercent: 134,
            deploymentCircuitBreaker: { enable: true, rollback: true, resetOnHealthyTask: false },
          },
        },
      );
      lab.advance(45 * secondMs);
      const arn = lab.service().taskDefinition ?? '';
      lab.world.nature.appChanges(arn, failsToStart);
      lab.advance(hourMs);
      lab.world.nature.appChanges(arn, {});
      lab.advance(3 * hourMs);
      return lab.service().taskDefinition === arn && lab.service().deployments?.[0]?.rolloutState;
    },
    expected: { on: 'COMPLETED' },
  },
  'circuit-breaker-reset': {
    observe: (variants) => {
      const lab = createLab({ variants });
      lab.define(256, 512, { app: failsToStart });
      lab.serve(1, { launchType: 'FARGATE', ...breaker(false) });
      lab.advance(80 * secondMs);
      const failed = lab.service().deployments?.[0]?.failedTasks;
      const arn = lab.service().taskDefinition ?? '';
      lab.world.nature.appChanges(arn, { startMs: [1_000, 1_000] });
      lab.advance(5 * minuteMs);
      return `${failed} then ${lab.service().deployments?.[0]?.failedTasks}`;
    },
    expected: { on: '2 then 0' },
  },
  'circuit-breaker-rollback': {
    observe: (variants) => {
      const { lab, blue } = roll(variants, 2, failsToStart, breaker(true));
      lab.advance(hourMs);
      return {
        isBlue: lab.service().taskDefinition === blue,
        reasons: reasonsOf(lab).slice(2),
        status: [...lab.world.account.serviceDeployments.values()].at(-1)?.status,
      };
    },
    expected: {
      on: {
        isBlue: true,
        reasons: [
          'ECS deployment ID in progress.',
          'ECS deployment circuit breaker: task failed to start.',
          'ECS deployment circuit breaker: rolling back to deploymentId ID.',
          'ECS deployment ID completed.',
        ],
        status: 'ROLLBACK_SUCCESSFUL',
      },
    },
  },
  'rollback-event-names': {
    observe: (variants) => {
      const { lab } = roll(variants, 2, failsToStart, breaker(true));
      lab.advance(hourMs);
      const events = lab.detailsOf('ECS Deployment State Change');
      const event = events.find(({ reason }) => String(reason).includes('rolling back'));
      return String(event?.reason).includes(String(event?.deploymentId)) ? 'restored' : 'failed';
    },
    expected: { restored: 'restored', failed: 'failed' },
  },
  'deployment-alarms': {
    observe: (variants) => {
      const { lab, blue } = roll(
        variants,
        2,
        {},
        {
          deploymentConfiguration: {
            alarms: { alarmNames: ['web-5xx'], enable: true, rollback: true },
          },
        },
      );
      lab.advance(10 * secondMs);
      lab.world.aws.setAlarm({ alarmName: 'web-5xx', state: 'ALARM' });
      lab.advance(10 * minuteMs);
      return lab.service().taskDefinition === blue;
    },
    expected: { on: true },
  },
  'rolling-failure-event': {
    // An alarm and a user end a deployment, without a circuit breaker and with one.
    observe: (variants) => {
      const breakers = [{}, breaker(true).deploymentConfiguration];
      return breakers.flatMap((configuration) =>
        interruptions.map((interrupt) => {
          const alarms = { alarmNames: ['web-5xx'], enable: true, rollback: true };
          const { lab, blue } = roll(
            variants,
            2,
            {},
            { deploymentConfiguration: { ...configuration, alarms } },
          );
          lab.advance(10 * secondMs);
          interrupt(lab);
          const isFailed = lab.messages().some((one) => one.includes('deployment failed: '));
          const isToStart = lab.messages().some((one) => one.includes('failed to start'));
          const told = reasonsOf(lab).filter((one) => /alarm web-5xx|user request/.test(one));
          lab.advance(10 * minuteMs);
          return [isFailed, isToStart, told.length, lab.service().taskDefinition === blue].join();
        }),
      );
    },
    expected: {
      always: ['true,false,1,true', 'true,false,1,true', 'true,false,1,true', 'true,false,1,true'],
      'with-circuit-breaker': [
        'true,false,0,true',
        'true,false,0,true',
        'true,false,1,true',
        'true,false,1,true',
      ],
    },
  },
  'rolling-hooks': {
    observe: async (variants) => {
      const staged = await deploy({ variants, strategy: 'ROLLING', hooks: [hookAt(every)] });
      await staged.minutes(10);
      // While the hook waits nothing moves; whatever ends the deployment ends the calls.
      const waiting = new Set<string>();
      for (const leave of leavings) waiting.add(await waitForRollingHook(variants, leave));
      return [...staged.stages(), staged.run().status, ...waiting];
    },
    expected: {
      none: ['SUCCESSFUL', 'PRIMARY 2; 0 calls, then 0'],
      'pre-scale-up': ['PRE_SCALE_UP', 'SUCCESSFUL', 'PRIMARY 0,ACTIVE 2; 61 calls, then 0'],
    },
  },
  'staged-order': {
    observe: async (variants) => {
      const staged = await deploy({ variants, hooks: [hookAt(every)] });
      await staged.minutes(10);
      return staged.stages();
    },
    expected: { on: every },
  },
  'reconcile-stage': {
    // A third revision comes while the second is being deployed.
    observe: async (variants) => {
      const staged = await deploy({ variants, hooks: [hookAt(['RECONCILE_SERVICE'])] });
      const before = staged.stages().length;
      await staged.minutes(0.2);
      staged.lab.world.ecs.updateService({
        cluster: 'prod',
        service: 'web',
        forceNewDeployment: true,
      });
      await staged.minutes(10);
      return [before, ...staged.stages()];
    },
    expected: { on: [0, 'RECONCILE_SERVICE'] },
  },
  'reconcile-payload': {
    observe: async (variants) => {
      const staged = await deploy({ variants, hooks: [hookAt(['RECONCILE_SERVICE'])] });
      await staged.minutes(0.2);
      staged.lab.world.ecs.updateService({ ...web, forceNewDeployment: true });
      await staged.minutes(10);
      const event: Partial<HookCall['event']> = staged.calls[0]?.event ?? {};
      const { executionDetails, ...flat } = event;
      const { testTrafficWeights: test, productionTrafficWeights: production } =
        executionDetails ?? flat;
      const weights = [test, production].map((map) => Object.values(map ?? {}));
      return [executionDetails === undefined ? 'flat' : 'nested', ...weights];
    },
    expected: {
      'both-weights': ['nested', [100, 0], [100, 0]],
      'no-weights': ['nested', [], []],
      flat: ['flat', [100, 0], [100, 0]],
    },
  },
  'gradual-shift': {
    observe: async (variants) => {
      const staged = await deploy({
        variants,
        strategy: 'LINEAR',
        deployment: { linearConfiguration: { stepPercent: 40, stepBakeTimeInMinutes: 1 } },
        hooks: [hookAt(['PRODUCTION_TRAFFIC_SHIFT'])],
      });
      await staged.minutes(15);
      return staged.calls.map(({ event }) =>
        greenShare(event.executionDetails.productionTrafficWeights, staged.run()),
      );
    },
    expected: { on: [40, 80, 100] },
  },
  'bake-time': {
    observe: async (variants) => {
      const staged = await deploy({ variants, bakeTimeInMinutes: 30 });
      await staged.minutes(20);
      const before = staged.run().lifecycleStage;
      await staged.minutes(20);
      return `${before} then ${staged.run().status}`;
    },
    expected: { on: 'BAKE_TIME then SUCCESSFUL' },
  },
  'shift-order': {
    observe: async (variants) => {
      const seen: string[] = [];
      const staged = await deploy({
        variants,
        hooks: [hookAt(['PRODUCTION_TRAFFIC_SHIFT'])],
        answer: () => {
          seen.push(staged.production());
          return undefined;
        },
      });
      await staged.minutes(10);
      return seen;
    },
    expected: {
      'shift-then-hook': ['alternate 100, primary 0'],
      'hook-then-shift': ['alternate 0, primary 100'],
    },
  },
  'pre-production-weights': {
    observe: async (variants) => {
      const staged = await deploy({
        variants,
        strategy: 'CANARY',
        deployment: {
          canaryConfiguration: { canaryPercent: 10, canaryBakeTimeInMinutes: 1 },
        },
        hooks: [hookAt(['PRE_PRODUCTION_TRAFFIC_SHIFT'])],
      });
      await staged.minutes(15);
      return staged.calls.map(({ event }) =>
        greenShare(event.executionDetails.productionTrafficWeights, staged.run()),
      );
    },
    expected: { current: [0, 10], 'always-zero': [0, 0] },
  },
  'network-shift-delay': {
    observe: async (variants) => {
      const staged = await deploy({
        variants,
        isNetwork: true,
        bakeTimeInMinutes: 60,
        hooks: [hookAt(every)],
      });
      await staged.minutes(30);
      const { serviceDeploymentArn } = staged.run();
      const stoppedAtMs = staged.lab.world.nowMs();
      staged.lab.world.ecs.stopServiceDeployment({ serviceDeploymentArn });
      await staged.minutes(30);
      // Both kinds of traffic are shifted there, and back again.
      const minutes = staged.calls.map(({ event, atMs }) => {
        const sinceMs = atMs < stoppedAtMs ? staged.deployedAtMs : stoppedAtMs;
        return `${event.lifecycleStage} ${Math.floor((atMs - sinceMs) / minuteMs)}`;
      });
      return minutes.filter((one) => /^(TEST|PRODUCTION)/.test(one));
    },
    expected: {
      on: [
        'TEST_TRAFFIC_SHIFT 10',
        'PRODUCTION_TRAFFIC_SHIFT 20',
        'PRODUCTION_TRAFFIC_SHIFT 10',
        'TEST_TRAFFIC_SHIFT 20',
      ],
    },
  },
  'hooks-in-parallel': {
    // Each of two hooks takes a minute.
    observe: async (variants) => {
      const answered = new Map<string, number>();
      const staged = await deploy({
        variants,
        hooks: [hookAt(['POST_SCALE_UP']), hookAt(['POST_SCALE_UP'])],
        answer: ({ event }) => {
          const count = (answered.get(event.executionId) ?? 0) + 1;
          answered.set(event.executionId, count);
          return count === 1 ? { hookStatus: 'IN_PROGRESS', callBackDelay: 60 } : undefined;
        },
      });
      await staged.minutes(10);
      const [first, , , last] = staged.calls;
      return Math.round(((last?.atMs ?? 0) - (first?.atMs ?? 0)) / minuteMs);
    },
    expected: { on: 1 },
  },
  'call-back-delay': {
    observe: async (variants) => {
      const staged = await deploy({ variants, hooks: [hookAt(['POST_SCALE_UP'])], answer: twice });
      await staged.minutes(10);
      const [first, second] = staged.calls;
      return ((second?.atMs ?? 0) - (first?.atMs ?? 0)) / secondMs;
    },
    expected: { on: 7 },
  },
  'hook-details': {
    // Two calls add something, the one after them has nothing to add.
    observe: async (variants) => {
      const added = [{ b: 2 }, { c: 3 }, undefined];
      const staged = await deploy({
        variants,
        hooks: [hookAt(['POST_SCALE_UP'], { hookDetails: { a: 1 } })],
        answer: (_, count) =>
          count > added.length
            ? undefined
            : { hookStatus: 'IN_PROGRESS', hookDetails: added[count - 1] },
      });
      await staged.minutes(10);
      return staged.calls.map(({ event }) => JSON.stringify(event.hookDetails));
    },
    expected: {
      merged: ['{"a":1}', '{"a":1,"b":2}', '{"a":1,"b":2,"c":3}', '{"a":1,"b":2,"c":3}'],
      replaced: ['{"a":1}', '{"b":2}', '{"c":3}', '{"a":1}'],
      'merged-with-configured': ['{"a":1}', '{"a":1,"b":2}', '{"a":1,"c":3}', '{"a":1}'],
    },
  },
  'execution-id': {
    observe: async (variants) => {
      const staged = await deploy({ variants, hooks: [hookAt(['POST_SCALE_UP'])], answer: twice });
      await staged.minutes(10);
      return new Set(staged.calls.map(({ event }) => event.executionId)).size;
    },
    expected: { stable: 1, 'new-each-call': 2 },
  },
  'hook-call-limit': {
    observe: async (variants) => {
      const staged = await deploy({
        variants,
        hooks: [hookAt(['POST_SCALE_UP'])],
        answer: () => new Promise(() => undefined),
      });
      await staged.minutes(60);
      return `${staged.run().status} ${staged.run().statusReason?.slice(-34)}`;
    },
    expected: { on: 'ROLLBACK_SUCCESSFUL due to HookStatus must not be null' },
  },
  'hook-timeout': {
    observe: async (variants) => [
      await endAtLimit(variants, { timeoutInMinutes: 30, action: 'CONTINUE' }, 50),
      await endAtLimit(variants, { action: 'CONTINUE' }, 25 * 60),
    ],
    expected: { on: ['SUCCESSFUL HOOK_TIMED_OUT', 'SUCCESSFUL HOOK_TIMED_OUT'] },
  },
  'deployment-days': {
    // Three pauses of a fortnight each.
    observe: async (variants) => {
      const stages: readonly HookStage[] = [
        'PRE_SCALE_UP',
        'POST_SCALE_UP',
        'POST_TEST_TRAFFIC_SHIFT',
      ];
      const staged = await deploy({
        variants,
        hooks: stages.map((stage) => ({
          targetType: 'PAUSE',
          lifecycleStages: [stage],
          timeoutConfiguration: { timeoutInMinutes: 14 * 24 * 60, action: 'CONTINUE' },
        })),
      });
      await staged.minutes(29 * 24 * 60);
      const before = staged.run().status;
      await staged.minutes(14 * 24 * 60);
      return `${before} then ${staged.run().status}`;
    },
    expected: { on: 'IN_PROGRESS then ROLLBACK_SUCCESSFUL' },
  },
  'deployment-limits': {
    observe: async (variants) => {
      const { lab } = await deploy({ variants });
      return configurations.map((deploymentConfiguration) => {
        try {
          lab.world.ecs.updateService({ ...web, deploymentConfiguration });
          return 'taken';
        } catch (error) {
          return String(error);
        }
      });
    },
    expected: {
      on: [
        'taken',
        'taken',
        'ServiceError: A service has at most 10 AWS_LAMBDA lifecycle hooks.',
        'ServiceError: A service has at most 10 PAUSE lifecycle hooks.',
        'ServiceError: Invalid lifecycle stage provided for Pause Hook',
        'ServiceError: A PAUSE lifecycle hook has no hookTargetArn.',
        'ServiceError: An AWS_LAMBDA lifecycle hook has a hookTargetArn.',
        'ServiceError: timeoutInMinutes must be from 1 to 1440.',
        'ServiceError: timeoutInMinutes must be from 1 to 20160.',
        'ServiceError: stepPercent must be from 3 to 100.',
        'ServiceError: stepBakeTimeInMinutes must be from 0 to 1440.',
        'ServiceError: canaryPercent must be from 0.1 to 100.',
        'ServiceError: canaryBakeTimeInMinutes must be from 0 to 1440.',
      ],
    },
  },
  'stage-and-hook-limit': {
    observe: async (variants) => [
      await endAtLimit(variants, { action: 'CONTINUE' }, 25 * 60),
      await endAtLimit(variants, { timeoutInMinutes: 24 * 60, action: 'ROLLBACK' }, 25 * 60),
    ],
    expected: {
      hook: ['SUCCESSFUL HOOK_TIMED_OUT', 'ROLLBACK_SUCCESSFUL HOOK_TIMED_OUT'],
      stage: ['ROLLBACK_SUCCESSFUL HOOK_IN_PROGRESS', 'ROLLBACK_SUCCESSFUL HOOK_IN_PROGRESS'],
    },
  },
  'stage-limit': {
    // Green can never be placed: the stage is over after a day.
    observe: async (variants) => {
      const staged = await deploy({ variants, green: failsToStart });
      await staged.minutes(25 * 60);
      return `${staged.run().status} ${staged.run().statusReason}`;
    },
    expected: {
      on: 'ROLLBACK_SUCCESSFUL Service deployment rolled back because SCALE_UP timed out.',
    },
  },
  'invalid-answer-rolls-back': {
    observe: async (variants) => {
      const staged = await deploy({
        variants,
        hooks: [hookAt(['POST_SCALE_UP'])],
        answer: () => ({ status: 'fine' }),
      });
      await staged.minutes(10);
      return staged.run().status;
    },
    expected: { on: 'ROLLBACK_SUCCESSFUL' },
  },
  'rollback-hooks': {
    observe: async (variants) => {
      const staged = await rolledBack(variants, 'POST_PRODUCTION_TRAFFIC_SHIFT');
      const { productionTrafficWeights = {} } = staged.calls.at(-2)?.event.executionDetails ?? {};
      return [
        ...staged.stages().slice(7),
        greenShare(productionTrafficWeights, staged.run()),
        staged.production(),
        staged.isBlue(),
      ];
    },
    expected: {
      on: ['PRODUCTION_TRAFFIC_SHIFT', 'TEST_TRAFFIC_SHIFT', 0, 'alternate 0, primary 100', true],
    },
  },
  'rollback-hooks-of': {
    observe: async (variants) => {
      const staged = await rolledBack(variants, 'POST_SCALE_UP');
      return staged.stages().slice(2);
    },
    expected: {
      'passed-stages': [],
      'every-stage': ['PRODUCTION_TRAFFIC_SHIFT', 'TEST_TRAFFIC_SHIFT'],
    },
  },
  'rollback-order': {
    observe: async (variants) => {
      const staged = await rolledBack(variants, 'POST_PRODUCTION_TRAFFIC_SHIFT');
      return [...staged.stages().slice(7), staged.run().status];
    },
    expected: {
      'production-first': [
        ...['PRODUCTION_TRAFFIC_SHIFT', 'TEST_TRAFFIC_SHIFT'],
        'ROLLBACK_SUCCESSFUL',
      ],
      'test-first': [...['TEST_TRAFFIC_SHIFT', 'PRODUCTION_TRAFFIC_SHIFT'], 'ROLLBACK_SUCCESSFUL'],
    },
  },
  'rollback-test-weights': {
    observe: async (variants) => {
      const staged = await rolledBack(variants, 'POST_PRODUCTION_TRAFFIC_SHIFT');
      const { lifecycleStage, executionDetails } = staged.calls.at(-1)?.event ?? {};
      return [lifecycleStage, Object.values(executionDetails?.testTrafficWeights ?? {})];
    },
    expected: {
      'green-zero': ['TEST_TRAFFIC_SHIFT', [0, 100]],
      empty: ['TEST_TRAFFIC_SHIFT', []],
    },
  },
  'rollback-hook-failure': {
    observe: async (variants) => {
      const staged = await deploy({
        variants,
        hooks: [hookAt(['TEST_TRAFFIC_SHIFT', 'POST_TEST_TRAFFIC_SHIFT'])],
        answer: (_, count) => (count === 1 ? undefined : { hookStatus: 'FAILED' }),
      });
      await staged.minutes(15);
      return staged.run().status;
    },
    expected: { 'fails-rollback': 'ROLLBACK_FAILED', ignored: 'ROLLBACK_SUCCESSFUL' },
  },
  'rollback-status': {
    observe: async (variants) => {
      const seen: string[] = [];
      const staged = await deploy({
        variants,
        hooks: [hookAt(['TEST_TRAFFIC_SHIFT', 'POST_TEST_TRAFFIC_SHIFT'])],
        answer: (_, count) => {
          seen.push(staged.run().status);
          return count === 2 ? { hookStatus: 'FAILED' } : undefined;
        },
      });
      await staged.minutes(15);
      return seen[2];
    },
    expected: { 'before-hooks': 'ROLLBACK_IN_PROGRESS', 'after-hooks': 'IN_PROGRESS' },
  },
  'superseded-shift': {
    observe: async (variants) => {
      const staged = await deploy({
        variants,
        strategy: 'LINEAR',
        deployment: { linearConfiguration: { stepPercent: 50, stepBakeTimeInMinutes: 30 } },
      });
      await staged.minutes(10);
      const between = staged.production();
      staged.again();
      // And where a rolling deployment stands half way: what goes in stages from it goes back there.
      const rolling = await deploy({
        variants,
        strategy: 'ROLLING',
        deployment: { maximumPercent: 150 },
        answer: () => ({ hookStatus: 'FAILED' }),
      });
      await rolling.minutes(0.5);
      rolling.again({}, 'BLUE_GREEN', [hookAt(['PRE_SCALE_UP'])]);
      await rolling.minutes(30);
      return [between, staged.production(), rolling.isBlue()];
    },
    expected: {
      'back-to-blue': [half, primaryServes, true],
      'on-to-green': [half, alternateServes, false],
    },
  },
  'first-rollback-status': {
    observe: (variants) => [
      firstFailure(variants, 'ROLLING'),
      firstFailure(variants, 'BLUE_GREEN'),
    ],
    expected: {
      'rollback-failed': ['ROLLBACK_FAILED', 'ROLLBACK_FAILED'],
      'rollback-successful': ['ROLLBACK_SUCCESSFUL', 'ROLLBACK_SUCCESSFUL'],
      stopped: ['STOPPED', 'STOPPED'],
    },
  },
  'hook-events': {
    observe: async (variants) => {
      const pause = { targetType: 'PAUSE', lifecycleStages: ['POST_SCALE_UP'] } as const;
      const staged = await deploy({
        variants,
        hooks: [{ ...pause, lifecycleStages: ['POST_SCALE_UP'] }],
      });
      await staged.minutes(5);
      const [detail] = structuredClone(staged.run().lifecycleHookDetails ?? []);
      staged.lab.world.ecs.continueServiceDeployment({
        serviceDeploymentArn: staged.run().serviceDeploymentArn,
        hookId: detail?.hookId ?? '',
      });
      await staged.minutes(5);
      return [detail?.status, ...staged.hookEvents(), staged.run().status];
    },
    expected: {
      on: ['AWAITING_ACTION', 'HOOK_AWAITING_ACTION', 'HOOK_SUCCEEDED', 'SUCCESSFUL'],
    },
  },
  'lambda-hook-events': {
    observe: async (variants) => {
      const staged = await deploy({ variants, hooks: [hookAt(['POST_SCALE_UP'])] });
      await staged.minutes(10);
      return staged.hookEvents();
    },
    expected: { sent: ['HOOK_IN_PROGRESS', 'HOOK_SUCCEEDED'], 'not-sent': [] },
  },
  'abandoned-hook-events': {
    // One deployment is superseded, one stopped by its user, one ended with its service.
    observe: async (variants) => {
      const seen: string[] = [];
      for (const leave of leavings) {
        const staged = await deploy({
          variants,
          hooks: [hookAt(['POST_SCALE_UP'])],
          answer: () => ({ hookStatus: 'IN_PROGRESS' }),
        });
        await staged.minutes(5);
        leave(staged);
        seen.push(staged.hookEvents().join());
      }
      return seen;
    },
    expected: {
      nothing: ['HOOK_IN_PROGRESS', 'HOOK_IN_PROGRESS', 'HOOK_IN_PROGRESS'],
      failed: [
        'HOOK_IN_PROGRESS,HOOK_FAILED',
        'HOOK_IN_PROGRESS,HOOK_FAILED',
        'HOOK_IN_PROGRESS,HOOK_FAILED',
      ],
    },
  },
  'hook-failure-event-type': {
    observe: async (variants) => {
      const staged = await deploy({
        variants,
        hooks: [hookAt(['POST_SCALE_UP'])],
        answer: failAt('POST_SCALE_UP'),
      });
      await staged.minutes(10);
      const events = staged.lab.detailsOf('ECS Hook State Change');
      return events.map(({ eventType, eventName }) => `${eventType} ${eventName}`);
    },
    expected: {
      ERROR: ['INFO HOOK_IN_PROGRESS', 'ERROR HOOK_FAILED'],
      INFO: ['INFO HOOK_IN_PROGRESS', 'INFO HOOK_FAILED'],
    },
  },
  'staged-failure-event': {
    observe: async (variants) => {
      const staged = await deploy({
        variants,
        hooks: [hookAt(['POST_SCALE_UP'])],
        answer: failAt('POST_SCALE_UP'),
      });
      await staged.minutes(10);
      const events = staged.lab.detailsOf('ECS Deployment State Change');
      return events.map(({ eventName }) => eventName).includes('SERVICE_DEPLOYMENT_FAILED');
    },
    expected: { sent: true, 'not-sent': false },
  },
  'circuit-breaker-in-stages': {
    observe: async (variants) => {
      const staged = await deploy({
        variants,
        green: failsToStart,
        deployment: { deploymentCircuitBreaker: { enable: true, rollback: true } },
      });
      await staged.minutes(60);
      return staged.run().status;
    },
    expected: { watches: 'ROLLBACK_SUCCESSFUL', 'does-not-watch': 'IN_PROGRESS' },
  },
} as const satisfies Cases;
