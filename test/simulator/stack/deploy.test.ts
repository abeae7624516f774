import { describe, expect, it } from 'vitest';
import { createProber } from '../../../shared/http/prober.ts';
import { proberDefaults } from '../../../shared/http/prober-defaults.ts';
import { tableDefinition } from '../../../simulator/hook-session.ts';
import { type DeliveryFaults, deployStack } from '../../../simulator/stack/deploy.ts';
import { functionFactories } from '../../../simulator/stack/functions.ts';
import { readStack } from '../../../simulator/stack/template.ts';
import { sampleEventsOf } from '../../support/event-rules.ts';
import { createTimeline } from '../../support/timeline.ts';
import { accountOf } from '../clients.ts';

const startMs = Date.parse('2026-11-20T09:30:00Z');
const minuteMs = 60_000;
const clusterArn = 'arn:aws:ecs:eu-central-1:123456789012:cluster/prod';

const calm: DeliveryFaults = {
  deliveries: () => [500],
  crashesBefore: () => false,
  latencyMs: () => 10,
};

function arrange(faults: Partial<DeliveryFaults> = {}) {
  const timeline = createTimeline(startMs);
  const stack = readStack({
    name: 'ballast',
    region: 'eu-central-1',
    accountId: '123456789012',
    parameters: { ClusterArns: [clusterArn] },
  });
  const account = accountOf({
    nowMs: timeline.nowMs,
    tables: [{ ...tableDefinition, TableName: 'ballast-Table' }],
    topics: stack.ofType('AWS::SNS::Topic').map(({ id }) => stack.arnOf(id)),
  });
  const prober = createProber(proberDefaults);
  const deployed = deployStack(stack, {
    account,
    timeline,
    functions: functionFactories({ prober: () => prober, seed: () => 1 }),
    faults: { ...calm, ...faults },
  });
  const runFor = (minutes: number): Promise<void> =>
    timeline.runUntil(timeline.nowMs() + minutes * minuteMs, deployed.settle);
  const subjects = (): readonly (string | undefined)[] =>
    [...account.topics.values()].flatMap(({ messages }) => messages.map(({ subject }) => subject));
  const loop = Array.from({ length: 4 }, (_, at) => crash(at));
  return { account, timeline, stack, deployed, runFor, subjects, loop };
}

/** A stop of one task of `worker` by a crash. */
function crash(at: number): unknown {
  const sample = sampleEventsOf('task-state').find(
    ({ file }) => file === 'application-exit-service.json',
  );
  const event = structuredClone(sample?.event) as {
    id: string;
    time: string;
    detail: Record<string, unknown>;
  };
  const stoppedAt = new Date(startMs + 15 * minuteMs + at * 1_000).toISOString();
  event.id = `crash-${at}`;
  event.time = stoppedAt;
  Object.assign(event.detail, {
    taskArn: `arn:aws:ecs:eu-central-1:123456789012:task/prod/t${at}`,
    clusterArn,
    stoppedAt,
    startedAt: new Date(startMs + 14 * minuteMs).toISOString(),
  });
  return event;
}

describe('a stack put up from template.yaml', () => {
  it('sweeps by its schedule, as the template says', async () => {
    const { deployed, runFor, account } = arrange();
    await runFor(10);
    expect(deployed.lambdas.get('task-state')?.counts).toMatchObject({
      invocations: 10,
      coldStarts: 1,
      crashes: 0,
      errors: 0,
    });
    expect(account.problems).toEqual([]);
  });

  it('takes events by the rules to the queue, in batches to the function, and alerts out', async () => {
    const { deployed, runFor, subjects, loop, account } = arrange();
    await runFor(15);
    for (const event of loop) deployed.deliver(event);
    await runFor(1);
    expect(deployed.queues.get('TaskStateQueue')?.size()).toBe(0);
    const batches = deployed.logs.filter(({ message }) => message === 'batch');
    expect(batches.map(({ fields }) => fields.received)).toEqual([4]);
    await runFor(7);
    expect(subjects().filter((subject) => subject?.includes('crash loop'))).toHaveLength(1);
    expect(account.problems).toEqual([]);
  });

  it('leaves out what no rule asks for', async () => {
    const { deployed, runFor } = arrange();
    deployed.deliver({ source: 'aws.ecs', 'detail-type': 'ECS Task State Change', detail: {} });
    deployed.deliver({ source: 'aws.ec2', 'detail-type': 'EC2 Spot Instance', detail: {} });
    await runFor(0.2);
    expect(deployed.lambdas.get('task-state')?.counts.invocations).toBe(0);
  });

  it('delivers again after a crash, in a sandbox of its own, and still tells it once', async () => {
    let requests = 0;
    const { deployed, runFor, subjects, loop } = arrange({
      // The third request of the first batch is never made, and its sandbox is gone.
      crashesBefore: () => {
        requests += 1;
        return requests === 3;
      },
    });
    for (const event of loop) deployed.deliver(event);
    await runFor(25);
    expect(deployed.lambdas.get('task-state')?.counts).toMatchObject({ crashes: 1 });
    expect(deployed.lambdas.get('task-state')?.counts.coldStarts).toBeGreaterThan(1);
    expect(deployed.queues.get('TaskStateQueue')?.size()).toBe(0);
    expect(subjects().length).toBeLessThanOrEqual(1);
  });

  it('gives a message up to the dead letters after as many receipts as the template says', async () => {
    const { deployed, runFor, loop } = arrange({ crashesBefore: () => true });
    deployed.deliver(loop[0]);
    await runFor(30);
    expect(deployed.queues.get('TaskStateQueue')?.size()).toBe(0);
    expect(deployed.queues.get('TaskStateDeadLetters')?.bodies()).toEqual([
      JSON.stringify(loop[0]),
    ]);
  });

  it('delivers twice, late and not at all, as its faults say', async () => {
    const plan: Readonly<Record<string, readonly number[]>> = {
      'crash-0': [500, 900],
      'crash-1': [],
      'crash-2': [120_000],
    };
    const { deployed, runFor, loop } = arrange({
      deliveries: (event) => plan[String(Reflect.get(Object(event), 'id'))] ?? [500],
    });
    for (const event of loop) deployed.deliver(event);
    await runFor(5);
    const stops = deployed.logs.filter(({ message }) => message === 'stop');
    const arns = stops.map(({ fields }) => String(fields.taskArn).split('/').at(-1));
    expect(arns).toEqual(['t0', 't3', 't0', 't2']);
  });

  it('plays the same twice', async () => {
    const play = async () => {
      const { deployed, runFor, loop, account } = arrange();
      for (const event of loop) deployed.deliver(event);
      await runFor(30);
      return JSON.stringify([deployed.logs, account.calls.map(({ operation }) => operation)]);
    };
    expect(await play()).toBe(await play());
  });
});
