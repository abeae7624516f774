import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CalendarPolicy,
  defaultCalendarPolicy,
  forecastReplacements,
  type ReplacementCalendar,
  type ReplacementEntry,
  reasonsOf,
} from '../../shared/domain/replacement-calendar.ts';
import type { EventWindow, Instance, Snapshot, Task } from '../../shared/domain/snapshot.ts';
import {
  dayMs,
  hourMs,
  instanceArn,
  launchFor,
  managed,
  minuteMs,
  nowMs,
  prod,
  service,
  snapshot,
  task,
  taskArn,
} from '../support/calendar-worlds.ts';

const nameOf = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1);
const namesIn = ({ instances }: ReplacementEntry): readonly string[] =>
  instances.map(({ instance }) => nameOf(instance.arn));

/** The entry of `i-1`, which drains in three days unless the parts say something else. */
const inThreeDays = managed('i-1', launchFor(nowMs + 3 * dayMs));
/** Launched just now, and with room for all. */
const fresh = managed('i-2', nowMs);
function entryOf(parts: Partial<Snapshot>, policy?: Partial<CalendarPolicy>): ReplacementEntry {
  const world = snapshot({ instances: [inThreeDays, fresh], ...parts });
  const { entries } = forecastReplacements(world, nowMs, { ...defaultCalendarPolicy, ...policy });
  const found = entries.find((entry) => namesIn(entry).includes('i-1'));
  if (found === undefined) throw new Error('i-1 is in no entry');
  return found;
}
/** `reason name` of harms, then of notes in brackets. */
function findings({ harms, notes }: ReplacementEntry): string {
  const textOf = (finding: (typeof harms)[number] | (typeof notes)[number]): string => {
    if ('move' in finding) return `${finding.reason} ${finding.move.service}`;
    if ('task' in finding) return `${finding.reason} ${finding.task.name}`;
    if (finding.reason === 'service-unknown') return `${finding.reason} ${finding.service}`;
    return `${finding.reason} ${finding.tasks}`;
  };
  return [...harms.map(textOf), ...notes.map((note) => `(${textOf(note)})`)].join(', ');
}

describe('the example of the documents', () => {
  const calendar = forecastReplacements(prod, nowMs);
  const [herd, wednesday, friday] = calendar.entries;

  it('shows a herd of 5 of 7 in 40 min, then two alone', () => {
    expect(calendar.entries.map(namesIn)).toEqual([
      ['i-0a71', 'i-0b12', 'i-0c41', 'i-0d05', 'i-0e9f'],
      ['i-0f00'],
      ['i-0f11'],
    ]);
    expect(calendar.entries.map(({ isHerd }) => isHerd)).toEqual([true, false, false]);
    expect(herd).toMatchObject({
      capacityProvider: 'general',
      ofInstances: 7,
      fromMs: Date.UTC(2026, 10, 26, 2, 10),
      toMs: Date.UTC(2026, 10, 26, 2, 50),
      deadlineMs: Date.UTC(2026, 11, 3, 2, 10),
      tasks: 8,
    });
    expect(wednesday?.fromMs).toBe(Date.UTC(2026, 11, 2, 14));
    expect(calendar.nextDrainMs).toBe(herd?.fromMs);
  });

  it('says how much of each zone goes: 1a 3 of 3', () =>
    expect(herd?.zones).toEqual([
      { zone: '1a', instances: 3, ofInstances: 3 },
      { zone: '1b', instances: 1, ofInstances: 2 },
      { zone: '1c', instances: 1, ofInstances: 2 },
    ]));

  it('names what will hurt, with the figures', () => {
    expect(herd?.harms).toEqual([
      {
        reason: 'nothing-can-move',
        move: {
          service: 'cart',
          desired: 3,
          tasks: 2,
          tasksElsewhere: 1,
          limits: { minimum: 3, maximum: 3, canStart: 0, canStop: 0 },
          keeps: 3,
        },
        change: { maximumPercentMin: 134, minimumHealthyPercentMax: 66 },
      },
      {
        reason: 'single-point-of-failure',
        move: {
          service: 'ledger',
          desired: 1,
          tasks: 1,
          tasksElsewhere: 0,
          limits: { minimum: 0, maximum: 1, canStart: 0, canStop: 1 },
          keeps: 0,
        },
      },
      {
        reason: 'standalone-task',
        task: {
          arn: taskArn('report-nightly'),
          name: 'report-nightly',
          group: 'family:report-nightly',
          instanceArn: instanceArn('i-0c41'),
          ageMs: 5 * dayMs,
          protectedUntilMs: undefined,
          // Day 21 of the instance that it runs on.
          deadlineMs: Date.UTC(2026, 11, 3, 2, 35),
        },
      },
    ]);
    expect(herd && reasonsOf(herd)).toEqual([
      'nothing-can-move',
      'single-point-of-failure',
      'standalone-task',
      'herd',
    ]);
  });

  it('counts what can move within its percents: web and solo', () => {
    expect(herd?.fineServices).toBe(2);
    expect(wednesday).toMatchObject({ fineServices: 0, harms: [{ reason: 'nothing-can-move' }] });
    expect(friday).toMatchObject({ fineServices: 1, harms: [], notes: [] });
    expect(friday && reasonsOf(friday)).toEqual([]);
    expect(calendar.fineServices).toBe(2);
  });
});

