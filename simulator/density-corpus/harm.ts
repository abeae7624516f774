import { goodBuild } from '../scenarios/builders.ts';
import { dayMs, hourMs, minuteMs } from '../scenarios/time.ts';
import { type CorpusCluster, type CorpusService, wantedAt } from './cluster.ts';
import { type HarmfulCause, harmfulCauses, type MovedFigure } from './labels.ts';

/** When something may begin to go wrong, in days; before that a detector learns. */
const slotsDays = [
  [6, 8],
  [10.5, 13],
  [16, 18.5],
] as const;
/** A run in so many has nothing harmful in it at all. */
const quietEvery = 4;

const outageHours = [3, 10] as const;
const runawayStepMs = 10 * minuteMs;
const runawayGrowth = 1.3;
/** A service runs away until it has this share of the whole cluster's tasks more than it should. */
const runawayShare = 0.6;
const lastsHours = [6, 24] as const;
/** A scale-in leaves so much of what services want. */
const packedShare = 0.35;
const stuckShare = 0.5;
const sizeFactors = [0.25, 4] as const;

/** Draws what goes wrong in a run, three times at most, and plans it with its repair. */
export function planHarm(cluster: CorpusCluster, seed: number): void {
  if (seed % quietEvery === 0) return;
  const { stage } = cluster;
  const random = stage.random('harm');
  // The causes take turns, so that a few seeds have as many of each.
  const first = (seed - Math.floor(seed / quietEvery)) * slotsDays.length;
  for (const [slot, [fromDay, untilDay]] of slotsDays.entries()) {
    const cause = harmfulCauses[(first + slot) % harmfulCauses.length];
    const minutes = (days: number): number => Math.round((days * dayMs) / minuteMs);
    const atMs = stage.startMs + random.integer(minutes(fromDay), minutes(untilDay)) * minuteMs;
    if (cause !== undefined) stage.world.schedule(atMs, () => harms[cause](cluster));
  }
}

const harms: Readonly<Record<HarmfulCause, (cluster: CorpusCluster) => void>> = {
  'lost-zone': loseZone,
  'runaway-scale-out': runAway,
  'packing-after-scale-in': scaleInAll,
  'stuck-optimizer': stopOptimizer,
  'wrong-task-size': resize,
};

type Harm = {
  readonly cause: HarmfulCause;
  readonly subject: string;
  readonly lastsMs: number;
  readonly moves: readonly MovedFigure[];
  readonly services: readonly CorpusService[];
};

/** Holds services until the harm is repaired: then they want what they should at that hour. */
function begin(cluster: CorpusCluster, harm: Harm, repair: () => void): void {
  const { stage, held, labels } = cluster;
  const { cause, subject, lastsMs, moves, services } = harm;
  const fromMs = stage.world.nowMs();
  labels.push({ cause, fromMs, untilMs: fromMs + lastsMs, subject, moves });
  for (const { handle } of services) held.add(handle.name);
  stage.world.after(lastsMs, () => {
    repair();
    for (const { handle } of services) held.delete(handle.name);
  });
}

const drawHours = ({ stage }: CorpusCluster, range: readonly [number, number]): number =>
  stage.random('harm').integer(...range) * hourMs;

const isDayNow = ({ stage }: CorpusCluster): boolean => {
  const hour = new Date(stage.world.nowMs()).getUTCHours();
  return hour >= 8 && hour < 19;
};

function restoreCounts(cluster: CorpusCluster, services: readonly CorpusService[]): void {
  for (const service of services) service.handle.scale(wantedAt(service, isDayNow(cluster)));
}

function loseZone(cluster: CorpusCluster): void {
  const zone = cluster.stage.random('harm').pick(cluster.zones);
  const lastsMs = drawHours(cluster, outageHours);
  const moves = ['zones', 'instances', 'reserved-share'] as const;
  begin(cluster, { cause: 'lost-zone', subject: zone, lastsMs, moves, services: [] }, () => {});
  cluster.stage.world.nature.zoneOutage(zone, lastsMs);
}

/** A policy that scales on what it causes itself: more tasks, again and again, up to its maximum. */
function runAway(cluster: CorpusCluster): void {
  const { world } = cluster.stage;
  const service = cluster.stage.random('harm').pick(cluster.services);
  const lastsMs = drawHours(cluster, lastsHours);
  const all = cluster.services.reduce((sum, { desired }) => sum + desired, 0);
  const max = service.desired + Math.round(runawayShare * all);
  const untilMs = world.nowMs() + lastsMs;
  const climb = (count: number): void => {
    if (world.nowMs() >= untilMs) return;
    service.handle.scale(count);
    if (count < max) {
      world.after(runawayStepMs, () => climb(Math.min(Math.ceil(count * runawayGrowth), max)));
    }
  };
  begin(
    cluster,
    {
      cause: 'runaway-scale-out',
      subject: service.handle.name,
      lastsMs,
      moves: ['instances'],
      services: [service],
    },
    () => restoreCounts(cluster, [service]),
  );
  climb(service.desired + 1);
}

function scaleInAll(cluster: CorpusCluster): void {
  const { services } = cluster;
  const lastsMs = drawHours(cluster, lastsHours);
  begin(
    cluster,
    {
      cause: 'packing-after-scale-in',
      subject: `${services.length} services`,
      lastsMs,
      moves: ['instances', 'tasks-per-instance', 'reserved-share'],
      services,
    },
    () => restoreCounts(cluster, services),
  );
  for (const { handle, desired } of services) {
    handle.scale(Math.max(1, Math.round(packedShare * desired)));
  }
}

/** What would be an ordinary scale-in leaves its instances standing. */
function stopOptimizer(cluster: CorpusCluster): void {
  const { services, providers, stage } = cluster;
  const lastsMs = drawHours(cluster, lastsHours);
  begin(
    cluster,
    {
      cause: 'stuck-optimizer',
      subject: providers.join(', '),
      lastsMs,
      moves: ['idle-share', 'reserved-share', 'tasks-per-instance'],
      services,
    },
    () => restoreCounts(cluster, services),
  );
  for (const name of providers) stage.world.nature.optimizerStops(name, lastsMs);
  for (const { handle, desired } of services) {
    handle.scale(Math.max(1, Math.round(stuckShare * desired)));
  }
}

/** The service with the most to reserve is deployed with a reservation that is far off. */
function resize(cluster: CorpusCluster): void {
  const factor = cluster.stage.random('harm').pick(sizeFactors);
  const reserved = ({ desired, memory }: CorpusService): number => desired * memory;
  const [first, ...others] = cluster.services;
  if (first === undefined) return;
  const service = others.reduce(
    (most, one) => (reserved(one) > reserved(most) ? one : most),
    first,
  );
  const { cpu, memory } = service;
  begin(
    cluster,
    {
      cause: 'wrong-task-size',
      subject: service.handle.name,
      lastsMs: drawHours(cluster, lastsHours),
      moves: ['tasks-per-instance', 'instances', 'reserved-share'],
      services: [service],
    },
    () => void service.handle.deploy(goodBuild),
  );
  service.handle.deploy({ ...goodBuild, cpu: cpu * factor, memory: memory * factor });
}
