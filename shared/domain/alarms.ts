import type { Verdict } from './gate.ts';
import type { MetricCheck } from './gate-config.ts';

type Judged = { readonly verdict: Verdict; readonly reason: string; readonly detail: string };

/**
 * Whether the named alarms let a deployment go on. One in ALARM fails it. One without enough data is
 * quiet, as a green without production traffic has none; one that does not exist is a mistake.
 */
export function judgeAlarms(
  names: readonly string[],
  states: readonly { readonly name: string; readonly state: string }[],
): Judged {
  const byName = new Map(states.map(({ name, state }) => [name, state]));
  const missing = names.filter((name) => !byName.has(name));
  const firing = names.filter((name) => byName.get(name) === 'ALARM');
  if (firing.length > 0) {
    return { verdict: 'fail', reason: 'alarm-firing', detail: `in ALARM: ${firing.join(', ')}` };
  }
  if (missing.length > 0) {
    const detail = `no such alarm: ${missing.join(', ')}`;
    return { verdict: 'error', reason: 'alarm-missing', detail };
  }
  const quiet = names.filter((name) => byName.get(name) !== 'OK');
  const note = quiet.length === 0 ? '' : `, ${quiet.length} without enough data`;
  return {
    verdict: 'pass',
    reason: 'alarms-quiet',
    detail: `${names.length} ${names.length === 1 ? 'alarm' : 'alarms'}, none firing${note}`,
  };
}

/** A statistic of one period. */
export type PeriodValue = {
  readonly value: number;
  /** False for the period that is still under way. */
  readonly isComplete: boolean;
};

/** Statistics that grow until their period is over: a part of one is no sign of too little. */
const growing: ReadonlySet<string> = new Set(['Sum', 'SampleCount']);

/**
 * Whether a metric's values in the window stay within its bounds; the worst one is named. A count that is
 * still growing may be too high already, and is never too low.
 */
export function judgeMetric(metric: MetricCheck, periods: readonly PeriodValue[]): Judged {
  const { name, stat, windowMinutes, max, min } = metric;
  const values = periods.map(({ value }) => value);
  const settled = growing.has(stat) ? periods.filter(({ isComplete }) => isComplete) : periods;
  if (values.length === 0 || (min !== undefined && settled.length === 0)) {
    const detail = `${name}: no data in ${windowMinutes} min`;
    return metric.missing === 'pass'
      ? { verdict: 'pass', reason: 'metric-without-data', detail }
      : { verdict: 'error', reason: 'metric-without-data', detail };
  }
  const highest = values.reduce((a, b) => Math.max(a, b));
  const lowest = settled.reduce((least, { value }) => Math.min(least, value), Infinity);
  const beyond =
    max !== undefined && highest > max
      ? `${highest}, limit ${max}`
      : min !== undefined && lowest < min
        ? `${lowest}, at least ${min} expected`
        : undefined;
  return beyond === undefined
    ? { verdict: 'pass', reason: 'metric-within', detail: `${name} ${stat} within its bounds` }
    : { verdict: 'fail', reason: 'metric-beyond', detail: `${name} ${stat} is ${beyond}` };
}

/** Stands for green's target group in a dimension's value. */
export const greenTargetGroupToken = '$greenTargetGroup';

/**
 * Dimensions with `$greenTargetGroup` replaced as CloudWatch names a target group
 * (`targetgroup/name/id`); undefined when it is asked for and not known.
 * Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
 */
export function withTargetGroups(
  dimensions: Readonly<Record<string, string>>,
  greenTargetGroupArn: string | undefined,
): Readonly<Record<string, string>> | undefined {
  const entries = Object.entries(dimensions);
  if (!entries.some(([, value]) => value === greenTargetGroupToken)) return dimensions;
  const green = /targetgroup\/.+$/.exec(greenTargetGroupArn ?? '')?.[0];
  if (green === undefined) return undefined;
  return Object.fromEntries(
    entries.map(([name, value]) => [name, value === greenTargetGroupToken ? green : value]),
  );
}
