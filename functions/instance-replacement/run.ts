import { awsProblemOf } from '../../shared/aws/errors.ts';
import { ClusterNotFound, ClusterUnseen } from '../../shared/aws/snapshot-reading.ts';
import type { SnapshotBase, SnapshotWants } from '../../shared/aws/snapshot-wants.ts';
import { isFollowed } from '../../shared/domain/instance-replacement.ts';
import { hasLastingGap, isWhole } from '../../shared/domain/replacement-look.ts';
import type { Snapshot } from '../../shared/domain/snapshot.ts';
import type { Fields } from '../../shared/runtime/log.ts';
import { TimeoutError, within } from '../../shared/runtime/time.ts';
import { readMsMax, startMsMax } from './budget.ts';
import { followAll } from './follow.ts';
import type { Deps } from './handler.ts';
import { openRecords, type Records } from './records.ts';
import { warn } from './warn.ts';

/** A calendar is made so often; a little less, because schedules are not exact. */
export const calendarMs = 6 * 3_600_000;
const earlyMs = 5 * 60_000;
/** A cluster that no look has seen whole for so long fails the run: nobody would hear of it. */
export const unseenMsMax = 3_600_000;

export type RunReport = {
  /** Clusters that were looked at, and those with nothing to look at. */
  readonly looked: number;
  readonly quiet: number;
  /** Clusters for the next run: no time was left, or they could not be read whole. */
  readonly left: number;
};

/**
 * Looks at every cluster in which something drains, or whose calendar is due; the others cost one query
 * of the table. A cluster that fails does not hold up the others, and fails the run at its end.
 */
export async function run(deps: Deps): Promise<RunReport> {
  const { config, clock, log } = deps;
  const startedAtMs = clock.nowMs();
  const errors: unknown[] = [];
  const turns = await openAll(deps, errors);
  const due = turns.filter(({ records }) => isDue(records, startedAtMs));
  const counts = { looked: 0, quiet: turns.length - due.length, left: 0 };
  for (const [place, turn] of due.entries()) {
    const isFirst = place === 0;
    const usedMs = clock.nowMs() - startedAtMs;
    if (!isFirst && usedMs > startMsMax) {
      counts.left += 1;
      continue;
    }
    try {
      counts[await takeTurn(turn, { isFirst, readMs: readMsMax - usedMs }, deps)] += 1;
    } catch (error) {
      log.error('cluster-failed', {
        clusterArn: turn.clusterArn,
        ...awsProblemOf(error),
        error,
      });
      errors.push(error);
    }
  }
  log.info('run', { clusters: config.clusterArns.length, ...counts, failed: errors.length });
  if (errors.length > 0) throw new AggregateError(errors, `${errors.length} clusters failed`);
  return counts;
}

type Turn = { readonly clusterArn: string; readonly records: Records };

/** What is remembered of each cluster; whose turn is the longest ago comes first. */
async function openAll(deps: Deps, errors: unknown[]): Promise<readonly Turn[]> {
  const turns: Turn[] = [];
  for (const clusterArn of deps.config.clusterArns) {
    try {
      turns.push({ clusterArn, records: await openRecords(clusterArn, deps) });
    } catch (error) {
      deps.log.error('cluster-failed', { clusterArn, ...awsProblemOf(error), error });
      errors.push(error);
    }
  }
  const turnAtMs = ({ records }: Turn): number => records.turn()?.atMs ?? 0;
  return turns.sort((a, b) => turnAtMs(a) - turnAtMs(b));
}

const isCalendarDue = (records: Records, nowMs: number): boolean =>
  nowMs - (records.calendar()?.ranAtMs ?? -Infinity) >= calendarMs - earlyMs;

const isDue = (records: Records, nowMs: number): boolean =>
  isCalendarDue(records, nowMs) || [...records.all().values()].some(isFollowed);

type Time = {
  /** It has all the time of the run. */
  readonly isFirst: boolean;
  /** So long it may be read. */
  readonly readMs: number;
};

