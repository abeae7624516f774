import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTopicPublisher } from '../../shared/aws/topic-publisher.ts';
import {
  createLab,
  minuteMs,
  type Stop,
  serviceEvent,
  startMs,
  steady,
  stopEvent,
} from './task-state-lab.ts';

/** Six stops of `worker` in five minutes. */
const loop: readonly Stop[] = Array.from({ length: 6 }, (_, at) => ({
  id: `t${at}`,
  atMs: startMs + at * minuteMs,
}));

describe('a crash loop', () => {
  it('is told once, and its end once, whatever is delivered twice, late or out of order', async () => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker', { running: 3, pending: 1 }));
    const [a, b, c, d, e, f] = loop.map(stopEvent);
    lab.wait(6 * minuteMs);
    await lab.deliver(c, a, a);
    await lab.deliver(f, b, c, e);
    await lab.deliver(d, d);
    expect(lab.subjects()).toEqual([]); // The card waits: it might be a storm.
    lab.wait(5 * minuteMs);
    await lab.sweep();
    expect(lab.subjects()).toEqual([
      expect.stringMatching(/^\[WARN\] worker in prod: crash loop, out of memory, 6 stops/),
    ]);
    lab.states.set('worker', steady('worker'));
    for (let minute = 0; minute < 20; minute += 1) {
      lab.wait(minuteMs);
      await lab.sweep();
      await lab.deliver(b);
    }
    expect(lab.subjects()).toHaveLength(2);
    expect(lab.subjects()[1]).toMatch(/^\[RESOLVED\] worker in prod/);
    expect(new Set(lab.alerts.map(({ card }) => card.threadId)).size).toBe(1);
  });

  it('below its minimum for three minutes pages, within a minute of that', async () => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker', { running: 1, pending: 3 }));
    lab.wait(3 * minuteMs);
    await lab.deliver(...loop.slice(0, 3).map(stopEvent));
    for (let minute = 0; minute < 5; minute += 1) {
      await lab.sweep();
      lab.wait(minuteMs);
    }
    const pages = lab.alerts.filter(({ page }) => page !== undefined);
    expect(pages).toHaveLength(1);
    expect(pages[0]?.subject).toMatch(/^\[CRITICAL\] worker in prod/);
    expect(pages[0]?.page?.state).toBe('ALARM');
  });

  it('with a pager that cannot be reached is told in the channel, once, and its sweeps fail', async () => {
    const got: string[] = [];
    const publisher = createTopicPublisher(async (topic, { attributes }) => {
      if (topic === 'pages') throw new Error('no pager');
      got.push(`${attributes.transition} ${attributes.severity}`);
    });
    const lab = await createLab({ publisher });
    lab.states.set('worker', steady('worker', { running: 1, pending: 3 }));
    lab.wait(3 * minuteMs);
    await lab.deliver(...loop.slice(0, 3).map(stopEvent));
    const outcomes: string[] = [];
    for (let minute = 0; minute < 8; minute += 1) {
      outcomes.push(await lab.sweep().then(() => 'done', String));
      lab.wait(minuteMs);
    }
    expect(got).toEqual(['escalate critical']);
    expect(outcomes.at(-1)).toMatch(/messages/);
    const logged = (wanted: string) => lab.logs.filter(({ message }) => message === wanted);
    expect(logged('alert-sent').map(({ fields }) => fields)).toEqual([
      { messageId: expect.stringMatching(/^crash-loop-.*#\d$/), onlyTo: ['alerts'] },
    ]);
    expect(logged('alert-not-sent').length).toBeGreaterThan(2);
    expect(logged('alert-not-sent')[0]?.fields).toMatchObject({ detail: 'Error: no pager' });
  });

  it('that a stack wants to be of many stops is not told of as a slow one before', async () => {
    const toldOf = async (crashLoopStops: number) => {
      const lab = await createLab({}, { crashLoopStops });
      lab.states.set('worker', steady('worker', { running: 3, pending: 1 }));
      lab.wait(6 * minuteMs);
      await lab.deliver(...loop.map(stopEvent));
      return (await lab.incidents()).filter(({ status }) => status === 'open').length;
    };
    expect([await toldOf(5), await toldOf(20)]).toEqual([1, 0]);
  });

  it('of a service that may have no task at all pages where it has none', async () => {
    const lab = await createLab();
    const down = { running: 0, pending: 1, desired: 1, minimumHealthyPercent: 0 };
    lab.states.set('worker', steady('worker', down));
    lab.wait(6 * minuteMs);
    await lab.deliver(...loop.map(stopEvent));
    for (let minute = 0; minute < 10; minute += 1) {
      lab.wait(minuteMs);
      await lab.sweep();
    }
    expect(lab.subjects().at(-1)).toMatch(/^\[CRITICAL\] worker in prod/);
    expect(lab.alerts.at(-1)?.text).toContain('worker is down: none of its tasks stays up');
  });

  it('of standalone tasks is not that of the service of the same name', async () => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker', { tags: { 'ballast:task-state': 'off' } }));
    lab.wait(6 * minuteMs);
    const alone = loop.map((stop) =>
      stopEvent({ ...stop, detail: { group: 'family:worker', startedBy: 'cron' } }),
    );
    await lab.deliver(...alone, stopEvent({ id: 'of-the-service', atMs: startMs }));
    const [incident, ...others] = await lab.incidents();
    expect(others.filter(({ status }) => status === 'open')).toEqual([]);
    expect(incident).toMatchObject({ subject: { type: 'family', name: 'worker' }, status: 'open' });
    expect(incident?.facts).not.toHaveProperty('minimum');
  });

  describe('of standalone tasks', () => {
    const alone = { group: 'family:job', startedBy: 'cron' };
    const done = (id: string, atMs: number) =>
      stopEvent({ id, atMs, service: 'job', exitCode: 0, reason: '', detail: alone });
    const failed = (id: string, atMs: number) =>
      stopEvent({ id, atMs, service: 'job', exitCode: 2, reason: '', detail: alone });

    /** A lab in which the job has failed three times and a card was sent. */
    const createFailing = async (overrides: Parameters<typeof createLab>[0] = {}) => {
      const lab = await createLab(overrides);
      for (let minute = 0; minute < 9; minute += 1) {
        lab.wait(minuteMs);
        if (minute < 3) await lab.deliver(failed(`failed-${minute}`, lab.nowMs()));
        await lab.sweep();
      }
      const pass = async (minutes: number): Promise<void> => {
        for (let minute = 0; minute < minutes; minute += 1) {
          lab.wait(minuteMs);
          await lab.sweep();
        }
      };
      return { lab, pass };
    };

    it('ends a while after one that ended well, and says so', async () => {
      const { lab, pass } = await createFailing();
      expect(lab.subjects()).toEqual([
        expect.stringMatching(/^\[WARN\] job in prod: crash loop, exit code 2/),
      ]);
      expect(lab.alerts[0]?.text).toContain(
        'a task that ends well and 15 min without a failed one',
      );
      await pass(60);
      expect(lab.subjects()).toHaveLength(1);
      await lab.deliver(done('done', lab.nowMs()));
      await pass(14);
      expect(lab.subjects()).toHaveLength(1);
      await pass(2);
      expect(lab.subjects()[1]).toBe(
        '[RESOLVED] job in prod: works again, a later task ended well',
      );
    });

    it('does not end where one fails after it', async () => {
      const { lab, pass } = await createFailing();
      await lab.deliver(done('done', lab.nowMs()));
      await pass(5);
      await lab.deliver(failed('again', lab.nowMs()));
      await pass(60);
      expect(lab.subjects()).toHaveLength(1);
    });

    it('does not end by one that ended well before the last that failed', async () => {
      const { lab, pass } = await createFailing();
      await lab.deliver(done('late', lab.nowMs() - 8 * minuteMs));
      await pass(60);
      expect(lab.subjects()).toHaveLength(1);
    });

    it('does not end by one that somebody stopped', async () => {
      const { lab, pass } = await createFailing();
      const stopped = { ...alone, stopCode: 'UserInitiated', stoppedReason: 'not now' };
      await lab.deliver(stopEvent({ id: 'stopped', atMs: lab.nowMs(), detail: stopped }));
      await pass(60);
      expect(lab.subjects()).toHaveLength(1);
    });

    it('does not end by a job of another name, nor does that of a service by a job of its name', async () => {
      const unreadable = { describeServices: () => Promise.reject(new Error('throttled')) };
      const { lab, pass } = await createFailing({ services: unreadable });
      const stops = [0, 1, 2].map((at) => stopEvent({ id: `w${at}`, atMs: lab.nowMs() }));
      await lab.deliver(...stops);
      const other = { group: 'family:worker', startedBy: 'cron' };
      for (const id of ['x', 'y']) {
        await lab.deliver(
          stopEvent({ id, atMs: lab.nowMs(), exitCode: 0, reason: '', detail: other }),
        );
        await pass(30);
      }
      const open = (await lab.incidents()).filter(({ status }) => status === 'open');
      expect(open.map(({ subject }) => subject.name).sort()).toEqual(['job', 'worker']);
    });
  });

  it('of a service that cannot be read any more does not end', async () => {
    let isReadable = true;
    const services = {
      describeServices: async () => {
        if (!isReadable) throw new Error('throttled');
        return { services: [steady('worker')], missing: [], failed: [] };
      },
    };
    const lab = await createLab({ services });
    lab.wait(6 * minuteMs);
    await lab.deliver(...loop.map(stopEvent));
    for (let minute = 0; minute < 60; minute += 1) {
      lab.wait(minuteMs);
      await lab.sweep();
      isReadable = minute < 5;
    }
    expect((await lab.incidents()).map(({ status }) => status)).not.toContain('resolved');
  });

  it('of two stops is nobody told of', async () => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker'));
    await lab.deliver(...loop.slice(0, 2).map(stopEvent));
    lab.wait(30 * minuteMs);
    await lab.sweep();
    expect(lab.subjects()).toEqual([]);
  });

  it('of a service that opted out is nobody told of', async () => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker', { tags: { 'ballast:task-state': 'off' } }));
    lab.wait(6 * minuteMs);
    await lab.deliver(...loop.map(stopEvent));
    lab.wait(10 * minuteMs);
    await lab.sweep();
    expect(lab.subjects()).toEqual([]);
    expect(await lab.incidents()).toEqual([]);
    expect(lab.logs).toContainEqual({
      message: 'decision',
      fields: {
        decision: 'ignore',
        reason: 'opted-out',
        taskArn: expect.stringContaining(':task/'),
      },
    });
  });

  it('is not told either of a service that opted out where ECS tells of trouble', async () => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker', { tags: { 'ballast:task-state': 'off' } }));
    for (let minute = 0; minute < 4; minute += 1) {
      lab.wait(minuteMs);
      await lab.deliver(
        serviceEvent('ECS Service Action', 'worker', lab.nowMs(), {
          ...{ eventType: 'ERROR', eventName: 'SERVICE_TASK_PLACEMENT_FAILURE' },
          reason: 'RESOURCE:MEMORY',
        }),
      );
    }
    expect(await lab.incidents()).toEqual([]);
  });

  it.each(['HOOK_FAILED', 'HOOK_TIMED_OUT', 'HOOK_AWAITING_ACTION'])(
    'is not told either of a service that opted out where a hook is in trouble: %s',
    async (eventName) => {
      const told = async (tags: Readonly<Record<string, string>>) => {
        const lab = await createLab();
        lab.states.set('worker', steady('worker', { tags }));
        await lab.deliver(
          serviceEvent('ECS Hook State Change', 'worker', lab.nowMs(), {
            ...{ eventType: 'ERROR', eventName, hookId: 'ecs-lambda-1' },
            serviceArn: 'arn:aws:ecs:eu-central-1:123456789012:service/prod/worker',
            lifecycleStage: 'POST_TEST_TRAFFIC_SHIFT',
          }),
        );
        return (await lab.incidents()).length;
      };
      expect([await told({}), await told({ 'ballast:task-state': 'off' })]).toEqual([1, 0]);
    },
  );

  it('of a new deployment is an incident of its own, and the old one is superseded', async () => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker', { running: 3, pending: 1 }));
    lab.wait(6 * minuteMs);
    await lab.deliver(...loop.map(stopEvent));
    lab.wait(5 * minuteMs);
    await lab.deliver(
      serviceEvent('ECS Deployment State Change', 'worker', lab.nowMs(), {
        eventType: 'INFO',
        eventName: 'SERVICE_DEPLOYMENT_COMPLETED',
        deploymentId: 'ecs-svc/89',
        reason: 'ECS deployment ecs-svc/89 completed.',
      }),
    );
    const [incident] = await lab.incidents();
    expect(incident).toMatchObject({ status: 'resolved', resolution: 'superseded' });
  });
});

