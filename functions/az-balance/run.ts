import { awsProblemOf } from '../../shared/aws/errors.ts';
import { ClusterUnseen } from '../../shared/aws/snapshot-reading.ts';
import { updateIncident } from '../../shared/aws/update-incident.ts';
import type { Incident, IncidentKey } from '../../shared/domain/incident.ts';
import { applyObservations, type Observation } from '../../shared/domain/incident-lifecycle.ts';
import { incidentPolicies } from '../../shared/domain/incident-policy.ts';
import { isLastingGap } from '../../shared/domain/lasting-gap.ts';
import type { Gap, Snapshot } from '../../shared/domain/snapshot.ts';
import { watchFlood, zoneFloodKey } from '../../shared/domain/zone-flood.ts';
import { vitalGapsOf, type ZonePolicy } from '../../shared/domain/zone-rules.ts';
import { isImbalanced } from '../../shared/domain/zone-sight.ts';
import { zoneWatchPolicyOf } from '../../shared/domain/zone-stretch.ts';
import { judgeZones, type ZoneReport, type ZoneVerdict } from '../../shared/domain/zone-verdict.ts';
import {
  forgetService,
  heldMsOf,
  longHeldMs,
  restarted,
  watchZones,
  type ZoneServiceMemory,
  type ZoneStep,
  zoneImbalanceKey,
} from '../../shared/domain/zone-watch.ts';
import type { Deps } from './handler.ts';
import {
  memoriesIn,
  memoryOf,
  readMemories,
  type Stored,
  type StoredCluster,
  saveFlood,
  saveMemory,
  zoneMemoryOf,
} from './memory.ts';
import { onDemandOf } from './on-demand.ts';

/** What a run came to for one cluster. */
export type ClusterReport = {
  readonly cluster: string;
  readonly services: number;
  readonly balanced: number;
  readonly imbalanced: number;
  readonly held: number;
  /** Services that have been held for more than a day, so that nobody watches them. */
  readonly heldLong: number;
  /** Services whose incident is open. */
  readonly open: number;
  /** Moves that would be made now, were anything done. */
  readonly wouldMove: number;
  /** Services whose incident or memory could not be written; the next run does it again. */
  readonly failed: number;
  /** True where the cluster could not be seen whole: nothing was opened, ended or remembered. */
  readonly isHeld: boolean;
  readonly calls: number;
};

/** Share of services below their minimum beyond which nothing would be done. */
const unhealthyShareMax = 0.2;
/** Services whose incident and memory are written at once. */
const writesInFlightMax = 10;
/** Parts without which services cannot be judged at all. */
const needed: ReadonlySet<Gap['subject']> = new Set([
  ...(['tasks', 'services', 'instances', 'capacity-providers', 'subnets'] as const),
]);

/** Some of the cluster's services are watched no further until their writes succeed. */
class WritesFailed extends Error {
  override readonly name = 'WritesFailed';
}

/**
 * Looks at one cluster, and brings its incidents and memories up to date. Rejects, after all has been
 * done that could be, where something is left that nobody would hear of.
 */
export async function runCluster(clusterArn: string, deps: Deps): Promise<ClusterReport> {
  const { snapshots, log } = deps;
  const cluster = clusterArn.split('/').at(-1) ?? clusterArn;
  const { services: stored, flood } = await readMemories(cluster, deps);
  const looked: { first?: Judged } = {};
  const snapshot = await snapshots.read(clusterArn, {
    capacityProviders: true,
    subnetZones: true,
    onDemand: (found) => {
      looked.first = judge(found, stored, deps);
      return onDemandOf(found, looked.first.report);
    },
  });
  // Where nothing was read on demand, the first look is the last word.
  const { first } = looked;
  const { report, memories } = first?.snapshot === snapshot ? first : judge(snapshot, stored, deps);
  const gaps = vitalGapsOf(snapshot);
  const steps = gaps.length > 0 ? [] : stepsOf(snapshot, report, memories, stored, deps);
  const failed =
    (await carryOut(cluster, steps, stored, deps)) +
    (gaps.length > 0 ? 0 : await carryOutFlood(cluster, { steps, report, flood, snapshot }, deps));
  const heldMs = heldMsIn(steps, snapshot);
  for (const verdict of report.verdicts) {
    logDecision(cluster, verdict, heldMs.get(verdict.service), deps);
  }
  for (const step of steps) logEnd(cluster, step, deps);
  const told = reportOf(cluster, report, {
    steps,
    failed,
    isHeld: gaps.length > 0,
    snapshot,
    heldMs,
  });
  log.info('run', { ...told, gaps: snapshot.gaps, stackMode: deps.config.stackMode });
  const lost = snapshot.gaps.find((gap) => needed.has(gap.subject) && isLastingGap(gap));
  if (lost !== undefined) {
    throw new ClusterUnseen(`${cluster}: ${lost.operation} ${lost.reason}: ${lost.detail}`);
  }
  if (failed > 0) throw new WritesFailed(`${cluster}: ${failed} of ${steps.length} services`);
  return told;
}

