import { describe, expect, it } from 'vitest';
import { restartServicesMax } from '../../shared/domain/restart-loop.ts';
import { createAccount } from '../../simulator/account.ts';
import { tableDefinition } from '../../simulator/hook-session.ts';
import { createSimulatedTaskState } from '../../simulator/task-state.ts';
import {
  clusterArn,
  createLab,
  minuteMs,
  serviceEvent,
  startMs,
  steady,
  stopEvent,
} from './task-state-lab.ts';

type Lab = Awaited<ReturnType<typeof createLab>>;

/** A rollback: open until the next success, and no loop of anything. */
const rolledBack = (service: string, atMs = startMs) =>
  serviceEvent('ECS Deployment State Change', service, atMs, {
    eventType: 'ERROR',
    eventName: 'SERVICE_DEPLOYMENT_FAILED',
    deploymentId: 'ecs-svc/90',
    reason: 'ECS deployment failed: tasks failed to start.',
  });

/** What Container Insights shows of a service, or of one container of it, a value a minute. */
function measure(
  lab: Pick<Lab, 'account'>,
  service: string,
  values: readonly number[],
  { fromMs = startMs, container }: { readonly fromMs?: number; readonly container?: string } = {},
): void {
  lab.account.metrics.push({
    Namespace: 'ECS/ContainerInsights',
    MetricName: 'RestartCount',
    Dimensions: {
      ClusterName: 'prod',
      ServiceName: service,
      ...(container === undefined ? {} : { ContainerName: container }),
    },
    samples: values.map((value, at) => ({ atMs: fromMs + at * minuteMs, value })),
  });
}

/** A container that lives for half a minute less than two: it restarts in two minutes of three. */
const looping = (minutes: number): readonly number[] =>
  Array.from({ length: minutes }, (_, at) => (at % 3 === 0 ? 0 : 1));
const quiet = (minutes: number): readonly number[] => Array.from({ length: minutes }, () => 0);

async function sweepFor(lab: Lab, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    await lab.sweep();
    lab.wait(minuteMs);
  }
}

const readsOf = ({ account }: Pick<Lab, 'account'>) =>
  account.calls.filter(({ operation }) => operation === 'GetMetricData');
const writesOf = ({ account }: Lab): number =>
  account.calls.filter(({ operation }) => operation === 'PutItem').length;
const loopsOf = async (lab: Lab) =>
  (await lab.incidents()).filter(({ kind }) => kind === 'crash-loop');
const loggedAs = (lab: Lab, message: string): readonly unknown[] =>
  lab.logs.filter((one) => one.message === message).map(({ fields }) => fields);

