import { describe, expect, it } from 'vitest';
import { indexOf } from '../../shared/domain/cluster-index.ts';
import { openRoomLedger } from '../../shared/domain/room.ts';
import type { Instance, Service, Snapshot, Task } from '../../shared/domain/snapshot.ts';
import { shapeOf } from '../../shared/domain/task-shape.ts';
import {
  instanceArn,
  instanceIn,
  serviceIn,
  slot,
  snapshotWith,
  taskIn,
} from '../support/zone-worlds.ts';

type Given = {
  readonly service?: Partial<Service>;
  readonly task?: Partial<Task>;
  /** The instances of the zone that is asked for; the service's one task is on `i-a`. */
  readonly into?: readonly Instance[];
  readonly more?: readonly Task[];
  readonly snapshot?: Partial<Snapshot>;
};

function worldOf({ service, task, into = [instanceIn('b', 1)], more = [], snapshot }: Given) {
  const index = indexOf(
    snapshotWith({
      services: [serviceIn('web', service)],
      tasks: [taskIn('web', 'a', 0, task), ...more],
      instances: [instanceIn('a', 0), ...into],
      ...snapshot,
    }),
  );
  const [web = serviceIn('web')] = index.snapshot.services;
  return { index, shape: shapeOf(web, index), ledger: openRoomLedger(index) };
}

const ask = (given: Given, zone = 'b'): string => {
  const { shape, ledger } = worldOf(given);
  const room = ledger.find(shape, zone);
  const refusal = ledger.refusal(shape, zone);
  expect(room === undefined).toBe(refusal !== undefined);
  return refusal === undefined
    ? (room?.instanceArn?.split('/').at(-1) ?? 'fargate')
    : [refusal.reason, ...refusal.lacks].join(' ');
};

const memberOf = (expression: string): Partial<Service> => ({
  placementConstraints: [{ type: 'memberOf', expression }],
});
const distinct: Partial<Service> = {
  placementConstraints: [{ type: 'distinctInstance', expression: undefined }],
};
const ec2 = { compute: 'ec2', capacityProvider: undefined } as const;
const awsvpc = { hasEni: true };
const two = Array.from({ length: 2 }, (_, at) =>
  taskIn('api', 'b', at, { hasEni: true, hostPorts: [] }),
);