describe('a service whose tasks move', () => {
  const cases: readonly (readonly [
    name: string,
    desired: number,
    minimum: number,
    maximum: number,
    here: number,
    elsewhere: number,
    found: string,
  ])[] = [
    ['1 of 1 at min 0: 0 tasks while it moves', 1, 0, 200, 1, 0, 'single-point-of-failure web'],
    ['1 of 1 at min 100 max 200: another starts first', 1, 100, 200, 1, 0, ''],
    [
      '1 of 1 at min 100 max 199: floor(1.99) = 1, nothing can start',
      1,
      100,
      199,
      1,
      0,
      'nothing-can-move web',
    ],
    ['2 of 2 at min 0: all may stop at once', 2, 0, 200, 2, 0, 'whole-service web'],
    ['2 of 3 at min 0: one is elsewhere', 3, 0, 200, 2, 1, ''],
    ['2 of 2 at min 50: one stays', 2, 50, 100, 2, 0, ''],
    ['1 of 3 at min 100 max 125: floor(3.75) = 3', 3, 100, 125, 1, 2, 'nothing-can-move web'],
    ['1 of 3 at min 100 max 134: floor(4.02) = 4', 3, 100, 134, 1, 2, ''],
    ['1 of 3 at min 67 max 100: ceil(2.01) = 3', 3, 67, 100, 1, 2, 'nothing-can-move web'],
    ['1 of 3 at min 66 max 100: ceil(1.98) = 2', 3, 66, 100, 1, 2, ''],
    ['a task that is not wanted any more', 0, 100, 100, 1, 0, ''],
  ];
  it.each(cases)('%s', (_, desired, minimum, maximum, here, elsewhere, found) => {
    const entry = entryOf({
      services: [service('web', desired, minimum, maximum)],
      tasks: Array.from({ length: here + elsewhere }, (__, index) =>
        task(`web${index}`, 'web', index < here ? 'i-1' : 'i-2'),
      ),
    });
    expect(findings(entry)).toBe(found);
    expect(entry.fineServices).toBe(found === '' ? 1 : 0);
    expect(entry.tasks).toBe(here);
  });

  it('is unknown where it could not be read: nothing is said of it, and it is not fine', () => {
    const strangers = [
      task('ghost1', 'ghost', 'i-1'),
      task('ghost2', 'ghost', 'i-1'),
      task('lost', undefined, 'i-1', { startedBy: 'ecs-svc/77', group: undefined }),
    ];
    const entry = entryOf({ tasks: strangers });
    expect(findings(entry)).toBe('(service-unknown undefined), (service-unknown ghost)');
    expect(entry.notes.map((note) => 'tasks' in note && note.tasks)).toEqual([1, 2]);
    expect(entry).toMatchObject({ fineServices: 0, tasks: 3 });
  });

  it('that puts a task on every instance loses nothing with one of them', () => {
    const tasks = [
      task('agent', 'agent', 'i-1'),
      task('logs', undefined, 'i-1', {
        group: undefined,
        taskDefinitionArn: 'arn:aws:ecs:us-east-1:111122223333:daemon-task-definition/logs:3',
      }),
    ];
    const services = [service('agent', 7, 0, 100, { schedulingStrategy: 'DAEMON' })];
    const entry = entryOf({ tasks, services });
    expect(findings(entry)).toBe('');
    expect(entry).toMatchObject({ fineServices: 0, tasks: 2 });
  });

  it('is not fine overall if one of its drains hurts, and counts once if none does', () => {
    const calendar = forecastReplacements(
      snapshot({
        instances: [inThreeDays, fresh],
        services: [service('web', 2, 100, 200), service('cart', 3, 100, 125)],
        tasks: [
          task('web1', 'web', 'i-1'),
          task('web2', 'web', 'i-2'),
          task('cart1', 'cart', 'i-1'),
          task('cart2', 'cart', 'i-2'),
        ],
      }),
      nowMs,
    );
    expect(calendar.entries.map(({ fineServices }) => fineServices)).toEqual([1, 1]);
    expect(calendar.fineServices).toBe(1);
  });
});

