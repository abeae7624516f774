import { describe, expect, it } from 'vitest';
import { createTimeFormatter } from '../../shared/runtime/time-format.ts';

const atMs = Date.UTC(2026, 10, 20, 14, 2, 59, 999);

describe('createTimeFormatter', () => {
  it.each([
    ['UTC', 'Fri 20 Nov 14:02Z'],
    ['Europe/Berlin', 'Fri 20 Nov 15:02 CET'],
    ['Asia/Tokyo', 'Fri 20 Nov 23:02 GMT+9'],
    ['America/New_York', 'Fri 20 Nov 09:02 GMT-5'],
  ])('%s', (zone, text) => expect(createTimeFormatter(zone)(atMs)).toBe(text));

  it('follows daylight saving time, and writes midnight as 00', () => {
    const format = createTimeFormatter('Europe/Berlin');
    expect(format(Date.UTC(2026, 8, 1, 22, 0))).toBe('Wed 02 Sep 00:00 CEST');
  });

  it('keeps each zone to its own, whichever was asked for last', () => {
    const [berlin, tokyo] = [
      createTimeFormatter('Europe/Berlin'),
      createTimeFormatter('Asia/Tokyo'),
    ];
    expect(createTimeFormatter('Europe/Berlin')(atMs)).toBe(berlin(atMs));
    expect(tokyo(atMs)).toBe('Fri 20 Nov 23:02 GMT+9');
    expect(() => createTimeFormatter('Europe/Nowhere')).toThrow(RangeError);
    expect(createTimeFormatter('Asia/Tokyo')(atMs)).toBe(tokyo(atMs));
  });

  it('refuses a zone that there is not', () => {
    expect(() => createTimeFormatter('Europe/Nowhere')).toThrow(RangeError);
  });
});
