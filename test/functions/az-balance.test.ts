import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../functions/az-balance/config.ts';
import { createHandler } from '../../functions/az-balance/handler.ts';
import type { FaultRule } from '../../simulator/account.ts';
import {
  add,
  clusterArn,
  clusterName,
  ecsInstanceOf,
  instanceArn,
  serviceArn,
  taskArn,
} from '../support/accounts.ts';
import { addZones, createLab, type Lab, place, surging, zoneOf } from './az-balance-lab.ts';

/** `open warn` of the incident of each service, by name. */
const stateOf = async (lab: Lab): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries(
    (await lab.incidents()).map(({ subject, status, severity }) => [
      subject.name,
      `${status} ${severity}`,
    ]),
  );
const reasonsOf = (lab: Lab): readonly unknown[] =>
  lab.logged('decision').map(({ service, verdict, reason }) => `${service} ${verdict} ${reason}`);
const fault = (rule: FaultRule): FaultRule => rule;

/** An instance more in a, which is leaving. */
function drain(lab: Lab, name: string): void {
  const [like] = lab.account.containerInstances.values();
  const arn = instanceArn(name);
  add(lab.account, { instances: [{ ...like, ...ecsInstanceOf(name), status: 'DRAINING' }] });
  expect(lab.account.containerInstances.get(arn)?.status).toBe('DRAINING');
}

function moveTo({ account }: Lab, task: string, instance: string): void {
  const known = account.tasks.get(taskArn(task));
  if (known === undefined) throw new RangeError(`there is no task ${task}`);
  add(account, { tasks: [{ ...known, containerInstanceArn: instanceArn(instance) }] });
}

