import { describe, expect, it } from 'vitest';
import { effectiveMode } from '../../shared/domain/mode.ts';

describe('effectiveMode', () => {
  it.each([
    ['observe', undefined, undefined, 'observe'],
    ['observe', 'enforce', 'enforce', 'observe'],
    ['observe', 'off', undefined, 'off'],
    ['opt-in', undefined, undefined, 'observe'],
    ['opt-in', 'enforce', undefined, 'enforce'],
    ['opt-in', 'observe', undefined, 'observe'],
    ['opt-in', 'enforce', 'observe', 'observe'],
    ['opt-in', undefined, 'enforce', 'observe'],
    ['enforce', undefined, undefined, 'enforce'],
    ['enforce', 'observe', undefined, 'observe'],
    ['enforce', 'off', 'enforce', 'off'],
    ['enforce', undefined, 'observe', 'observe'],
    ['enforce', undefined, 'off', 'off'],
    ['enforce', ' Enforce ', undefined, 'enforce'],
    ['enforce', 'true', undefined, 'observe'],
    ['enforce', '', undefined, 'observe'],
  ] as const)('stack %s, tag %s, details %s: %s', (stack, tag, details, expected) =>
    expect(effectiveMode({ stack, tag, details })).toBe(expected),
  );
});
