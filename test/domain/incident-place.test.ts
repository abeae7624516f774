import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Incident } from '../../shared/domain/incident.ts';
import { clustersToLookAt, folded, planFolds } from '../../shared/domain/incident-fold.ts';
import { fingerprintOf } from '../../shared/domain/incident-key.ts';
import { applyObservations } from '../../shared/domain/incident-lifecycle.ts';
import { chanceOf, placesOf, type TaskPlace } from '../../shared/domain/incident-place.ts';
import { incidentPolicies, placeChanceMax } from '../../shared/domain/incident-policy.ts';
import { createRandom, type Random } from '../../shared/domain/statistics/random.ts';
import { at, minuteMs, openIncident, seedOf, serviceKey } from '../support/incidents.ts';

type Where = { readonly instance?: string; readonly zone?: string };

/** Zones of the instances: `i-1` lies in `1a`, `i-2` in `1b`, `i-3` in `1c`, `i-4` in `1a` again. */
const zoneOf = (instance: string): string => `1${'abc'[(Number(instance.slice(2)) - 1) % 3]}`;
const on = (instance: string): Where => ({ instance, zone: zoneOf(instance) });

/** A loop of one service that opened at that minute, its stops where it is told. */
function failing(
  name: string,
  minute: number,
  places: Where | readonly Where[],
  changes: Partial<Incident> = {},
): Incident {
  const all = Array.isArray(places) ? places : [places];
  const incident = openIncident(serviceKey(name, { cause: changes.cause ?? `cause-${name}` }));
  return {
    ...incident,
    openedAtMs: at(minute),
    occurrences: [0, 1, 2].map((n) => ({
      id: `${name}-${n}`,
      atMs: at(minute) - (2 - n) * 1_000,
      facts: all[n % all.length] ?? {},
    })),
    ...changes,
  };
}

const several = (count: number, where: (n: number) => Where, from = 0): readonly Incident[] =>
  Array.from({ length: count }, (_, n) => failing(`s${from + n}`, n / 10, where(n)));

/** So many running tasks on each of these instances, of services that do not fail. */
const running = (tasks: number, ...instances: readonly string[]): readonly TaskPlace[] =>
  instances.flatMap((instance) =>
    Array.from({ length: tasks }, () => ({
      owner: 'service/other',
      instance,
      zone: zoneOf(instance),
    })),
  );
const instances = (count: number, from = 1): readonly string[] =>
  Array.from({ length: count }, (_, n) => `i-${from + n}`);

const plan = (
  incidents: readonly Incident[],
  tasks: readonly TaskPlace[] | undefined,
  minute = 3,
) => planFolds(incidents, true, at(minute), new Map(tasks === undefined ? [] : [['prod', tasks]]));
/** `i-1: s0 s1 s2` for each fold that takes someone in. */
const linesOf = (...args: Parameters<typeof plan>): readonly string[] =>
  plan(...args).folds.flatMap(({ key, joining }) =>
    joining.length === 0
      ? []
      : [`${key.subject.name}: ${joining.map(({ subject }) => subject.name).join(' ')}`],
  );

describe('chanceOf', () => {
  // `places` x the upper tail of a binomial with p = (tasks there + services) / (tasks + services).
  it.each<readonly [string, Parameters<typeof chanceOf>[0], number]>([
    [
      '3 of 3 services, 10 instances with 6 tasks: 10 x (6/60)^3 = 0.010',
      { servicesHere: 3, services: 3, tasksHere: 3, tasks: 57, places: 10 },
      0.01,
    ],
    [
      '3 of 3, 5 instances, a fifth of the tasks: 5 x 0.2^3 = 0.040',
      { servicesHere: 3, services: 3, tasksHere: 3, tasks: 27, places: 5 },
      0.04,
    ],
    [
      '4 of 4, 5 instances, a fifth of the tasks: 5 x 0.2^4 = 0.008',
      { servicesHere: 4, services: 4, tasksHere: 4, tasks: 36, places: 5 },
      0.008,
    ],
    [
      '3 of 4, 10 instances: 10 x (4 x 0.1^3 x 0.9 + 0.1^4) = 0.037',
      { servicesHere: 3, services: 4, tasksHere: 3, tasks: 56, places: 10 },
      0.037,
    ],
    [
      '5 of 5, 3 zones with a third of the tasks each: 3 x (1/3)^5 = 0.0123',
      { servicesHere: 5, services: 5, tasksHere: 10, tasks: 40, places: 3 },
      0.012346,
    ],
    [
      '6 of 6, 2 zones with half of the tasks each: 2 x 0.5^6 = 0.031',
      { servicesHere: 6, services: 6, tasksHere: 6, tasks: 18, places: 2 },
      0.03125,
    ],
    [
      '3 of 3, the only instance: certain',
      { servicesHere: 3, services: 3, tasksHere: 9, tasks: 9, places: 1 },
      1,
    ],
    [
      '3 of 3, nothing runs any more: certain',
      { servicesHere: 3, services: 3, tasksHere: 0, tasks: 0, places: 1 },
      1,
    ],
  ])('%s', (_, figures, chance) => expect(chanceOf(figures)).toBeCloseTo(chance, 6));
});

