import { awsProblemOf } from '../../shared/aws/errors.ts';
import type { AlertContext } from '../../shared/domain/alert-text/draft.ts';
import { renderWeekly } from '../../shared/domain/alert-text/weekly.ts';
import {
  densityPartitionOf,
  isEmptyWeek,
  type WeekState,
  weekFindingsOf,
} from '../../shared/domain/week-findings.ts';
import { MalformedInput } from '../../shared/events/malformed.ts';
import { parseWeekMemory } from '../../shared/events/week-memory.ts';
import { createDayReader, mondayOf } from '../../shared/runtime/time-format.ts';
import type { Deps } from './handler.ts';
import { alertContextOf, publisherOf } from './tell.ts';

/**
 * Tells what density found of each cluster's week, once a week: on Monday in the hour that the stack
 * sets, or in that hour of the next day on which it can. Published before it is marked, so a crash in
 * between repeats it under its id, and loses nothing. Returns what kept clusters from being told.
 */
export async function tellWeek(deps: Deps): Promise<readonly unknown[]> {
  const { clock, config, log } = deps;
  const { day, hour } = createDayReader(config.timeZone)(clock.nowMs());
  if (hour !== config.digestHour) return [];
  const failures: unknown[] = [];
  const context = alertContextOf(config);
  for (const clusterArn of config.clusterArns) {
    const cluster = clusterArn.split('/').at(-1) ?? clusterArn;
    try {
      await tellCluster(cluster, `weekly#${cluster}#${mondayOf(day)}`, deps, context);
    } catch (error) {
      log.error('outbox-failed', { cluster, ...awsProblemOf(error), error });
      failures.push(error);
    }
  }
  return failures;
}

async function tellCluster(
  cluster: string,
  id: string,
  deps: Deps,
  context: AlertContext,
): Promise<void> {
  const { store, memories, clock, log } = deps;
  if (await store.isDigestTold(id)) return;
  const nowMs = clock.nowMs();
  const kept = await memories.list(densityPartitionOf(cluster));
  const states = kept.flatMap(({ name, json }) => readWeek(name, json, deps));
  const findings = weekFindingsOf(states, nowMs);
  const isTold = !isEmptyWeek(findings);
  if (isTold)
    await publisherOf(deps).publish(renderWeekly({ cluster, id, atMs: nowMs, findings }, context));
  await store.markDigestTold(id, nowMs);
  log.info('digest', { id, published: isTold ? [id] : [] });
}

/** One provider whose memory cannot be read does not silence the others. */
function readWeek(name: string, json: string, { log }: Deps): readonly WeekState[] {
  try {
    const week = parseWeekMemory(json);
    return week === undefined ? [] : [week];
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    log.warn('memory-unreadable', { name, problem: error.message });
    return [];
  }
}