describe('restarts in place beside an open incident', () => {
  it('open a restart loop of their own, which ends when there are none for 15 minutes', async () => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker'));
    measure(lab, 'worker', [...looping(30), ...quiet(60)]);
    measure(lab, 'worker', [...looping(30), ...quiet(60)], { container: 'app' });
    await lab.deliver(rolledBack('worker'));
    await sweepFor(lab, 30);
    const told = lab.subjects().filter((subject) => subject.includes('restart loop'));
    expect(told).toEqual([
      expect.stringMatching(
        /^\[WARN\] worker in prod: restart loop, application exit, \d+ restarts in \d+ min, 4 of 4 running$/,
      ),
    ]);
    expect(await loopsOf(lab)).toMatchObject([
      { cause: 'application-exit', deploymentId: 'ecs-svc/88', status: 'open' },
    ]);
    // The last restart is in minute 29, the reads are five minutes apart.
    await sweepFor(lab, 14);
    expect(await loopsOf(lab)).toMatchObject([{ status: 'open' }]);
    await sweepFor(lab, 8);
    expect(await loopsOf(lab)).toMatchObject([{ status: 'resolved', resolution: 'steady' }]);
    expect(lab.subjects().at(-1)).toMatch(
      /^\[RESOLVED\] worker in prod: steady again after a restart loop/,
    );
    expect(loggedAs(lab, 'restarts')).toContainEqual(
      expect.objectContaining({ service: 'worker', reason: 'restarts-per-period' }),
    );
    expect(lab.account.problems).toEqual([]);
  });

  it('are counted once each, by the minute in which they were', async () => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker'));
    measure(lab, 'worker', looping(20));
    await lab.deliver(rolledBack('worker'));
    await sweepFor(lab, 21);
    const [loop] = await loopsOf(lab);
    // Until minute 17: what is younger may still grow. Minute 2 could have been the restart of
    // minute 1 until the third peak, and lay outside the window by then.
    const minutes = (loop?.occurrences ?? []).map(({ atMs }) => (atMs - startMs) / minuteMs);
    expect(minutes).toEqual([...new Set(minutes)]);
    expect(minutes).toEqual(
      Array.from({ length: 18 }, (_, at) => at).filter((at) => at % 3 > 0 && at !== 2),
    );
    expect(loop?.count).toBe(minutes.length);
  });

  it('of which two would do are told of nobody', async () => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker'));
    measure(lab, 'worker', [0, 0, 1, 0, 0, 1, ...quiet(30)]);
    await lab.deliver(rolledBack('worker'));
    await sweepFor(lab, 36);
    expect(await loopsOf(lab)).toEqual([]);
    expect(lab.subjects()).toHaveLength(1);
  });

  it('name the container where it is measured and an incident knows it', async () => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker'));
    measure(lab, 'worker', [0, 3, 0, 0, 0, 0, 0, 0]);
    measure(lab, 'worker', [0, 3, 0, 0, 0, 0, 0, 0], { container: 'app' });
    await lab.deliver(...['a', 'b', 'c'].map((id) => stopEvent({ id, atMs: startMs - minuteMs })));
    lab.wait(5 * minuteMs);
    await lab.sweep();
    const [loop] = await loopsOf(lab);
    expect(loop?.occurrences.slice(3).map(({ facts }) => facts)).toEqual(
      Array.from({ length: 3 }, () => ({ container: 'app', restartsInPlace: true })),
    );
  });
});

describe('restarts in place during a crash loop', () => {
  it('are part of it: one incident, which does not end while they go on', async () => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker'));
    measure(lab, 'worker', [...quiet(5), ...looping(55), ...quiet(60)]);
    lab.wait(3 * minuteMs);
    await lab.deliver(
      ...['a', 'b', 'c'].map((id, at) => stopEvent({ id, atMs: startMs + at * minuteMs })),
    );
    // The service looks steady all the time.
    await sweepFor(lab, 50);
    expect(await loopsOf(lab)).toMatchObject([{ status: 'open', cause: 'out-of-memory' }]);
    expect(lab.subjects()).toEqual([
      expect.stringMatching(/^\[WARN\] worker in prod: crash loop, out of memory, \d+ stops/),
    ]);
    await sweepFor(lab, 35);
    expect(await loopsOf(lab)).toMatchObject([{ status: 'resolved', resolution: 'steady' }]);
    const [, resolved] = lab.alerts;
    expect(lab.subjects()[1]).toMatch(/^\[RESOLVED\] worker in prod/);
    expect(resolved?.text).toMatch(/no stop or restart for \d+ min/);
    expect(resolved?.text).toMatch(/\d+ stops and restarts in all/);
  });

  it('go on in one of their own once the deployment is another one', async () => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker'));
    measure(lab, 'worker', looping(60));
    lab.wait(3 * minuteMs);
    await lab.deliver(
      ...['a', 'b', 'c'].map((id, at) => stopEvent({ id, atMs: startMs + at * minuteMs })),
    );
    await sweepFor(lab, 20);
    const [rollout] = steady('worker').rollouts;
    if (rollout === undefined) throw new Error('a steady service has a deployment');
    const newer = { ...rollout, id: 'ecs-svc/89', createdAtMs: lab.nowMs() };
    lab.states.set('worker', steady('worker', { rollouts: [newer] }));
    await sweepFor(lab, 20);
    const newerLoop = (await loopsOf(lab)).find(
      ({ deploymentId }) => deploymentId === 'ecs-svc/89',
    );
    expect(newerLoop).toMatchObject({ status: 'open', cause: 'application-exit' });
    expect(newerLoop?.firstAtMs).toBeGreaterThanOrEqual(newer.createdAtMs);
  });
});