/** Services fail one after another, each somewhere at random: is ever a place blamed for it? */
function blamed(random: Random, services: number, places: number, isEveryLook: boolean): boolean {
  const counts = new Map<number, number>();
  for (let hit = 1; hit <= services; hit += 1) {
    const place = random.integer(1, places);
    counts.set(place, (counts.get(place) ?? 0) + 1);
    if (!isEveryLook && hit < services) continue;
    const most = Math.max(...counts.values());
    const figures = { servicesHere: most, services: hit, places };
    const tasks = { tasksHere: 6 - 3, tasks: 6 * places - 3 };
    if (most >= 3 && chanceOf({ ...figures, ...tasks }) <= placeChanceMax) return true;
  }
  return false;
}

describe('trouble that is spread at random', () => {
  it.each([
    [3, 10],
    [5, 5],
    [10, 10],
    [10, 40],
    [40, 10],
    [40, 40],
  ])('%i services over %i instances blame none in 98 of 100 cases', (services, places) => {
    const random = createRandom(services * 1_000 + places);
    const runs = 4_000;
    const share = (isEveryLook: boolean): number =>
      Array.from({ length: runs }, () => blamed(random, services, places, isEveryLook)).filter(
        Boolean,
      ).length / runs;
    expect(share(false)).toBeLessThanOrEqual(placeChanceMax);
    // Looked at after every arrival, which is more often than anyone looks.
    expect(share(true)).toBeLessThanOrEqual(2 * placeChanceMax);
  });
});

