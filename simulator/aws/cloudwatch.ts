import type { Account, Alarm, MetricSeries } from '../account.ts';
import { ServiceError, UnsupportedRequest } from './errors.ts';
import {
  type Input,
  isInput,
  optionalInteger,
  optionalText,
  optionalTexts,
  pageOf,
  type Responder,
  text,
} from './operation.ts';

const alarmNamesMax = 100;
const alarmsPageDefault = 50;
const alarmsPageMax = 100;
const metricQueriesMax = 500;
const datapointsMax = 100_800;

/** CloudWatch. */
export const cloudWatch: Responder = {
  DescribeAlarms: {
    members: ['AlarmNames', 'AlarmTypes', 'MaxRecords', 'NextToken'],
    respond: describeAlarms,
  },
  GetMetricData: {
    members: ['MetricDataQueries', 'StartTime', 'EndTime', 'ScanBy', 'MaxDatapoints', 'NextToken'],
    respond: getMetricData,
  },
};

/** Unknown names are left out of the answer, and composite alarms too unless they are asked for. */
function describeAlarms(account: Account, input: Input): object {
  const names = optionalTexts(input, 'AlarmNames');
  if (names !== undefined && names.length > alarmNamesMax) {
    throw invalid(`AlarmNames must have at most ${alarmNamesMax} entries`);
  }
  const types = optionalTexts(input, 'AlarmTypes') ?? ['MetricAlarm'];
  const alarms = [...account.alarms.values()].filter(
    (alarm) =>
      (names === undefined || names.includes(alarm.AlarmName)) &&
      types.includes(isComposite(alarm) ? 'CompositeAlarm' : 'MetricAlarm'),
  );
  const pageSize = optionalInteger(input, 'MaxRecords', [1, alarmsPageMax]) ?? alarmsPageDefault;
  const { page, next } = pageOf(alarms, optionalText(input, 'NextToken'), pageSize, invalidToken);
  return {
    MetricAlarms: page.filter((alarm) => !isComposite(alarm)),
    CompositeAlarms: page.filter(isComposite),
    NextToken: next,
  };
}

function isComposite({ AlarmRule }: Alarm): boolean {
  return AlarmRule !== undefined;
}

type Datapoint = { readonly atMs: number; readonly value: number };

type MetricQuery = {
  readonly id: string;
  readonly label: string;
  readonly failure: MetricSeries['failure'];
  readonly datapoints: readonly Datapoint[];
};

type MetricResult = {
  readonly Id: string;
  readonly Label: string;
  readonly Timestamps: readonly Date[];
  readonly Values: readonly number[];
  readonly StatusCode: 'Complete' | 'PartialData' | 'InternalError' | 'Forbidden';
};

function getMetricData(account: Account, input: Input): object {
  const queries = input.MetricDataQueries;
  if (!Array.isArray(queries) || queries.length === 0 || queries.length > metricQueriesMax) {
    throw invalid(`MetricDataQueries must have 1 to ${metricQueriesMax} entries`);
  }
  const range = {
    startMs: timeOf(input, 'StartTime'),
    endMs: timeOf(input, 'EndTime'),
    descending: (optionalText(input, 'ScanBy') ?? 'TimestampDescending') === 'TimestampDescending',
  };
  if (range.startMs >= range.endMs) throw invalid('StartTime must be before EndTime');

  const answers = queries.map((query) => answerOf(account, query, range));
  if (new Set(answers.map(({ id }) => id)).size < answers.length) {
    throw invalid('The Ids of MetricDataQueries must be unique');
  }
  const pageSize =
    optionalInteger(input, 'MaxDatapoints', [1, datapointsMax], 'InvalidParameterValue') ??
    datapointsMax;
  return pageOfAnswers(answers, optionalText(input, 'NextToken'), pageSize);
}

function answerOf(
  account: Account,
  query: unknown,
  range: { startMs: number; endMs: number; descending: boolean },
): MetricQuery {
  if (!isInput(query)) throw invalid('A metric data query must be an object');
  const { MetricStat: stat, Id: _, Label: __, ReturnData, ...others } = query;
  // Without metric math a query that returns nothing has no use.
  if (ReturnData === false)
    throw new UnsupportedRequest('metric data queries with ReturnData false');
  if (Object.keys(others).length > 0) {
    throw new UnsupportedRequest(`metric data queries with ${Object.keys(others).join(', ')}`);
  }
  const id = text(query, 'Id');
  if (!/^[a-z]\w*$/.test(id)) throw invalid(`The value ${id} for Id is not a valid identifier`);
  if (!isInput(stat) || !isInput(stat.Metric)) throw invalid('MetricStat must name a Metric');
  if (stat.Unit !== undefined) throw new UnsupportedRequest('metric data queries with a Unit');

  const periodSeconds = optionalInteger(stat, 'Period', [1, 86_400], 'InvalidParameterValue');
  if (periodSeconds === undefined) throw invalid('MetricStat must have a Period');
  const series = seriesOf(account, stat.Metric);
  const samples = (series?.samples ?? []).filter(
    ({ atMs }) => atMs >= range.startMs && atMs < range.endMs,
  );
  const datapoints = aggregate(samples, periodSeconds * 1000, text(stat, 'Stat'));
  return {
    id,
    label: optionalText(query, 'Label') ?? text(stat.Metric, 'MetricName'),
    failure: series?.failure,
    datapoints: range.descending ? datapoints.reverse() : datapoints,
  };
}

