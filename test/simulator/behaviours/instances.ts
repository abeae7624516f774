import type { VariantChoices } from '../../../simulator/behaviours.ts';
import {
  type Cases,
  createLab,
  dayMs,
  hourMs,
  type Lab,
  minuteMs,
  secondMs,
  startMs,
} from '../world-lab.ts';

const arnOf = (lab: Lab, at = 0): string => lab.instances()[at]?.containerInstanceArn ?? '';
const protectAll = (lab: Lab, minutes = 2_880): void => {
  lab.world.ecs.updateTaskProtection({
    cluster: 'prod',
    tasks: lab.tasks().map(({ taskArn }) => taskArn),
    protectionEnabled: true,
    expiresInMinutes: minutes,
  });
};

/** One task on one managed instance in zone a. */
function single(variants: VariantChoices, more: object = {}): Lab {
  const lab = createLab({ variants, zones: 'a' });
  lab.managed({ scaleInAfter: -1, ...more });
  lab.define(512, 512);
  lab.serve(1);
  lab.advance(3 * minuteMs);
  return lab;
}

/** Two instances of two vCPUs, of whose three tasks one has gone: two tasks fit on one. */
function underUsed(variants: VariantChoices, more: object = {}): Lab {
  const lab = createLab({ variants, zones: 'a' });
  lab.managed({ scaleInAfter: 600, ...more });
  lab.define(1_024, 1_024);
  lab.serve(3);
  lab.advance(3 * minuteMs);
  lab.world.ecs.updateService({ cluster: 'prod', service: 'web', desiredCount: 2 });
  lab.advance(minuteMs);
  return lab;
}

const drainingOf = (lab: Lab): readonly string[] =>
  lab
    .detailsOf('ECS Container Instance State Change')
    .filter(({ status }) => status === 'DRAINING')
    .map(({ containerInstanceArn }) => String(containerInstanceArn));

/** Exit codes of a stop's containers, where any are known. */
const exitCodesOf = (stop: Readonly<Record<string, unknown>> | undefined): readonly number[] =>
  ((stop?.containers ?? []) as readonly { readonly exitCode?: number }[]).flatMap(
    ({ exitCode }) => exitCode ?? [],
  );

/** When an instance was first seen in a state, in days since the start. */
const dayOf = (lab: Lab, status: string): number | undefined => {
  const event = lab.events.find(
    (one) =>
      one['detail-type'] === 'ECS Container Instance State Change' && one.detail.status === status,
  );
  return event === undefined
    ? undefined
    : Math.round((Date.parse(String(event.detail.updatedAt)) - startMs) / dayMs);
};

const runAlone = (lab: Lab): void => {
  lab.world.ecs.runTask({
    cluster: 'prod',
    taskDefinition: 'web',
    capacityProviderStrategy: [{ capacityProvider: 'mi', weight: 1 }],
    networkConfiguration: lab.networkConfiguration,
  });
};

/** Managed instances, as many as tasks, one of them impaired, or all. */
function impaired(variants: VariantChoices, count: number, how: 'one' | 'all'): Lab {
  const lab = createLab({ variants, zones: 'a' });
  lab.managed({ scaleInAfter: -1 });
  lab.define(2_048, 1_024);
  lab.serve(count);
  lab.advance(3 * minuteMs);
  for (const { containerInstanceArn } of lab.instances().slice(0, how === 'one' ? 1 : count)) {
    lab.world.nature.healthImpaired(containerInstanceArn, 'ACCELERATED_COMPUTE', 'XID_46');
  }
  return lab;
}

