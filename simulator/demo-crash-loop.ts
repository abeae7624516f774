import { type Account, createAccount, type EcsService, type PublishedMessage } from './account.ts';
import { tableDefinition } from './hook-session.ts';
import { createSimulatedTaskState, topicArns } from './task-state.ts';

const minuteMs = 60_000;
const cluster = 'prod';
const service = 'worker';

/** One stop of the story: the task, when it stopped, and how long it had lived. */
type Stop = { readonly task: string; readonly atMs: number; readonly livedMs: number };

const startMs = Date.parse('2026-11-20T03:04:00Z');

/** The account at 03:04: a service of four tasks, one of which still runs. */
function createStage(nowMs: () => number) {
  const account = createAccount({ nowMs, tables: [tableDefinition] });
  for (const TopicArn of Object.values(topicArns(account))) {
    account.topics.set(TopicArn, { TopicArn, messages: [] });
  }
  const prefix = `arn:aws:ecs:${account.region}:${account.accountId}`;
  const clusterArn = `${prefix}:cluster/${cluster}`;
  const state: EcsService = {
    serviceArn: `${prefix}:service/${cluster}/${service}`,
    serviceName: service,
    clusterArn,
    status: 'ACTIVE',
    desiredCount: 4,
    runningCount: 1,
    pendingCount: 3,
    deploymentConfiguration: {
      minimumHealthyPercent: 50,
      deploymentCircuitBreaker: { enable: false, rollback: false },
    },
    deployments: [
      {
        id: 'ecs-svc/4410027',
        status: 'PRIMARY',
        rolloutState: 'COMPLETED',
        taskDefinition: `${prefix}:task-definition/${service}:88`,
        createdAt: new Date(startMs - 9 * minuteMs),
      },
    ],
    tags: [],
  };
  account.clusters.set(clusterArn, { clusterArn, clusterName: cluster });
  account.services.set(state.serviceArn, state);
  return { account, state, prefix };
}

/**
 * The crash-loop chapter, in virtual time: six tasks run out of memory, their events come twice, late
 * and out of order, and what people get is one opening and one end.
 */
export async function playCrashLoop(write: (line: string) => void): Promise<void> {
  let nowMs = startMs;
  const { account, state, prefix } = createStage(() => nowMs);
  const taskState = createSimulatedTaskState({
    account,
    nowMs: () => nowMs,
    clusterArns: [state.clusterArn],
  });
  // A stack that has been there for a day: its first look is long over.
  const first = await taskState.store.firstRun(startMs - 1_440 * minuteMs);
  await taskState.store.endFirstRun(first, startMs - minuteMs);
  const told = createTeller(account, write);
  const clock = (): string => new Date(nowMs).toISOString().slice(11, 16);
  const sweepFor = async (minutes: number): Promise<void> => {
    for (let minute = 0; minute < minutes; minute += 1) {
      await taskState.sweep();
      nowMs += minuteMs;
    }
  };
  const [a, b, c, d, e, f] = [41, 95, 62, 58, 77, 44].map((seconds, at) =>
    stopEvent(
      prefix,
      { task: `0f3c5a7e91b24d6${at}`, atMs: startMs + at * 70_000, livedMs: seconds * 1_000 },
      at,
    ),
  );

  write('');
  write('7  worker:88 leaks memory: six tasks die of it, their events come as events do');
  nowMs = startMs + 7 * minuteMs;
  await taskState.deliver([b, a, a]);
  await taskState.deliver([f, c, b]);
  await taskState.deliver([e, d, f]);
  write(`   ${clock()}  events  6 stops in 9 deliveries: 3 came twice, most of them out of order`);
  await sweepFor(6);
  told(clock());

  state.runningCount = 4;
  state.pendingCount = 0;
  write('');
  write(`   ${clock()}  you     worker:89 with 1024 MiB: steady`);
  await sweepFor(17);
  told(clock());
}

/** Prints what SNS got since it last printed: the opening as a mail and a card, the end as one line. */
function createTeller(account: Account, write: (line: string) => void) {
  let seen = 0;
  return (time: string): void => {
    const { alertsTopicArn, pagesTopicArn } = topicArns(account);
    const messages = account.topics.get(alertsTopicArn)?.messages ?? [];
    for (const message of messages.slice(seen)) tellMessage(message, time, write);
    seen = messages.length;
    const pages = account.topics.get(pagesTopicArn)?.messages.length ?? 0;
    write(`           so far ${counted(seen, 'card')}, ${counted(pages, 'message')} to the pager`);
  };
}

const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`;

function tellMessage(
  { subject = '', bodies }: PublishedMessage,
  time: string,
  write: (line: string) => void,
): void {
  write(`   ${time}  alert   ${subject}`);
  if (subject.startsWith('[RESOLVED]')) return;
  for (const line of bodies.default.split('\n')) write(`           | ${line}`.trimEnd());
  for (const line of cardLines(bodies)) write(`           # ${line}`);
}

/** The chat card, as the channel shows it: title, one line, next steps. */
function cardLines(body: Readonly<Record<string, string>>): readonly string[] {
  const text = body.https ?? body.http;
  if (text === undefined) return [];
  const { content } = JSON.parse(text) as {
    readonly content?: {
      readonly title?: string;
      readonly description?: string;
      readonly nextSteps?: readonly string[];
    };
  };
  return [
    content?.title,
    content?.description,
    ...(content?.nextSteps ?? []).map((step) => `- ${step}`),
  ]
    .filter((line) => line !== undefined)
    .map(String);
}

/** The event of a task that ran out of memory on one of three hosts in three zones. */
function stopEvent(prefix: string, { task, atMs, livedMs }: Stop, at: number) {
  const zone = 'abc'[at % 3] ?? 'a';
  return {
    version: '0',
    id: `5a0c-${task}`,
    'detail-type': 'ECS Task State Change',
    source: 'aws.ecs',
    account: '123456789012',
    time: new Date(atMs).toISOString(),
    region: 'eu-central-1',
    resources: [`${prefix}:task/${cluster}/${task}`],
    detail: {
      taskArn: `${prefix}:task/${cluster}/${task}`,
      clusterArn: `${prefix}:cluster/${cluster}`,
      containerInstanceArn: `${prefix}:container-instance/${cluster}/i${at % 3}`,
      availabilityZone: `eu-central-1${zone}`,
      version: 5,
      lastStatus: 'STOPPED',
      desiredStatus: 'STOPPED',
      group: `service:${service}`,
      startedBy: 'ecs-svc/4410027',
      launchType: 'MANAGED_INSTANCES',
      taskDefinitionArn: `${prefix}:task-definition/${service}:88`,
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
      createdAt: new Date(atMs - livedMs - 9_000).toISOString(),
      startedAt: new Date(atMs - livedMs).toISOString(),
      stoppedAt: new Date(atMs).toISOString(),
      memory: '512',
      containers: [
        {
          name: 'app',
          lastStatus: 'STOPPED',
          exitCode: 137,
          reason: 'OutOfMemoryError: Container killed due to memory usage',
        },
      ],
    },
  };
}
