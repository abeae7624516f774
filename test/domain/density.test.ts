import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type DensityPolicy,
  defaultDensityPolicy,
  densityOf,
  reservedOf,
} from '../../shared/domain/density.ts';
import type { Snapshot } from '../../shared/domain/snapshot.ts';
import { densityWorld, type TaskSpec, type WorldSpec } from '../support/density-worlds.ts';
import { seedOf } from '../support/incidents.ts';

const judge = (spec: WorldSpec, policy: Partial<DensityPolicy> = {}) =>
  densityOf(densityWorld(spec), { ...defaultDensityPolicy, ...policy });
const groupOf = (spec: WorldSpec, policy: Partial<DensityPolicy> = {}) => {
  const [group] = judge(spec, policy).groups;
  if (group === undefined) throw new Error('the world has no group');
  return group;
};

describe('how full instances are', () => {
  it('512 of 2048 units and 1884 of 3767 MiB: a quarter of CPU, half of memory, so half', () => {
    const { fill } = groupOf({ instances: { general: [{ tasks: [{ size: [512, 1884] }] }] } });
    expect(fill).toMatchObject({
      instances: 1,
      tasks: 1,
      registered: { cpuUnits: 2048, memoryMiB: 3767 },
      reserved: { cpuUnits: 512, memoryMiB: 1884 },
      cpuShare: 0.25,
    });
    expect(fill.memoryShare).toBeCloseTo(0.5001, 4);
    expect(fill.dominantShare).toBe(fill.memoryShare);
  });

  it('3 of 4 vCPU over two instances: the share of the sum, not the mean of the shares', () => {
    const { fill } = groupOf({
      instances: {
        general: [
          { size: [1024, 1000], tasks: [{ size: [1024, 100] }] },
          { size: [3072, 3000], tasks: [{ size: [2048, 300] }] },
        ],
      },
    });
    expect([fill.cpuShare, fill.memoryShare, fill.dominantShare]).toEqual([0.75, 0.1, 0.75]);
  });

  it('what ECS has handed out counts, also to a task that is stopping and not listed', () => {
    const snapshot = densityWorld({ instances: { general: [{}] } });
    const stopping: Snapshot = {
      ...snapshot,
      instances: snapshot.instances.map((one) => ({
        ...one,
        remaining: { cpuUnits: 1024, memoryMiB: 3767 },
      })),
    };
    const [group] = densityOf(stopping, defaultDensityPolicy).groups;
    expect(group?.fill).toMatchObject({ tasks: 0, cpuShare: 0.5, memoryShare: 0 });
  });

  it('1, 2 and 6 tasks an instance: least 1, middle 2, most 6', () => {
    const { tasksPerInstance } = groupOf({
      instances: {
        general: [1, 6, 2].map((times) => ({ tasks: [{ times, size: [16, 16] }] })),
      },
    });
    expect(tasksPerInstance).toEqual({ min: 1, median: 2, max: 6 });
  });

  it('names instances beyond the bound, the fullest first; exactly at it is not beyond', () => {
    const of = (cpuUnits: number) => ({
      size: [1000, 1000] as const,
      tasks: [{ size: [cpuUnits, 1] as const }],
    });
    const { overfull } = groupOf(
      { instances: { general: [of(800), of(801), of(950)] } },
      { overfullShare: 0.8 },
    );
    expect(overfull).toEqual([
      { instance: 'i-general2', dominantShare: 0.95 },
      { instance: 'i-general1', dominantShare: 0.801 },
    ]);
  });

  it('an instance with nothing but daemons is idle, of a service or of Managed Instances', () => {
    const daemon: TaskSpec = { service: 'logs' };
    const managed: TaskSpec = { service: undefined, group: 'daemon:agent' };
    const started: TaskSpec = { service: undefined, group: undefined, startedBy: 'ecs/daemon/x' };
    const defined: TaskSpec = {
      service: undefined,
      taskDefinitionArn: 'arn:aws:ecs:us-east-1:111122223333:daemon-task-definition/agent:3',
    };
    const job: TaskSpec = { service: undefined, group: 'family:my-daemon' };
    const group = groupOf({
      services: { logs: { schedulingStrategy: 'DAEMON' } },
      instances: {
        general: [
          { tasks: [daemon] },
          { tasks: [managed, started, defined] },
          {},
          { tasks: [daemon, {}] },
          { tasks: [job] },
        ],
      },
    });
    expect(group.idle).toEqual(['i-general0', 'i-general1', 'i-general2']);
    expect(group.fill.tasks).toBe(2);
    expect(group.tasksPerInstance).toEqual({ min: 0, median: 0, max: 1 });
  });
});

