import { beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../functions/task-state/config.ts';
import type { Deps } from '../../functions/task-state/handler.ts';
import { logReadsMax } from '../../functions/task-state/log-quotes.ts';
import type { Account, Fault } from '../../simulator/account.ts';
import {
  clusterArn,
  createLab,
  minuteMs,
  type Stop,
  startMs,
  steady,
  stopEvent,
} from './task-state-lab.ts';

const prefix = 'arn:aws:ecs:eu-central-1:123456789012';
const group = '/ecs/prod/worker';

type Lab = Awaited<ReturnType<typeof createLab>>;

/** Three stops of one service in two minutes: a crash loop. */
const loopOf = (service: string): readonly Stop[] =>
  [0, 1, 2].map((at) => ({ id: `${service}-${at}`, service, atMs: startMs + at * minuteMs }));

/** Puts a task definition and its log group into the account. */
function addLogs(account: Account, service: string, logs = group): void {
  const taskDefinitionArn = `${prefix}:task-definition/${service}:88`;
  account.taskDefinitions.set(taskDefinitionArn, {
    taskDefinitionArn,
    family: service,
    revision: 88,
    status: 'ACTIVE',
    networkMode: 'awsvpc',
    containerDefinitions: [
      {
        name: 'app',
        image: 'shop/app:88',
        environment: [{ name: 'DB_PASSWORD', value: 'hunter2' }],
        logConfiguration: {
          logDriver: 'awslogs',
          options: {
            'awslogs-group': logs,
            'awslogs-region': account.region,
            'awslogs-stream-prefix': 'ecs',
          },
        },
      },
    ],
  });
  if (!account.logGroups.has(logs)) {
    account.logGroups.set(logs, { logGroupName: logs, streams: new Map() });
  }
}

/** What the container of a task wrote, a second apart. */
function write(account: Account, task: string, ...messages: readonly string[]): void {
  const events = messages.map((message, at) => ({ timestamp: startMs - 30_000 + at, message }));
  account.logGroups.get(group)?.streams.set(`ecs/app/${task}`, events);
}

async function arrange(settings: Parameters<typeof createLab>[1] = {}, deps: Partial<Deps> = {}) {
  const lab = await createLab(deps, { taskLogGroupPrefix: '/ecs/', ...settings });
  lab.states.set('worker', steady('worker', { running: 3, pending: 1 }));
  addLogs(lab.account, 'worker');
  lab.wait(3 * minuteMs);
  return lab;
}

const deliver = async (lab: Lab, stops: readonly Stop[]) =>
  await lab.deliver(...stops.map(stopEvent));

/** The one mail about it, once its card has waited long enough. */
async function mailOf(lab: Lab): Promise<string> {
  lab.wait(6 * minuteMs);
  await lab.sweep();
  expect(lab.subjects()).toEqual([expect.stringMatching(/^\[WARN\] worker in prod: crash loop/)]);
  return lab.alerts[0]?.text ?? '';
}

const quotedIn = (mail: string): readonly string[] =>
  mail.split('\n').flatMap((line) => /^ +\| (.*)$/.exec(line)?.[1] ?? []);

/** Operations of the optional reads, in the order of the calls. */
const readsOf = ({ account }: Lab): readonly string[] =>
  account.calls
    .map(({ operation }) => operation)
    .filter((name) => name === 'DescribeTaskDefinition' || name === 'GetLogEvents');

const failuresOf = ({ logs }: Lab): readonly unknown[] =>
  logs.filter(({ message }) => message === 'side-read-failed').map(({ fields }) => fields);

describe('the alert of a crash loop', () => {
  it('quotes the last lines of the container, without secrets', async () => {
    const lab = await arrange();
    write(
      lab.account,
      'worker-2',
      'INFO one',
      '',
      'INFO connecting with password=hunter2',
      'ERROR java.lang.OutOfMemoryError: Java heap space\n\tat Feed.load(Feed.java:12)',
      'INFO shutting down',
    );
    expect(await deliver(lab, loopOf('worker'))).toEqual({ batchItemFailures: [] });
    const mail = await mailOf(lab);
    expect(quotedIn(mail)).toEqual([
      'INFO connecting with password=***',
      'ERROR java.lang.OutOfMemoryError: Java heap space',
      'at Feed.load(Feed.java:12)',
      'INFO shutting down',
    ]);
    expect(readsOf(lab)).toEqual(['DescribeTaskDefinition', 'GetLogEvents']);
    expect(JSON.stringify([lab.alerts, lab.logs, await lab.incidents()])).not.toContain('hunter2');
    expect(lab.account.problems).toEqual([]);
  });

  it('waits for nothing: it is written and told before a log is read', async () => {
    const lab = await arrange();
    write(lab.account, 'worker-2', 'boom');
    await deliver(lab, loopOf('worker'));
    const operations = lab.account.calls.map(({ operation }) => operation);
    const firstRead = operations.indexOf('DescribeTaskDefinition');
    // What comes after is only the incident with its lines.
    expect(operations.slice(firstRead)).toEqual([
      ...['DescribeTaskDefinition', 'GetLogEvents', 'GetItem', 'PutItem'],
    ]);
  });

  it('asks again with the next stop while it was not told and the stream is not there', async () => {
    const lab = await arrange();
    await deliver(lab, loopOf('worker'));
    expect(failuresOf(lab)).toEqual([
      expect.objectContaining({ what: 'log lines', reason: 'aws-missing', container: 'app' }),
    ]);
    write(lab.account, 'worker-3', 'boom');
    await deliver(lab, [{ id: 'worker-3', atMs: lab.nowMs() }]);
    await deliver(lab, [{ id: 'worker-4', atMs: lab.nowMs() }]);
    expect(quotedIn(await mailOf(lab))).toEqual(['boom']);
    await deliver(lab, [{ id: 'worker-5', atMs: lab.nowMs() }]);
    expect(readsOf(lab).filter((name) => name === 'GetLogEvents')).toHaveLength(2);
  });

  it('quotes nothing without the parameter, and reads nothing for it', async () => {
    const lab = await arrange({ taskLogGroupPrefix: '' });
    write(lab.account, 'worker-2', 'boom');
    await deliver(lab, loopOf('worker'));
    expect(quotedIn(await mailOf(lab))).toEqual([]);
    expect(readsOf(lab)).toEqual([]);
    expect(failuresOf(lab)).toEqual([]);
  });

  it('quotes nothing of a group that is not allowed, and does not ask for it', async () => {
    const lab = await arrange({ taskLogGroupPrefix: '/ecs/stage/' });
    write(lab.account, 'worker-2', 'boom');
    await deliver(lab, loopOf('worker'));
    expect(quotedIn(await mailOf(lab))).toEqual([]);
    expect(readsOf(lab)).toEqual(['DescribeTaskDefinition']);
    expect(failuresOf(lab)).toEqual([
      expect.objectContaining({ reason: 'log-group-not-allowed', container: 'app' }),
    ]);
  });

  it('quotes nothing of a stream without lines, and says so in the log', async () => {
    const lab = await arrange();
    write(lab.account, 'worker-2', '', ' ');
    await deliver(lab, loopOf('worker'));
    expect(quotedIn(await mailOf(lab))).toEqual([]);
    expect(failuresOf(lab)).toEqual([expect.objectContaining({ reason: 'log-empty' })]);
  });

  it.each<readonly [string, Fault, string]>([
    ['DescribeTaskDefinition', 'access-denied', 'aws-denied'],
    ['GetLogEvents', 'access-denied', 'aws-denied'],
    ['GetLogEvents', 'throttle', 'aws-throttled'],
    ['GetLogEvents', 'server-error', 'aws-unavailable'],
    ['GetLogEvents', 'network-error', 'aws-unavailable'],
    ['GetLogEvents', 'empty-answer', 'log-empty'],
  ])('goes out whatever %s says: %s', async (operation, kind, reason) => {
    const lab = await arrange();
    write(lab.account, 'worker-2', 'boom');
    lab.account.faults.push({ operation, kind });
    expect(await deliver(lab, loopOf('worker'))).toEqual({ batchItemFailures: [] });
    expect(quotedIn(await mailOf(lab))).toEqual([]);
    expect(failuresOf(lab)).toEqual([expect.objectContaining({ what: 'log lines', reason })]);
    expect(readsOf(lab).filter((name) => name === operation)).toHaveLength(1);
  });

  it('goes out when a read hangs: it is given up', async () => {
    const clock = { nowMs: () => startMs + 3 * minuteMs, sleep: async () => undefined };
    const lab = await arrange({}, { clock });
    lab.account.faults.push({ operation: 'DescribeTaskDefinition', kind: 'hang' });
    expect(await deliver(lab, loopOf('worker'))).toEqual({ batchItemFailures: [] });
    expect(failuresOf(lab)).toEqual([
      expect.objectContaining({
        reason: 'aws-unavailable',
        detail: 'TimeoutError: reading a log took longer than 2000 ms',
      }),
    ]);
    expect((await lab.incidents()).some(({ status }) => status === 'open')).toBe(true);
  });

  it('goes out when the table fails between: the lines are what is lost', async () => {
    const lab = await arrange();
    write(lab.account, 'worker-2', 'boom');
    lab.account.intercept = ({ operation }) => {
      const isRead = lab.account.calls.some((call) => call.operation === 'GetLogEvents');
      return isRead && operation === 'PutItem' ? 'server-error' : undefined;
    };
    expect(await deliver(lab, loopOf('worker'))).toEqual({ batchItemFailures: [] });
    lab.account.intercept = undefined;
    expect(quotedIn(await mailOf(lab))).toEqual([]);
    expect(failuresOf(lab)).toHaveLength(1);
  });
});

describe('an image that cannot be pulled', () => {
  it('has no log to look for', async () => {
    const lab = await arrange();
    const events = loopOf('worker').map((stop) => {
      const { startedAt: _, ...detail } = stopEvent(stop).detail;
      const reason = 'CannotPullContainerError: not found';
      const containers = [{ name: 'app', reason }];
      const stopped = { stopCode: 'TaskFailedToStart', stoppedReason: reason, containers };
      return { ...stopEvent(stop), detail: { ...detail, ...stopped } };
    });
    await lab.deliver(...events);
    expect((await lab.incidents()).map(({ kind }) => kind)).toEqual(['start-failure']);
    expect(readsOf(lab)).toEqual([]);
  });
});

describe('500 stops within a minute', () => {
  /** Reads of logs of each batch of ten. */
  async function readsOfBatches(lab: Lab, services: number): Promise<readonly number[]> {
    for (let at = 0; at < services; at += 1) {
      lab.states.set(`svc${at}`, steady(`svc${at}`, { running: 0, pending: 4 }));
      addLogs(lab.account, `svc${at}`);
    }
    lab.wait(minuteMs);
    const stops = Array.from(
      { length: 500 },
      (_, at): Stop => ({
        id: `s${at}`,
        service: `svc${at % services}`,
        atMs: startMs + Math.floor((at * minuteMs) / 500),
      }),
    );
    const reads: number[] = [];
    for (let from = 0; from < stops.length; from += 10) {
      const before = readsOf(lab).length;
      await deliver(lab, stops.slice(from, from + 10));
      reads.push(
        readsOf(lab)
          .slice(before)
          .filter((name) => name === 'GetLogEvents').length,
      );
    }
    return reads;
  }
  const allowed = { taskLogGroupPrefix: '/ecs/' };
  const sumOf = (reads: readonly number[]): number => reads.reduce((sum, one) => sum + one, 0);

  it('of a storm are not read at all: the storm speaks for them', { timeout: 60_000 }, async () => {
    const lab = await createLab({}, allowed);
    expect(sumOf(await readsOfBatches(lab, 40))).toBe(0);
    const open = (await lab.incidents()).filter(({ status }) => status === 'open');
    expect(open.map(({ kind }) => kind)).toContain('storm');
  });

  it('of four services are read once for each of them', { timeout: 60_000 }, async () => {
    const lab = await createLab({}, allowed);
    for (let at = 0; at < 500; at += 1) {
      addLogs(lab.account, 'svc0');
      write(lab.account, `s${at}`, `boom ${at}`);
    }
    const reads = await readsOfBatches(lab, 4);
    expect(sumOf(reads)).toBe(4);
    for (const { facts } of (await lab.incidents()).filter(({ kind }) => kind === 'crash-loop')) {
      expect(facts.logLines).toMatch(/^boom \d+$/);
    }
  });

  it('without a log are looked for no oftener than a batch may', { timeout: 60_000 }, async () => {
    const lab = await createLab({}, allowed);
    const reads = await readsOfBatches(lab, 4);
    expect(Math.max(...reads)).toBe(logReadsMax);
    expect(sumOf(reads)).toBeLessThanOrEqual(50 * logReadsMax);
  });

  it('end the reads of their batch once one was denied', { timeout: 60_000 }, async () => {
    const lab = await createLab({}, allowed);
    lab.account.faults.push({ service: 'logs', kind: 'access-denied' });
    expect(Math.max(...(await readsOfBatches(lab, 4)))).toBe(1);
  });
});

describe('the stops of a batch', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await arrange();
    lab.states.set('svc0', steady('svc0', { running: 0, pending: 4 }));
    addLogs(lab.account, 'svc0');
  });

  it('of one task definition in a batch describe it once', async () => {
    const causes = ['OutOfMemoryError: a', '', ''];
    const loops = causes.flatMap((reason, cause) =>
      [0, 1, 2].map((at) => ({
        id: `c${cause}-${at}`,
        service: 'svc0',
        atMs: startMs + at * 1_000,
        reason,
        exitCode: [137, 1, 139][cause] ?? 1,
      })),
    );
    for (const { id } of loops) write(lab.account, id, 'boom');
    await deliver(lab, loops);
    expect(readsOf(lab)).toEqual([
      'DescribeTaskDefinition',
      ...Array(logReadsMax).fill('GetLogEvents'),
    ]);
  });

  it('that are expected are not read', async () => {
    const scaling = loopOf('svc0').map((stop) => {
      const event = stopEvent({ ...stop, exitCode: 143, reason: '' });
      const why = { stopCode: 'ServiceSchedulerInitiated', stoppedReason: 'Scaling activity' };
      return { ...event, detail: { ...event.detail, ...why } };
    });
    await lab.deliver(...scaling);
    expect(readsOf(lab)).toEqual([]);
  });
});

describe('TASK_LOG_GROUP_PREFIX', () => {
  const env = {
    MODE: 'observe',
    CLUSTER_ARNS: clusterArn,
    TABLE_NAME: 't',
    ALERTS_TOPIC_ARN: 'a',
    PAGES_TOPIC_ARN: 'p',
    RUNBOOK_BASE: 'docs',
    TIME_ZONE: 'Europe/Berlin',
    DIGEST_HOUR: '9',
    CRASH_LOOP_STOPS: '3',
    CRASH_LOOP_MINUTES: '10',
  };

  it('may be empty, and must be set', () => {
    const prefixOf = (value: string) =>
      readConfig({ ...env, TASK_LOG_GROUP_PREFIX: value }).taskLogGroupPrefix;
    expect([prefixOf(''), prefixOf('/ecs/')]).toEqual(['', '/ecs/']);
    expect(() => readConfig(env)).toThrow(
      'TASK_LOG_GROUP_PREFIX must be text, which may be empty, got nothing',
    );
  });
});
