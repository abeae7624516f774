import type { RunRecord } from '../record.ts';
import { type Checker, callFaults, clock, struck } from './checker.ts';

const minuteMs = 60_000;
/** What one fault makes others wait for: five receipts, a visibility time-out each. */
const aftermathMs = 20 * minuteMs;

const isExplained = (run: RunRecord, atMs: number): boolean =>
  struck(run, callFaults, [atMs - aftermathMs, atMs + minuteMs]);

/** A message is tried five times before it is given up, and each try needs a fault to fail. */
const triesMax = 5;

const isGivenUpRightly = (run: RunRecord, atMs: number): boolean =>
  run.hits.filter(
    (hit) =>
      callFaults.some((name) => name === hit.fault) &&
      hit.atMs >= atMs - aftermathMs &&
      hit.atMs <= atMs,
  ).length >= triesMax;

export const problems: Checker = {
  name: 'problems',
  sentence: 'Nothing is asked of AWS that does not exist, and no event of ECS is unreadable.',
  broken: ({ run }) => [
    ...run.problems,
    ...run.logs
      .filter(({ message }) => message === 'event-dropped')
      .map(({ atMs, fields }) => `${clock(atMs)} dropped: ${String(fields.detail)}`),
  ],
};

export const errorsExplained: Checker = {
  name: 'errors-explained',
  sentence:
    'No function logs an error, throws or leaves a dead letter without a fault of AWS before.',
  broken: ({ run }) => [
    ...run.logs
      .filter(({ level, atMs }) => level === 'error' && !isExplained(run, atMs))
      .map(
        ({ atMs, functionName, message, fields }) =>
          `${clock(atMs)} ${functionName}: ${message} ${String(fields.detail ?? fields.error ?? '')}`,
      ),
    ...run.deadLetters
      .filter(({ atMs }) => !isGivenUpRightly(run, atMs))
      .map(({ atMs, queue }) => `${clock(atMs)} a message went to ${queue}`),
  ],
};
