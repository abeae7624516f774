import { openEvidenceStore } from '../../shared/aws/evidence-store.ts';
import { createAccount } from '../../simulator/account.ts';
import { createRequestHandler } from '../../simulator/aws/request-handler.ts';
import { tableDefinition } from '../../simulator/hook-session.ts';
import { createSimulatedTaskState, topicArns } from '../../simulator/task-state.ts';
import { buildFunctions } from '../build.ts';
import type { BenchRow } from './row.ts';

const events = 2_000;
const services = 40;
const batchSize = 10;
const startMs = Date.parse('2026-11-20T03:00:00Z');

/** Events a second through the real handler, warm and in process, and what they cost the table. */
export async function taskStateRows(): Promise<readonly BenchRow[]> {
  const warm = await run(200);
  const measured = await run(events);
  const plain = await plainWrites(events);
  const built = (await buildFunctions()).find(({ name }) => name === 'task-state');
  const perSecond = Math.round((events / measured.tookMs) * 1_000);
  const peerPerSecond = Math.round((events / plain) * 1_000);
  return [
    {
      name: 'task-state.events',
      value: perSecond,
      unit: 'events/s',
      peer: `one conditionless write an event: ${peerPerSecond}/s`,
      ratio: Math.round((perSecond / peerPerSecond) * 1_000) / 1_000,
    },
    {
      name: 'task-state.writes-per-event',
      value: Math.round((measured.writes / events) * 100) / 100,
      unit: 'writes',
    },
    {
      name: 'task-state.alerts-of-a-storm',
      value: measured.alerts,
      unit: `messages for ${events} stops of ${services} services`,
    },
    {
      name: 'task-state.bundle.static',
      value: Math.round((built?.staticBytes ?? 0) / 100) / 10,
      unit: 'kB',
    },
    { name: 'task-state.warm-up', value: Math.round(warm.tookMs), unit: 'ms for 200 events' },
  ];
}

/** A storm of one cause, delivered in batches as Lambda would. */
async function run(count: number) {
  let nowMs = startMs + 60_000;
  const account = createAccount({ nowMs: () => nowMs, tables: [tableDefinition] });
  const topics = topicArns(account);
  for (const TopicArn of Object.values(topics)) {
    account.topics.set(TopicArn, { TopicArn, messages: [] });
  }
  const prefix = `arn:aws:ecs:${account.region}:${account.accountId}`;
  const clusterArn = `${prefix}:cluster/prod`;
  account.clusters.set(clusterArn, { clusterArn, clusterName: 'prod' });
  const { deliver, store } = createSimulatedTaskState({
    account,
    nowMs: () => nowMs,
    clusterArns: [clusterArn],
  });
  await store.endFirstRun(await store.firstRun(startMs - 7_200_000), startMs - 3_600_000);
  const stops = Array.from({ length: count }, (_, at) => stopEvent(prefix, at, count));
  account.calls.length = 0;
  const started = performance.now();
  for (let from = 0; from < stops.length; from += batchSize) {
    await deliver(stops.slice(from, from + batchSize));
  }
  const tookMs = performance.now() - started;
  const writes = account.calls.filter(({ operation }) => operation === 'PutItem').length;
  for (let minute = 0; minute < 7; minute += 1) {
    nowMs += 60_000;
    await deliver([]);
  }
  const alerts = account.topics.get(topics.alertsTopicArn)?.messages.length ?? 0;
  return { tookMs, writes, alerts };
}

/** The least that any reaction could do: one write an event, through the same client and table. */
async function plainWrites(count: number): Promise<number> {
  const account = createAccount({ nowMs: () => startMs, tables: [tableDefinition] });
  const store = openEvidenceStore(
    {
      region: account.region,
      credentials: { accessKeyId: 'simulated', secretAccessKey: 'simulated' },
      maxAttempts: 1,
      requestHandler: createRequestHandler(account),
    },
    tableDefinition.TableName,
  );
  const started = performance.now();
  for (let at = 0; at < count; at += 1) {
    await store.putEvidence({
      cluster: 'prod',
      service: `svc${at % services}`,
      deploymentId: '88',
      stage: String(at),
      atMs: startMs,
      record: { at },
    });
  }
  return performance.now() - started;
}

function stopEvent(prefix: string, at: number, count: number) {
  const atMs = startMs + Math.floor((at * 60_000) / count);
  const service = `svc${at % services}`;
  return {
    id: `event-${at}`,
    'detail-type': 'ECS Task State Change',
    source: 'aws.ecs',
    time: new Date(atMs).toISOString(),
    region: 'eu-central-1',
    resources: [`${prefix}:task/prod/t${at}`],
    detail: {
      taskArn: `${prefix}:task/prod/t${at}`,
      clusterArn: `${prefix}:cluster/prod`,
      version: 5,
      lastStatus: 'STOPPED',
      desiredStatus: 'STOPPED',
      group: `service:${service}`,
      startedBy: 'ecs-svc/88',
      launchType: 'FARGATE',
      availabilityZone: 'eu-central-1a',
      taskDefinitionArn: `${prefix}:task-definition/${service}:88`,
      stopCode: 'TaskFailedToStart',
      stoppedReason: 'CannotPullContainerError: pull image manifest has been retried 5 time(s)',
      createdAt: new Date(atMs - 30_000).toISOString(),
      stoppedAt: new Date(atMs).toISOString(),
      containers: [{ name: 'app', image: 'shop/app:1' }],
    },
  };
}
