import { assert } from './assert.ts';
import { sortedBy } from './order.ts';
import type { EventWindow, Instance, TimeRange } from './snapshot.ts';

const hourMs = 3_600_000;
const weekHours = 168;
const weekMs = weekHours * hourMs;

/** Longest period that is looked at, and longest cron expression that is read. */
export const periodMsMax = 53 * weekMs;
export const cronCharsMax = 256;

/** From `startMs` to before `endMs`, in ms since the epoch. */
export type Span = { readonly startMs: number; readonly endMs: number };

/**
 * When an event window is open, week after week: spans that neither touch nor overlap, in hours since
 * the week's start, by start. A week starts on Thursday 00:00 UTC as the epoch does, so that plain
 * division finds the place of a time in it: UTC has no daylight saving, and a week no leap day. A span
 * that runs over the week's end ends beyond {@link weekHours}; one of the whole week is always open.
 */
export type WeeklySchedule = readonly { readonly fromHour: number; readonly toHour: number }[];

/** A window that cannot be read: when it is open is unknown. */
export type Unreadable = { readonly problem: string };

const days = ['thursday', 'friday', 'saturday', 'sunday', 'monday', 'tuesday', 'wednesday'];
const cronDays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
/** Cron counts days from Sunday. */
const sunday = days.indexOf('sunday');

/**
 * When a window is open, or why that cannot be told. A window without ranges is never open. The hours
 * of a cron expression are those of cron, its last hour included (`0-4` ends at 05:00): EC2 refers to
 * cron and says nothing else.
 * Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateInstanceEventWindow.html
 */
export function readEventWindow({
  timeRanges,
  cron,
}: Pick<EventWindow, 'timeRanges' | 'cron'>): WeeklySchedule | Unreadable {
  if (cron !== undefined && timeRanges.length > 0) {
    return { problem: 'both time ranges and a cron expression' };
  }
  const isOpen: boolean[] = new Array(weekHours).fill(false);
  const problem = cron === undefined ? markRanges(timeRanges, isOpen) : markCron(cron, isOpen);
  return problem === undefined ? spansOf(isOpen) : { problem };
}

export const isReadable = (window: WeeklySchedule | Unreadable): window is WeeklySchedule =>
  !('problem' in window);

/**
 * The spans of a schedule that overlap a period, whole, in order: they may begin before it and end
 * after it. A schedule that is always open has no beginning and no end, and gives the period itself.
 */
export function spansWithin(schedule: WeeklySchedule, { startMs, endMs }: Span): readonly Span[] {
  assert(endMs >= startMs && endMs - startMs <= periodMsMax, 'a period is at most 53 weeks long');
  if (endMs === startMs) return [];
  if (isAlwaysOpen(schedule)) return [{ startMs, endMs }];
  const found: Span[] = [];
  // A span is shorter than a week: what reaches into the period began in the week before it or later.
  const firstWeekMs = (Math.floor(startMs / weekMs) - 1) * weekMs;
  for (let ms = firstWeekMs; ms < endMs; ms += weekMs) {
    for (const { fromHour, toHour } of schedule) {
      const span = { startMs: ms + fromHour * hourMs, endMs: ms + toHour * hourMs };
      if (span.startMs < endMs && span.endMs > startMs) found.push(span);
    }
  }
  return found;
}

/**
 * The latest span that began at a time or before it; undefined where the schedule is never open, or
 * always: then nothing begins.
 */
export function lastSpanBy(schedule: WeeklySchedule, atMs: number): Span | undefined {
  if (isAlwaysOpen(schedule)) return undefined;
  return spansWithin(schedule, { startMs: atMs - weekMs, endMs: atMs + 1 }).at(-1);
}

/**
 * A function that gives the windows tied to an instance: by its id, or by any one of its tags. By id of
 * the window.
 */
export function createWindowsOf(
  windows: readonly EventWindow[],
): (instance: Pick<Instance, 'ec2InstanceId' | 'tags'>) => readonly EventWindow[] {
  const byTarget = new Map<string, EventWindow[]>();
  for (const window of windows) {
    const { instanceIds, tags } = window;
    for (const target of [...instanceIds, ...tags.map(({ key, value }) => tagTarget(key, value))]) {
      const tied = byTarget.get(target);
      if (tied === undefined) byTarget.set(target, [window]);
      else tied.push(window);
    }
  }
  if (byTarget.size === 0) return () => [];
  return ({ ec2InstanceId, tags }) => {
    const ids = ec2InstanceId === undefined ? [] : [ec2InstanceId];
    const ofTags = Object.entries(tags).map(([key, value]) => tagTarget(key, value));
    const found = new Set([...ids, ...ofTags].flatMap((target) => byTarget.get(target) ?? []));
    return sortedBy([...found], ({ id }) => id);
  };
}