describe('groups', () => {
  it('are providers in the order of names, then kinds without a provider; the cluster is their sum', () => {
    const { groups, cluster } = judge({
      instances: {
        spare: [{ tasks: [{}] }],
        '': [{ tasks: [{}] }, { compute: 'external' }, { compute: undefined }],
        general: [{ tasks: [{ times: 2 }] }, {}],
      },
      providers: [{ name: 'FARGATE', compute: 'fargate' }, { name: 'empty' }],
    });
    expect(groups.map(({ group, fill }) => [group.name, group.compute, fill.tasks])).toEqual([
      ['empty', 'managed-instances', 0],
      ['general', 'managed-instances', 2],
      ['spare', 'managed-instances', 1],
      ['ec2', 'ec2', 1],
      ['external', 'external', 0],
      ['unknown', undefined, 0],
    ]);
    expect(cluster).toMatchObject({ instances: 6, tasks: 4 });
    expect(groups[0]).toMatchObject({ tasksPerInstance: undefined, fill: { dominantShare: 0 } });
  });

  it('keep a provider that the snapshot does not describe apart, by its instances', () => {
    const snapshot = densityWorld({ instances: { general: [{ tasks: [{}] }] } });
    const [group] = densityOf({ ...snapshot, capacityProviders: [] }, defaultDensityPolicy).groups;
    expect(group?.group).toEqual({
      name: 'general',
      capacityProvider: 'general',
      compute: 'managed-instances',
      isSpot: false,
    });
  });

  it('count instances that ECS takes away apart, and those of an unknown status among the others', () => {
    const { groups, cluster } = judge({
      instances: {
        general: [
          { tasks: [{}] },
          { status: 'DRAINING', tasks: [{ times: 2 }] },
          { status: 'DEREGISTERING' },
          { status: 'SOMETHING_NEW', tasks: [{}] },
        ],
      },
    });
    expect(groups[0]).toMatchObject({
      fill: { instances: 2, tasks: 2 },
      leaving: { instances: 2, tasks: 2 },
    });
    expect(cluster.instances).toBe(2);
  });

  it('leave Fargate out and say so, and tasks without an instance that is known', () => {
    const { leftOut, cluster } = judge({
      tasks: [
        { times: 3 },
        { compute: 'managed-instances' },
        { compute: undefined },
        { instanceArn: 'arn:gone', compute: 'ec2' },
      ],
    });
    expect(leftOut).toEqual([
      { reason: 'fargate-has-no-density', tasks: 3 },
      { reason: 'not-placed-yet', tasks: 2 },
      { reason: 'instance-not-known', tasks: 1 },
    ]);
    expect(cluster).toMatchObject({ instances: 0, tasks: 0, dominantShare: 0 });
  });
});

