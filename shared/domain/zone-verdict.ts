import { assert } from './assert.ts';
import { type ClusterIndex, indexOf } from './cluster-index.ts';
import { type EcsStart, ecsStartsOf } from './ecs-starts.ts';
import { sortedBy } from './order.ts';
import { eligibilityOf, type Obstacle, roomChange } from './rebalancing-eligibility.ts';
import { arrangementKeysOf, remembered } from './remembered.ts';
import { openRoomLedger, type RoomLedger } from './room.ts';
import { minimumOf } from './service-state.ts';
import type { Snapshot } from './snapshot.ts';
import { shapeOf, type TaskShape } from './task-shape.ts';
import { movesToBalance } from './zone-balance.ts';
import { servicesLeaving } from './zone-drain.ts';
import { type BlockedZone, planZoneMoves, type ZoneMove, type ZonePlan } from './zone-plan.ts';
import {
  guardOf,
  type Ruling,
  rulingOf,
  type ZoneCase,
  type ZoneContext,
  type ZoneMemory,
  type ZonePolicy,
} from './zone-rules.ts';
import { type ClusterZoneLoss, clusterZoneLosses, spreadOf, type ZoneSpread } from './zones.ts';

/** What Ballast makes of one service's zones, and on which figures. */
export type ZoneVerdict = Ruling & {
  readonly service: string;
  readonly spread: ZoneSpread;
  /** Fewest moves after which it is balanced. */
  readonly movesNeeded: number;
  /** Those of them that a surge would make, in order; empty for every other reason. */
  readonly moves: readonly ZoneMove[];
  /** Zones that keep it from the others. */
  readonly blockedZones: readonly BlockedZone[];
  /** What keeps ECS from rebalancing it, each with the change that would let it. */
  readonly obstacles: readonly Obstacle[];
};

/** What Ballast makes of a cluster's zones. */
export type ZoneReport = {
  /** Of every service, by name. */
  readonly verdicts: readonly ZoneVerdict[];
  /** The moves of all of them, in the order in which they would be made. */
  readonly moves: readonly ZoneMove[];
  readonly losses: readonly ClusterZoneLoss[];
};

/**
 * Judges each service of a snapshot and plans the moves of those that only a surge would balance. A
 * function of its arguments alone: what happened is as old as the snapshot says, and whether an
 * imbalance has lasted long enough to be told or mended is for the caller to remember.
 */
export function judgeZones(snapshot: Snapshot, policy: ZonePolicy, memory: ZoneMemory): ZoneReport {
  assertPolicy(policy);
  const index = indexOf(snapshot);
  const { cases, losses } = casesOf(index, policy.skewMax);
  const context = contextOf(cases, { index, policy, memory });
  const ruled = cases.map((one) => ({ one, ruling: rulingOf(one, context) }));
  const atTheRooms = ruled.flatMap(({ one, ruling }) => (ruling === undefined ? [one] : []));
  const isBarred = (one: Case): boolean => guardOf(one, context) !== undefined;
  const plan = planFor(
    atTheRooms.filter((one) => !isBarred(one)),
    cases,
    { index, skewMax: policy.skewMax },
  );
  // Nothing would be done for these: by themselves, for what stands in the way of each.
  const barred = planFor(atTheRooms.filter(isBarred), cases, { index, skewMax: policy.skewMax });
  const moves = Map.groupBy([...plan.moves, ...barred.moves], ({ service }) => service);
  const blocked = new Map(
    [...plan.blocked, ...barred.blocked].map(({ service, zones }) => [service, zones]),
  );
  return {
    verdicts: ruled.map(({ one, ruling }) => {
      const { name } = one.service;
      const planned = { moves: moves.get(name) ?? [], blocked: blocked.get(name) ?? [] };
      return verdictOf(one, ruling, planned, context);
    }),
    moves: plan.moves,
    losses,
  };
}

type Case = ZoneCase & { readonly shape: TaskShape };

/** What is found out of each service, by name, before anything is ruled on it. */
const casesOf = remembered(
  ({ snapshot }: ClusterIndex, skewMax: number) => [
    ...arrangementKeysOf(snapshot),
    snapshot.subnetZones,
    skewMax,
    // Limits of instance types are asked about for services on EC2 alone.
    snapshot.services.some(({ compute }) => compute === 'ec2') && snapshot.instanceTypes,
  ],
  findCases,
);

