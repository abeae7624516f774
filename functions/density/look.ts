import { ClusterUnseen } from '../../shared/aws/snapshot-reading.ts';
import { type Updated, updateIncident } from '../../shared/aws/update-incident.ts';
import { type ClusterMemory, rememberCluster } from '../../shared/domain/cluster-change.ts';
import { indexOf } from '../../shared/domain/cluster-index.ts';
import {
  type ConcentrationStates,
  defaultConcentrationWatchPolicy,
  observeConcentrations,
} from '../../shared/domain/concentration-watch.ts';
import { costOf, defaultCostPolicy, type GroupCost } from '../../shared/domain/cost.ts';
import {
  type Density,
  defaultDensityPolicy,
  densityOf,
  type GroupDensity,
} from '../../shared/domain/density.ts';
import {
  type DensityObservation,
  type FollowedSample,
  observeAnomalies,
} from '../../shared/domain/density-finding.ts';
import { densityMetricsOf } from '../../shared/domain/density-metrics.ts';
import { densityOutliersOf } from '../../shared/domain/density-outlier.ts';
import {
  type DensitySample,
  defaultSeriesPolicy,
  densitySamplesOf,
  emptySeriesState,
  followSeries,
  withoutUnseen,
} from '../../shared/domain/density-series.ts';
import { rememberWeek } from '../../shared/domain/density-week.ts';
import { fingerprintOf } from '../../shared/domain/incident-key.ts';
import { applyObservations } from '../../shared/domain/incident-lifecycle.ts';
import { incidentPolicies } from '../../shared/domain/incident-policy.ts';
import { type GroupedInstances, groupInstances } from '../../shared/domain/instance-group.ts';
import { isLastingGap } from '../../shared/domain/lasting-gap.ts';
import { modeOfTag } from '../../shared/domain/mode.ts';
import { shippedPrices } from '../../shared/domain/prices/region-prices.ts';
import { recordOf, valueIn } from '../../shared/domain/record.ts';
import type { Gap, Snapshot } from '../../shared/domain/snapshot.ts';
import { embeddedMetrics } from '../../shared/runtime/embedded-metrics.ts';
import type { Deps } from './handler.ts';
import {
  clusterMemoryName,
  fittingState,
  groupMemoryName,
  memoryForm,
  openMemories,
} from './memory.ts';

/** What one look at a cluster came to. */
export type Look = {
  readonly cluster: string;
  readonly decision: 'looked' | 'hold';
  readonly reason: string;
  readonly incidents: readonly string[];
};

/** Without one of these parts a snapshot says nothing about density. */
const needed: ReadonlySet<Gap['subject']> = new Set(['tasks', 'instances', 'services'] as const);
const tagName = 'ballast:density';
/** Of az-balance, which tells uneven zones. */
const zonesTagName = 'ballast:az-balance';

/**
 * Reads a cluster, puts its figures in the log, follows its series, and records what is wrong. Rejects
 * where it cannot be read and will not be by itself: nobody would hear of it.
 */
export async function lookAtCluster(clusterArn: string, deps: Deps): Promise<Look> {
  const snapshot = await deps.snapshots.read(clusterArn, {
    capacityProviders: true,
    subnetZones: true,
  });
  const { cluster } = snapshot;
  const gaps = snapshot.gaps.filter(
    ({ subject, reason }) => needed.has(subject) && reason !== 'missing',
  );
  const lost = gaps.find(isLastingGap);
  const gap = lost ?? gaps[0];
  if (gap !== undefined) {
    deps.log.warn('decision', { cluster, decision: 'hold', reason: 'reads-incomplete', gap });
    if (lost !== undefined) {
      throw new ClusterUnseen(`${cluster}: ${lost.operation} ${lost.reason}: ${lost.detail}`);
    }
    return { cluster, decision: 'hold', reason: 'reads-incomplete', incidents: [] };
  }
  const density = densityOf(snapshot, {
    ...defaultDensityPolicy,
    concentrationShareMin: deps.config.concentrationPercentMax / 100,
    zoneSkewMax: deps.config.zoneSkewMax,
  });
  const groups = groupsOf(snapshot, density, deps);
  logFigures(snapshot, density, groups, deps);
  logMetrics(snapshot, density, deps);
  return await follow(snapshot, density, groups, deps);
}

/** One provider, or instances of one kind, in every view of it. */
type Group = {
  readonly density: GroupDensity;
  readonly grouped: GroupedInstances | undefined;
  readonly cost: GroupCost | undefined;
};

function groupsOf(snapshot: Snapshot, { groups }: Density, { config }: Deps): readonly Group[] {
  const costs = costOf(snapshot, shippedPrices(snapshot.region), {
    ...defaultCostPolicy,
    ec2DiscountShare: config.ec2DiscountPercent / 100,
  });
  const grouped = new Map(groupInstances(indexOf(snapshot)).map((one) => [one.name, one]));
  const costByGroup = new Map(costs.map((cost) => [cost.group.name, cost]));
  return groups.map((density) => ({
    density,
    grouped: grouped.get(density.group.name),
    cost: costByGroup.get(density.group.name),
  }));
}