describe('a sweep over an open incident', () => {
  const crossing = steady('worker', { running: 3, pending: 1 });
  const callsOf = ({ account }: Awaited<ReturnType<typeof createLab>>, operation: string) =>
    account.calls.filter((call) => call.operation === operation).length;

  async function openLoop() {
    const lab = await createLab();
    lab.states.set('worker', crossing);
    lab.wait(6 * minuteMs);
    await lab.deliver(...loop.map(stopEvent));
    for (let minute = 0; minute < 7; minute += 1) {
      lab.wait(minuteMs);
      await lab.sweep();
    }
    expect(lab.subjects()).toHaveLength(1);
    lab.account.calls.length = 0;
    return lab;
  }

  it('neither reads nor writes it again while ECS says the same of its service', async () => {
    const lab = await openLoop();
    for (let minute = 0; minute < 30; minute += 1) {
      lab.wait(minuteMs);
      await lab.sweep();
    }
    expect(callsOf(lab, 'Query')).toBeGreaterThanOrEqual(30);
    expect(callsOf(lab, 'PutItem')).toBe(0);
    const reads = lab.account.calls.filter(({ operation }) => operation === 'GetItem');
    // Nothing but the marker of the first run.
    expect(reads.filter(({ input }) => JSON.stringify(input).includes('INCIDENT#'))).toEqual([]);
  });

  it('writes once what has changed, the end of what was worse included', async () => {
    const lab = await openLoop();
    lab.states.set('worker', steady('worker', { running: 1, pending: 3 }));
    for (const changed of [1, 1, 1]) {
      lab.wait(minuteMs);
      await lab.sweep();
      expect(callsOf(lab, 'PutItem')).toBe(changed);
    }
    lab.states.set('worker', crossing);
    lab.wait(minuteMs);
    await lab.sweep();
    expect(callsOf(lab, 'PutItem')).toBe(2);
    const [incident] = await lab.incidents();
    expect(incident).toMatchObject({ facts: { running: 3 }, severity: 'warn' });
    expect(incident?.worseSinceMs).toBeUndefined();
  });

  it('ends it in time, though nothing was written in between', async () => {
    const lab = await openLoop();
    lab.states.set('worker', steady('worker'));
    for (let minute = 0; minute < 15; minute += 1) {
      lab.wait(minuteMs);
      await lab.sweep();
    }
    expect(lab.subjects()).toHaveLength(1);
    expect(callsOf(lab, 'PutItem')).toBe(1); // Since when it is well.
    lab.wait(minuteMs);
    await lab.sweep();
    expect(lab.subjects().at(-1)).toContain('[RESOLVED]');
  });
});

