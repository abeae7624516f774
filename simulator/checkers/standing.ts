import type { AlertRecord, RunRecord, ServiceCount } from '../record.ts';
import { callFaults, clock, struck } from './checker.ts';
import { toldIn } from './incidents.ts';
import { type Span, without } from './stretches.ts';

/*
 * What checkers of states that last have in common: of zones that are uneven, of services that hang on
 * one instance. Both are looked at every five minutes, told once, and named in digests while they last.
 */

const minuteMs = 60_000;
/** From what a digest tells to the digest, and what its run takes. */
export const digestMs = 1_440 * minuteMs + 90 * minuteMs;
/** Faults that keep a look from seeing, or from writing. */
export const blinding = [...callFaults, 'overlapping-invocations', 'stale-reads'] as const;

/** Whether a look may have been blind up to an hour before a stretch, or within it. */
export const isBlind = (run: RunRecord, fromMs: number, untilMs: number): boolean =>
  struck(run, blinding, [fromMs - 60 * minuteMs, untilMs]);

/** What opens an incident for people: its end is no card of its own. */
export const cardsOf = (
  { alerts }: RunRecord,
  kind: string,
  service?: string,
): readonly AlertRecord[] =>
  alerts.filter(
    (alert) =>
      alert.topic === 'alerts' &&
      alert.kind === kind &&
      /^(open|escalate)$/.test(alert.transition) &&
      (service === undefined || alert.service === service),
  );

/** Stretches in which a service's counts are so. */
export const spansWhere = (
  counts: readonly ServiceCount[],
  endMs: number,
  isSo: (count: ServiceCount) => boolean,
): readonly Span[] =>
  without(
    counts.flatMap((count, at) =>
      isSo(count) ? [{ fromMs: count.atMs, untilMs: counts[at + 1]?.atMs ?? endMs }] : [],
    ),
    [],
  );

/** What had to be told of a service, by a moment. */
export type Due = {
  readonly kind: string;
  readonly service: string;
  readonly fromMs: number;
  readonly byMs: number;
};

/** By a card that is still open or has come in time, or in the digest after. */
export function isTold(run: RunRecord, { kind, service, fromMs, byMs }: Due): boolean {
  const isOpen = toldIn(run).some(
    (told) =>
      told.kind === kind &&
      told.service === service &&
      told.fromMs <= byMs &&
      told.untilMs >= fromMs,
  );
  const line = new RegExp(`(INFO|WARN) ${service}: ${kind.replaceAll('-', ' ')}|and \\d+ more`);
  return (
    isOpen ||
    run.digests.some(({ atMs, text }) => atMs >= byMs && atMs <= byMs + digestMs && line.test(text))
  );
}

/** Incidents that stay open though their service has been well for long enough to be seen. */
export function stillOpen(
  run: RunRecord,
  kind: string,
  {
    wellOf,
    endsWithinMs,
  }: {
    readonly wellOf: (service: string) => readonly Span[];
    readonly endsWithinMs: number;
  },
): readonly { readonly incidentId: string; readonly service: string; readonly wellMs: number }[] {
  return toldIn(run)
    .filter((told) => told.kind === kind)
    .flatMap(({ service, fromMs, untilMs, incidentId }) => {
      const stays = wellOf(service).find((span) => {
        const sinceMs = Math.max(span.fromMs, fromMs);
        const byMs = sinceMs + endsWithinMs;
        return !isBlind(run, sinceMs, byMs) && byMs <= Math.min(span.untilMs, untilMs);
      });
      return stays === undefined ? [] : [{ incidentId, service, wellMs: stays.fromMs }];
    });
}

/** Messages of kinds that may never wake anybody, and do. */
export const pagedFor = ({ alerts }: RunRecord, kinds: ReadonlySet<string>): readonly string[] =>
  alerts
    .filter((alert) => kinds.has(alert.kind))
    .filter(({ topic, severity }) => topic === 'pages' || severity === 'critical')
    .map(({ atMs, subject }) => `${clock(atMs)} ${subject}`);