describe('a room', () => {
  it.each<readonly [string, Given, string]>([
    ['there is one', {}, 'i-b'],
    ['no instance in the zone', { into: [] }, 'zone-instance-missing'],
    ['draining', { into: [instanceIn('b', 1, { status: 'DRAINING' })] }, 'zone-instance-missing'],
    [
      'agent disconnected',
      { into: [instanceIn('b', 1, { agentConnected: false })] },
      'zone-instance-missing',
    ],
    ['impaired', { into: [instanceIn('b', 1, { health: 'IMPAIRED' })] }, 'zone-instance-missing'],
    ['health not told yet', { into: [instanceIn('b', 1, { health: undefined })] }, 'i-b'],
    ['still initialising', { into: [instanceIn('b', 1, { health: 'INITIALIZING' })] }, 'i-b'],
    [
      'of another capacity provider',
      { into: [instanceIn('b', 1, { capacityProvider: 'gpu' })] },
      'zone-instance-missing',
    ],
    ['exactly what it needs is enough', { into: [instanceIn('b', 0, { remaining: slot })] }, 'i-b'],
    [
      '1 CPU unit too few',
      { into: [instanceIn('b', 0, { remaining: { ...slot, cpuUnits: 255 } })] },
      'zone-room-missing cpu',
    ],
    [
      '1 MiB too few',
      { into: [instanceIn('b', 0, { remaining: { ...slot, memoryMiB: 511 } })] },
      'zone-room-missing memory',
    ],
    [
      'a figure that is none is no room',
      { into: [instanceIn('b', 0, { remaining: { cpuUnits: Number.NaN, memoryMiB: 512 } })] },
      'zone-room-missing cpu',
    ],
    [
      'the port is taken',
      { task: { hostPorts: ['80/tcp'] }, into: [instanceIn('b', 1, { usedPorts: ['80/tcp'] })] },
      'zone-room-missing ports',
    ],
    [
      'the same port of another protocol is not',
      { task: { hostPorts: ['80/udp'] }, into: [instanceIn('b', 1, { usedPorts: ['80/tcp'] })] },
      'i-b',
    ],
    [
      'another architecture',
      { into: [instanceIn('b', 1, { architecture: 'x86_64' })] },
      'zone-instance-missing',
    ],
    [
      'another system',
      { into: [instanceIn('b', 1, { attributes: { 'ecs.os-type': 'windows' } })] },
      'zone-instance-missing',
    ],
    [
      'an architecture that is not known',
      { into: [instanceIn('b', 1, { architecture: undefined })] },
      'zone-room-unknown',
    ],
    ["a task without one has its instance's", { task: { architecture: undefined } }, 'i-b'],
    [
      'neither task nor instance says it',
      { task: { architecture: undefined, instanceArn: undefined } },
      'zone-room-unknown',
    ],
    ['2 of 2 interfaces are free', { task: awsvpc }, 'i-b'],
    ['1 of 2 is free', { task: awsvpc, more: two.slice(1) }, 'i-b'],
    [
      'none of 2 is free',
      {
        service: { compute: 'ec2', capacityProviders: [] },
        task: awsvpc,
        more: two,
        into: [instanceIn('b', 1, ec2)],
      },
      'zone-room-missing interfaces',
    ],
    ['a managed instance may hold more than 2', { task: awsvpc, more: two }, 'zone-room-unknown'],
    ['a task on the host network needs none', { more: two }, 'i-b'],
    [
      'a limit that is not known',
      { task: awsvpc, snapshot: { instanceTypes: {} } },
      'zone-room-unknown',
    ],
    [
      'a type that says no limit',
      {
        task: awsvpc,
        snapshot: {
          instanceTypes: { 'm7g.large': { vCpus: 2, memoryMiB: 8192, eniMax: undefined } },
        },
      },
      'zone-room-unknown',
    ],
    [
      'a trunk holds more than the limit: how many is not known',
      {
        task: awsvpc,
        more: two,
        into: [instanceIn('b', 1, { attributes: { 'ecs.awsvpc-trunk-id': 'eni-1' } })],
      },
      'zone-room-unknown',
    ],
    [
      'a trunk holds at least the limit',
      {
        task: awsvpc,
        more: two.slice(1),
        into: [instanceIn('b', 1, { attributes: { 'ecs.awsvpc-trunk-id': 'eni-1' } })],
      },
      'i-b',
    ],
    [
      'a constraint that holds',
      { service: memberOf('attribute:ecs.instance-type =~ m7g.*') },
      'i-b',
    ],
    [
      'a constraint that does not',
      { service: memberOf('attribute:ecs.instance-type =~ c7g.*') },
      'zone-instance-missing',
    ],
    [
      'a constraint that cannot be read',
      { service: memberOf('agentVersion > 1.1') },
      'zone-room-unknown',
    ],
    [
      'beside tasks that it wants to be with',
      { service: memberOf('task:group == service:api'), more: two },
      'i-b',
    ],
    [
      'without tasks that it wants to be with',
      { service: memberOf('task:group == service:api') },
      'zone-room-missing constraint',
    ],
    [
      'where tasks are that it avoids',
      { service: memberOf('not(task:group == service:api)'), more: two },
      'zone-room-missing constraint',
    ],
    ['one task an instance, and none of its own there', { service: distinct, more: two }, 'i-b'],
    [
      'one task an instance, and one of its own there',
      { service: distinct, more: [taskIn('web', 'b', 1)] },
      'zone-room-missing distinct',
    ],
    [
      'several instances, and what each is short of',
      {
        into: [
          instanceIn('b', 0, { name: 'i-b1', remaining: { cpuUnits: 0, memoryMiB: 9_999 } }),
          instanceIn('b', 0, { name: 'i-b2', remaining: { cpuUnits: 9_999, memoryMiB: 0 } }),
        ],
      },
      'zone-room-missing cpu memory',
    ],
    [
      'one that may have room is worth a word, not a room',
      {
        into: [
          instanceIn('b', 0, { name: 'i-b1' }),
          instanceIn('b', 1, { name: 'i-b2', architecture: undefined }),
        ],
      },
      'zone-room-unknown cpu',
    ],
    ['Fargate has it anywhere', { service: { compute: 'fargate' }, into: [] }, 'fargate'],
    [
      'launch type EC2: any EC2 instance of the cluster',
      {
        service: { compute: 'ec2', capacityProviders: [] },
        into: [instanceIn('b', 1, { ...ec2, capacityProvider: 'asg' })],
      },
      'i-b',
    ],
    [
      'launch type EC2: no managed instance',
      { service: { compute: 'ec2', capacityProviders: [] } },
      'zone-instance-missing',
    ],
    [
      'outside AWS there is none',
      { service: { compute: 'external', capacityProviders: [] } },
      'zone-instance-missing',
    ],
  ])('%s', (_, given, expected) => expect(ask(given)).toBe(expected));

  it('is as large as the largest of its tasks', () => {
    const large = taskIn('web', 'a', 1, { reserved: { cpuUnits: 128, memoryMiB: 2_048 } });
    expect(ask({ more: [large], into: [instanceIn('b', 3)] })).toBe('zone-room-missing memory');
    expect(ask({ more: [large], into: [instanceIn('b', 4)] })).toBe('i-b');
  });

  it('is measured on the primary rollout alone', () => {
    const old = taskIn('web', 'a', 1, {
      startedBy: 'ecs-svc/old',
      reserved: { cpuUnits: 9_999, memoryMiB: 9_999 },
    });
    expect(ask({ more: [old] })).toBe('i-b');
  });
});

