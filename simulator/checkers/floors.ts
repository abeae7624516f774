import type { RunRecord, ServiceCount } from '../record.ts';
import { type Checker, clock } from './checker.ts';
import { isMeant } from './stops.ts';

const minuteMs = 60_000;
/** What Ballast does may show so long afterwards. */
const effectMs = 10 * minuteMs;
/** Two runs of one seed need not be alike to the minute. */
const looseMs = 10 * minuteMs;

/** A stretch in which fewer tasks of a service run than its minimum healthy percent asks for. */
type Deficit = {
  readonly service: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly running: number;
  readonly floor: number;
  /** The floor rose, rather than the number of tasks fell. */
  readonly isRaised: boolean;
};

/** Compares with the same seed without Ballast, and looks for what Ballast did just before. */
export const floors: Checker = {
  name: 'floors',
  sentence: 'No service is below its minimum healthy count because of Ballast.',
  broken: async ({ run, baseline }) => {
    const suspects = deficitsOf(run).flatMap((deficit) => {
      const action = causeOf(run, deficit);
      return action === undefined ? [] : [{ deficit, action }];
    });
    if (suspects.length === 0) return [];
    const without = deficitsOf(await baseline());
    return suspects
      .filter(({ deficit }) => !without.some((other) => isThereAnyway(other, deficit)))
      .map(({ deficit, action }) => told(deficit, action));
  },
};

/** What Ballast did to the service before it had too few tasks, if nothing else can have been it. */
function causeOf(run: RunRecord, deficit: Deficit): Action | undefined {
  const action = actionsOn(run, deficit.service).find(
    ({ atMs }) => atMs <= deficit.fromMs && deficit.fromMs - atMs <= effectMs,
  );
  if (action === undefined || isOfNature(run, deficit)) return undefined;
  return deficit.isRaised && !action.isWrite ? undefined : action;
}

const isThereAnyway = (other: Deficit, { service, fromMs, untilMs }: Deficit): boolean =>
  other.service === service &&
  other.fromMs <= untilMs + looseMs &&
  other.untilMs >= fromMs - looseMs;

function told({ service, running, floor, fromMs, untilMs }: Deficit, action: Action): string {
  const minutes = Math.round((untilMs - fromMs) / minuteMs);
  return (
    `${service}: ${running} of ${floor} needed from ${clock(fromMs)} for ${minutes} min, ` +
    `after ${action.what} at ${clock(action.atMs)}`
  );
}

/** Without hooks, all that an observing Ballast does is read: nothing in the world may differ. */
export const worldUnchanged: Checker = {
  name: 'world-unchanged',
  sentence: 'Where Ballast only watches, every service goes as it would without it.',
  broken: async ({ run, baseline }) => {
    if (run.stackMode !== 'observe' || run.hookCalls.length > 0) return [];
    return differencesOf(run.counts, (await baseline()).counts);
  },
};

function differencesOf(
  counts: readonly ServiceCount[],
  others: readonly ServiceCount[],
): readonly string[] {
  const at = counts.findIndex((count, index) => textOf(count) !== textOf(others[index]));
  if (at < 0 && counts.length === others.length) return [];
  return [`with: ${textOf(counts[Math.max(at, 0)])}; without: ${textOf(others[Math.max(at, 0)])}`];
}

const textOf = (count: ServiceCount | undefined): string =>
  count === undefined ? 'nothing' : JSON.stringify({ ...count, atMs: clock(count.atMs) });

type Action = { readonly atMs: number; readonly what: string; readonly isWrite: boolean };

const actionsOn = (run: RunRecord, service: string): readonly Action[] => [
  ...run.writes
    .filter((write) => write.service === service)
    .map(({ atMs, operation }) => ({ atMs, what: operation, isWrite: true })),
  ...run.hookCalls
    .filter(({ serviceArn }) => serviceArn.endsWith(`/${service}`))
    .filter(({ hookStatus }) => hookStatus !== 'SUCCEEDED' && hookStatus !== 'IN_PROGRESS')
    .map(({ endedMs, hookStatus = 'no answer' }) => ({
      atMs: endedMs,
      what: `the hook's ${hookStatus}`,
      isWrite: false,
    })),
];

/** Whether tasks were lost for a reason of their own: they ended, or their host did. */
const isOfNature = ({ stops }: RunRecord, { service, fromMs }: Deficit): boolean =>
  stops.some(
    (stop) =>
      stop.service === service &&
      stop.stoppedAtMs >= fromMs - 5 * minuteMs &&
      stop.stoppedAtMs <= fromMs + 2 * minuteMs &&
      !isMeant(stop),
  );

/** By service, from when its cluster has started until the end. */
export function deficitsOf({ counts, faultsFromMs, endMs }: RunRecord): readonly Deficit[] {
  const deficits: Deficit[] = [];
  for (const [service, own] of Map.groupBy(counts, (count) => count.service)) {
    for (const [at, { atMs, running, floor }] of own.entries()) {
      const before = own[at - 1];
      const untilMs = own[at + 1]?.atMs ?? endMs;
      if (running >= floor || untilMs <= faultsFromMs) continue;
      const isRaised = before !== undefined && before.running <= running && before.floor < floor;
      const last = deficits.at(-1);
      if (last?.service === service && last.untilMs === atMs) {
        deficits[deficits.length - 1] = { ...last, untilMs };
      } else deficits.push({ service, fromMs: atMs, untilMs, running, floor, isRaised });
    }
  }
  return deficits;
}