describe('a standalone task', () => {
  const aged = (changes: Partial<Task>): Partial<Snapshot> => ({
    tasks: [task('batch', undefined, 'i-1', changes)],
  });
  it.each([
    ['that has run for a day', { startedAtMs: nowMs - dayMs }, 'standalone-task batch'],
    [
      'that has run for a ms less',
      { startedAtMs: nowMs - dayMs + 1 },
      '(standalone-may-end batch)',
    ],
    [
      'that has not started yet',
      { startedAtMs: undefined, createdAtMs: nowMs - minuteMs },
      '(standalone-may-end batch)',
    ],
    [
      'that nobody knows the age of',
      { startedAtMs: undefined, createdAtMs: undefined },
      'standalone-task batch',
    ],
    ['that starts in the future', { startedAtMs: nowMs + dayMs }, '(standalone-may-end batch)'],
  ])('%s', (_, changes, found) => expect(findings(entryOf(aged(changes)))).toBe(found));

  it.each([
    ['a ms less than a day before day 21', 20 * dayMs + 1, 'standalone-task batch'],
    ['a day before day 21', 20 * dayMs, '(standalone-may-end batch)'],
  ])('is at risk however young it is %s', (_, ageMs, found) => {
    const instances = [managed('i-1', nowMs - ageMs, { status: 'DRAINING' })];
    const young = { startedAtMs: nowMs - minuteMs };
    expect(findings(entryOf({ ...aged(young), instances }))).toBe(found);
  });

  it('that starts in the future has no age', () => {
    const [note] = entryOf(aged({ startedAtMs: nowMs + dayMs })).notes;
    expect(note).toMatchObject({ task: { ageMs: 0 } });
  });

  it('is at risk however young it is where nobody knows the deadline', () => {
    const instances = [managed('i-1', undefined, { status: 'DRAINING' })];
    const [harm] = entryOf({ ...aged({ startedAtMs: nowMs }), instances }).harms;
    expect(harm).toMatchObject({
      reason: 'standalone-task',
      task: { ageMs: 0, deadlineMs: undefined },
    });
  });

  it('goes by its family where its group is its own', () => {
    const own = { group: 'night-jobs', startedAtMs: undefined, createdAtMs: undefined };
    const [harm] = entryOf(aged(own)).harms;
    expect(harm).toMatchObject({ task: { name: 'batch', group: 'night-jobs', ageMs: undefined } });
  });

  it('harms no service that is called like its family', () => {
    const entry = entryOf({
      services: [service('batch', 2, 100, 200)],
      tasks: [task('batch', undefined, 'i-1'), task('batch1', 'batch', 'i-1')],
    });
    expect(entry).toMatchObject({ fineServices: 1, harms: [{ reason: 'standalone-task' }] });
  });
});

describe('a protected task', () => {
  const drainAtMs = nowMs + 3 * dayMs;
  const untilOf = (expiresAtMs: number | undefined): Partial<Snapshot> => ({
    services: [service('web', 2, 100, 200)],
    tasks: [task('web1', 'web', 'i-1')],
    protections: { [taskArn('web1')]: { expiresAtMs } },
  });
  it.each([
    ['until the drain', drainAtMs, ''],
    ['a ms longer', drainAtMs + 1, '(protected-past-drain web)'],
    ['until the deadline', drainAtMs + 7 * dayMs, '(protected-past-drain web)'],
    ['a ms longer than that', drainAtMs + 7 * dayMs + 1, 'protected-past-deadline web'],
    ['nobody knows until when', undefined, '(protected-past-drain web)'],
    ['no longer', nowMs, ''],
  ])('%s', (_, expiresAtMs, found) => {
    const entry = entryOf(untilOf(expiresAtMs));
    expect(findings(entry)).toBe(found);
    expect(entry.fineServices).toBe(found.startsWith('protected') ? 0 : 1);
  });

  it('of an instance that drains now stays until its protection ends', () => {
    const instances = [managed('i-1', nowMs - 16 * dayMs, { status: 'DRAINING' }), fresh];
    const entry = entryOf({ ...untilOf(nowMs + 30 * minuteMs), instances });
    expect(entry.notes).toMatchObject([
      {
        reason: 'protected-past-drain',
        task: { protectedUntilMs: nowMs + 30 * minuteMs, deadlineMs: nowMs + 5 * dayMs },
      },
    ]);
  });

  it('of an instance that drains early stays longer than that, though day 14 is further ahead', () => {
    const instances = [{ ...inThreeDays, status: 'DRAINING' }, fresh];
    const entry = entryOf({ ...untilOf(nowMs + minuteMs), instances });
    expect(findings(entry)).toBe('(protected-past-drain web)');
  });

  it("that goes with its instance anyway is in nobody's way", () => {
    const services = [service('web', 2, 0, 100, { schedulingStrategy: 'DAEMON' })];
    expect(findings(entryOf({ ...untilOf(undefined), services }))).toBe('');
  });

  it('harms its service by name, though its group does not say it', () => {
    const taskDefinitionArn = 'arn:aws:ecs:us-east-1:111122223333:task-definition/frontend:7';
    const tasks = [task('web1', 'web', 'i-1', { group: undefined, taskDefinitionArn })];
    const entry = entryOf({ ...untilOf(nowMs + 60 * dayMs), tasks });
    expect(findings(entry)).toBe('protected-past-deadline web');
    expect(entry.fineServices).toBe(0);
  });

  it('keeps its service from being fine overall, though another drain of it is', () => {
    const until = untilOf(nowMs + 10 * dayMs + 1);
    const tasks = [task('web1', 'web', 'i-1'), task('web2', 'web', 'i-2')];
    const world = snapshot({ ...until, tasks, instances: [inThreeDays, fresh] });
    const calendar = forecastReplacements(world, nowMs);
    expect(calendar.entries.map(({ fineServices }) => fineServices)).toEqual([0, 1]);
    expect(calendar.fineServices).toBe(0);
  });

  it('with the name of what every object has is not protected', () =>
    expect(
      findings(
        entryOf({ ...untilOf(1), tasks: [{ ...task('x', 'web', 'i-1'), arn: 'constructor' }] }),
      ),
    ).toBe(''));
});

