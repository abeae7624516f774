import { describe, expect, it } from 'vitest';
import type { Concentration } from '../../shared/domain/concentration.ts';
import {
  type ConcentrationStates,
  concentrationsMax,
  defaultConcentrationWatchPolicy,
  observeConcentrations,
} from '../../shared/domain/concentration-watch.ts';
import type { Incident } from '../../shared/domain/incident.ts';
import { fingerprintOf } from '../../shared/domain/incident-key.ts';
import { applyObservations } from '../../shared/domain/incident-lifecycle.ts';
import { incidentPolicies } from '../../shared/domain/incident-policy.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const startMs = Date.UTC(2026, 10, 2);

const concentrated = (service: string, changes: Partial<Concentration> = {}): Concentration => ({
  ...{ service, reason: 'concentrated', desired: 8, running: 8, instance: 'i-1' },
  ...{ capacityProvider: 'general', isLeaving: false, onInstance: 5, share: 0.625 },
  ...{ remaining: 3, remainingShare: 0.375, even: { zones: 3, tasksMax: 3 } },
  isZoneUneven: false,
  remedy: 'smaller-instances',
  strategy: undefined,
  otherController: undefined,
  ...changes,
});

/** Looks one after the other, with the incidents as the table would keep them. */
function createWatch() {
  let states: ConcentrationStates = {};
  const incidents = new Map<string, Incident>();
  let writes = 0;
  return {
    look: (
      nowMs: number,
      concentrations: readonly Concentration[],
      isWatched: (service: string) => boolean = () => true,
    ) => {
      const step = observeConcentrations(states, concentrations, {
        cluster: 'prod',
        nowMs,
        policy: defaultConcentrationWatchPolicy,
        limitPercent: 50,
        isWatched,
        areZonesTold: (service) => service !== 'untold',
        outliers: [{ instance: 'i-1', tasks: 22, peers: 6 }],
      });
      states = step.states;
      for (const [name, own] of Map.groupBy(step.observations, ({ key }) => fingerprintOf(key))) {
        const key = own[0]?.key;
        if (key === undefined) throw new Error('a group has a member');
        const before = incidents.get(name);
        const context = { key, policy: incidentPolicies[key.kind], nowMs };
        const after = applyObservations(
          before,
          own.map(({ observation }) => observation),
          context,
        );
        if (after !== before) writes += 1;
        if (after !== undefined) incidents.set(name, after);
      }
      for (const [name, incident] of incidents) incidents.set(name, swept(incident, nowMs));
    },
    states: () => states,
    incidents: () => [...incidents.values()],
    writes: () => writes,
  };
}

/** What the sweep does each minute, as if every message went out at once. */
function swept(incident: Incident, nowMs: number): Incident {
  const context = { key: incident, policy: incidentPolicies[incident.kind], nowMs };
  const ticked = applyObservations(incident, [{ type: 'tick' }], context) ?? incident;
  return { ...ticked, outbox: [], told: toldOf(ticked, nowMs) };
}

const toldOf = (incident: Incident, nowMs: number): Incident['told'] => {
  const [notice] = incident.outbox;
  if (notice === undefined) return incident.told;
  const updates = (incident.told?.updates ?? 0) + (notice.transition === 'update' ? 1 : 0);
  return { sequence: 1, atMs: nowMs, severity: notice.severity, facts: incident.facts, updates };
};

const looks = (from: number, days: number): readonly number[] =>
  Array.from({ length: days * 48 }, (_, at) => from + at * 30 * minuteMs);

describe('a concentration that lasts', () => {
  it('stays open for three weeks, is told once, and is written once a day', () => {
    const watch = createWatch();
    for (const atMs of looks(startMs, 21)) watch.look(atMs, [concentrated('api')]);
    const [incident] = watch.incidents();
    expect(incident).toMatchObject({ status: 'open', firstAtMs: startMs, severity: 'warn' });
    expect(incident?.told?.updates).toBe(0);
    expect(watch.writes()).toBe(21);
  });

  it('begins anew where nobody knows of half an hour before', () => {
    const watch = createWatch();
    for (const minutes of [0, 2 * 24 * 60, 2 * 24 * 60 + 25]) {
      watch.look(startMs + minutes * minuteMs, [concentrated('api')]);
    }
    expect(watch.incidents()).toEqual([]);
    watch.look(startMs + (2 * 24 * 60 + 30) * minuteMs, [concentrated('api')]);
    expect(watch.incidents()).toMatchObject([{ firstAtMs: startMs + 2 * dayMs }]);
  });

  it('tells the strategy that would spread it, and who deploys it where that is not ECS', () => {
    const watch = createWatch();
    const strategy = [
      { type: 'spread', field: 'instanceId' },
      { type: 'random', field: undefined },
    ];
    const one = concentrated('api', { strategy, otherController: 'CODE_DEPLOY' });
    for (const minutes of [0, 30]) watch.look(startMs + minutes * minuteMs, [one]);
    expect(watch.incidents()[0]?.facts).toMatchObject({
      strategy: 'type=spread,field=instanceId type=random',
      controller: 'CODE_DEPLOY',
    });
  });

  it('expires in a week where nobody looks any more', () => {
    const watch = createWatch();
    for (const atMs of looks(startMs, 2)) watch.look(atMs, [concentrated('api')]);
    const [incident] = watch.incidents();
    if (incident === undefined) throw new Error('nothing is open');
    const context = { key: incident, policy: incidentPolicies.concentration };
    const later = (days: number) =>
      applyObservations(incident, [{ type: 'tick' }], {
        ...context,
        nowMs: startMs + days * dayMs,
      });
    expect(later(7)?.status).toBe('open');
    expect(later(8)).toMatchObject({ status: 'resolved', resolution: 'expired' });
  });

  it('keeps its facts as they are now, and names the peers that its instance stands out from', () => {
    const watch = createWatch();
    for (const atMs of looks(startMs, 1)) watch.look(atMs, [concentrated('api')]);
    const six = concentrated('api', { onInstance: 6, remaining: 2, instance: 'i-2' });
    watch.look(startMs + dayMs, [six]);
    expect(watch.incidents()[0]?.facts).toMatchObject({
      ...{ onInstance: 6, remaining: 2, instance: 'i-2', instanceTasks: 0, peerTasks: 0 },
      ...{ limitPercent: 50, zones: 3, evenTasks: 3, remedy: 'smaller-instances' },
    });
    watch.look(startMs + dayMs + minuteMs, [concentrated('api')]);
    expect(watch.incidents()[0]?.facts).toMatchObject({ instanceTasks: 22, peerTasks: 6 });
  });
});

