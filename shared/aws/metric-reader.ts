import {
  CloudWatchClient,
  GetMetricDataCommand,
  type MetricDataQuery,
  type MetricDataResult,
} from '@aws-sdk/client-cloudwatch';
import { assert } from '../domain/assert.ts';
import { type ClientSettings, sendOptions } from './clients.ts';

/** A metric to read over a window that ends at the time of the read, and begins with a period. */
export type MetricQuery = {
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly stat: string;
  readonly periodSeconds: number;
  readonly windowMinutes: number;
};

/** A statistic of one period, by the period's start. */
export type MetricSample = { readonly atMs: number; readonly value: number };

/** Reads of metrics alone, for functions that may do no more. Throws what the SDK throws. */
export type MetricReader = {
  /** Samples in the window, oldest first, one list a query in the order asked; none without data. */
  readSamples(
    queries: readonly MetricQuery[],
    endMs: number,
    signal?: AbortSignal,
  ): Promise<readonly (readonly MetricSample[])[]>;
};

/** Queries that one GetMetricData takes. */
export const metricQueriesMax = 500;
/** Pages read at most before the answer counts as truncated. */
const pagesMax = 20;

export function createMetricReader(cloudWatch: CloudWatchClient): MetricReader {
  return {
    async readSamples(queries, endMs, signal) {
      if (queries.length === 0) return [];
      assert(queries.length <= metricQueriesMax, `${queries.length} queries in one GetMetricData`);
      const samples = queries.map((): MetricSample[] => []);
      const answered = new Set<number>();
      // A period that the window cuts counts whole: CloudWatch stamps it with its beginning.
      const startOf = ({ windowMinutes, periodSeconds }: MetricQuery): number => {
        const periodMs = periodSeconds * 1_000;
        return Math.floor((endMs - windowMinutes * 60_000) / periodMs) * periodMs;
      };
      const input = {
        MetricDataQueries: queries.map(queryOf),
        StartTime: new Date(Math.min(...queries.map(startOf))),
        EndTime: new Date(endMs),
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
          if (query !== undefined) samples[at]?.push(...samplesSince(startOf(query), result));
        }
        return output.NextToken;
      });
      const unanswered = queries.findIndex((_, at) => !answered.has(at));
      if (unanswered >= 0) {
        throw new Error(`CloudWatch did not answer for ${queries[unanswered]?.metricName}`);
      }
      return samples;
    },
  };
}

/** Reads page after page until there is no further token. */
export async function eachPage(
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
const samplesSince = (
  startMs: number,
  { Values, Timestamps }: MetricDataResult,
): readonly MetricSample[] =>
  (Values ?? [])
    .map((value, at) => ({ atMs: Timestamps?.[at]?.getTime() ?? 0, value }))
    .filter(({ atMs }) => atMs >= startMs);

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

/** The reader over a client of its own. */
export const openMetricReader = (settings: ClientSettings): MetricReader =>
  createMetricReader(new CloudWatchClient(settings));
