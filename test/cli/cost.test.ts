import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fixedLines, totalOf, usedLines } from '../../cli/bench/cost/bill.ts';
import { multiplyCluster } from '../../cli/bench/cost/copies.ts';
import { renderCostTable } from '../../cli/bench/cost/cost-table.ts';
import { type Day, monthOf, playDay } from '../../cli/bench/cost/measure.ts';
import type { Invocation } from '../../cli/bench/cost/meter.ts';
import { readUnits, writeUnits } from '../../cli/bench/cost/request-units.ts';
import {
  fixedPartsOf,
  functionFactsOf,
  readDefaultStack,
} from '../../cli/bench/cost/stack-facts.ts';
import { meterRequest } from '../../cli/bench/cost/table-requests.ts';
import { noUsage, usageOf } from '../../cli/bench/cost/usage.ts';
import { parseUsage, renderUsage, usageFile } from '../../cli/bench/cost/usage-file.ts';
import { costsOf } from '../../cli/bench/cost.ts';
import { createAccount } from '../../simulator/account.ts';
import { respond } from '../../simulator/aws/operation.ts';
import { responders } from '../../simulator/aws/request-handler.ts';
import { tableDefinition } from '../../simulator/hook-session.ts';

describe('request units of DynamoDB', () => {
  it.each([
    ['nothing found', 0, true, 1],
    ['a small item', 1, true, 1],
    ['exactly a block', 4_096, true, 1],
    ['a byte more', 4_097, true, 2],
    ['eventually consistent', 4_096, false, 0.5],
    ['eventually consistent, a byte more', 4_097, false, 1],
  ])('read: %s', (_, bytes, isConsistent, units) => {
    expect(readUnits(bytes, isConsistent)).toBe(units);
  });

  const entry = (key: string, bytes: number) => ({ key, bytes });
  it.each([
    ['a small item', undefined, 100, undefined, undefined, 1],
    ['exactly a block', undefined, 1_024, undefined, undefined, 1],
    ['a byte more', undefined, 1_025, undefined, undefined, 2],
    ['smaller than before', 3_000, 10, undefined, undefined, 3],
    ['new in the index', undefined, 1_500, undefined, entry('a', 1_500), 4],
    ['in the same place of the index', 900, 1_500, entry('a', 900), entry('a', 1_500), 4],
    ['elsewhere in the index', 900, 1_500, entry('a', 900), entry('b', 1_500), 5],
    ['out of the index', 900, 800, entry('a', 900), undefined, 2],
  ])('write: %s', (_, beforeBytes, afterBytes, before, after, units) => {
    expect(writeUnits({ beforeBytes, afterBytes, indexes: [{ before, after }] })).toBe(units);
  });

  it('are metered of requests as they go to the table', () => {
    const account = createAccount({ nowMs: () => 0, tables: [tableDefinition] });
    const { TableName } = tableDefinition;
    const send = (operation: string, members: Readonly<Record<string, unknown>>) => {
      const input = { TableName, ...members };
      const unitsOf = meterRequest(account, { operation, input });
      const simulated = responders.dynamodb[operation];
      if (simulated === undefined) throw new Error(`${operation} is not simulated`);
      return unitsOf(respond(simulated, account, input));
    };
    const Key = { pk: { S: 'a' }, sk: { S: 'b' } };
    const index = { indexPk: { S: 'OUTBOX' }, indexSk: { S: '1' } };
    const big = { json: { S: 'x'.repeat(5_000) } };
    expect(send('GetItem', { Key, ConsistentRead: true })).toEqual({ read: 1, write: 0 });
    expect(send('PutItem', { Item: { ...Key, ...big } })).toEqual({ read: 0, write: 5 });
    expect(send('PutItem', { Item: { ...Key, ...big, ...index } })).toEqual({ read: 0, write: 10 });
    expect(send('GetItem', { Key, ConsistentRead: true })).toEqual({ read: 2, write: 0 });
    const query = {
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: 'a' } },
    };
    expect(send('Query', query)).toEqual({ read: 1, write: 0 });
    expect(send('Query', { ...query, ConsistentRead: true })).toEqual({ read: 2, write: 0 });
    expect(send('PutItem', { Item: Key })).toEqual({ read: 0, write: 10 });
  });
});