/** No instance id begins like this. */
const tagTarget = (key: string, value: string): string => JSON.stringify([key, value]);

const isAlwaysOpen = (schedule: WeeklySchedule): boolean =>
  schedule.some(({ fromHour, toHour }) => toHour - fromHour === weekHours);

/** Marks the hours of a week's ranges; says what is wrong where one cannot be read. */
function markRanges(ranges: readonly TimeRange[], isOpen: boolean[]): string | undefined {
  for (const range of ranges) {
    const from = hourOfWeek(range.startDay, range.startHour);
    const to = hourOfWeek(range.endDay, range.endHour);
    if (from === undefined || to === undefined) {
      const { startDay, startHour, endDay, endHour } = range;
      return `time range ${startDay} ${startHour} to ${endDay} ${endHour}`;
    }
    // An end that is not after the start lies in the next week.
    const end = to > from ? to : to + weekHours;
    for (let hour = from; hour < end; hour += 1) isOpen[hour % weekHours] = true;
  }
  return undefined;
}

function hourOfWeek(day: string, hour: number): number | undefined {
  const index = days.indexOf(day.toLowerCase());
  if (index < 0 || !Number.isInteger(hour) || hour < 0 || hour > 23) return undefined;
  return index * 24 + hour;
}

/** Marks the hours of `minute hours day-of-month month days-of-week`; only hours and days may choose. */
function markCron(cron: string, isOpen: boolean[]): string | undefined {
  const problem = `cron expression ${cron.slice(0, cronCharsMax)}`;
  if (cron.length > cronCharsMax) return problem;
  const [minute, hourText = '', dayOfMonth, month, dayText = '', ...more] = cron
    .trim()
    .split(/\s+/);
  const hasOthers = [minute, dayOfMonth, month].some((field) => field !== '*') || more.length > 0;
  const hours = numbersOf(hourText, 24, []);
  const weekdays = numbersOf(dayText, 7, cronDays);
  if (hasOthers || hours === undefined || weekdays === undefined) return problem;
  for (const weekday of weekdays) {
    const dayHour = ((weekday + sunday) % 7) * 24;
    for (const hour of hours) isOpen[dayHour + hour] = true;
  }
  return undefined;
}

/** What `*`, `3`, `0-4` or a list of these stand for, below `count`; undefined where it is none. */
function numbersOf(
  text: string,
  count: number,
  names: readonly string[],
): readonly number[] | undefined {
  if (text === '*') return Array.from({ length: count }, (_, number) => number);
  const found: number[] = [];
  for (const item of text.split(',')) {
    const [, first, last] = /^(\w+)(?:-(\w+))?$/.exec(item) ?? [];
    const from = numberOf(first, names);
    const to = last === undefined ? from : numberOf(last, names);
    if (from === undefined || to === undefined || from > to || to >= count) return undefined;
    for (let number = from; number <= to; number += 1) found.push(number);
  }
  return found;
}

function numberOf(text = '', names: readonly string[]): number | undefined {
  if (/^\d{1,2}$/.test(text)) return Number(text);
  const index = names.indexOf(text.toUpperCase());
  return index < 0 ? undefined : index;
}

/** Maximal runs of open hours; the run over the week's end is one. */
function spansOf(isOpen: readonly boolean[]): WeeklySchedule {
  const firstClosed = isOpen.indexOf(false);
  if (firstClosed < 0) return [{ fromHour: 0, toHour: weekHours }];
  const spans: { fromHour: number; toHour: number }[] = [];
  for (let step = 1; step < weekHours; step += 1) {
    const hour = (firstClosed + step) % weekHours;
    if (isOpen[hour] !== true) continue;
    const last = spans.at(-1);
    if (last !== undefined && last.toHour % weekHours === hour) last.toHour += 1;
    else spans.push({ fromHour: hour, toHour: hour + 1 });
  }
  return spans.sort((a, b) => a.fromHour - b.fromHour);
}
