import type { VariantChoices } from '../../../simulator/behaviours.ts';
import { type Cases, createLab, hourMs, type Lab, minuteMs, zoneOf } from '../world-lab.ts';

const started = (lab: Lab): boolean => lab.actions().includes('SERVICE_REBALANCING_STARTED');

const actionAt = (lab: Lab, name: string): number =>
  Date.parse(
    String(
      lab.detailsOf('ECS Service Action').find(({ eventName }) => eventName === name)?.createdAt,
    ),
  );

/** Four Fargate tasks, all in zone a until zone b is back. */
function lopsided(variants: VariantChoices, more: object = {}): Lab {
  const lab = createLab({ variants, zones: 'ab' });
  lab.world.nature.noCapacity({ zone: zoneOf('b') }, 3 * minuteMs);
  lab.define(256, 512);
  lab.serve(4, { launchType: 'FARGATE', ...more });
  lab.advance(3 * minuteMs);
  return lab;
}

/** A scale-in spares what is protected, which leaves a service steady and uneven. */
function unevenAfterScaleIn(variants: VariantChoices): string {
  const lab = createLab({ variants, zones: 'ab' });
  lab.define(256, 512);
  lab.serve(4, { launchType: 'FARGATE' });
  lab.advance(3 * minuteMs);
  const inA = lab.tasks().filter(({ availabilityZone }) => availabilityZone === zoneOf('a'));
  lab.world.ecs.updateTaskProtection({
    cluster: 'prod',
    tasks: inA.map(({ taskArn }) => taskArn),
    protectionEnabled: true,
    expiresInMinutes: 5,
  });
  lab.world.ecs.updateService({ cluster: 'prod', service: 'web', desiredCount: 2 });
  lab.advance(minuteMs);
  const before = lab.spread();
  lab.advance(hourMs);
  return `${before} > ${lab.spread()}`;
}

/** Rebalancing is enabled on a service that has been steady for long. */
function enabledLate(variants: VariantChoices): string {
  const lab = lopsided(variants, { availabilityZoneRebalancing: 'DISABLED' });
  lab.advance(20 * minuteMs);
  const before = lab.spread();
  lab.world.ecs.updateService({
    cluster: 'prod',
    service: 'web',
    availabilityZoneRebalancing: 'ENABLED',
  });
  lab.advance(20 * minuteMs);
  return `${before} > ${lab.spread()}`;
}

/** Tasks end by themselves while two are being started: those stand in for them, and it goes on. */
function exitsMeanwhile(variants: VariantChoices, count: number): string {
  const lab = lopsided(variants);
  const exits = lab.tasks().slice(0, count);
  let isDone = false;
  lab.world.onEvent(({ detail }) => {
    if (isDone || detail.eventName !== 'TASKS_STARTED') return;
    isDone = true;
    for (const { taskArn } of exits) lab.world.nature.taskExits(taskArn, { exitCode: 1 });
  });
  lab.advance(2 * hourMs);
  return `${lab.spread()}, ${lab.actions().at(-1)}`;
}

/** Four tasks that reach two of the provider's three zones: nothing to even out, in six hours. */
function spreadInReach(variants: VariantChoices): string {
  const lab = createLab({ variants });
  lab.managed({ scaleInAfter: -1 });
  lab.define(256, 512);
  const [subnetA = '', subnetB = ''] = lab.subnets;
  lab.serve(4, { networkConfiguration: { awsvpcConfiguration: { subnets: [subnetA, subnetB] } } });
  lab.advance(6 * hourMs);
  return `${lab.spread()}${started(lab) ? ', rebalanced' : ''}`;
}

/** Two tasks on one managed instance in zone a, with room for both. */
function lopsidedManaged(variants: VariantChoices): Lab {
  const lab = createLab({ variants, zones: 'ab' });
  lab.managed({ scaleInAfter: -1 });
  lab.define(512, 512);
  lab.serve(1);
  lab.advance(3 * minuteMs);
  lab.world.ecs.updateService({ cluster: 'prod', service: 'web', desiredCount: 2 });
  lab.advance(2 * minuteMs);
  return lab;
}

