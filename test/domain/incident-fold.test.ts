import { describe, expect, it } from 'vitest';
import { digestEntriesMax, digestOf, isEmptyDigest } from '../../shared/domain/digest.ts';
import type { Incident } from '../../shared/domain/incident.ts';
import { folded, planFolds, stormKeyOf, unfolded } from '../../shared/domain/incident-fold.ts';
import { applyObservations } from '../../shared/domain/incident-lifecycle.ts';
import { claimed } from '../../shared/domain/incident-outbox.ts';
import { incidentPolicies } from '../../shared/domain/incident-policy.ts';
import { type Mute, muteMsMax, muteOf, problemOfMute } from '../../shared/domain/mute.ts';
import { at, minuteMs, openIncident, serviceKey } from '../support/incidents.ts';

/** An incident of one service that opened at that minute. */
const hit = (name: string, minutes: number, changes: Partial<Incident> = {}): Incident => ({
  ...openIncident(serviceKey(name)),
  openedAtMs: at(minutes),
  ...changes,
});
const hits = (...minutes: readonly number[]): readonly Incident[] =>
  minutes.map((one, index) => hit(`s${index}`, one));
const namesIn = (incidents: readonly Incident[], isWhole = true): readonly string[] =>
  planFolds(incidents, isWhole, at(30)).folds.flatMap(({ joining }) =>
    joining.map(({ subject }) => subject.name),
  );
const stormKey = stormKeyOf('prod', 'out-of-memory');

/** The storm after a plan, over the one that there was. */
const stormAfter = (incidents: readonly Incident[], nowMs: number, storm?: Incident) => {
  const plan = planFolds(incidents, true, nowMs).folds[0];
  const context = { key: stormKey, policy: incidentPolicies.storm, nowMs };
  return applyObservations(storm, plan?.observations ?? [], context);
};
const orThrow = (incident: Incident | undefined): Incident => {
  if (incident === undefined) throw new Error('there is a storm');
  return incident;
};

describe('planFolds', () => {
  it.each<readonly [string, readonly Incident[], number]>([
    ['five services within 5 minutes', hits(0, 1, 2, 3, 5), 5],
    ['four services', hits(0, 1, 2, 3), 0],
    ['five services within a little more than 5 minutes', hits(0, 1, 2, 3, 5.1), 0],
    ['six, of which the first is too early', hits(0, 6, 7, 8, 9, 10), 5],
    ['two bursts that overlap', hits(0, 1, 2, 3, 4, 6), 6],
    [
      'one service five times',
      [0, 1, 2, 3, 4].map((n) => hit('s0', n, { deploymentId: `${n}` })),
      0,
    ],
    [
      'five services, one of them first a minute too early',
      [hit('s0', -1, { deploymentId: 'old' }), ...hits(0, 1, 2, 3, 4.5)],
      0,
    ],
    [
      'five services, one of them twice within 5 minutes',
      [hit('s0', -0.5, { deploymentId: 'old' }), ...hits(0, 1, 2, 3, 4.5)],
      6,
    ],
    ['five causes', [0, 1, 2, 3, 4].map((n) => hit(`s${n}`, n, { cause: `cause-${n}` })), 0],
    [
      'two clusters',
      [0, 1, 2, 3, 4].map((n) => hit(`s${n}`, n, { cluster: n < 3 ? 'a' : 'b' })),
      0,
    ],
    ['one of them resolved', [...hits(0, 1, 2, 3), hit('x', 4, { status: 'resolved' })], 0],
    ['five rollbacks', [0, 1, 2, 3, 4].map((n) => hit(`s${n}`, n, { kind: 'rollback' })), 0],
  ])('%s', (_, incidents, count) => expect(namesIn(incidents)).toHaveLength(count));

  it('different kinds of one cause are one storm', () => {
    const mixed = hits(0, 1, 2, 3, 4).map((incident, index) =>
      index % 2 === 0 ? incident : { ...incident, kind: 'start-failure' as const },
    );
    expect(namesIn(mixed)).toHaveLength(5);
  });

  it('the order of the list does not matter', () => {
    const incidents = hits(4, 2, 3, 0, 1);
    expect(namesIn([...incidents].reverse())).toEqual(namesIn(incidents));
  });
});