describe('a deployment that is no longer there', () => {
  const later = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      ...{ id: `late-${index}`, service: 'worker', atMs: startMs + (6 + index) * minuteMs },
      detail: { createdAt: new Date(startMs).toISOString() },
    }));
  const replacedBy = (createdAtMs: number | undefined) =>
    steady('worker', {
      rollouts: [
        {
          id: 'ecs-svc/89',
          status: 'PRIMARY',
          rolloutState: 'COMPLETED',
          taskDefinitionArn: undefined,
          createdAtMs,
        },
      ],
    });

  it('is history: its late stops open nothing, however many', async () => {
    const lab = await createLab();
    lab.states.set('worker', replacedBy(startMs + 20 * minuteMs));
    lab.wait(30 * minuteMs);
    await lab.deliver(...later(8).map(stopEvent));
    expect(await lab.incidents()).toEqual([]);
    expect(lab.logs).toContainEqual({
      message: 'decision',
      fields: {
        ...{ decision: 'ignore', reason: 'deployment-gone' },
        taskArn: expect.stringContaining(':task/'),
      },
    });
  });

  it.each([
    ['the read may be older than the deployment', startMs - 60 * minuteMs],
    ['ECS does not say when the other began', undefined],
  ])('is still told where %s', async (_, createdAtMs) => {
    const lab = await createLab();
    lab.states.set('worker', replacedBy(createdAtMs));
    lab.wait(30 * minuteMs);
    await lab.deliver(...later(8).map(stopEvent));
    expect((await lab.incidents()).map(({ kind }) => kind)).toContain('crash-loop');
  });

  it('does not go on as a slow loop once its loop was closed, though its state cannot be read', async () => {
    const lab = await createLab();
    lab.wait(6 * minuteMs);
    await lab.deliver(...loop.map(stopEvent));
    await lab.deliver(
      serviceEvent('ECS Deployment State Change', 'worker', lab.nowMs(), {
        eventType: 'INFO',
        eventName: 'SERVICE_DEPLOYMENT_COMPLETED',
        deploymentId: 'ecs-svc/89',
        reason: 'ECS deployment ecs-svc/89 completed.',
      }),
    );
    lab.wait(30 * minuteMs);
    await lab.deliver(...later(8).map(stopEvent));
    expect(await lab.incidents()).toMatchObject([
      { kind: 'crash-loop', status: 'resolved', resolution: 'superseded' },
    ]);
  });
});