describe('room for network interfaces', () => {
  const instanceTypes = {
    'c6a.large': { vCpus: 2, memoryMiB: 4096, eniMax: 3 },
    'x9.large': { vCpus: 2, memoryMiB: 4096, eniMax: undefined },
  };
  const small = { size: [16, 16] as const };
  const providers = [{ name: 'general', compute: 'ec2' as const }];

  it('3 interfaces, 1 its own, 1 of a task: 1 free; a task without one takes none', () => {
    const { interfaces } = groupOf({
      instanceTypes,
      providers,
      instances: { general: [{ tasks: [small, { ...small, hasEni: false, times: 5 }] }] },
    });
    expect(interfaces).toEqual({ free: 1, full: [], unknown: 0 });
  });

  it('names the instance with none free, daemons counted, though half of its CPU is', () => {
    const { interfaces } = groupOf({
      instanceTypes,
      providers,
      services: { logs: { schedulingStrategy: 'DAEMON' } },
      instances: { general: [{ tasks: [small, { ...small, service: 'logs' }] }, {}] },
    });
    expect(interfaces).toEqual({ free: 2, full: ['i-general0'], unknown: 0 });
  });

  it.each<[string, object]>([
    ['a type that was not asked for', { type: 'm6a.large' }],
    ['a type without a limit', { type: 'x9.large' }],
    ['a type that is not known', { type: undefined }],
    ['a name of JavaScript for a type', { type: 'constructor' }],
    ['trunking', { attributes: { 'ecs.awsvpc-trunk-id': 'eni-1' } }],
    ['more interfaces in use than the limit', { tasks: [{ ...small, times: 3 }] }],
  ])('is not known with %s', (_, said) => {
    const { interfaces } = groupOf({ instanceTypes, providers, instances: { general: [said] } });
    expect(interfaces).toEqual({ free: 0, full: [], unknown: 1 });
  });

  it.each([0, 1, 2, 7])('is not known on a managed instance, where %i tasks have one', (times) => {
    const instances = { general: [{ tasks: [{ ...small, times }] }] };
    expect(groupOf({ instanceTypes, instances }).interfaces).toEqual({
      free: 0,
      full: [],
      unknown: 1,
    });
  });
});

describe('concentration', () => {
  const api = (times: number): { readonly tasks: readonly TaskSpec[] } => ({
    tasks: [{ times, size: [16, 16] }],
  });
  const only = (spec: WorldSpec, policy: Partial<DensityPolicy> = {}) => {
    const { concentrations } = judge(spec, policy);
    expect(concentrations).toHaveLength(1);
    return concentrations[0];
  };

  it('5 of 8 on one instance: losing it leaves 3, that is 37.5 %', () => {
    expect(only({ instances: { general: [api(1), api(5), api(2)] } })).toEqual({
      service: 'api',
      reason: 'concentrated',
      desired: 8,
      running: 8,
      instance: 'i-general1',
      capacityProvider: 'general',
      isLeaving: false,
      onInstance: 5,
      share: 0.625,
      remaining: 3,
      remainingShare: 0.375,
      even: { zones: 1, tasksMax: 4 },
      isZoneUneven: false,
      remedy: 'smaller-instances',
    });
  });

  it.each<[string, number[], Partial<DensityPolicy>, string]>([
    ['4 of 6 is more than half: concentrated', [4, 1, 1], {}, 'concentrated'],
    ['2 of 5 is less than half: spread', [2, 2, 1], {}, 'spread'],
    ['3 of 3, but 3 are too few to tell', [3], {}, 'too-few-tasks'],
    [
      '3 of 3, and 3 are enough for this policy',
      [3],
      { concentrationDesiredMin: 3 },
      'concentrated',
    ],
    ['4 of 7 within a bound of 60 %', [4, 2, 1], { concentrationShareMin: 0.6 }, 'spread'],
  ])('%s', (_, counts, policy, reason) => {
    expect(only({ instances: { general: counts.map(api) } }, policy)?.reason).toBe(reason);
  });

  it('counts what runs elsewhere, on Fargate too, and only what runs', () => {
    const found = only({
      instances: { general: [{ tasks: [{ times: 2 }, { lastStatus: 'PENDING', times: 3 }] }] },
      tasks: [{ times: 2 }],
      services: { api: { desired: 10 } },
    });
    expect(found).toMatchObject({ running: 4, onInstance: 2, share: 0.5, remaining: 2 });
    expect(found?.remainingShare).toBe(0.2);
  });

  it('says what is left while more tasks run than are wanted, and nothing where none are', () => {
    const instances = { general: [api(3), api(3)] };
    expect(only({ instances, services: { api: { desired: 2 } } })?.remainingShare).toBe(1.5);
    expect(only({ instances, services: { api: { desired: 0 } } })).toMatchObject({
      remainingShare: undefined,
      reason: 'too-few-tasks',
    });
  });

  it('takes the first of equal instances, says if it drains, and knows one that is not listed', () => {
    const drained = only({
      instances: { general: [{ ...api(2), status: 'DRAINING' }, api(2)] },
    });
    expect(drained).toMatchObject({ instance: 'i-general0', isLeaving: true });
    const gone = only({ tasks: [{ instanceArn: 'arn:x/gone', compute: 'ec2', times: 4 }] });
    expect(gone).toMatchObject({ instance: 'gone', isLeaving: false, share: 1, remaining: 0 });
  });

  it('judges no daemon, no standalone task and nothing on Fargate alone; the worst comes first', () => {
    const { concentrations } = judge({
      services: { logs: { schedulingStrategy: 'DAEMON' } },
      instances: {
        general: [
          {
            tasks: [
              { service: 'logs', size: [16, 16], times: 4 },
              { service: undefined, size: [16, 16], times: 4 },
              { service: 'b', size: [16, 16], times: 2 },
              { service: 'a', size: [16, 16], times: 2 },
              { service: 'c', size: [16, 16], times: 3 },
            ],
          },
          { tasks: [{ service: 'a', size: [16, 16] }] },
        ],
      },
      tasks: [{ service: 'web', times: 4 }],
    });
    expect(concentrations.map(({ service }) => service)).toEqual(['c', 'b', 'a']);
  });
});

