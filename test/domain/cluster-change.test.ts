import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  beganBeforeMsMax,
  type ClusterMemory,
  changesMax,
  type Explanation,
  emptyClusterMemory,
  explainedMsMax,
  explanationOf,
  lastingExplainedMsMax,
  rememberCluster,
  settlingMs,
} from '../../shared/domain/cluster-change.ts';
import type { Snapshot } from '../../shared/domain/snapshot.ts';
import {
  anyService,
  instanceOf,
  rolloutOf,
  serviceOf,
  snapshotOf,
  taskOf,
} from '../support/snapshots.ts';

const minuteMs = 60_000;
const startMs = Date.UTC(2026, 10, 23, 9);

const look = (memory: ClusterMemory, minute: number, changes: Partial<Snapshot>): ClusterMemory =>
  rememberCluster(memory, snapshotOf({ takenAtMs: startMs + minute * minuteMs, ...changes }));
const seenBy = ({ changes }: ClusterMemory): readonly string[] =>
  changes.map(({ cause, subject, detail }) => `${cause} ${subject} ${detail}`.trim());
type Asked = {
  /** Minutes since when the figure is far, moments in which it was near included. */
  readonly far?: number;
  readonly figure?: string;
  readonly group?: string;
};

/** What explains, at a minute, a figure that moved at another; undefined where nothing does. */
const explanationAt = (
  memory: ClusterMemory,
  sinceMinute: number,
  minute: number,
  { far = sinceMinute, figure = 'instances', group }: Asked = {},
): Explanation | undefined =>
  explanationOf(memory, {
    ...{ figure, group },
    farSinceMs: startMs + far * minuteMs,
    awaySinceMs: startMs + sinceMinute * minuteMs,
    nowMs: startMs + minute * minuteMs,
  });
const causeAt = (...asked: Parameters<typeof explanationAt>): string | undefined => {
  const explanation = explanationAt(...asked);
  return explanation?.kind === 'explained' ? explanation.by.cause : undefined;
};
/** Looks every five minutes, the first and the last included. */
const looks = (
  memory: ClusterMemory,
  from: number,
  until: number,
  changes: (minute: number) => Partial<Snapshot>,
): ClusterMemory => {
  let after = memory;
  for (let minute = from; minute <= until; minute += 5)
    after = look(after, minute, changes(minute));
  return after;
};

const calm = look(emptyClusterMemory, 0, { services: [serviceOf('web'), serviceOf('api')] });

