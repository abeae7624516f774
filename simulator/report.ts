import type { Invariant } from './checkers/checker.ts';
import { executionsOf, goodGreens } from './checkers/hooks.ts';
import { noiseOf } from './checkers/noise.ts';
import type { Played } from './play.ts';
import type { AlertRecord, RunRecord, TimelineEntry } from './record.ts';

/** Something that Ballast did to ECS: an answer that decided, or a write. */
export type ReportedAction = {
  readonly atMs: number;
  readonly function: string;
  readonly what: string;
  readonly service: string;
  readonly reason: string;
};

/** One run, as people and machines read it. A pure function of scenario and seed. */
export type Report = {
  readonly scenario: string;
  readonly seed: number;
  readonly days: number;
  readonly mode: string;
  readonly stackMode: string;
  readonly withBallast: boolean;
  readonly fromMs: number;
  readonly untilMs: number;
  /** Faults that were on. */
  readonly faults: readonly string[];
  /** How often each of them struck. */
  readonly faultHits: Readonly<Record<string, number>>;
  /** Rules of the simulated ECS that are assumed, with the variant of this seed. */
  readonly variants: Readonly<Record<string, string>>;
  readonly invariants: readonly Invariant[];
  readonly actions: readonly ReportedAction[];
  readonly alerts: readonly AlertRecord[];
  readonly timeline: readonly TimelineEntry[];
  readonly counts: {
    readonly pages: number;
    readonly cards: number;
    readonly digests: number;
    readonly stops: number;
    readonly goodGreens: { readonly judged: number; readonly blamed: number };
  };
  /** Calls to AWS by `service:Operation`, retries included. */
  readonly calls: Readonly<Record<string, number>>;
  readonly users: RunRecord['users'];
  /** What the scenario says of itself. */
  readonly figures: Readonly<Record<string, unknown>>;
};

const dayMs = 86_400_000;

export function reportOf(
  { record, variants, figures }: Played,
  invariants: readonly Invariant[],
): Report {
  const { alerts, hits } = record;
  const { pages, cards, digests } = noiseOf(alerts);
  return {
    scenario: record.scenario,
    seed: record.seed,
    days: (record.endMs - record.startMs) / dayMs,
    mode: record.mode,
    stackMode: record.stackMode,
    withBallast: record.withBallast,
    fromMs: record.startMs,
    untilMs: record.endMs,
    faults: [...record.faults],
    faultHits: countBy(hits.map(({ fault }) => fault)),
    variants: Object.fromEntries(
      Object.entries(variants).filter(([, variant]) => variant !== 'on'),
    ),
    invariants,
    actions: actionsOf(record),
    alerts,
    timeline: timelineOf(record),
    counts: {
      pages: pages.length,
      cards: cards.length,
      digests: digests.length,
      stops: record.stops.length,
      goodGreens: goodGreens(record),
    },
    calls: record.calls,
    users: record.users,
    figures,
  };
}

const countBy = (names: readonly string[]): Readonly<Record<string, number>> =>
  Object.fromEntries(
    [...Map.groupBy(names, (name) => name)]
      .map(([name, all]) => [name, all.length] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

const actionsOf = (record: RunRecord): readonly ReportedAction[] =>
  [
    ...executionsOf(record).map(({ service, stage, verdict, reason, untilMs }) => ({
      atMs: untilMs,
      function: 'deployment-hook',
      what: `${verdict} at ${stage}`,
      service,
      reason,
    })),
    ...record.writes.map(({ atMs, operation, service = '-' }) => ({
      atMs,
      function: '-',
      what: operation,
      service,
      reason: '-',
    })),
  ].sort((a, b) => a.atMs - b.atMs);

/** What people, nature, ECS and Ballast did, in the order of time. */
function timelineOf(record: RunRecord): readonly TimelineEntry[] {
  const answers = record.hookCalls.map(({ endedMs, serviceArn, stage, ...call }) => ({
    atMs: endedMs,
    who: 'hook',
    text: `${serviceArn.split('/').at(-1)} ${stage}: ${call.hookStatus ?? call.outcome}  ${
      call.reason ?? ''
    }`.trimEnd(),
  }));
  const told = record.alerts.map(({ atMs, topic, subject }) => ({
    atMs,
    who: topic === 'pages' ? 'page' : 'alert',
    text: subject,
  }));
  return [...record.timeline, ...answers, ...told].sort((a, b) => a.atMs - b.atMs);
}
