import type { ComparisonEvidence, LatencyEvidence } from './comparison.ts';

/** One line of what a comparison found, with its figures: `median 64 vs 40 ms (+60%, ...), 50 calls a side`. */
export function describeComparison(name: string, evidence: ComparisonEvidence): string {
  const { latency, greenAttempts, greenErrors, blueAttempts, blueErrors } = evidence;
  const errors =
    greenErrors + blueErrors === 0
      ? 'no errors'
      : blueAttempts === 0
        ? `${greenErrors} of ${greenAttempts} calls failed`
        : `${greenErrors} of ${greenAttempts} calls failed, blue ${blueErrors} of ${blueAttempts}`;
  const calls = blueAttempts === 0 ? `${greenAttempts} calls` : `${greenAttempts} calls a side`;
  return [name, latency === undefined ? undefined : latencyText(latency), errors, calls]
    .filter((part) => part !== undefined)
    .join(', ')
    .replace(', ', ' ');
}

function latencyText(latency: LatencyEvidence): string {
  const { greenMedianMs, blueMedianMs, ratio, shiftLowerMs, shiftUpperMs } = latency;
  const change = Math.round((ratio - 1) * 100);
  return (
    `median ${ms(greenMedianMs)} vs ${ms(blueMedianMs)} ms (${signed(change)}%, ` +
    `98% CI ${signed(ms(shiftLowerMs))}..${signed(ms(shiftUpperMs))} ms)`
  );
}

/** Whole milliseconds from 10 ms on, tenths below: no more digits than 40 samples can carry. */
const ms = (value: number): number =>
  Math.abs(value) >= 10 ? Math.round(value) : Math.round(value * 10) / 10;

const signed = (value: number): string => (value >= 0 ? `+${value}` : `${value}`);