describe('hostile figures', () => {
  it('nothing registered is nothing reserved, and no share', () => {
    const { fill, overfull } = groupOf({ instances: { general: [{ size: [0, 0] }] } });
    expect(fill).toMatchObject({ cpuShare: 0, memoryShare: 0, dominantShare: 0 });
    expect(overfull).toEqual([]);
  });

  it('less than nothing registered takes nothing from the others', () => {
    const { fill } = groupOf({
      instances: { general: [{ size: [-500, -500] }, { size: [1000, 1000], tasks: [{}] }] },
    });
    expect(fill).toMatchObject({
      registered: { cpuUnits: 1000, memoryMiB: 1000 },
      dominantShare: 0.512,
    });
  });

  it.each([
    ['more remains than there is', [1000, 1000], [2000, 1500], [0, 0]],
    ['less than nothing remains', [1000, 1000], [-1, -500], [1000, 1000]],
    ['less than nothing is there', [-5, 1000], [10, 400], [0, 600]],
  ])('%s', (_, [cpu = 0, memory = 0], [cpuLeft = 0, memoryLeft = 0], [cpuUnits, memoryMiB]) => {
    const [instance] = densityWorld({ instances: { general: [{}] } }).instances;
    if (instance === undefined) throw new Error('the world has no instance');
    expect(
      reservedOf({
        ...instance,
        registered: { cpuUnits: cpu, memoryMiB: memory },
        remaining: { cpuUnits: cpuLeft, memoryMiB: memoryLeft },
      }),
    ).toEqual({ cpuUnits, memoryMiB });
  });

  it('an empty cluster has no groups and no shares', () => {
    expect(judge({})).toMatchObject({ groups: [], concentrations: [], leftOut: [] });
  });

  it.each<[string, Partial<DensityPolicy>]>([
    ['overfullShare is a share', { overfullShare: 0 }],
    ['overfullShare is a share', { overfullShare: 1.1 }],
    ['concentrationShareMin is a share', { concentrationShareMin: Number.NaN }],
    ['concentrationDesiredMin is a number', { concentrationDesiredMin: 0 }],
  ])('refuses a policy: %s', (sentence, policy) => {
    expect(() => judge({}, policy)).toThrow(sentence);
  });
});

