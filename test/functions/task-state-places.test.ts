import { describe, expect, it } from 'vitest';
import { readPlaces, rememberPlaces } from '../../functions/task-state/places.ts';
import type { TaskPlace } from '../../shared/domain/incident-place.ts';
import { createAccount } from '../../simulator/account.ts';
import { tableDefinition } from '../../simulator/hook-session.ts';
import { createSimulatedTaskState, topicArns } from '../../simulator/task-state.ts';
import {
  clusterArn,
  createLab,
  minuteMs,
  type Stop,
  serviceEvent,
  startMs,
  steady,
  stopEvent,
} from './task-state-lab.ts';

type Lab = Awaited<ReturnType<typeof createLab>>;

/** Five ways in which one bad host shows, as ECS tells them. */
const ways: readonly Pick<Stop, 'reason' | 'exitCode' | 'detail'>[] = [
  {},
  { exitCode: 1, reason: '' },
  {
    exitCode: 137,
    reason: '',
    detail: {
      stopCode: 'ServiceSchedulerInitiated',
      stoppedReason: 'Task failed container health checks',
    },
  },
  {
    detail: {
      startedAt: undefined,
      stopCode: 'TaskFailedToStart',
      stoppedReason: 'ResourceInitializationError: failed to create the volume',
      containers: [{ name: 'app' }],
    },
  },
  {
    detail: {
      startedAt: undefined,
      stopCode: 'TaskFailedToStart',
      stoppedReason: 'AGENT',
      containers: [{ name: 'app' }],
    },
  },
];
const causes = ['out-of-memory', 'application-exit', 'container-health-check', 'initialisation'];

const names = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => `svc${n}`);

/** Three stops of each service within a minute; `on` says where, `way` how. */
const stopsOf = (
  services: readonly string[],
  on: (n: number) => Pick<Stop, 'instance' | 'zone'>,
  way: (n: number) => (typeof ways)[number],
) =>
  services.flatMap((service, n) =>
    [0, 1, 2].map((at) =>
      stopEvent({
        id: `${service}-${at}`,
        service,
        atMs: startMs + (at * services.length + n) * 1_000,
        ...on(n),
        ...way(n),
      }),
    ),
  );

/** Six tasks on each of nine other instances, of other services. */
const elsewhere: readonly TaskPlace[] = Array.from({ length: 54 }, (_, n) => ({
  owner: `service/other${n % 20}`,
  instance: `i-${2 + (n % 9)}`,
  zone: `eu-central-1${'abc'[n % 3]}`,
}));

async function play(lab: Lab, events: readonly unknown[], minutes: number): Promise<void> {
  for (let from = 0; from < events.length; from += 10) {
    await lab.deliver(...events.slice(from, from + 10));
  }
  await sweepFor(lab, minutes);
}

async function sweepFor(lab: Lab, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    lab.wait(minuteMs);
    await lab.sweep();
  }
}

const arrange = async (services: readonly string[], running: number): Promise<Lab> => {
  const lab = await createLab();
  for (const name of services) {
    lab.states.set(name, steady(name, { running, pending: 4 - running }));
  }
  lab.wait(minuteMs);
  return lab;
};
const kindsOf = async (lab: Lab): Promise<readonly string[]> =>
  [...new Set((await lab.incidents()).map(({ kind }) => kind))].sort();

