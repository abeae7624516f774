import type { VariantChoices } from '../../../simulator/behaviours.ts';
import type { AppBehaviour } from '../../../simulator/ecs/inputs.ts';
import {
  type Cases,
  createLab,
  dayMs,
  hourMs,
  minuteMs,
  secondMs,
  startMs,
  zoneOf,
} from '../world-lab.ts';

/** A steady Fargate service in three zones. */
function steady(
  variants: VariantChoices,
  count: number,
  more: object = {},
  app: AppBehaviour = {},
) {
  const lab = createLab({ variants });
  lab.define(256, 512, { app });
  lab.serve(count, { launchType: 'FARGATE', ...more });
  lab.advance(3 * minuteMs);
  return lab;
}

const update = (lab: ReturnType<typeof createLab>, more: object): void => {
  lab.world.ecs.updateService({ cluster: 'prod', service: 'web', ...more });
};

/** A steady service, deployed again; the fewest and the most tasks seen at any event since. */
function rollout(variants: VariantChoices, count: number, deploymentConfiguration: object) {
  const lab = steady(variants, count, { deploymentConfiguration });
  let [min, max] = [Number.POSITIVE_INFINITY, 0];
  lab.world.onEvent(() => {
    const all = [...lab.world.account.tasks.values()];
    const running = all.filter(
      ({ lastStatus, desiredStatus }) => lastStatus === 'RUNNING' && desiredStatus === 'RUNNING',
    );
    min = Math.min(min, running.length);
    max = Math.max(max, all.filter(({ lastStatus }) => lastStatus !== 'STOPPED').length);
  });
  update(lab, { forceNewDeployment: true });
  lab.advance(30 * minuteMs);
  return { lab, min, max };
}

const check = { command: ['CMD', 'true'], interval: 10, retries: 3 };

/** A service whose first task stops answering its container's health check. */
function failing(variants: VariantChoices, count: number, more: object = {}) {
  const lab = createLab({ variants });
  lab.define(256, 512, { container: { healthCheck: check } });
  lab.serve(count, { launchType: 'FARGATE', ...more });
  lab.advance(3 * minuteMs);
  const arn = lab.tasks()[0]?.taskArn ?? '';
  lab.world.nature.taskFailsHealthChecks(arn, 'container');
  return { lab, arn };
}

const failsToStart: AppBehaviour = { startFailure: { reason: 'CannotStartContainerError: no' } };