describe('a bad instance', () => {
  const ten = running(6, ...instances(9, 2));

  it.each<readonly [string, readonly Incident[], readonly TaskPlace[] | undefined, string]>([
    [
      '3 services on one of 10: 10 x (3/57)^3 = 0.0015',
      several(3, () => on('i-1')),
      ten,
      's0 s1 s2',
    ],
    ['2 services', several(2, () => on('i-1')), ten, ''],
    [
      'one service with 3 causes',
      ['a', 'b', 'c'].map((cause) => failing('s0', 0, on('i-1'), { cause })),
      ten,
      '',
    ],
    ['3 services, and nobody knows what else runs', several(3, () => on('i-1')), undefined, ''],
    ['12 services on the only instance', several(12, () => on('i-1')), [], ''],
    [
      '12 services on the only instance, which runs 30 more tasks',
      several(12, () => on('i-1')),
      running(30, 'i-1'),
      '',
    ],
    [
      '3 on one of 5 that had 6 tasks each: 5 x (6/30)^3 = 0.040',
      several(3, () => on('i-1')),
      [...running(3, 'i-1'), ...running(6, ...instances(4, 2))],
      '',
    ],
    [
      '4 on one of 5 that had 6 tasks each: 5 x (6/30)^4 = 0.008',
      several(4, () => on('i-1')),
      [...running(2, 'i-1'), ...running(6, ...instances(4, 2))],
      's0 s1 s2 s3',
    ],
    [
      '6 on one of 2 with 10 tasks each: 2 x 0.5^6 = 0.031',
      several(6, () => on('i-1')),
      [...running(4, 'i-1'), ...running(10, 'i-2')],
      '',
    ],
    [
      '7 on one of 2 with 10 tasks each: 2 x 0.5^7 = 0.016',
      several(7, () => on('i-1')),
      [...running(3, 'i-1'), ...running(10, 'i-2')],
      's0 s1 s2 s3 s4 s5 s6',
    ],
    [
      '8 on that one of 4 which has 9 of 10 tasks: 4 x 0.9^8 = 1.7',
      several(8, () => on('i-1')),
      [...running(82, 'i-1'), ...running(3, 'i-2', 'i-3'), ...running(4, 'i-4')],
      '',
    ],
    [
      '4 there and 1 elsewhere: 10 x 5 x (4/59)^4 = 0.001',
      [...several(4, () => on('i-1')), failing('s9', 0, on('i-5'))],
      ten,
      's0 s1 s2 s3',
    ],
    [
      '3 there and 7 elsewhere: 10 x 120 x (3/64)^3 x (61/64)^7 = 0.09',
      [...several(3, () => on('i-1')), ...several(7, (n) => on(`i-${2 + n}`), 3)],
      ten,
      '',
    ],
    [
      'stops of one service on two instances',
      [...several(2, () => on('i-1')), failing('s2', 0, [on('i-1'), on('i-2')])],
      ten,
      '',
    ],
    [
      'a service that fails elsewhere by another cause is no evidence',
      [...several(3, () => on('i-1')), failing('s2', 0, on('i-2'), { cause: 'other' })],
      ten,
      '',
    ],
    [
      'stops without a place are none elsewhere',
      [...several(3, () => on('i-1')), ...several(9, () => ({}), 3)],
      ten,
      's0 s1 s2',
    ],
    ['Fargate, which shows no instance', several(4, () => ({ zone: '1a' })), ten, ''],
    [
      'a little more than 5 minutes',
      [0, 2, 5.1].map((minute, n) => failing(`s${n}`, minute, on('i-1'))),
      ten,
      '',
    ],
    ['a name that cannot stand in a key', several(3, () => ({ instance: 'i-1#x' })), ten, ''],
  ])('%s', (_, incidents, tasks, names) => {
    expect(linesOf(incidents, tasks)).toEqual(names === '' ? [] : [`i-1: ${names}`]);
  });

  it('may be two at once: 10 x P(X >= 6 of 12, 6/66) = 0.003 for each', () => {
    const both = [...several(6, () => on('i-1')), ...several(6, () => on('i-2'), 6)];
    expect(linesOf(both, running(6, ...instances(9, 3)))).toEqual([
      'i-1: s0 s1 s2 s3 s4 s5',
      'i-2: s6 s7 s8 s9 s10 s11',
    ]);
  });

  it('is not looked for in what opened more than 10 minutes ago', () => {
    const incidents = several(3, () => on('i-1'));
    expect(clustersToLookAt(incidents, at(10.2))).toEqual(['prod']);
    expect(linesOf(incidents, ten, 10.2)).toHaveLength(1);
    expect(clustersToLookAt(incidents, at(10.3))).toEqual([]);
    expect(linesOf(incidents, ten, 10.3)).toEqual([]);
  });

  it('asks about no cluster where nothing could come of it', () => {
    expect(
      clustersToLookAt(
        several(2, () => on('i-1')),
        at(1),
      ),
    ).toEqual([]);
    expect(
      clustersToLookAt(
        several(9, (n) => on(`i-${n + 1}`)),
        at(1),
      ),
    ).toEqual([]);
  });

  it('goes by what counted towards the opening: an older stop elsewhere says nothing', () => {
    const [first] = several(1, () => on('i-1'));
    if (first === undefined) throw new Error('there is one');
    const old = { id: 'old', atMs: at(0) - 11 * minuteMs, facts: on('i-2') };
    const recent = { ...old, atMs: at(0) - 9 * minuteMs };
    const placesWith = (one: typeof old) =>
      placesOf({ ...first, occurrences: [one, ...first.occurrences] }, 'instance');
    expect([...placesWith(old)]).toEqual(['i-1']);
    expect([...placesWith(recent)]).toEqual(['i-2', 'i-1']);
  });
});

