import type { DrainSinceOf } from '../../shared/domain/instance-lifetime.ts';
import { drainedSinceMs } from '../../shared/domain/instance-replacement.ts';
import { forecastReplacements } from '../../shared/domain/replacement-calendar.ts';
import { idOf } from '../../shared/domain/replacement-look.ts';
import { endWarnings, turnCalendar } from '../../shared/domain/replacement-warning.ts';
import type { Snapshot } from '../../shared/domain/snapshot.ts';
import { apply } from './apply.ts';
import type { Deps } from './handler.ts';
import type { Records } from './records.ts';

/**
 * Makes the calendar where it is due, and ends the warnings whose instances are all done. The snapshot must
 * be whole: who is not in it is not there.
 */
export async function warn(
  snapshot: Snapshot,
  records: Records,
  isCalendar: boolean,
  deps: Deps,
): Promise<void> {
  const nowMs = deps.clock.nowMs();
  const { cluster } = records;
  const noticeMs = deps.config.noticeHours * 3_600_000;
  const last = records.calendar();
  const turned = isCalendar
    ? turnCalendar({
        cluster,
        calendar: forecastReplacements(snapshot, nowMs, undefined, sinceIn(records)),
        services: snapshot.services,
        last,
        noticeMs,
        nowMs,
      })
    : { record: last ?? { ranAtMs: -Infinity, warnings: [] }, reactions: [] };
  const there = new Set(snapshot.instances.map(({ arn }) => idOf(arn)));
  const ended = endWarnings(cluster, turned.record, { records: records.all(), there }, nowMs);
  for (const reaction of [...turned.reactions, ...ended.reactions]) await apply(reaction, deps);
  if (isCalendar || ended.reactions.length > 0) await records.saveCalendar(ended.record);
}

/** When the drain of an instance began, as its events and the looks at it tell. */
const sinceIn =
  (records: Records): DrainSinceOf =>
  ({ arn }) => {
    const record = records.all().get(idOf(arn));
    return record === undefined ? undefined : drainedSinceMs(record);
  };