describe('az-balance', () => {
  it('tells of what ECS leaves alone once it has lasted 20 minutes', async () => {
    const lab = createLab();
    place(lab.account, 'search', { a: 5, b: 1 }, surging);
    await lab.pass(20);
    expect(await stateOf(lab)).toEqual({});
    await lab.pass(5);
    expect(await stateOf(lab)).toEqual({ search: 'open warn' });
    const [incident] = await lab.incidents();
    expect(incident).toMatchObject({
      kind: 'zone-imbalance',
      count: 1,
      facts: {
        ...{ spread: '5/1/0', bestSpread: '2/2/2', left: 1, leftPercent: 17 },
        ...{ reason: 'surge-move', moves: 3, movesNeeded: 3, changes: 'maximumPercent >= 117' },
        lostZone: zoneOf('a'),
      },
      outbox: [{ transition: 'open', severity: 'warn' }],
    });
  });

  it('opens once, however long it lasts', async () => {
    const lab = createLab();
    place(lab.account, 'search', { a: 5, b: 1 }, surging);
    await lab.pass(180);
    const [incident] = await lab.incidents();
    expect(incident).toMatchObject({ count: 1, outbox: [{ transition: 'open' }], sequence: 1 });
  });

  it('gives ECS an hour where it should act', async () => {
    const lab = createLab();
    place(lab.account, 'feed', { a: 5, b: 1 });
    await lab.pass(60);
    expect(await stateOf(lab)).toEqual({});
    await lab.pass(5);
    expect(await stateOf(lab)).toEqual({ feed: 'open warn' });
    expect(reasonsOf(lab).at(-1)).toBe('feed ecs-will ecs-will-rebalance');
  });

  it('says nothing of what ECS balances in time, and of a deployment', async () => {
    const lab = createLab();
    place(lab.account, 'feed', { a: 5, b: 1 });
    const rollout = { id: 'ecs-svc/7', status: 'PRIMARY', rolloutState: 'IN_PROGRESS' as const };
    place(lab.account, 'web', { a: 5, b: 1 }, { ...surging, deployments: [rollout] });
    await lab.pass(50);
    place(lab.account, 'feed', { a: 2, b: 2, c: 2 });
    await lab.pass(60);
    expect(await stateOf(lab)).toEqual({});
  });

  it('watches what ECS will fix until it has, and tells nobody but the log', async () => {
    const lab = createLab();
    place(lab.account, 'feed', { a: 5, b: 1 });
    await lab.pass(30);
    expect(reasonsOf(lab).at(-1)).toBe('feed ecs-will ecs-will-rebalance');
    const createdAt = new Date(lab.nowMs());
    const message = '(service feed) is AZ balanced with 2 tasks in eu-central-1a.';
    place(lab.account, 'feed', { a: 2, b: 2, c: 2 }, { events: [{ id: '1', createdAt, message }] });
    await lab.pass(10);
    expect(lab.logged('imbalance-ended')).toEqual([]);
    await lab.pass(30);
    expect(lab.logged('imbalance-ended')).toEqual([
      {
        ...{ cluster: clusterName, service: 'feed', endedBy: 'ecs' },
        ...{ lastedMinutes: 40, wasOpen: false },
      },
    ]);
    expect(await stateOf(lab)).toEqual({});
  });

  it('says of what was told that ECS has ended it', async () => {
    const lab = createLab();
    place(lab.account, 'feed', { a: 5, b: 1 });
    await lab.pass(70);
    const createdAt = new Date(lab.nowMs());
    const message = '(service feed) is AZ balanced with 2 tasks in eu-central-1a.';
    place(lab.account, 'feed', { a: 2, b: 2, c: 2 }, { events: [{ id: '1', createdAt, message }] });
    await lab.pass(30);
    const [incident] = await lab.incidents();
    expect(incident).toMatchObject({ status: 'resolved', facts: { endedBy: 'ecs' } });
  });

  it('ends when it has been balanced for ten minutes', async () => {
    const lab = createLab();
    place(lab.account, 'search', { a: 5, b: 1 }, surging);
    await lab.pass(25);
    place(lab.account, 'search', { a: 2, b: 2, c: 2 });
    await lab.pass(10);
    expect(await stateOf(lab)).toEqual({ search: 'open warn' });
    await lab.pass(5);
    expect(await stateOf(lab)).toEqual({ search: 'resolved warn' });
    const [incident] = await lab.incidents();
    expect(incident).toMatchObject({ resolution: 'balanced', facts: { spread: '2/2/2' } });
  });

  it('leaves out who opted out, and ends what was open', async () => {
    const lab = createLab();
    const off = [{ key: 'ballast:az-balance', value: 'off' }];
    place(lab.account, 'legacy', { a: 5, b: 1 }, { ...surging, tags: off });
    place(lab.account, 'search', { a: 5, b: 1 }, surging);
    await lab.pass(25);
    expect(await stateOf(lab)).toEqual({ search: 'open warn' });
    place(lab.account, 'search', { a: 5, b: 1 }, { tags: off });
    await lab.pass(15);
    expect(await stateOf(lab)).toEqual({ search: 'resolved warn' });
  });

  it('ends what was open about a service that is gone, and begins again with one of its name', async () => {
    const lab = createLab();
    place(lab.account, 'search', { a: 5, b: 1 }, surging);
    await lab.pass(25);
    lab.account.services.delete(serviceArn('search'));
    await lab.pass(5);
    expect(await stateOf(lab)).toEqual({ search: 'resolved warn' });
    place(lab.account, 'search', { a: 5, b: 1 }, surging);
    // Its desired count has changed, from none to six: that is waited out as well.
    await lab.pass(40);
    expect(await stateOf(lab)).toEqual({ search: 'resolved warn' });
    await lab.pass(5);
    expect(await stateOf(lab)).toEqual({ search: 'open warn' });
  });

  it('begins again where somebody else has closed the incident', async () => {
    const lab = createLab();
    place(lab.account, 'search', { a: 5, b: 1 }, surging);
    await lab.pass(25);
    const [incident] = await lab.incidents();
    if (incident === undefined) throw new Error('no incident');
    const closed = { ...incident, status: 'resolved', resolvedAtMs: lab.nowMs() } as const;
    await lab.store.save({ ...closed, version: incident.version + 1 }, incident.version);
    await lab.pass(25);
    expect(await stateOf(lab)).toEqual({ search: 'resolved warn' });
    await lab.pass(5);
    expect(await stateOf(lab)).toEqual({ search: 'open warn' });
  });

  it('says of five at once in one card what one card each would say', async () => {
    const lab = createLab();
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) place(lab.account, name, { a: 5, b: 1 }, surging);
    await lab.pass(40);
    const each = Object.fromEntries(names.map((one) => [one, 'open info']));
    expect(await stateOf(lab)).toEqual({ ...each, [clusterName]: 'open warn' });
    const noisy = (await lab.incidents()).filter(({ outbox }) => outbox.length > 0);
    expect(noisy).toMatchObject([
      {
        ...{ kind: 'zone-imbalance', subject: { type: 'cluster', name: clusterName } },
        facts: { services: 5, worst: expect.stringContaining('a: 5/1/0; losing eu-central-1a') },
        outbox: [{ transition: 'open', severity: 'warn' }],
      },
    ]);
    const writes = () => lab.account.calls.filter(({ operation }) => operation === 'PutItem');
    lab.account.calls.splice(0);
    await lab.run();
    expect(writes()).toEqual([]);
    for (const name of names) place(lab.account, name, { a: 2, b: 2, c: 2 });
    await lab.pass(20);
    expect(await stateOf(lab)).toMatchObject({ [clusterName]: 'resolved warn' });
    lab.account.calls.splice(0);
    await lab.run();
    expect(writes()).toEqual([]);
  });

  it('writes the card of a flood with the next run, where it could not be written', async () => {
    const lab = createLab();
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      place(lab.account, name, { a: 5, b: 1 }, surging);
    }
    await lab.pass(20);
    const { incidents } = lab.deps;
    const broken = createHandler({
      ...lab.deps,
      incidents: {
        ...incidents,
        get: (key) =>
          key.subject.type === 'cluster'
            ? Promise.reject(new Error('not now'))
            : incidents.get(key),
      },
    });
    await expect(broken({ source: 'ballast.schedule' })).rejects.toThrow('could not be watched');
    expect(await stateOf(lab)).not.toHaveProperty(clusterName);
    lab.wait(5);
    await lab.run();
    expect(await stateOf(lab)).toMatchObject({ a: 'open info', [clusterName]: 'open warn' });
  });

  it('tells of what is uneven while an instance without its tasks drains for days', async () => {
    const lab = createLab();
    place(lab.account, 'search', { a: 5, b: 1 }, surging);
    drain(lab, 'old');
    await lab.pass(25);
    expect(await stateOf(lab)).toEqual({ search: 'open warn' });
    expect(reasonsOf(lab).at(-1)).toBe('search hold provider-draining');
    const [report] = await lab.run();
    expect(report).toMatchObject({ imbalanced: 1, held: 0, wouldMove: 0 });
  });

  it('waits out a drain that moves its tasks, and 20 minutes more', async () => {
    const lab = createLab();
    place(lab.account, 'search', { a: 5, b: 1 }, surging);
    drain(lab, 'old');
    moveTo(lab, 'search-a-0', 'old');
    await lab.pass(60);
    expect(await stateOf(lab)).toEqual({});
    expect(reasonsOf(lab).at(-1)).toBe('search hold instance-draining');
    // The instance is still leaving: others keep it.
    moveTo(lab, 'search-a-0', 'c-a');
    await lab.pass(20);
    expect(reasonsOf(lab).at(-1)).toBe('search hold instance-draining');
    await lab.pass(25);
    expect(await stateOf(lab)).toEqual({ search: 'open warn' });
  });

  it('says how long a service could not be judged, and counts those of a day', async () => {
    const lab = createLab();
    place(lab.account, 'search', { a: 5, b: 1 }, surging);
    drain(lab, 'old');
    moveTo(lab, 'search-a-0', 'old');
    await lab.run();
    for (let hour = 0; hour < 25; hour += 1) {
      lab.wait(60);
      await lab.run();
    }
    expect(lab.logged('decision').at(-1)).toMatchObject({ heldMinutes: 1_500 });
    const counts = lab.logged('run').map(({ heldLong }) => heldLong);
    expect(counts).toEqual([...new Array(25).fill(0), 1]);
    moveTo(lab, 'search-a-0', 'c-a');
    lab.account.containerInstances.delete(instanceArn('old'));
    await lab.pass(30);
    expect(lab.logged('run').at(-1)).toMatchObject({ heldLong: 0 });
    expect(lab.logged('decision').at(-1)).not.toHaveProperty('heldMinutes');
  });

  it('watches the others while a service fails, in a cluster of few', async () => {
    const lab = createLab();
    place(lab.account, 'search', { a: 5, b: 1 }, surging);
    place(lab.account, 'web', { a: 1, b: 1 });
    place(lab.account, 'broken', {}, { desiredCount: 1 });
    await lab.pass(25);
    expect(await stateOf(lab)).toEqual({ search: 'open warn' });
    expect(reasonsOf(lab)).toContain('search hold services-unhealthy');
    expect((await lab.run())[0]).toMatchObject({ imbalanced: 1, wouldMove: 0 });
    place(lab.account, 'search', { a: 2, b: 2, c: 2 });
    await lab.pass(15);
    expect(await stateOf(lab)).toEqual({ search: 'resolved warn' });
  });

  it('waits out a desired count that somebody has changed', async () => {
    const lab = createLab();
    place(lab.account, 'search', { a: 3, b: 1 }, surging);
    await lab.pass(15);
    place(lab.account, 'search', { a: 5, b: 1 });
    await lab.pass(15);
    expect(reasonsOf(lab).at(-1)).toBe('search hold recent-desired-count');
    expect(await stateOf(lab)).toEqual({});
    await lab.pass(20);
    expect(await stateOf(lab)).toEqual({ search: 'open warn' });
  });

  it('tells why a move is not possible, and of what scales', async () => {
    const lab = createLab();
    place(lab.account, 'search', { a: 5, b: 1 }, surging);
    const ResourceId = `service/${clusterName}/search`;
    lab.account.scalableTargets.set(ResourceId, { ResourceId, MinCapacity: 2, MaxCapacity: 9 });
    await lab.pass(25);
    expect(reasonsOf(lab).at(-1)).toBe('search hold scaling-active');
    expect(await stateOf(lab)).toEqual({ search: 'open warn' });
  });

  it('does not count a protection that no move would meet', async () => {
    const lab = createLab();
    place(lab.account, 'search', { a: 5, b: 1 }, surging);
    place(lab.account, 'web', { a: 2, b: 2, c: 2 });
    const until = new Date(lab.nowMs() + 3_600_000);
    const protectedTask = { protectionEnabled: true, expirationDate: until };
    lab.account.taskProtections.set(taskArn('web-a-0'), protectedTask);
    await lab.run();
    expect(reasonsOf(lab)).toContain('search would-act surge-move');
    lab.account.taskProtections.set(taskArn('search-a-0'), protectedTask);
    await lab.run();
    expect(reasonsOf(lab)).toContain('search hold task-protected');
  });

  it('reports a run', async () => {
    const lab = createLab();
    place(lab.account, 'search', { a: 5, b: 1 }, surging);
    place(lab.account, 'web', { a: 2, b: 2, c: 2 });
    place(lab.account, 'ledger', { a: 1 });
    const [report] = await lab.run();
    expect(report).toMatchObject({
      ...{ cluster: clusterName, services: 3, balanced: 1, imbalanced: 1, held: 0, open: 0 },
      ...{ wouldMove: 3, failed: 0, isHeld: false },
    });
    expect(lab.logged('run')).toMatchObject([{ ...report, gaps: [], stackMode: 'observe' }]);
    expect(reasonsOf(lab)).toContain('ledger cannot one-task');
    const [decision] = lab.logged('decision').filter(({ service }) => service === 'search');
    expect(decision).toMatchObject({
      function: 'az-balance',
      decision: 'act',
      spread: { [zoneOf('a')]: 5, [zoneOf('b')]: 1, [zoneOf('c')]: 0 },
      best: [2, 2, 2],
      worst: { zone: zoneOf('a'), left: 1 },
      obstacles: [{ reason: 'maximum-percent', change: 'maximumPercent >= 117' }],
    });
  });

  it('ignores what is not its schedule', async () => {
    const lab = createLab();
    expect(await lab.handle({ source: 'aws.ecs' })).toEqual([]);
    expect(lab.logged('event-ignored')).toEqual([{ reason: 'not-a-schedule' }]);
    expect(lab.account.calls).toEqual([]);
    const sample: unknown = JSON.parse(readFileSync('events/az-balance/schedule.json', 'utf8'));
    expect(await lab.handle(sample)).toHaveLength(1);
  });

  it('changes nothing in ECS', async () => {
    const lab = createLab({ config: { stackMode: 'enforce' } });
    place(lab.account, 'search', { a: 5, b: 1 }, surging);
    await lab.pass(60);
    expect(Object.keys(lab.calls()).filter((name) => !/^(List|Describe|Get)/.test(name))).toEqual(
      [],
    );
  });
});

