import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampledChecksMax } from '../../shared/domain/gate-config.ts';
import {
  decodeState,
  emptyState,
  encodeState,
  type GateState,
  latencyUnitsMax,
  mergeStates,
  type SampleState,
  stateCharsMax,
  toUnits,
} from '../../shared/domain/gate-state.ts';

const side = (answersMax: number) =>
  fc
    .tuple(fc.array(fc.nat(latencyUnitsMax), { maxLength: answersMax }), fc.nat(200))
    .map(([latencies, errors]) => ({ latencies: latencies.sort((a, b) => a - b), errors }));
const samples: fc.Arbitrary<SampleState> = fc
  .tuple(side(200), side(200), fc.constantFrom(0, 20, 50, 100, 200))
  .map(([green, blue, suspected]) => ({
    green,
    blue,
    ...(suspected > 0 ? { suspectedAtLook: suspected } : {}),
  }));
const name = fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme-ascii' });
const state: fc.Arbitrary<GateState> = fc.record({
  stage: fc.constantFrom('POST_TEST_TRAFFIC_SHIFT', 'PRE_PRODUCTION_TRAFFIC_SHIFT'),
  configHash: fc.stringMatching(/^[0-9a-f]{16}$/),
  startedAtMs: fc.nat(2 ** 43),
  calls: fc.nat(10_000),
  errorsInARow: fc.nat(10_000),
  requests: fc.record({ green: fc.nat(100_000), blue: fc.nat(100_000) }),
  samples: fc.dictionary(name, samples, { maxKeys: sampledChecksMax }),
});

describe('the encoded state', () => {
  it('comes back as it went, and never exceeds its bound', () =>
    fc.assert(
      fc.property(state, (one) => {
        const text = encodeState(one);
        expect(text.length).toBeLessThanOrEqual(stateCharsMax);
        expect(decodeState(text)).toEqual(one);
      }),
    ));

  it('survives ECS merging, replacing and stringifying it', () => {
    const one = { ...emptyState('POST_TEST_TRAFFIC_SHIFT', '0123456789abcdef', 5), calls: 3 };
    const travelled: unknown = JSON.parse(JSON.stringify({ ballastState: encodeState(one) }));
    expect(decodeState(Reflect.get(travelled as object, 'ballastState'))).toEqual(one);
  });

  it('fits at its fullest: the most checks, answers and digits', () => {
    const latencies = Array.from({ length: 200 }, (_, at) =>
      Math.floor((at * latencyUnitsMax) / 199),
    );
    const full = {
      green: { latencies, errors: 200 },
      blue: { latencies, errors: 200 },
      suspectedAtLook: 200,
    };
    const names = Array.from({ length: sampledChecksMax }, (_, at) => `${at}`.repeat(60));
    const fullest: GateState = {
      stage: 'POST_PRODUCTION_TRAFFIC_SHIFT',
      configHash: 'f'.repeat(16),
      startedAtMs: Number.MAX_SAFE_INTEGER,
      calls: 1_000_000,
      errorsInARow: 1_000_000,
      requests: { green: 10_000_000, blue: 10_000_000 },
      samples: Object.fromEntries(names.map((one) => [one, full])),
    };
    expect(encodeState(fullest).length).toBeLessThan(stateCharsMax);
  });

  it.each([
    ['nothing', undefined],
    ['an object', { a: 1 }],
    ['no JSON', 'abc'],
    ['other JSON', '[3,"s","a",0,0,0,0,0,{}]'],
    ['an older form', '[1,"a",0,0,0,0,0,{}]'],
    ['a shorter list', '[2,"s","a",0,0,0,0,0]'],
    ['a stage that is none', '[2,5,"a",0,0,0,0,0,{}]'],
    ['a negative count', '[2,"s","a",-1,0,0,0,0,{}]'],
    ['a fraction', '[2,"s","a",0.5,0,0,0,0,{}]'],
    ['samples that are none', '[2,"s","a",0,0,0,0,0,[]]'],
    ['latencies that are none', '[2,"s","a",0,0,0,0,0,{"x":["!",0,"",0,0]}]'],
    ['latencies beyond their bound', '[2,"s","a",0,0,0,0,0,{"x":["zzzzz",0,"",0,0]}]'],
    ['errors that are none', '[2,"s","a",0,0,0,0,0,{"x":["1","0","",0,0]}]'],
    ['too long a text', `[2,"s","${'a'.repeat(stateCharsMax)}",0,0,0,0,0,{}]`],
  ])('%s is not a state', (_, text) => expect(decodeState(text)).toBeUndefined());

  it('anything at all decodes to a state or to nothing, and never throws', () =>
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.anything()), (text) => {
        const decoded = decodeState(text);
        if (decoded !== undefined) expect(decodeState(encodeState(decoded))).toEqual(decoded);
      }),
    ));
});

describe('mergeStates', () => {
  const at = (startedAtMs: number, calls: number): GateState => ({
    ...emptyState('s', 'h', startedAtMs),
    calls,
  });
  it.each([
    ['neither', undefined, undefined, undefined],
    ['one', at(5, 1), undefined, at(5, 1)],
    ['the other', undefined, at(5, 1), at(5, 1)],
    ['the later call with the earlier start', at(5, 1), at(9, 4), at(5, 4)],
    ['whichever side it came from', at(9, 4), at(5, 1), at(5, 4)],
  ])('%s', (_, a, b, expected) => expect(mergeStates(a, b)).toEqual(expected));
});

describe('toUnits', () => {
  it.each([
    [0, 0],
    [0.04, 0],
    [0.05, 1],
    [12.34, 123],
    [-1, 0],
    [1e9, latencyUnitsMax],
  ])('%f ms are %i units', (elapsedMs, units) => expect(toUnits(elapsedMs)).toBe(units));
});