export const balanceCases = {
  rebalancing: {
    observe: (variants) => {
      const lab = lopsided(variants);
      const before = lab.spread();
      lab.advance(20 * minuteMs);
      return [
        `${before} > ${lab.spread()}`,
        unevenAfterScaleIn(variants),
        enabledLate(variants),
        ...[1, 3].map((count) => exitsMeanwhile(variants, count)),
        spreadInReach(variants),
      ];
    },
    expected: {
      on: [
        ...['a4 > a2 b2', 'a2 > a1 b1', 'a4 > a2 b2'],
        'a2 b2, SERVICE_STEADY_STATE',
        'a2 b2, SERVICE_STEADY_STATE',
        'a2 b2',
      ],
    },
  },
  'rebalancing-by-default': {
    observe: (variants) => {
      const lab = createLab({ variants });
      lab.define(256, 512);
      return lab.serve(1, { launchType: 'FARGATE' }).availabilityZoneRebalancing;
    },
    expected: { on: 'ENABLED' },
  },
  'rebalancing-eligibility': {
    observe: (variants) => {
      const settings = [
        { deploymentConfiguration: { maximumPercent: 100, minimumHealthyPercent: 50 } },
        { loadBalancers: [{ loadBalancerName: 'classic' }] },
        { placementStrategy: [{ type: 'binpack', field: 'memory' }] },
        {
          placementConstraints: [
            { type: 'memberOf', expression: 'attribute:ecs.availability-zone =~ eu.*' },
          ],
        },
      ];
      return settings.map((more) => {
        const lab = lopsided(variants, more);
        lab.advance(20 * minuteMs);
        return started(lab);
      });
    },
    expected: { on: [false, false, false, false] },
  },
  'rebalancing-definition-constraints': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'ab' });
      lab.managed();
      lab.define(256, 512, {
        placementConstraints: [
          { type: 'memberOf', expression: `attribute:ecs.availability-zone == ${zoneOf('a')}` },
        ],
      });
      lab.serve(2);
      lab.advance(hourMs);
      return `${lab.spread()}${started(lab) ? ', rebalanced' : ''}`;
    },
    expected: { 'as-those-of-the-service': 'a2', 'not-looked-at': 'a2, rebalanced' },
  },
  'rebalancing-starts-first': {
    observe: (variants) => {
      const lab = lopsided(variants);
      let fewest = 9;
      lab.world.onEvent(() => {
        const running = lab.tasks().filter(({ lastStatus }) => lastStatus === 'RUNNING');
        fewest = Math.min(fewest, running.length);
      });
      lab.advance(20 * minuteMs);
      return fewest;
    },
    expected: { on: 4 },
  },
  'rebalancing-events': {
    observe: (variants) => {
      const lab = lopsided(variants);
      lab.advance(20 * minuteMs);
      return lab.actions();
    },
    expected: {
      on: [
        'SERVICE_STEADY_STATE',
        'SERVICE_REBALANCING_STARTED',
        'TASKS_STARTED',
        'TASKS_STOPPED',
        'TASKS_STOPPED',
        'SERVICE_REBALANCING_COMPLETED',
        'SERVICE_STEADY_STATE',
      ],
    },
  },
  'rebalancing-delay': {
    observe: (variants) => {
      const lab = lopsided(variants);
      lab.advance(20 * minuteMs);
      const steadyAtMs = actionAt(lab, 'SERVICE_STEADY_STATE');
      return (actionAt(lab, 'SERVICE_REBALANCING_STARTED') - steadyAtMs) / minuteMs;
    },
    expected: { '2min': 2, '10min': 10 },
  },
  'rebalancing-batch': {
    observe: (variants) => {
      const lab = lopsided(variants);
      lab.advance(30 * minuteMs);
      return lab.actions().filter((name) => name === 'TASKS_STARTED').length;
    },
    // As room allows both go at once, in one start for the zone.
    expected: { 'as-room-allows': 1, 'one-at-a-time': 2 },
  },
  'rebalancing-retry': {
    // Zone b stays without capacity; attempts of the first three hours.
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'ab' });
      lab.world.nature.noCapacity({ zone: zoneOf('b') }, 9e8);
      lab.define(256, 512);
      lab.serve(4, { launchType: 'FARGATE' });
      lab.advance(3 * hourMs);
      const attempts = lab.actions().filter((name) => name === 'SERVICE_REBALANCING_STARTED');
      return attempts.length;
    },
    expected: { '15min': 12, '1h': 3 },
  },
  'rebalancing-launches-instances': {
    observe: (variants) => {
      const lab = lopsidedManaged(variants);
      const before = lab.spread();
      lab.advance(20 * minuteMs);
      return `${before} > ${lab.spread()}`;
    },
    expected: { on: 'a2 > a1 b1' },
  },
  'protection-holds-rebalancing': {
    observe: (variants) => {
      const lab = lopsided(variants);
      lab.world.ecs.updateTaskProtection({
        cluster: 'prod',
        tasks: lab.tasks().map(({ taskArn }) => taskArn),
        protectionEnabled: true,
      });
      lab.advance(10 * minuteMs);
      return [lab.actions().includes('TASKSET_SCALE_IN_FAILURE_BY_TASK_PROTECTION'), lab.spread()];
    },
    expected: { on: [true, 'a4'] },
  },
} as const satisfies Cases;
