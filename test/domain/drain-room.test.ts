import { describe, expect, it } from 'vitest';
import { indexOf } from '../../shared/domain/cluster-index.ts';
import { roomsOf, tasksWithoutRoom } from '../../shared/domain/drain-room.ts';
import type { Instance, Service, Snapshot, Task } from '../../shared/domain/snapshot.ts';
import { managed, nowMs, service, snapshot, task } from '../support/calendar-worlds.ts';

const instance = (
  name: string,
  cpuUnits: number,
  memoryMiB: number,
  changes: Partial<Instance> = {},
) => managed(name, nowMs, { remaining: { cpuUnits, memoryMiB }, ...changes });
const needing = (name: string, cpuUnits: number, memoryMiB: number, changes: Partial<Task> = {}) =>
  task(name, 'web', undefined, { reserved: { cpuUnits, memoryMiB }, ...changes });
const types: Snapshot['instanceTypes'] = {
  'm6a.large': { vCpus: 2, memoryMiB: 8192, eniMax: 3 },
  unlimited: { vCpus: 2, memoryMiB: 8192, eniMax: undefined },
};

/** Names of the tasks that find no room. */
const without = (
  tasks: readonly Task[],
  instances: readonly Instance[],
  settings: {
    readonly placed?: readonly Task[];
    readonly instanceTypes?: Snapshot['instanceTypes'];
    readonly services?: readonly Service[];
  } = {},
): string => {
  const { placed = [], instanceTypes = {}, services = [] } = settings;
  const index = indexOf(snapshot({ tasks: placed, instances, instanceTypes, services }));
  return [...tasksWithoutRoom(tasks, roomsOf(instances, index), index, new Set()).keys()]
    .map(({ arn }) => arn.slice(arn.lastIndexOf('/') + 1))
    .join(' ');
};