describe('the use of one invocation', () => {
  const invocation: Invocation = {
    ...{ functionName: 'density', trigger: 'schedule', atMs: 0, durationMs: 1_000, messages: 0 },
    ...{ readUnits: 3, writeUnits: 4, metricsRead: 5, logBytes: 6, isCalendar: false },
    calls: new Map([
      ['ecs:ListTasks', 6],
      ['dynamodb:Query', 2],
      ['cloudwatch:GetMetricData', 1],
      ['cloudwatch:DescribeAlarms', 1],
    ]),
  };

  it('is its waiting and its computing, at the share of a vCPU that its memory has', () => {
    const at = (memoryMb: number) =>
      usageOf(invocation, { cpuPerCall: () => 2, memoryMb }).billedSeconds;
    expect(at(1_769)).toBe(1.02);
    expect(at(884.5)).toBe(1.04);
    // More than a vCPU does not help a function that computes one thing at a time.
    expect(at(3_538)).toBe(1.02);
  });

  it('tells apart what is billed apart', () => {
    const usage = usageOf(invocation, { cpuPerCall: () => 0, memoryMb: 512 });
    expect(usage).toMatchObject({ calls: 10, tableCalls: 2, cloudWatchCalls: 1, batches: 0 });
    expect(usage).toMatchObject({ readUnits: 3, writeUnits: 4, metricsRead: 5, logBytes: 6 });
  });
});

describe('the bill', () => {
  it('of what is fixed', () => {
    const lines = fixedLines({
      ...{ alarmMetrics: 20, customMetrics: 10, keys: 1, polledQueues: 2, functions: 5 },
    });
    expect(Object.fromEntries(lines.map(({ name, usd }) => [name, usd.toFixed(4)]))).toEqual({
      alarms: '2.0000',
      'custom metrics': '3.0000',
      'KMS key': '1.0000',
      // 2 x 5 x 129,600 long polls of 20 s.
      'queue polling': '0.5184',
      "KMS requests of the table's key": '0.1296',
    });
  });

  it('of what is used', () => {
    const lines = usedLines(
      {
        ...noUsage,
        ...{ invocations: 1e6, billedSeconds: 1e5, readUnits: 8e6, writeUnits: 1e6 },
        ...{ logBytes: 1e9, messages: 1e6, batches: 5e5 },
      },
      { memoryMb: 512, isScheduled: true },
    );
    expect(lines.map(({ usd }) => Number(usd.toFixed(4)))).toEqual([
      // 50,000 GB-seconds, a million requests, half a million scheduled invocations.
      Number((0.66667 + 0.2 + 0.5).toFixed(4)),
      1 + 0.625,
      0.53,
      0.8,
    ]);
  });
});

describe('the template', () => {
  const stack = readDefaultStack();

  it('has as many schedules and queues as are billed', () => {
    const facts = functionFactsOf(stack);
    expect(Object.fromEntries(facts.map(({ name, scheduled }) => [name, scheduled]))).toEqual({
      'deployment-hook': 0,
      density: 8_640,
      'task-state': 43_200,
      'instance-replacement': 2_880,
      'az-balance': 8_640,
    });
    expect(fixedPartsOf(stack)).toMatchObject({ keys: 1, polledQueues: 2, functions: 5 });
  });

  it('has as many alarms as are billed', () => {
    const text = readFileSync('template.yaml', 'utf8');
    const alarms = text.match(/Type: AWS::CloudWatch::Alarm/g) ?? [];
    // Each of them is on one metric.
    expect(fixedPartsOf(stack).alarmMetrics).toBe(alarms.length);
  });
});