describe('tasks whose place went away', () => {
  const spot = {
    stopCode: 'SpotInterruption',
    stoppedReason: 'Your Spot Task was interrupted.',
  };
  const hostGone = {
    stopCode: 'TerminationNotice',
    stoppedReason: 'Host EC2 (instance i-0a) terminated.',
  };
  const taken = (how: Readonly<Record<string, unknown>>, count: number, everyMinutes: number) =>
    Array.from({ length: count }, (_, index) =>
      stopEvent({
        id: `taken-${index}`,
        atMs: startMs + index * everyMinutes * minuteMs,
        detail: how,
      }),
    );
  const sweepFor = async (lab: Awaited<ReturnType<typeof createLab>>, minutes: number) => {
    for (let minute = 0; minute < minutes; minute += 1) {
      lab.wait(minuteMs);
      await lab.sweep();
    }
  };

  it.each([
    ['Spot', spot],
    ['a host', hostGone],
  ])('by %s are no slow loop, however many in a day', async (_, how) => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker'));
    lab.wait(5 * 60 * minuteMs);
    await lab.deliver(...taken(how, 8, 40));
    await sweepFor(lab, 10);
    expect(await lab.incidents()).toEqual([]);
    expect(lab.subjects()).toEqual([]);
  });

  it.each([
    ['Spot', spot],
    ['a host', hostGone],
  ])('by %s at once are told to nobody while enough of the others run', async (_, how) => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker', { running: 3, pending: 1 }));
    lab.wait(3 * minuteMs);
    await lab.deliver(...taken(how, 3, 1));
    await sweepFor(lab, 40);
    expect(await lab.incidents()).toMatchObject([{ severity: 'info', status: 'open' }]);
    expect(lab.subjects()).toEqual([]);
  });

  it('are a card below the minimum, and page only where that lasts', async () => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker', { running: 1, pending: 3 }));
    lab.wait(3 * minuteMs);
    await lab.deliver(...taken(spot, 3, 1));
    await sweepFor(lab, 12);
    expect(lab.subjects()).toEqual([
      '[WARN] worker in prod: tasks lost, spot, 3 stops in 2 min, 1 of 4 running',
    ]);
    expect(lab.alerts[0]?.text).toMatch(
      /^worker is below its minimum \(1 running, 2 needed\): its\s+tasks lost their places/,
    );
    await sweepFor(lab, 8);
    expect(lab.alerts.map(({ attributes }) => attributes.severity)).toEqual(['warn', 'critical']);
  });
});

