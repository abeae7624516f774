/** Period of a sample of restarts. */
export const restartPeriodMs = 60_000;

/** `RestartCount` of one period: the sum over all that Container Insights saw in it. */
export type RestartSample = { readonly atMs: number; readonly value: number };

/** Restarts in place of one period; at least one. */
export type Restarts = { readonly atMs: number; readonly count: number };

/** Why the samples were read as they were. */
export type RestartReason =
  /** There are none: no Container Insights, no restart policy, or no running task. */
  | 'no-restart-metric'
  /** Both readings say the same. */
  | 'restarts-agree'
  /** The values rise and fall as no counter of running tasks does. */
  | 'restarts-per-period'
  /** The values have not fallen for long: a counter, by all that can be seen. */
  | 'restarts-cumulative'
  /** It could be either. */
  | 'restarts-unclear';

export type RestartCount = {
  readonly reason: RestartReason;
  /** Oldest first. */
  readonly restarts: readonly Restarts[];
  /** Restarts in all, by the reading chosen and by each of the two. */
  readonly count: number;
  readonly perPeriod: number;
  readonly cumulative: number;
};

/**
 * Peaks that show that a metric is no counter. A counter of a service falls only where a task goes
 * away, or where CloudWatch misses one for a period: both are rare, but where a service deploys.
 */
const peaksMin = 3;
/** A task that stops explains a fall of its service's counter so long before and after. */
const stopExplainsMs = 3 * restartPeriodMs;
/** Periods without a fall, above zero, that make a counter likely. */
const heldMin = 10;

/**
 * Counts the restarts in place since `sinceMs`. AWS does not say whether `RestartCount` is what
 * happened in a period or a counter that only grows, so that a row of ones is either a restart a
 * minute or a single one long ago. The agent of EC2 sends the difference to what it sent before
 * (https://github.com/aws/amazon-ecs-agent/pull/4196), but not all compute has that agent. So:
 *
 *     0 1 1 0 1 0 1 0 1   per period: five restarts. A counter would have lost a task at every fall.
 *     3 3 4 4 4 5 5 5 5   a counter: two restarts, one for each new high.
 *     0 0 1 1 1           either: one restart or three. The lower counts.
 *
 * The samples may come in any order, twice and with gaps, and should reach back well before
 * `sinceMs`: they are what tells the readings apart. A fall near one of `stopsAtMs`, the times at
 * which tasks are known to have stopped, tells nothing.
 */
export function countRestarts(
  samples: readonly RestartSample[],
  { sinceMs, stopsAtMs }: { readonly sinceMs: number; readonly stopsAtMs: readonly number[] },
): RestartCount {
  const series = cleaned(samples);
  const counted = (restarts: readonly Restarts[]): readonly Restarts[] =>
    restarts.filter(({ atMs, count }) => atMs >= sinceMs && count > 0);
  const perPeriod = counted(series.map(({ atMs, value }) => ({ atMs, count: value })));
  // Each new high is at most the value itself: the restarts of one reading are among the other's.
  const cumulative = counted(newHighs(series));
  const reason = reasonOf(series, totalOf(perPeriod) === totalOf(cumulative), stopsAtMs);
  const restarts = reason === 'restarts-per-period' ? perPeriod : cumulative;
  return {
    reason,
    restarts,
    count: totalOf(restarts),
    perPeriod: totalOf(perPeriod),
    cumulative: totalOf(cumulative),
  };
}

function reasonOf(
  series: readonly RestartSample[],
  isSame: boolean,
  stopsAtMs: readonly number[],
): RestartReason {
  if (series.length === 0) return 'no-restart-metric';
  if (isSame) return 'restarts-agree';
  if (peaksOf(series, stopsAtMs) >= peaksMin) return 'restarts-per-period';
  return isHeld(series.slice(-heldMin)) ? 'restarts-cumulative' : 'restarts-unclear';
}

const totalOf = (restarts: readonly Restarts[]): number =>
  restarts.reduce((total, { count }) => total + count, 0);

/** One whole number a period, oldest first; of two for the same period the lower. */
function cleaned(samples: readonly RestartSample[]): readonly RestartSample[] {
  const byPeriod = new Map<number, number>();
  for (const { atMs, value } of samples) {
    if (!Number.isFinite(atMs) || !Number.isFinite(value) || value < 0) continue;
    const whole = Math.floor(value);
    byPeriod.set(atMs, Math.min(byPeriod.get(atMs) ?? whole, whole));
  }
  return [...byPeriod]
    .map(([atMs, value]) => ({ atMs, value }))
    .sort((left, right) => left.atMs - right.atMs);
}

/** By how much each sample exceeds all before it: a dip and the way back out of it are no restarts. */
function newHighs(series: readonly RestartSample[]): readonly Restarts[] {
  let high: number | undefined;
  return series.map(({ atMs, value }) => {
    const count = Math.max(value - (high ?? value), 0);
    high = Math.max(value, high ?? value);
    return { atMs, count };
  });
}

/** How often the values fell after they had risen, where no stopped task explains it. */
function peaksOf(series: readonly RestartSample[], stopsAtMs: readonly number[]): number {
  const isExplained = (atMs: number): boolean =>
    stopsAtMs.some((stopMs) => Math.abs(stopMs - atMs) <= stopExplainsMs);
  let [peaks, hasRisen] = [0, true];
  for (const { before, after, atMs } of neighboursIn(series)) {
    if (after > before) hasRisen = true;
    if (after >= before || !hasRisen) continue;
    if (!isExplained(atMs)) peaks += 1;
    hasRisen = false;
  }
  return peaks;
}

const isHeld = (series: readonly RestartSample[]): boolean =>
  (series[0]?.value ?? 0) > 0 &&
  neighboursIn(series).filter(({ before, after }) => after >= before).length === heldMin - 1;

/** Values of two periods that follow each other; what lies beyond a gap says nothing. */
const neighboursIn = (
  series: readonly RestartSample[],
): readonly { readonly before: number; readonly after: number; readonly atMs: number }[] =>
  series.flatMap(({ atMs, value }, at) => {
    const before = series[at - 1];
    return before === undefined || atMs - before.atMs > restartPeriodMs
      ? []
      : [{ before: before.value, after: value, atMs }];
  });