describe('tasksWithoutRoom', () => {
  const cases: readonly (readonly [
    name: string,
    tasks: readonly Task[],
    instances: readonly Instance[],
    expected: string,
  ])[] = [
    ['fits exactly', [needing('a', 256, 512)], [instance('i-1', 256, 512)], ''],
    ['a CPU unit short', [needing('a', 256, 512)], [instance('i-1', 255, 512)], 'a'],
    ['a MiB short', [needing('a', 256, 512)], [instance('i-1', 256, 511)], 'a'],
    ['no instance', [needing('a', 1, 1)], [], 'a'],
    [
      'the second instance takes what the first does not',
      [needing('a', 256, 512)],
      [instance('i-1', 128, 4096), instance('i-2', 256, 512)],
      '',
    ],
    [
      'each takes up what it needs: 3 x 512 in 1024 leaves one',
      [needing('a', 1, 512), needing('b', 1, 512), needing('c', 1, 512)],
      [instance('i-1', 9, 1024)],
      'c',
    ],
    [
      'the largest goes first: 600 into 600, 400 into 500',
      [needing('small', 1, 400), needing('large', 1, 600)],
      [instance('i-1', 9, 600), instance('i-2', 9, 500)],
      '',
    ],
    [
      'of equal memory the one with more CPU goes first',
      [needing('small', 100, 100), needing('large', 200, 100)],
      [instance('i-1', 200, 200), instance('i-2', 100, 100)],
      '',
    ],
    [
      'arm64 does not run x86_64; what says nothing runs anywhere',
      [
        needing('a', 1, 1, { architecture: 'arm64' }),
        needing('b', 1, 1, { architecture: undefined }),
      ],
      [instance('i-1', 9, 9)],
      'a',
    ],
    [
      'a port that is taken, and one that the first task takes',
      [
        needing('a', 1, 1, { hostPorts: ['80/tcp'] }),
        needing('b', 1, 1, { hostPorts: ['81/tcp'] }),
        needing('c', 1, 1, { hostPorts: ['81/tcp'] }),
      ],
      [instance('i-1', 9, 9, { usedPorts: ['80/tcp'] })],
      'a c',
    ],
  ];
  it.each(cases)('%s', (_, tasks, instances, expected) =>
    expect(without(tasks, instances)).toBe(expected),
  );

  it.each<readonly [string, Partial<Instance>, number, string]>([
    ['3 interfaces, 1 for the instance, 1 taken: one is left', {}, 1, 'b'],
    ['3 interfaces, 1 for the instance, 2 taken: none is left', {}, 2, 'a b'],
    ['3 interfaces, 1 for the instance, none taken', {}, 0, ''],
    ['a managed instance may hold more', { compute: 'managed-instances' }, 7, ''],
    [
      'shared interfaces have no such limit',
      { attributes: { 'ecs.awsvpc-trunk-id': 'eni-1' } },
      2,
      '',
    ],
    ['a type that nobody asked for', { type: 'x9.large' }, 2, ''],
    ['a type without a known limit', { type: 'unlimited' }, 2, ''],
    ['no known type', { type: undefined }, 2, ''],
    ['a type called like what every object has', { type: 'constructor' }, 2, ''],
  ])('network interfaces: %s', (_, changes, taken, expected) => {
    const placed = Array.from({ length: taken }, (__, index) => task(`p${index}`, 'web', 'i-1'));
    const bridge = task('bridge', 'web', 'i-1', { hasEni: false });
    const tasks = [needing('a', 1, 1), needing('b', 1, 1)];
    const settings = { placed: [...placed, bridge], instanceTypes: types };
    const one = instance('i-1', 9, 9, { compute: 'ec2', ...changes });
    expect(without(tasks, [one], settings)).toBe(expected);
  });

  it('a task without an interface of its own needs none', () =>
    expect(
      without(
        [needing('a', 1, 1, { hasEni: false })],
        [instance('i-1', 9, 9, { compute: 'ec2' })],
        {
          placed: [task('p1', 'web', 'i-1'), task('p2', 'web', 'i-1')],
          instanceTypes: types,
        },
      ),
    ).toBe(''));

  it('one task an instance where the service says so: one stands there, the other two need two', () => {
    const distinct = service('web', 3, 100, 200, {
      placementConstraints: [{ type: 'distinctInstance', expression: undefined }],
    });
    const tasks = [needing('a', 1, 1), needing('b', 1, 1)];
    const instances = [instance('i-1', 9, 9), instance('i-2', 9, 9)];
    const placed = [task('p1', 'web', 'i-1')];
    expect(without(tasks, instances, { placed, services: [distinct] })).toBe('b');
    expect(without(tasks, instances, { placed, services: [service('web', 3, 100, 200)] })).toBe('');
  });

  it('tries instances in the order of their ARNs: 3 3 2 2 2 into 5 and 7 fit, into 7 and 5 do not', () => {
    const tasks = [3, 3, 2, 2, 2].map((size, index) => needing(`t${index}`, size, size));
    const [five, seven] = [instance('i-1', 5, 5), instance('i-2', 7, 7)];
    expect(without(tasks, [five, seven])).toBe('');
    expect(without(tasks, [seven, five])).toBe('');
    expect(without(tasks, [instance('i-1', 7, 7), instance('i-2', 5, 5)])).toBe('t4');
  });

  it('names the ports that are taken on the first of the instances that lack nothing else', () => {
    const tasks = [needing('a', 9, 9, { hostPorts: ['80/tcp', '443/tcp'], hasEni: false })];
    const small = instance('i-0', 1, 1, { usedPorts: ['80/tcp', '443/tcp'] });
    const one = instance('i-1', 9, 9, { usedPorts: ['443/tcp'] });
    const two = instance('i-2', 9, 9, { usedPorts: ['80/tcp'] });
    for (const instances of [
      [small, one, two],
      [two, one, small],
    ]) {
      const index = indexOf(snapshot({ instances }));
      const found = tasksWithoutRoom(tasks, roomsOf(instances, index), index, new Set());
      expect([...found.values()]).toEqual([{ what: 'ports', ports: ['443/tcp'] }]);
    }
  });

  it('does not use up the rooms that it is asked about', () => {
    const index = indexOf(snapshot({ instanceTypes: types }));
    const rooms = roomsOf([instance('i-1', 9, 9)], index);
    const tasks = [needing('a', 9, 9, { hostPorts: ['80/tcp'] })];
    expect([...tasksWithoutRoom(tasks, rooms, index, new Set())]).toEqual([]);
    expect([...tasksWithoutRoom(tasks, rooms, index, new Set())]).toEqual([]);
  });
});
