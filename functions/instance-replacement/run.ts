import { awsProblemOf } from '../../shared/aws/errors.ts';
import { ClusterNotFound } from '../../shared/aws/snapshot-reading.ts';
import type { SnapshotBase, SnapshotWants } from '../../shared/aws/snapshot-wants.ts';
import { isFollowed } from '../../shared/domain/instance-replacement.ts';
import { isWhole } from '../../shared/domain/replacement-look.ts';
import type { Snapshot } from '../../shared/domain/snapshot.ts';
import { followAll } from './follow.ts';
import type { Deps } from './handler.ts';
import { openRecords, type Records } from './records.ts';
import { warn } from './warn.ts';

/** A calendar is made so often; a little less, because schedules are not exact. */
export const calendarMs = 6 * 3_600_000;
const earlyMs = 5 * 60_000;
/** No cluster is begun later in a run: those that are left come first in the next one. */
export const startMsMax = 45_000;

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
  const counts = { looked: 0, quiet: 0, left: 0 };
  const turns = await openAll(deps, errors);
  for (const { clusterArn, records } of turns) {
    if (!isDue(records, startedAtMs)) {
      counts.quiet += 1;
    } else if (clock.nowMs() - startedAtMs > startMsMax) {
      counts.left += 1;
    } else {
      try {
        counts[await turn(clusterArn, records, deps)] += 1;
      } catch (error) {
        log.error('cluster-failed', { clusterArn, ...awsProblemOf(error), error });
        errors.push(error);
      }
    }
  }
  log.info('run', { clusters: config.clusterArns.length, ...counts, failed: errors.length });
  if (errors.length > 0) throw new AggregateError(errors, `${errors.length} clusters failed`);
  return counts;
}

type Turn = { readonly clusterArn: string; readonly records: Records };

/** What is remembered of each cluster; the one whose calendar is the oldest comes first. */
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
  const ranAtMs = ({ records }: Turn): number => records.calendar()?.ranAtMs ?? -Infinity;
  return turns.sort((a, b) => (ranAtMs(a) === ranAtMs(b) ? 0 : ranAtMs(a) - ranAtMs(b)));
}

const isCalendarDue = (records: Records, nowMs: number): boolean =>
  nowMs - (records.calendar()?.ranAtMs ?? -Infinity) >= calendarMs - earlyMs;

const isDue = (records: Records, nowMs: number): boolean =>
  isCalendarDue(records, nowMs) || [...records.all().values()].some(isFollowed);

/** One look at one cluster: its drains, then its calendar where that is due. */
async function turn(clusterArn: string, records: Records, deps: Deps): Promise<'looked' | 'left'> {
  const { snapshots, clock, log } = deps;
  const { cluster } = records;
  const hasCalendar = isCalendarDue(records, clock.nowMs());
  let snapshot: Snapshot;
  try {
    snapshot = await snapshots.read(clusterArn, wantsOf(hasCalendar));
  } catch (error) {
    if (!(error instanceof ClusterNotFound)) throw error;
    log.warn('cluster-not-looked-at', {
      cluster,
      reason: 'cluster-missing',
      detail: error.message,
    });
    return 'left';
  }
  if (!isWhole(snapshot)) {
    const reason = 'snapshot-incomplete';
    log.warn('cluster-not-looked-at', { cluster, reason, gaps: snapshot.gaps });
    return 'left';
  }
  const failed = await followAll(snapshot, records, hasCalendar, deps);
  await warn(snapshot, records, hasCalendar, deps);
  const { calls, gaps } = snapshot;
  log.info('look', { cluster, calls, gaps: gaps.length, calendar: hasCalendar, failed });
  if (failed > 0) throw new Error(`${failed} instances of ${cluster} failed`);
  return 'looked';
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
