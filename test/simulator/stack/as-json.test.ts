import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asJson } from '../../../simulator/stack/as-json.ts';

const throughText = (value: unknown): unknown => {
  const text = JSON.stringify(value);
  return text === undefined ? undefined : JSON.parse(text);
};

describe('asJson', () => {
  it('gives what a value is after it has been written as JSON and read', () => {
    const any = fc.anything({ withDate: true, withNullPrototype: true });
    fc.assert(
      fc.property(any, (value) => {
        expect(asJson(value)).toEqual(throughText(value));
      }),
    );
  });

  it.each([
    [{ at: new Date(0), none: undefined, list: [undefined, Number.NaN, -0], run: () => 1 }],
    [{ ['__proto__']: 1, nested: { toJSON: () => ({ a: undefined }) } }],
    [undefined],
  ])('leaves out and replaces what JSON does: %o', (value) => {
    expect(asJson(value)).toStrictEqual(throughText(value));
  });

  it('gives a value of its own', () => {
    const event = { Records: [{ body: 'a' }] };
    const copy = asJson(event);
    expect(copy).toEqual(event);
    expect(copy).not.toBe(event);
    expect(Reflect.get(Object(copy), 'Records')[0]).not.toBe(event.Records[0]);
  });
});
