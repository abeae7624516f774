import { describe, expect, it } from 'vitest';
import { optedOut } from '../../shared/domain/incident-end.ts';
import { drainedSinceMs, phaseOf } from '../../shared/domain/instance-replacement.ts';
import { add, ecsInstanceOf, instanceArn, taskArn } from '../support/accounts.ts';
import { sampleEventsOf } from '../support/event-rules.ts';
import {
  createLab,
  day14Ms,
  dayMs,
  ec2Id,
  hourMs,
  launchMs,
  minuteMs,
  stateEvent,
} from './instance-replacement-lab.ts';

type Lab = ReturnType<typeof createLab>;

/** Runs the schedule every 15 minutes for so long. */
async function runFor(lab: Lab, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 15 * minuteMs) {
    await lab.wait(15 * minuteMs);
    await lab.run();
  }
}

describe('a drain from notice to empty', () => {
  it('is followed through duplicates, late and reordered events, and verified', async () => {
    const lab = createLab();
    await lab.run();
    await lab.wait(2 * hourMs);
    const drained = stateEvent('c1', 'DRAINING', 41, lab.clock.nowMs());
    lab.setStatus('c1', 'DRAINING');
    await lab.deliver([stateEvent('c1', 'DRAINING', 43, lab.clock.nowMs() + 5_000), drained]);
    await lab.deliver([drained, drained]);
    expect(phaseOf((await lab.record('c1')) ?? never())).toBe('draining');
    await lab.wait(10 * minuteMs);
    await lab.run();
    lab.task('w3', 'c3');
    lab.instance('c3', lab.clock.nowMs());
    lab.remove('w1');
    await lab.wait(15 * minuteMs);
    await lab.run();
    expect(phaseOf((await lab.record('c1')) ?? never())).toBe('empty');
    lab.terminate('c1');
    await lab.deliver([stateEvent('c1', 'INACTIVE', 50, lab.clock.nowMs())]);
    await lab.deliver([drained]);
    await runFor(lab, 15 * minuteMs);
    expect(lab.logged('replacement')).toMatchObject([
      {
        instance: 'c1',
        why: 'age',
        reason: 'verified',
        tookMs: expect.toSatisfy((ms) => ms > 20 * minuteMs && ms < 40 * minuteMs),
        forecastErrorMs: expect.toSatisfy((ms) => Math.abs(ms) < minuteMs),
      },
    ]);
    expect(await lab.record('c1')).toMatchObject({ isDone: true, id: 'c1' });
    expect(await lab.incidents()).toEqual([]);
    const reads = lab.readsOfEcs();
    await runFor(lab, 15 * minuteMs);
    expect(lab.readsOfEcs()).toBe(reads);
  });

  it('is found by the calendar where no event ever came', async () => {
    const lab = createLab();
    lab.setStatus('c1', 'DRAINING');
    await lab.run();
    expect(phaseOf((await lab.record('c1')) ?? never())).toBe('draining');
  });

  it('loses standalone tasks, which is on record', async () => {
    const lab = createLab();
    lab.task('report', 'c1', null);
    lab.setStatus('c1', 'DRAINING');
    await lab.run();
    for (const id of ['w1', 'report']) lab.remove(id);
    lab.instance('c3', lab.clock.nowMs());
    lab.task('w3', 'c3');
    lab.terminate('c1');
    await runFor(lab, 30 * minuteMs);
    expect(lab.logged('replacement')).toMatchObject([{ reason: 'tasks-lost', lost: ['report'] }]);
  });

  it('that leaves a service below its count is given two hours, then not recovered', async () => {
    const lab = createLab();
    lab.setStatus('c1', 'DRAINING');
    await lab.run();
    lab.remove('w1');
    lab.terminate('c1');
    lab.service('web', { runningCount: 1 });
    await runFor(lab, hourMs);
    expect(lab.logged('replacement')).toEqual([]);
    await runFor(lab, 75 * minuteMs);
    expect(lab.logged('replacement')).toMatchObject([{ reason: 'not-recovered', below: ['web'] }]);
  });

  it('that leaves a service short is an incident of the service, which ends when it is back', async () => {
    const lab = createLab();
    await shorten(lab);
    await runFor(lab, 2 * hourMs + 15 * minuteMs);
    expect(await lab.incidents()).toMatchObject([
      {
        kind: 'not-recovered',
        subject: { type: 'service', name: 'web' },
        status: 'open',
        severity: 'critical',
        count: 1,
        facts: { running: 1, desired: 2, minimum: 2, instance: ec2Id('c1') },
      },
    ]);
    lab.service('web', { runningCount: 2 });
    await runFor(lab, 15 * minuteMs);
    expect(await lab.incidents()).toMatchObject([{ status: 'resolved' }]);
    expect((await lab.record('c1'))?.outcome).toMatchObject({ below: ['web'], missing: [] });
  });

  it('that a service is short after for a week is never told as back', async () => {
    const lab = createLab();
    await shorten(lab);
    for (let hours = 0; hours <= 7 * 24 + 12; hours += 3) {
      await lab.run();
      await lab.wait(3 * hourMs);
    }
    const [incident] = await lab.incidents();
    expect(incident).toMatchObject({ kind: 'not-recovered', facts: { running: 1, desired: 2 } });
    expect(['open', 'expired']).toContain(incident?.resolution ?? incident?.status);
  });

  it('that a service opted out after ends, and does not say that it is back', async () => {
    const lab = createLab();
    await shorten(lab);
    await runFor(lab, 2 * hourMs + 15 * minuteMs);
    lab.service('web', {
      runningCount: 1,
      tags: [{ key: 'ballast:instance-replacement', value: 'off' }],
    });
    await runFor(lab, 15 * minuteMs);
    expect(await lab.incidents()).toMatchObject([{ status: 'resolved', resolution: optedOut }]);
  });

  it('that a service came back from is not blamed for one task short two hours later', async () => {
    const lab = createLab();
    lab.service('search', { desiredCount: 3, runningCount: 3 });
    for (const id of ['s1', 's2']) lab.task(id, 'c1', 'search');
    lab.task('s3', 'c2', 'search');
    await shorten(lab);
    // All of it in one zone: what keeps the outcome open.
    for (const id of ['s1', 's2']) lab.remove(id);
    for (const id of ['s4', 's5']) lab.task(id, 'c2', 'search');
    lab.service('web', { runningCount: 2 });
    await runFor(lab, 2 * hourMs);
    expect(lab.logged('replacement')).toEqual([]);
    lab.service('web', { runningCount: 1 });
    await runFor(lab, 15 * minuteMs);
    expect(lab.logged('replacement')).toMatchObject([
      { reason: 'not-recovered', below: [], uneven: ['search'] },
    ]);
    expect(await lab.incidents()).toEqual([]);
  });

  it('that a rollout explains is told when that has ended and the service is still short', async () => {
    const lab = createLab();
    await shorten(lab);
    const rollout = (rolloutState: 'IN_PROGRESS' | 'COMPLETED') => ({
      runningCount: 1,
      deployments: [
        { id: 'ecs-svc/8', status: 'PRIMARY', rolloutState, createdAt: new Date(day14Ms) },
      ],
    });
    lab.service('web', rollout('IN_PROGRESS'));
    await runFor(lab, 3 * hourMs);
    expect(await lab.incidents()).toEqual([]);
    lab.service('web', rollout('COMPLETED'));
    await runFor(lab, 15 * minuteMs);
    expect((await lab.incidents()).map(({ kind }) => kind)).toEqual(['not-recovered']);
    expect(await lab.record('c1')).toMatchObject({ short: undefined, isDone: true });
  });

  it('that task-state explains already is told when that has ended and the service is still short', async () => {
    const lab = createLab();
    await shorten(lab);
    const opened = await lab.openLoop('web');
    await runFor(lab, 3 * hourMs);
    expect((await lab.incidents()).map(({ kind }) => kind)).toEqual(['crash-loop']);
    await lab.endLoop(opened);
    await runFor(lab, 15 * minuteMs);
    expect((await lab.incidents()).map(({ kind }) => kind).sort()).toEqual([
      'crash-loop',
      'not-recovered',
    ]);
  });

  it('is judged when the last task is off it, not while it is on its way out', async () => {
    const lab = createLab();
    lab.task('report', 'c1', null);
    lab.setStatus('c1', 'DRAINING');
    await lab.run();
    lab.remove('w1');
    lab.instance('c3', lab.clock.nowMs());
    lab.task('w3', 'c3');
    lab.setStatus('c1', 'DEREGISTERING');
    await runFor(lab, 15 * minuteMs);
    expect(lab.logged('replacement')).toEqual([]);
    lab.remove('report');
    lab.terminate('c1');
    await runFor(lab, 30 * minuteMs);
    expect(lab.logged('replacement')).toMatchObject([{ reason: 'tasks-lost', lost: ['report'] }]);
  });

  it('is no longer remembered half a day later, and a late event of it fails no batch', async () => {
    const lab = createLab();
    await lab.run();
    const inactive = stateEvent('c1', 'INACTIVE', 50, lab.clock.nowMs());
    await lab.deliver([inactive]);
    lab.remove('w1');
    lab.terminate('c1');
    await runFor(lab, 15 * minuteMs);
    expect(await lab.record('c1')).toMatchObject({ isDone: true });
    await lab.wait(12 * hourMs);
    expect(await lab.record('c1')).toBeUndefined();
    expect(await lab.deliver([inactive])).toEqual({ batchItemFailures: [] });
    expect(await lab.record('c1')).toMatchObject({ event: { status: 'INACTIVE' } });
  });

  it('is not observed where nobody looked before it was gone', async () => {
    const lab = createLab();
    await lab.deliver([
      stateEvent('c9', 'DRAINING', 4, lab.clock.nowMs()),
      stateEvent('c9', 'INACTIVE', 9, lab.clock.nowMs() + minuteMs),
    ]);
    await runFor(lab, 15 * minuteMs);
    expect(lab.logged('replacement')).toMatchObject([{ instance: 'c9', reason: 'not-observed' }]);
  });
});

