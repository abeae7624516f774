import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sampleEventsOf } from '../support/event-rules.ts';
import { fields } from '../support/template.ts';
import { batchOf, loadFunction } from './function.ts';
import { arnOf, createMoto, region } from './moto.ts';
import { createStack, stackName } from './stack.ts';

const moto = createMoto(process.env.MOTO_ENDPOINT ?? '');
const clusterArn = arnOf('ecs', 'cluster/prod');
const minuteMs = 60_000;
/** Longer than Ballast only listens after its first start. */
const beginsMs = Date.now() + 15 * minuteMs;

/** A receiver of what SNS sends over https, as chat and pagers get it. moto asks for no certificate. */
const posted: string[] = [];
const receiver: Server = createServer(async (request, response) => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  posted.push(Buffer.concat(parts).toString());
  response.end();
});

let invoke: (event: unknown) => Promise<unknown>;
const sweep = { source: 'ballast.schedule', 'detail-type': 'sweep' };

/** Hands to the function what lies in its queue, ten at a time, as Lambda would. */
async function pump(): Promise<number> {
  const messages = await moto.drain(`${stackName}-task-state`);
  for (let from = 0; from < messages.length; from += 10) {
    const batch = messages.slice(from, from + 10);
    expect(await invoke(batchOf(batch))).toEqual({ batchItemFailures: [] });
  }
  return messages.length;
}

const taskIdOf = (task: number): string => String(task).padStart(32, '0');

/** A task of the service that ran out of memory, at a time of its own. */
function stopOf(task: number, stoppedAtMs: number): Record<string, unknown> {
  const [sample] = sampleEventsOf('task-state').filter(
    ({ file }) => file === 'out-of-memory-managed-instances.json',
  );
  const text = JSON.stringify(sample?.event);
  const shiftMs = stoppedAtMs - Date.parse(/"stoppedAt":"([^"]+)"/.exec(text)?.[1] ?? '');
  return JSON.parse(
    text
      .replace(/(task\/prod\/)[0-9a-f]+/g, `$1${taskIdOf(task)}`)
      .replace(/(task-definition\/worker:)\d+/g, '$11')
      .replace(/"(\d{4}-\d\d-\d\dT[\d:.]+Z)"/g, (_, time) =>
        JSON.stringify(new Date(Date.parse(time) + shiftMs).toISOString()),
      ),
  );
}

const notices = async (queue: string): Promise<readonly Readonly<Record<string, unknown>>[]> =>
  (await moto.drain(queue)).map(({ Body }) => fields(JSON.parse(Body), 'notice'));

