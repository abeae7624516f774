import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupsOf, type HerdPolicy } from '../../shared/domain/herd.ts';

const policy: HerdPolicy = { herdWindowMs: 120, herdInstancesMin: 3, herdPercentMin: 30 };
const items = (...times: readonly number[]) =>
  times.map((atMs, index) => ({ arn: `i-${index}`, atMs }));
const grouped = (
  times: readonly number[],
  ofInstances = times.length,
  changes: Partial<HerdPolicy> = {},
): string =>
  groupsOf(items(...times), ofInstances, { ...policy, ...changes })
    .map(({ items: own, isHerd }) => {
      const text = own.map(({ atMs }) => atMs).join(' ');
      return isHerd ? `[${text}]` : text;
    })
    .join(' ');

describe('groupsOf', () => {
  const cases: readonly (readonly [
    name: string,
    times: readonly number[],
    ofInstances: number,
    groups: string,
  ])[] = [
    ['5 of 7 in 40 min', [130, 140, 155, 160, 170, 9000], 7, '[130 140 155 160 170] 9000'],
    ['3 within the window exactly', [0, 60, 120], 3, '[0 60 120]'],
    ['the third one ms late', [0, 60, 121], 3, '0 60 121'],
    ['2 are none, whatever their share', [0, 1], 2, '0 1'],
    ['3 of 10 are 30 %', [0, 1, 2], 10, '[0 1 2]'],
    ['3 of 11 are 27 %', [0, 1, 2], 11, '0 1 2'],
    ['4 of 11 are 36 %', [0, 1, 2, 3], 11, '[0 1 2 3]'],
    ['all that fall in the window belong to it', [0, 1, 2, 119, 120], 5, '[0 1 2 119 120]'],
    ['the search goes on behind a herd', [0, 1, 2, 121, 122, 123], 6, '[0 1 2] [121 122 123]'],
    ['two left behind a herd are alone', [0, 1, 2, 121, 122], 5, '[0 1 2] 121 122'],
    ['one before a herd is alone', [0, 200, 201, 202], 4, '0 [200 201 202]'],
    [
      'the earliest window wins, though a later one holds more',
      [0, 60, 120, 121, 122, 123],
      6,
      '[0 60 120] [121 122 123]',
    ],
    ['none', [], 0, ''],
  ];
  it.each(cases)('%s', (_, times, ofInstances, groups) =>
    expect(grouped(times, ofInstances)).toBe(groups),
  );

  it('takes equal times in the order of ARNs', () => {
    const same = [
      { arn: 'b', atMs: 0 },
      { arn: 'c', atMs: 0 },
      { arn: 'a', atMs: 0 },
    ];
    const [group] = groupsOf(same, 3, policy);
    expect(group?.items.map(({ arn }) => arn)).toEqual(['a', 'b', 'c']);
  });

  it.each([
    ['a window without an end', { herdWindowMs: Infinity }, 'herdWindowMs'],
    ['a negative window', { herdWindowMs: -1 }, 'herdWindowMs'],
    ['a herd of one', { herdInstancesMin: 1 }, 'one instance'],
    ['a herd of two and a half', { herdInstancesMin: 2.5 }, 'one instance'],
    ['more than all', { herdPercentMin: 101 }, 'herdPercentMin'],
    ['less than none', { herdPercentMin: -1 }, 'herdPercentMin'],
  ])('refuses %s', (_, changes, message) =>
    expect(() => grouped([0], 1, changes)).toThrow(message),
  );

  it('refuses a part that is larger than the whole', () =>
    expect(() => grouped([0, 1], 1)).toThrow('whole'));
});

describe('herds of any instances', () => {
  const drawn = fc
    .record({
      times: fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 40 }),
      others: fc.nat(60),
      herdWindowMs: fc.integer({ min: 0, max: 300 }),
      herdInstancesMin: fc.integer({ min: 2, max: 5 }),
      herdPercentMin: fc.integer({ min: 0, max: 60 }),
    })
    .map(({ times, others, ...rest }) => {
      const own: HerdPolicy = rest;
      const list = items(...times);
      return { list, own, ofInstances: list.length + others };
    });
  const isEnough = (count: number, ofInstances: number, own: HerdPolicy): boolean =>
    count >= own.herdInstancesMin && count / ofInstances >= own.herdPercentMin / 100 - 1e-12;

  it('hold each instance once, in order of time, whatever the order of the list', () => {
    fc.assert(
      fc.property(drawn, fc.infiniteStream(fc.nat()), ({ list, own, ofInstances }, draws) => {
        const groups = groupsOf(list, ofInstances, own);
        const all = groups.flatMap((group) => group.items);
        expect(all.map(({ arn }) => arn).sort()).toEqual(list.map(({ arn }) => arn).sort());
        expect(all.map(({ atMs }) => atMs)).toEqual(
          list.map(({ atMs }) => atMs).sort((a, b) => a - b),
        );
        const shuffled = list
          .map((item) => ({ item, key: draws.next().value ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ item }) => item);
        expect(groupsOf(shuffled, ofInstances, own)).toEqual(groups);
      }),
    );
  });

  it('are large and tight enough, and whatever is no herd is alone', () => {
    fc.assert(
      fc.property(drawn, ({ list, own, ofInstances }) => {
        for (const { items: members, isHerd } of groupsOf(list, ofInstances, own)) {
          const [first] = members;
          const span = (members.at(-1)?.atMs ?? 0) - (first?.atMs ?? 0);
          if (isHerd) {
            expect(isEnough(members.length, ofInstances, own)).toBe(true);
            expect(span).toBeLessThanOrEqual(own.herdWindowMs);
          } else {
            expect(members).toHaveLength(1);
          }
        }
      }),
    );
  });

  it('are maximal: nothing outside fits into one, and nothing outside makes another', () => {
    fc.assert(
      fc.property(drawn, ({ list, own, ofInstances }) => {
        const groups = groupsOf(list, ofInstances, own);
        const outside = groups.filter(({ isHerd }) => !isHerd).flatMap((group) => group.items);
        for (const { items: members } of groups.filter(({ isHerd }) => isHerd)) {
          const times = members.map(({ atMs }) => atMs);
          for (const { atMs } of outside) {
            const span = Math.max(atMs, ...times) - Math.min(atMs, ...times);
            expect(span).toBeGreaterThan(own.herdWindowMs);
          }
        }
        for (const { atMs: fromMs } of outside) {
          const window = outside.filter(
            ({ atMs }) => atMs >= fromMs && atMs - fromMs <= own.herdWindowMs,
          );
          expect(isEnough(window.length, ofInstances, own)).toBe(false);
        }
      }),
    );
  });
});