describe('a bad zone', () => {
  const six = running(6, 'i-2', 'i-3', 'i-5', 'i-6', 'i-8', 'i-9');
  const spread = (n: number): Where => on(['i-1', 'i-4', 'i-7'][n % 3] ?? 'i-1');

  it.each<readonly [string, readonly Incident[], readonly TaskPlace[], readonly string[]]>([
    [
      '6 on 3 instances of one of 3 zones: 3 x (6/42)^6 = 0.00003',
      several(6, spread),
      six,
      ['1a: s0 s1 s2 s3 s4 s5'],
    ],
    ['4 services', several(4, spread), six, []],
    [
      '5 in one of 2 zones with half of the tasks: 2 x 0.5^5 = 0.063',
      several(5, spread),
      [...running(1, 'i-1'), ...running(6, 'i-2')],
      [],
    ],
    ['9 services in the only zone', several(9, spread), running(6, 'i-1', 'i-4'), []],
    [
      'Fargate, without instances: 3 x (5/41)^5 = 0.0001',
      several(5, () => ({ zone: '1a' })),
      six,
      ['1a: s0 s1 s2 s3 s4'],
    ],
    [
      'all on one of 11 instances, the only one of its zone: 11 x (1/3)^5 = 0.045, not 3 x = 0.012',
      several(5, () => on('i-1')),
      [
        ...running(5, 'i-1'),
        ...running(2, 'i-2', 'i-3', 'i-5', 'i-6', 'i-8', 'i-9', 'i-11', 'i-12', 'i-14', 'i-15'),
      ],
      [],
    ],
    [
      'without the 8 of an instance, 5 there and 3 elsewhere: 3 x P(X >= 5 of 8, 23/62) = 0.40',
      [
        ...several(8, () => on('i-1')),
        ...several(5, (n) => on(n % 2 ? 'i-4' : 'i-7'), 8),
        ...several(3, (n) => on(['i-2', 'i-3', 'i-5'][n] ?? 'i-2'), 13),
      ],
      [...six, ...running(9, 'i-4', 'i-7')],
      ['i-1: s0 s1 s2 s3 s4 s5 s6 s7'],
    ],
    [
      'what an instance explains is no evidence for its zone: 4 are left',
      [...several(6, () => on('i-1')), ...several(4, (n) => on(n % 2 ? 'i-4' : 'i-7'), 6)],
      six,
      ['i-1: s0 s1 s2 s3 s4 s5'],
    ],
    [
      'zone-wide trouble is not for an instance: 7 x P(X >= 3 of 9, 3/45) = 0.13',
      several(9, spread),
      six,
      ['1a: s0 s1 s2 s3 s4 s5 s6 s7 s8'],
    ],
  ])('%s', (_, incidents, tasks, lines) => expect(linesOf(incidents, tasks)).toEqual(lines));
});

describe('place or cause', () => {
  const ten = running(6, ...instances(9, 2));
  const cause = 'image-pull';
  const alike = (count: number, where: (n: number) => Where): readonly Incident[] =>
    Array.from({ length: count }, (_, n) => failing(`s${n}`, n / 100, where(n), { cause }));

  it('a storm of one cause over many instances stays a storm', () => {
    const incidents = alike(40, (n) => on(`i-${1 + (n % 10)}`));
    expect(plan(incidents, ten).folds).toMatchObject([{ key: { kind: 'storm' } }]);
    expect(linesOf(incidents, ten)[0]?.split(' ')).toHaveLength(41);
  });

  it('one cause on one instance of ten is the instance', () => {
    expect(
      plan(
        alike(7, () => on('i-1')),
        ten,
      ).folds,
    ).toMatchObject([{ key: { kind: 'bad-instance', subject: { name: 'i-1' } } }]);
  });

  it('and a storm as before where nobody knows what else runs', () => {
    expect(
      plan(
        alike(7, () => on('i-1')),
        undefined,
      ).folds,
    ).toMatchObject([{ key: { kind: 'storm', cause } }]);
  });

  it('of a burst on one instance the cause does not take a part', () => {
    const mixed = [...alike(7, () => on('i-1')), ...several(5, () => on('i-1'), 7)];
    expect(linesOf(mixed, ten)).toEqual(['i-1: s0 s7 s1 s2 s3 s4 s5 s6 s8 s9 s10 s11']);
  });
});

/** The folds as they stand after a plan, with those who were in them before. */
function applied(
  incidents: readonly Incident[],
  tasks: readonly TaskPlace[] | undefined,
  minute: number,
): readonly Incident[] {
  const { folds, strays } = plan(incidents, tasks, minute);
  const known = new Map(incidents.map((one) => [fingerprintOf(one), one]));
  const nowMs = at(minute);
  for (const { key, joining, observations } of folds) {
    const text = fingerprintOf(key);
    const context = { key, policy: incidentPolicies[key.kind], nowMs };
    const fold = applyObservations(known.get(text), observations, context);
    if (fold === undefined) continue;
    known.set(text, fold);
    for (const member of fold.status === 'open' ? joining : []) {
      known.set(fingerprintOf(member), folded(member, fold.id, nowMs));
    }
  }
  for (const stray of strays) known.set(fingerprintOf(stray), { ...stray, foldedInto: undefined });
  return [...known.values()];
}