describe('room for what moves', () => {
  const web: Partial<Snapshot> = {
    services: [service('web', 4, 100, 200)],
    tasks: [task('web1', 'web', 'i-1'), task('web2', 'web', 'i-1')],
  };
  const other = (memoryMiB: number, changes: Partial<Instance> = {}): Instance =>
    managed('i-2', nowMs, { remaining: { cpuUnits: 2048, memoryMiB }, ...changes });
  it.each([
    ['room for both', other(1024), ''],
    ['room for one', other(1023), '(new-instances-needed 1)'],
    ['an instance that drains', other(4096, { status: 'DRAINING' }), '(new-instances-needed 2)'],
    [
      'an instance of another provider',
      other(4096, { capacityProvider: 'gpu' }),
      '(new-instances-needed 2)',
    ],
    ['an instance that is ill', other(4096, { health: 'IMPAIRED' }), '(new-instances-needed 2)'],
    [
      'an instance without its agent',
      other(4096, { agentConnected: false }),
      '(new-instances-needed 2)',
    ],
    [
      'an instance of another architecture',
      other(4096, { architecture: 'arm64' }),
      '(new-instances-needed 2)',
    ],
  ])('%s', (_, second, found) =>
    expect(findings(entryOf({ ...web, instances: [inThreeDays, second] }))).toBe(found),
  );

  it('is not looked for on instances of the same herd, nor for what does not move', () => {
    const herd = ['i-1', 'i-2', 'i-3'].map((name) => managed(name, launchFor(nowMs + 3 * dayMs)));
    expect(findings(entryOf({ ...web, instances: herd }))).toBe('(new-instances-needed 2)');
    const batch = task('batch', undefined, 'i-1');
    expect(findings(entryOf({ tasks: [batch], instances: herd }))).toBe('standalone-task batch');
  });
});