function findCases(index: ClusterIndex, skewMax: number) {
  // Only of services on EC2 is it asked whether there is room.
  let rooms: RoomLedger | undefined;
  const cases = sortedBy(index.snapshot.services, ({ name }) => name).map((service): Case => {
    const shape = shapeOf(service, index);
    const spread = spreadOf(service, shape, index);
    const refusalIn = (zone: string) => {
      rooms ??= openRoomLedger(index);
      return rooms.refusal(shape, zone);
    };
    return {
      service,
      shape,
      spread,
      eligibility: eligibilityOf(service, spread, { refusalIn, skewMax }),
      movesNeeded: movesToBalance(spread.counts, skewMax),
    };
  });
  return { cases, losses: clusterZoneLosses(cases.map(({ spread }) => spread)) };
}

/** The moves of those that only a surge would balance. */
const planFor = (
  movers: readonly Case[],
  cases: readonly Case[],
  { index, skewMax }: { readonly index: ClusterIndex; readonly skewMax: number },
): ZonePlan =>
  movers.length === 0
    ? { moves: [], blocked: [] }
    : planZoneMoves(movers, {
        rooms: openRoomLedger(index),
        index,
        skewMax,
        ecsStarts: cases.flatMap(startsByEcs),
      });

/** ECS rebalances what it can, whether Ballast is to look after it, holds it, or thinks it even enough. */
const startsByEcs = ({ service, shape, spread, eligibility }: Case): readonly EcsStart[] =>
  service.status === 'ACTIVE' && eligibility.obstacles.length === 0
    ? ecsStartsOf(shape, spread)
    : [];

function contextOf(
  cases: readonly Case[],
  given: Pick<ZoneContext, 'index' | 'policy' | 'memory'>,
): ZoneContext {
  const wanted = cases.filter(({ service }) => service.status === 'ACTIVE' && service.desired > 0);
  const unhealthy = wanted.filter(({ service, spread }) => spread.healthy < minimumOf(service));
  const { protections, takenAtMs } = given.index.snapshot;
  const inForce = Object.entries(protections).filter(
    ([, { expiresAtMs = Number.POSITIVE_INFINITY }]) => expiresAtMs > takenAtMs,
  );
  return {
    ...given,
    protectedArns: new Set(inForce.map(([arn]) => arn)),
    services: wanted.length,
    unhealthy: unhealthy.map(({ service }) => service.name),
    leaving: servicesLeaving(given.index),
  };
}

function verdictOf(
  one: Case,
  ruled: Ruling | undefined,
  {
    moves,
    blocked,
  }: { readonly moves: readonly ZoneMove[]; readonly blocked: readonly BlockedZone[] },
  context: ZoneContext,
): ZoneVerdict {
  const { service, spread, movesNeeded, eligibility } = one;
  const wish = ruled ?? surgeRuling(movesNeeded, moves, blocked);
  const ruling = wish.decision === 'act' ? (guardOf(one, context) ?? wish) : wish;
  return {
    service: service.name,
    ...ruling,
    spread,
    movesNeeded,
    moves: ruling.decision === 'act' ? moves : [],
    blockedZones: blocked,
    obstacles: eligibility.obstacles,
  };
}

function surgeRuling(
  movesNeeded: number,
  moves: readonly ZoneMove[],
  blocked: readonly BlockedZone[],
): Ruling {
  const [first] = blocked;
  const wishes = blocked.map(roomChange).join('; ');
  if (moves.length === 0) {
    assert(first !== undefined, 'where no move is possible a zone says why');
    return {
      decision: 'ignore',
      verdict: 'cannot',
      reason: first.reason,
      detail: `needs ${wishes}`,
    };
  }
  const made = `${moves.length} of ${movesNeeded} moves`;
  const detail = first === undefined ? made : `${made}; the others need ${wishes}`;
  return { decision: 'act', verdict: 'would-act', reason: 'surge-move', detail };
}

function assertPolicy({ skewMax, quietMs, unhealthyShareMax }: ZonePolicy): void {
  assert(
    Number.isInteger(skewMax) && skewMax >= 1,
    'skewMax below 1 cannot be kept by every desired count',
  );
  assert(quietMs >= 0, 'quietMs is a duration');
  assert(unhealthyShareMax >= 0 && unhealthyShareMax <= 1, 'unhealthyShareMax is a share');
}
