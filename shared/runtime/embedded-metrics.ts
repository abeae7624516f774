import { assert } from '../domain/assert.ts';
import type { Fields } from './log.ts';

/** Units of CloudWatch that are in use here. */
export type MetricUnit = 'Count' | 'Percent' | 'None';

export type Metric = { readonly name: string; readonly unit: MetricUnit; readonly value: number };

/** Metrics with one set of dimensions; each name is one custom metric for each set of their values. */
export type MetricSet = {
  readonly namespace: string;
  readonly atMs: number;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly metrics: readonly Metric[];
};

/** Limits of the format. */
const dimensionsMax = 30;
const metricsMax = 100;
const dimensionCharsMax = 1_024;

/** Keys that the log itself writes. */
const logKeys = new Set(['level', 'message', 'service', 'timestamp', '_aws']);

/**
 * One line of the log that CloudWatch makes metrics of, by itself and without a permission: its
 * Embedded Metric Format
 * (docs: AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification).
 * Dimensions and values stand at the root of the line. A value that is no number is left out.
 */
export function embeddedMetrics({ namespace, atMs, dimensions, metrics }: MetricSet): Fields {
  const given = metrics.filter(({ value }) => Number.isFinite(value));
  const names = Object.keys(dimensions);
  const keys = [...names, ...given.map(({ name }) => name)];
  assert(names.length <= dimensionsMax, `${names.length} dimensions are too many`);
  assert(given.length <= metricsMax, `${given.length} metrics are too many for one line`);
  assert(new Set(keys).size === keys.length, 'names of metrics and dimensions differ');
  assert(!keys.some((key) => logKeys.has(key)), 'a metric or dimension has a name of the log');
  return {
    _aws: {
      Timestamp: Math.floor(atMs),
      CloudWatchMetrics: [
        {
          Namespace: namespace,
          Dimensions: [names],
          Metrics: given.map(({ name, unit }) => ({ Name: name, Unit: unit })),
        },
      ],
    },
    ...Object.fromEntries(
      Object.entries(dimensions).map(([name, value]) => [name, value.slice(0, dimensionCharsMax)]),
    ),
    ...Object.fromEntries(given.map(({ name, value }) => [name, value])),
  };
}
