import { describe, expect, it } from 'vitest';
import { parseCalendarRecord } from '../../shared/events/instance-record.ts';

describe('what was remembered of a calendar', () => {
  it('is read as it was written before warnings counted instances without a name', () => {
    const warning = { id: 'c1', sinceMs: 1, instanceIds: ['c1', 'c2'] };
    expect(parseCalendarRecord(JSON.stringify({ ranAtMs: 2, warnings: [warning] }))).toEqual({
      ranAtMs: 2,
      warnings: [{ ...warning, unnamed: 0 }],
    });
  });

  it('is read as it is written now', () => {
    const record = {
      ranAtMs: 2,
      warnings: [{ id: 'c1', sinceMs: 1, instanceIds: ['c1'], unnamed: 7 }],
    };
    expect(parseCalendarRecord(JSON.stringify(record))).toEqual(record);
  });
});