export const schedulerCases = {
  'scheduler-delay': {
    observe: (variants) => {
      const lab = createLab({ variants });
      lab.define(256, 512);
      lab.serve(1, { launchType: 'FARGATE' });
      lab.advance(minuteMs);
      const createdAtMs = lab.tasks()[0]?.createdAt?.getTime() ?? 0;
      return (createdAtMs - startMs) / secondMs;
    },
    expected: { '1s': 1, '5s': 5 },
  },
  'minimum-rounds-up': {
    // Three tasks at 50 %: two must stay.
    observe: (variants) =>
      rollout(variants, 3, { minimumHealthyPercent: 50, maximumPercent: 100 }).min,
    expected: { on: 2 },
  },
  'maximum-rounds-down': {
    // Three tasks at 150 %: four may be.
    observe: (variants) =>
      rollout(variants, 3, { minimumHealthyPercent: 100, maximumPercent: 150 }).max,
    expected: { on: 4 },
  },
  'unchecked-task-settles': {
    observe: (variants) => {
      const lab = createLab({ variants });
      lab.define(256, 512);
      lab.serve(1, { launchType: 'FARGATE' });
      lab.advance(3 * minuteMs);
      const startedAtMs = lab.tasks()[0]?.startedAt?.getTime() ?? 0;
      const steadyAtMs = Date.parse(String(lab.detailsOf('ECS Service Action').at(0)?.createdAt));
      return Math.round((steadyAtMs - startedAtMs) / secondMs);
    },
    expected: { on: 41 },
  },
  'scale-in-zone': {
    // The youngest tasks are those in c, and have the least to lose: a zone comes before that, and
    // is chosen anew for each task that goes.
    observe: (variants) =>
      [
        [5, 4],
        [6, 4],
      ].map(([desired = 0, desiredCount]) => {
        const lab = steady(variants, desired, { availabilityZoneRebalancing: 'DISABLED' });
        for (const { availabilityZone, taskArn } of lab.tasks()) {
          if (availabilityZone !== zoneOf('c')) continue;
          lab.world.ecs.stopTask({ cluster: 'prod', task: taskArn });
          lab.advance(2 * minuteMs);
        }
        const before = lab.spread();
        update(lab, { desiredCount });
        lab.advance(minuteMs);
        return `${before} > ${lab.spread()}`;
      }),
    expected: { on: ['a2 b2 c1 > a2 b1 c1', 'a2 b2 c2 > a2 b1 c1'] },
  },
  'scale-in-instance': {
    // Three tasks on one instance, then one on another, all in one zone.
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.group('m6a.large', 2);
      lab.define(512, 512, { networkMode: 'host' });
      const [first] = lab.instances();
      lab.serve(3, {
        launchType: 'EC2',
        placementConstraints: [
          { type: 'memberOf', expression: `ec2InstanceId == ${first?.ec2InstanceId}` },
        ],
      });
      lab.advance(2 * minuteMs);
      update(lab, { desiredCount: 4, placementConstraints: [] });
      lab.advance(2 * minuteMs);
      const before = lab.packed().join(' ');
      update(lab, { desiredCount: 3 });
      lab.advance(minuteMs);
      return `${before} > ${lab.packed().join(' ')}`;
    },
    expected: { on: '3 1 > 2 1' },
  },
  'scale-in-by-strategy': {
    // binpack: the instance with one task of three has the most left, so it is emptied.
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.group('m6a.large', 2);
      lab.define(512, 3_000, { networkMode: 'host' });
      lab.serve(3, {
        launchType: 'EC2',
        placementStrategy: [{ type: 'binpack', field: 'memory' }],
      });
      lab.advance(3 * minuteMs);
      const before = lab.packed().join(' ');
      update(lab, { desiredCount: 2 });
      lab.advance(minuteMs);
      return `${before} > ${lab.packed().join(' ')}`;
    },
    expected: { on: '2 1 > 2 0' },
  },
  'unhealthy-replaced-first': {
    observe: (variants) => {
      const { lab } = failing(variants, 2);
      let fewest = 9;
      lab.world.onEvent(() => {
        const running = lab.tasks().filter(({ lastStatus }) => lastStatus === 'RUNNING');
        fewest = Math.min(fewest, running.length);
      });
      lab.advance(5 * minuteMs);
      return { fewest, stopped: lab.stops()[0]?.stoppedReason };
    },
    expected: { on: { fewest: 2, stopped: 'Task failed container health checks' } },
  },
  'health-check-grace': {
    observe: (variants) => {
      const lab = createLab({ variants });
      lab.define(256, 512, {
        container: { healthCheck: check },
        app: { healthyAfterMs: [90_000, 90_000] },
      });
      lab.serve(1, { launchType: 'FARGATE', healthCheckGracePeriodSeconds: 300 });
      lab.advance(4 * minuteMs);
      return lab.stops().length;
    },
    expected: { on: 0 },
  },
  'same-revision-replacement': {
    // The new revision never starts; an old task dies: the old revision replaces it.
    observe: (variants) => {
      const lab = steady(variants, 2);
      const old = lab.tasks()[0];
      lab.define(256, 512, { app: failsToStart });
      update(lab, { taskDefinition: 'web' });
      lab.advance(minuteMs);
      lab.world.nature.taskExits(old?.taskArn ?? '', { exitCode: 1 });
      lab.advance(30 * minuteMs);
      return lab
        .tasks()
        .filter(
          ({ lastStatus, taskDefinitionArn }) =>
            lastStatus === 'RUNNING' && taskDefinitionArn === old?.taskDefinitionArn,
        ).length;
    },
    expected: { on: 2 },
  },
  'blocked-message': {
    // Three tasks at 125 % may be three: with a minimum of 100 % nothing can move.
    observe: (variants) => {
      const { lab } = rollout(variants, 3, { minimumHealthyPercent: 100, maximumPercent: 125 });
      return lab
        .messages()
        .filter((message) => message.includes('service deployment configuration')).length;
    },
    expected: { on: 1 },
  },
  'steady-state-event': {
    observe: (variants) => steady(variants, 1).actions(),
    expected: { on: ['SERVICE_STEADY_STATE'] },
  },
  'steady-state-repeats': {
    observe: (variants) => {
      const lab = steady(variants, 1);
      lab.advance(dayMs);
      return lab.actions().length;
    },
    expected: { 'six-hours': 5, 'twelve-hours': 3 },
  },
  'placement-failure-event': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.group('m6a.large', 1);
      lab.define(4_096, 512);
      lab.serve(1, { launchType: 'EC2' });
      lab.advance(2 * secondMs);
      return lab.detailsOf('ECS Service Action').map(({ eventType, eventName, reason }) => ({
        eventType,
        eventName,
        reason,
      }));
    },
    expected: {
      on: [
        {
          eventType: 'ERROR',
          eventName: 'SERVICE_TASK_PLACEMENT_FAILURE',
          reason: 'RESOURCE:CPU',
        },
      ],
    },
  },
  'placement-retry': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.group('m6a.large', 1);
      lab.define(4_096, 512);
      lab.serve(1, { launchType: 'EC2' });
      lab.advance(10 * minuteMs);
      return lab.actions().length;
    },
    expected: { 'every-minute': 10, 'doubling-to-15min': 6 },
  },
  'start-throttle': {
    // Attempts of the first hour, and how far apart the last two of a day are.
    observe: (variants) => {
      const lab = createLab({ variants });
      lab.define(256, 512, { app: failsToStart });
      lab.serve(1, { launchType: 'FARGATE' });
      lab.advance(dayMs);
      const stops = lab.stops().map(({ stoppedAt }) => Date.parse(String(stoppedAt)));
      if (stops.length > 1_000) return 'never slower';
      const ofFirstHour = stops.filter((atMs) => atMs < startMs + hourMs).length;
      const gapMs = (stops.at(-1) ?? 0) - (stops.at(-2) ?? 0);
      return [ofFirstHour, Math.floor(gapMs / minuteMs), ...lab.actions()].join(' ');
    },
    expected: {
      'doubling-from-10s': '9 27 SERVICE_TASK_START_IMPAIRED',
      'tripling-from-30s': '6 27 SERVICE_TASK_START_IMPAIRED',
    },
  },
  'running-ends-throttle': {
    // A task that crashes every half minute is started again each time.
    observe: (variants) => {
      const lab = steady(variants, 1, {}, { exit: { afterMs: [30_000, 30_000], exitCode: 1 } });
      lab.advance(2 * hourMs);
      return lab.stops().length > 80;
    },
    expected: { on: true },
  },
  'deployment-ends-throttle': {
    observe: (variants) => {
      const lab = createLab({ variants });
      lab.define(256, 512, { app: failsToStart });
      lab.serve(1, { launchType: 'FARGATE' });
      lab.advance(6 * hourMs);
      lab.define(256, 512);
      update(lab, { taskDefinition: 'web' });
      lab.advance(2 * minuteMs);
      return lab.service().runningCount;
    },
    expected: { on: 1 },
  },
  'superseded-stop-names': {
    observe: (variants) => {
      const lab = steady(variants, 1);
      const own = lab.tasks()[0]?.startedBy;
      update(lab, { forceNewDeployment: true });
      lab.advance(5 * minuteMs);
      const reason = String(lab.stops()[0]?.stoppedReason);
      return reason.endsWith(`(deployment ${own})`) ? 'own' : 'another';
    },
    expected: { 'new-deployment': 'another', 'own-deployment': 'own' },
  },
  'protection-holds-scale-in': {
    observe: (variants) => {
      const lab = steady(variants, 2);
      const tasks = lab.tasks().map(({ taskArn }) => taskArn);
      lab.world.ecs.updateTaskProtection({ cluster: 'prod', tasks, protectionEnabled: true });
      update(lab, { desiredCount: 0 });
      lab.advance(hourMs);
      return lab.tasks().length;
    },
    expected: { on: 2 },
  },
  'protection-expires': {
    observe: (variants) => {
      const lab = steady(variants, 2);
      const tasks = lab.tasks().map(({ taskArn }) => taskArn);
      lab.world.ecs.updateTaskProtection({ cluster: 'prod', tasks, protectionEnabled: true });
      update(lab, { desiredCount: 0 });
      const counts: number[] = [];
      for (const ms of [119 * minuteMs, 2 * minuteMs]) {
        lab.advance(ms);
        counts.push(lab.tasks().length);
      }
      return counts;
    },
    expected: { on: [2, 0] },
  },
  'protection-for-services-only': {
    observe: (variants) => {
      const lab = createLab({ variants });
      lab.define(256, 512);
      const { tasks } = lab.world.ecs.runTask({
        cluster: 'prod',
        taskDefinition: 'web',
        launchType: 'FARGATE',
        networkConfiguration: lab.networkConfiguration,
      });
      const { failures } = lab.world.ecs.updateTaskProtection({
        cluster: 'prod',
        tasks: tasks.map(({ taskArn }) => taskArn),
        protectionEnabled: true,
      });
      return failures.map(({ reason }) => reason);
    },
    expected: { on: ['TASK_NOT_VALID'] },
  },
  'protection-within-desired': {
    observe: (variants) => {
      const lab = steady(variants, 2);
      const tasks = lab.tasks().map(({ taskArn }) => taskArn);
      update(lab, { desiredCount: 1 });
      const { failures } = lab.world.ecs.updateTaskProtection({
        cluster: 'prod',
        tasks,
        protectionEnabled: true,
      });
      return failures.map(({ reason }) => reason);
    },
    expected: { on: ['DEPLOYMENT_BLOCKED'] },
  },
} as const satisfies Cases;
