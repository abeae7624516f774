import type { FaultName } from '../../simulator/faults.ts';
import { type PlayOptions, play } from '../../simulator/play.ts';
import type { AlertRecord, RunRecord } from '../../simulator/record.ts';
import type { RunMode, Scenario } from '../../simulator/scenario.ts';

/**
 * Everything but what only the way to AWS has: calls that fail, hang or lag behind, and crashes. Nor two
 * invocations at once: over the wire each of their calls gives the other one a turn.
 */
const deliveryFaults: readonly FaultName[] = [
  'duplicate-events',
  'late-events',
  'reordered-events',
  'lost-events',
];

/** What a run leaves behind, played in this mode with the faults that both modes have. */
export const playedIn = async (
  scenario: Scenario,
  mode: RunMode,
  [seed, days]: readonly [seed: number, days: number],
  more: Partial<PlayOptions> = {},
) => {
  const faults = new Set(deliveryFaults);
  const usual = { faults, withBallast: true, withWatchers: true, latencyMs: 0 };
  return (await play(scenario, { ...usual, seed, days, mode, ...more })).record;
};

/** Records of what a function saw and made of it; others are of its own work, such as its batches. */
const told = new Set([
  ...['decision', 'stop', 'event', 'look', 'run', 'density', 'concentration'],
  ...['drain', 'replacement'],
]);

/** Written by functions whose schedule is due at the very moment of a sweep. */
const kindsOfWatchers = new Set([
  'concentration',
  'density-anomaly',
  'zone-imbalance',
  'drain-stuck',
  'drains-stuck',
]);

/**
 * An alert, with its time where that is the same both ways: whether the sweep of this minute tells what
 * is written in its own millisecond, or the next one, is nobody's business.
 */
const alertOf = ({ atMs, ...alert }: AlertRecord): string =>
  JSON.stringify(kindsOfWatchers.has(alert.kind) ? alert : { atMs, ...alert });

/** What Ballast decided, wrote and said, in a form that is equal where both modes agree. Requests have an order of their own within a millisecond. */
export const doneIn = ({ logs, alerts, writes, hookCalls, calls, stops }: RunRecord) => ({
  decisions: logs
    .filter(({ message }) => told.has(message))
    .map(({ atMs, message, fields }) => JSON.stringify([atMs, message, fields]))
    .sort(),
  alerts: alerts.map(alertOf).sort(),
  writes,
  answers: hookCalls,
  calls,
  stops: stops.length,
});