export const instanceCases = {
  'idle-instances-go': {
    observe: (variants) => {
      const lab = single(variants, { scaleInAfter: 60 });
      lab.world.ecs.updateService({ cluster: 'prod', service: 'web', desiredCount: 0 });
      lab.advance(5 * minuteMs);
      return lab.instances().length;
    },
    expected: { on: 0 },
  },
  'scale-in-after': {
    observe: (variants) => {
      const lab = single(variants, { scaleInAfter: 1_800 });
      lab.world.ecs.updateService({ cluster: 'prod', service: 'web', desiredCount: 0 });
      const counts: number[] = [];
      for (const ms of [29 * minuteMs, 3 * minuteMs]) {
        lab.advance(ms);
        counts.push(lab.instances().length);
      }
      return counts;
    },
    expected: { on: [1, 0] },
  },
  'scale-in-after-default': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.managed();
      lab.define(512, 512);
      lab.serve(1);
      lab.advance(3 * minuteMs);
      lab.world.ecs.updateService({ cluster: 'prod', service: 'web', desiredCount: 0 });
      const counts: number[] = [];
      for (const ms of [3 * minuteMs, 5 * minuteMs, 10 * minuteMs]) {
        lab.advance(ms);
        counts.push(lab.instances().length);
      }
      return counts;
    },
    expected: { '5min': [1, 0, 0], '15min': [1, 1, 0] },
  },
  'under-used-instances-drain': {
    observe: (variants) => {
      const lab = underUsed(variants);
      const before = lab.packed().join(' ');
      lab.advance(30 * minuteMs);
      return `${before} > ${lab.packed().join(' ')}`;
    },
    expected: { on: '1 1 > 2' },
  },
  'under-used-saving': {
    // A small task stays alone where a large one was; what would hold it costs 15 % less.
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.managed({ scaleInAfter: 60, types: ['r5a.large', 'm6i.large'] });
      lab.define(512, 9_216);
      lab.serve(1, { serviceName: 'large' });
      lab.define(512, 1_024);
      lab.serve(1);
      lab.advance(2 * minuteMs);
      lab.world.ecs.updateService({ cluster: 'prod', service: 'large', desiredCount: 0 });
      lab.advance(10 * minuteMs);
      return lab.typesOf().join(' ');
    },
    expected: { any: 'm6i.large', 'a-fifth': 'r5a.large' },
  },
  'optimisation-zones': {
    // One task in each of two zones: both would fit on one instance.
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'ab' });
      lab.managed({ scaleInAfter: 300 });
      lab.define(512, 512);
      lab.serve(2, { availabilityZoneRebalancing: 'DISABLED' });
      lab.advance(20 * minuteMs);
      return lab.packed().join(' ');
    },
    expected: { ignored: '2', kept: '1 1' },
  },
  'one-optimisation-at-a-time': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.managed({ scaleInAfter: 300 });
      lab.define(1_024, 1_024);
      lab.serve(8);
      lab.advance(3 * minuteMs);
      for (const { containerInstanceArn: arn } of lab.instances()) {
        const task = lab.tasks().find(({ containerInstanceArn }) => containerInstanceArn === arn);
        lab.world.ecs.updateService({
          cluster: 'prod',
          service: 'web',
          desiredCount: lab.service().desiredCount - 1,
        });
        lab.world.ecs.stopTask({ cluster: 'prod', task: task?.taskArn ?? '' });
      }
      lab.advance(minuteMs);
      let most = 0;
      lab.world.onEvent(() => {
        const draining = lab.instances().filter(({ status }) => status === 'DRAINING');
        most = Math.max(most, draining.length);
      });
      lab.advance(30 * minuteMs);
      return most;
    },
    expected: { on: 1 },
  },
  'standalone-task-holds-instance': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.managed({ scaleInAfter: 60, types: ['m6a.xlarge', 'm6a.large'] });
      lab.define(3_072, 1_024);
      lab.serve(1);
      lab.advance(2 * minuteMs);
      lab.define(512, 512);
      runAlone(lab);
      lab.advance(minuteMs);
      lab.world.ecs.updateService({ cluster: 'prod', service: 'web', desiredCount: 0 });
      lab.advance(20 * minuteMs);
      return drainingOf(lab).length;
    },
    expected: { on: 0 },
  },
  'protection-holds-optimisation': {
    observe: (variants) => {
      const lab = underUsed(variants);
      protectAll(lab);
      lab.advance(30 * minuteMs);
      return lab.packed().join(' ');
    },
    expected: { on: '1 1' },
  },
  'drain-at-day-14': {
    observe: (variants) => {
      const lab = single(variants);
      lab.advance(15 * dayMs);
      return dayOf(lab, 'DRAINING');
    },
    expected: { on: 14 },
  },
  'end-at-day-21': {
    // Drained by its user on day 20, it holds a standalone task.
    observe: (variants) => {
      const lab = createLab({ variants: { ...variants, 'drain-at-day-14': 'off' }, zones: 'a' });
      lab.managed({ scaleInAfter: -1 });
      lab.define(512, 512);
      runAlone(lab);
      lab.advance(25 * dayMs);
      return dayOf(lab, 'DEREGISTERING');
    },
    expected: { on: 21 },
  },
  'drain-deadline': {
    // Day 14 plus seven is day 21 too: a repair on day 3 ends on day 10, or on day 21. One that is
    // taken back on day 4 counts no longer: what begins on day 6 ends on day 13.
    observe: (variants) =>
      [false, true].map((isTakenBack) => {
        const lab = createLab({ variants, zones: 'a' });
        lab.managed({ scaleInAfter: -1 });
        lab.define(512, 512);
        runAlone(lab);
        const impair = () =>
          lab.world.nature.healthImpaired(arnOf(lab), 'DAEMON', 'Daemon task is unhealthy', hourMs);
        lab.advance(3 * dayMs);
        impair();
        lab.advance(dayMs);
        if (isTakenBack) {
          lab.world.ecs.updateContainerInstancesState({
            cluster: 'prod',
            containerInstances: [arnOf(lab)],
            status: 'ACTIVE',
          });
        }
        lab.advance(2 * dayMs);
        impair();
        lab.advance(17 * dayMs);
        return dayOf(lab, 'DEREGISTERING');
      }),
    expected: { 'seven-days-later': [10, 13], 'on-day-21': [21, 21] },
  },
  'end-stop-reason': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.managed({ scaleInAfter: -1 });
      lab.define(512, 512);
      runAlone(lab);
      lab.advance(22 * dayMs);
      return lab.stops()[0]?.stoppedReason;
    },
    expected: {
      draining: 'Task stopped during instance draining',
      deregistration: 'Container instance deregistration forced by user',
    },
  },
  'forced-stop-code': {
    observe: (variants) => {
      const byUser = single(variants);
      byUser.world.ecs.deregisterContainerInstance({
        cluster: 'prod',
        containerInstance: arnOf(byUser),
        force: true,
      });
      byUser.advance(2 * minuteMs);
      const atItsEnd = createLab({ variants, zones: 'a' });
      atItsEnd.managed({ scaleInAfter: -1 });
      atItsEnd.define(512, 512);
      runAlone(atItsEnd);
      atItsEnd.advance(22 * dayMs);
      return [byUser, atItsEnd].map((lab) => lab.stops()[0]?.stopCode);
    },
    expected: {
      TerminationNotice: ['TerminationNotice', 'TerminationNotice'],
      ServiceSchedulerInitiated: ['ServiceSchedulerInitiated', 'ServiceSchedulerInitiated'],
    },
  },
  'event-window-drains-earlier': {
    // 2026-11-20 is a Friday: the last Sunday before day 14 is day 9.
    observe: (variants) => drainDayWithWindow(variants),
    expected: { on: 9 },
  },
  'event-window-choice': {
    // Sundays are days 2 and 9, Mondays 3 and 10; day 7 begins the last week.
    observe: (variants) => drainDayWithWindow(variants, ['sunday', 'tuesday']),
    expected: { 'last-before-day-14': 11, 'first-of-last-week': 9 },
  },
  'draining-stops-pending': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.group('m6a.xlarge', 2);
      lab.define(256, 256, { app: { startMs: [600_000, 600_000] } });
      lab.serve(1, { launchType: 'EC2' });
      lab.advance(minuteMs);
      const arn = lab.tasks()[0]?.containerInstanceArn ?? '';
      lab.world.ecs.updateContainerInstancesState({
        cluster: 'prod',
        containerInstances: [arn],
        status: 'DRAINING',
      });
      lab.advance(minuteMs);
      return lab.stops().length;
    },
    expected: { on: 1 },
  },
  'draining-can-be-undone': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.group('m6a.xlarge', 1);
      const containerInstances = [arnOf(lab)];
      for (const status of ['DRAINING', 'ACTIVE'] as const) {
        lab.world.ecs.updateContainerInstancesState({
          cluster: 'prod',
          containerInstances,
          status,
        });
      }
      return lab.instances()[0]?.status;
    },
    expected: { on: 'ACTIVE' },
  },
  'managed-instance-user-drain': {
    observe: (variants) => {
      const lab = single(variants);
      try {
        lab.world.ecs.updateContainerInstancesState({
          cluster: 'prod',
          containerInstances: [arnOf(lab)],
          status: 'DRAINING',
        });
      } catch {
        return 'refused';
      }
      return lab.instances()[0]?.status;
    },
    expected: { accepted: 'DRAINING', refused: 'refused' },
  },
  'protection-holds-drain': {
    observe: (variants) => {
      const lab = single(variants);
      protectAll(lab, 120);
      lab.world.ecs.updateContainerInstancesState({
        cluster: 'prod',
        containerInstances: [arnOf(lab)],
        status: 'DRAINING',
      });
      const counts: number[] = [];
      for (const ms of [hourMs, 2 * hourMs]) {
        lab.advance(ms);
        counts.push(lab.stops().length);
      }
      return counts;
    },
    expected: { held: [0, 1], 'not-held': [1, 1] },
  },
  'drain-stop-reason': {
    observe: (variants) => {
      const lab = single(variants);
      lab.world.ecs.updateContainerInstancesState({
        cluster: 'prod',
        containerInstances: [arnOf(lab)],
        status: 'DRAINING',
      });
      lab.advance(5 * minuteMs);
      return String(lab.stops()[0]?.stoppedReason).replace(/ecs-svc\/\d+/, 'ID');
    },
    expected: {
      'task-stopped': 'Task stopped during instance draining',
      'scaling-activity': 'Scaling activity initiated by (deployment ID)',
      'service-draining': 'Service web: container instance is in DRAINING state',
    },
  },
  'force-ends-managed-instance': {
    observe: (variants) => {
      const lab = single(variants);
      const id = lab.instances()[0]?.ec2InstanceId ?? '';
      lab.world.ecs.deregisterContainerInstance({
        cluster: 'prod',
        containerInstance: arnOf(lab),
        force: true,
      });
      lab.advance(2 * minuteMs);
      return [lab.stops()[0]?.stoppedReason, lab.world.account.ec2Instances.get(id)?.State.Name];
    },
    expected: { on: ['Container instance deregistration forced by user', 'terminated'] },
  },
  'host-loss-noticed': {
    observe: (variants) => {
      const lab = single(variants);
      const diedAtMs = lab.world.nowMs();
      lab.world.nature.instanceDies(arnOf(lab));
      lab.advance(6 * minuteMs);
      const tookMs = Date.parse(String(lab.stops()[0]?.stoppedAt)) - diedAtMs;
      if (tookMs < 10 * secondMs) return 'at once';
      return tookMs <= minuteMs ? 'within a minute' : 'minutes';
    },
    expected: { 'within-a-minute': 'within a minute', 'within-five-minutes': 'minutes' },
  },
  'host-loss-stop-code': {
    observe: (variants) => {
      const lab = single(variants);
      const id = lab.instances()[0]?.ec2InstanceId;
      lab.world.nature.instanceDies(arnOf(lab));
      lab.advance(6 * minuteMs);
      const [stop] = lab.stops();
      const isNamed = stop?.stoppedReason === `Host EC2 (instance ${id}) terminated.`;
      return `${isNamed} ${stop?.stopCode}`;
    },
    expected: {
      TerminationNotice: 'true TerminationNotice',
      ServiceSchedulerInitiated: 'true ServiceSchedulerInitiated',
    },
  },
  'dead-host-tasks': {
    // One task on each of two instances, checked every ten seconds; ECS hears of a host after two minutes.
    observe: (variants) => {
      const lab = createLab({
        variants: { 'host-loss-noticed': 'within-five-minutes', ...variants },
      });
      const balancer = lab.world.aws.createLoadBalancer({
        ...{ name: 'web', production: { port: 80, protocol: 'HTTP' } },
        healthCheckIntervalSeconds: 10,
      });
      lab.managed({ scaleInAfter: -1 });
      lab.define(1_024, 1_024);
      lab.serve(2, { loadBalancers: balancer.asServiceLoadBalancers('app', 80) });
      lab.advance(10 * minuteMs);
      const [task] = lab.tasks();
      lab.world.nature.instanceDies(task?.containerInstanceArn ?? '');
      lab.advance(110 * secondMs);
      const [arn = ''] = balancer.targetGroupArns;
      const { targets = [] } = lab.world.account.targetGroups.get(arn) ?? {};
      const states = targets.map(({ TargetHealth }) => TargetHealth.State).sort();
      const isThere = lab.tasks().some(({ taskArn }) => taskArn === task?.taskArn);
      lab.advance(4 * minuteMs);
      const stop = lab.stops().find(({ taskArn }) => taskArn === task?.taskArn);
      const reason = String(stop?.stoppedReason).replace(/\(.*/, '').trim();
      return [states.join(' '), isThere ? 'wanted' : 'given up', reason, exitCodesOf(stop)];
    },
    expected: {
      replaced: ['draining healthy healthy', 'given up', 'Task failed ELB health checks in', []],
      'wait-for-host': ['healthy unhealthy', 'wanted', 'Host EC2', []],
    },
  },
  'spot-notice-two-minutes': {
    observe: (variants) => {
      const lab = single(variants, { isSpot: true });
      const id = lab.instances()[0]?.ec2InstanceId ?? '';
      lab.world.nature.spotNotice(arnOf(lab));
      const states: (string | undefined)[] = [];
      for (const ms of [119 * secondMs, 2 * secondMs]) {
        lab.advance(ms);
        states.push(lab.world.account.ec2Instances.get(id)?.State.Name);
      }
      return states;
    },
    expected: { on: ['running', 'terminated'] },
  },
  'spot-draining': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.group('m6a.xlarge', 1, { isSpot: true, drainsOnSpotNotice: true });
      lab.world.nature.spotNotice(arnOf(lab));
      lab.advance(minuteMs);
      return lab.instances()[0]?.status;
    },
    expected: { on: 'DRAINING' },
  },
  'managed-spot-notice': {
    observe: (variants) => {
      const lab = single(variants, { isSpot: true });
      lab.world.nature.spotNotice(arnOf(lab));
      lab.advance(minuteMs);
      return lab.instances()[0]?.status;
    },
    expected: { drains: 'DRAINING', ends: 'ACTIVE' },
  },
  'fargate-spot-stop-code': {
    observe: (variants) => {
      const lab = createLab({ variants });
      lab.define(256, 512);
      lab.serve(1, { capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] });
      lab.advance(2 * minuteMs);
      lab.world.nature.spotTaskInterrupted(lab.tasks()[0]?.taskArn ?? '');
      lab.advance(minuteMs);
      return [lab.stops()[0]?.stopCode, lab.stops()[0]?.stoppedReason];
    },
    expected: { on: ['SpotInterruption', 'Your Spot Task was interrupted.'] },
  },
  'managed-instance-ec2-events': {
    observe: (variants) => {
      const lab = single(variants);
      return lab.detailsOf('EC2 Instance State-change Notification').map(({ state }) => state);
    },
    expected: { sent: ['pending', 'running'], 'not-sent': [] },
  },
  'overall-health-worst': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.group('m6a.xlarge', 1);
      const arn = arnOf(lab);
      lab.world.nature.healthImpaired(arn, 'CONTAINER_RUNTIME', 'Docker does not answer');
      lab.world.nature.healthImpaired(arn, 'AGENT_CONNECTIVITY', 'Agent disconnected', minuteMs);
      lab.advance(2 * minuteMs);
      return lab.instances()[0]?.healthStatus?.overallStatus;
    },
    expected: { on: 'IMPAIRED' },
  },
  'instance-health-event': {
    observe: (variants) => {
      const lab = impaired(variants, 1, 'one');
      const [event] = lab.detailsOf('ECS Container Instance Health Change');
      const [check] = (event?.healthChecks ?? []) as Record<string, unknown>[];
      return [event?.overallStatus, check?.type, check?.statusReason];
    },
    expected: { on: ['IMPAIRED', 'ACCELERATED_COMPUTE', 'XID_46'] },
  },
  'auto-repair': {
    observe: (variants) => {
      const lab = impaired(variants, 1, 'one');
      const before = arnOf(lab);
      lab.advance(10 * minuteMs);
      return lab.instances().every(({ containerInstanceArn }) => containerInstanceArn !== before);
    },
    expected: { on: true },
  },
  'auto-repair-limit': {
    // Ten instances: two at a time.
    observe: (variants) => {
      const lab = impaired(variants, 10, 'all');
      let most = 0;
      lab.world.onEvent(() => {
        const draining = lab.instances().filter(({ status }) => status === 'DRAINING');
        most = Math.max(most, draining.length);
      });
      lab.advance(hourMs);
      return most;
    },
    expected: { on: 2 },
  },
  'agent-silence': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.group('m6a.xlarge', 1);
      lab.world.nature.agentDisconnects(arnOf(lab), 10 * minuteMs);
      lab.advance(9 * minuteMs);
      return lab.instances()[0]?.healthStatus?.overallStatus;
    },
    expected: { '5min': 'IMPAIRED', '15min': 'OK' },
  },
  'repair-stop-code': {
    observe: (variants) => {
      const lab = impaired(variants, 1, 'one');
      lab.advance(10 * minuteMs);
      return lab.stops()[0]?.stopCode;
    },
    expected: {
      InfrastructureHealth: 'InfrastructureHealth',
      ServiceSchedulerInitiated: 'ServiceSchedulerInitiated',
    },
  },
  'daemon-replaces-instances': {
    observe: (variants) => {
      const lab = single(variants);
      const before = arnOf(lab);
      lab.world.ecs.createDaemon({
        cluster: 'prod',
        name: 'logs',
        capacityProvider: 'mi',
        drainPercent: 100,
      });
      lab.advance(10 * minuteMs);
      return lab.instances().every(({ containerInstanceArn }) => containerInstanceArn !== before);
    },
    expected: { on: true },
  },
  'daemon-events': {
    observe: (variants) => {
      const lab = single(variants);
      const { daemonArn } = lab.world.ecs.createDaemon({
        cluster: 'prod',
        name: 'logs',
        capacityProvider: 'mi',
        drainPercent: 100,
      });
      lab.world.nature.daemonTaskFails(arnOf(lab), daemonArn, 'CannotPullContainerError');
      lab.advance(10 * minuteMs);
      return [
        ...lab.detailsOf('ECS Daemon Deployment State Change'),
        ...lab.detailsOf('ECS Daemon Service Action'),
      ].map(({ eventName }) => eventName);
    },
    expected: {
      on: [
        'DAEMON_DEPLOYMENT_PENDING',
        'DAEMON_DEPLOYMENT_IN_PROGRESS',
        'DAEMON_DEPLOYMENT_SUCCESSFUL',
        'DAEMON_TASK_START_IMPAIRED',
      ],
    },
  },
} as const satisfies Cases;

/** Day of the drain of an instance with a window of launch time, and one that came too late. */
function drainDayWithWindow(
  variants: VariantChoices,
  weekDays: readonly string[] = ['sunday'],
): number | undefined {
  const lab = createLab({ variants, zones: 'a' });
  lab.world.ecs.createCapacityProvider({
    name: 'mi',
    cluster: 'prod',
    managedInstancesProvider: {
      instanceLaunchTemplate: { networkConfiguration: { subnets: lab.subnets } },
      propagateTags: 'CAPACITY_PROVIDER',
      infrastructureOptimization: { scaleInAfter: -1 },
    },
    tags: [{ key: 'window', value: 'night' }],
  });
  const windowOn = (days: readonly string[]): void => {
    lab.world.aws.createEventWindow({
      timeRanges: days.map((day) => ({
        startWeekDay: day,
        startHour: 2,
        endWeekDay: day,
        endHour: 4,
      })),
      instanceTags: [{ key: 'window', value: 'night' }],
    });
  };
  windowOn(weekDays);
  lab.define(512, 512);
  lab.serve(1);
  lab.advance(10 * minuteMs);
  windowOn(['wednesday']);
  lab.advance(15 * dayMs);
  return dayOf(lab, 'DRAINING');
}
