import { type CostPolicy, costOf, defaultCostPolicy, type GroupCost } from './cost.ts';
import { type Density, type DensityPolicy, defaultDensityPolicy, densityOf } from './density.ts';
import { type GateCoverage, gateCoverageOf } from './gate-coverage.ts';
import { compareTexts } from './order.ts';
import type { RegionPrices } from './prices/region-prices.ts';
import {
  type CalendarPolicy,
  defaultCalendarPolicy,
  forecastReplacements,
  type ReplacementCalendar,
} from './replacement-calendar.ts';
import type { ComputeKind, Gap, Snapshot } from './snapshot.ts';
import type { ZonePolicy } from './zone-rules.ts';
import { judgeZones, type ZoneReport } from './zone-verdict.ts';

export type PlanPolicy = {
  readonly zones: ZonePolicy;
  readonly calendar: CalendarPolicy;
  readonly density: DensityPolicy;
  readonly cost: CostPolicy;
};

const minuteMs = 60_000;

/** What the parameters of `template.yaml` are by default. */
export const defaultPlanPolicy: PlanPolicy = {
  zones: { skewMax: 1, quietMs: 20 * minuteMs, unhealthyShareMax: 0.2 },
  calendar: defaultCalendarPolicy,
  density: defaultDensityPolicy,
  cost: defaultCostPolicy,
};

type Kind = ComputeKind | 'unknown';

/** Everything that can be said about a cluster from one look at it. */
export type ClusterPlan = {
  readonly region: string;
  readonly cluster: string;
  readonly clusterArn: string;
  readonly takenAtMs: number;
  /** Read calls that the snapshot took. */
  readonly calls: number;
  readonly services: number;
  /** By kind of compute, then by zone (`unknown` where there is none). */
  readonly instances: Readonly<Partial<Record<Kind, Readonly<Record<string, number>>>>>;
  readonly tasks: Readonly<Partial<Record<Kind, number>>>;
  readonly zones: ZoneReport;
  readonly calendar: ReplacementCalendar;
  readonly density: Density;
  /** By capacity provider; see `groupInstances`. */
  readonly costs: readonly GroupCost[];
  readonly gate: GateCoverage;
  readonly gaps: readonly Gap[];
};

/**
 * Looks at a cluster from every side. It is a function of the snapshot: the same one gives the same
 * plan on any day, because `now` is the moment at which it was taken.
 */
export function planCluster(
  snapshot: Snapshot,
  prices: RegionPrices | undefined,
  policy: PlanPolicy = defaultPlanPolicy,
): ClusterPlan {
  const { region, cluster, clusterArn, takenAtMs, calls, services, gaps } = snapshot;
  return {
    region,
    cluster,
    clusterArn,
    takenAtMs,
    calls,
    services: services.length,
    instances: zonesByKind(snapshot.instances),
    tasks: countsByKind(snapshot.tasks),
    // One look remembers nothing: who changed a desired count lately is not known.
    zones: judgeZones(snapshot, policy.zones, { desiredChangedAtMs: {} }),
    calendar: forecastReplacements(snapshot, takenAtMs, policy.calendar),
    density: densityOf(snapshot, policy.density),
    costs: costOf(snapshot, prices, policy.cost),
    gate: gateCoverageOf(services),
    gaps,
  };
}

type Thing = { readonly compute: ComputeKind | undefined };

const byKind = <One extends Thing>(things: readonly One[]): readonly (readonly [Kind, One[]])[] =>
  [...Map.groupBy(things, ({ compute }): Kind => compute ?? 'unknown')].sort(byKey);

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  compareTexts(a, b);

function zonesByKind(instances: Snapshot['instances']): ClusterPlan['instances'] {
  return Object.fromEntries(
    byKind(instances).map(([kind, own]) => {
      const zones = [...Map.groupBy(own, ({ zone }) => zone ?? 'unknown')];
      return [
        kind,
        Object.fromEntries(zones.map(([zone, there]) => [zone, there.length] as const).sort(byKey)),
      ];
    }),
  );
}

const countsByKind = (tasks: Snapshot['tasks']): ClusterPlan['tasks'] =>
  Object.fromEntries(byKind(tasks).map(([kind, own]) => [kind, own.length]));