describe('what has no place among the entries', () => {
  it('EC2, Fargate and ECS Anywhere have no such clock, and are counted', () => {
    const others: Partial<Instance> = {
      capacityProvider: 'asg',
      launchedAtMs: nowMs - 100 * dayMs,
    };
    const calendar = forecastReplacements(
      snapshot({
        instances: [
          managed('i-1', nowMs, { ...others, compute: 'ec2' }),
          managed('mi-2', nowMs, { ...others, compute: 'external' }),
          managed('i-3', nowMs, { ...others, compute: undefined }),
          managed('i-4', undefined),
        ],
        tasks: [
          task('a', 'web', 'i-1', { compute: 'ec2' }),
          task('d', 'web', 'i-4'),
          task('b', 'web', undefined, { compute: 'fargate' }),
          task('c', 'web', undefined, { compute: 'fargate' }),
        ],
      }),
      nowMs,
    );
    expect(calendar).toMatchObject({ entries: [], nextDrainMs: undefined, fineServices: 0 });
    expect(calendar.leftOut).toEqual([
      { compute: 'ec2', instances: 1, tasks: 1 },
      { compute: 'external', instances: 1, tasks: 0 },
      { compute: 'fargate', instances: 0, tasks: 2 },
      { compute: 'unknown', instances: 1, tasks: 0 },
    ]);
  });

  it('an instance without a launch is named, and counts in the share of a herd', () => {
    const three = ['i-1', 'i-2', 'i-3'].map((name) => managed(name, launchFor(nowMs + 3 * dayMs)));
    const blind = (count: number) =>
      Array.from({ length: count }, (_, index) => managed(`i-9${index}`, undefined));
    const of = (count: number) =>
      forecastReplacements(snapshot({ instances: [...blind(count), ...three] }), nowMs);
    expect(of(7).entries.map(({ isHerd, ofInstances }) => [isHerd, ofInstances])).toEqual([
      [true, 10],
    ]);
    expect(of(8).entries.map(({ isHerd }) => isHerd)).toEqual([false, false, false]);
    expect(of(2).withoutLaunchArns).toEqual([instanceArn('i-90'), instanceArn('i-91')]);
  });

  it('an instance that leaves is named, and counts for nothing else', () => {
    const calendar = forecastReplacements(
      snapshot({ instances: [inThreeDays, managed('i-2', nowMs, { status: 'DEREGISTERING' })] }),
      nowMs,
    );
    expect(calendar.leavingArns).toEqual([instanceArn('i-2')]);
    expect(calendar.entries.map(({ ofInstances }) => ofInstances)).toEqual([1]);
  });

  it('what lies beyond the horizon is named, and not what lies on it', () => {
    const of = (horizonMs: number) =>
      forecastReplacements(snapshot({ instances: [inThreeDays] }), nowMs, {
        ...defaultCalendarPolicy,
        horizonMs,
      });
    expect(of(3 * dayMs)).toMatchObject({ entries: [{ ofInstances: 1 }], laterArns: [] });
    expect(of(3 * dayMs - 1)).toMatchObject({
      entries: [],
      laterArns: [instanceArn('i-1')],
      nextDrainMs: nowMs + 3 * dayMs,
    });
  });

  it('nothing at all is an empty calendar', () =>
    expect(forecastReplacements(snapshot(), nowMs)).toEqual<ReplacementCalendar>({
      atMs: nowMs,
      horizonMs: 21 * dayMs,
      entries: [],
      laterArns: [],
      withoutLaunchArns: [],
      leavingArns: [],
      leftOut: [],
      nextDrainMs: undefined,
      fineServices: 0,
      unreadableWindowIds: [],
      gaps: [],
    }));

  it('passes on the gaps that matter, and no other', () => {
    const gap = (subject: Snapshot['gaps'][number]['subject']): Snapshot['gaps'][number] => ({
      subject,
      reason: 'denied',
      operation: 'ec2:DescribeInstances',
      detail: 'not authorized',
    });
    const gaps = [gap('launch-times'), gap('scalable-targets'), gap('event-windows')];
    expect(forecastReplacements(snapshot({ gaps }), nowMs).gaps).toEqual([gaps[0], gaps[2]]);
  });
});