/** c1 goes, and `web` stays with one of its two tasks. */
async function shorten(lab: Lab): Promise<void> {
  lab.setStatus('c1', 'DRAINING');
  await lab.run();
  lab.remove('w1');
  lab.terminate('c1');
  lab.service('web', { runningCount: 1 });
}

const never = (): never => {
  throw new Error('there is no record');
};

describe('a drain that stands still', () => {
  async function stuckLab(): Promise<Lab> {
    const lab = createLab();
    lab.service('cart', {
      desiredCount: 3,
      runningCount: 3,
      deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 125 },
    });
    for (const id of ['k1', 'k2']) lab.task(id, 'c2', 'cart');
    lab.task('k3', 'c1', 'cart');
    await lab.run();
    await lab.wait(2 * hourMs);
    lab.setStatus('c1', 'DRAINING');
    await lab.deliver([stateEvent('c1', 'DRAINING', 41, lab.clock.nowMs())]);
    lab.remove('w1');
    lab.task('w3', 'c2');
    return lab;
  }

  const drains = async (lab: Lab) =>
    (await lab.incidents()).filter(({ kind }) => kind === 'drain-stuck');

  it('is told after an hour, with the change that frees it, and ends when it is empty', async () => {
    const lab = await stuckLab();
    await runFor(lab, 45 * minuteMs);
    expect(await drains(lab)).toEqual([]);
    await runFor(lab, 45 * minuteMs);
    expect(await drains(lab)).toMatchObject([
      {
        kind: 'drain-stuck',
        status: 'open',
        severity: 'warn',
        subject: { type: 'instance', name: 'c1' },
        facts: {
          stuck: 1,
          why: 'age',
          stays: 'cart/k3: desired 3, at least 3 and at most 3 may run',
          changes:
            'cart: maximumPercent 134 or more, or minimumHealthyPercent 66 or less (one task fewer meanwhile)',
        },
      },
    ]);
    expect(lab.logged('drain').at(-1)).toMatchObject({
      isStuck: true,
      stays: [{ name: 'cart', reason: 'nothing-can-move' }],
    });
    lab.remove('k3');
    lab.task('k4', 'c2', 'cart');
    await runFor(lab, 15 * minuteMs);
    expect(await drains(lab)).toMatchObject([
      { status: 'resolved', resolution: 'the instance is empty' },
    ]);
  });

  it('pages a day before the deadline, once', async () => {
    const lab = await stuckLab();
    await runFor(lab, 75 * minuteMs);
    await lab.wait(day14Ms + 6 * dayMs - 30 * minuteMs - lab.clock.nowMs());
    await lab.run();
    expect(await drains(lab)).toMatchObject([{ severity: 'warn', status: 'open' }]);
    await runFor(lab, hourMs);
    expect(await drains(lab)).toMatchObject([
      { severity: 'critical', outbox: [{ transition: expect.stringMatching(/open|escalate/) }] },
    ]);
  });

  it('is told by who keeps it, the same one until that has left, whyever it stays', async () => {
    const lab = await stuckLab();
    lab.task('a1', 'c1', null);
    const keeper = async () => [
      (await lab.record('c1'))?.progress?.keeper,
      (await drains(lab))[0]?.facts.keeper,
    ];
    await runFor(lab, 45 * minuteMs);
    expect(await keeper()).toEqual([undefined, undefined]);
    await runFor(lab, 45 * minuteMs);
    // What lets nothing move comes before a standalone task.
    expect(await keeper()).toEqual(['service/cart', 'service/cart']);
    lab.service('cart', { deploymentConfiguration: { maximumPercent: 200 } });
    await runFor(lab, 15 * minuteMs);
    expect((await drains(lab))[0]?.facts.keptBy).toContain('cart replacement');
    expect(await keeper()).toEqual(['service/cart', 'service/cart']);
    lab.remove('k3');
    await runFor(lab, 30 * minuteMs);
    expect(await keeper()).toEqual([undefined, 'service/cart']);
    await runFor(lab, 60 * minuteMs);
    expect(await keeper()).toEqual(['family/report', 'family/report']);
  });

  it('that began early is told and paged by its own seven days, which may be its end', async () => {
    const lab = createLab(launchMs + 5 * dayMs);
    lab.task('report', 'c1', null);
    await lab.run();
    const drainMs = lab.clock.nowMs();
    lab.setStatus('c1', 'DRAINING');
    await lab.deliver([stateEvent('c1', 'DRAINING', 41, drainMs)]);
    lab.remove('w1');
    lab.task('w3', 'c2');
    await runFor(lab, 90 * minuteMs);
    expect(await drains(lab)).toMatchObject([
      { status: 'open', severity: 'warn', facts: { deadlineMs: drainMs + 7 * dayMs } },
    ]);
    await lab.wait(drainMs + 6 * dayMs - 30 * minuteMs - lab.clock.nowMs());
    await lab.run();
    expect(await drains(lab)).toMatchObject([{ severity: 'warn' }]);
    await runFor(lab, hourMs);
    expect(await drains(lab)).toMatchObject([
      { severity: 'critical', outbox: [{ transition: expect.stringMatching(/open|escalate/) }] },
    ]);
    await lab.wait(drainMs + 7 * dayMs - lab.clock.nowMs());
    lab.terminate('c1');
    lab.remove('report');
    await runFor(lab, 30 * minuteMs);
    expect(await drains(lab)).toMatchObject([
      { status: 'resolved', facts: { endedBy: 'gone', leftAtEnd: 1, lost: 1 } },
    ]);
    expect(lab.logged('replacement')).toMatchObject([{ reason: 'tasks-lost' }]);
  });

  it('is none as long as something departs each hour', async () => {
    const lab = await stuckLab();
    for (const id of ['x1', 'x2', 'x3', 'x4']) lab.task(id, 'c1');
    for (const id of ['x1', 'x2', 'x3', 'x4']) {
      await runFor(lab, 45 * minuteMs);
      lab.remove(id);
    }
    await runFor(lab, 15 * minuteMs);
    expect(await drains(lab)).toEqual([]);
  });

  it('ends when the instance returns to ACTIVE, and begins anew with the next drain', async () => {
    const lab = await stuckLab();
    await runFor(lab, 75 * minuteMs);
    lab.setStatus('c1', 'ACTIVE');
    await runFor(lab, 15 * minuteMs);
    expect(await drains(lab)).toMatchObject([
      { status: 'resolved', resolution: 'the drain was cancelled' },
    ]);
    expect(lab.logged('replacement')).toMatchObject([{ reason: 'drain-cancelled' }]);
    lab.setStatus('c1', 'DRAINING');
    const againMs = lab.clock.nowMs();
    await lab.deliver([stateEvent('c1', 'DRAINING', 60, againMs)]);
    await runFor(lab, 15 * minuteMs);
    const record = (await lab.record('c1')) ?? never();
    expect([phaseOf(record), drainedSinceMs(record)]).toEqual(['draining', againMs]);
  });

  it('is nobody else’s matter than the service’s: who opted out is left out', async () => {
    const lab = await stuckLab();
    const cart = lab.serviceNamed('cart') ?? never();
    cart.tags = [{ key: 'ballast:instance-replacement', value: 'off' }];
    await runFor(lab, 3 * hourMs);
    expect(await drains(lab)).toEqual([]);
    expect(lab.logged('drain').at(-1)).toMatchObject({ left: 1, isStuck: false });
  });

  it('is told nothing about where reads were throttled: nothing is lost, nothing concluded', async () => {
    const lab = await stuckLab();
    lab.account.faults.push({ service: 'ecs', operation: 'ListTasks', kind: 'throttle' });
    await runFor(lab, 45 * minuteMs);
    expect(await drains(lab)).toEqual([]);
    expect(lab.logged('cluster-not-looked-at').at(-1)).toMatchObject({
      reason: 'snapshot-incomplete',
    });
    expect(phaseOf((await lab.record('c1')) ?? never())).toBe('draining');
    lab.account.faults.length = 0;
    await runFor(lab, 30 * minuteMs);
    expect(await drains(lab)).toMatchObject([{ status: 'open' }]);
  });
});