async function follow(
  snapshot: Snapshot,
  density: Density,
  groups: readonly Group[],
  deps: Deps,
): Promise<Look> {
  const { cluster } = snapshot;
  const nowMs = deps.clock.nowMs();
  const memories = await openMemories(deps.memories, cluster, nowMs);
  const before = memories.cluster();
  const memory = rememberCluster(before.cluster, snapshot);
  const { followed, states } = followAll(density, memory, nowMs, memories.group);
  const { ec2DiscountPercent } = deps.config;
  const weeks = new Map(
    groups.map((group) => {
      const name = groupMemoryName(group.density.group.name);
      const { capacityProvider } = group.density.group;
      const provider = snapshot.capacityProviders.find((one) => one.name === capacityProvider);
      const { scaleInAfterSeconds } = provider ?? {};
      const look = { ...group, ec2DiscountPercent, scaleInAfterSeconds, nowMs };
      return [name, rememberWeek(memories.group(name).week, look)] as const;
    }),
  );
  const concentrated = observeConcentrations(before.concentrations, density.concentrations, {
    cluster,
    nowMs,
    policy: defaultConcentrationWatchPolicy,
    limitPercent: deps.config.concentrationPercentMax,
    isWatched: watchedIn(snapshot, tagName),
    areZonesTold: watchedIn(snapshot, zonesTagName),
    outliers: groups.flatMap(({ grouped }) => (grouped ? densityOutliersOf(grouped) : [])),
  });
  logSilence(cluster, followed, deps);
  logWeekly(cluster, followed, deps);
  const { anomalySinceMs, anomalySaid: said } = before;
  const anomalies = observeAnomalies(anomalySinceMs, followed, { cluster, nowMs, memory, said });
  logUntold(cluster, anomalies.untold, deps);
  const observations = [...concentrated.observations, ...anomalies.observations];
  // Incidents first: a run that dies in between finds the same again, and changes nothing.
  const { ended, contended, isAnomalyContended } = await record(observations, nowMs, deps);
  const state = {
    form: memoryForm,
    cluster: memory,
    concentrations: statesAfter(before.concentrations, concentrated.states, ended, contended),
    anomalySinceMs: isAnomalyContended ? anomalySinceMs : anomalies.toldSinceMs,
    anomalySaid: isAnomalyContended ? said : anomalies.said,
  } as const;
  const groupStates = states.map(([name, state]) => {
    const week = weeks.get(name);
    return [name, week === undefined ? state : { ...state, week }] as const;
  });
  const clusterState = fittingState(state, nowMs);
  for (const [name, kept] of [[clusterMemoryName, clusterState] as const, ...groupStates]) {
    if (await memories.save(name, kept)) continue;
    deps.log.warn('memory-contended', { cluster, name });
  }
  const incidents = new Set(observations.map(({ key }) => `${key.kind} ${key.subject.name}`));
  return { cluster, decision: 'looked', reason: 'density-followed', incidents: [...incidents] };
}

/** What would have been anomalous but for a change that explains it: a line for each such change. */
function logSilence(cluster: string, followed: readonly FollowedSample[], { log }: Deps): void {
  const explained = followed.flatMap(({ sample: { figure, group, value }, verdict }) =>
    verdict.kind === 'hold' && verdict.reason === 'explained'
      ? [{ by: verdict.by, figure: { figure, group, value } }]
      : [],
  );
  for (const own of Map.groupBy(explained, ({ by }) => by).values()) {
    const [first] = own;
    if (first === undefined) continue;
    const { cause, subject } = first.by;
    log.info('decision', {
      ...{ cluster, decision: 'hold', reason: 'explained', cause, subject },
      figures: own.map(({ figure }) => figure).slice(0, namedMax),
    });
  }
}

/** What was unusual at this hour a week before, was told then, and is no worse now. */
function logWeekly(cluster: string, followed: readonly FollowedSample[], { log }: Deps): void {
  const figures = followed.flatMap(({ sample: { figure, group, value }, verdict }) =>
    verdict.kind === 'hold' && verdict.reason === 'seen-last-week'
      ? [{ figure, group, value }]
      : [],
  );
  if (figures.length === 0) return;
  log.info('decision', {
    ...{ cluster, decision: 'hold', reason: 'seen-last-week' },
    figures: figures.slice(0, namedMax),
  });
}

/** What is unusual and opened nothing, because it is of no concern by itself. */
function logUntold(cluster: string, untold: readonly DensitySample[], { log }: Deps): void {
  if (untold.length === 0) return;
  log.info('decision', {
    ...{ cluster, decision: 'hold', reason: 'fewer-instances' },
    figures: untold.slice(0, namedMax),
  });
}