describe('which room', () => {
  const names = (given: readonly Instance[], more: readonly Task[] = []): string =>
    ask({ into: given, more });

  it('the instance with the fewest tasks of the service, as ECS has it', () => {
    const own = taskIn('web', 'b', 1, { instanceArn: instanceArn('i-b1') });
    expect(
      names([instanceIn('b', 1, { name: 'i-b1' }), instanceIn('b', 9, { name: 'i-b2' })], [own]),
    ).toBe('i-b2');
  });

  it('... however tightly it would fit where the service has more', () => {
    const own = taskIn('web', 'b', 1, { instanceArn: instanceArn('i-b2') });
    expect(
      names([instanceIn('b', 9, { name: 'i-b1' }), instanceIn('b', 1, { name: 'i-b2' })], [own]),
    ).toBe('i-b1');
  });

  it('then where it fits tightest: large rooms stay whole', () => {
    expect(
      names([
        instanceIn('b', 9, { name: 'i-b1' }),
        instanceIn('b', 2, { name: 'i-b2' }),
        instanceIn('b', 3, { name: 'i-b3' }),
      ]),
    ).toBe('i-b2');
  });

  it('then by ARN, in whatever order the list came', () => {
    const alike = ['i-b3', 'i-b1', 'i-b2'].map((name) => instanceIn('b', 2, { name }));
    expect(names(alike)).toBe('i-b1');
    expect(names(alike.toReversed())).toBe('i-b1');
  });

  it('of an instance that registered nothing is a room all the same', () => {
    const odd = instanceIn('b', 1, { registered: { cpuUnits: 0, memoryMiB: 0 } });
    expect(names([odd])).toBe('i-b');
    expect(names([instanceIn('b', 9, { name: 'i-a9' }), odd])).toBe('i-b');
  });
});