describe('a storm', () => {
  it('opens with the plan: severity of its gravest, services counted, what they share', () => {
    const members = hits(0, 1, 2, 3, 4).map((incident, index) => ({
      ...incident,
      severity: index === 2 ? ('critical' as const) : ('warn' as const),
      facts: { image: 'worker:88', running: index, minimum: 2, taskId: `t${index}` },
    }));
    expect(stormAfter(members, at(5))).toMatchObject({
      status: 'open',
      severity: 'critical',
      count: 5,
      facts: {
        image: 'worker:88',
        zone: '',
        services: 5,
        serviceNames: 's2, s0, s1, s3, s4',
        belowMinimum: 2,
      },
      outbox: [{ transition: 'open', severity: 'critical', dueAtMs: at(5) }],
    });
  });

  const members = hits(0, 1, 2, 3, 4);
  const storm = orThrow(stormAfter(members, at(5)));
  const inStorm = members.map((member) => folded(member, storm.id, at(5)));

  it.each([
    ['host-gone', 'warn'],
    ['spot', 'info'],
  ])('of many services that lost their places by %s is %s', (cause, severity) => {
    const lost = hits(0, 1, 2, 3, 4).map((one) => ({ ...one, cause, severity: 'info' as const }));
    const [fold] = planFolds(lost, true, at(5)).folds;
    const found = applyObservations(undefined, fold?.observations ?? [], {
      key: stormKeyOf('prod', cause),
      policy: incidentPolicies.storm,
      nowMs: at(5),
    });
    expect(found).toMatchObject({ status: 'open', severity });
  });

  it('silences its members, and is planned anew only for news', () => {
    expect(inStorm.flatMap(({ outbox }) => outbox)).toEqual([]);
    const again = [storm, ...inStorm];
    expect(namesIn(again)).toEqual([]);
    expect(stormAfter(again, at(6), storm)).toBe(storm);
  });

  it('takes in whom its cause hits later, but not what was open before it', () => {
    const late = hit('late', 20);
    const old = hit('old', -60);
    expect(namesIn([storm, ...inStorm, late, old])).toEqual(['late']);
    expect(stormAfter([storm, ...inStorm, late], at(21), storm)).toMatchObject({
      count: 6,
      facts: { services: 6 },
    });
  });

  it('escalates with a member', () => {
    const graver = inStorm.map((member, index) =>
      index === 0 ? { ...member, severity: 'critical' as const } : member,
    );
    expect(stormAfter([storm, ...graver], at(9), storm)).toMatchObject({ severity: 'critical' });
  });

  it('ends after two looks without an open member, unless the list was cut short', () => {
    const first = orThrow(stormAfter([storm], at(30), storm));
    expect(first).toMatchObject({ status: 'open', wellSinceMs: at(30) });
    expect(stormAfter([first], at(35), first)).toMatchObject({
      status: 'resolved',
      resolution: 'members-resolved',
    });
    const cut = planFolds([storm], false, at(30));
    expect(cut.folds[0]?.observations).toEqual([{ type: 'tick' }]);
  });

  it('leaves no member without a voice once it is over', () => {
    expect(planFolds(inStorm, true, at(30)).strays).toHaveLength(5);
    expect(planFolds([storm, ...inStorm], true, at(30)).strays).toEqual([]);
    expect(planFolds(inStorm, false, at(30)).strays).toEqual([]);
    const [member] = inStorm;
    expect(unfolded(orThrow(member), at(30)).outbox).toMatchObject([{ transition: 'open' }]);
  });

  const end = (incident: Incident, minutes: number) =>
    applyObservations(
      incident,
      [10, minutes].map((minute) => ({ type: 'well', atMs: at(minute), reason: 'steady' })),
      { key: incident, policy: incidentPolicies['crash-loop'], nowMs: at(minutes) },
    );

  it('tells the end of its members, but for a thread or a page of their own', () => {
    expect(end(orThrow(inStorm[0]), 40)).toMatchObject({ status: 'resolved', outbox: [] });
    const paged = openIncident(serviceKey('paged'), 'critical');
    const member = folded(claimed(paged, 1, at(4)), storm.id, at(4));
    expect(end(member, 40)?.outbox).toMatchObject([
      { transition: 'resolve', severity: 'critical' },
    ]);
  });

  it.each([
    ['was told', (one: Incident, told: Incident['told']) => ({ ...one, told, outbox: [] })],
    ['somebody had in hand', (one: Incident) => claimed(one, 1, at(4))],
  ])('a card that %s before gets its own end: its thread is open', (_, before) => {
    const told = { sequence: 1, atMs: at(1), severity: 'warn' as const, facts: {}, updates: 0 };
    const member = folded(before(hit('carded', 0), told), storm.id, at(4));
    expect(end(member, 40)?.outbox).toMatchObject([{ transition: 'resolve', severity: 'warn' }]);
  });

  it('a card that only a digest told gets none', () => {
    const told = { sequence: 1, atMs: at(1), severity: 'warn' as const, facts: {}, updates: 0 };
    const listed = { ...hit('listed', 0), told: { ...told, onlyInDigest: true }, outbox: [] };
    expect(end(folded(listed, storm.id, at(4)), 40)?.outbox).toEqual([]);
  });

  it('a page that went into a digest was none: its end tells nobody at once', () => {
    const open = openIncident(serviceKey('listed'), 'critical');
    const member = folded(claimed(open, 1, at(4), 'first-run#1'), storm.id, at(4));
    expect(member.told).toMatchObject({ severity: 'critical', onlyInDigest: true });
    const paged = folded(claimed(open, 1, at(4)), storm.id, at(4));
    expect(paged.told).not.toHaveProperty('onlyInDigest');
  });

  it('lets go a member that got worse meanwhile with a page of its own', () => {
    const told = { sequence: 1, atMs: at(1), severity: 'warn' as const, facts: {}, updates: 0 };
    const member = folded({ ...hit('told', 0), told, outbox: [] }, storm.id, at(4));
    expect(unfolded(member, at(30)).outbox).toEqual([]);
    const worse = { ...member, severity: 'critical' as const };
    expect(unfolded(worse, at(30)).outbox).toMatchObject([
      { transition: 'escalate', severity: 'critical', dueAtMs: at(30) },
    ]);
  });

  it('a page that nobody had in hand when it was folded needs no end', () => {
    const member = folded(openIncident(serviceKey('unpaged'), 'critical'), storm.id, at(4));
    expect(end(member, 40)?.outbox).toEqual([]);
  });
});