describe('a cluster that cannot be seen whole', () => {
  const imbalanced = async () => {
    const lab = createLab();
    place(lab.account, 'search', { a: 5, b: 1 }, surging);
    await lab.pass(15);
    return lab;
  };

  it('opens nothing while it is throttled, and goes on where it was', async () => {
    const lab = await imbalanced();
    const rule = fault({ service: 'ecs', operation: 'DescribeTasks', kind: 'throttle' });
    lab.account.faults.push(rule);
    await lab.pass(10);
    expect(await stateOf(lab)).toEqual({});
    expect(lab.logged('run').at(-1)).toMatchObject({ isHeld: true });
    lab.account.faults.splice(0);
    await lab.pass(5);
    expect(await stateOf(lab)).toEqual({ search: 'open warn' });
  });

  it('ends nothing', async () => {
    const lab = await imbalanced();
    await lab.pass(10);
    lab.account.faults.push(fault({ service: 'ecs', operation: 'ListServices', kind: 'throttle' }));
    await lab.pass(30);
    expect(await stateOf(lab)).toEqual({ search: 'open warn' });
  });

  it('fails the run where a read is denied, because nobody would hear of it', async () => {
    const lab = await imbalanced();
    const rule = fault({ service: 'ecs', operation: 'ListTasks', kind: 'access-denied' });
    lab.account.faults.push(rule);
    await expect(lab.run()).rejects.toThrow('1 of 1 clusters could not be watched');
    expect(lab.logged('cluster-failed')).toMatchObject([{ clusterArn }]);
    expect(await stateOf(lab)).toEqual({});
  });

  it.each(['DescribeSubnets', 'DescribeCapacityProviders'])(
    'fails the run where zones cannot be known: %s',
    async (operation) => {
      const lab = await imbalanced();
      lab.account.faults.push(fault({ operation, kind: 'access-denied' }));
      await expect(lab.run()).rejects.toThrow('could not be watched');
      expect(reasonsOf(lab).at(-1)).toBe('search hold zones-unknown');
      expect(lab.logged('run').at(-1)).toMatchObject({ isHeld: false, held: 1 });
    },
  );

  it('does not hold up the others', async () => {
    const other = 'arn:aws:ecs:eu-central-1:123456789012:cluster/gone';
    const lab = createLab({ config: { clusterArns: [other, clusterArn] } });
    place(lab.account, 'search', { a: 5, b: 1 }, surging);
    await expect(lab.run()).rejects.toThrow('1 of 2 clusters could not be watched');
    expect(lab.logged('run')).toMatchObject([{ cluster: clusterName }]);
    expect(lab.logged('cluster-failed')).toMatchObject([{ clusterArn: other }]);
  });

  it('is no matter of parts that only a move would need', async () => {
    const lab = await imbalanced();
    const rule = { service: 'application-autoscaling', kind: 'access-denied' } as const;
    lab.account.faults.push(fault(rule));
    await lab.pass(10);
    expect(await stateOf(lab)).toEqual({ search: 'open warn' });
    expect(reasonsOf(lab).at(-1)).toBe('search hold guard-unknown');
  });
});

