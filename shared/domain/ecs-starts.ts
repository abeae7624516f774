import type { Room, RoomLedger } from './room.ts';
import type { TaskShape } from './task-shape.ts';
import { afterMove, receiversOf } from './zone-balance.ts';
import type { ZoneSpread } from './zones.ts';

/** A task that ECS may start in a zone to rebalance a service by itself. */
export type EcsStart = { readonly shape: TaskShape; readonly zone: string };

/**
 * Largest skew that ECS leaves: desired count over zones, with the remainder spread.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing.html
 */
const ecsSkewMax = 1;

/**
 * What ECS may start for a service: in each zone the most that any shortest way to balance starts
 * there. That can be more than it will start in all of them, for which of several zones it takes, and
 * when, nobody knows beforehand. None where the service is balanced.
 */
export const ecsStartsOf = (
  shape: TaskShape,
  { zones, counts }: Pick<ZoneSpread, 'zones' | 'counts'>,
): readonly EcsStart[] =>
  zones.flatMap((zone, to) => {
    const starts: EcsStart[] = [];
    // Each of these moves leaves one less to make, so that they end.
    for (let now = counts; receiversOf(now, ecsSkewMax).includes(to); ) {
      now = afterMove(now, now.indexOf(Math.max(...now)), to);
      starts.push({ shape, zone });
    }
    return starts;
  });

/** Rooms that are kept for ECS while a plan is made. */
export type RoomsForEcs = {
  /** Whether these are the rooms that would be kept if it were begun now. */
  readonly isFresh: () => boolean;
  /** Keeps what has become free for starts that have no room yet. */
  readonly extend: () => void;
  /** Chooses all of the rooms anew. */
  readonly renew: () => void;
};

/** Keeps a room for each start that has one, in the order of the starts. */
export function keepRoomsForEcs(starts: readonly EcsStart[], rooms: RoomLedger): RoomsForEcs {
  let kept: { readonly start: EcsStart; readonly room: Room }[] = [];
  let waiting = starts;
  let isFresh = false;
  const keep = (): void => {
    waiting = waiting.filter((start) => {
      const room = rooms.find(start.shape, start.zone);
      if (room === undefined) return true;
      rooms.take(start.shape, room);
      kept.push({ start, room });
      return false;
    });
  };
  const renew = (): void => {
    for (const { start, room } of kept) rooms.putBack(start.shape, room);
    kept = [];
    waiting = starts;
    keep();
    isFresh = true;
  };
  renew();
  return {
    isFresh: () => isFresh || starts.length === 0,
    extend: () => {
      keep();
      isFresh = false;
    },
    renew,
  };
}