describe('drains that do not wait for day 14', () => {
  const due = nowMs + 3 * dayMs;
  it('an early drain is no part of the herd that it would have been in', () => {
    const three = ['i-1', 'i-2', 'i-3'].map((name) => managed(name, launchFor(due)));
    const early = managed('i-0', launchFor(due), { status: 'DRAINING' });
    const { entries } = forecastReplacements(snapshot({ instances: [...three, early] }), nowMs);
    expect(entries.map((entry) => [namesIn(entry), entry.isHerd, entry.fromMs])).toEqual([
      [['i-0'], false, nowMs],
      [['i-1', 'i-2', 'i-3'], true, due],
    ]);
    expect(entries[0]?.deadlineMs).toBe(due + 7 * dayMs);
  });

  it('an early drain whose beginning was seen ends seven days after that at the earliest', () => {
    const instances = [managed('i-0', launchFor(due), { status: 'DRAINING' })];
    const tasks = [task('web1', 'web', 'i-0')];
    const untilMs = nowMs + 5 * dayMs;
    const world = snapshot({
      ...{ instances, tasks, services: [service('web', 2, 100, 200)] },
      protections: { [taskArn('web1')]: { expiresAtMs: untilMs } },
    });
    const entryFor = (sinceMs: number | undefined) =>
      forecastReplacements(world, nowMs, defaultCalendarPolicy, () => sinceMs).entries[0];
    expect(entryFor(undefined)).toMatchObject({ deadlineMs: due + 7 * dayMs, harms: [] });
    expect(entryFor(nowMs - 3 * dayMs)).toMatchObject({
      deadlineMs: nowMs + 4 * dayMs,
      harms: [{ reason: 'protected-past-deadline' }],
    });
  });

  it('a herd stays one while its first instances drain', () => {
    const launched = nowMs - 14 * dayMs;
    const instances = [
      managed('i-1', launched - 10 * minuteMs, { status: 'DRAINING' }),
      managed('i-2', launched),
      managed('i-3', launched + 10 * minuteMs),
    ];
    const { entries } = forecastReplacements(snapshot({ instances }), nowMs);
    expect(entries.map((entry) => [namesIn(entry), entry.isHerd])).toEqual([
      [['i-1', 'i-2', 'i-3'], true],
    ]);
    expect(entries[0]?.instances.map(({ status }) => status)).toEqual([
      'draining',
      'overdue',
      'forecast',
    ]);
  });

  it('an overdue drain is none that is ahead', () => {
    const instances = [managed('i-1', nowMs - 14 * dayMs), managed('i-2', nowMs - 13 * dayMs)];
    const calendar = forecastReplacements(snapshot({ instances }), nowMs);
    expect(calendar.nextDrainMs).toBe(nowMs + dayMs);
  });

  it('a drain without a known launch is under way: its time is now, its deadline unknown', () => {
    const instances = [managed('i-1', undefined, { status: 'DRAINING' })];
    const calendar = forecastReplacements(snapshot({ instances }), nowMs);
    expect(calendar).toMatchObject({
      entries: [{ fromMs: nowMs, toMs: nowMs, deadlineMs: undefined, isHerd: false }],
      withoutLaunchArns: [],
      nextDrainMs: undefined,
    });
  });

  it('an event window makes a herd of instances that were launched days apart', () => {
    const window: EventWindow = {
      id: 'iew-1',
      instanceIds: [],
      tags: [{ key: 'team', value: 'shop' }],
      timeRanges: [],
      cron: '* 2-5 * * 3',
    };
    const at = (name: string, drainAtMs: number) =>
      managed(name, launchFor(drainAtMs), { tags: { team: 'shop' } });
    const instances = [
      at('i-1', Date.UTC(2026, 10, 26, 2)),
      at('i-2', Date.UTC(2026, 10, 28, 2)),
      at('i-3', Date.UTC(2026, 11, 1, 2)),
    ];
    const without = forecastReplacements(snapshot({ instances }), nowMs);
    expect(without.entries.map(({ isHerd }) => isHerd)).toEqual([false, false, false]);
    const { entries } = forecastReplacements(
      snapshot({ instances, eventWindows: [window] }),
      nowMs,
    );
    expect(entries).toMatchObject([
      { isHerd: true, fromMs: Date.UTC(2026, 10, 25, 2), toMs: Date.UTC(2026, 10, 25, 2) },
    ]);
    expect(entries[0]?.deadlineMs).toBe(Date.UTC(2026, 11, 2, 2));
    const broken = { ...window, cron: '* 2-5 * 3 *' };
    expect(
      forecastReplacements(snapshot({ instances, eventWindows: [broken] }), nowMs)
        .unreadableWindowIds,
    ).toEqual(['iew-1']);
  });
});

describe('order', () => {
  const at = (name: string, changes: Partial<Instance>, minutes = 0) =>
    managed(name, launchFor(nowMs + 3 * dayMs + minutes * minuteMs), changes);
  it('entries of one time stand by provider, then by ARN', () => {
    const instances = [
      at('i-1', { capacityProvider: 'gpu' }),
      at('i-4', { capacityProvider: 'general' }),
      at('i-3', { capacityProvider: 'general' }),
      at('i-2', { capacityProvider: undefined }),
    ];
    for (const list of [instances, instances.toReversed()]) {
      const { entries } = forecastReplacements(snapshot({ instances: list }), nowMs);
      expect(entries.map(namesIn)).toEqual([['i-2'], ['i-3'], ['i-4'], ['i-1']]);
    }
  });

  it('zones of an entry stand by name, the unknown one first', () => {
    const zones = ['1c', '1a', undefined, '1b'];
    const instances = zones.map((zone, index) => at(`i-${index}`, { zone }, index));
    const { entries } = forecastReplacements(snapshot({ instances }), nowMs);
    expect(entries.map((entry) => entry.zones.map(({ zone }) => zone))).toEqual([
      [undefined, '1a', '1b', '1c'],
    ]);
  });
});

describe('the policy', () => {
  it.each([
    ['no horizon', { horizonMs: 0 }, 'horizon'],
    ['a horizon of 61 days', { horizonMs: 61 * dayMs }, '60 days'],
    ['a negative age', { standaloneAgeMsMin: -1 }, 'standaloneAgeMsMin'],
    ['a herd of one', { herdInstancesMin: 1 }, 'herd'],
  ])('%s is refused, even where there is nothing to do', (_, changes, message) =>
    expect(() =>
      forecastReplacements(snapshot(), nowMs, { ...defaultCalendarPolicy, ...changes }),
    ).toThrow(message),
  );
});