function followAll(
  density: Density,
  memory: ClusterMemory,
  nowMs: number,
  groupState: (name: string) => ReturnType<Awaited<ReturnType<typeof openMemories>>['group']>,
) {
  const byGroup = Map.groupBy(densitySamplesOf(density), ({ group }) => groupMemoryName(group));
  const followed: FollowedSample[] = [];
  const states = [...byGroup].map(([name, samples]) => {
    const series = { ...withoutUnseen(groupState(name).series, samples) };
    for (const sample of samples) {
      const step = followSeries(series[sample.figure] ?? emptySeriesState, sample, {
        nowMs,
        cluster: memory,
        policy: defaultSeriesPolicy,
      });
      series[sample.figure] = step.state;
      followed.push({ sample, verdict: step.verdict });
    }
    return [name, { form: memoryForm, series }] as const;
  });
  return { followed, states };
}

/** Services whose incident has ended, and those that another run was writing at the same time. */
type Recorded = {
  readonly ended: ReadonlySet<string>;
  readonly contended: ReadonlySet<string>;
  readonly isAnomalyContended: boolean;
};

/** Writes incidents with their outbox, one write each; the sweep of task-state tells them. */
async function record(
  observations: readonly DensityObservation[],
  nowMs: number,
  { incidents, log }: Deps,
): Promise<Recorded> {
  const ended = new Set<string>();
  const contended = new Set<string>();
  let isAnomalyContended = false;
  const byIncident = Map.groupBy(observations, ({ key }) => fingerprintOf(key));
  for (const [{ key }, own] of [...byIncident.values()].flatMap(firstWithAll)) {
    const updated: Updated = await updateIncident(incidents, key, (current) =>
      applyObservations(current, own, { key, policy: incidentPolicies[key.kind], nowMs }),
    );
    const { kind, subject } = key;
    log.info('decision', {
      decision: 'report',
      reason: key.cause,
      kind,
      subject: subject.name,
      observation: own.map(({ type }) => type).join(' '),
      outcome: updated.kind,
    });
    if (kind !== 'concentration') isAnomalyContended = updated.kind === 'contended';
    else if (updated.kind === 'contended') contended.add(subject.name);
    else if (updated.incident?.status !== 'open') ended.add(subject.name);
  }
  return { ended, contended, isAnomalyContended };
}

const firstWithAll = (all: readonly DensityObservation[]) => {
  const [first] = all;
  return first === undefined ? [] : [[first, all.map(({ observation }) => observation)] as const];
};

/** What could not be written is said again by the next look. */
const statesAfter = (
  before: ConcentrationStates,
  after: ConcentrationStates,
  ended: ReadonlySet<string>,
  contended: ReadonlySet<string>,
): ConcentrationStates =>
  recordOf(
    Object.entries(after).flatMap(([name, state]) => {
      if (ended.has(name)) return [];
      const kept = contended.has(name) ? valueIn(before, name) : state;
      return kept === undefined ? [] : [[name, kept] as const];
    }),
  );

/** Whether a service is followed: not where this tag of it says `off`. */
function watchedIn({ services }: Snapshot, tagName: string): (service: string) => boolean {
  const offs = new Set(
    services.flatMap(({ name, tags }) => {
      const tag = tags[tagName];
      return tag !== undefined && modeOfTag(tag) === 'off' ? [name] : [];
    }),
  );
  return (service) => !offs.has(service);
}

/** Metrics are lines of the log, which CloudWatch reads: no call, and no permission. */
function logMetrics(snapshot: Snapshot, density: Density, { config, clock, log }: Deps): void {
  const policy = { clusters: config.clusterArns.length, perService: config.perServiceMetrics };
  const isWatched = watchedIn(snapshot, tagName);
  for (const set of densityMetricsOf(snapshot.cluster, density, policy, isWatched)) {
    log.info('metrics', embeddedMetrics({ namespace, atMs: clock.nowMs(), ...set }));
  }
}

/** Of all metrics of Ballast. */
const namespace = 'Ballast';

/** All figures go to the log; per service, only what stands out. */
function logFigures(
  { cluster }: Snapshot,
  density: Density,
  groups: readonly Group[],
  { log }: Deps,
): void {
  for (const { density: one, grouped, cost } of groups) {
    const { group, fill, idle, overfull, leaving } = one;
    log.info('density', {
      cluster,
      group: group.name,
      instances: fill.instances,
      tasks: fill.tasks,
      cpuShare: fill.cpuShare,
      memoryShare: fill.memoryShare,
      leaving: leaving.instances,
      idle: idle.slice(0, namedMax),
      overfull: overfull.slice(0, namedMax),
      outliers: grouped === undefined ? [] : densityOutliersOf(grouped).slice(0, namedMax),
      costReason: cost?.reason,
      comparison: cost?.comparison,
    });
  }
  for (const concentration of density.concentrations.slice(0, namedMax)) {
    if (concentration.reason === 'concentrated')
      log.info('concentration', { cluster, ...concentration });
  }
}

/** Names in one entry of the log. */
const namedMax = 20;
