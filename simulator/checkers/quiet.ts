import type { AlertRecord, RunRecord } from '../record.ts';
import type { MuteTruth } from '../scenario.ts';
import { type Checker, callFaults, clock, struck } from './checker.ts';
import { type Crossing, crossingsOf, kindsOf, thresholds } from './stops.ts';

const minuteMs = 60_000;
/** After its first start Ballast listens for so long. */
const firstRunMs = 10 * minuteMs;
/** A card waits so long for others of its cause. */
const cardHoldMs = 5 * minuteMs;
/** So many services with one cause are one incident. */
const stormServices = 5;
/** A sweep comes once a minute: what may have been told just before is left out. */
const sweepMs = minuteMs;
/** A service whose tags cannot be read is taken for one that is looked at. */
const aftermathMs = 30 * minuteMs;
/** What keeps two events of one moment from being seen in one. */
const disturbing = [
  ...[...callFaults, 'overlapping-invocations', 'stale-reads'],
  ...['late-events', 'lost-events'],
] as const;

const told = ({ atMs, kind, service, transition }: AlertRecord): string =>
  `${clock(atMs)} ${kind} of ${service}: ${transition}`;

export const mutesIn = ({ truths }: RunRecord): readonly MuteTruth[] =>
  truths.filter((truth) => truth.type === 'mute');

export const mutesKept: Checker = {
  name: 'mutes-kept',
  sentence:
    'Nothing is told of a muted service before its mute ends, but the end of what was told.',
  broken: ({ run }) =>
    mutesIn(run).flatMap(({ service, fromMs, untilMs }) =>
      run.alerts
        .filter((alert) => alert.service === service && alert.transition !== 'resolve')
        .filter(({ atMs }) => atMs >= fromMs + sweepMs && atMs < untilMs)
        .map(told),
    ),
};

/** Kinds that task-state finds in stops and in what ECS says of a service. */
const ofTaskState = new Set(Object.keys(thresholds));

export const optedOutUntold: Checker = {
  name: 'opted-out-untold',
  sentence: 'Nothing that task-state finds is told of a service that has switched it off.',
  broken: ({ run }) =>
    run.alerts
      .filter(({ service, kind }) => isOptedOut(run, service) && ofTaskState.has(kind))
      .filter(({ incidentId }) => {
        // Whose tags cannot be read is told of, and then its end is.
        const atMs = run.alerts.find((alert) => alert.incidentId === incidentId)?.atMs ?? 0;
        return !struck(run, callFaults, [atMs - aftermathMs, atMs]);
      })
      .map(told),
};

export const isOptedOut = ({ tags }: RunRecord, service: string): boolean =>
  tags[service]?.['ballast:task-state'] === 'off';

export const firstRunQuiet: Checker = {
  name: 'first-run-quiet',
  sentence: 'At first Ballast only listens, and tells what it found by then in one digest.',
  broken: ({ run, scenario: { upAfterMs = 0 } }) => {
    if (!run.withBallast) return [];
    const upMs = run.startMs + upAfterMs;
    const endMs = upMs + firstRunMs;
    const digests = run.alerts.filter(({ kind }) => kind === 'digest-first-run');
    const found = crossingsOf(run).filter(({ atMs }) => atMs + sweepMs <= endMs);
    return [
      ...run.alerts.filter(({ atMs }) => atMs >= upMs && atMs < endMs).map(told),
      ...digests
        .slice(1)
        .filter(({ messageId }) => messageId !== digests[0]?.messageId)
        .map(told),
      ...found
        .flatMap((crossing) => openingsOf(run, crossing))
        .filter(({ atMs }) => atMs < endMs + cardHoldMs)
        .map(told),
    ];
  },
};

/** Cards that open an incident of what a crossing is about, for its service alone. */
const openingsOf = (run: RunRecord, { service, cause, atMs }: Crossing): readonly AlertRecord[] =>
  run.alerts.filter(
    (alert) =>
      alert.topic === 'alerts' &&
      alert.transition === 'open' &&
      alert.service === service &&
      kindsOf[cause].includes(alert.kind) &&
      alert.atMs >= atMs,
  );

export const manyToldAsOne: Checker = {
  name: 'many-told-as-one',
  sentence:
    'Where one cause hits many services within minutes, none of them has a card of its own.',
  broken: ({ run }) => {
    if (!run.withBallast || disturbing.some((fault) => run.faults.has(fault))) return [];
    const byCause = Map.groupBy(crossingsOf(run), ({ cause }) => cause);
    return [...byCause.values()].flatMap((crossings) =>
      burstIn(crossings).flatMap((crossing) =>
        openingsOf(run, crossing)
          .filter(({ atMs }) => atMs <= crossing.atMs + 2 * cardHoldMs)
          .map(told),
      ),
    );
  },
};

/** The first so many crossings of different services that a card's wait, less a sweep, covers. */
function burstIn(crossings: readonly Crossing[]): readonly Crossing[] {
  const sorted = crossings.toSorted((a, b) => a.atMs - b.atMs);
  for (const first of sorted) {
    const within = sorted.filter(
      ({ atMs }) => atMs >= first.atMs && atMs <= first.atMs + cardHoldMs - 2 * sweepMs,
    );
    if (new Set(within.map(({ service }) => service)).size >= stormServices) return within;
  }
  return [];
}