describe('rememberCluster', () => {
  it('compares nothing at the first look', () => expect(seenBy(calm)).toEqual([]));

  it.each<readonly [string, Partial<Snapshot>, readonly string[]]>([
    ['nothing', { services: [serviceOf('web'), serviceOf('api')] }, []],
    [
      'a deployment',
      {
        services: [
          serviceOf('web', { rollouts: [rolloutOf({ rolloutState: 'IN_PROGRESS' })] }),
          serviceOf('api'),
        ],
      },
      ['deployment-in-progress web'],
    ],
    [
      'green beside blue, though both are done',
      { services: [serviceOf('web', { rollouts: [rolloutOf(), rolloutOf()] }), serviceOf('api')] },
      ['deployment-in-progress web'],
    ],
    [
      'a deployment that began and ended between two looks',
      {
        services: [
          serviceOf('web', { rollouts: [rolloutOf({ createdAtMs: startMs + 2 * minuteMs })] }),
          serviceOf('api'),
        ],
      },
      ['deployment-in-progress web'],
    ],
    [
      'a deployment of ten minutes ago',
      {
        services: [
          serviceOf('web', { rollouts: [rolloutOf({ createdAtMs: startMs - 5 * minuteMs })] }),
          serviceOf('api'),
        ],
      },
      [],
    ],
    [
      'an instance that drains',
      {
        services: [serviceOf('web'), serviceOf('api')],
        instances: [instanceOf('0a71', { status: 'DRAINING' }), instanceOf('0b12')],
      },
      ['instances-leaving i-0a71'],
    ],
    [
      'a rebalancing just now',
      { services: [serviceOf('web', { lastRebalancingAtMs: startMs }), serviceOf('api')] },
      ['zone-rebalancing web'],
    ],
    [
      'another desired count',
      { services: [serviceOf('web', { desired: 9 }), serviceOf('api')] },
      ['desired-count-changed web 2 to 9'],
    ],
    [
      'a daemon, whose count is that of the instances',
      {
        services: [
          serviceOf('web', { desired: 9, schedulingStrategy: 'DAEMON' }),
          serviceOf('api'),
        ],
      },
      [],
    ],
    [
      'a new daemon',
      {
        services: [
          serviceOf('web'),
          serviceOf('api'),
          serviceOf('agent', { schedulingStrategy: 'DAEMON' }),
        ],
      },
      ['service-added agent'],
    ],
    [
      'a new and a removed service',
      { services: [serviceOf('web'), serviceOf('jobs')] },
      ['service-added jobs', 'service-removed api'],
    ],
    [
      'services that could not be read',
      {
        services: [serviceOf('web')],
        gaps: [
          { subject: 'services', reason: 'failed', operation: 'ecs:ListServices', detail: '' },
        ],
      },
      [],
    ],
  ])('sees %s', (_, changes, expected) => {
    expect(seenBy(look(calm, 5, changes))).toEqual(expected);
  });

  it('keeps what it knew of services through a failed read', () => {
    const gap = { subject: 'services', reason: 'failed', operation: 'x', detail: '' } as const;
    const blind = look(calm, 5, { services: [], gaps: [gap] });
    const again = look(blind, 10, { services: [serviceOf('web'), serviceOf('api')] });
    expect(seenBy(again)).toEqual([]);
  });

  it('stays small, and compares as before once it is read back', () => {
    fc.assert(
      fc.property(fc.array(anyService, { maxLength: 30 }), (services) => {
        const memory = look(calm, 5, { services });
        expect(memory.changes.length).toBeLessThanOrEqual(changesMax);
        const kept = JSON.parse(JSON.stringify(memory)) as ClusterMemory;
        expect(look(kept, 10, { services })).toEqual(look(memory, 10, { services }));
      }),
    );
  });

  it('says nothing of services behind those that there was room for, and all of the others', () => {
    const services = [serviceOf('a'), serviceOf('m'), serviceOf('z')];
    const whole = look(emptyClusterMemory, 0, { services });
    const cut: ClusterMemory = { ...whole, desired: { a: 2, m: 2 }, desiredUntil: 'm' };
    expect(seenBy(look(cut, 5, { services }))).toEqual([]);
    const others = [serviceOf('a', { desired: 3 }), serviceOf('b'), serviceOf('z')];
    expect(seenBy(look(cut, 5, { services: others }))).toEqual([
      'desired-count-changed a 2 to 3',
      'service-added b',
      'service-removed m',
    ]);
    const again = look(look(cut, 5, { services }), 10, { services });
    expect(again).toEqual({ ...whole, changes: [] });
  });

  it('says of 5,000 services with long names neither that they are new nor that they are gone', () => {
    const services = Array.from({ length: 5_000 }, (_, at) => serviceOf(`service-${at}-of-many`));
    const memory = look(look(emptyClusterMemory, 0, { services }), 5, { services });
    expect(memory.changes).toEqual([]);
    expect(JSON.stringify(memory).length).toBeLessThan(60_000);
  });
});

describe('explanationOf', () => {
  const deployment = {
    services: [
      serviceOf('web', { rollouts: [rolloutOf({ rolloutState: 'IN_PROGRESS' })] }),
      serviceOf('api'),
    ],
  };
  const deploying = look(calm, 10, deployment);
  const scaled = look(calm, 10, {
    services: [serviceOf('web', { desired: 40 }), serviceOf('api')],
  });
  const lasting = looks(deploying, 15, 60, () => deployment);
  const again = look(look(deploying, 60, deployment), 65, deployment);
  const leaving = look(calm, 10, {
    services: [serviceOf('web'), serviceOf('api')],
    instances: [instanceOf('0a71', { status: 'DRAINING' })],
  });
  const settling = settlingMs / minuteMs;
  const hour = explainedMsMax / minuteMs;

  it.each<readonly [string, ClusterMemory, number, number, string | undefined]>([
    ['nothing changed', calm, 5, 10, undefined],
    ['a deployment goes on', deploying, 10, 10, 'deployment-in-progress'],
    ['it lasts', lasting, 11, 62, 'deployment-in-progress'],
    ['it began when the figure moved', deploying, 0, 12, 'deployment-in-progress'],
    ['and not long after that', deploying, -1, 12, undefined],
    ['one came after another: the later one is a new one', again, 11, 66, undefined],
    ['until tasks have settled', deploying, 10, 9 + settling, 'deployment-in-progress'],
    ['and no longer', deploying, 10, 10 + settling, undefined],
    ['a count changed', scaled, 10, 15, 'desired-count-changed'],
    ['for an hour', scaled, 10, 9 + hour, 'desired-count-changed'],
    ['and no longer than that', scaled, 10, 10 + hour, undefined],
    ['a figure was unusual for an hour before', scaled, 12 - hour, 12, undefined],
  ])('explains while %s', (_, memory, since, now, expected) => {
    expect(causeAt(memory, since, now)).toBe(expected);
  });

  it.each<readonly [string, ClusterMemory, string | undefined]>([
    ['a deployment does not: green comes before blue goes', deploying, undefined],
    ['a drain may', leaving, 'instances-leaving'],
    ['a scale-in may', scaled, 'desired-count-changed'],
  ])('explains that a zone is empty: %s', (_, memory, expected) => {
    expect(causeAt(memory, 10, 12, { figure: 'zones' })).toBe(expected);
  });
});

