import { describe, expect, it } from 'vitest';
import type { Alert } from '../../shared/domain/alert.ts';
import { renderAlert } from '../../shared/domain/alert-text/render.ts';
import { drainKey, reactToDrain } from '../../shared/domain/drain-incident.ts';
import type { Incident } from '../../shared/domain/incident.ts';
import { applyObservations, type Observation } from '../../shared/domain/incident-lifecycle.ts';
import { sent } from '../../shared/domain/incident-outbox.ts';
import { incidentPolicies } from '../../shared/domain/incident-policy.ts';
import { createLifetimeOf } from '../../shared/domain/instance-lifetime.ts';
import {
  type InstanceRecord,
  newRecord,
  phaseOf,
} from '../../shared/domain/instance-replacement.ts';
import { lookAt } from '../../shared/domain/replacement-look.ts';
import type { Instance, Snapshot } from '../../shared/domain/snapshot.ts';
import {
  dayMs,
  hourMs,
  managed,
  minuteMs,
  nowMs,
  service,
  snapshot,
  task,
} from '../support/calendar-worlds.ts';
import { context } from './alert-samples.ts';

const key = drainKey('prod', 'i-1');
const policy = incidentPolicies[key.kind];
const draining = managed('i-1', nowMs - 14 * dayMs, { status: 'DRAINING' });

/** `cart` cannot move: at least 3 and at most 3 may run. */
const cart = service('cart', 3, 100, 125);
const world = (parts: Partial<Snapshot>): Snapshot =>
  snapshot({ instances: [draining, managed('i-2', nowMs)], services: [cart], ...parts });
const stuck = world({ tasks: [task('cart1', 'cart', 'i-1')] });

/** One drain, looked at as the function does; what it says is sent as soon as it is due. */
function createDrain() {
  let record: InstanceRecord = newRecord('i-1');
  let incident: Incident | undefined;
  const told: (readonly [hours: number, transition: string, severity: string])[] = [];
  const alerts: Alert[] = [];
  const see = (atMs: number, observations: readonly Observation[]): void => {
    incident = applyObservations(incident, observations, { key, policy, nowMs: atMs });
    for (const notice of incident?.outbox ?? []) {
      if (incident === undefined || notice.dueAtMs > atMs) continue;
      told.push([(atMs - nowMs) / hourMs, notice.transition, notice.severity]);
      alerts.push(renderAlert(incident, notice, context));
      incident = sent(incident, notice, incident, atMs);
    }
  };
  return {
    told,
    now: (): Incident | undefined => incident,
    subjects: () => alerts.map(({ subject }) => subject),
    /** Without the breaks of their lines. */
    mails: () => alerts.map(({ text }) => text.replaceAll(/\s+/g, ' ')),
    /** Looks every 15 minutes from one hour to another, with what the minute sweep adds. */
    look(parts: Snapshot, fromHours: number, untilHours: number): void {
      for (let hours = fromHours; hours <= untilHours; hours += 0.25) {
        const atMs = nowMs + hours * hourMs;
        const seen = { ...parts, takenAtMs: atMs };
        const lifetimeOf = createLifetimeOf(seen, atMs);
        const own = seen.instances.find(({ arn }) => arn === draining.arn);
        const look = lookAt(record, seen, own && lifetimeOf(own), atMs);
        record = look.record;
        const reaction = reactToDrain('prod', record, look.drain, atMs);
        see(atMs, reaction?.observations ?? []);
        see(atMs + 5 * minuteMs, [{ type: 'tick' }]);
      }
    },
    phase: () => phaseOf(record),
  };
}

describe('a drain that stands still', () => {
  it('is told once, never by mere time, and once more as a page a day before the end', () => {
    const drain = createDrain();
    drain.look(stuck, 0, 7 * 24 - 1);
    expect(drain.told).toEqual([
      [1.25 + 5 / 60, 'open', 'warn'],
      [6 * 24 + 5 / 60, 'escalate', 'critical'],
    ]);
  });

  it('is told again when something else keeps it, an hour after the last word at the earliest', () => {
    const drain = createDrain();
    const both = world({ tasks: [task('cart1', 'cart', 'i-1'), task('report', undefined, 'i-1')] });
    drain.look(both, 0, 24);
    expect(drain.told).toHaveLength(1);
    expect(drain.now()?.facts.keptBy).toBe('1 cart nothing-can-move, 1 report standalone-task');
    const alone = world({ tasks: [task('report', undefined, 'i-1')] });
    drain.look(alone, 24.25, 30);
    expect(drain.now()?.facts.keptBy).toBe('1 report standalone-task');
    drain.look(both, 30.25, 30.5);
    drain.look(alone, 30.75, 48);
    expect(drain.told.slice(1)).toEqual([
      [24.25, 'update', 'warn'],
      [30.25, 'update', 'warn'],
      [31.25, 'update', 'warn'],
    ]);
  });

  it('is not told again because a replacement starts, is ill, and starts', () => {
    const web = service('web', 2, 100, 200);
    const own = [task('web1', 'web', 'i-1'), task('web2', 'web', 'i-2')];
    const starting = task('web3', 'web', 'i-2', { lastStatus: 'PENDING' });
    const ill = task('web4', 'web', 'i-2', { health: 'UNHEALTHY' });
    const drain = createDrain();
    for (let hours = 0; hours < 24; hours += 1) {
      const other = hours % 2 === 0 ? starting : ill;
      drain.look(world({ services: [web], tasks: [...own, other] }), hours, hours + 0.75);
    }
    expect(drain.told).toHaveLength(1);
  });
});