describe('one that comes of uneven zones', () => {
  const severities = (watch: ReturnType<typeof createWatch>) =>
    watch.incidents().map(({ severity }) => severity);

  it('is for the digest: az-balance tells the zones', () => {
    const watch = createWatch();
    for (const atMs of looks(startMs, 1))
      watch.look(atMs, [concentrated('api', { isZoneUneven: true })]);
    expect(severities(watch)).toEqual(['info']);
  });

  it('is told once its zones are even and it still hangs on one instance', () => {
    const watch = createWatch();
    for (const atMs of looks(startMs, 1))
      watch.look(atMs, [concentrated('api', { isZoneUneven: true })]);
    watch.look(startMs + dayMs, [concentrated('api')]);
    expect(severities(watch)).toEqual(['warn']);
  });

  it('is told where nobody else tells its zones', () => {
    const watch = createWatch();
    const untold = concentrated('untold', { isZoneUneven: true });
    for (const atMs of looks(startMs, 1)) watch.look(atMs, [untold]);
    expect(severities(watch)).toEqual(['warn']);
  });
});

describe('how it ends', () => {
  const halfHour = 30 * minuteMs;
  it.each<readonly [string, readonly Concentration[], boolean, string | undefined]>([
    ['a third on one', [concentrated('api', { reason: 'spread', share: 0.33 })], true, 'spread'],
    [
      'half on one, and the zones allow no better',
      [concentrated('api', { reason: 'even-over-zones', share: 0.5 })],
      true,
      'even-over-zones',
    ],
    [
      'too few tasks now',
      [concentrated('api', { reason: 'too-few-tasks', desired: 3, share: 1 })],
      true,
      'too-few-tasks',
    ],
    ['the service is gone', [], true, 'spread'],
    ['its tag says off', [concentrated('api')], false, 'tagged-off'],
    [
      'between the two shares',
      [concentrated('api', { reason: 'spread', share: 0.45 })],
      true,
      undefined,
    ],
    ['its instance leaves', [concentrated('api', { isLeaving: true })], true, undefined],
  ])('%s', (_, now, isWatched, resolution) => {
    const watch = createWatch();
    for (const atMs of looks(startMs, 1)) watch.look(atMs, [concentrated('api')]);
    for (const at of [0, 1, 2]) watch.look(startMs + dayMs + at * halfHour, now, () => isWatched);
    expect(watch.incidents()[0]?.resolution).toBe(resolution);
  });
});

describe('many of them', () => {
  const names = (count: number) => Array.from({ length: count }, (_, at) => `s${at}`);
  it.each([
    [4, 'warn'],
    [5, 'info'],
  ])('%i that come to it in one look are %s', (count, severity) => {
    const watch = createWatch();
    const all = names(count).map((name) => concentrated(name));
    for (const atMs of looks(startMs, 3)) watch.look(atMs, all);
    expect(watch.incidents().map((one) => one.severity)).toEqual(all.map(() => severity));
    expect(watch.incidents().filter(({ told }) => told !== undefined)).toHaveLength(
      severity === 'info' ? 0 : count,
    );
  });

  it('remembers a bounded number, and goes on with those that it has told', () => {
    const watch = createWatch();
    const long = (name: string): string => name.padEnd(255, 'x');
    const first = names(concentrationsMax).map((name) => concentrated(long(name)));
    for (const atMs of looks(startMs, 1)) watch.look(atMs, first);
    const more = names(3 * concentrationsMax).map((name) => concentrated(long(`t${name}`)));
    watch.look(startMs + dayMs, [...more, ...first.slice(1)]);
    expect(Object.keys(watch.states())).toHaveLength(concentrationsMax);
    expect(Object.keys(watch.states()).every((name) => name.startsWith('s'))).toBe(true);
    expect(JSON.stringify(watch.states()).length).toBeLessThan(32_768);
  });

  it('knows a service by any name', () => {
    const watch = createWatch();
    for (const atMs of looks(startMs, 1)) watch.look(atMs, [concentrated('__proto__')]);
    expect(watch.incidents()).toHaveLength(1);
  });
});
