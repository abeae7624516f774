import { describe, expect, it } from 'vitest';
import type { VariantChoices } from '../../simulator/behaviours.ts';
import { attributesIn, type Facts, parseExpression } from '../../simulator/ecs/constraints.ts';
import type { Core } from '../../simulator/ecs/core.ts';
import type { Demand } from '../../simulator/ecs/fit.ts';
import { packZone } from '../../simulator/ecs/packing.ts';
import { missingByZone } from '../../simulator/ecs/rebalancing.ts';
import { nextProvider } from '../../simulator/ecs/strategy.ts';
import { isBalanced } from '../../simulator/ecs/zones.ts';
import { type InstanceType, instanceTypes } from '../../simulator/instance-types.ts';
import { createLab, firstVariants, minuteMs, zoneOf } from './world-lab.ts';

const facts: Facts = {
  attributes: new Map([
    ['ecs.availability-zone', 'eu-central-1a'],
    ['ecs.instance-type', 'm6a.large'],
    ['stack', 'prod blue'],
  ]),
  ec2InstanceId: 'i-0abc',
  agentConnected: true,
  runningTasksCount: 3,
  groups: new Set(['service:web', 'family:job']),
};

describe('an expression of the cluster query language', () => {
  it.each<readonly [string, boolean]>([
    ['attribute:ecs.instance-type == m6a.large', true],
    ['attribute:ecs.instance-type equals m6a.large', true],
    ['attribute:ecs.instance-type != m6a.large', false],
    ['attribute:ecs.instance-type =~ m6a.*', true],
    ['attribute:ecs.instance-type =~ m6', false],
    ['attribute:ecs.instance-type !~ t3.*', true],
    ['attribute:ecs.availability-zone in [eu-central-1a, eu-central-1b]', true],
    ['attribute:ecs.availability-zone !in [eu-central-1b]', true],
    ["ec2InstanceId in ['i-0abc', 'i-0def']", true],
    ['attribute:stack == "prod blue"', true],
    ['attribute:gpu exists', false],
    ['attribute:gpu !exists', true],
    ['attribute:gpu == a100', false],
    ['attribute:gpu != a100', true],
    ['task:group == service:web', true],
    ['not(task:group == service:database)', true],
    ['!(task:group == family:job)', false],
    ['runningTasksCount < 4 and runningTasksCount >= 3', true],
    ['runningTasksCount > 3', false],
    ['agentConnected == true && attribute:ecs.instance-type =~ g.*', false],
    ['attribute:ecs.instance-type =~ g.* or runningTasksCount == 3', true],
    ['(runningTasksCount == 1 or runningTasksCount == 3) and agentConnected == true', true],
    ['runningTasksCount == 1 or runningTasksCount == 3 and agentConnected == false', false],
  ])('%s is %s', (text, is) => {
    expect(parseExpression(text)(facts)).toBe(is);
  });

  it.each([
    ['attribute:stack', 'ends too early'],
    ['attribute:stack ==', 'lacks an argument'],
    ['stack == prod', 'unknown subject stack'],
    ['runningTasksCount about 3', 'unknown operator about'],
    ['(runningTasksCount == 1', 'lacks a closing parenthesis'],
    ['runningTasksCount == 1 and', 'ends too early'],
    ['runningTasksCount == 1 2', 'unexpected 2'],
    [`attribute:stack == ${'x'.repeat(2_000)}`, 'is too long'],
  ])('%s is refused: %s', (text, why) => {
    expect(() => parseExpression(text)).toThrow(why);
  });

  it('names the attributes that it asks for', () => {
    expect(attributesIn('attribute:a.b-c == 1 and not(attribute:d exists)')).toEqual([
      'a.b-c',
      'd',
    ]);
  });
});

/** As much of a core as arithmetic needs. */
const coreOf = (variants: VariantChoices = {}): Core => {
  const chosen = { ...firstVariants, ...variants } as Record<string, string>;
  return {
    has: (id: string) => chosen[id] !== 'off',
    variant: (id: string) => chosen[id],
  } as unknown as Core;
};