describe('the daily digest', () => {
  it('tells once a day, in its hour, what is open and what is over', {
    timeout: 60_000,
  }, async () => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker', { running: 3, pending: 1 }));
    lab.wait(6 * minuteMs);
    await lab.deliver(...loop.map(stopEvent));
    lab.wait(5 * minuteMs);
    await lab.sweep();
    expect(lab.subjects()).toHaveLength(1);
    // From 03:11Z to 10:00Z; the stack's hour is 9.
    for (let minute = 0; minute < 409; minute += 1) {
      lab.wait(minuteMs);
      await lab.sweep();
    }
    const digests = lab.subjects().filter((subject) => subject.includes('daily digest'));
    expect(digests).toEqual(['[INFO] prod: daily digest, 1 open, 0 resolved']);
  });

  it('of a quiet day is not sent', async () => {
    const lab = await createLab();
    lab.wait(6.5 * 60 * minuteMs);
    await lab.sweep();
    expect(lab.subjects()).toEqual([]);
  });
});

describe('what needs nobody', () => {
  it.each([
    [
      'scale-in',
      {
        stopCode: 'ServiceSchedulerInitiated',
        stoppedReason: 'Scaling activity initiated by (deployment ecs-svc/88)',
      },
    ],
    [
      'rebalancing',
      {
        stopCode: 'ServiceSchedulerInitiated',
        stoppedReason: 'Availability-zone rebalancing initiated by (deployment ecs-svc/88)',
      },
    ],
  ])('%s opens nothing, however often', async (_, how) => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker'));
    const events = loop.map((stop) => {
      const event = stopEvent({ ...stop, exitCode: 143, reason: '' });
      return { ...event, detail: { ...event.detail, ...how } };
    });
    await lab.deliver(...events);
    lab.wait(10 * minuteMs);
    await lab.sweep();
    expect(lab.subjects()).toEqual([]);
    expect(await lab.incidents()).toEqual([]);
  });
});

