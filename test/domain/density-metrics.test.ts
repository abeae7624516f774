import { describe, expect, it } from 'vitest';
import { defaultDensityPolicy, densityOf } from '../../shared/domain/density.ts';
import { densityMetricsOf, metricsMax } from '../../shared/domain/density-metrics.ts';
import { densityWorld, type WorldSpec } from '../support/density-worlds.ts';

const everyone = (): boolean => true;
const metricsOf = (
  spec: WorldSpec,
  { clusters = 1, perService = false, isWatched = everyone as (service: string) => boolean } = {},
) =>
  densityMetricsOf(
    'prod',
    densityOf(densityWorld(spec), defaultDensityPolicy),
    { clusters, perService },
    isWatched,
  );
const valuesOf = (sets: ReturnType<typeof metricsOf>) =>
  sets.map(({ dimensions, metrics }) => [
    Object.values(dimensions).join('/'),
    Object.fromEntries(metrics.map(({ name, value }) => [name, value])),
  ]);

const world: WorldSpec = {
  providers: [{ name: 'an-empty-one' }, { name: 'general' }],
  instances: { general: [{ size: [1024, 2048], tasks: [{ times: 3 }] }, { size: [1024, 2048] }] },
};
const providers = (count: number): WorldSpec => ({
  instances: Object.fromEntries(
    Array.from({ length: count }, (_, at) => [`p${at}`, [{ tasks: [{}] }]]),
  ),
});
const countOf = (sets: ReturnType<typeof metricsOf>): number =>
  sets.reduce((sum, { metrics }) => sum + metrics.length, 0);

describe('densityMetricsOf', () => {
  it('has the cluster first, then the providers that are in use', () => {
    expect(valuesOf(metricsOf(world))).toEqual([
      [
        'prod',
        { Instances: 2, ReservedPercent: 37.5, IdleInstances: 1, ConcentrationPercentMax: 0 },
      ],
      [
        'prod/general',
        { CpuReservedPercent: 37.5, MemoryReservedPercent: 37.5, TasksPerInstance: 1.5 },
      ],
      ['prod/an-empty-one', { CpuReservedPercent: 0, MemoryReservedPercent: 0 }],
    ]);
  });

  it.each([
    [1, 0, 4],
    [1, 1, 7],
    [1, 2, 10],
    [1, 9, 10],
    [2, 9, 4],
    [3, 9, 3],
    [10, 9, 1],
    [11, 9, 0],
  ])('%i clusters with %i providers each have %i metrics a cluster', (clusters, count, each) => {
    const own = countOf(metricsOf(providers(count), { clusters }));
    expect(own).toBe(each);
    expect(clusters * own).toBeLessThanOrEqual(metricsMax);
  });

  it('has every provider and service where the stack asks for it', () => {
    const sets = metricsOf(providers(9), { clusters: 20, perService: true });
    expect(sets.filter(({ dimensions }) => 'CapacityProvider' in dimensions)).toHaveLength(9);
    expect(sets.at(-1)).toEqual({
      dimensions: { Cluster: 'prod', Service: 'api' },
      metrics: [{ name: 'ConcentrationPercent', unit: 'Percent', value: 100 / 9 }],
    });
  });

  it('shows the most concentrated of the services that are large enough and not tagged off', () => {
    const services = ['small', 'off', 'api'].map((service) => ({ service, size: [8, 8] as const }));
    const [small, off, api] = services;
    const instances = {
      general: [
        {
          tasks: [
            { ...small, times: 3 },
            { ...off, times: 5 },
            { ...api, times: 3 },
          ],
        },
        { tasks: [{ ...api, times: 2 }] },
      ],
    };
    const isWatched = (service: string): boolean => service !== 'off';
    const [cluster] = metricsOf({ instances }, { isWatched });
    expect(cluster?.metrics.at(-1)).toMatchObject({ name: 'ConcentrationPercentMax', value: 60 });
  });
});