describe('mutes', () => {
  const mute: Mute = {
    cluster: 'prod',
    service: 'worker',
    fromMs: at(0),
    untilMs: at(60),
    by: 'ada',
    reason: 'load test',
  };
  const worker = openIncident();

  it.each<readonly [string, Partial<Mute>, number, boolean]>([
    ['its service', {}, 30, true],
    ['its cluster', { service: undefined }, 30, true],
    ['another service', { service: 'api' }, 30, false],
    ['another cluster', { cluster: 'stage' }, 30, false],
    ['before it begins', {}, -1, false],
    ['at its last moment', {}, 59.999, true],
    ['when it has ended', {}, 60, false],
  ])('%s', (_, changes, minutes, isMuted) => {
    expect(muteOf([{ ...mute, ...changes }], worker, at(minutes)) !== undefined).toBe(isMuted);
  });

  it('of several the last to end counts', () => {
    const longer = { ...mute, service: undefined, untilMs: at(90) };
    expect(muteOf([mute, longer], worker, at(1))).toBe(longer);
  });

  it('do not silence an instance of the same name', () => {
    const instance = { ...worker, subject: { type: 'instance' as const, name: 'worker' } };
    expect(muteOf([mute], instance, at(1))).toBeUndefined();
  });

  it.each<readonly [Partial<Mute>, string | undefined]>([
    [{}, undefined],
    [{ untilMs: at(0) + muteMsMax }, undefined],
    [{ untilMs: at(0) + muteMsMax + 1 }, '7 days'],
    [{ untilMs: at(0) }, 'ends after'],
    [{ by: '' }, 'who mutes'],
    [{ service: '' }, 'name the service'],
    [{ cluster: '' }, 'name the cluster'],
    [{ reason: 'x'.repeat(301) }, 'within 300'],
  ])('%j: %s', (changes, problem) => {
    expect(problemOfMute({ ...mute, ...changes }) ?? '').toContain(problem ?? '');
    expect(problemOfMute({ ...mute, ...changes }) === undefined).toBe(problem === undefined);
  });
});

