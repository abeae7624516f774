import type { RunRecord, ServiceCount } from '../record.ts';
import { spansWhere } from './standing.ts';
import { type Span, spanOf, without } from './stretches.ts';

const minuteMs = 60_000;
/** Two looks are so far apart: what changes is seen so much later. */
const lookMs = 5 * minuteMs;
/** A service is left alone for so long after something that moves its tasks. */
const quietMs = 20 * minuteMs;

/** One service's zones over a run, as this checker's own few words see them. */
export type ZoneHistory = {
  readonly service: string;
  /** Two of its zones differ by more than one task. */
  readonly uneven: readonly Span[];
  /** Uneven under Ballast's eyes, all its tasks run, and nothing moves or has moved them lately. */
  readonly quietlyUneven: readonly Span[];
  /** All its tasks run, and no two zones differ by more than one. */
  readonly even: readonly Span[];
  at(atMs: number): ServiceCount | undefined;
};

export const isUneven = ({ zones, desired }: ServiceCount): boolean => {
  const counts = Object.values(zones);
  return desired >= 2 && counts.length >= 2 && Math.max(...counts) - Math.min(...counts) > 1;
};

/** Tasks left without the fullest zone, and how many an even spread would keep. */
export function lossOf({ zones, desired }: ServiceCount): { left: number; evenly: number } {
  const counts = Object.values(zones);
  const all = counts.reduce((sum, count) => sum + count, 0);
  return { left: all - Math.max(...counts), evenly: desired - Math.ceil(desired / counts.length) };
}

/** The history of every service that wants to be watched. */
export function historiesOf(run: RunRecord): readonly ZoneHistory[] {
  const held = [
    { fromMs: Number.NEGATIVE_INFINITY, untilMs: run.upMs },
    // Whose tasks a drain has moved is left alone for a while as well.
    ...run.drains.map((drain) => spanOf(drain, run.endMs, quietMs + lookMs)),
  ];
  return [...Map.groupBy(run.counts, ({ service }) => service)]
    .filter(([service]) => run.tags[service]?.['ballast:az-balance'] !== 'off')
    .map(([service, counts]) => historyOf(run, service, counts, held));
}

function historyOf(
  run: RunRecord,
  service: string,
  counts: readonly ServiceCount[],
  held: readonly Span[],
): ZoneHistory {
  const spansOf = (isSo: (count: ServiceCount) => boolean) => spansWhere(counts, run.endMs, isSo);
  const isWhole = ({ running, desired, isPending }: ServiceCount): boolean =>
    running === desired && !isPending;
  const moved = [
    ...run.deployments
      .filter((deployment) => deployment.service === service)
      .map(({ startedMs, endedMs }) =>
        spanOf({ fromMs: startedMs, untilMs: endedMs }, run.endMs, quietMs),
      ),
    ...counts.flatMap(({ atMs, desired }, at) =>
      at > 0 && counts[at - 1]?.desired !== desired
        ? [{ fromMs: atMs - minuteMs, untilMs: atMs + quietMs + lookMs }]
        : [],
    ),
  ];
  return {
    service,
    uneven: spansOf(isUneven),
    quietlyUneven: without(
      spansOf((count) => isUneven(count) && isWhole(count)),
      [...held, ...moved],
    ),
    even: spansOf((count) => !isUneven(count) && count.running >= count.desired),
    at: (atMs) => counts.findLast((count) => count.atMs <= atMs),
  };
}