describe('the ledger', () => {
  it('promises a room once, and again when a task has left', () => {
    const [gone = taskIn('web', 'b', 1)] = [
      taskIn('web', 'b', 1, { hasEni: true, hostPorts: ['80/tcp'] }),
    ];
    const { ledger, shape } = worldOf({
      task: { hasEni: true, hostPorts: ['80/tcp'] },
      service: distinct,
      into: [instanceIn('b', 1)],
    });
    const find = () => ledger.find(shape, 'b');
    const room = find();
    expect(room).toEqual({ instanceArn: instanceArn('i-b') });
    if (room === undefined) return;
    ledger.take(shape, room);
    expect(find()).toBeUndefined();
    expect(ledger.refusal(shape, 'b')?.lacks).toEqual(['cpu']);
    ledger.giveBack({ ...gone, reserved: slot });
    expect(find()).toEqual(room);
    ledger.take(shape, room);
    expect(find()).toBeUndefined();
    ledger.putBack(shape, room);
    expect(find()).toEqual(room);
  });

  it('books ports, interfaces and groups as well as CPU and memory', () => {
    const lacks = (task: Partial<Task>, service: Partial<Service> = {}) => {
      const launchType = { compute: 'ec2', capacityProviders: [] } as const;
      const { ledger, shape } = worldOf({
        task,
        service: { ...launchType, ...service },
        into: [instanceIn('b', 9, ec2)],
      });
      for (let taken = 0; taken < 9; taken += 1) {
        const room = ledger.find(shape, 'b');
        if (room === undefined) return { taken, lacks: ledger.refusal(shape, 'b')?.lacks };
        ledger.take(shape, room);
      }
      return { taken: 9, lacks: [] };
    };
    expect(lacks({})).toEqual({ taken: 9, lacks: [] });
    expect(lacks({ hostPorts: ['80/tcp'] })).toEqual({ taken: 1, lacks: ['ports'] });
    expect(lacks({ hasEni: true })).toEqual({ taken: 2, lacks: ['interfaces'] });
    expect(lacks({}, distinct)).toEqual({ taken: 1, lacks: ['distinct'] });
    expect(lacks({}, memberOf('not(task:group == service:web)'))).toEqual({
      taken: 1,
      lacks: ['constraint'],
    });
  });

  it('has room again with a task that a service wants to be with', () => {
    const index = indexOf(
      snapshotWith({
        services: [serviceIn('web', memberOf('task:group == service:api')), serviceIn('api')],
        tasks: [taskIn('web', 'a', 0), taskIn('api', 'a', 0)],
        instances: [instanceIn('a', 0), instanceIn('b', 2)],
      }),
    );
    const ledger = openRoomLedger(index);
    const [web = serviceIn('?'), api = serviceIn('?')] = index.snapshot.services;
    const [near, other] = [shapeOf(web, index), shapeOf(api, index)];
    expect(ledger.hasRoom(near, 'b')).toBe(false);
    ledger.take(other, { instanceArn: instanceArn('i-b') });
    expect(ledger.hasRoom(near, 'b')).toBe(true);
  });

  it('looks again at what is given back, and finds it still too small', () => {
    const { ledger, shape } = worldOf({
      into: [instanceIn('b', 0), instanceIn('b', 0, { name: 'i-b2' })],
    });
    const half = { cpuUnits: slot.cpuUnits / 2, memoryMiB: slot.memoryMiB / 2 };
    for (const isRoomAfter of [false, true]) {
      expect(ledger.hasRoom(shape, 'b')).toBe(false);
      ledger.giveBack(taskIn('api', 'b', 1, { reserved: half }));
      expect(ledger.hasRoom(shape, 'b')).toBe(isRoomAfter);
    }
  });

  it('has nothing to book on Fargate, and nothing of a task without an instance', () => {
    const { ledger, shape } = worldOf({ service: { compute: 'fargate' } });
    ledger.take(shape, { instanceArn: undefined });
    ledger.putBack(shape, { instanceArn: undefined });
    ledger.giveBack(taskIn('web', 'b', 1, { instanceArn: undefined }));
    expect(ledger.find(shape, 'b')).toEqual({ instanceArn: undefined });
  });

  it('refuses a room on an instance that is not there', () => {
    const { ledger, shape } = worldOf({});
    const room = { instanceArn: 'arn:other' };
    for (const book of [ledger.take, ledger.putBack]) {
      expect(() => book(shape, room)).toThrow('an instance of the snapshot');
    }
  });

  it('keeps apart services that the same instances do not suit', () => {
    const index = indexOf(
      snapshotWith({
        services: [serviceIn('web'), serviceIn('api', memberOf('attribute:a exists'))],
        tasks: [taskIn('web', 'a', 0), taskIn('api', 'a', 0)],
        instances: [instanceIn('a', 0), instanceIn('b', 1)],
      }),
    );
    const ledger = openRoomLedger(index);
    const [web = serviceIn('?'), api = serviceIn('?')] = index.snapshot.services;
    expect(ledger.find(shapeOf(web, index), 'b')).toBeDefined();
    expect(ledger.find(shapeOf(api, index), 'b')).toBeUndefined();
  });
});