const holdMsOf = ({ config }: Pick<Deps, 'config'>): number => config.zoneHoldMinutes * 60_000;

type Judged = {
  readonly snapshot: Snapshot;
  readonly memories: ReadonlyMap<string, ZoneServiceMemory>;
  readonly report: ZoneReport;
};

function judge(snapshot: Snapshot, stored: ReadonlyMap<string, Stored>, deps: Deps): Judged {
  const memories = memoriesIn(snapshot, stored);
  const policy: ZonePolicy = {
    skewMax: deps.config.zoneSkewMax,
    quietMs: holdMsOf(deps),
    unhealthyShareMax,
  };
  return { snapshot, memories, report: judgeZones(snapshot, policy, zoneMemoryOf(memories)) };
}

/** A step for each service of the snapshot, and for each that it no longer has. */
function stepsOf(
  { services, takenAtMs }: Snapshot,
  { verdicts }: ZoneReport,
  memories: ReadonlyMap<string, ZoneServiceMemory>,
  stored: ReadonlyMap<string, Stored>,
  deps: Deps,
): readonly ZoneStep[] {
  const byName = new Map(services.map((service) => [service.name, service]));
  const looks = verdicts.flatMap((verdict) => {
    const service = byName.get(verdict.service);
    const memory = memoryOf(verdict.service, memories);
    return service === undefined ? [] : [{ service, verdict, memory }];
  });
  const gone = [...stored].filter(
    ([name, { memory }]) => !byName.has(name) && memory?.stretch !== undefined,
  );
  return [
    ...watchZones(looks, takenAtMs, zoneWatchPolicyOf(holdMsOf(deps))),
    ...gone.map(([name]) => forgetService(name, takenAtMs)),
  ];
}

/** Writes incidents, then memories: what fails is not remembered, so the next run does it again. */
async function carryOut(
  cluster: string,
  steps: readonly ZoneStep[],
  stored: ReadonlyMap<string, Stored>,
  deps: Deps,
): Promise<number> {
  let failed = 0;
  for (let from = 0; from < steps.length; from += writesInFlightMax) {
    const some = steps.slice(from, from + writesInFlightMax);
    const results = await Promise.allSettled(
      some.map((step) => carryOutOne(cluster, step, stored.get(step.service), deps)),
    );
    for (const [at, result] of results.entries()) {
      if (result.status === 'fulfilled') continue;
      failed += 1;
      const { reason: error } = result;
      const service = some[at]?.service;
      deps.log.error('item-failed', { cluster, service, ...awsProblemOf(error), error });
    }
  }
  return failed;
}

async function carryOutOne(
  cluster: string,
  step: ZoneStep,
  stored: Stored | undefined,
  deps: Deps,
): Promise<void> {
  const incident = await tell(zoneImbalanceKey(cluster, step.service), step.observations, deps);
  const isClaimed = step.observations.some(({ type }) => type === 'occurred');
  const memory =
    isClaimed && incident?.status !== 'open'
      ? restarted(step.memory, deps.clock.nowMs())
      : step.memory;
  await saveMemory(cluster, step.service, memory, stored, deps);
}

