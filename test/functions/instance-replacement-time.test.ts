import { describe, expect, it } from 'vitest';
import {
  noteMsMax,
  readMsMax,
  startMsMax,
  timeoutMs,
} from '../../functions/instance-replacement/budget.ts';
import { createHandler, type Deps } from '../../functions/instance-replacement/handler.ts';
import type { Memory } from '../../shared/aws/memory-store.ts';
import { ClusterNotFound } from '../../shared/aws/snapshot-reading.ts';
import type { Snapshot } from '../../shared/domain/snapshot.ts';
import type { Fields } from '../../shared/runtime/log.ts';
import { createVirtualClock } from '../../simulator/virtual-clock.ts';
import { clusterArn, instanceArn } from '../support/accounts.ts';
import { instanceOf, snapshotOf, taskOf } from '../support/snapshots.ts';
import { day14Ms, ec2Id, stateEvent } from './instance-replacement-lab.ts';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;

const arnOf = (cluster: string): string => clusterArn.replace(/[^/]+$/, cluster);

/** The function over ports that take the time that a test says, and a table that keeps what is saved. */
function createTimedLab({
  clusters = ['shop'],
  ...ports
}: {
  readonly clusters?: readonly string[];
  readonly lookUp?: Deps['instances']['byEc2Id'];
  /** What the reading of a cluster waits for. */
  readonly read?: (cluster: string, signal: AbortSignal | undefined) => Promise<void>;
}) {
  const clock = createVirtualClock(day14Ms);
  const kept = new Map<string, Map<string, Memory>>();
  const logs: { readonly message: string; readonly fields: Fields }[] = [];
  const note = (message: string, fields: Fields = {}): void => void logs.push({ message, fields });
  const reads: string[] = [];
  const deps: Deps = {
    config: {
      stackMode: 'observe',
      clusterArns: clusters.map(arnOf),
      tableName: 'ballast',
      noticeHours: 72,
    },
    incidents: { get: async () => undefined, save: async () => true },
    subjects: { of: async () => [] },
    memories: {
      list: async (partition) => [...(kept.get(partition)?.values() ?? [])],
      save: async ({ partition, name }, json, version) => {
        const own = kept.get(partition) ?? new Map<string, Memory>();
        if ((own.get(name)?.version ?? 0) !== version) return false;
        kept.set(partition, own.set(name, { name, json, version: version + 1 }));
        return true;
      },
    },
    snapshots: {
      read: async (arn, _, signal) => {
        const cluster = arn.split('/').at(-1) ?? '';
        reads.push(cluster);
        await ports.read?.(cluster, signal);
        return drainingSnapshotOf(cluster, clock.nowMs());
      },
    },
    instances: { byEc2Id: ports.lookUp ?? (async () => new Map()) },
    clock,
    log: { debug: note, info: note, warn: note, error: note },
  };
  const handle = createHandler(deps);
  const schedule = { source: 'ballast.schedule' };
  return {
    clock,
    /** Clusters in the order in which they were read. */
    reads,
    /** The next run of the schedule; false where it failed. */
    run: async (): Promise<boolean> => {
      const slotMs = 15 * minuteMs;
      await clock.sleep(slotMs - ((clock.nowMs() - day14Ms) % slotMs));
      return await handle(schedule).then(
        () => true,
        () => false,
      );
    },
    /** A run that Lambda ends while it reads: nothing that it waits for ever comes. */
    runUntilKilled: async (): Promise<void> => {
      const never = (): Promise<never> => new Promise(() => {});
      await new Promise<void>((reached) => {
        const snapshots: Deps['snapshots'] = {
          read: (arn) => {
            reads.push(arn.split('/').at(-1) ?? '');
            reached();
            return never();
          },
        };
        const stopped = { nowMs: clock.nowMs, sleep: never };
        void createHandler({ ...deps, snapshots, clock: stopped })(schedule);
      });
    },
    deliver: (events: readonly unknown[]) =>
      handle({
        Records: events.map((event, at) => ({
          messageId: `message-${at + 1}`,
          body: JSON.stringify(event),
        })),
      }),
    namesKept: (cluster: string) => [...(kept.get(`DRAIN#${cluster}`)?.keys() ?? [])],
    logged: (message: string) =>
      logs.filter((line) => line.message === message).map(({ fields }) => fields),
  };
}