/** A metric is its namespace, its name and exactly these dimensions. */
function seriesOf(account: Account, metric: Input): MetricSeries | undefined {
  const wanted = metric.Dimensions ?? [];
  if (!Array.isArray(wanted) || !wanted.every(isInput)) throw invalid('Dimensions must be a list');
  const [namespace, metricName] = [text(metric, 'Namespace'), text(metric, 'MetricName')];
  return account.metrics.find(
    ({ Namespace, MetricName, Dimensions }) =>
      Namespace === namespace &&
      MetricName === metricName &&
      Object.keys(Dimensions).length === wanted.length &&
      wanted.every(({ Name, Value }) => typeof Name === 'string' && Dimensions[Name] === Value),
  );
}

/** One datapoint for each period that holds a sample, oldest first. */
function aggregate(samples: readonly Datapoint[], periodMs: number, stat: string): Datapoint[] {
  const periods = new Map<number, number[]>();
  for (const { atMs, value } of samples) {
    const startMs = Math.floor(atMs / periodMs) * periodMs;
    periods.set(startMs, [...(periods.get(startMs) ?? []), value]);
  }
  return [...periods]
    .map(([atMs, values]) => ({ atMs, value: statisticOf(values, stat) }))
    .sort((left, right) => left.atMs - right.atMs);
}

function statisticOf(values: readonly number[], stat: string): number {
  const sum = values.reduce((total, value) => total + value, 0);
  switch (stat) {
    case 'Sum':
      return sum;
    case 'SampleCount':
      return values.length;
    case 'Average':
      return sum / values.length;
    case 'Minimum':
      return Math.min(...values);
    case 'Maximum':
      return Math.max(...values);
    default:
      return percentileOf(values, stat);
  }
}

/** The nearest rank; CloudWatch interpolates in a way it does not publish. */
function percentileOf(values: readonly number[], stat: string): number {
  const percent = Number(/^p(\d{1,2}(?:\.\d+)?|100)$/.exec(stat)?.[1] ?? Number.NaN);
  if (Number.isNaN(percent)) throw new UnsupportedRequest(`the statistic ${stat}`);
  const sorted = [...values].sort((left, right) => left - right);
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}

/** A page ends after so many datapoints, in the middle of a metric if need be. */
function pageOfAnswers(
  answers: readonly MetricQuery[],
  token: string | undefined,
  pageSize: number,
): object {
  let [query, datapoint] = token === undefined ? [0, 0] : readCursor(token);
  let room = pageSize;
  const results: MetricResult[] = [];
  while (room > 0) {
    const answer = answers[query];
    if (answer === undefined) break;
    const part = answer.datapoints.slice(datapoint, datapoint + room);
    const isCut = datapoint + part.length < answer.datapoints.length;
    results.push(resultOf(answer, part, isCut));
    room -= part.length;
    [query, datapoint] = isCut ? [query, datapoint + part.length] : [query + 1, 0];
  }
  return {
    MetricDataResults: results,
    NextToken: query < answers.length ? writeCursor(query, datapoint) : undefined,
    Messages: [],
  };
}

function resultOf(
  { id, label, failure }: MetricQuery,
  part: readonly Datapoint[],
  isCut: boolean,
): MetricResult {
  const answered = failure === undefined ? part : [];
  return {
    Id: id,
    Label: label,
    Timestamps: answered.map(({ atMs }) => new Date(atMs)),
    Values: answered.map(({ value }) => value),
    StatusCode: failure ?? (isCut ? 'PartialData' : 'Complete'),
  };
}

function writeCursor(query: number, datapoint: number): string {
  return Buffer.from(`metrics-${query}-${datapoint}`).toString('base64url');
}

function readCursor(token: string): [query: number, datapoint: number] {
  const match = /^metrics-(\d+)-(\d+)$/.exec(Buffer.from(token, 'base64url').toString());
  if (match === null) throw invalidToken();
  return [Number(match[1]), Number(match[2])];
}

/** The wire carries seconds since the epoch. */
function timeOf(input: Input, member: string): number {
  const seconds = input[member];
  if (typeof seconds !== 'number') throw invalid(`${member} must be a time`);
  return seconds * 1000;
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidParameterValue', message);
}

function invalidToken(): ServiceError {
  return new ServiceError('InvalidNextToken', 'Invalid next token');
}