describe('12 services with five causes on one instance within a minute', {
  timeout: 60_000,
}, () => {
  const services = names(12);
  const onHost = stopsOf(
    services,
    () => ({ instance: 'i-1' }),
    (n) => ways[n % ways.length] ?? {},
  );

  it('are one card that names the instance, and its end in the same thread', async () => {
    const lab = await arrange(services, 3);
    lab.running.push(...elsewhere);
    await play(lab, onHost, 10);
    expect(lab.subjects()).toEqual([
      expect.stringMatching(
        /^\[WARN\] instance i-1 in prod: 12 services fail there only, within \d+ s$/,
      ),
    ]);
    const [alert] = lab.alerts;
    expect(alert?.text).toContain('all their stops were on instance i-1 in eu-central-1a');
    expect(alert?.text).toContain('9 other instances run tasks, and none failed there');
    expect(alert?.text).toContain('deregister-container-instance --cluster prod');
    for (const cause of causes) expect(alert?.text).toContain(cause.replaceAll('-', ' '));
    for (const name of services) lab.states.set(name, steady(name));
    await sweepFor(lab, 30);
    expect(lab.subjects().slice(1)).toEqual([
      '[RESOLVED] instance i-1 in prod: 12 services no longer fail there',
    ]);
    expect(new Set(lab.alerts.map(({ card }) => card.threadId)).size).toBe(1);
    expect(lab.alerts.filter(({ page }) => page !== undefined)).toEqual([]);
    expect((await lab.incidents()).every(({ status }) => status === 'resolved')).toBe(true);
    expect(lab.account.problems).toEqual([]);
  });

  it('below their minimum are one page and its end', async () => {
    const lab = await arrange(services, 1);
    lab.running.push(...elsewhere);
    await play(lab, onHost, 10);
    for (const name of services) lab.states.set(name, steady(name));
    await sweepFor(lab, 30);
    const pages = lab.alerts.filter(({ page }) => page !== undefined);
    expect(pages.map(({ subject }) => subject)).toEqual([
      expect.stringMatching(
        /^\[CRITICAL\] instance i-1 in prod: 12 services fail there only, 12 be/,
      ),
      '[RESOLVED] instance i-1 in prod: 12 services no longer fail there',
    ]);
    expect(pages.map(({ page }) => page?.state)).toEqual(['ALARM', 'OK']);
    expect(new Set(pages.map(({ page }) => page?.alarmName)).size).toBe(1);
    // The card of the opening, the page that the minimum brought, the end.
    expect(lab.alerts).toHaveLength(3);
  });

  it('in whatever order and however often they are delivered', async () => {
    const lab = await arrange(services, 3);
    lab.running.push(...elsewhere);
    const mixed = onHost.map((event, n) => ({ event, rank: (n * 17) % onHost.length }));
    const shuffled = mixed.sort((a, b) => a.rank - b.rank).map(({ event }) => event);
    await play(lab, [...shuffled, ...shuffled.filter((_, n) => n % 3 === 0)], 10);
    expect(lab.subjects()).toEqual([expect.stringMatching(/^\[WARN\] instance i-1 in prod: 12 s/)]);
    const folds = (await lab.incidents()).filter(({ kind }) => kind === 'bad-instance');
    expect(folds).toMatchObject([{ count: 12, facts: { services: 12, servicesElsewhere: 0 } }]);
  });

  it('open no place where it is the only instance: a card for each', async () => {
    const lab = await arrange(services, 3);
    lab.running.push({ owner: 'service/svc0', instance: 'i-1', zone: 'eu-central-1a' });
    await play(lab, onHost, 10);
    expect(await kindsOf(lab)).toEqual(['crash-loop', 'start-failure']);
    expect(lab.alerts).toHaveLength(12);
  });

  it('open no place where nobody can tell what else runs, and that is logged', async () => {
    const lab = await createLab({
      tasks: { runningPlaces: async () => Promise.reject(new Error('throttled')) },
    });
    lab.wait(minuteMs);
    await play(lab, onHost, 7);
    expect(await kindsOf(lab)).toEqual(['crash-loop', 'start-failure']);
    expect(lab.logs).toContainEqual({
      message: 'side-read-failed',
      fields: { what: 'tasks', reason: 'aws-unavailable', detail: 'Error: throttled' },
    });
  });

  it('let one go that fails elsewhere too: it speaks for itself', async () => {
    const lab = await arrange(services, 3);
    lab.running.push(...elsewhere);
    await play(lab, onHost, 6);
    await lab.deliver(stopEvent({ id: 'x', service: 'svc0', atMs: lab.nowMs(), instance: 'i-4' }));
    await sweepFor(lab, 2);
    expect(lab.subjects().slice(1)).toEqual([expect.stringMatching(/^\[WARN\] svc0 in prod: /)]);
  });

  it('and a deployment elsewhere do not mix', async () => {
    const lab = await arrange(services, 3);
    lab.running.push(...elsewhere);
    lab.states.set('web', steady('web'));
    const rollback = serviceEvent('ECS Deployment State Change', 'web', startMs, {
      eventType: 'ERROR',
      eventName: 'SERVICE_DEPLOYMENT_FAILED',
      deploymentId: 'ecs-svc/14',
      reason: 'ECS deployment circuit breaker: tasks failed to start.',
    });
    await play(lab, [rollback, ...onHost], 10);
    expect(lab.subjects()).toHaveLength(2);
  });
});