describe('several clusters', () => {
  const arnOf = (name: string) => `arn:aws:ecs:eu-central-1:123456789012:cluster/${name}`;

  /** Runs that end, as if they were killed, with the look that they have not the time for. */
  const createRuns = (
    names: readonly string[],
    minutesOf: Readonly<Record<string, number>> = {},
  ) => {
    const lab = createLab({ config: { clusterArns: names.map(arnOf) } });
    return async (minutes: number): Promise<string> => {
      const looked: string[] = [];
      const killed = Promise.withResolvers<void>();
      let leftMinutes = minutes;
      const handle = createHandler({
        ...lab.deps,
        snapshots: {
          read: (arn) => {
            const name = arn.split('/').at(-1) ?? arn;
            leftMinutes -= minutesOf[name] ?? 1;
            if (leftMinutes < 0) {
              killed.resolve();
              return new Promise(() => undefined);
            }
            looked.push(name);
            lab.wait(1);
            return Promise.reject(new Error('seen enough'));
          },
        },
      });
      const ended = handle({ source: 'ballast.schedule' }).catch(() => undefined);
      await Promise.race([ended, killed.promise]);
      lab.wait(5);
      return looked.join();
    };
  };

  it('are looked at by turns, where a run has not the time for all', async () => {
    const run = createRuns(['one', 'two', 'three']);
    const looks: string[] = [];
    for (let runs = 0; runs < 4; runs += 1) looks.push(await run(2));
    expect(looks).toEqual(['one,two', 'three,one', 'two,three', 'one,two']);
    expect(await run(9)).toBe('three,one,two');
  });

  it('go on every other run beside one that no run has the time for', async () => {
    const run = createRuns(['huge', 'one', 'two'], { huge: 9 });
    const looks: string[] = [];
    for (let runs = 0; runs < 4; runs += 1) looks.push(await run(2));
    expect(looks).toEqual(['', 'one,two', '', 'one,two']);
  });

  it('are looked at as they are listed, where nobody knows whose turn it is', async () => {
    const lab = createLab({ config: { clusterArns: [arnOf('gone'), clusterArn] } });
    lab.account.faults.push(fault({ service: 'dynamodb', kind: 'server-error' }));
    await expect(lab.run()).rejects.toThrow('2 of 2 clusters could not be watched');
    expect(lab.logged('turn-lost').length).toBeGreaterThan(0);
    lab.account.faults.splice(0);
    await lab.deps.memories.save({ partition: 'ZONE-LOOKS', name: clusterArn }, '{}', 0, 0);
    await expect(lab.run()).rejects.toThrow('1 of 2 clusters could not be watched');
    expect(lab.logged('memory-unreadable')).toMatchObject([{ clusterArn }]);
  });

  it('one alone has no turns to remember', async () => {
    const lab = createLab();
    await lab.run();
    expect(await lab.deps.memories.list('ZONE-LOOKS')).toEqual([]);
  });
});