/** A cluster in which an instance drains without end, so that every run has to look at it. */
const drainingSnapshotOf = (cluster: string, takenAtMs: number): Snapshot =>
  snapshotOf({
    ...{ cluster, clusterArn: arnOf(cluster), takenAtMs },
    tasks: [
      taskOf('t1', { service: undefined, group: 'family:x', instanceArn: instanceArn('d1') }),
    ],
    instances: [instanceOf('d1', { status: 'DRAINING' })],
  });

const spot = (id: string, atMs = day14Ms) => ({
  id: `event-spot-${id}`,
  'detail-type': 'EC2 Spot Instance Interruption Warning',
  source: 'aws.ec2',
  time: new Date(atMs).toISOString(),
  resources: [],
  detail: { 'instance-id': ec2Id(id), 'instance-action': 'terminate' },
});

const failedOf = (...messages: readonly number[]) => ({
  batchItemFailures: messages.map((at) => ({ itemIdentifier: `message-${at}` })),
});

it('leaves a part of an invocation for writing down what was read', () => {
  expect(startMsMax).toBeLessThan(readMsMax);
  expect(Math.max(readMsMax, noteMsMax)).toBeLessThanOrEqual(timeoutMs - 15 * secondMs);
});

describe('a batch', () => {
  it('puts ECS’s own notices on record before it looks anything up for EC2’s', async () => {
    const seen: (readonly string[])[] = [];
    const lab = createTimedLab({
      lookUp: async () => {
        seen.push(lab.namesKept('shop'));
        return new Map();
      },
    });
    const drains = ['c1', 'c2'].map((id) => stateEvent(id, 'DRAINING', 41, day14Ms));
    expect(await lab.deliver([spot('f1'), drains[0], spot('f2'), drains[1]])).toEqual(failedOf());
    expect(seen).toEqual([['instance#c1', 'instance#c2']]);
  });

  it('gives back what it has no time for, and ends a look-up that takes too long', async () => {
    const lab = createTimedLab({
      clusters: ['one', 'two', 'shop'],
      lookUp: async (_, signal) => {
        await lab.clock.sleep(25 * secondMs, signal);
        return new Map();
      },
    });
    const drain = stateEvent('c1', 'DRAINING', 41, day14Ms);
    expect(await lab.deliver([spot('f1'), spot('f2'), drain])).toEqual(failedOf(1, 2));
    expect(lab.clock.nowMs()).toBe(day14Ms + noteMsMax);
    expect(lab.namesKept('shop')).toEqual(['instance#c1']);
    expect(lab.logged('item-failed')).toMatchObject([
      { messageId: 'message-1', reason: 'aws-unavailable' },
    ]);
    expect(lab.logged('batch')).toEqual([{ received: 3, failed: 2, left: 1 }]);
    // Two clusters have answered: the rest is looked up when the messages come again.
    expect(await lab.deliver([spot('f1'), spot('f2')])).toEqual(failedOf());
    expect(lab.clock.nowMs()).toBe(day14Ms + noteMsMax + 25 * secondMs);
  });

  it('looks further where a cluster is not there', async () => {
    const lab = createTimedLab({
      clusters: ['deleted', 'shop'],
      lookUp: async (arn) => {
        if (arn === arnOf('deleted')) throw new ClusterNotFound(arn);
        return new Map([[ec2Id('c1'), `${arn.replace(':cluster/', ':container-instance/')}/c1`]]);
      },
    });
    expect(await lab.deliver([spot('c1')])).toEqual(failedOf());
    expect(lab.namesKept('shop')).toEqual(['instance#c1']);
  });

  it('looks further where a cluster cannot be listed, and gives back whom no other one knows', async () => {
    const lab = createTimedLab({
      clusters: ['broken', 'shop'],
      lookUp: async (arn) => {
        if (arn === arnOf('broken')) throw new Error('ecs:ListContainerInstances: denied');
        return listOf('c1');
      },
    });
    expect(await lab.deliver([spot('c1'), spot('f1')])).toEqual(failedOf(2));
    expect(lab.namesKept('shop')).toEqual(['instance#c1']);
    expect(lab.logged('item-failed')).toMatchObject([
      { error: { message: 'ecs:ListContainerInstances: denied' } },
    ]);
  });
});