describe('the whole function in the simulated account', { timeout: 60_000 }, () => {
  it('reads where tasks run, and sends one card for 12 services with five causes', async () => {
    let nowMs = startMs + minuteMs;
    const account = createAccount({ nowMs: () => nowMs, tables: [tableDefinition] });
    const topics = topicArns(account);
    for (const TopicArn of Object.values(topics)) {
      account.topics.set(TopicArn, { TopicArn, messages: [] });
    }
    account.clusters.set(clusterArn, { clusterArn, clusterName: 'prod' });
    const taskPrefix = clusterArn.replace(':cluster/', ':task/');
    for (const [n, { owner, instance, zone }] of elsewhere.entries()) {
      const taskArn = `${taskPrefix}/${String(n).padStart(32, '0')}`;
      account.tasks.set(taskArn, {
        ...{ taskArn, clusterArn, lastStatus: 'RUNNING', desiredStatus: 'RUNNING', version: 1 },
        taskDefinitionArn: `${clusterArn.split(':cluster/')[0]}:task-definition/web:1`,
        group: owner?.replace('/', ':') ?? 'service:x',
        containerInstanceArn: `${clusterArn.replace(':cluster/', ':container-instance/')}/${instance}`,
        availabilityZone: zone ?? '',
      });
    }
    const { deliver, sweep, store } = createSimulatedTaskState({
      account,
      nowMs: () => nowMs,
      clusterArns: [clusterArn],
    });
    await store.endFirstRun(await store.firstRun(startMs - 60 * minuteMs), startMs - 50 * minuteMs);
    const events = stopsOf(
      names(12),
      () => ({ instance: 'i-1' }),
      (n) => ways[n % ways.length] ?? {},
    );
    for (let from = 0; from < events.length; from += 10)
      await deliver(events.slice(from, from + 10));
    const lists = account.calls.filter(({ operation }) => operation === 'ListTasks');
    expect(lists).toHaveLength(1);
    nowMs += minuteMs;
    await sweep();
    const sent = account.topics.get(topics.alertsTopicArn)?.messages ?? [];
    expect(sent.map(({ subject }) => subject)).toEqual([
      expect.stringMatching(/^\[WARN\] instance i-1 in prod: 12 services fail there only/),
    ]);
    expect(account.topics.get(topics.pagesTopicArn)?.messages).toEqual([]);
    expect(account.problems).toEqual([]);
  });
});

describe('other shapes', { timeout: 60_000 }, () => {
  it('one cause in 12 services over 10 instances stays a storm', async () => {
    const services = names(12);
    const lab = await arrange(services, 3);
    lab.running.push(...elsewhere);
    const spread = stopsOf(
      services,
      (n) => ({ instance: `i-${1 + (n % 10)}`, zone: `eu-central-1${'abc'[n % 3]}` }),
      () => ({}),
    );
    await play(lab, spread, 10);
    expect(await kindsOf(lab)).toEqual(['crash-loop', 'storm']);
    expect(lab.subjects()).toEqual([
      expect.stringMatching(/^\[WARN\] prod: \d+ services fail alike/),
    ]);
    const storms = (await lab.incidents()).filter(({ kind }) => kind === 'storm');
    expect(storms).toMatchObject([{ count: 12, cause: 'out-of-memory' }]);
  });

  it('six services with five causes on three instances of one zone are the zone', async () => {
    const services = names(6);
    const lab = await arrange(services, 3);
    lab.running.push(...elsewhere.filter(({ zone }) => zone !== 'eu-central-1a'));
    const inZone = stopsOf(
      services,
      (n) => ({ instance: `i-${1 + (n % 3)}`, zone: 'eu-central-1a' }),
      (n) => ways[n % ways.length] ?? {},
    );
    await play(lab, inZone, 10);
    expect(lab.subjects()).toEqual([
      expect.stringMatching(/^\[WARN\] eu-central-1a in prod: 6 services fail there only/),
    ]);
    expect(lab.alerts[0]?.text).toContain('look at AWS Health for eu-central-1a');
  });
});

describe('where tasks run', () => {
  const places: readonly TaskPlace[] = [{ owner: 'service/a', instance: 'i-1', zone: undefined }];

  it('is read once a minute and cluster, also where that fails', async () => {
    let nowMs = startMs;
    const asked: string[] = [];
    const tasks = rememberPlaces(
      {
        runningPlaces: async (arn) => {
          asked.push(arn);
          if (arn === 'bad') throw new Error('no');
          return places;
        },
      },
      { nowMs: () => nowMs },
    );
    for (const arn of ['a', 'a', 'b']) expect(await tasks.runningPlaces(arn)).toBe(places);
    for (const _ of [1, 2]) await expect(tasks.runningPlaces('bad')).rejects.toThrow('no');
    expect(asked).toEqual(['a', 'b', 'bad']);
    nowMs += minuteMs;
    await tasks.runningPlaces('a');
    expect(asked).toEqual(['a', 'b', 'bad', 'a']);
  });

  it('is asked by the ARN of a cluster that the stack knows', async () => {
    const note = (): void => undefined;
    const deps = {
      config: { clusterArns: [clusterArn] },
      tasks: { runningPlaces: async (arn: string) => (arn === clusterArn ? places : []) },
      log: { debug: note, info: note, warn: note, error: note },
    };
    expect(await readPlaces(deps, 'prod')).toBe(places);
    expect(await readPlaces(deps, 'stage')).toBeUndefined();
  });

  it('is not asked where services fail by themselves', async () => {
    let asked = 0;
    const lab = await createLab({
      tasks: {
        runningPlaces: async () => {
          asked += 1;
          return [];
        },
      },
    });
    lab.wait(minuteMs);
    const two = stopsOf(
      names(2),
      () => ({ instance: 'i-1' }),
      () => ({}),
    );
    await play(lab, two, 7);
    expect(asked).toBe(0);
    expect(lab.alerts).toHaveLength(2);
  });
});