describe('digests', () => {
  const parts = { kind: 'daily', cluster: 'prod', id: 'daily#1', atMs: at(60) } as const;

  it('list the gravest first, and say how many are left out', () => {
    const incidents = Array.from({ length: 30 }, (_, index) =>
      hit(`s${index}`, index, {
        severity: index === 29 ? 'critical' : 'warn',
        firstAtMs: at(index),
      }),
    );
    const digest = digestOf({ ...parts, incidents });
    expect(digest.open.shown).toHaveLength(digestEntriesMax);
    expect(digest.open.more).toBe(10);
    expect(digest.open.shown[0]?.subject.name).toBe('s29');
    expect(digest.open.shown[1]?.subject.name).toBe('s0');
  });

  it('give a number of times to what happens, and none to what lasts', () => {
    const incidents = [
      hit('a', 0, { count: 5 }),
      hit('b', 0, { count: 5, kind: 'concentration', cause: 'concentrated' }),
    ];
    const { open } = digestOf({ ...parts, incidents });
    expect(open.shown.map(({ count }) => count)).toEqual([5, 1]);
  });

  it('let a storm stand for its members, and ignore other clusters and what is only watched', () => {
    const incidents = [
      hit('a', 0, { foldedInto: 'storm' }),
      hit('b', 0, { cluster: 'stage' }),
      hit('c', 0, { status: 'watching' }),
    ];
    expect(isEmptyDigest(digestOf({ ...parts, incidents }))).toBe(true);
  });

  it('tell what ended, what is muted and what would have been done', () => {
    const mute = { cluster: 'prod', service: 'api', fromMs: at(0), by: 'ada', reason: 'test' };
    const digest = digestOf({
      ...parts,
      incidents: [hit('a', 0, { status: 'resolved', resolvedAtMs: at(20) })],
      mutes: [
        { ...mute, untilMs: at(60) + minuteMs },
        { ...mute, untilMs: at(60) },
      ],
      wouldHave: [
        {
          cluster: 'prod',
          action: 'moved a task of',
          subject: { type: 'service', name: 'api' },
          reason: 'surge-move',
          count: 2,
        },
      ],
    });
    expect(digest.resolved.shown).toMatchObject([{ resolvedAtMs: at(20) }]);
    expect(digest.muted.shown).toHaveLength(1);
    expect(digest.wouldHave.shown).toMatchObject([{ count: 2 }]);
  });
});

