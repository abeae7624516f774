import { describe, expect, it } from 'vitest';
import { parseBreakGlass } from '../../shared/domain/break-glass.ts';
import { parseIsoTime } from '../../shared/runtime/time.ts';

const nowMs = Date.parse('2026-11-23T09:00:00Z');
const read = (value: string) => parseBreakGlass(value, nowMs, parseIsoTime);

describe('parseBreakGlass', () => {
  it('is open until its time, and says who and why', () =>
    expect(read('until=2026-11-23T12:00:00Z; by=ana; reason=blue is down; see INC=7')).toEqual({
      kind: 'open',
      untilMs: Date.parse('2026-11-23T12:00:00Z'),
      by: 'ana',
      reason: 'blue is down',
    }));

  it.each([
    ['', 'until is missing'],
    ['true', 'until is missing'],
    ['until=2026-11-23T12:00:00Z', 'by is missing'],
    ['until=2026-11-23T12:00:00Z; by=ana', 'reason is missing'],
    ['until=2026-11-23T12:00:00Z; by=; reason=x', 'by is missing'],
    ['until=tomorrow; by=ana; reason=x', 'not an ISO time'],
    ['until=2026-11-23T12:00:00; by=ana; reason=x', 'with a zone'],
    ['until=2026-11-23; by=ana; reason=x', 'not an ISO time'],
    ['until=2026-11-23T09:00:00Z; by=ana; reason=x', 'has ended'],
    ['until=2026-11-24T09:00:01Z; by=ana; reason=x', 'more than 24 h ahead'],
  ])('%s stays closed', (value, detail) => {
    const glass = read(value);
    expect(glass.kind === 'closed' && glass.detail).toContain(detail);
  });

  it('24 hours ahead is the most, with an offset as well', () =>
    expect(read('until=2026-11-24T18:00:00+09:00;by=ana;reason=x').kind).toBe('open'));
});