describe('an open bad instance', () => {
  const ten = running(6, ...instances(9, 2));
  const opened = applied(
    several(4, () => on('i-1')),
    ten,
    3,
  );
  const foldIn = (incidents: readonly Incident[]): Incident => {
    const fold = incidents.find(({ kind }) => kind === 'bad-instance');
    if (fold === undefined) throw new Error('there is one');
    return fold;
  };

  it('says whom it hits, by what, and what else there is', () => {
    expect(foldIn(opened)).toMatchObject({
      status: 'open',
      subject: { type: 'instance', name: 'i-1' },
      count: 4,
      outbox: [{ transition: 'open', severity: 'warn', dueAtMs: at(4) }],
      facts: {
        services: 4,
        serviceNames: 's0, s1, s2, s3',
        causes: 'cause-s0 1, cause-s1 1, cause-s2 1, cause-s3 1',
        instances: 1,
        zone: '1a',
        otherPlaces: 9,
        servicesElsewhere: 0,
        alsoElsewhere: 0,
      },
    });
    expect(opened.filter(({ foldedInto }) => foldedInto === foldIn(opened).id)).toHaveLength(4);
  });

  it('counts who runs well elsewhere', () => {
    const also = [{ owner: 'service/s0', instance: 'i-2', zone: '1b' }];
    const own = [{ owner: 'service/s1', instance: 'i-1', zone: '1a' }];
    const fold = foldIn(
      applied(
        several(4, () => on('i-1')),
        [...ten, ...also, ...own],
        3,
      ),
    );
    expect(fold.facts.alsoElsewhere).toBe(1);
  });

  it('takes in who fails there later, whatever is known of the others, and by no other cause', () => {
    const late = [
      failing('late', 20, on('i-1')),
      failing('elsewhere', 20, on('i-2')),
      failing('old', -60, on('i-1')),
    ];
    expect(linesOf([...opened, ...late], undefined, 21)).toEqual(['i-1: late']);
    expect(foldIn(applied([...opened, ...late], undefined, 21))).toMatchObject({
      count: 5,
      facts: { services: 5, otherPlaces: 9 },
    });
  });

  it('goes before an open storm of the cause', () => {
    const cause = 'image-pull';
    const spread = Array.from({ length: 6 }, (_, n) =>
      failing(`t${n}`, 4, on(`i-${4 + n}`), { cause }),
    );
    const both = applied([...opened, ...spread], ten, 5);
    expect(both.filter(({ kind }) => kind === 'storm')).toHaveLength(1);
    const late = failing('late', 6, on('i-1'), { cause });
    expect(linesOf([...both, late], ten, 7)).toEqual(['i-1: late']);
  });

  it('writes nothing while there is no news', () => {
    for (const one of plan(opened, ten, 4).folds) {
      expect(one).toMatchObject({ joining: [], observations: [{ type: 'tick' }] });
    }
  });

  it('lets go who fails elsewhere as well, and does not take it back', () => {
    const moved = opened.map((one) =>
      one.subject.name === 's1'
        ? {
            ...one,
            occurrences: [...one.occurrences, { id: 'x', atMs: at(9), facts: on('i-2') }],
          }
        : one,
    );
    expect(plan(moved, ten, 10).strays.map(({ subject }) => subject.name)).toEqual(['s1']);
    const after = applied(moved, ten, 10);
    expect(plan(after, ten, 11)).toMatchObject({ strays: [], folds: [{ joining: [] }] });
    expect(planFolds(moved, false, at(10)).strays).toEqual([]);
  });

  it('ends after two looks without an open member', () => {
    const over = opened.map((one) =>
      one.kind === 'bad-instance' ? one : { ...one, status: 'resolved' as const },
    );
    const first = applied(over, ten, 30);
    expect(foldIn(first)).toMatchObject({ status: 'open', wellSinceMs: at(30) });
    expect(foldIn(applied(first, ten, 35))).toMatchObject({
      status: 'resolved',
      resolution: 'members-resolved',
    });
  });

  it('escalates with a member', () => {
    const graver = opened.map((one) =>
      one.subject.name === 's2' ? { ...one, severity: 'critical' as const } : one,
    );
    expect(foldIn(applied(graver, undefined, 9))).toMatchObject({ severity: 'critical' });
  });
});

