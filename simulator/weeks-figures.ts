import type { InstanceLife } from './instance-lives.ts';
import type { RunRecord } from './record.ts';

const dayMs = 86_400_000;

/** A stretch of time. */
export type Span = { readonly fromMs: number; readonly untilMs: number };

/**
 * Service-days in which a service of two tasks or more had, in its fullest zone, at least two tasks more
 * than in its poorest: the loss of that zone would cost more than it has to.
 */
export function unevenDays(
  counts: RunRecord['counts'],
  zones: number,
  { fromMs, untilMs }: Span,
): number {
  const byService = Map.groupBy(counts, ({ service }) => service);
  const total = [...byService.values()].flatMap((own) =>
    own.map((count, at) => {
      const endMs = Math.min(untilMs, own[at + 1]?.atMs ?? untilMs);
      const lastedMs = endMs - Math.max(fromMs, count.atMs);
      return isUneven(count, zones) ? Math.max(0, lastedMs) : 0;
    }),
  );
  return total.reduce((sum, ms) => sum + ms, 0) / dayMs;
}

/** A zone without a task is the poorest. */
function isUneven({ desired, zones: byZone }: RunRecord['counts'][number], zones: number): boolean {
  if (desired < 2) return false;
  const tasks = Object.values(byZone);
  const poorest = tasks.length < zones ? 0 : Math.min(...tasks);
  return Math.max(0, ...tasks) - poorest > 1;
}

/** The drain that lasted longest, of those that began in the span. */
export type LongestDrain = { readonly lastedMs: number; readonly isOver: boolean };

export function longestDrain(
  lives: readonly InstanceLife[],
  { fromMs, untilMs }: Span,
): LongestDrain | undefined {
  return lives
    .flatMap(({ drainingMs, goneMs }) =>
      drainingMs === undefined || drainingMs < fromMs || drainingMs > untilMs
        ? []
        : [{ lastedMs: (goneMs ?? untilMs) - drainingMs, isOver: goneMs !== undefined }],
    )
    .sort((a, b) => b.lastedMs - a.lastedMs)[0];
}

/** `2 d 14 h`, `9 h 33 min`, `12 min`. */
export function durationText(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  return hours === 0 ? `${minutes} min` : `${hours} h ${minutes % 60} min`;
}