describe('a service that cannot start', () => {
  it.each([6, 12, 30])('is told of where ECS tries every %s minutes', async (everyMinutes) => {
    const lab = await createLab();
    lab.states.set('web', steady('web', { running: 0, pending: 0, desired: 1 }));
    for (let minute = 0; minute < 90; minute += 1) {
      lab.wait(minuteMs);
      if (minute % everyMinutes === 0) {
        await lab.deliver(
          serviceEvent('ECS Service Action', 'web', lab.nowMs(), {
            ...{ eventType: 'ERROR', eventName: 'SERVICE_TASK_PLACEMENT_FAILURE' },
            reason: 'RESOURCE:MEMORY',
          }),
        );
      }
      await lab.sweep();
    }
    expect(lab.subjects()[0]).toMatch(/ web in prod: /);
    expect(lab.alerts.some(({ page }) => page !== undefined)).toBe(true);
  });
});

describe('a pause of a deployment', () => {
  it('is over when its time is, whoever decided', async () => {
    const lab = await createLab();
    lab.states.set('web', steady('web'));
    const expiresAt = new Date(startMs + 60 * minuteMs).toISOString();
    await lab.deliver(
      serviceEvent('ECS Hook State Change', 'web', startMs, {
        ...{
          eventType: 'INFO',
          eventName: 'HOOK_AWAITING_ACTION',
          hookId: 'ecs-pause-1',
          expiresAt,
        },
        serviceArn: 'arn:aws:ecs:eu-central-1:123456789012:service/prod/web',
        lifecycleStage: 'POST_TEST_TRAFFIC_SHIFT',
      }),
    );
    for (let hour = 0; hour < 30; hour += 1) {
      lab.wait(60 * minuteMs);
      await lab.sweep();
    }
    expect(lab.subjects().filter((one) => !one.includes('digest'))).toEqual([
      expect.stringContaining('deployment waits for a person'),
      expect.stringContaining('closed, the time to decide is over'),
    ]);
  });
});