describe('two runs, and crashes', () => {
  it('at once say the same things', async () => {
    const lab = createLab();
    place(lab.account, 'search', { a: 5, b: 1 }, surging);
    for (let runs = 0; runs < 12; runs += 1) {
      await Promise.all([lab.run(), lab.run()]);
      lab.wait(5);
    }
    const [incident] = await lab.incidents();
    expect(incident).toMatchObject({ count: 1, sequence: 1, status: 'open' });
    expect(lab.logged('memory-contended').length).toBeGreaterThan(0);
    expect(lab.logged('item-failed')).toEqual([]);
  });

  it('an incident that could not be written is written by the next run', async () => {
    const lab = createLab();
    place(lab.account, 'search', { a: 5, b: 1 }, surging);
    await lab.pass(20);
    lab.account.faults.push(
      fault({ service: 'dynamodb', operation: 'GetItem', kind: 'server-error' }),
    );
    await expect(lab.run()).rejects.toThrow('could not be watched');
    expect(lab.logged('item-failed')).toMatchObject([{ service: 'search' }]);
    lab.account.faults.splice(0);
    lab.wait(5);
    await lab.run();
    expect(await stateOf(lab)).toEqual({ search: 'open warn' });
  });

  it('a memory that cannot be read is written over', async () => {
    const lab = createLab();
    place(lab.account, 'search', { a: 5, b: 1 }, surging);
    const key = { partition: `ZONES#${clusterName}`, name: 'search' };
    await lab.deps.memories.save(key, '{"desired":"many"}', 0, lab.nowMs());
    await lab.pass(25);
    expect(lab.logged('memory-unreadable')).toMatchObject([
      { service: 'search', detail: expect.stringContaining('memory.desired') },
    ]);
    expect(await stateOf(lab)).toEqual({ search: 'open warn' });
  });
});

