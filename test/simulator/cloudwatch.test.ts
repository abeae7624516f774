import {
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  type GetMetricDataCommandInput,
  paginateDescribeAlarms,
  paginateGetMetricData,
} from '@aws-sdk/client-cloudwatch';
import { describe, expect, it } from 'vitest';
import { accountOf, clientsOf, errorOf, nowMs } from './clients.ts';

describe('DescribeAlarms', () => {
  function arrange(count: number) {
    const account = accountOf();
    for (let index = 0; index < count; index += 1) {
      account.alarms.set(`alarm-${index}`, {
        AlarmName: `alarm-${index}`,
        StateValue: index === 0 ? 'ALARM' : 'OK',
        StateUpdatedTimestamp: new Date(nowMs),
        Threshold: 0.5,
      });
    }
    account.alarms.set('all', { AlarmName: 'all', StateValue: 'OK', AlarmRule: 'ALARM(alarm-0)' });
    return { account, cloudWatch: clientsOf(account).cloudWatch };
  }

  it('answers the alarms named, and leaves unknown ones out', async () => {
    const { cloudWatch } = arrange(2);
    const { MetricAlarms, CompositeAlarms } = await cloudWatch.send(
      new DescribeAlarmsCommand({ AlarmNames: ['alarm-0', 'gone', 'all'] }),
    );
    expect(MetricAlarms).toEqual([
      {
        AlarmName: 'alarm-0',
        StateValue: 'ALARM',
        StateUpdatedTimestamp: new Date(nowMs),
        Threshold: 0.5,
      },
    ]);
    // Composite alarms come only when their type is asked for.
    expect(CompositeAlarms).toEqual([]);
  });

  it('answers composite alarms when their type is asked for', async () => {
    const { cloudWatch } = arrange(1);
    const { MetricAlarms, CompositeAlarms } = await cloudWatch.send(
      new DescribeAlarmsCommand({
        AlarmNames: ['all', 'alarm-0'],
        AlarmTypes: ['CompositeAlarm', 'MetricAlarm'],
      }),
    );
    expect(MetricAlarms?.map(({ AlarmName }) => AlarmName)).toEqual(['alarm-0']);
    expect(CompositeAlarms?.map(({ AlarmName }) => AlarmName)).toEqual(['all']);
  });

  it('pages', async () => {
    const { cloudWatch } = arrange(5);
    const pages: number[] = [];
    for await (const page of paginateDescribeAlarms({ client: cloudWatch, pageSize: 2 }, {})) {
      pages.push(page.MetricAlarms?.length ?? 0);
    }
    expect(pages).toEqual([2, 2, 1]);
  });

  it('names an error also as the older protocol did', async () => {
    const { cloudWatch } = arrange(1);
    const call = cloudWatch.send(new DescribeAlarmsCommand({ MaxRecords: 101 }));
    expect(await errorOf(call)).toMatchObject({ Code: 'ValidationError', Type: 'Sender' });
  });

  it.each([
    [
      '101 names',
      { AlarmNames: Array.from({ length: 101 }, (_, i) => `a${i}`) },
      'InvalidParameterValueException',
    ],
    ['a token never given', { NextToken: 'x' }, 'InvalidNextToken'],
  ])('refuses %s', async (_, input, name) => {
    const { cloudWatch } = arrange(1);
    const call = cloudWatch.send(new DescribeAlarmsCommand(input));
    expect(await errorOf(call)).toMatchObject({ name });
  });
});

