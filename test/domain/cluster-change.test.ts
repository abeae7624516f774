import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ClusterMemory,
  changesMax,
  emptyClusterMemory,
  explainedMsMax,
  explanationOf,
  rememberCluster,
  settlingMs,
} from '../../shared/domain/cluster-change.ts';
import type { Snapshot } from '../../shared/domain/snapshot.ts';
import { anyService, instanceOf, rolloutOf, serviceOf, snapshotOf } from '../support/snapshots.ts';

const minuteMs = 60_000;
const startMs = Date.UTC(2026, 10, 23, 9);

const look = (memory: ClusterMemory, minute: number, changes: Partial<Snapshot>): ClusterMemory =>
  rememberCluster(memory, snapshotOf({ takenAtMs: startMs + minute * minuteMs, ...changes }));
const seenBy = ({ changes }: ClusterMemory): readonly string[] =>
  changes.map(({ cause, subject, detail }) => `${cause} ${subject} ${detail}`.trim());
const causeAt = (
  memory: ClusterMemory,
  sinceMinute: number,
  minute: number,
  figure = 'instances',
): string | undefined =>
  explanationOf(memory, {
    figure,
    sinceMs: startMs + sinceMinute * minuteMs,
    nowMs: startMs + minute * minuteMs,
  })?.cause;

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
  const lasting = [15, 20, 25, 30, 35, 40, 45, 50, 55, 60].reduce(
    (memory, minute) => look(memory, minute, deployment),
    deploying,
  );
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
    ['it lasts, however long', lasting, 11, 62, 'deployment-in-progress'],
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
    expect(causeAt(memory, 10, 12, 'zones')).toBe(expected);
  });
});
