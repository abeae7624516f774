import {
  type CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  type MetricDataQuery,
} from '@aws-sdk/client-cloudwatch';

export type AlarmState = { readonly name: string; readonly state: string };

/** A metric to read over a window that ends now. */
export type MetricQuery = {
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly stat: string;
  readonly periodSeconds: number;
  readonly windowMinutes: number;
};

/** Reads of CloudWatch. Each throws what the SDK throws. */
export type MetricGateway = {
  /** Metric and composite alarms by name; a name that CloudWatch does not know is left out. */
  describeAlarms(names: readonly string[], signal?: AbortSignal): Promise<readonly AlarmState[]>;
  /** Values in the window, oldest first, one list a query in the order asked. */
  readMetrics(
    queries: readonly MetricQuery[],
    nowMs: number,
    signal?: AbortSignal,
  ): Promise<readonly (readonly number[])[]>;
};

/** Pages read at most before the answer counts as truncated. */
const pagesMax = 20;
/** Alarm names that one call takes. */
const alarmNamesMax = 100;

export function createMetricGateway(cloudWatch: CloudWatchClient): MetricGateway {
  return {
    async describeAlarms(names, signal) {
      const found: AlarmState[] = [];
      for (let from = 0; from < names.length; from += alarmNamesMax) {
        found.push(
          ...(await alarmsOf(cloudWatch, names.slice(from, from + alarmNamesMax), signal)),
        );
      }
      return found;
    },
    async readMetrics(queries, nowMs, signal) {
      if (queries.length === 0) return [];
      const values = queries.map((): number[] => []);
      const windowMinutes = Math.max(...queries.map((query) => query.windowMinutes));
      let token: string | undefined;
      for (let page = 0; page < pagesMax; page += 1) {
        const output = await cloudWatch.send(
          new GetMetricDataCommand({
            MetricDataQueries: queries.map(queryOf),
            StartTime: new Date(nowMs - windowMinutes * 60_000),
            EndTime: new Date(nowMs),
            ScanBy: 'TimestampAscending',
            ...(token === undefined ? {} : { NextToken: token }),
          }),
          signal === undefined ? {} : { abortSignal: signal },
        );
        for (const { Id, Values, Timestamps } of output.MetricDataResults ?? []) {
          const at = Number(Id?.slice(1));
          const windowStartMs = nowMs - (queries[at]?.windowMinutes ?? 0) * 60_000;
          values[at]?.push(
            ...(Values ?? []).filter(
              (_, one) => (Timestamps?.[one]?.getTime() ?? 0) >= windowStartMs,
            ),
          );
        }
        token = output.NextToken;
        if (token === undefined) return values;
      }
      throw new Error(`CloudWatch answered in more than ${pagesMax} pages`);
    },
  };
}

async function alarmsOf(
  cloudWatch: CloudWatchClient,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly AlarmState[]> {
  const found: AlarmState[] = [];
  let token: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const output = await cloudWatch.send(
      new DescribeAlarmsCommand({
        AlarmNames: [...names],
        AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
        ...(token === undefined ? {} : { NextToken: token }),
      }),
      signal === undefined ? {} : { abortSignal: signal },
    );
    for (const alarm of [...(output.MetricAlarms ?? []), ...(output.CompositeAlarms ?? [])]) {
      if (alarm.AlarmName === undefined) continue;
      found.push({ name: alarm.AlarmName, state: alarm.StateValue ?? 'unknown' });
    }
    token = output.NextToken;
    if (token === undefined) return found;
  }
  throw new Error(`CloudWatch answered in more than ${pagesMax} pages`);
}

const queryOf = (query: MetricQuery, at: number): MetricDataQuery => ({
  Id: `m${at}`,
  ReturnData: true,
  MetricStat: {
    Metric: {
      Namespace: query.namespace,
      MetricName: query.metricName,
      Dimensions: Object.entries(query.dimensions).map(([Name, Value]) => ({ Name, Value })),
    },
    Period: query.periodSeconds,
    Stat: query.stat,
  },
});
