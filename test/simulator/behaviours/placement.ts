import { type Cases, createLab, hourMs, minuteMs } from '../world-lab.ts';

const strategyOf = (...items: readonly { provider: string; weight?: number; base?: number }[]) =>
  items.map(({ provider, ...rest }) => ({ capacityProvider: provider, ...rest }));

export const placementCases = {
  'existing-room-first': {
    // A task of 1 vCPU leaves room for another on the two vCPUs of the instance.
    observe: (variants) => {
      const lab = createLab({ variants });
      lab.managed();
      lab.define(1_024, 1_024);
      lab.serve(1, { availabilityZoneRebalancing: 'DISABLED' });
      lab.advance(3 * minuteMs);
      lab.world.ecs.updateService({ cluster: 'prod', service: 'web', desiredCount: 2 });
      lab.advance(3 * minuteMs);
      return lab.packed().join(' ');
    },
    expected: { on: '2' },
  },
  'managed-instance-zone-spread': {
    observe: (variants) => {
      // Four empty instances, two a zone, that register in an order that the seed draws.
      const spreads = [1, 2, 3, 4, 5, 6].map((seed) => {
        const lab = createLab({ variants, zones: 'ab', seed });
        lab.managed({ scaleInAfter: -1 });
        lab.define(2_048, 2_048);
        lab.serve(4, { serviceName: 'before' });
        lab.advance(3 * minuteMs);
        lab.world.ecs.updateService({ cluster: 'prod', service: 'before', desiredCount: 0 });
        lab.define(512, 512);
        lab.advance(3 * minuteMs);
        lab.serve(2, { availabilityZoneRebalancing: 'DISABLED' });
        lab.advance(3 * minuteMs);
        return lab.spread();
      });
      return [...new Set(spreads)].sort();
    },
    expected: { on: ['a1 b1'] },
  },
  'managed-instance-within-zone': {
    observe: (variants) => {
      // One zone: an instance with a task of the service and little room, one with much room.
      const lab = createLab({ variants, zones: 'a' });
      lab.managed({ scaleInAfter: -1, types: ['m6a.large', 'm6a.xlarge'] });
      lab.define(2_048, 2_048);
      lab.serve(1, { serviceName: 'big' });
      lab.define(1_024, 1_024);
      lab.serve(1);
      lab.advance(3 * minuteMs);
      lab.world.ecs.stopTask({ cluster: 'prod', task: lab.tasks('big')[0]?.taskArn ?? '' });
      lab.world.ecs.updateService({ cluster: 'prod', service: 'big', desiredCount: 0 });
      lab.advance(3 * minuteMs);
      lab.world.ecs.updateService({ cluster: 'prod', service: 'web', desiredCount: 2 });
      lab.advance(3 * minuteMs);
      return lab.packed().join(' ');
    },
    expected: { 'fewest-tasks': '1 1', 'least-room': '2 0' },
  },
  'default-zone-spread': {
    observe: (variants) => {
      const lab = createLab({ variants });
      lab.group('m6a.xlarge', 2, { name: 'first', subnets: ['subnet-a'] });
      lab.group('m6a.xlarge', 1, { name: 'second', subnets: ['subnet-b'] });
      lab.define(256, 256);
      lab.serve(2, { launchType: 'EC2', availabilityZoneRebalancing: 'DISABLED' });
      lab.advance(3 * minuteMs);
      return lab.spread();
    },
    expected: { on: 'a1 b1' },
  },
  'fewest-tasks-on-instance': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.group('m6a.xlarge', 3);
      lab.define(256, 256);
      lab.serve(3, { launchType: 'EC2' });
      lab.advance(3 * minuteMs);
      return lab.packed().join(' ');
    },
    expected: { on: '1 1 1' },
  },
  'placement-strategy': {
    observe: (variants) => {
      const lab = createLab({ variants });
      lab.group('m6a.xlarge', 3);
      lab.define(256, 256);
      lab.serve(3, {
        launchType: 'EC2',
        placementStrategy: [{ type: 'binpack', field: 'memory' }],
      });
      lab.advance(3 * minuteMs);
      return lab.packed().join(' ');
    },
    expected: { on: '3 0 0' },
  },
  'member-of': {
    observe: (variants) => {
      const lab = createLab({ variants });
      lab.group('m6a.xlarge', 3);
      lab.define(256, 256);
      lab.serve(2, {
        launchType: 'EC2',
        placementConstraints: [
          { type: 'memberOf', expression: 'attribute:ecs.subnet-id == subnet-b' },
        ],
      });
      lab.advance(3 * minuteMs);
      return lab.spread();
    },
    expected: { on: 'b2' },
  },
  'distinct-instance': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.group('m6a.xlarge', 2);
      lab.define(256, 256);
      lab.serve(4, { launchType: 'EC2', placementConstraints: [{ type: 'distinctInstance' }] });
      lab.advance(3 * minuteMs);
      return lab.packed().join(' ');
    },
    expected: { on: '1 1' },
  },
  'managed-instance-attributes': {
    observe: (variants) => {
      const lab = createLab({ variants });
      lab.managed();
      lab.define(256, 256);
      const serve = (): unknown =>
        lab.serve(1, {
          placementConstraints: [
            { type: 'memberOf', expression: 'attribute:ecs.os-type == linux' },
          ],
        });
      try {
        serve();
      } catch (error) {
        return (error as Error).message;
      }
      lab.advance(3 * minuteMs);
      return lab.stops()[0]?.stoppedReason;
    },
    expected: {
      refused: 'The attribute ecs.os-type is not supported on Amazon ECS Managed Instances.',
      'never-match': 'TaskFailedToStart: MemberOf placement constraint unsatisfied.',
    },
  },
  'host-port-once': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.group('m6a.xlarge', 1);
      lab.define(256, 256, {
        networkMode: 'host',
        container: { portMappings: [{ containerPort: 80 }] },
      });
      lab.serve(2, { launchType: 'EC2' });
      lab.advance(3 * minuteMs);
      return lab.tasks().length;
    },
    expected: { on: 1 },
  },
  'task-interfaces': {
    // An xlarge of an Auto Scaling group holds four interfaces, one of them its own.
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.group('m6a.xlarge', 1);
      lab.define(256, 256);
      lab.serve(5, { launchType: 'EC2' });
      lab.advance(3 * minuteMs);
      return lab.tasks().length;
    },
    expected: { on: 3 },
  },
  'managed-instance-trunking': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.managed({ types: ['m6a.large'] });
      lab.define(256, 256);
      lab.serve(4);
      lab.advance(3 * minuteMs);
      return lab.packed().join(' ');
    },
    expected: { trunked: '4', 'not-trunked': '2 2' },
  },
  'awsvpc-subnets': {
    observe: (variants) => {
      const lab = createLab({ variants });
      lab.group('m6a.xlarge', 3);
      lab.define(256, 256);
      lab.serve(2, {
        launchType: 'EC2',
        networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-c'] } },
      });
      lab.advance(3 * minuteMs);
      return lab.spread();
    },
    expected: { on: 'c2' },
  },
  'cpu-architecture': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.managed({ types: ['t3.large', 't4g.large'] });
      lab.define(256, 256, { runtimePlatform: { cpuArchitecture: 'X86_64' } });
      lab.serve(1);
      lab.advance(3 * minuteMs);
      return lab.typesOf().join(' ');
    },
    expected: { on: 't3.large' },
  },
  'disconnected-agent-gets-no-task': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.group('m6a.xlarge', 1);
      lab.define(256, 256);
      lab.world.nature.agentDisconnects(lab.instances()[0]?.containerInstanceArn ?? '', hourMs);
      lab.serve(1, { launchType: 'EC2' });
      lab.advance(3 * minuteMs);
      return lab.detailsOf('ECS Service Action')[0]?.reason;
    },
    expected: { on: 'AGENT' },
  },
  'agent-memory-reserve': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.group('r5a.large', 1);
      const memory = lab.instances()[0]?.registeredResources.find(({ name }) => name === 'MEMORY');
      return memory?.integerValue;
    },
    expected: { fixed: 16_384 - 329, share: 15_073 },
  },
  'fargate-zone-spread': {
    observe: (variants) => {
      const lab = createLab({ variants });
      lab.define(256, 512);
      lab.serve(3, { launchType: 'FARGATE' });
      lab.advance(3 * minuteMs);
      return lab.spread();
    },
    expected: { on: 'a1 b1 c1' },
  },
  'provider-strategy': {
    // One task as base on FARGATE, the other eight one to three.
    observe: (variants) => {
      const lab = createLab({ variants });
      lab.define(256, 512);
      lab.serve(9, {
        capacityProviderStrategy: strategyOf(
          { provider: 'FARGATE', base: 1, weight: 1 },
          { provider: 'FARGATE_SPOT', weight: 3 },
        ),
      });
      lab.advance(3 * minuteMs);
      const counts = Map.groupBy(lab.tasks(), ({ capacityProviderName }) => capacityProviderName);
      return [counts.get('FARGATE')?.length, counts.get('FARGATE_SPOT')?.length].join(' ');
    },
    expected: { on: '3 6' },
  },
  'provisioning-limit': {
    observe: (variants) => {
      const lab = createLab({ variants, zones: 'a' });
      lab.managed();
      lab.define(2_048, 256);
      lab.serve(600);
      lab.advance(2_000);
      return lab.tasks().length;
    },
    expected: { on: 500 },
  },
} as const satisfies Cases;
