import { describe, expect, it } from 'vitest';
import { ConfigError, readEnv } from '../../shared/runtime/env.ts';

describe('a time zone', () => {
  const read = (value: string | undefined) =>
    readEnv(value === undefined ? {} : { TIME_ZONE: value }, ({ timeZone }) =>
      timeZone('TIME_ZONE'),
    );

  it.each(['UTC', 'Europe/Berlin', ' Asia/Tokyo '])('%s is one', (zone) =>
    expect(read(zone)).toBe(zone.trim()),
  );

  it.each([
    ['Europe/Berln', '"Europe/Berln"'],
    ['', '""'],
    [undefined, 'nothing'],
  ])('%s is none, which the error names', (zone, got) =>
    expect(() => read(zone)).toThrow(
      new ConfigError(`TIME_ZONE must be a time zone such as Europe/Berlin, got ${got}`),
    ),
  );
});
