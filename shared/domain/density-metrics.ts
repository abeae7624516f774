import type { Concentration } from './concentration.ts';
import type { Density, Fill, GroupDensity } from './density.ts';
import { sortedBy } from './order.ts';

/** One custom metric for each set of dimensions; a share is in percent. */
export type DensityMetric = {
  readonly name: string;
  readonly unit: 'Count' | 'Percent' | 'None';
  readonly value: number;
};
export type DensityMetricSet = {
  readonly dimensions: Readonly<Record<string, string>>;
  readonly metrics: readonly DensityMetric[];
};

/** Custom metrics of a stack, unless its operator asks for those of each service. */
export const metricsMax = 10;
/** With them: services and providers of a cluster that have metrics, in the order of names. */
export const namedMetricsMax = 100;

export type MetricsPolicy = {
  /** Clusters of the stack: the metrics are shared out among them. */
  readonly clusters: number;
  readonly perService: boolean;
};

/**
 * What an on-call charts. A metric is billed for each set of dimension values that it has, so the
 * stack's ten are shared out evenly among its clusters: each has those of the cluster first, then those
 * of its providers, of as many as fit. One cluster: 4 and two providers of 3. Two clusters: 4 each.
 * `perService` lifts the bound, for every provider and service.
 */
export function densityMetricsOf(
  cluster: string,
  density: Density,
  { clusters, perService }: MetricsPolicy,
  isWatched: (service: string) => boolean,
): readonly DensityMetricSet[] {
  const share = Math.floor(metricsMax / Math.max(clusters, 1));
  const budget = perService ? Number.POSITIVE_INFINITY : share;
  const watched = density.concentrations.filter(({ service }) => isWatched(service));
  const ofCluster = clusterMetrics(density, watched).slice(0, budget);
  const groups = groupsInOrder(density.groups);
  const fitting = Math.floor((budget - ofCluster.length) / providerMetricCount);
  return [
    ...(ofCluster.length === 0 ? [] : [{ dimensions: { Cluster: cluster }, metrics: ofCluster }]),
    ...groups.slice(0, Math.min(fitting, namedMetricsMax)).map(({ group, fill }) => ({
      dimensions: { Cluster: cluster, CapacityProvider: group.name },
      metrics: providerMetrics(fill),
    })),
    ...(perService ? serviceMetrics(cluster, watched) : []),
  ];
}

/** Those with instances first: an empty provider must not take the place of one that is in use. */
const groupsInOrder = (groups: readonly GroupDensity[]): readonly GroupDensity[] =>
  sortedBy(groups, ({ group }) => group.name).toSorted(
    (a, b) => Number(b.fill.instances > 0) - Number(a.fill.instances > 0),
  );

function clusterMetrics(
  { cluster: fill, groups }: Density,
  watched: readonly Concentration[],
): readonly DensityMetric[] {
  const idle = groups.reduce((sum, group) => sum + group.idle.length, 0);
  return [
    { name: 'Instances', unit: 'Count', value: fill.instances },
    { name: 'ReservedPercent', unit: 'Percent', value: 100 * fill.dominantShare },
    { name: 'IdleInstances', unit: 'Count', value: idle },
    { name: 'ConcentrationPercentMax', unit: 'Percent', value: worstPercent(watched) },
  ];
}

/** Of the services that are large enough to be judged; 0 without one. */
const worstPercent = (watched: readonly Concentration[]): number =>
  Math.max(
    0,
    ...watched.flatMap(({ reason, share }) => (reason === 'too-few-tasks' ? [] : [100 * share])),
  );

/** How many {@link providerMetrics} are: without instances there is one less. */
const providerMetricCount = 3;

const providerMetrics = (fill: Fill): readonly DensityMetric[] => [
  { name: 'CpuReservedPercent', unit: 'Percent', value: 100 * fill.cpuShare },
  { name: 'MemoryReservedPercent', unit: 'Percent', value: 100 * fill.memoryShare },
  ...(fill.instances === 0
    ? []
    : [{ name: 'TasksPerInstance', unit: 'None' as const, value: fill.tasks / fill.instances }]),
];

const serviceMetrics = (
  cluster: string,
  watched: readonly Concentration[],
): readonly DensityMetricSet[] =>
  sortedBy(watched, ({ service }) => service)
    .slice(0, namedMetricsMax)
    .map(({ service, share }) => ({
      dimensions: { Cluster: cluster, Service: service },
      metrics: [{ name: 'ConcentrationPercent', unit: 'Percent', value: 100 * share }],
    }));