describe('the cost in the README', () => {
  const usage = parseUsage(readFileSync(usageFile, 'utf8'));
  const costs = costsOf(usage);

  it('is what was measured, at the prices and with the template of now', () => {
    const hint = 'renew the table: npm run -s bench -- --cost-table';
    expect(readFileSync('README.md', 'utf8').includes(renderCostTable(costs)), hint).toBe(true);
  });

  it('stays below 20 USD for 5,000 tasks', () => {
    const largest = costs.at(-1);
    expect(largest?.tasks).toBe(5_000);
    expect(largest?.total).toBeLessThan(20);
  });

  it('adds up', () => {
    for (const { fixed, used, storage, total } of costs) {
      const parts = totalOf(fixed) + storage.usd + totalOf(used.flatMap(({ lines }) => lines));
      expect(total).toBeCloseTo(parts, 9);
    }
  });

  it('refuses a file with a name that it does not know', () => {
    const text = renderUsage(usage).replace('"readUnits"', '"readUnit"');
    expect(() => parseUsage(text)).toThrow(/readUnit/);
  });
});

describe('a metered day', () => {
  const shape = { services: 10, tasksAService: 5 };
  const facts = functionFactsOf(readDefaultStack());
  const played = playDay(shape, 1);

  it('uses what the file says of a cluster of that size, but for what happens by the day', async () => {
    const [known] = parseUsage(readFileSync(usageFile, 'utf8'));
    const month = monthOf(await played, facts, () => 0);
    expect(month.tasks).toBe(known?.tasks);
    for (const name of ['az-balance', 'density', 'task-state']) {
      const [ours, theirs] = [month.byFunction[name], known?.byFunction[name]];
      for (const what of ['invocations', 'calls', 'readUnits', 'logBytes'] as const) {
        const ratio = (ours?.[what] ?? 0) / (theirs?.[what] ?? 0);
        expect(ratio, `${name} ${what}`).toBeGreaterThan(0.8);
        expect(ratio, `${name} ${what}`).toBeLessThan(1.25);
      }
    }
  });

  it('is billed for waiting: a call takes its time, and one after the other adds up', async () => {
    const looks = (await played).invocations.filter(
      ({ functionName }) => functionName === 'density',
    );
    expect(looks.length).toBe(12);
    for (const { durationMs } of looks) expect(durationMs).toBeGreaterThanOrEqual(200);
  });

  it('takes any number of calls once its time has ended: no bucket would fill again', async () => {
    const { account } = await played;
    const call = {
      service: 'ecs',
      operation: 'DescribeTasks',
      caller: 'density',
      input: {},
    } as const;
    const isAdmitted = Array.from({ length: 500 }, () => account.admits?.(call) ?? true);
    expect(isAdmitted).not.toContain(false);
  });

  it('can be made larger: copies under names of their own that belong together', async () => {
    const { account }: Day = await played;
    const sizes = () =>
      [account.services, account.tasks, account.containerInstances, account.targetGroups].map(
        ({ size }) => size,
      );
    const before = sizes();
    const subnets = account.subnets.size;
    multiplyCluster(account, 3);
    expect(sizes()).toEqual(before.map((size) => size * 3));
    expect(account.subnets.size).toBe(subnets);
    for (const { networkConfiguration } of account.services.values()) {
      const used = networkConfiguration?.awsvpcConfiguration?.subnets ?? [];
      expect(used.length).toBe(subnets);
      expect(used.filter((one) => !account.subnets.has(one))).toEqual([]);
    }
    const groups = new Set(
      [...account.services.values()].map((one) => `service:${one.serviceName}`),
    );
    for (const [key, task] of account.tasks) {
      expect(task.taskArn).toBe(key);
      expect(groups.has(task.group ?? '')).toBe(true);
      if (task.containerInstanceArn === undefined) continue;
      expect(account.containerInstances.has(task.containerInstanceArn)).toBe(true);
    }
  });
});