describe('stuck drains', () => {
  const drain = (id: string, keeper: string, minutes = 0, changes: Partial<Incident> = {}) => ({
    ...openIncident({
      ...{ cluster: 'prod', subject: { type: 'instance', name: id }, kind: 'drain-stuck' },
      ...{ cause: 'no-departure', deploymentId: undefined },
    }),
    openedAtMs: at(minutes),
    facts: {
      ...{ keeper, ec2InstanceId: `i-${id}`, stuck: 1, deadlineMs: at(10_000 + minutes) },
      ...{ drainSinceMs: at(minutes - 60), stays: `${keeper}/${id}: stays`, changes: keeper },
    },
    ...changes,
  });
  const cart = ['c1', 'c2', 'c3'].map((id, index) => drain(id, 'service/cart', index * 15));
  const foldsOf = (incidents: readonly Incident[]) =>
    planFolds(incidents, true, at(60)).folds.map(({ key, joining }) => [
      `${key.kind} ${key.subject.type}/${key.subject.name}`,
      joining.map(({ subject }) => subject.name).join(' '),
    ]);
  const afterPlan = (
    incidents: readonly Incident[],
    minutes: number,
    fold?: Incident,
  ): Incident => {
    const [plan] = planFolds(incidents, true, at(minutes)).folds;
    if (plan === undefined) throw new Error('there is a fold');
    const context = {
      ...{ key: plan.key, policy: incidentPolicies['drains-stuck'], nowMs: at(minutes) },
    };
    return orThrow(applyObservations(fold, plan.observations, context));
  };

  it.each<readonly [string, readonly Incident[], readonly (readonly string[])[]]>([
    ['three of one service are one', cart, [['drains-stuck service/cart', 'c1 c2 c3']]],
    ['one is itself', cart.slice(0, 1), []],
    ['two of two services are two', [drain('a', 'service/x'), drain('b', 'service/y')], []],
    ['a service is no family', [drain('a', 'service/x'), drain('b', 'family/x')], []],
    [
      'days apart they are one',
      [drain('a', 'family/report'), drain('b', 'family/report', -5 * 1_440)],
      [['drains-stuck family/report', 'b a']],
    ],
    ['kept by nobody known: each is itself', [drain('a', ''), drain('b', '')], []],
    [
      'of two clusters: each is itself',
      [drain('a', 'service/x'), drain('b', 'service/x', 0, { cluster: 'other' })],
      [],
    ],
    [
      'five of five services are no storm, though their cause has one name',
      ['a', 'b', 'c', 'd', 'e'].map((id) => drain(id, `service/${id}`)),
      [],
    ],
  ])('%s', (_, incidents, folds) => expect(foldsOf(incidents)).toEqual(folds));

  it('are told as one: whose, how many, until when the first, what frees them', () => {
    expect(afterPlan(cart, 31)).toMatchObject({
      ...{ status: 'open', severity: 'warn', count: 3 },
      facts: {
        ...{ instances: 3, kept: 3, stuck: 3, instanceNames: 'i-c1, i-c2, i-c3' },
        ...{ deadlineMs: at(10_000), drainSinceMs: at(-60), changes: 'service/cart' },
        stays: 'service/cart/c1: stays\nservice/cart/c2: stays\nservice/cart/c3: stays',
      },
      outbox: [{ transition: 'open', severity: 'warn', dueAtMs: at(31) }],
    });
  });

  const fold = afterPlan(cart, 31);
  const members = cart.map((one) => folded(one, fold.id, at(31)));

  it('page once: with the first that is critical', () => {
    const [first, ...others] = members;
    const worse = { ...orThrow(first), severity: 'critical' as const };
    const paged = afterPlan([fold, worse, ...others], 40, { ...fold, outbox: [] });
    expect(paged).toMatchObject({ severity: 'critical', outbox: [{ transition: 'escalate' }] });
    const all = members.map((one) => ({ ...one, severity: 'critical' as const }));
    const again = afterPlan([paged, ...all], 41, { ...paged, outbox: [] });
    expect(again.outbox).toEqual([]);
  });

  it('that end in it are counted at its end, with what was on them', () => {
    const ended = members.map((one) => ({
      ...one,
      status: 'resolved' as const,
      facts: { ...one.facts, leftAtEnd: 2, lost: 1 },
    }));
    const half = afterPlan([fold, ...ended.slice(0, 2), ...members.slice(2)], 40, fold);
    expect(half.facts).toMatchObject({ instances: 3, kept: 1, leftAtEnd: 4, lost: 2 });
    const empty = afterPlan([half, ...ended], 41, half);
    expect(empty).toMatchObject({ status: 'open', facts: { kept: 0, leftAtEnd: 6, lost: 3 } });
    // A digest has named them meanwhile: they are not listed any more.
    expect(afterPlan([empty], 47, empty)).toMatchObject({
      status: 'resolved',
      facts: { instances: 3, instanceNames: 'i-c3', leftAtEnd: 6, lost: 3 },
    });
  });

  it('are told with the first end of managed draining that is still ahead', () => {
    const until = (id: string, minutes: number) => {
      const one = drain(id, 'service/web');
      return { ...one, facts: { ...one.facts, drainingUntilMs: at(minutes) } };
    };
    const web = [until('a', 30), until('b', 90), until('c', 60)];
    expect(afterPlan(web, 29).facts.drainingUntilMs).toBe(at(30));
    expect(afterPlan(web, 30).facts.drainingUntilMs).toBe(at(60));
  });

  it('that end with tasks which may run on say so, whatever else they end with', () => {
    const end = (compute: string, at: number) => ({
      ...orThrow(members[at]),
      status: 'resolved' as const,
      facts: { ...orThrow(members[at]).facts, compute, leftAtEnd: at + 1, lost: 0 },
    });
    const ended = [end('managed-instances', 0), end('ec2', 1), end('external', 2)];
    const half = afterPlan([fold, ...ended.slice(0, 2), ...members.slice(2)], 40, fold);
    expect(half.facts).toMatchObject({ leftAtEnd: 3, orphaned: 2 });
    const empty = afterPlan([half, ...ended], 41, half);
    expect(empty.facts).toMatchObject({ leftAtEnd: 6, orphaned: 5 });
    expect(afterPlan([empty], 47, empty).facts).toMatchObject({ leftAtEnd: 6, orphaned: 5 });
  });

  it('that somebody else keeps by now leave it, and wait for each other', () => {
    const others = members.map((one) => ({
      ...one,
      facts: { ...one.facts, keeper: 'service/search' },
    }));
    const { strays } = planFolds([fold, ...others], true, at(60));
    expect(strays).toHaveLength(3);
    const free = strays.map((one) => unfolded(one, at(60)));
    expect(free[0]?.outbox).toMatchObject([{ transition: 'open', dueAtMs: at(80) }]);
    expect(foldsOf([{ ...fold, status: 'resolved' }, ...free])).toEqual([
      ['drains-stuck service/search', 'c1 c2 c3'],
    ]);
  });
});