describe('managed draining of an Auto Scaling group, if it is on,', () => {
  const asg = { compute: 'ec2', capacityProvider: 'asg' } as const;
  const both = [task('cart1', 'cart', 'i-1'), task('report', undefined, 'i-1')];
  const on = (changes: Partial<Instance>, tasks = both) =>
    world({ tasks, instances: [{ ...draining, ...changes }] });

  it.each<readonly [string, Partial<Instance>, number | undefined, string]>([
    [
      'ends an instance of a provider after 48 hours',
      asg,
      nowMs + 48 * hourMs - minuteMs,
      'Managed draining, if it is on, ends instance i-1 from Wed 25 Nov 08:59Z. Act before.',
    ],
    [
      'ends none of no provider',
      { compute: 'ec2', capacityProvider: undefined },
      undefined,
      'the drain of instance i-1 does not end by itself',
    ],
    [
      'ends none of ECS Anywhere',
      { compute: 'external', capacityProvider: undefined },
      undefined,
      'the drain of instance i-1 does not end by itself',
    ],
    ['ends no managed one', {}, undefined, 'must change before'],
  ])('%s', (_, changes, drainingUntilMs, lead) => {
    const drain = createDrain();
    drain.look(on(changes), 0, 2);
    expect(drain.now()?.facts.drainingUntilMs).toBe(drainingUntilMs);
    expect(drain.mails()).toEqual([expect.stringContaining(lead)]);
  });

  it('is named in the subject, as long as it is ahead', () => {
    const drain = createDrain();
    drain.look(on(asg), 0, 49);
    drain.look(on(asg, both.slice(1)), 49.25, 52);
    expect([drain.subjects().at(0), drain.subjects().at(-1)]).toEqual([
      expect.stringContaining('2 tasks stuck, may be killed Wed 25 Nov 08:59Z, draining 1 h 1 min'),
      expect.stringContaining('1 task stuck, draining 2 d 1 h'),
    ]);
    expect(drain.mails().at(-1)).toContain('the drain of instance i-1 does not end by itself');
  });
});

describe('the end of a drain', () => {
  const tasks = [task('cart1', 'cart', 'i-1'), task('report', undefined, 'i-1')];
  const ended = (parts: Snapshot) => {
    const drain = createDrain();
    drain.look(world({ tasks }), 0, 3);
    drain.look(parts, 3.25, 3.5);
    return { phase: drain.phase(), status: drain.now()?.status, facts: drain.now()?.facts };
  };

  it.each([
    [
      'gone: what was on it at the last look, and what nobody restarts',
      world({ instances: [managed('i-2', nowMs)] }),
      { phase: 'gone', facts: { endedBy: 'gone', leftAtEnd: 2, lost: 1 } },
    ],
    [
      'empty: nothing is lost',
      world({}),
      { phase: 'empty', facts: { endedBy: 'empty', leftAtEnd: 0, lost: 0 } },
    ],
    [
      'taken back: nothing is lost',
      world({ instances: [{ ...draining, status: 'ACTIVE' }, managed('i-2', nowMs)] }),
      { phase: 'cancelled', facts: { endedBy: 'cancelled', leftAtEnd: 0, lost: 0 } },
    ],
  ])('%s', (_, parts, end) => expect(ended(parts)).toMatchObject({ ...end, status: 'resolved' }));

  it.each([
    ['managed-instances', 'general', 'nobody restarts 1 of them'],
    ['ec2', 'asg', 'Unless its machine was ended, they run on, uncounted.'],
    ['external', undefined, 'Unless its machine was ended, they run on, uncounted.'],
  ] as const)(
    'of kind %s says whether containers may run on',
    (compute, capacityProvider, lead) => {
      const drain = createDrain();
      const own = { ...draining, compute, capacityProvider };
      drain.look(world({ tasks, instances: [own] }), 0, 3);
      drain.look(world({ instances: [] }), 3.25, 3.5);
      expect(drain.now()?.facts).toMatchObject({ compute, leftAtEnd: 2, lost: 1 });
      expect(drain.mails().at(-1)).toContain(lead);
    },
  );
});