describe('the calendar', () => {
  const ahead = async (lab: Lab) =>
    (await lab.incidents()).filter(({ kind }) => kind === 'replacement-ahead');

  it('tells nothing where nothing is at risk', async () => {
    const lab = createLab(day14Ms - 60 * hourMs);
    await runFor(lab, 7 * hourMs);
    expect(await lab.incidents()).toEqual([]);
  });

  it('warns 72 h ahead, again a day ahead, and ends when it is repaired', async () => {
    const lab = createLab(day14Ms - 80 * hourMs);
    lab.service('ledger', {
      desiredCount: 1,
      runningCount: 1,
      deploymentConfiguration: { minimumHealthyPercent: 0, maximumPercent: 100 },
    });
    lab.task('l1', 'c1', 'ledger');
    await lab.run();
    expect(await ahead(lab)).toEqual([]);
    await lab.wait(9 * hourMs);
    await lab.run();
    expect(await ahead(lab)).toMatchObject([
      {
        status: 'open',
        severity: 'warn',
        subject: { type: 'cluster', name: 'shop' },
        facts: {
          instances: 1,
          ofInstances: 2,
          isHerd: false,
          harms: 1,
          harmLines: 'ledger: desired 1, may be without a task while it moves',
          notice: 'first',
        },
      },
    ]);
    await lab.wait(48 * hourMs);
    await lab.run();
    expect(await ahead(lab)).toMatchObject([{ facts: { notice: 'second' }, count: 1 }]);
    lab.service('ledger', { desiredCount: 2 });
    lab.task('l2', 'c2', 'ledger');
    await lab.wait(6 * hourMs);
    await lab.run();
    expect(await ahead(lab)).toMatchObject([
      { status: 'resolved', resolution: 'nothing is at risk any more' },
    ]);
  });

  it('keeps one thread while instances leave a herd, and ends it when the last is done', async () => {
    const lab = createLab(day14Ms - 50 * hourMs);
    for (const id of ['c3', 'c4']) lab.instance(id, day14Ms - 14 * dayMs + 10 * minuteMs);
    lab.task('report', 'c4', null);
    await lab.run();
    const [first] = await ahead(lab);
    expect(first).toMatchObject({ facts: { isHerd: true, instances: 3 }, deploymentId: 'c1' });
    lab.terminate('c1');
    lab.remove('w1');
    lab.task('w3', 'c3');
    await lab.wait(6 * hourMs);
    await lab.run();
    expect(await ahead(lab)).toMatchObject([
      { id: first?.id, facts: { instances: 1, isHerd: false } },
    ]);
    for (const id of ['c3', 'c4']) lab.terminate(id);
    for (const id of ['report', 'w3']) lab.remove(id);
    lab.task('w4', 'c2');
    await runFor(lab, 7 * hourMs);
    expect(await ahead(lab)).toMatchObject([{ id: first?.id, status: 'resolved' }]);
  });

  it('counts at its end all instances of a herd, those that left it first included', async () => {
    const lab = createLab(day14Ms - 50 * hourMs);
    const herd = ['c1', 'c3', 'c4', 'c5', 'c6', 'c7'];
    for (const id of herd.slice(1)) lab.instance(id, launchMs + 10 * minuteMs);
    lab.task('report', 'c7', null);
    await lab.run();
    expect(await ahead(lab)).toMatchObject([{ facts: { isHerd: true, instances: 6 } }]);
    lab.remove('w1');
    lab.task('w3', 'c2');
    for (const gone of [['c1', 'c3'], ['c4'], ['c5', 'c6']]) {
      for (const id of gone) lab.terminate(id);
      await lab.wait(6 * hourMs);
      await lab.run();
    }
    expect(await ahead(lab)).toMatchObject([{ status: 'open', facts: { instances: 1 } }]);
    lab.remove('report');
    lab.terminate('c7');
    await runFor(lab, 7 * hourMs);
    expect(await ahead(lab)).toMatchObject([
      { status: 'resolved', facts: { replaced: 6, ofReplaced: 6 } },
    ]);
  });

  it('takes nothing back where the protection of tasks could not be read', async () => {
    const lab = createLab(day14Ms - 50 * hourMs);
    const untilMs = day14Ms + 20 * dayMs;
    lab.account.taskProtections.set(taskArn('w1'), {
      protectionEnabled: true,
      expirationDate: new Date(untilMs),
    });
    await lab.run();
    expect(await ahead(lab)).toMatchObject([
      { status: 'open', facts: { harmLines: 'web: still protected when ECS kills it' } },
    ]);
    lab.account.faults.push({ operation: 'GetTaskProtection', kind: 'throttle' });
    await lab.wait(6 * hourMs);
    await lab.run();
    expect(await ahead(lab)).toMatchObject([{ status: 'open' }]);
    lab.account.faults.length = 0;
    lab.account.taskProtections.clear();
    await lab.wait(6 * hourMs);
    await lab.run();
    expect(await ahead(lab)).toMatchObject([{ status: 'resolved' }]);
  });

  describe('ends no warning about an instance that runs', () => {
    /** `c1` has a service that cannot move. */
    function harmLab(): Lab {
      const lab = createLab(day14Ms - 60 * hourMs);
      lab.service('ledger', {
        desiredCount: 1,
        runningCount: 1,
        deploymentConfiguration: { minimumHealthyPercent: 0, maximumPercent: 100 },
      });
      lab.task('l1', 'c1', 'ledger');
      return lab;
    }

    it('because its record could not be written', async () => {
      const lab = harmLab();
      lab.account.intercept = ({ operation, input }) =>
        operation === 'PutItem' && JSON.stringify(input).includes('instance#c1')
          ? 'throttle'
          : undefined;
      await expect(lab.run()).rejects.toThrow('1 clusters failed');
      expect(await lab.record('c1')).toBeUndefined();
      expect(await ahead(lab)).toMatchObject([{ status: 'open' }]);
    });

    it('because its record cannot be read: another release wrote it', async () => {
      const lab = harmLab();
      await lab.run();
      const key = { partition: 'DRAIN#shop', name: 'instance#c1' };
      await lab.memories.save(key, '{"form":9}', 1, day14Ms + 30 * dayMs);
      lab.setStatus('c2', 'DRAINING');
      await lab.deliver([stateEvent('c2', 'DRAINING', 2, lab.clock.nowMs())]);
      await runFor(lab, 30 * minuteMs);
      expect(lab.logged('record-unreadable')).not.toEqual([]);
      expect(await ahead(lab)).toMatchObject([{ status: 'open' }]);
    });
  });

  it('leaves out who opted out', async () => {
    const lab = createLab(day14Ms - 50 * hourMs);
    lab.service('ledger', {
      desiredCount: 1,
      deploymentConfiguration: { minimumHealthyPercent: 0, maximumPercent: 100 },
      tags: [{ key: 'ballast:instance-replacement', value: 'off' }],
    });
    lab.task('l1', 'c1', 'ledger');
    await lab.run();
    expect(await ahead(lab)).toEqual([]);
  });
});