describe('the read of restarts', () => {
  it('is one call in five minutes, and none without an open incident', async () => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker'));
    lab.states.set('api', steady('api'));
    await sweepFor(lab, 10);
    expect(readsOf(lab)).toHaveLength(0);
    await lab.deliver(rolledBack('worker', lab.nowMs()), rolledBack('api', lab.nowMs()));
    await sweepFor(lab, 30);
    expect(readsOf(lab)).toHaveLength(6);
  });

  it('does not even load its gateway while no service has an incident', async () => {
    const lab = await createLab({
      metrics: { readSamples: () => Promise.reject(new Error('asked for nothing')) },
    });
    await lab.sweep();
    expect(loggedAs(lab, 'side-read-failed')).toEqual([]);
  });

  it('that finds nothing, because Container Insights is off, changes nothing', async () => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker'));
    await lab.deliver(rolledBack('worker'));
    const before = await lab.incidents();
    const writes = writesOf(lab);
    await lab.sweep();
    expect(writesOf(lab)).toBe(writes);
    expect(await lab.incidents()).toEqual(before);
    const itemReads = () =>
      lab.account.calls.filter(({ operation }) => operation === 'GetItem').length;
    const due = itemReads();
    lab.wait(minuteMs);
    await lab.sweep();
    const notDue = itemReads() - due;
    lab.wait(4 * minuteMs);
    await lab.sweep();
    expect(itemReads() - due - notDue).toBe(notDue);
    expect(readsOf(lab)).toHaveLength(2);
    const found = expect.objectContaining({ reason: 'no-restart-metric', count: 0 });
    expect(loggedAs(lab, 'restarts')).toEqual([found, found]);
    expect(loggedAs(lab, 'item-failed')).toEqual([]);
  });

  it.each([
    ['access-denied', 'aws-denied'],
    ['throttle', 'aws-throttled'],
    ['server-error', 'aws-unavailable'],
  ] as const)('that fails (%s) is logged, and the sweep does the rest', async (kind, reason) => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker'));
    measure(lab, 'worker', looping(30));
    lab.account.faults.push({ operation: 'GetMetricData', kind });
    await lab.deliver(rolledBack('worker'));
    await sweepFor(lab, 30);
    expect(await loopsOf(lab)).toEqual([]);
    expect(lab.subjects()).toHaveLength(1);
    expect(loggedAs(lab, 'item-failed')).toEqual([]);
    expect(loggedAs(lab, 'side-read-failed')).toEqual(
      Array.from({ length: 6 }, () => expect.objectContaining({ what: 'restarts', reason })),
    );
  });

  it('that one metric of many refuses is a failed read', async () => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker'));
    measure(lab, 'worker', looping(30));
    for (const series of lab.account.metrics) series.failure = 'Forbidden';
    await lab.deliver(rolledBack('worker'));
    await lab.sweep();
    expect(loggedAs(lab, 'side-read-failed')).toHaveLength(1);
  });

  it('that fails keeps a restart loop open: nobody has seen that it is over', async () => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker'));
    measure(lab, 'worker', [...looping(30), ...quiet(200)]);
    await lab.deliver(rolledBack('worker'));
    await sweepFor(lab, 30);
    lab.account.faults.push({ operation: 'GetMetricData', kind: 'access-denied' });
    await sweepFor(lab, 60);
    expect(await loopsOf(lab)).toMatchObject([{ status: 'open' }]);
    lab.account.faults.length = 0;
    await sweepFor(lab, 25);
    expect(await loopsOf(lab)).toMatchObject([{ status: 'resolved' }]);
  });

  it('of a service that is gone or has opted out holds nothing up', async () => {
    const lab = await createLab();
    for (const name of ['worker', 'api']) {
      lab.states.set(name, steady(name));
      measure(lab, name, looping(30));
    }
    await lab.deliver(rolledBack('worker'), rolledBack('api'));
    await sweepFor(lab, 30);
    expect((await loopsOf(lab)).map(({ status }) => status)).toEqual(['open', 'open']);
    lab.states.delete('worker');
    lab.states.set('api', steady('api', { tags: { 'ballast:task-state': 'off' } }));
    const reads = readsOf(lab).length;
    await sweepFor(lab, 20);
    expect((await loopsOf(lab)).map(({ resolution }) => resolution).sort()).toEqual([
      'steady',
      'the service is gone',
    ]);
    expect(readsOf(lab)).toHaveLength(reads);
  });

  it('covers so many services at most, in one call, and says what it leaves out', async () => {
    const lab = await createLab();
    const names = Array.from({ length: restartServicesMax + 1 }, (_, at) => `svc${at}`);
    for (const [at, name] of names.entries()) {
      lab.states.set(name, steady(name));
      await lab.deliver(rolledBack(name, startMs + at));
    }
    await lab.sweep();
    expect(readsOf(lab)).toHaveLength(1);
    expect(loggedAs(lab, 'restarts-left-out')).toEqual([{ count: 1, services: ['svc0'] }]);
    expect(loggedAs(lab, 'side-read-failed')).toEqual([]);
  });

  it('of a cluster that is no longer looked after is not made', async () => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker'));
    await lab.deliver(rolledBack('worker'));
    const [incident] = await lab.incidents();
    if (incident === undefined) throw new Error('a rollback is open');
    await lab.store.save({ ...incident, cluster: 'old', version: 1 }, 0);
    await lab.sweep();
    const asked = JSON.stringify(readsOf(lab).map(({ input }) => input));
    expect(asked).toContain('prod');
    expect(asked).not.toContain('"old"');
  });
});