describe('a rollback', () => {
  it('does not end with its own end, in whatever words and order ECS tells it', async () => {
    const lab = await createLab();
    const [restored, failed] = [
      {
        id: 'ecs-svc/13',
        status: 'PRIMARY',
        rolloutState: 'IN_PROGRESS',
        createdAtMs: startMs - 9e6,
      },
      { id: 'ecs-svc/14', status: 'ACTIVE', rolloutState: 'FAILED', createdAtMs: startMs - 9e5 },
    ].map((one) => ({ ...one, taskDefinitionArn: `task-definition/web:${one.id.slice(-2)}` }));
    lab.states.set(
      'web',
      steady('web', { rollouts: [restored, failed].filter((one) => one !== undefined) }),
    );
    const tell = (
      kind: 'ECS Deployment State Change' | 'ECS Service Action',
      detail: Readonly<Record<string, unknown>>,
    ) => lab.deliver(serviceEvent(kind, 'web', lab.nowMs(), detail));
    await tell('ECS Deployment State Change', {
      ...{ eventType: 'ERROR', eventName: 'SERVICE_DEPLOYMENT_FAILED', deploymentId: 'ecs-svc/14' },
      reason: 'ECS deployment circuit breaker: tasks failed to start.',
    });
    lab.wait(minuteMs);
    const completed = { eventType: 'INFO', eventName: 'SERVICE_DEPLOYMENT_COMPLETED' };
    await tell('ECS Service Action', completed);
    await tell('ECS Deployment State Change', { ...completed, deploymentId: 'ecs-svc/13' });
    expect((await lab.incidents()).map(({ kind, status }) => [kind, status])).toEqual([
      ['rollback', 'open'],
    ]);
    await tell('ECS Deployment State Change', { ...completed, deploymentId: 'ecs-svc/15' });
    expect((await lab.incidents()).map(({ status }) => status)).toEqual(['resolved']);
  });

  it('is one incident, whichever events tell it, and ends with the next success', async () => {
    const lab = await createLab();
    await lab.deliver(
      serviceEvent('ECS Hook State Change', 'web', startMs, {
        eventType: 'ERROR',
        eventName: 'HOOK_FAILED',
        hookId: 'ecs-lambda-1',
        serviceArn: 'arn:aws:ecs:eu-central-1:123456789012:service/prod/web',
        serviceDeploymentArn:
          'arn:aws:ecs:eu-central-1:123456789012:service-deployment/prod/web/Ab1',
        lifecycleStage: 'POST_TEST_TRAFFIC_SHIFT',
      }),
      serviceEvent('ECS Deployment State Change', 'web', startMs + 1_000, {
        eventType: 'ERROR',
        eventName: 'SERVICE_DEPLOYMENT_FAILED',
        deploymentId: 'ecs-svc/14',
        reason: 'ECS deployment failed: lifecycle hook failed.',
      }),
    );
    expect((await lab.incidents()).filter(({ status }) => status === 'open')).toHaveLength(1);
    await lab.sweep();
    expect(lab.subjects()).toHaveLength(1);
    lab.wait(60 * minuteMs);
    await lab.deliver(
      serviceEvent('ECS Deployment State Change', 'web', lab.nowMs(), {
        eventType: 'INFO',
        eventName: 'SERVICE_DEPLOYMENT_COMPLETED',
        deploymentId: 'ecs-svc/15',
        reason: 'ECS deployment ecs-svc/15 completed.',
      }),
    );
    expect(lab.subjects()).toHaveLength(2);
    expect(lab.subjects()[1]).toMatch(/^\[RESOLVED\] web in prod/);
  });
});

describe('a batch', () => {
  it('drops what cannot be read, counts it, and does the rest', async () => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker'));
    lab.wait(6 * minuteMs);
    const answer = await lab.deliver(
      'no JSON',
      {},
      { ...stopEvent({ id: 'x', atMs: startMs }), detail: { lastStatus: 'STOPPED' } },
      { source: 'aws.ec2', 'detail-type': 'x', detail: {} },
      ...loop.map(stopEvent),
    );
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(lab.logs.filter(({ message }) => message === 'event-dropped')).toHaveLength(3);
    expect(
      (await lab.incidents()).some(
        ({ kind, status }) => kind === 'crash-loop' && status === 'open',
      ),
    ).toBe(true);
  });

  it('gives back what failed, and only that', async () => {
    const lab = await createLab();
    lab.states.set('worker', steady('worker'));
    lab.states.set('api', steady('api'));
    let writes = 0;
    lab.account.intercept = ({ operation }) => {
      if (operation !== 'PutItem') return undefined;
      writes += 1;
      return writes === 1 ? 'server-error' : undefined;
    };
    const answer = await lab.deliver(
      stopEvent({ id: 'a', atMs: startMs }),
      stopEvent({ id: 'b', service: 'api', atMs: startMs }),
    );
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
    await lab.deliver(stopEvent({ id: 'a', atMs: startMs }));
    const kinds = (await lab.incidents()).map(({ subject, count }) => `${subject.name} ${count}`);
    expect(new Set(kinds)).toEqual(new Set(kinds.length === 0 ? [] : ['worker 1', 'api 1']));
  });

  it('of other clusters changes nothing', async () => {
    const lab = await createLab();
    const other = loop.map((stop) => {
      const event = stopEvent(stop);
      const elsewhere = event.detail.clusterArn.replace('/prod', '/other');
      return { ...event, detail: { ...event.detail, clusterArn: elsewhere } };
    });
    await lab.deliver(...other);
    expect(await lab.incidents()).toEqual([]);
    expect(lab.logs).toContainEqual(
      expect.objectContaining({ fields: expect.objectContaining({ reason: 'other-cluster' }) }),
    );
  });

  it('and a schedule are all that it takes', async () => {
    const lab = await createLab();
    expect(await lab.invoke({ some: 'event' })).toBeUndefined();
    expect(lab.logs).toContainEqual({
      message: 'event-ignored',
      fields: { reason: 'neither-batch-nor-schedule' },
    });
  });

  it('survives ECS being unreadable: the texts are shorter, nothing is lost', async () => {
    const lab = await createLab({
      services: { describeServices: async () => Promise.reject(new Error('throttled')) },
    });
    lab.wait(6 * minuteMs);
    await lab.deliver(...loop.map(stopEvent));
    lab.wait(5 * minuteMs);
    await lab.sweep();
    expect(lab.subjects()).toHaveLength(1);
  });
});