describe('a message', () => {
  const ecsReads = (lab: Lab): readonly string[] =>
    lab.account.calls.flatMap(({ service, operation }) => (service === 'ecs' ? operation : []));

  const spot = (id: string) => ({
    id: 'event-spot',
    'detail-type': 'EC2 Spot Instance Interruption Warning',
    source: 'aws.ec2',
    time: new Date(day14Ms).toISOString(),
    resources: [],
    detail: { 'instance-id': id, 'instance-action': 'terminate' },
  });

  it('that is malformed, unknown or of another cluster is dropped; nothing is remembered', async () => {
    const lab = createLab();
    const events = sampleEventsOf('instance-replacement').map(({ event }) => event);
    const strange = events.filter((event) => !/spot-|rebalance|i-0/.test(JSON.stringify(event)));
    expect(await lab.deliver(['{', 'null', ...strange])).toEqual({ batchItemFailures: [] });
    await lab.deliver(events.map((event) => event));
    expect(await lab.memories.list('DRAIN#shop')).toEqual([]);
    expect(lab.logged('event-dropped')[0]).toMatchObject({ reason: 'malformed-event' });
    const reasons = new Set(lab.logged('event-ignored').map(({ reason }) => reason));
    expect([...reasons].sort()).toEqual([
      'health-not-followed',
      'other-cluster',
      'state-not-followed',
      'unknown-detail-type',
      'unknown-instance',
      'unknown-source',
    ]);
  });

  it('of EC2 finds the instance that it is about, also one that no calendar has seen', async () => {
    const lab = createLab();
    await lab.deliver([spot(ec2Id('c1')), spot(ec2Id('c1')), spot('i-0deadbeef12345678')]);
    expect(await lab.record('c1')).toMatchObject({ hints: { 'spot-interruption': day14Ms } });
    expect(ecsReads(lab)).toEqual(['ListContainerInstances', 'DescribeContainerInstances']);
    await lab.deliver([stateEvent('c1', 'INACTIVE', 50, day14Ms + 3 * minuteMs)]);
    lab.terminate('c1');
    lab.remove('w1');
    await runFor(lab, 15 * minuteMs);
    expect(lab.logged('replacement')).toMatchObject([{ instance: 'c1', why: 'spot' }]);
    expect(await lab.incidents()).toEqual([]);
  });

  describe('of EC2, about an instance whose agent has lost its state and registered again', () => {
    /** `c1` is gone, and `d9` stands on its EC2 instance. */
    async function twiceLab(): Promise<Lab> {
      const lab = createLab();
      await lab.run();
      await lab.deliver([stateEvent('c1', 'INACTIVE', 5, lab.clock.nowMs())]);
      lab.account.containerInstances.delete(instanceArn('c1'));
      lab.remove('w1');
      const registeredAt = new Date(lab.clock.nowMs());
      add(lab.account, {
        instances: [ecsInstanceOf('d9', { ec2InstanceId: ec2Id('c1'), registeredAt })],
      });
      return lab;
    }
    const hintsOf = async (lab: Lab) =>
      Promise.all(['c1', 'd9'].map(async (id) => (await lab.record(id))?.hints));
    const noted = [{}, { 'spot-interruption': day14Ms }];

    it('is noted on the one that is there, not on the one that is gone', async () => {
      const lab = await twiceLab();
      await runFor(lab, 7 * hourMs);
      const reads = lab.readsOfEcs();
      await lab.deliver([spot(ec2Id('c1'))]);
      expect(await hintsOf(lab)).toEqual(noted);
      expect(lab.readsOfEcs()).toBe(reads);
    });

    it('is noted so before a calendar has seen it', async () => {
      const lab = await twiceLab();
      await lab.deliver([spot(ec2Id('c1'))]);
      expect(await hintsOf(lab)).toEqual(noted);
    });

    it('is noted on the later one where nobody has heard that the first is gone', async () => {
      const lab = createLab();
      await lab.run();
      await lab.wait(minuteMs);
      const atMs = lab.clock.nowMs();
      for (const [id, version] of [
        ['d9', 2],
        ['c1', 1],
      ] as const) {
        const { detail, ...event } = stateEvent(id, 'DRAINING', version, atMs + version);
        await lab.deliver([{ ...event, detail: { ...detail, ec2InstanceId: ec2Id('c1') } }]);
      }
      await lab.deliver([spot(ec2Id('c1'))]);
      expect(await hintsOf(lab)).toEqual(noted);
    });
  });

  it('of EC2 about an instance of nobody is dropped, and a change of its state costs no look', async () => {
    const lab = createLab();
    const unknown = sampleEventsOf('instance-replacement').filter(({ file }) =>
      /^(spot|rebalance|ec2)-unknown-instance/.test(file),
    );
    expect(unknown).toHaveLength(3);
    for (const { event } of unknown.filter(({ file }) => file.startsWith('ec2-'))) {
      expect(await lab.deliver([event])).toEqual({ batchItemFailures: [] });
    }
    expect(lab.readsOfEcs()).toBe(0);
    const events = unknown.map(({ event }) => event);
    await lab.deliver([...events, ...events]);
    // The other two look, once for both: who is asked again within five minutes knows the answer.
    expect(ecsReads(lab)).toEqual(['ListContainerInstances', 'DescribeContainerInstances']);
    expect(await lab.memories.list('DRAIN#shop')).toEqual([]);
    expect(new Set(lab.logged('event-ignored').map(({ reason }) => reason))).toEqual(
      new Set(['unknown-instance']),
    );
  });

  it('of AWS Health in pages counts for each page by itself, in any order', async () => {
    const lab = createLab();
    const page = (id: string, number: string) => ({
      id: `event-health-${number}`,
      'detail-type': 'AWS Health Event',
      source: 'aws.health',
      time: new Date(day14Ms).toISOString(),
      resources: [ec2Id(id)],
      detail: {
        service: 'EC2',
        eventTypeCode: 'AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED',
        eventTypeCategory: 'scheduledChange',
        statusCode: 'upcoming',
        communicationId: 'c0mm',
        lastUpdatedTime: new Date(day14Ms).toUTCString(),
        affectedEntities: [{ entityValue: ec2Id(id) }],
        page: number,
        totalPages: '2',
      },
    });
    await lab.deliver([page('c2', '2'), page('c1', '1'), page('c2', '2')]);
    for (const id of ['c1', 'c2']) {
      expect(await lab.record(id)).toMatchObject({ hints: { 'aws-health': day14Ms } });
    }
  });

  it('that cannot be put on record goes back alone', async () => {
    const lab = createLab();
    lab.account.faults.push({
      service: 'dynamodb',
      operation: 'PutItem',
      kind: 'throttle',
      times: 1,
    });
    const events = ['c1', 'c2'].map((id) => stateEvent(id, 'DRAINING', 41, day14Ms));
    expect(await lab.deliver(events)).toEqual({
      batchItemFailures: [{ itemIdentifier: 'message-1' }],
    });
    expect(lab.logged('item-failed')).toMatchObject([{ reason: 'aws-throttled' }]);
    expect(phaseOf((await lab.record('c2')) ?? never())).toBe('draining');
  });

  it('that is neither a batch nor a schedule is logged', async () => {
    const lab = createLab();
    expect(await lab.handle({ hello: 'world' })).toBeUndefined();
    expect(lab.logged('event-ignored')).toEqual([{ reason: 'neither-batch-nor-schedule' }]);
  });
});