describe('what lasts', () => {
  const day = 24 * 60;
  const late = day - 10;
  const hours = lastingExplainedMsMax / minuteMs;
  const before = beganBeforeMsMax / minuteMs;
  type OfMinute = (minute: number) => number;
  const drain = (tasks: number): Partial<Snapshot> => ({
    services: [serviceOf('web'), serviceOf('api')],
    instances: [instanceOf('0a71', { status: 'DRAINING', runningTasks: tasks })],
  });
  /** From minute 10 on, with so many tasks left on the instance. */
  const draining = (until: number, tasks: OfMinute = () => 3): ClusterMemory =>
    looks(calm, 10, until, (minute) => drain(tasks(minute)));
  /** From minute 10 on, with so many new tasks, of a rollout that was created then. */
  const deploying = (running: OfMinute, createdMinute: OfMinute = () => 10): ClusterMemory =>
    looks(calm, 10, day, (minute) => {
      const createdAtMs = startMs + createdMinute(minute) * minuteMs;
      const rollout = { rolloutState: 'IN_PROGRESS', createdAtMs, running: running(minute) };
      return { services: [serviceOf('web', { rollouts: [rolloutOf(rollout)] }), serviceOf('api')] };
    });
  const once =
    (early: number, then: number): OfMinute =>
    (minute) =>
      minute < late ? early : then;

  it.each<readonly [string, ClusterMemory, number, string | undefined]>([
    ['what moved when it began', draining(12 + before), 10, 'instances-leaving'],
    ['what moved up to an hour later', draining(12 + before), 10 + before, 'instances-leaving'],
    ['nothing that moved after that', draining(12 + before), 11 + before, undefined],
    ['nothing, once a drain hangs', draining(day), late, undefined],
    ['nothing, once a deployment hangs', deploying(() => 1), late, undefined],
    [
      'nothing, while the same tasks start again and again',
      deploying((minute) => (minute % 10 === 0 ? 1 : 2)),
      ...([late, undefined] as const),
    ],
    [
      'what moved with a newer deployment',
      deploying(() => 1, once(10, late - 2)),
      ...([late, 'deployment-in-progress'] as const),
    ],
    [
      'what moved with a green that a hook had held for hours',
      deploying(once(0, 8)),
      ...([late, 'deployment-in-progress'] as const),
    ],
    [
      'what moved when a task left the instance at last',
      draining(day, once(3, 2)),
      ...([late, 'instances-leaving'] as const),
    ],
  ])('explains %s', (_, memory, since, expected) => {
    const [last] = memory.changes;
    const minute = ((last?.atMs ?? startMs) - startMs) / minuteMs;
    expect(causeAt(memory, since, minute)).toBe(expected);
  });

  it('is a rebalancing for as long as ECS moves tasks', () => {
    const memory = looks(calm, 10, day, (minute) => ({
      services: [serviceOf('web', { lastRebalancingAtMs: startMs + minute * minuteMs })],
    }));
    expect(causeAt(memory, late, day)).toBe('zone-rebalancing');
  });

  it('explains a figure that keeps coming near, which moved with it first', () => {
    const memory = draining(180);
    expect(causeAt(memory, 175, 180, { far: 15 })).toBe('instances-leaving');
    expect(causeAt(memory, 175, 180)).toBeUndefined();
  });

  it.each([
    ['explains for six hours', 5 + hours, 10, 'explained'],
    ['is named by what is told then', 10 + hours, 10, 'outlasted'],
    ['is named too where the figure came near meanwhile', 10 + hours, 300, 'outlasted'],
  ])('%s', (_, now, since, kind) => {
    const explanation = explanationAt(draining(now), since, now, { far: 10 });
    expect(explanation).toMatchObject({ kind, by: { cause: 'instances-leaving' } });
  });

  it('lets what just began explain beside what has lasted for too long', () => {
    const now = 15 + hours;
    const scaled = [serviceOf('web', { desired: 40 }), serviceOf('api')];
    const memory = look(draining(10 + hours), now, { ...drain(3), services: scaled });
    expect(explanationAt(memory, now, now, { far: 10 })).toMatchObject({
      kind: 'explained',
      by: { cause: 'desired-count-changed' },
    });
  });

  it('goes on from a memory without steps as from its beginning', () => {
    const { changes, ...rest } = draining(day);
    const old = changes.map(({ movedAtMs, reached, groups, ...change }) => change);
    const memory = looks({ ...rest, changes: old }, day + 5, day + 10, () => drain(3));
    expect(causeAt(memory, day, day + 10)).toBeUndefined();
    expect(memory.changes).toMatchObject([{ sinceMs: startMs + 10 * minuteMs, reached: -3 }]);
  });
});

