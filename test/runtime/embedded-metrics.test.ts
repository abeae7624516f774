import { Logger } from '@aws-lambda-powertools/logger';
import * as v from 'valibot';
import { describe, expect, it, vi } from 'vitest';
import { embeddedMetrics, type MetricSet } from '../../shared/runtime/embedded-metrics.ts';

/** Units of CloudWatch's MetricDatum that this project uses. */
const unit = v.picklist(['Count', 'Percent', 'None']);
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(1024));
/** The JSON schema of the Embedded Metric Format, as its specification prints it. */
const documented = v.looseObject({
  _aws: v.strictObject({
    Timestamp: v.pipe(v.number(), v.integer()),
    CloudWatchMetrics: v.array(
      v.strictObject({
        Namespace: name,
        Dimensions: v.pipe(
          v.array(
            v.pipe(v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(250))), v.maxLength(30)),
          ),
          v.minLength(1),
        ),
        Metrics: v.pipe(v.array(v.strictObject({ Name: name, Unit: unit })), v.maxLength(100)),
      }),
    ),
  }),
});

const set: MetricSet = {
  namespace: 'Ballast',
  atMs: Date.UTC(2026, 10, 20, 3, 4) + 0.5,
  dimensions: { Cluster: 'prod', CapacityProvider: 'general' },
  metrics: [
    { name: 'Instances', unit: 'Count', value: 7 },
    { name: 'CpuReservedPercent', unit: 'Percent', value: 68.25 },
  ],
};

describe('embeddedMetrics', () => {
  it('has the shape that the format documents', () => {
    const line = v.parse(documented, embeddedMetrics(set));
    expect(line).toEqual({
      _aws: {
        Timestamp: Date.UTC(2026, 10, 20, 3, 4),
        CloudWatchMetrics: [
          {
            Namespace: 'Ballast',
            Dimensions: [['Cluster', 'CapacityProvider']],
            Metrics: [
              { Name: 'Instances', Unit: 'Count' },
              { Name: 'CpuReservedPercent', Unit: 'Percent' },
            ],
          },
        ],
      },
      ...{ Cluster: 'prod', CapacityProvider: 'general', Instances: 7, CpuReservedPercent: 68.25 },
    });
  });

  it('has every dimension and metric that it names at the root, a text and a number', () => {
    const line = embeddedMetrics(set);
    const [directive] = v.parse(documented, line)._aws.CloudWatchMetrics;
    for (const key of directive?.Dimensions.flat() ?? []) expect(typeof line[key]).toBe('string');
    for (const { Name } of directive?.Metrics ?? []) expect(typeof line[Name]).toBe('number');
  });

  it('leaves out what is no number, with its name', () => {
    const metrics = [...set.metrics, { name: 'Odd', unit: 'None' as const, value: Number.NaN }];
    expect(embeddedMetrics({ ...set, metrics })).toEqual(embeddedMetrics(set));
  });

  it('cuts what CloudWatch would refuse', () => {
    const line = embeddedMetrics({ ...set, dimensions: { Cluster: 'x'.repeat(2_000) } });
    expect(String(line.Cluster)).toHaveLength(1_024);
  });

  it.each<readonly [string, Partial<MetricSet>]>([
    ['names of metrics and dimensions differ', { dimensions: { Instances: 'prod' } }],
    ['has a name of the log', { dimensions: { service: 'prod' } }],
    [
      'are too many',
      {
        metrics: Array.from({ length: 101 }, (_, at) => ({
          ...{ name: `m${at}`, unit: 'None' as const, value: 1 },
        })),
      },
    ],
  ])('refuses a set whose %s', (problem, change) => {
    expect(() => embeddedMetrics({ ...set, ...change })).toThrow(problem);
  });

  it('comes out of the log with its keys at the root', () => {
    const lines: string[] = [];
    const logger = new Logger({ serviceName: 'density' });
    const spy = vi.spyOn(Object.getPrototypeOf(logger), 'printLog').mockImplementation(((
      _level: number,
      item: { readonly getAttributes: () => unknown },
    ) => {
      lines.push(JSON.stringify(item.getAttributes()));
    }) as never);
    logger.info('metrics', embeddedMetrics(set));
    spy.mockRestore();
    expect(lines).toHaveLength(1);
    const line = JSON.parse(lines[0] ?? '{}');
    expect(v.parse(documented, line)).toMatchObject(embeddedMetrics(set));
    expect(line).toMatchObject({ service: 'density', message: 'metrics', level: 'INFO' });
  });
});