describe('any cluster', () => {
  const instanceNames = Array.from({ length: 12 }, (_, index) => `i-${index}`);
  const serviceNames = ['s-0', 's-1', 's-2', 's-3', 'ghost'];
  /** Within minutes of each other or weeks apart. */
  const age = fc.oneof(
    fc.integer({ min: 0, max: 240 }).map((minutes) => 11 * dayMs + minutes * minuteMs),
    fc.integer({ min: -3, max: 30 * 24 }).map((hours) => hours * hourMs),
  );
  const launched = fc.option(
    age.map((ageMs) => nowMs - ageMs),
    { nil: undefined, freq: 8 },
  );
  const instance = fc.record({
    launchedAtMs: launched,
    registeredAtMs: launched,
    status: fc.constantFrom('ACTIVE', 'ACTIVE', 'ACTIVE', 'DRAINING', 'DEREGISTERING', 'WHATEVER'),
    compute: fc.constantFrom<Instance['compute']>(
      'managed-instances',
      'managed-instances',
      'ec2',
      undefined,
    ),
    capacityProvider: fc.constantFrom('general', 'gpu', undefined),
    zone: fc.constantFrom('1a', '1b', undefined),
    tags: fc.constantFrom<Readonly<Record<string, string>>>({}, { team: 'shop' }),
    remaining: fc.record({ cpuUnits: fc.nat(1024), memoryMiB: fc.nat(2048) }),
  });
  const drawnTask = fc.record({
    service: fc.option(fc.constantFrom(...serviceNames), { nil: undefined }),
    instance: fc.option(fc.constantFrom(...instanceNames), { nil: undefined, freq: 10 }),
    startedAtMs: fc.option(
      age.map((ageMs) => nowMs - ageMs),
      { nil: undefined },
    ),
    expiresInMs: fc.option(fc.integer({ min: -10, max: 20 * 24 }), { nil: undefined }),
  });
  const percents = fc.record({
    desired: fc.nat(6),
    minimum: fc.constantFrom(undefined, 0, 50, 100),
    maximum: fc.constantFrom(undefined, 100, 125, 200),
  });
  const window: EventWindow = {
    id: 'iew-1',
    instanceIds: ['i-3'],
    tags: [{ key: 'team', value: 'shop' }],
    timeRanges: [],
    cron: '* 2-5 * * 2,5',
  };
  const cluster = fc
    .record({
      instances: fc.array(instance, { maxLength: instanceNames.length }),
      tasks: fc.array(drawnTask, { maxLength: 30 }),
      services: fc.array(percents, { minLength: 4, maxLength: 4 }),
      hasWindow: fc.boolean(),
    })
    .map(({ instances, tasks, services, hasWindow }) =>
      snapshot({
        instances: instances.map((changes, index) => managed(`i-${index}`, undefined, changes)),
        tasks: tasks.map((drawn, index) =>
          task(`t-${index}`, drawn.service, drawn.instance, { startedAtMs: drawn.startedAtMs }),
        ),
        services: services.map(({ desired, minimum, maximum }, index) =>
          service(`s-${index}`, desired, minimum, maximum),
        ),
        protections: Object.fromEntries(
          tasks.flatMap(({ expiresInMs }, index) =>
            expiresInMs === undefined
              ? []
              : [[taskArn(`t-${index}`), { expiresAtMs: nowMs + expiresInMs * hourMs }]],
          ),
        ),
        eventWindows: hasWindow ? [window] : [],
      }),
    );
  const horizon = fc.integer({ min: 1, max: 25 }).map((days) => days * dayMs);
  const of = (world: Snapshot, horizonMs = 60 * dayMs) =>
    forecastReplacements(world, nowMs, { ...defaultCalendarPolicy, horizonMs });
  const arnsIn = ({ entries }: ReplacementCalendar) =>
    entries.flatMap(({ instances }) => instances.map(({ instance: { arn } }) => arn));

  it('has each managed instance exactly once, and all with a known launch in an entry or later', () => {
    fc.assert(
      fc.property(cluster, horizon, (world, horizonMs) => {
        const calendar = of(world, horizonMs);
        const { laterArns, withoutLaunchArns, leavingArns } = calendar;
        const all = [...arnsIn(calendar), ...laterArns, ...withoutLaunchArns, ...leavingArns];
        const own = world.instances.filter(({ compute }) => compute === 'managed-instances');
        expect(all.sort()).toEqual(own.map(({ arn }) => arn).sort());
        const blind = own.filter(({ arn }) => withoutLaunchArns.includes(arn));
        for (const { launchedAtMs, registeredAtMs } of blind) {
          for (const ms of [launchedAtMs, registeredAtMs]) {
            expect(ms === undefined || ms > nowMs).toBe(true);
          }
        }
      }),
    );
  });

  it('does not depend on the order of any list', () => {
    fc.assert(
      fc.property(cluster, fc.infiniteStream(fc.nat()), (world, draws) => {
        const shuffled = <Item>(list: readonly Item[]): readonly Item[] =>
          list
            .map((item) => ({ item, key: draws.next().value ?? 0 }))
            .sort((a, b) => a.key - b.key)
            .map(({ item }) => item);
        const other: Snapshot = {
          ...world,
          instances: shuffled(world.instances),
          tasks: shuffled(world.tasks),
          services: shuffled(world.services),
          protections: Object.fromEntries(shuffled(Object.entries(world.protections))),
        };
        expect(of(other)).toEqual(of(world));
      }),
    );
  });

  it('has herds of one provider that share no instance, and keeps them however far it looks', () => {
    fc.assert(
      fc.property(cluster, horizon, (world, horizonMs) => {
        const near = of(world, horizonMs);
        const far = of(world);
        expect(far.entries.slice(0, near.entries.length)).toEqual(near.entries);
        expect(new Set(arnsIn(far)).size).toBe(arnsIn(far).length);
        for (const { instances, isHerd, capacityProvider, fromMs, toMs } of far.entries) {
          expect(instances.length >= 3).toBe(isHerd);
          expect(toMs - fromMs).toBeLessThanOrEqual(2 * hourMs);
          for (const { instance: one } of instances) {
            expect(one.capacityProvider).toBe(capacityProvider);
          }
        }
      }),
    );
  });

  it('conserves tasks: each on an instance of an entry is counted there', () => {
    fc.assert(
      fc.property(cluster, (world) => {
        const calendar = of(world);
        const arns = new Set<string | undefined>(arnsIn(calendar));
        const counted = calendar.entries.reduce((sum, { tasks }) => sum + tasks, 0);
        expect(counted).toBe(world.tasks.filter(({ instanceArn: arn }) => arns.has(arn)).length);
        for (const entry of calendar.entries) {
          const known = new Set(
            world.tasks
              .filter(({ instanceArn: arn }) =>
                entry.instances.some((one) => one.instance.arn === arn),
              )
              .flatMap((one) => (one.service?.startsWith('s-') ? [one.service] : [])),
          );
          const harmed = new Set(
            entry.harms.flatMap((harm) => {
              if ('move' in harm) return [harm.move.service];
              return harm.reason === 'protected-past-deadline' ? [harm.task.name] : [];
            }),
          );
          harmed.delete('ghost');
          expect(entry.fineServices + harmed.size).toBe(known.size);
        }
      }),
    );
  });

  it('is not changed by a service on Fargate that has nothing to do with it', () => {
    fc.assert(
      fc.property(cluster, fc.integer({ min: 1, max: 5 }), (world, count) => {
        const fargate = Array.from({ length: count }, (_, index) =>
          task(`f-${index}`, 'fargate', undefined, {
            compute: 'fargate',
            capacityProvider: 'FARGATE',
          }),
        );
        const other: Snapshot = {
          ...world,
          services: [...world.services, service('fargate', count, 0, 100, { compute: 'fargate' })],
          tasks: [...fargate, ...world.tasks],
        };
        const { leftOut: _, ...before } = of(world);
        const { leftOut, ...after } = of(other);
        expect(after).toEqual(before);
        expect(leftOut).toContainEqual({ compute: 'fargate', instances: 0, tasks: count });
      }),
    );
  });

  it('never warns of a service that keeps a task and can move, and warns of every other', () => {
    fc.assert(
      fc.property(cluster, (world) => {
        for (const entry of of(world).entries) {
          const arns = new Set<string | undefined>(entry.instances.map((one) => one.instance.arn));
          for (const { name, desired, minimumHealthyPercent, maximumPercent } of world.services) {
            const own = world.tasks.filter((one) => one.service === name);
            const here = own.filter(({ instanceArn: arn }) => arns.has(arn)).length;
            const min = Math.ceil((desired * (minimumHealthyPercent ?? 100)) / 100);
            const max = Math.floor((desired * (maximumPercent ?? 200)) / 100);
            const isStuck = max === desired && min === desired;
            const mayBeGone = min === 0 && own.length === here;
            const expected = here > 0 && desired > 0 && (isStuck || mayBeGone);
            const warned = entry.harms.some((harm) => 'move' in harm && harm.move.service === name);
            expect(warned).toBe(expected);
          }
        }
      }),
    );
  });
});