const demandOf = (vCpus: number, gib: number): Demand => ({
  definition: {
    cpu: vCpus * 1_024,
    memoryMiB: gib * 1_024,
    networkMode: 'awsvpc',
    hostPorts: [],
    architecture: undefined,
  } as unknown as Demand['definition'],
  constraints: [],
  group: 'service:web',
});

const typesOf = (...names: readonly string[]): readonly InstanceType[] =>
  names.map((name) => {
    const type = instanceTypes.get(name);
    if (type === undefined) throw new Error(`no type ${name}`);
    return type;
  });

const site = { zone: 'eu-central-1a', subnetId: 'subnet-a' };

describe('packing one zone', () => {
  const pack = (
    demands: readonly (readonly [number, number])[],
    types: readonly string[],
    variants: VariantChoices = {},
  ): readonly string[] => {
    const items = demands.map(([vCpus, gib]) => demandOf(vCpus, gib));
    const { bins, unfit } = packZone(coreOf(variants), items, typesOf(...types), site);
    return [
      ...bins.map((bin) => `${bin.type.name} ${bin.items.length}`),
      ...unfit.map(({ misfit }) => misfit),
    ];
  };

  it('puts 1 vCPU/5.5 GiB and 1 vCPU/9.5 GiB on one r5a.large, as the published example does', () => {
    const types = ['m6a.large', 'r5a.large', 'm6a.xlarge', 'r7a.medium'];
    expect(
      pack(
        [
          [1, 5.5],
          [1, 9.5],
        ],
        types,
      ),
    ).toEqual(['r5a.large 2']);
  });

  it('gives a task of 1 vCPU/5.5 GiB alone an r7a.medium, as the published example does', () => {
    const types = ['m6a.large', 'r5a.large', 'm6a.xlarge', 'r7a.medium'];
    expect(pack([[1, 5.5]], types)).toEqual(['r7a.medium 1']);
  });

  it('puts 7 tasks of 0.5 GiB on the 3,767 MiB of a c6a.large, and the 8th elsewhere', () => {
    expect(pack(Array(8).fill([0.25, 0.5]), ['c6a.large'])).toEqual(['c6a.large 7', 'c6a.large 1']);
  });

  it('puts 3 tasks of 1 GiB on it: the fourth would need what the agent keeps', () => {
    expect(pack(Array(4).fill([0.5, 1]), ['c6a.large'])).toEqual(['c6a.large 3', 'c6a.large 1']);
  });

  it('takes the largest first: 1.5, 0.5, 1.5, 0.5 of 2 vCPUs fill two', () => {
    const tasks = [
      [0.5, 1],
      [0.5, 1],
      [1.5, 1],
      [1.5, 1],
    ] as const;
    expect(pack(tasks, ['m6a.large'])).toEqual(['m6a.large 2', 'm6a.large 2']);
  });

  it('says what is missing of a task that no type takes', () => {
    expect(pack([[4, 1]], ['m6a.large'])).toEqual(['RESOURCE:CPU']);
    expect(pack([[1, 64]], ['m6a.large', 'm6a.xlarge'])).toEqual(['RESOURCE:MEMORY']);
    // The larger type has the CPU: memory is what it lacks, whichever is asked last.
    expect(pack([[4, 64]], ['m6a.xlarge', 'm6a.large'])).toEqual(['RESOURCE:MEMORY']);
  });

  it('holds 2 tasks on a large without trunking, and 10 with it', () => {
    const tasks = Array(12).fill([0.125, 0.25]);
    const without = pack(tasks, ['m6a.large'], { 'managed-instance-trunking': 'not-trunked' });
    expect(without).toEqual(Array(6).fill('m6a.large 2'));
    expect(pack(tasks, ['m6a.large'])).toEqual(['m6a.large 10', 'm6a.large 2']);
  });
});