describe('what a change can move', () => {
  const park = instanceOf('park', { status: 'DRAINING', capacityProvider: 'other' });
  const parkEc2 = instanceOf('park', {
    ...{ status: 'DRAINING', compute: 'ec2', capacityProvider: undefined },
  });
  const both = serviceOf('both', { capacityProviders: ['general', 'other'] });
  const launched = serviceOf('launched', { compute: 'ec2', capacityProviders: [] });
  const edge = serviceOf('edge', { compute: 'external', capacityProviders: [] });
  const rollout = [rolloutOf({ rolloutState: 'IN_PROGRESS' })];
  const onFargate = serviceOf('web', {
    ...{ compute: 'fargate', capacityProviders: ['FARGATE'], rollouts: rollout },
  });
  const stands = { instances: [instanceOf('c1')], tasks: [taskOf('1', { service: 'web' })] };
  const many = Array.from({ length: 9 }, (_, at) => `provider-${at}`);

  it.each<readonly [string, Partial<Snapshot>, readonly (string | undefined)[]]>([
    ['a drain: its own provider', { instances: [park] }, ['other', undefined]],
    [
      'a drain: those to which its tasks may go',
      { instances: [park], services: [both] },
      ['general', 'other', undefined],
    ],
    [
      'a drain in EC2, with a service that takes any instance: any',
      { instances: [parkEc2], services: [launched] },
      ['general', 'other', 'ec2', 'external', undefined],
    ],
    [
      'a drain in EC2, where a daemon does',
      { instances: [parkEc2], services: [{ ...launched, schedulingStrategy: 'DAEMON' }] },
      ['ec2', undefined],
    ],
    [
      'a deployment: the providers of its service',
      { services: [{ ...both, rollouts: rollout }] },
      ['general', 'other', undefined],
    ],
    [
      'a deployment of the launch type EC2: any',
      { services: [{ ...launched, rollouts: rollout }] },
      ['general', 'other', 'ec2', 'external', undefined],
    ],
    [
      'a deployment in ECS Anywhere',
      { services: [{ ...edge, rollouts: rollout }] },
      ['external', undefined],
    ],
    ['a deployment on Fargate: nothing', { services: [onFargate] }, []],
    [
      'one that goes to Fargate: where its tasks still are',
      { services: [onFargate], ...stands },
      ['general', undefined],
    ],
    [
      'a deployment over more providers than are kept: any',
      { services: [serviceOf('wide', { capacityProviders: many, rollouts: rollout })] },
      ['general', 'other', 'ec2', 'external', undefined],
    ],
    [
      'a changed count: the providers of its service',
      { services: [serviceOf('web', { desired: 9, capacityProviders: ['other'] })] },
      ['other', undefined],
    ],
  ])('%s', (_, changes, expected) => {
    const steady = (changes.services ?? []).map((one) => ({ ...one, desired: 2, rollouts: [] }));
    const memory = look(look(emptyClusterMemory, 0, { services: steady }), 5, changes);
    const groups = ['general', 'other', 'ec2', 'external', undefined];
    const moved = groups.filter((group) => {
      const asked = group === undefined ? {} : { group };
      return explanationAt(memory, 5, 6, asked) !== undefined;
    });
    expect(moved).toEqual(expected);
  });

  it('keeps where tasks were when the change began, when they are elsewhere', () => {
    const first = look(emptyClusterMemory, 5, { services: [onFargate], ...stands });
    const memory = look(first, 10, { services: [onFargate] });
    expect(causeAt(memory, 5, 10, { group: 'general' })).toBe('deployment-in-progress');
  });
});