describe('GetMetricData', () => {
  const minuteMs = 60_000;
  const startMs = Date.UTC(2026, 10, 20, 12, 0);
  const Metric = {
    Namespace: 'AWS/ApplicationELB',
    MetricName: 'TargetResponseTime',
    Dimensions: [{ Name: 'TargetGroup', Value: 'green' }],
  };
  const query = (Id: string, Stat: string, metric: object = Metric) => ({
    Id,
    MetricStat: { Metric: metric, Period: 60, Stat },
  });
  const ask = (...queries: ReturnType<typeof query>[]): GetMetricDataCommandInput => ({
    MetricDataQueries: queries,
    StartTime: new Date(startMs),
    EndTime: new Date(startMs + 3 * minuteMs),
    ScanBy: 'TimestampAscending',
  });

  function arrange(values: readonly (readonly [minute: number, value: number])[]) {
    const account = accountOf();
    account.metrics.push({
      Namespace: Metric.Namespace,
      MetricName: Metric.MetricName,
      Dimensions: { TargetGroup: 'green' },
      samples: values.map(([minute, value]) => ({ atMs: startMs + minute * minuteMs, value })),
    });
    return { account, cloudWatch: clientsOf(account).cloudWatch };
  }

  it.each([
    ['Sum', [3, 4]],
    ['Average', [1.5, 4]],
    ['Minimum', [1, 4]],
    ['Maximum', [2, 4]],
    ['SampleCount', [2, 1]],
    ['p50', [1, 4]],
    ['p99', [2, 4]],
  ])('computes %s over each period, the end excluded', async (stat, values) => {
    const { cloudWatch } = arrange([
      [-1, 9],
      [0, 1],
      [0.5, 2],
      [2, 4],
      [3, 9],
    ]);
    const { MetricDataResults } = await cloudWatch.send(
      new GetMetricDataCommand(ask(query('q', stat))),
    );
    expect(MetricDataResults).toEqual([
      {
        Id: 'q',
        Label: 'TargetResponseTime',
        Timestamps: [new Date(startMs), new Date(startMs + 2 * minuteMs)],
        Values: values,
        StatusCode: 'Complete',
      },
    ]);
  });

  it('answers newest first unless told otherwise', async () => {
    const { cloudWatch } = arrange([
      [0, 1],
      [1, 2],
    ]);
    const { ScanBy: _, ...input } = ask(query('q', 'Sum'));
    const { MetricDataResults } = await cloudWatch.send(new GetMetricDataCommand(input));
    expect(MetricDataResults?.[0]?.Values).toEqual([2, 1]);
  });

  it('answers nothing for a metric that differs in one dimension', async () => {
    const { cloudWatch } = arrange([[0, 1]]);
    const other = { ...Metric, Dimensions: [] };
    const { MetricDataResults } = await cloudWatch.send(
      new GetMetricDataCommand(ask(query('q', 'Sum', other))),
    );
    expect(MetricDataResults).toMatchObject([{ Values: [], StatusCode: 'Complete' }]);
  });

  it('pages in the middle of a metric, and says that its data is partial', async () => {
    const { cloudWatch } = arrange([
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
    const input = { ...ask(query('a', 'Sum'), query('b', 'Sum')), MaxDatapoints: 2 };
    const pages: unknown[] = [];
    for await (const page of paginateGetMetricData({ client: cloudWatch }, input)) {
      pages.push(
        page.MetricDataResults?.map(({ Id, Values, StatusCode }) => [Id, Values, StatusCode]),
      );
    }
    expect(pages).toEqual([
      [['a', [1, 2], 'PartialData']],
      [
        ['a', [3], 'Complete'],
        ['b', [1], 'PartialData'],
      ],
      [['b', [2, 3], 'Complete']],
    ]);
  });

  it('passes on the failure of one metric', async () => {
    const { account, cloudWatch } = arrange([[0, 1]]);
    account.metrics[0] = { ...Object.assign({}, account.metrics[0]), failure: 'InternalError' };
    const { MetricDataResults } = await cloudWatch.send(
      new GetMetricDataCommand(ask(query('q', 'Sum'))),
    );
    expect(MetricDataResults).toMatchObject([{ Values: [], StatusCode: 'InternalError' }]);
  });

  it('refuses 501 queries and Ids that repeat', async () => {
    const { cloudWatch } = arrange([]);
    const many = Array.from({ length: 501 }, (_, index) => query(`q${index}`, 'Sum'));
    for (const input of [ask(...many), ask(query('q', 'Sum'), query('q', 'Sum'))]) {
      const call = cloudWatch.send(new GetMetricDataCommand(input));
      expect(await errorOf(call)).toMatchObject({ name: 'InvalidParameterValueException' });
    }
  });

  it('says that expressions are not simulated', async () => {
    const { account, cloudWatch } = arrange([]);
    const call = cloudWatch.send(
      new GetMetricDataCommand({ ...ask(), MetricDataQueries: [{ Id: 'q', Expression: '1' }] }),
    );
    expect(await errorOf(call)).toMatchObject({ name: 'UnsupportedBySimulator' });
    expect(account.problems).toHaveLength(1);
  });
});