describe('a sweep that comes again', () => {
  const looped = async (): Promise<Lab> => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker'));
    measure(lab, 'worker', [...looping(18), ...quiet(2)]);
    await lab.deliver(rolledBack('worker'));
    await sweepFor(lab, 20);
    return lab;
  };

  it('in the same minute changes nothing more', async () => {
    const lab = await looped();
    await lab.sweep();
    const before = JSON.stringify(await loopsOf(lab));
    const writes = writesOf(lab);
    await lab.sweep();
    expect(JSON.stringify(await loopsOf(lab))).toBe(before);
    expect(writesOf(lab)).toBe(writes);
  });

  it('at the same time counts every restart once', async () => {
    const lab = await looped();
    const alone = await looped();
    await Promise.all([lab.sweep(), lab.sweep(), lab.sweep()]);
    await alone.sweep();
    const essence = async (one: Lab) =>
      (await loopsOf(one)).map(({ count, occurrences }) => ({ count, occurrences }));
    expect(await essence(lab)).toEqual(await essence(alone));
  });

  it('after one that died at the write makes up for it', async () => {
    const lab = await looped();
    const alone = await looped();
    lab.account.faults.push({ operation: 'PutItem', kind: 'server-error' });
    await expect(lab.sweep()).rejects.toThrow('were not dealt with');
    expect(loggedAs(lab, 'item-failed')).not.toEqual([]);
    lab.account.faults.length = 0;
    for (const one of [lab, alone]) {
      one.wait(5 * minuteMs);
      await one.sweep();
    }
    const idsOf = async (one: Lab) =>
      (await loopsOf(one)).flatMap(({ occurrences }) => occurrences.map(({ id }) => id));
    expect(await idsOf(lab)).toEqual(await idsOf(alone));
    expect(await idsOf(lab)).toHaveLength(11);
  });
});

describe('the function with the gateways of its own', () => {
  it('loads the one for metrics when there is something to ask', async () => {
    let nowMs = startMs;
    const account = createAccount({ nowMs: () => nowMs, tables: [tableDefinition] });
    const taskState = createSimulatedTaskState({
      account,
      nowMs: () => nowMs,
      clusterArns: [clusterArn],
    });
    measure({ account }, 'worker', looping(30));
    await taskState.deliver([rolledBack('worker')]);
    for (let minute = 0; minute < 6; minute += 1) {
      await taskState.sweep();
      nowMs += minuteMs;
    }
    expect(readsOf({ account })).toHaveLength(2);
    expect(account.problems).toEqual([]);
  });
});