describe('the calls of a run', () => {
  /** 200 services of three tasks each, one in each zone. */
  const large = (): Lab => {
    const lab = createLab();
    for (let at = 0; at < 200; at += 1) place(lab.account, `s${at}`, { a: 1, b: 1, c: 1 });
    return lab;
  };
  const base = {
    ...{ ListTasks: 6, DescribeTasks: 6, ListContainerInstances: 1, DescribeContainerInstances: 1 },
    ...{ ListServices: 2, DescribeServices: 20, DescribeCapacityProviders: 1, DescribeSubnets: 1 },
  };

  it('are the base alone where everything is balanced', async () => {
    const lab = large();
    const [report] = await lab.run();
    expect(lab.calls()).toEqual(base);
    expect(report).toMatchObject({ services: 200, balanced: 200, calls: 38 });
  });

  it('are one or a batch more for each part that something out of balance needs', async () => {
    const lab = large();
    const TargetGroupArn =
      'arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/search/1';
    lab.account.targetGroups.set(TargetGroupArn, { TargetGroupArn, targets: [] });
    place(
      lab.account,
      's0',
      { a: 3 },
      { ...surging, loadBalancers: [{ targetGroupArn: TargetGroupArn }] },
    );
    place(lab.account, 's1', { a: 3 }, surging);
    await lab.run();
    expect(lab.calls()).toEqual({
      ...base,
      ...{ DescribeInstanceTypes: 1, DescribeTargetHealth: 1 },
      ...{ DescribeScalableTargets: 1, GetTaskProtection: 1 },
    });
  });

  it('write nothing more once everything is settled', async () => {
    const lab = large();
    await lab.pass(20);
    lab.account.calls.splice(0);
    await lab.run();
    const writes = lab.account.calls.filter(({ operation }) => operation === 'PutItem');
    expect(writes).toEqual([]);
  });

  it('write a memory of what stands once a week, for the table would forget it in 30 days', async () => {
    const lab = createLab();
    place(lab.account, 'search', { a: 5, b: 1 }, surging);
    await lab.pass(25);
    lab.wait(8 * 24 * 60);
    await lab.run();
    const written = async (): Promise<number> => {
      lab.account.calls.splice(0);
      lab.wait(5);
      await lab.run();
      return lab.account.calls.filter(({ operation }) => operation === 'PutItem').length;
    };
    expect(await written()).toBe(0);
    lab.wait(6 * 24 * 60);
    expect(await written()).toBe(1);
    expect(await written()).toBe(0);
  });
});

