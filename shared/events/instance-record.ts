import * as v from 'valibot';
import type { InstanceRecord } from '../domain/instance-replacement.ts';
import type { CalendarRecord, TurnRecord } from '../domain/replacement-memory.ts';
import { MalformedInput, parseJson } from './malformed.ts';
import { firstProblem } from './problem.ts';

const whole = v.pipe(v.number(), v.finite('expected a number'));
const maybe = <Schema extends v.GenericSchema>(schema: Schema) => v.optional(schema);
const sighting = v.object({ status: v.string(), atMs: whole });

const recordSchema = v.object({
  id: v.string(),
  ec2InstanceId: maybe(v.string()),
  capacityProvider: maybe(v.string()),
  event: maybe(v.object({ ...sighting.entries, version: whole })),
  seen: maybe(sighting),
  activeAtMs: maybe(whole),
  firstDrainAtMs: maybe(whole),
  drainTimes: v.array(whole),
  hints: v.object({
    health: maybe(whole),
    healthy: maybe(whole),
    'aws-health': maybe(whole),
    'aws-health-over': maybe(whole),
    'spot-interruption': maybe(whole),
    'rebalance-recommendation': maybe(whole),
    'ec2-stopping': maybe(whole),
  }),
  forecast: maybe(v.object({ drainAtMs: whole, dueMs: whole, eventWindowId: maybe(v.string()) })),
  before: maybe(
    v.array(v.object({ name: v.string(), desired: whole, zones: v.record(v.string(), whole) })),
  ),
  progress: maybe(
    v.object({
      tasks: v.array(v.string()),
      count: whole,
      standalone: v.array(v.string()),
      departedAtMs: maybe(whole),
      keeper: maybe(v.string()),
    }),
  ),
  emptyAtMs: maybe(whole),
  short: maybe(v.object({ sinceMs: whole, names: v.array(v.string()) })),
  isDone: v.boolean(),
  outcome: maybe(
    v.object({
      reason: v.string(),
      below: v.array(v.string()),
      missing: v.array(v.string()),
      lost: v.array(v.string()),
      lostCount: v.optional(whole),
    }),
  ),
});

/** Reads what a run remembered of an instance. Throws MalformedInput naming the field. */
export function parseInstanceRecord(json: string): InstanceRecord {
  const parsed = v.safeParse(recordSchema, parseJson(json, 'record'));
  if (!parsed.success) throw new MalformedInput(firstProblem('record', parsed.issues));
  const record = parsed.output;
  const { forecast, progress, hints } = record;
  return {
    id: record.id,
    ec2InstanceId: record.ec2InstanceId,
    capacityProvider: record.capacityProvider,
    event: record.event,
    seen: record.seen,
    activeAtMs: record.activeAtMs,
    firstDrainAtMs: record.firstDrainAtMs,
    drainTimes: record.drainTimes,
    hints: withoutMissing(hints),
    forecast: forecast && { ...forecast, eventWindowId: forecast.eventWindowId },
    before: record.before,
    progress: progress && {
      ...progress,
      departedAtMs: progress.departedAtMs,
      keeper: progress.keeper,
    },
    emptyAtMs: record.emptyAtMs,
    short: record.short,
    isDone: record.isDone,
    outcome: record.outcome,
  };
}

const calendarSchema = v.object({
  ranAtMs: whole,
  warnings: v.array(
    v.object({
      id: v.string(),
      sinceMs: whole,
      instanceIds: v.array(v.string()),
      unnamed: v.optional(whole, 0),
    }),
  ),
});

/** Reads what a run remembered of a calendar. Throws MalformedInput naming the field. */
export function parseCalendarRecord(json: string): CalendarRecord {
  const parsed = v.safeParse(calendarSchema, parseJson(json, 'record'));
  if (!parsed.success) throw new MalformedInput(firstProblem('calendar', parsed.issues));
  return parsed.output;
}

const turnSchema = v.object({ atMs: whole, unseenSinceMs: maybe(whole) });

/** Reads what a run remembered of a cluster's turn. Throws MalformedInput naming the field. */
export function parseTurnRecord(json: string): TurnRecord {
  const parsed = v.safeParse(turnSchema, parseJson(json, 'record'));
  if (!parsed.success) throw new MalformedInput(firstProblem('turn', parsed.issues));
  return { atMs: parsed.output.atMs, unseenSinceMs: parsed.output.unseenSinceMs };
}

const withoutMissing = (
  hints: {
    readonly [Name in keyof InstanceRecord['hints']]?: number | undefined;
  },
): InstanceRecord['hints'] =>
  Object.fromEntries(Object.entries(hints).filter(([, atMs]) => atMs !== undefined));
