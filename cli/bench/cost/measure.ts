import type { Account } from '../../../simulator/account.ts';
import { itemSize } from '../../../simulator/aws/dynamodb/values.ts';
import { play } from '../../../simulator/play.ts';
import { multiplyCluster } from './copies.ts';
import { createMeter, type Invocation, type Meter, type Trigger } from './meter.ts';
import { type ClusterShape, createQuietDay, type Hours } from './quiet-day.ts';
import { createReplay, type Replay } from './replay.ts';
import type { FunctionFacts } from './stack-facts.ts';
import {
  addUsage,
  type CpuPerCall,
  type FunctionUsage,
  noUsage,
  timesUsage,
  usageOf,
} from './usage.ts';

/** What every call to AWS takes, in ms: more than most reads do, so that the bill is not too small. */
export const callMs = 50;

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const monthHours = 30 * 24;
/** Calendars of replacements in a month: one every six hours. */
const calendarsAMonth = monthHours / 6;
/** The run of instance-replacement after six o'clock makes a calendar, and a day is measured from there. */
const fromAt = 6;
/** Functions that read a whole cluster by their schedule. */
const lookers = ['az-balance', 'density', 'instance-replacement'] as const;

export type MonthlyUsage = {
  readonly tasks: number;
  readonly instances: number;
  readonly services: number;
  /** How it was come by. */
  readonly measured: string;
  readonly tableBytes: number;
  readonly byFunction: Readonly<Record<string, FunctionUsage>>;
};

/** A played day, with what is needed to call its functions again. */
export type Day = {
  readonly shape: ClusterShape;
  readonly hours: number;
  readonly account: Account;
  readonly endMs: number;
  readonly meter: Meter;
  readonly invocations: readonly Invocation[];
};

/** Plays a quiet day of a cluster with every function, and meters its last hours. */
export async function playDay(shape: ClusterShape, measuredHours: number): Promise<Day> {
  const hours: Hours = {
    ...{ bornAt: fromAt - 2, grownAt: fromAt - 0.75, fromAt, untilAt: fromAt + measuredHours },
  };
  const meter = createMeter();
  let account: Account | undefined;
  const { record } = await play(createQuietDay(shape, hours), {
    ...{ seed: 1, days: hours.untilAt / 24, withBallast: true, mode: 'wire', withWatchers: true },
    ...{ latencyMs: callMs, replace: meter.wrap, faults: new Set() },
    // Managed instances are replaced all the time, and a day has no fourteen days: they are drained.
    variants: { 'managed-instance-user-drain': 'accepted' },
    watch: ({ world }) => {
      account = world.account;
      meter.watch(world.account);
    },
  });
  if (account === undefined || record.problems.length > 0) {
    throw new Error(`the day cannot be metered: ${record.problems.join('; ')}`);
  }
  // From here on time passes for functions only: buckets of the account that they empty would stay empty.
  account.admits = () => true;
  const fromMs = record.startMs + fromAt * hourMs;
  const invocations = meter.invocations.filter(({ atMs }) => atMs >= fromMs);
  return { shape, hours: measuredHours, account, endMs: record.endMs, meter, invocations };
}

/** Calls every function again as it was called last, and measures what it computes. */
export async function measureCpu({ account, endMs, meter }: Day): Promise<CpuPerCall> {
  const perCall = new Map<string, number>();
  for (const [name, recorded] of meter.recorded) {
    // A hook sends test calls into a world whose time has ended: it gets the mean of the others.
    if (name.endsWith(' hook')) continue;
    const replay = createReplay(recorded, account, { startMs: endMs, latencyMs: callMs });
    for (let turn = 0; turn < replaysOf(name); turn += 1) {
      await replay.wait(5 * minuteMs);
      await replay.invoke();
    }
    perCall.set(name, perCallOf(replay));
  }
  return cpuPerCallOf(perCall);
}

const replaysOf = (name: string): number => (lookers.some((one) => name.startsWith(one)) ? 2 : 20);

const perCallOf = ({ computing: { cpuMs, calls } }: Replay): number => cpuMs / Math.max(1, calls);

function cpuPerCallOf(perCall: ReadonlyMap<string, number>): CpuPerCall {
  const mean = [...perCall.values()].reduce((sum, one) => sum + one, 0) / Math.max(1, perCall.size);
  return (functionName, trigger) => perCall.get(`${functionName} ${trigger}`) ?? mean;
}

/** A month as the played hours were. */
export function monthOf(
  { shape, hours, account, invocations }: Day,
  facts: readonly FunctionFacts[],
  cpuPerCall: CpuPerCall,
): MonthlyUsage {
  const calendars = invocations.filter(({ isCalendar }) => isCalendar).length;
  const byFunction = facts.map(({ name, memoryMb }): [string, FunctionUsage] => {
    const own = invocations.filter(({ functionName }) => functionName === name);
    const weighted = own.map((one) =>
      timesUsage(
        usageOf(one, { cpuPerCall, memoryMb }),
        one.isCalendar ? calendarsAMonth / calendars : monthHours / hours,
      ),
    );
    return [name, weighted.reduce(addUsage, noUsage)];
  });
  return {
    ...sizesOf(account, shape),
    measured: `${hours} h of a quiet day, times ${monthHours / hours}`,
    tableBytes: tableBytesOf(account),
    byFunction: Object.fromEntries(byFunction),
  };
}

/**
 * A month of a cluster that many times as large as a day's. Its looks are measured on copies of the
 * day's cluster, an instance of which drains all the time; what events cause is the day's, that many
 * times; and so is what the minute sweep reads. Changes the account of the day.
 */
