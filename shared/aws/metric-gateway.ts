import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  type MetricDataQuery,
  type MetricDataResult,
} from '@aws-sdk/client-cloudwatch';
import { type ClientSettings, sendOptions } from './clients.ts';

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
      const answered = new Set<number>();
      const startOf = ({ windowMinutes }: MetricQuery): number => nowMs - windowMinutes * 60_000;
      const input = {
        MetricDataQueries: queries.map(queryOf),
        StartTime: new Date(Math.min(...queries.map(startOf))),
        EndTime: new Date(nowMs),
        ScanBy: 'TimestampAscending' as const,
      };
      await eachPage(async (page) => {
        const command = new GetMetricDataCommand({ ...input, ...page });
        const output = await cloudWatch.send(command, sendOptions(signal));
        for (const result of output.MetricDataResults ?? []) {
          requireRead(result);
          const at = Number(result.Id?.slice(1));
          answered.add(at);
          const query = queries[at];
          if (query !== undefined) values[at]?.push(...valuesSince(startOf(query), result));
        }
        return output.NextToken;
      });
      const unanswered = queries.findIndex((_, at) => !answered.has(at));
      if (unanswered >= 0) {
        throw new Error(`CloudWatch did not answer for ${queries[unanswered]?.metricName}`);
      }
      return values;
    },
  };
}

/** Reads page after page until there is no further token. */
async function eachPage(
  read: (page: { readonly NextToken?: string }) => Promise<string | undefined>,
): Promise<void> {
  let token: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    token = await read(token === undefined ? {} : { NextToken: token });
    if (token === undefined) return;
  }
  throw new Error(`CloudWatch answered in more than ${pagesMax} pages`);
}

/** No data is an answer; data that could not be read is none. PartialData goes on with the next page. */
function requireRead({ Id, StatusCode }: MetricDataResult): void {
  if (StatusCode === 'InternalError' || StatusCode === 'Forbidden') {
    throw new Error(`CloudWatch could not read ${Id}: ${StatusCode}`);
  }
}

/** One window is read for all queries: each keeps what lies in its own. */
const valuesSince = (
  startMs: number,
  { Values, Timestamps }: MetricDataResult,
): readonly number[] =>
  (Values ?? []).filter((_, at) => (Timestamps?.[at]?.getTime() ?? 0) >= startMs);

async function alarmsOf(
  cloudWatch: CloudWatchClient,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly AlarmState[]> {
  const found: AlarmState[] = [];
  await eachPage(async (page) => {
    const command = new DescribeAlarmsCommand({
      AlarmNames: [...names],
      AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
      ...page,
    });
    const output = await cloudWatch.send(command, sendOptions(signal));
    for (const alarm of [...(output.MetricAlarms ?? []), ...(output.CompositeAlarms ?? [])]) {
      if (alarm.AlarmName === undefined) continue;
      found.push({ name: alarm.AlarmName, state: alarm.StateValue ?? 'unknown' });
    }
    return output.NextToken;
  });
  return found;
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

/** The gateway over a client of its own. */
export const openMetricGateway = (settings: ClientSettings) =>
  createMetricGateway(new CloudWatchClient(settings));
