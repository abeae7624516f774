import type { VariantChoices } from '../../../simulator/behaviours.ts';
import { type Cases, createLab, minuteMs, secondMs, startMs, zoneOf } from '../world-lab.ts';

/** What EC2 says of who runs the one managed instance of a service of one task. */
function operatorOf(variants: VariantChoices) {
  const lab = createLab({ variants, zones: 'a' });
  lab.managed();
  lab.define(512, 512);
  lab.serve(1);
  lab.advance(3 * minuteMs);
  return [...lab.world.account.ec2Instances.values()][0]?.Operator;
}

export const capacityCases = {
  'provisioning-batch': {
    // Two services, the second five seconds after the first: one instance where they share a batch.
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.managed({ types: ['m6a.large', 'm6a.xlarge'], scaleInAfter: -1 });
      lab.define(2_048, 1_024);
      lab.serve(1);
      lab.advance(5 * secondMs);
      lab.define(1_024, 1_024);
      lab.serve(1, { serviceName: 'other' });
      lab.advance(3 * minuteMs);
      const launches = [...lab.world.account.ec2Instances.values()];
      return Math.round(((launches[0]?.LaunchTime.getTime() ?? 0) - startMs) / 10_000);
    },
    expected: { '1s': 0, '15s': 2 },
  },
  'zones-before-packing': {
    // Both tasks would fit on one instance.
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'ab' });
      lab.managed({ scaleInAfter: -1 });
      lab.define(512, 512);
      lab.serve(2, { availabilityZoneRebalancing: 'DISABLED' });
      lab.advance(3 * minuteMs);
      return lab.placesOf();
    },
    expected: { on: 'a1 b1' },
  },
  'first-fit-decreasing': {
    // In the order of arrival the two small ones would share an instance, and each large one need one.
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.managed({ types: ['m6a.large'], scaleInAfter: -1 });
      lab.define(512, 512);
      lab.serve(1, { serviceName: 'small-1' });
      lab.serve(1, { serviceName: 'small-2' });
      lab.define(1_536, 512);
      lab.serve(1, { serviceName: 'large-1' });
      lab.serve(1, { serviceName: 'large-2' });
      lab.advance(3 * minuteMs);
      return lab.packed().join(' ');
    },
    expected: { on: '2 2' },
  },
  'instance-type-choice': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.managed({ types: ['m6a.xlarge', 'm6a.large', 'r7a.medium'], scaleInAfter: -1 });
      lab.define(1_024, 3_072);
      lab.serve(2);
      lab.advance(3 * minuteMs);
      return lab.typesOf().join(' ');
    },
    // Two tasks on a medium each are dearer than both on a large.
    expected: {
      'cheapest-for-task': 'r7a.medium r7a.medium',
      'cheapest-for-batch': 'm6a.large',
    },
  },
  'burstable-by-default': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.world.ecs.createCapacityProvider({
        name: 'mi',
        cluster: 'prod',
        managedInstancesProvider: {
          instanceLaunchTemplate: {
            networkConfiguration: { subnets: lab.subnets },
            instanceRequirements: { cpuManufacturers: ['intel'] },
          },
        },
      });
      lab.define(512, 512);
      lab.serve(1);
      lab.advance(3 * minuteMs);
      return lab.typesOf().join(' ');
    },
    expected: { excluded: 'm6i.large', included: 't3.small' },
  },
  'zone-tie': {
    // The first task of each of eight worlds.
    observe: (variants) => {
      const zones = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => {
        const lab = createLab({ variants, seed });
        lab.managed();
        lab.define(512, 512);
        lab.serve(1);
        lab.advance(3 * minuteMs);
        return lab.spread();
      });
      return new Set(zones).size > 1 ? 'several zones' : zones[0];
    },
    expected: { 'subnet-order': 'a1', random: 'several zones' },
  },
  'instance-launch-time': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.managed();
      lab.define(512, 512);
      lab.serve(1);
      lab.advance(5 * minuteMs);
      const registeredAtMs = lab.instances()[0]?.registeredAt?.getTime() ?? 0;
      const tookMs = registeredAtMs - startMs;
      if (tookMs < 20 * secondMs) return 'at once';
      return tookMs < minuteMs ? 'under a minute' : 'minutes';
    },
    expected: { 'under-a-minute': 'under a minute', 'one-to-three-minutes': 'minutes' },
  },
  'refused-launch': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'ab' });
      lab.managed({ types: ['m6a.large', 'm6a.xlarge'] });
      lab.world.nature.noCapacity({ zone: zoneOf('a'), instanceType: 'm6a.large' }, 9e8);
      lab.define(512, 512);
      lab.serve(1);
      lab.advance(3 * minuteMs);
      return `${lab.placesOf()} ${lab.typesOf().join(' ')}`;
    },
    expected: { 'next-type-then-zone': 'a1 m6a.xlarge', 'next-zone': 'b1 m6a.large' },
  },
  'launch-failure-names-request': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.managed();
      lab.world.nature.noCapacity({}, 9e8);
      lab.define(512, 512);
      lab.serve(1);
      lab.advance(3 * minuteMs);
      return /EC2 request id [0-9a-f-]{36}: InsufficientInstanceCapacity$/.test(
        String(lab.stops()[0]?.stoppedReason),
      );
    },
    expected: { on: true },
  },
  'managed-placement-failure-event': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.managed();
      lab.world.nature.noCapacity({}, 9e8);
      lab.define(512, 512);
      lab.serve(1);
      lab.advance(minuteMs);
      return lab.actions().includes('SERVICE_TASK_PLACEMENT_FAILURE');
    },
    expected: { sent: true, 'not-sent': false },
  },
  'capacity-timeout': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.managed();
      lab.world.nature.slowCapacity({}, 45 * minuteMs, 9e8);
      lab.define(512, 512);
      lab.serve(1);
      lab.advance(44 * minuteMs);
      const [stop] = lab.stops();
      const atMs = Date.parse(String(stop?.stoppedAt)) - startMs;
      return stop === undefined ? 'waits' : Math.round(atMs / minuteMs);
    },
    expected: { '10min': 10, '30min': 30 },
  },
  'managed-instances-hidden': {
    observe: (variants) => operatorOf(variants)?.HiddenByDefault,
    expected: { on: true },
  },
  'managed-operator': {
    observe: (variants) => operatorOf(variants)?.Principal,
    expected: {
      ecs: 'ecs.amazonaws.com',
      'ecs-managed-instances': 'ecs-managed-instances.amazonaws.com',
    },
  },
  'propagated-tags': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.world.ecs.createCapacityProvider({
        name: 'mi',
        cluster: 'prod',
        managedInstancesProvider: {
          instanceLaunchTemplate: { networkConfiguration: { subnets: lab.subnets } },
          propagateTags: 'CAPACITY_PROVIDER',
        },
        tags: [{ key: 'team', value: 'shop' }],
      });
      lab.define(512, 512);
      lab.serve(1);
      lab.advance(3 * minuteMs);
      const tags = [...lab.world.account.ec2Instances.values()][0]?.Tags ?? [];
      return tags.find(({ Key }) => Key === 'team')?.Value;
    },
    expected: { on: 'shop' },
  },
} as const satisfies Cases;
