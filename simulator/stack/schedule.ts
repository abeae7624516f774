import { UnsupportedTemplate } from './intrinsics.ts';

const unitsMs: Readonly<Record<string, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};
const dayMs = 86_400_000;
const minuteMs = 60_000;
/** Days that a cron expression is searched through before it counts as never. */
const searchDaysMax = 366;

/** The first time after `afterMs` at which a schedule is due; undefined where it never is again. */
export type Schedule = (afterMs: number) => number | undefined;

/**
 * Reads `rate(5 minutes)`, which counts from the start of the stack, and `cron(0/15 6 * * ? *)` with
 * minutes and hours, in UTC, every day. Any other field than `*` or `?` is an error.
 * Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 */
export function readSchedule(expression: string, startedMs: number): Schedule {
  const [, amount, unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (amount !== undefined) {
    const everyMs = Number(amount) * (unitsMs[unit] ?? Number.NaN);
    return (afterMs) => startedMs + (Math.floor((afterMs - startedMs) / everyMs) + 1) * everyMs;
  }
  const [, minutes = '', hours = '', ...rest] =
    /^cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)$/.exec(expression) ?? [];
  if (minutes === '' || rest.some((field) => field !== '*' && field !== '?')) {
    throw new UnsupportedTemplate(`the schedule ${expression} is not simulated`);
  }
  return cronSchedule(valuesOf(minutes, 60, expression), valuesOf(hours, 24, expression));
}

function cronSchedule(minutes: ReadonlySet<number>, hours: ReadonlySet<number>): Schedule {
  return (afterMs) => {
    const from = Math.floor(afterMs / minuteMs) + 1;
    const until = from + (searchDaysMax * dayMs) / minuteMs;
    for (let at = from; at < until; at += 1) {
      if (minutes.has(at % 60) && hours.has(Math.floor(at / 60) % 24)) return at * minuteMs;
    }
    return undefined;
  };
}

/** `*`, `5`, `5,20`, `10-20`, `0/15`. */
function valuesOf(field: string, size: number, expression: string): ReadonlySet<number> {
  const values = new Set<number>();
  for (const part of field.split(',')) {
    const [, from, to, step] = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part) ?? ['none'];
    if (from === undefined && !part.startsWith('*')) {
      throw new UnsupportedTemplate(`the schedule ${expression} is not simulated`);
    }
    const first = Number(from ?? 0);
    const last = to !== undefined ? Number(to) : from === undefined || step ? size - 1 : first;
    for (let value = first; value <= Math.min(last, size - 1); value += Number(step ?? 1)) {
      values.add(value);
    }
  }
  return values;
}