describe('a run', () => {
  it('fails at its end where a cluster failed, and is done again', async () => {
    const lab = createLab();
    lab.account.faults.push({
      service: 'dynamodb',
      operation: 'Query',
      kind: 'throttle',
      times: 1,
    });
    await expect(lab.run()).rejects.toThrow('1 clusters failed');
    expect(await lab.run()).toEqual({ looked: 1, quiet: 0, left: 0 });
    expect(await lab.run()).toEqual({ looked: 0, quiet: 1, left: 0 });
  });

  it('fails where a cluster is not there, because nobody else would say so', async () => {
    const lab = createLab();
    lab.account.clusters.clear();
    await expect(lab.run()).rejects.toThrow('1 clusters failed');
    expect(lab.logged('cluster-not-looked-at')).toMatchObject([{ reason: 'cluster-missing' }]);
  });

  it('fails at once where it may not read what it needs, and not for a part that adds to it', async () => {
    const lab = createLab();
    const fault = { service: 'ecs', kind: 'access-denied' } as const;
    lab.account.faults.push({ ...fault, operation: 'GetTaskProtection' });
    expect(await lab.run()).toMatchObject({ looked: 1 });
    lab.setStatus('c1', 'DRAINING');
    await lab.wait(6 * hourMs);
    lab.account.faults.push({ ...fault, operation: 'ListTasks' });
    await expect(lab.run()).rejects.toThrow('1 clusters failed');
    expect(lab.logged('cluster-failed')).toMatchObject([
      { error: { message: expect.stringContaining('ecs:ListTasks') } },
    ]);
    expect(await lab.incidents()).toEqual([]);
  });

  it('fails where reads have failed in passing for an hour, and is well again with the first whole one', async () => {
    const lab = createLab();
    lab.account.faults.push({ service: 'ecs', operation: 'ListTasks', kind: 'throttle' });
    for (const _ of [0, 15, 30, 45]) {
      expect(await lab.run()).toEqual({ looked: 0, quiet: 0, left: 1 });
      await lab.wait(15 * minuteMs);
    }
    await expect(lab.run()).rejects.toThrow('1 clusters failed');
    lab.account.faults.length = 0;
    expect(await lab.run()).toEqual({ looked: 1, quiet: 0, left: 0 });
    lab.account.faults.push({ service: 'ecs', operation: 'ListTasks', kind: 'throttle' });
    await lab.wait(6 * hourMs);
    expect(await lab.run()).toEqual({ looked: 0, quiet: 0, left: 1 });
  });

  it('begins anew where a record cannot be read', async () => {
    const lab = createLab();
    const key = { partition: 'DRAIN#shop', name: 'instance#c1' };
    await lab.memories.save(key, '{"id":1}', 0, day14Ms);
    await lab.memories.save({ ...key, name: 'turn' }, '{"atMs":"then"}', 0, day14Ms);
    await lab.run();
    expect(lab.logged('record-unreadable')).toMatchObject([
      { name: 'instance#c1' },
      { name: 'turn', detail: expect.stringContaining('turn.atMs') },
    ]);
    expect(await lab.record('c1')).toMatchObject({ id: 'c1', forecast: { dueMs: day14Ms } });
  });

  it('writes nothing to ECS or EC2', async () => {
    const lab = createLab();
    lab.setStatus('c1', 'DRAINING');
    await runFor(lab, 2 * hourMs);
    const writes = lab.account.calls.filter(
      ({ service, operation }) =>
        ['ecs', 'ec2'].includes(service) && !/^(List|Describe|Get)/.test(operation),
    );
    expect(writes).toEqual([]);
    expect(lab.account.calls.length).toBeGreaterThan(20);
  });
});
