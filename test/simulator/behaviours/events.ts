import type { VariantChoices } from '../../../simulator/behaviours.ts';
import { type Cases, createLab, hourMs, type Lab, minuteMs, startMs } from '../world-lab.ts';

/** Two tasks at a target of 50 %, under a load by minutes since the start. */
function scaled(variants: VariantChoices, load: (minute: number) => number): Lab {
  const lab = createLab({ variants });
  lab.define(256, 512);
  lab.serve(2, { launchType: 'FARGATE' });
  lab.world.aws.scaleService({
    resourceId: 'service/prod/web',
    minCapacity: 1,
    maxCapacity: 10,
    targetTracking: {
      targetValue: 50,
      load: (atMs) => load((atMs - startMs) / minuteMs),
    },
  });
  lab.advance(10 * minuteMs);
  return lab;
}

export const eventCases = {
  'event-version': {
    observe: (variants) => {
      const lab = createLab({ variants });
      lab.define(256, 512);
      lab.serve(1, { launchType: 'FARGATE' });
      lab.advance(2 * minuteMs);
      return lab.detailsOf('ECS Task State Change').map(({ version }) => version);
    },
    expected: { on: [1, 2, 3, 4] },
  },
  'instance-event-per-task': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.group('m6a.xlarge', 1);
      lab.define(256, 256);
      lab.serve(1, { launchType: 'EC2' });
      lab.advance(2 * minuteMs);
      const [, event] = lab.detailsOf('ECS Container Instance State Change');
      const remaining = (event?.remainingResources ?? []) as Record<string, unknown>[];
      return remaining[0]?.integerValue;
    },
    expected: { on: 4_096 - 256 },
  },
  'managed-launch-type': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.managed();
      lab.define(256, 512);
      lab.serve(1);
      lab.advance(5 * minuteMs);
      const told = lab.detailsOf('ECS Task State Change').at(-1)?.launchType ?? null;
      return [told, lab.tasks()[0]?.launchType];
    },
    expected: {
      named: ['MANAGED_INSTANCES', 'MANAGED_INSTANCES'],
      'left-out': [null, 'MANAGED_INSTANCES'],
    },
  },
  'instance-event-fields': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.group('m6a.xlarge', 1);
      return lab.detailsOf('ECS Container Instance State Change')[0]?.capacityProviderName ?? null;
    },
    expected: { 'as-published': null, 'as-described': 'asg' },
  },
  'scaling-alarms': {
    // Two tasks, each twice as busy as it should be, from minute 20 on.
    observe: (variants) => {
      const lab = scaled(variants, (minute) => (minute < 20 ? 100 : 200));
      lab.advance(11 * minuteMs);
      const first = lab.service().desiredCount;
      lab.advance(2 * minuteMs);
      return [first, lab.service().desiredCount];
    },
    expected: { '3-and-15': [2, 4], '1-and-15': [4, 4] },
  },
  'scaling-cooldown': {
    // An hour with less and less to do: one scale-in each five minutes at most.
    observe: (variants) => {
      const lab = scaled(variants, (minute) => Math.max(25, 500 - 10 * Math.max(0, minute - 40)));
      lab.advance(30 * minuteMs);
      const times: number[] = [];
      let last = lab.service().desiredCount;
      lab.world.onEvent(() => {
        const { desiredCount } = lab.service();
        if (desiredCount < last) times.push(lab.world.nowMs());
        last = desiredCount;
      });
      lab.advance(2 * hourMs);
      const gaps = times.slice(1).map((atMs, at) => (atMs - (times[at] ?? 0)) / minuteMs);
      return Math.min(...gaps) >= 5;
    },
    expected: { on: true },
  },
  'no-scale-in-while-deploying': {
    observe: (variants) => {
      const lab = scaled(variants, () => 10);
      lab.define(256, 512, { app: { startMs: [3_000_000, 3_000_000] } });
      lab.world.ecs.updateService({ cluster: 'prod', service: 'web', taskDefinition: 'web' });
      lab.advance(30 * minuteMs);
      return lab.service().desiredCount;
    },
    expected: { on: 2 },
  },
  'desired-count-event': {
    observe: (variants) => {
      const lab = scaled(variants, () => 200);
      lab.world.ecs.updateService({ cluster: 'prod', service: 'web', desiredCount: 5 });
      lab.advance(minuteMs);
      return lab.actions().filter((name) => name === 'SERVICE_DESIRED_COUNT_UPDATED').length;
    },
    expected: { on: 1 },
  },
} as const satisfies Cases;