describe('the configuration', () => {
  const env = {
    ...{ MODE: 'observe', CLUSTER_ARNS: clusterArn, TABLE_NAME: 'ballast' },
    ...{ ZONE_SKEW_MAX: '1', ZONE_HOLD_MINUTES: '20' },
  };

  it('is read from the environment', () => {
    expect(readConfig(env)).toEqual({
      ...{ stackMode: 'observe', clusterArns: [clusterArn], tableName: 'ballast' },
      ...{ zoneSkewMax: 1, zoneHoldMinutes: 20 },
    });
  });

  it('names what is wrong', () => {
    expect(() => readConfig({ ...env, ZONE_SKEW_MAX: '0', ZONE_HOLD_MINUTES: '4' })).toThrow(
      'ZONE_SKEW_MAX must be a whole number from 1 to 100, got "0"; ' +
        'ZONE_HOLD_MINUTES must be a whole number from 5 to 1440, got "4"',
    );
  });

  it('of a larger skew tolerates it, and of a longer hold waits', async () => {
    const [skewed, patient] = [
      createLab({ config: { zoneSkewMax: 5 } }),
      createLab({ config: { zoneHoldMinutes: 40 } }),
    ];
    for (const lab of [skewed, patient]) {
      place(lab.account, 'search', { a: 5, b: 1 }, surging);
      await lab.pass(40);
      expect(await stateOf(lab)).toEqual({});
      await lab.pass(5);
    }
    expect(await stateOf(skewed)).toEqual({});
    expect(await stateOf(patient)).toEqual({ search: 'open warn' });
  });
});

describe('zones without an instance', () => {
  it('are named in the plan', async () => {
    const lab = createLab();
    lab.account.containerInstances.clear();
    addZones(lab.account, ['a', 'b']);
    place(lab.account, 'search', { a: 5, b: 1 }, surging);
    await lab.pass(25);
    const [incident] = await lab.incidents();
    expect(incident?.facts).toMatchObject({
      ...{ moves: 1, movesNeeded: 3, roomIn: zoneOf('b') },
      blocked: `${zoneOf('c')} has no instance`,
    });
  });
});
