import type { VariantChoices } from '../../../simulator/behaviours.ts';
import type { AppBehaviour } from '../../../simulator/ecs/inputs.ts';
import { type Cases, createLab, hourMs, minuteMs, secondMs } from '../world-lab.ts';

/** One Fargate task of a service with this application. */
function run(variants: VariantChoices, app: AppBehaviour, more: object = {}) {
  const lab = createLab({ variants });
  lab.define(256, 512, { ...more, app });
  lab.serve(1, { launchType: 'FARGATE' });
  return lab;
}

/** A task behind a load balancer whose targets drain for five minutes. */
function behindLoadBalancer(variants: VariantChoices, count = 1) {
  const lab = createLab({ variants });
  const balancer = lab.world.aws.createLoadBalancer({
    name: 'web',
    production: { port: 80, protocol: 'HTTP' },
    healthCheckIntervalSeconds: 10,
  });
  lab.define(256, 512);
  lab.serve(count, {
    launchType: 'FARGATE',
    loadBalancers: balancer.asServiceLoadBalancers('app', 80),
  });
  return { lab, balancer };
}

const lastStop = (lab: ReturnType<typeof createLab>): Record<string, unknown> => {
  const stop = lab.stops().at(-1) ?? {};
  const [container = {}] = (stop.containers ?? []) as Record<string, unknown>[];
  return { ...stop, exitCode: container.exitCode, reason: container.reason };
};

export const taskCases = {
  'task-lifecycle': {
    observe: (variants) => {
      const { lab } = behindLoadBalancer(variants);
      lab.advance(2 * minuteMs);
      const arn = lab.tasks()[0]?.taskArn ?? '';
      lab.world.ecs.stopTask({ cluster: 'prod', task: arn });
      lab.advance(6 * minuteMs);
      return lab
        .detailsOf('ECS Task State Change')
        .filter(({ taskArn }) => taskArn === arn)
        .map(({ lastStatus }) => lastStatus)
        .join(' ');
    },
    expected: {
      on: 'PROVISIONING PENDING ACTIVATING RUNNING DEACTIVATING STOPPING DEPROVISIONING STOPPED',
    },
  },
  'essential-container': {
    observe: (variants) => {
      const lab = run(
        variants,
        {},
        {
          containerDefinitions: [
            { name: 'app', image: 'web:1' },
            { name: 'helper', image: 'helper:1', essential: false },
          ],
        },
      );
      lab.advance(2 * minuteMs);
      const arn = lab.tasks()[0]?.taskArn ?? '';
      lab.world.nature.taskExits(arn, { exitCode: 1, container: 'helper' });
      lab.advance(minuteMs);
      return lab.stops().length;
    },
    expected: { on: 0 },
  },
  'container-restart': {
    // It exits with 1 every ten minutes: beyond the restart period of five.
    observe: (variants) => {
      const lab = run(
        variants,
        { exit: { afterMs: [600_000, 600_000], exitCode: 1 } },
        {
          container: { restartPolicy: { enabled: true } },
        },
      );
      lab.advance(hourMs);
      return lab.stops().length;
    },
    expected: { on: 0 },
  },
  'out-of-memory': {
    // 512 MiB, 112 in use, 400 more an hour.
    observe: (variants) => {
      const lab = run(variants, { memory: { startMiB: 112, growthMiBPerHour: 400 } });
      lab.advance(hourMs + 2 * minuteMs);
      const { exitCode, reason } = lastStop(lab);
      return `${exitCode} ${reason}`;
    },
    expected: { on: '137 OutOfMemoryError: Container killed due to memory usage' },
  },
  'stop-timeout': {
    // It would need two minutes for what it has to finish, and gets 30 s.
    observe: (variants) => {
      const lab = run(variants, { stopMs: [120_000, 120_000] });
      lab.advance(2 * minuteMs);
      lab.world.ecs.updateService({ cluster: 'prod', service: 'web', desiredCount: 0 });
      lab.advance(3 * minuteMs);
      return lastStop(lab).exitCode;
    },
    expected: { on: 137 },
  },
  'task-health-worst': {
    // The first of two checked containers passes, the second never does.
    observe: (variants) => {
      const check = { command: ['CMD', 'true'], interval: 10 };
      const lab = run(
        variants,
        {},
        {
          containerDefinitions: [
            { name: 'app', image: 'web:1', healthCheck: check },
            { name: 'slow', image: 'slow:1', healthCheck: { ...check, interval: 300 } },
          ],
        },
      );
      lab.advance(2 * minuteMs);
      return lab.tasks()[0]?.healthStatus;
    },
    expected: { on: 'UNKNOWN' },
  },
  'target-drains-first': {
    observe: (variants) => {
      const { lab, balancer } = behindLoadBalancer(variants);
      lab.advance(2 * minuteMs);
      lab.world.ecs.stopTask({ cluster: 'prod', task: lab.tasks()[0]?.taskArn ?? '' });
      lab.advance(5 * secondMs);
      const group = lab.world.account.targetGroups.get(balancer.targetGroupArns[0]);
      return group?.targets.map(({ TargetHealth }) => TargetHealth.State).includes('draining');
    },
    expected: { on: true },
  },
  'target-drain-length': {
    observe: (variants) => {
      const { lab } = behindLoadBalancer(variants);
      lab.advance(2 * minuteMs);
      lab.world.ecs.updateService({ cluster: 'prod', service: 'web', desiredCount: 0 });
      lab.advance(minuteMs);
      return lab.stops().length;
    },
    expected: { 'whole-delay': 0, 'until-idle': 1 },
  },
  'target-first-healthy': {
    // Checks come every ten seconds, and five make a target healthy that was not.
    observe: (variants) => {
      const { lab, balancer } = behindLoadBalancer(variants);
      lab.advance(65 * secondMs);
      const group = lab.world.account.targetGroups.get(balancer.targetGroupArns[0]);
      return group?.targets[0]?.TargetHealth.State;
    },
    expected: { 'one-check': 'healthy', threshold: 'initial' },
  },
  'stopped-task-kept': {
    observe: (variants) => {
      const lab = run(variants, {});
      lab.advance(2 * minuteMs);
      lab.world.ecs.updateService({ cluster: 'prod', service: 'web', desiredCount: 0 });
      lab.advance(minuteMs);
      const kept: boolean[] = [];
      for (const ms of [30 * minuteMs, 90 * minuteMs]) {
        lab.advance(ms);
        kept.push(lab.world.account.tasks.size > 0);
      }
      return kept;
    },
    expected: { 'one-hour': [true, false], 'three-hours': [true, true] },
  },
  'stop-deletes-tags': {
    observe: (variants) => {
      const lab = createLab({ variants });
      lab.define(256, 512);
      const { tasks } = lab.world.ecs.runTask({
        cluster: 'prod',
        taskDefinition: 'web',
        launchType: 'FARGATE',
        networkConfiguration: lab.networkConfiguration,
        tags: [{ key: 'job', value: '7' }],
      });
      lab.advance(minuteMs);
      return lab.world.ecs.stopTask({ cluster: 'prod', task: tasks[0]?.taskArn ?? '' }).tags;
    },
    expected: { on: [] },
  },
} as const satisfies Cases;