describe('any incidents', () => {
  /** Many within a few minutes and on one instance: what folds are about. */
  const drawn = fc.array(
    fc.record({
      service: fc.nat(14),
      cause: fc.constantFrom('image-pull', 'out-of-memory', 'agent', 'killed'),
      minute: fc.oneof(
        { weight: 4, arbitrary: fc.integer({ min: 0, max: 6 }) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 20 }) },
      ),
      places: fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom<number[]>([0], [0], [0], [3], [1]) },
        { weight: 2, arbitrary: fc.array(fc.nat(8), { maxLength: 2 }) },
      ),
      status: fc.constantFrom(
        'open' as const,
        'open' as const,
        'open' as const,
        'resolved' as const,
      ),
    }),
    { maxLength: 40, size: 'max' },
  );
  const count = fc.oneof(fc.constantFrom(0, 6), fc.nat(8));
  const tasks = fc.option(
    fc
      .array(count, { minLength: 9, maxLength: 9 })
      .map((counts) => counts.flatMap((one, n) => running(one, `i-${n + 1}`))),
    { nil: undefined, freq: 5 },
  );
  const incidentsOf = (all: typeof drawn extends fc.Arbitrary<infer T> ? T : never) => {
    const made = all.map(({ service, cause, minute, places, status }) =>
      failing(
        `s${service}`,
        minute / 2,
        places.length === 0 ? {} : places.map((n) => on(`i-${n + 1}`)),
        { cause, status },
      ),
    );
    return [...new Map(made.map((one) => [fingerprintOf(one), one])).values()];
  };

  it('make the same plan in any order', () => {
    fc.assert(
      fc.property(drawn, tasks, fc.infiniteStream(fc.nat()), (all, places, ranks) => {
        const incidents = incidentsOf(all);
        const shuffled = incidents
          .map((one) => ({ one, rank: ranks.next().value }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ one }) => one);
        expect(plan(shuffled, places?.toReversed(), 11)).toEqual(plan(incidents, places, 11));
        expect(clustersToLookAt(shuffled, at(11))).toEqual(clustersToLookAt(incidents, at(11)));
      }),
      { numRuns: 300, ...seedOf() },
    );
  });

  it('are in one fold at most, and in one that fits; later looks begin none, and settle', () => {
    let folds = 0;
    fc.assert(
      fc.property(drawn, tasks, (all, places) => {
        const incidents = incidentsOf(all);
        const joining = plan(incidents, places, 11).folds.flatMap((one) => one.joining);
        expect(new Set(joining).size).toBe(joining.length);
        expect(joining.every(({ status }) => status === 'open')).toBe(true);
        folds += joining.length;
        const after = applied(incidents, places, 11);
        const known = new Set(after.map(fingerprintOf));
        // Who opened up to 5 minutes before a fold joins it, and draws in who opened before that: all
        // of this lies within 10 minutes.
        let state = after;
        for (const _look of [2, 3, 4]) {
          const again = plan(state, places, 11);
          expect(again.strays).toEqual([]);
          expect(again.folds.filter(({ key }) => !known.has(fingerprintOf(key)))).toEqual([]);
          state = applied(state, places, 11);
        }
        expect(plan(state, places, 11).folds.flatMap((one) => one.joining)).toEqual([]);
        const open = new Map(after.map((one) => [one.id, one]));
        for (const { foldedInto, occurrences } of after) {
          const fold = foldedInto === undefined ? undefined : open.get(foldedInto);
          if (fold?.subject.type !== 'instance') continue;
          const own = new Set(occurrences.map(({ facts }) => facts?.instance));
          expect([...own]).toEqual([fold.subject.name]);
        }
      }),
      { numRuns: 300, ...seedOf() },
    );
    expect(folds).toBeGreaterThan(100);
  });

  it('need what else runs only where a cluster is asked about', () => {
    fc.assert(
      fc.property(drawn, tasks, (all, places) => {
        const incidents = incidentsOf(all);
        if (clustersToLookAt(incidents, at(11)).length > 0) return;
        expect(plan(incidents, places, 11)).toEqual(plan(incidents, undefined, 11));
      }),
      { numRuns: 300, ...seedOf() },
    );
  });
});

it('places are told where chance does as much once in 50 times at most', () => {
  expect(placeChanceMax).toBe(1 / 50);
});