/** The same of the services that are too many for cards of their own: 1 where it failed. */
async function carryOutFlood(
  cluster: string,
  {
    steps,
    report,
    flood,
    snapshot,
  }: {
    readonly steps: readonly ZoneStep[];
    readonly report: ZoneReport;
    readonly flood: StoredCluster['flood'];
    readonly snapshot: Snapshot;
  },
  deps: Deps,
): Promise<0 | 1> {
  const step = watchFlood(steps, report.verdicts, flood?.memory, snapshot.takenAtMs);
  try {
    const incident = await tell(zoneFloodKey(cluster), step.observations, deps);
    const memory = incident?.status === 'open' ? step.memory : undefined;
    await saveFlood(cluster, memory, flood, deps);
    return 0;
  } catch (error) {
    deps.log.error('item-failed', { cluster, ...awsProblemOf(error), error });
    return 1;
  }
}

/** Other writers of the same incident were faster every time. */
class Contended extends Error {
  override readonly name = 'Contended';
}

/** The incident as it is then; the sweep of task-state publishes what there is to say. */
async function tell(
  key: IncidentKey,
  observations: readonly Observation[],
  { incidents, clock }: Deps,
): Promise<Incident | undefined> {
  if (observations.length === 0) return undefined;
  const updated = await updateIncident(incidents, key, (current) =>
    applyObservations(current, observations, {
      key,
      policy: incidentPolicies[key.kind],
      nowMs: clock.nowMs(),
    }),
  );
  if (updated.kind === 'contended') throw new Contended(`${key.kind} of ${key.subject.name}`);
  return updated.incident;
}

/** How long services have been held, where they are. */
const heldMsIn = (
  steps: readonly ZoneStep[],
  { takenAtMs }: Snapshot,
): ReadonlyMap<string, number> =>
  new Map(
    steps.flatMap(({ service, memory }): readonly [string, number][] =>
      memory.heldSinceMs === undefined ? [] : [[service, heldMsOf(memory, takenAtMs)]],
    ),
  );

/** One record a service that is out of balance, or of which that cannot be told. */
function logDecision(
  cluster: string,
  verdict: ZoneVerdict,
  heldMs: number | undefined,
  { log }: Deps,
): void {
  const { service, decision, reason, detail, spread, movesNeeded, moves, obstacles } = verdict;
  const isTold = isImbalanced(verdict) || verdict.verdict === 'hold';
  const write = isTold ? log.info : log.debug;
  write('decision', {
    ...{
      function: 'az-balance',
      cluster,
      service,
      decision,
      verdict: verdict.verdict,
      reason,
      detail,
    },
    spread: Object.fromEntries(spread.zones.map((zone, at) => [zone, spread.counts[at]])),
    best: spread.best,
    worst: spread.worst,
    movesNeeded,
    moves: moves.map(({ fromZone, toZone, wave }) => ({ fromZone, toZone, wave })),
    obstacles,
    ...(spread.notes.length === 0 ? {} : { notes: spread.notes }),
    ...(heldMs === undefined ? {} : { heldMinutes: Math.round(heldMs / 60_000) }),
  });
}

/** One record an imbalance that is over: also of those that nobody had to be told of. */
function logEnd(cluster: string, { service, ended }: ZoneStep, { clock, log }: Deps): void {
  if (ended === undefined) return;
  const { sinceMs, by, wasOpen } = ended;
  const lastedMinutes = Math.round((clock.nowMs() - sinceMs) / 60_000);
  log.info('imbalance-ended', {
    cluster,
    service,
    endedBy: by ?? 'unknown',
    lastedMinutes,
    wasOpen,
  });
}

function reportOf(
  cluster: string,
  { verdicts, moves }: ZoneReport,
  rest: {
    readonly steps: readonly ZoneStep[];
    readonly failed: number;
    readonly isHeld: boolean;
    readonly snapshot: Snapshot;
    readonly heldMs: ReadonlyMap<string, number>;
  },
): ClusterReport {
  const { steps, failed, isHeld, snapshot, heldMs } = rest;
  const imbalanced = verdicts.filter(isImbalanced).length;
  return {
    cluster,
    services: verdicts.length,
    balanced: verdicts.filter(({ verdict }) => verdict === 'balanced').length,
    imbalanced,
    held: verdicts.filter((one) => one.verdict === 'hold' && !isImbalanced(one)).length,
    heldLong: [...heldMs.values()].filter((ms) => ms > longHeldMs).length,
    open: steps.filter(({ memory }) => memory.stretch?.openedAtMs !== undefined).length,
    wouldMove: moves.length,
    failed,
    isHeld,
    calls: snapshot.calls,
  };
}
