import { describe, expect, it } from 'vitest';
import { UnsupportedTemplate } from '../../../simulator/stack/intrinsics.ts';
import { readSchedule } from '../../../simulator/stack/schedule.ts';

const at = (time: string): number => Date.parse(`2026-11-20T${time}Z`);

describe('readSchedule', () => {
  const cases: readonly (readonly [expression: string, after: string, due: string])[] = [
    ['rate(1 minute)', '09:00:00', '09:01:00'],
    ['rate(5 minutes)', '09:04:59', '09:05:00'],
    ['rate(5 minutes)', '09:05:00', '09:10:00'],
    ['rate(6 hours)', '09:00:00', '15:00:00'],
    ['cron(0/15 * * * ? *)', '09:15:00', '09:30:00'],
    ['cron(20 6 * * ? *)', '06:19:59', '06:20:00'],
    ['cron(5,35 8-10 * * ? *)', '08:35:00', '09:05:00'],
    ['cron(* 23 ? * * *)', '22:59:59', '23:00:00'],
  ];
  it.each(cases)('%s after %s is due at %s', (expression, after, due) => {
    expect(readSchedule(expression, at('09:00:00'))(at(after))).toBe(at(due));
  });

  it('goes on the next day', () => {
    const next = readSchedule('cron(20 6 * * ? *)', at('00:00:00'));
    expect(next(at('06:20:00'))).toBe(at('06:20:00') + 86_400_000);
  });

  it.each(['rate(5 parsecs)', 'cron(0 6 1 * ? *)', 'at(2026-11-20T09:00:00)', 'cron(x * * * ? *)'])(
    'refuses %s rather than guess',
    (expression) => {
      expect(() => readSchedule(expression, 0)).toThrow(UnsupportedTemplate);
    },
  );
});
