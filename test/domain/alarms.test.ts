import { describe, expect, it } from 'vitest';
import { judgeAlarms, judgeMetric, withTargetGroups } from '../../shared/domain/alarms.ts';
import type { MetricCheck } from '../../shared/domain/gate-config.ts';

const state = (name: string, value: string) => ({ name, state: value });

describe('judgeAlarms', () => {
  it.each([
    ['all OK', [state('a', 'OK'), state('b', 'OK')], 'pass', 'alarms-quiet'],
    ['one in ALARM', [state('a', 'OK'), state('b', 'ALARM')], 'fail', 'alarm-firing'],
    [
      'one without data is quiet',
      [state('a', 'OK'), state('b', 'INSUFFICIENT_DATA')],
      'pass',
      'alarms-quiet',
    ],
    ['one that does not exist is a mistake', [state('a', 'OK')], 'error', 'alarm-missing'],
    ['a firing one weighs more than a missing one', [state('b', 'ALARM')], 'fail', 'alarm-firing'],
  ])('%s', (_, states, verdict, reason) =>
    expect(judgeAlarms(['a', 'b'], states)).toMatchObject({ verdict, reason }),
  );
});

describe('judgeMetric', () => {
  const metric = (overrides: Partial<MetricCheck>): MetricCheck => ({
    name: '5xx',
    namespace: 'AWS/ApplicationELB',
    metricName: 'HTTPCode_Target_5XX_Count',
    dimensions: {},
    stat: 'Sum',
    periodSeconds: 60,
    windowMinutes: 5,
    missing: 'pass',
    ...overrides,
  });
  const complete = (values: readonly number[]) =>
    values.map((value) => ({ value, isComplete: true }));
  const underWay = { value: 1, isComplete: false };

  it.each([
    ['a sum that still grows is not too little', { min: 2 }, 5, 'pass', 'metric-within'],
    ['an average is what it is', { min: 2, stat: 'Average' }, 5, 'fail', 'metric-beyond'],
    ['a sum that is too large already', { max: 0 }, 0, 'fail', 'metric-beyond'],
    [
      'nothing but the one under way',
      { min: 2, missing: 'wait' },
      undefined,
      'error',
      'metric-without-data',
    ],
  ] as const)('the period under way: %s', (_, overrides, before, verdict, reason) => {
    const periods = [...complete(before === undefined ? [] : [before]), underWay];
    expect(judgeMetric(metric(overrides), periods)).toMatchObject({ verdict, reason });
  });

  it.each([
    ['at the limit', { max: 3 }, [0, 3], 'pass', 'metric-within'],
    ['beyond the limit', { max: 3 }, [0, 4, 1], 'fail', 'metric-beyond'],
    ['below the least', { min: 2 }, [5, 1], 'fail', 'metric-beyond'],
    ['no data where none may come', { max: 3 }, [], 'pass', 'metric-without-data'],
    [
      'no data where data must come',
      { max: 3, missing: 'wait' },
      [],
      'error',
      'metric-without-data',
    ],
  ] as const)('%s', (_, overrides, values, verdict, reason) =>
    expect(judgeMetric(metric(overrides), complete(values))).toMatchObject({ verdict, reason }),
  );
});

describe('withTargetGroups', () => {
  const arn = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/green/0a1b';
  it.each([
    [{ LoadBalancer: 'app/x/1' }, undefined, { LoadBalancer: 'app/x/1' }],
    [{ TargetGroup: '$greenTargetGroup' }, arn, { TargetGroup: 'targetgroup/green/0a1b' }],
    [{ TargetGroup: '$greenTargetGroup' }, undefined, undefined],
  ])('%o with %s', (dimensions, green, expected) =>
    expect(withTargetGroups(dimensions, green)).toEqual(expected),
  );
});