describe('a storm of 500 stops of one cause over 40 services within a minute', () => {
  it('sends one page at most, and at most five cards', { timeout: 60_000 }, async () => {
    const lab = await createLab();
    const stops = Array.from(
      { length: 500 },
      (_, at): Stop => ({
        id: `s${at}`,
        service: `svc${at % 40}`,
        atMs: startMs + Math.floor((at * minuteMs) / 500),
      }),
    );
    for (let service = 0; service < 40; service += 1) {
      lab.states.set(`svc${service}`, steady(`svc${service}`, { running: 0, pending: 4 }));
    }
    lab.wait(minuteMs);
    for (let from = 0; from < stops.length; from += 10) {
      await lab.deliver(...stops.slice(from, from + 10).map(stopEvent));
    }
    for (let minute = 0; minute < 15; minute += 1) {
      lab.wait(minuteMs);
      await lab.sweep();
    }
    const pages = lab.alerts.filter(({ page }) => page !== undefined);
    expect(pages.length).toBeLessThanOrEqual(1);
    expect(lab.alerts.length).toBeGreaterThanOrEqual(1);
    expect(lab.alerts.length).toBeLessThanOrEqual(5);
    expect(lab.subjects().join('\n')).toContain('40');
  });
});

describe('any deliveries of the same events, in any order within the hold', () => {
  it('leave the same incidents, and each is opened and resolved at most once', {
    timeout: 60_000,
  }, async () => {
    const ids = fc.array(fc.nat(5), { minLength: 1, maxLength: 20 });
    const outcomeOf = async (order: readonly number[]) => {
      const lab = await createLab();
      lab.states.set('worker', steady('worker', { running: 3, pending: 1 }));
      lab.wait(6 * minuteMs);
      for (const at of order) {
        const stop = loop[at];
        if (stop !== undefined) await lab.deliver(stopEvent(stop));
      }
      lab.wait(5 * minuteMs);
      await lab.sweep();
      lab.states.set('worker', steady('worker'));
      for (let minute = 0; minute < 17; minute += 1) {
        lab.wait(minuteMs);
        await lab.sweep();
      }
      const incidents = await lab.incidents();
      return {
        alerts: lab.alerts.map(({ attributes }) => attributes.transition),
        incidents: incidents
          .filter(({ kind }) => kind === 'crash-loop')
          .map(({ cause, status, occurrences }) => ({
            cause,
            status,
            tasks: occurrences.map((one) => one.id),
          })),
      };
    };
    await fc.assert(
      fc.asyncProperty(ids, async (order) => {
        const sorted = [...new Set(order)].sort((a, b) => a - b);
        const [drawn, plain] = [await outcomeOf(order), await outcomeOf(sorted)];
        expect(drawn.incidents).toEqual(plain.incidents);
        expect(drawn.alerts).toEqual(plain.alerts);
        expect(drawn.alerts.filter((one) => one === 'open').length).toBeLessThanOrEqual(1);
        expect(drawn.alerts.filter((one) => one === 'resolve').length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 25 },
    );
  });
});
