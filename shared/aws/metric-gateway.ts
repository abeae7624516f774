import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import type { PeriodValue } from '../domain/alarms.ts';
import { type ClientSettings, sendOptions } from './clients.ts';
import { createMetricReader, eachPage, type MetricQuery } from './metric-reader.ts';

export type AlarmState = { readonly name: string; readonly state: string };

/** Reads of CloudWatch. Each throws what the SDK throws. */
export type MetricGateway = {
  /** Metric and composite alarms by name; a name that CloudWatch does not know is left out. */
  describeAlarms(names: readonly string[], signal?: AbortSignal): Promise<readonly AlarmState[]>;
  /** Values of the periods in the window, oldest first, one list a query in the order asked. */
  readMetrics(
    queries: readonly MetricQuery[],
    nowMs: number,
    signal?: AbortSignal,
  ): Promise<readonly (readonly PeriodValue[])[]>;
};

/** Alarm names that one call takes. */
const alarmNamesMax = 100;

export function createMetricGateway(cloudWatch: CloudWatchClient): MetricGateway {
  const reader = createMetricReader(cloudWatch);
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
      const series = await reader.readSamples(queries, nowMs, signal);
      return series.map((samples, at) => {
        const periodMs = (queries[at]?.periodSeconds ?? 0) * 1_000;
        return samples.map(({ atMs, value }) => ({ value, isComplete: atMs + periodMs <= nowMs }));
      });
    },
  };
}

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

/** The gateway over a client of its own. */
export const openMetricGateway = (settings: ClientSettings) =>
  createMetricGateway(new CloudWatchClient(settings));