/** Instances of the cluster `shop`, as a look-up tells them. */
const listOf = (...ids: readonly string[]) =>
  new Map(ids.map((id) => [ec2Id(id), instanceArn(id)]));

describe('a list of instances that was read before', () => {
  it('is read again for one that has joined since: its notice is not dropped', async () => {
    const there = ['c1'];
    const lab = createTimedLab({ lookUp: async () => listOf(...there) });
    await lab.deliver([spot('c1')]);
    there.push('c2');
    await lab.clock.sleep(2 * minuteMs);
    await lab.deliver([spot('c2', lab.clock.nowMs() - secondMs)]);
    expect(lab.namesKept('shop')).toEqual(['instance#c1', 'instance#c2']);
  });

  it.each([
    ['once a minute, for notices of after it', 0, 5],
    ['once in five minutes, for those of before it', -10 * minuteMs, 1],
  ])('costs little where they are about instances of nobody: %s', async (_, afterMs, expected) => {
    let looks = 0;
    const lab = createTimedLab({
      lookUp: async () => {
        looks += 1;
        return new Map();
      },
    });
    for (let at = 0; at < 30; at += 1) {
      const spots = ['f1', 'f2', 'f3'].map((id) => spot(id, lab.clock.nowMs() + afterMs));
      expect(await lab.deliver(spots)).toEqual(failedOf());
      await lab.clock.sleep(10 * secondMs);
    }
    expect(looks).toBe(expected);
  });
});

describe('a run over several clusters', () => {
  type Lab = ReturnType<typeof createTimedLab>;

  /** Clusters that take so many seconds to read. */
  const slowLab = (secondsOf: Readonly<Record<string, number>>): Lab => {
    const lab: Lab = createTimedLab({
      clusters: Object.keys(secondsOf),
      read: (cluster, signal) => lab.clock.sleep((secondsOf[cluster] ?? 0) * secondMs, signal),
    });
    return lab;
  };
  const looksAt = (lab: Lab, name: string): number =>
    lab.logged('look').filter(({ cluster }) => cluster === name).length;
  const runs = async (lab: Lab, count: number): Promise<readonly boolean[]> => {
    const results: boolean[] = [];
    for (let at = 0; at < count; at += 1) results.push(await lab.run());
    return results;
  };

  it('gives each its turn, where there is time for one', async () => {
    const lab = slowLab({ one: 50, two: 50, three: 50 });
    expect(await runs(lab, 12)).not.toContain(false);
    expect(['one', 'two', 'three'].map((name) => looksAt(lab, name))).toEqual([4, 4, 4]);
  });

  it('holds the one that takes too long, not the others, and says so after an hour', async () => {
    const lab = slowLab({ huge: 600, small: 1 });
    const results = await runs(lab, 10);
    expect(looksAt(lab, 'huge')).toBe(0);
    // Both in each run where the small one is first; the huge one takes all of every other run.
    expect(looksAt(lab, 'small')).toBe(5);
    expect(lab.logged('cluster-not-looked-at')[0]).toEqual({
      cluster: 'huge',
      reason: 'out-of-time',
      detail: `reading the cluster took longer than ${readMsMax} ms`,
    });
    expect(results.indexOf(false)).toBe(4);
  });

  it('begins with the one that was cut short because another came before it', async () => {
    const lab = slowLab({ one: 44, two: 40 });
    await runs(lab, 2);
    expect(lab.reads).toEqual(['one', 'two', 'two', 'one']);
    expect(lab.logged('look').map(({ cluster }) => cluster)).toEqual(['one', 'two']);
  });

  it('does not begin again with the one at which the last run was killed', async () => {
    const lab = slowLab({ one: 1, two: 1 });
    await lab.runUntilKilled();
    await lab.run();
    expect(lab.reads).toEqual(['one', 'two', 'one']);
  });

  it('gives its turn to one that is not read in time beside one that is not there', async () => {
    const lab: Lab = createTimedLab({
      clusters: ['deleted', 'huge', 'large'],
      read: async (cluster, signal) => {
        if (cluster === 'deleted') throw new ClusterNotFound(cluster);
        await lab.clock.sleep((cluster === 'huge' ? 600 : 70) * secondMs, signal);
      },
    });
    await runs(lab, 9);
    expect(looksAt(lab, 'large')).toBeGreaterThanOrEqual(3);
  });
});