/**
 * One look at one cluster: its drains, then its calendar where that is due. The turn of the first in a
 * run is over however it ends, even with the invocation; that of another one only when it was not cut
 * short, so that it comes earlier in the next run. So everybody is first once in as many runs.
 */
async function takeTurn(
  { clusterArn, records }: Turn,
  { isFirst, readMs }: Time,
  deps: Deps,
): Promise<'looked' | 'left'> {
  const { clock, log } = deps;
  const { cluster } = records;
  const atMs = clock.nowMs();
  const last = records.turn();
  if (isFirst) await records.saveTurn({ atMs, unseenSinceMs: last?.unseenSinceMs });
  const hasCalendar = isCalendarDue(records, atMs);
  const seen = await readWhole(clusterArn, hasCalendar, readMs, deps);
  if (seen.kind === 'unseen') {
    log.warn('cluster-not-looked-at', { cluster, reason: seen.reason, ...seen.fields });
    if (seen.reason === 'out-of-time' && !isFirst) return 'left';
    const unseenSinceMs = last?.unseenSinceMs ?? atMs;
    await records.saveTurn({ atMs, unseenSinceMs });
    if (!seen.isLasting && atMs - unseenSinceMs < unseenMsMax) return 'left';
    throw new ClusterUnseen(`${cluster}: ${seen.reason}, ${JSON.stringify(seen.fields)}`);
  }
  if (!isFirst || last?.unseenSinceMs !== undefined) {
    await records.saveTurn({ atMs, unseenSinceMs: undefined });
  }
  const { snapshot } = seen;
  const failed = await followAll(snapshot, records, hasCalendar, deps);
  await warn(snapshot, records, hasCalendar, deps);
  const { calls, gaps } = snapshot;
  log.info('look', { cluster, calls, gaps: gaps.length, calendar: hasCalendar, failed });
  if (failed > 0) throw new Error(`${failed} instances of ${cluster} failed`);
  return 'looked';
}

type Unseen = {
  readonly kind: 'unseen';
  readonly reason: 'cluster-missing' | 'out-of-time' | 'snapshot-incomplete';
  /** It does not pass by itself. */
  readonly isLasting: boolean;
  readonly fields: Fields;
};

/** The cluster, if it can be read whole in time. */
async function readWhole(
  clusterArn: string,
  hasCalendar: boolean,
  readMs: number,
  { snapshots, clock }: Deps,
): Promise<{ readonly kind: 'seen'; readonly snapshot: Snapshot } | Unseen> {
  const { signal } = new AbortController();
  try {
    const snapshot = await within(readMs, 'reading the cluster', clock, signal, (ending) =>
      snapshots.read(clusterArn, wantsOf(hasCalendar), ending),
    );
    if (isWhole(snapshot)) return { kind: 'seen', snapshot };
    const { gaps } = snapshot;
    const isLasting = hasLastingGap(snapshot);
    return { kind: 'unseen', reason: 'snapshot-incomplete', isLasting, fields: { gaps } };
  } catch (error) {
    if (error instanceof ClusterNotFound) {
      const fields = { detail: error.message };
      return { kind: 'unseen', reason: 'cluster-missing', isLasting: true, fields };
    }
    if (error instanceof TimeoutError) {
      const fields = { detail: error.message };
      return { kind: 'unseen', reason: 'out-of-time', isLasting: false, fields };
    }
    throw error;
  }
}

/** What both need, and for a calendar the protection of every task instead of those that drain. */
const wantsOf = (hasCalendar: boolean): SnapshotWants => ({
  capacityProviders: true,
  launchTimes: true,
  eventWindows: true,
  instanceTypes: true,
  deployments: true,
  protections: hasCalendar ? 'all' : drainingTasksOf,
});

function drainingTasksOf({ instances, tasks }: SnapshotBase): readonly string[] {
  const draining = new Set(
    instances.flatMap(({ arn, status }) => (status === 'DRAINING' ? [arn] : [])),
  );
  return tasks.flatMap(({ arn, instanceArn }) =>
    instanceArn !== undefined && draining.has(instanceArn) ? [arn] : [],
  );
}