describe('task-state on moto', () => {
  beforeAll(async () => {
    await moto.reset();
    const outputs = await createStack(moto, {
      ClusterArns: clusterArn,
      TaskLogGroupPrefix: '/ecs/',
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const { port } = receiver.address() as AddressInfo;
    for (const [topic, queue] of [
      ['AlertsTopicArn', 'read-alerts'],
      ['PagesTopicArn', 'read-pages'],
    ] as const) {
      const TopicArn = outputs.get(topic) ?? '';
      for (const [Protocol, Endpoint] of [
        ['sqs', await moto.createQueue(queue)],
        ['https', `http://127.0.0.1:${port}/${queue}`],
      ] as const) {
        await moto.query('sns', {
          ...{ Action: 'Subscribe', Version: '2010-03-31' },
          ...{ TopicArn, Protocol, Endpoint },
        });
      }
    }
    await createService();
    vi.useFakeTimers({ toFake: ['Date'] });
    invoke = await loadFunction(moto, 'task-state');
    await invoke(sweep);
    vi.setSystemTime(beginsMs);
    await invoke(sweep);
  });

  afterAll(() => {
    vi.useRealTimers();
    receiver.close();
  });

  it('tells nothing of what is well', async () => {
    expect(await notices('read-alerts')).toEqual([]);
  });

  it('opens one incident for a crash loop, tells the channel, then pages', async () => {
    const stops = [1, 2, 3].map((task) => stopOf(task, beginsMs + task * 20_000));
    await writeLog(taskIdOf(3), beginsMs + minuteMs, [
      'INFO loading feeds with token=hunter2',
      'ERROR out of heap',
    ]);
    vi.setSystemTime(beginsMs + 2 * minuteMs);
    await moto.putEvents([...stops, ...stops.slice(1)]);
    expect(await pump()).toBe(5);
    for (let minute = 3; minute <= 16; minute += 1) {
      vi.setSystemTime(beginsMs + minute * minuteMs);
      await invoke(sweep);
    }

    const open = (await incidents()).filter(({ status }) => status === 'open');
    expect(open).toEqual([
      expect.objectContaining({
        pk: 'SERVICE#prod/worker',
        sk: expect.stringMatching(/^INCIDENT#crash-loop#out-of-memory#/),
        severity: 'critical',
      }),
    ]);
    const [incident] = open;
    expect(JSON.parse(incident?.incident ?? '{}')).toMatchObject({
      facts: { logLines: 'INFO loading feeds with token=***\nERROR out of heap' },
    });

    const alerts = await notices('read-alerts');
    expect(alerts.length).toBeGreaterThanOrEqual(1);
    expect(alerts.length).toBeLessThanOrEqual(2);
    for (const { Subject, MessageAttributes } of alerts) {
      expect(Subject).toMatch(/^\[(WARN|CRITICAL)\] worker in prod: crash loop, out of memory/);
      expect(MessageAttributes).toMatchObject({
        kind: { Type: 'String', Value: 'crash-loop' },
        cluster: { Type: 'String', Value: 'prod' },
        service: { Type: 'String', Value: 'worker' },
        incidentId: { Type: 'String', Value: incident?.incidentId },
      });
    }

    const pages = await notices('read-pages');
    expect(pages).toHaveLength(1);
    expect(pages[0]?.Subject).toMatch(/^ALARM: /);
    expect(JSON.parse(String(pages[0]?.Message))).toMatchObject({ NewStateValue: 'ALARM' });
    expect(threadsIn(posted)).toEqual(alerts.map(() => incident?.incidentId));
  });

  it('drops what it cannot read, and keeps nothing back', async () => {
    const broken = sampleEventsOf('task-state').filter(({ file }) =>
      /^malformed-(version|containers|action-no-service)\.json$/.test(file),
    );
    const before = await incidents();
    await moto.putEvents(broken.map(({ event }) => fields(event, 'event')));
    expect(await pump()).toBe(broken.length);
    expect(await incidents()).toEqual(before);
  });
});

const logGroupName = '/ecs/worker';

/** What the container of a task has written. */
async function writeLog(taskId: string, atMs: number, lines: readonly string[]): Promise<void> {
  const place = { logGroupName, logStreamName: `ecs/app/${taskId}` };
  await moto.json('logs', 'CreateLogStream', place);
  const logEvents = lines.map((message, at) => ({ timestamp: atMs + at, message }));
  await moto.json('logs', 'PutLogEvents', { ...place, logEvents });
}

/** Four tasks wanted, none running: what a crash loop looks like to DescribeServices. */
async function createService(): Promise<void> {
  await moto.json('ecs', 'CreateCluster', { clusterName: 'prod' });
  await moto.json('ecs', 'RegisterTaskDefinition', {
    family: 'worker',
    containerDefinitions: [
      {
        ...{ name: 'app', image: 'worker:88', memory: 512 },
        logConfiguration: {
          logDriver: 'awslogs',
          options: {
            'awslogs-group': logGroupName,
            'awslogs-region': region,
            'awslogs-stream-prefix': 'ecs',
          },
        },
      },
    ],
  });
  await moto.json('logs', 'CreateLogGroup', { logGroupName });
  await moto.json('ecs', 'CreateService', {
    cluster: 'prod',
    serviceName: 'worker',
    taskDefinition: 'worker',
    desiredCount: 4,
  });
}

type Attribute = { readonly S?: string; readonly N?: string };

/** The incidents in the table, as text by attribute. */
async function incidents(): Promise<readonly Readonly<Record<string, string | undefined>>[]> {
  const { TableNames } = await moto.json<{ readonly TableNames: readonly string[] }>(
    'dynamodb',
    'ListTables',
    {},
  );
  const { Items } = await moto.json<{
    readonly Items: readonly Readonly<Record<string, Attribute>>[];
  }>('dynamodb', 'Scan', { TableName: TableNames[0] });
  return Items.map((item) =>
    Object.fromEntries(Object.entries(item).map(([name, { S, N }]) => [name, S ?? N])),
  ).filter(({ sk }) => sk?.startsWith('INCIDENT#'));
}

/** The thread of each card among what was posted: pages are no cards. */
const threadsIn = (bodies: readonly string[]): readonly unknown[] =>
  bodies
    .map((body): unknown => JSON.parse(String(fields(JSON.parse(body), 'post').Message)))
    .map((message) => fields(message, 'message'))
    .filter(({ source }) => source === 'custom')
    .map(({ metadata }) => fields(metadata, 'metadata').threadId);
