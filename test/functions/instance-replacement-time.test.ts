import { describe, expect, it } from 'vitest';
import { noteMsMax } from '../../functions/instance-replacement/budget.ts';
import { createHandler, type Deps } from '../../functions/instance-replacement/handler.ts';
import type { Memory } from '../../shared/aws/memory-store.ts';
import { ClusterNotFound } from '../../shared/aws/snapshot-reading.ts';
import type { Fields } from '../../shared/runtime/log.ts';
import { createVirtualClock } from '../../simulator/virtual-clock.ts';
import { clusterArn } from '../support/accounts.ts';
import { snapshotOf } from '../support/snapshots.ts';
import { day14Ms, ec2Id, stateEvent } from './instance-replacement-lab.ts';

const secondMs = 1_000;

const arnOf = (cluster: string): string => clusterArn.replace(/[^/]+$/, cluster);

/** The function over ports that take the time that a test says, and a table that keeps what is saved. */
function createTimedLab({
  clusters = ['shop'],
  ...ports
}: {
  readonly clusters?: readonly string[];
  readonly lookUp?: Deps['instances']['byEc2Id'];
}) {
  const clock = createVirtualClock(day14Ms);
  const kept = new Map<string, Map<string, Memory>>();
  const logs: { readonly message: string; readonly fields: Fields }[] = [];
  const note = (message: string, fields: Fields = {}): void => void logs.push({ message, fields });
  const handle = createHandler({
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
    snapshots: { read: async (arn) => snapshotOf({ clusterArn: arn, takenAtMs: clock.nowMs() }) },
    instances: { byEc2Id: ports.lookUp ?? (async () => new Map()) },
    clock,
    log: { debug: note, info: note, warn: note, error: note },
  });
  return {
    clock,
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

const spot = (id: string) => ({
  id: `event-spot-${id}`,
  'detail-type': 'EC2 Spot Instance Interruption Warning',
  source: 'aws.ec2',
  time: new Date(day14Ms).toISOString(),
  resources: [],
  detail: { 'instance-id': ec2Id(id), 'instance-action': 'terminate' },
});

const failedOf = (...messages: readonly number[]) => ({
  batchItemFailures: messages.map((at) => ({ itemIdentifier: `message-${at}` })),
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
});