export async function multipliedMonth(
  day: Day,
  times: number,
  facts: readonly FunctionFacts[],
  cpuOfDay: CpuPerCall,
): Promise<MonthlyUsage> {
  const { account, invocations, shape, hours } = day;
  multiplyCluster(account, times);
  keepDraining(account);
  const cpu = new Map<string, number>();
  const byFunction: [string, FunctionUsage][] = [];
  for (const { name, memoryMb, scheduled } of facts) {
    const looks = await lookAgain(name, day);
    if (looks !== undefined) cpu.set(`${name} schedule`, looks.cpuPerCall);
    const cpuPerCall: CpuPerCall = (functionName, trigger) =>
      cpu.get(`${functionName} ${trigger}`) ?? cpuOfDay(functionName, trigger);
    const use = (one: Invocation) => usageOf(one, { cpuPerCall, memoryMb });
    const ofDay = (of: (trigger: Trigger) => boolean): FunctionUsage =>
      timesUsage(
        invocations
          .filter(({ functionName, trigger }) => functionName === name && of(trigger))
          .map(use)
          .reduce(addUsage, noUsage),
        monthHours / hours,
      );
    const events = eventsOf(
      ofDay((trigger) => trigger !== 'schedule'),
      times,
    );
    const schedule =
      looks === undefined
        ? sweepOf(
            ofDay((trigger) => trigger === 'schedule'),
            times,
          )
        : scheduleOf(
            looks.invocations.map((one) => ({ one, usage: use(one) })),
            scheduled,
          );
    byFunction.push([name, addUsage(events, schedule)]);
  }
  return {
    ...sizesOf(account, { ...shape, services: shape.services * times }),
    measured: `looks at ${times} copies of the cluster above; events of its day, times ${times}`,
    tableBytes: tableBytesOf(account),
    byFunction: Object.fromEntries(byFunction),
  };
}

/** So many times as many events, each of which reads what is kept of so many times as large a cluster. */
const eventsOf = (usage: FunctionUsage, times: number): FunctionUsage => ({
  ...timesUsage(usage, times),
  readUnits: usage.readUnits * times * times,
});

/** The sweep is called as often and asks as often in every cluster, and reads as many times as much. */
const sweepOf = (usage: FunctionUsage, times: number): FunctionUsage => ({
  ...usage,
  readUnits: usage.readUnits * times,
  writeUnits: usage.writeUnits * times,
});

type Metered = { readonly one: Invocation; readonly usage: FunctionUsage };

/** A month of calls by schedule: so many calendars, and of the other looks the mean. */
function scheduleOf(metered: readonly Metered[], scheduled: number): FunctionUsage {
  const [calendars, plain] = [true, false].map((wish) =>
    metered.filter(({ one }) => one.isCalendar === wish).map(({ usage }) => usage),
  );
  const month = (usages: readonly FunctionUsage[] = [], count: number): FunctionUsage =>
    timesUsage(usages.reduce(addUsage, noUsage), usages.length === 0 ? 0 : count / usages.length);
  const ofCalendars = calendars?.length === 0 ? 0 : calendarsAMonth;
  return addUsage(month(calendars, ofCalendars), month(plain, scheduled - ofCalendars));
}

/** Looks at the cluster as it is now: once to learn it, then to be metered, then with a calendar. */
async function lookAgain(name: string, { account, meter, endMs }: Day) {
  const recorded = meter.recorded.get(`${name} schedule`);
  if (recorded === undefined || !lookers.some((one) => one === name)) return undefined;
  const own = createMeter();
  own.watch(account);
  const factory = own.wrap({ [name]: recorded.factory })[name] ?? recorded.factory;
  const metered = createReplay({ ...recorded, factory }, account, {
    ...{ startMs: endMs, latencyMs: callMs },
  });
  const { waitsMs, learning } = looksOf(name);
  for (const waitMs of waitsMs) {
    await metered.wait(waitMs);
    await metered.invoke();
  }
  const plain = createReplay(recorded, account, {
    startMs: endMs + 15 * hourMs,
    latencyMs: callMs,
  });
  await plain.wait(5 * minuteMs);
  await plain.invoke();
  return { invocations: own.invocations.slice(learning), cpuPerCall: perCallOf(plain) };
}

/** When a new cluster is looked at, and how many of the looks are not metered. */
type Looks = { readonly waitsMs: readonly number[]; readonly learning: number };

/**
 * At first everything is written down, and az-balance waits for ten minutes until it takes balance for
 * granted. Only what makes a calendar is called after hours.
 */
const looksOf = (name: string): Looks =>
  name === 'instance-replacement'
    ? { waitsMs: [7 * hourMs, 15 * minuteMs, 15 * minuteMs, 7 * hourMs], learning: 2 }
    : { waitsMs: [5, 5, 5, 5, 5, 5].map((minutes) => minutes * minuteMs), learning: 4 };

/** One of the instances with tasks drains. */
function keepDraining({ containerInstances, tasks }: Account): void {
  const [first] = [...tasks.values()].flatMap((task) => task.containerInstanceArn ?? []);
  const instance = containerInstances.get(first ?? '');
  if (instance === undefined) throw new Error('no task is on an instance');
  containerInstances.set(instance.containerInstanceArn, { ...instance, status: 'DRAINING' });
}

const sizesOf = ({ containerInstances }: Account, { services, tasksAService }: ClusterShape) => ({
  tasks: services * tasksAService,
  instances: [...containerInstances.values()].filter(({ status }) => status !== 'INACTIVE').length,
  services,
});

const tableBytesOf = ({ tables }: Account): number =>
  [...tables.values()]
    .flatMap(({ items }) => [...items.values()])
    .reduce((sum, item) => sum + itemSize(item), 0);