describe('balance between zones', () => {
  const counts = (...values: readonly number[]) =>
    new Map(values.map((value, at) => [`zone-${at}`, value]));

  it.each([
    ['2 over 2 is 1/1', [1, 1], true],
    ['3 over 2 is 1/2', [1, 2], true],
    ['5 over 3 is 1/2/2', [1, 2, 2], true],
    ['2/0 is not', [2, 0], false],
    ['3/1/1 is not', [3, 1, 1], false],
    ['one zone always is', [9], true],
  ])('%s', (_, values, is) => {
    expect(isBalanced(counts(...values))).toBe(is);
  });

  it.each([
    ['4/0 needs two more in the second', [4, 0], ['zone-1', 'zone-1']],
    ['4/1/1 needs one in each of the others', [4, 1, 1], ['zone-1', 'zone-2']],
    ['6/0/0 needs two in each', [6, 0, 0], ['zone-1', 'zone-2', 'zone-1', 'zone-2']],
    ['2/1 needs nothing', [2, 1], []],
  ])('%s', (_, values, missing) => {
    expect(missingByZone(counts(...values))).toEqual(missing);
  });
});

describe('a capacity provider strategy', () => {
  const fill = (strategy: Parameters<typeof nextProvider>[0], tasks: number): string => {
    const counts = new Map<string, number>();
    for (let task = 0; task < tasks; task += 1) {
      const name = nextProvider(strategy, (provider) => counts.get(provider) ?? 0) ?? 'none';
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return [...counts].map(([name, count]) => `${name}${count}`).join(' ');
  };
  const item = (capacityProvider: string, weight: number, base = 0) => ({
    capacityProvider,
    weight,
    base,
  });

  it.each([
    ['weights 1:1 of 4 give 2 and 2', [item('a', 1), item('b', 1)], 4, 'a2 b2'],
    ['weights 1:3 of 8 give 2 and 6', [item('a', 1), item('b', 3)], 8, 'b6 a2'],
    ['a base of 2 comes first', [item('a', 0, 2), item('b', 1)], 5, 'a2 b3'],
    ['a weight of 0 beyond its base takes nothing', [item('a', 0, 1), item('b', 1)], 3, 'a1 b2'],
    ['without any weight nothing is placed', [item('a', 0), item('b', 0)], 1, 'none1'],
  ])('%s', (_, strategy, tasks, expected) => {
    expect(fill(strategy, tasks)).toBe(expected);
  });
});

describe('placement in a cluster', () => {
  it('starts 4 tasks in 3 zones as 2/1/1, on an instance each where one takes one', () => {
    const lab = createLab();
    lab.managed();
    lab.define(2_048, 1_024);
    lab.serve(4);
    lab.advance(4 * minuteMs);
    expect(lab.spread()).toBe('a2 b1 c1');
    expect(lab.packed()).toEqual([1, 1, 1, 1]);
  });

  it('fills one instance in the only zone: 2 vCPUs take 8 tasks of 0.25', () => {
    const lab = createLab({ zones: 'a' });
    lab.managed();
    lab.define(256, 256);
    lab.serve(8);
    lab.advance(4 * minuteMs);
    expect(lab.packed()).toEqual([8]);
  });

  it('spreads by instance with a strategy that says so: 4 tasks on 2 instances as 2/2', () => {
    const lab = createLab({ zones: 'a' });
    lab.group('m6a.xlarge', 2);
    lab.define(256, 256, { networkMode: 'host' });
    const strategy = [{ type: 'spread' as const, field: 'instanceId' }];
    lab.serve(4, { launchType: 'EC2', placementStrategy: strategy });
    lab.advance(3 * minuteMs);
    expect(lab.packed()).toEqual([2, 2]);
  });

  it('spreads by zone, then packs by memory: 4 tasks as 2/2 on one instance a zone', () => {
    const lab = createLab({ zones: 'ab' });
    lab.group('m6a.xlarge', 4);
    lab.define(256, 256, { networkMode: 'host' });
    lab.serve(4, {
      launchType: 'EC2',
      placementStrategy: [
        { type: 'spread', field: 'attribute:ecs.availability-zone' },
        { type: 'binpack', field: 'memory' },
      ],
    });
    lab.advance(3 * minuteMs);
    expect(lab.spread()).toBe('a2 b2');
    expect(lab.packed()).toEqual([2, 2, 0, 0]);
  });

  it('places at random where it is told to, the same in every run', () => {
    const run = (seed: number): string => {
      const lab = createLab({ zones: 'a', seed });
      lab.group('m6a.xlarge', 4);
      lab.define(256, 256, { networkMode: 'host' });
      lab.serve(4, { launchType: 'EC2', placementStrategy: [{ type: 'random' }] });
      lab.advance(3 * minuteMs);
      return lab.packed().join(' ');
    };
    expect(run(1)).toBe(run(1));
    expect(new Set([1, 2, 3, 4, 5].map(run)).size).toBeGreaterThan(1);
  });

  it('runs a daemon once on each instance, on new ones too', () => {
    const lab = createLab({ zones: 'ab' });
    lab.group('m6a.large', 3);
    lab.define(256, 256);
    lab.serve(0, { launchType: 'EC2', schedulingStrategy: 'DAEMON' });
    lab.advance(3 * minuteMs);
    expect(lab.packed()).toEqual([1, 1, 1]);
    lab.group('m6a.large', 1, { name: 'more' });
    lab.advance(3 * minuteMs);
    expect(lab.packed()).toEqual([1, 1, 1, 1]);
    expect(lab.service().desiredCount).toBe(4);
  });

  it('runs tasks of ECS Anywhere on registered machines only', () => {
    const lab = createLab();
    lab.group('m6a.large', 1);
    lab.define(256, 256, { networkMode: 'host' });
    lab.serve(1, { launchType: 'EXTERNAL', networkConfiguration: {} });
    lab.advance(2 * minuteMs);
    expect(lab.service().runningCount).toBe(0);
    lab.world.aws.registerExternalInstance({ cluster: 'prod', cpu: 2_048, memoryMiB: 2_048 });
    lab.advance(2 * minuteMs);
    const [task] = lab.tasks();
    expect(task).toMatchObject({ lastStatus: 'RUNNING', launchType: 'EXTERNAL' });
    expect(task?.availabilityZone).toBeUndefined();
    expect(lab.instances().at(-1)?.ec2InstanceId).toMatch(/^mi-/);
  });

  it('scales a group with what waits: 3 tasks of an instance each, two more instances', () => {
    const lab = createLab({ zones: 'ab' });
    lab.group('m6a.large', 1, { managedScaling: true, minSize: 1 });
    lab.define(2_048, 1_024);
    lab.serve(3, { capacityProviderStrategy: [{ capacityProvider: 'asg', weight: 1 }] });
    lab.advance(10 * minuteMs);
    expect(lab.packed()).toEqual([1, 1, 1]);
    lab.world.ecs.updateService({ cluster: 'prod', service: 'web', desiredCount: 1 });
    lab.advance(30 * minuteMs);
    expect(lab.packed()).toEqual([1]);
  });

  it.each([
    ['an attribute that its instances have', 'attribute:stack == prod', 2],
    ['an attribute that every instance on Linux has', 'attribute:ecs.os-type == linux', 2],
    ['a zone that is not its first', `attribute:ecs.availability-zone == ${zoneOf('b')}`, 2],
    ['an attribute that its instances have not', 'attribute:stack == test', 0],
  ])('scales an empty group, or not, for tasks that ask for %s', (_, expression, running) => {
    const lab = createLab({ zones: 'ab' });
    lab.group('m6a.large', 0, { managedScaling: true, attributes: { stack: 'prod' } });
    lab.define(256, 512);
    lab.serve(2, {
      capacityProviderStrategy: [{ capacityProvider: 'asg', weight: 1 }],
      placementConstraints: [{ type: 'memberOf', expression }],
    });
    lab.advance(20 * minuteMs);
    expect(lab.service().runningCount).toBe(running);
  });

  it('scales a group by interfaces without trunks, whatever managed instances have', () => {
    const lab = createLab({ variants: { 'managed-instance-trunking': 'trunked' } });
    const launched: number[] = [];
    lab.group('c6a.large', 0, { managedScaling: true });
    lab.define(128, 256);
    lab.serve(8, { capacityProviderStrategy: [{ capacityProvider: 'asg', weight: 1 }] });
    for (let minutes = 0; minutes < 20; minutes += 1) {
      lab.advance(minuteMs);
      launched.push(lab.instances().length);
    }
    // Four at once: the next look comes minutes later.
    expect(Math.max(...launched.slice(0, 5))).toBe(4);
    expect(lab.packed()).toEqual([2, 2, 2, 2]);
  });
});