describe('for any cluster', () => {
  const size = fc.tuple(fc.integer({ min: 0, max: 2048 }), fc.integer({ min: 0, max: 4096 }));
  const task = fc.record({
    size,
    service: fc.constantFrom('api', 'web', 'logs', undefined),
    hasEni: fc.boolean(),
    lastStatus: fc.constantFrom('RUNNING', 'PENDING', 'SOMETHING_NEW'),
  });
  const instance = fc.record({
    // Room for every task that can be drawn, so that nothing is clamped.
    size: fc.tuple(
      fc.integer({ min: 12_288, max: 65_536 }),
      fc.integer({ min: 24_576, max: 131_072 }),
    ),
    type: fc.constantFrom('c6a.large', undefined),
    status: fc.constantFrom('ACTIVE', 'DRAINING', 'SOMETHING_NEW'),
    tasks: fc.array(task, { maxLength: 6 }),
  });
  const world = fc.record({
    instances: fc.record({
      general: fc.array(instance, { maxLength: 5 }),
      spare: fc.array(instance, { maxLength: 3 }),
      '': fc.array(instance, { maxLength: 3 }),
    }),
    services: fc.constant({ logs: { schedulingStrategy: 'DAEMON' } }),
    instanceTypes: fc.constant({ 'c6a.large': { vCpus: 2, memoryMiB: 4096, eniMax: 3 } }),
  });

  it('shares lie within 0 and 1, and reserved and remaining make up registered', () => {
    fc.assert(
      fc.property(world, (spec) => {
        const snapshot = densityWorld(spec);
        const { groups, cluster, concentrations } = densityOf(snapshot, defaultDensityPolicy);
        for (const fill of [cluster, ...groups.map((group) => group.fill)]) {
          for (const share of [fill.cpuShare, fill.memoryShare, fill.dominantShare]) {
            expect(share).toBeGreaterThanOrEqual(0);
            expect(share).toBeLessThanOrEqual(1);
          }
        }
        for (const { share, remaining, onInstance, running } of concentrations) {
          expect(share > 0 && share <= 1).toBe(true);
          expect(remaining + onInstance).toBe(running);
        }
        for (const one of snapshot.instances) {
          const reserved = reservedOf(one);
          expect(reserved.cpuUnits + one.remaining.cpuUnits).toBe(one.registered.cpuUnits);
          expect(reserved.memoryMiB + one.remaining.memoryMiB).toBe(one.registered.memoryMiB);
        }
        const all = groups.reduce(
          (sum, { fill, leaving }) => sum + fill.instances + leaving.instances,
          0,
        );
        expect(all).toBe(snapshot.instances.length);
      }),
      seedOf(),
    );
  });

  it('the order of tasks, instances, services and providers does not matter', () => {
    fc.assert(
      fc.property(world, (spec) => {
        const snapshot = densityWorld(spec);
        const turned: Snapshot = {
          ...snapshot,
          tasks: snapshot.tasks.toReversed(),
          instances: snapshot.instances.toReversed(),
          services: snapshot.services.toReversed(),
          capacityProviders: snapshot.capacityProviders.toReversed(),
        };
        expect(densityOf(turned, defaultDensityPolicy)).toEqual(
          densityOf(snapshot, defaultDensityPolicy),
        );
      }),
      seedOf(),
    );
  });

  it('one task more on an instance never makes it look emptier', () => {
    fc.assert(
      fc.property(world, task, (spec, more) => {
        const [first, ...others] = spec.instances.general;
        if (first === undefined) return;
        const fuller = {
          ...spec,
          instances: {
            ...spec.instances,
            general: [{ ...first, tasks: [...first.tasks, more] }, ...others],
          },
        };
        const before = groupOf(spec).fill;
        const after = groupOf(fuller).fill;
        expect(after.dominantShare).toBeGreaterThanOrEqual(before.dominantShare);
        expect(after.tasks).toBeGreaterThanOrEqual(before.tasks);
      }),
      seedOf(),
    );
  });
});
