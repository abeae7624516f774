import type { RunRecord, ServiceCount } from '../record.ts';
import { type Checker, clock } from './checker.ts';
import { isMeant } from './stops.ts';
import type { Span } from './stretches.ts';

const minuteMs = 60_000;
/** What Ballast does may show so long afterwards. */
const effectMs = 10 * minuteMs;
/** Two runs of one seed need not be alike to the minute. */
const looseMs = 10 * minuteMs;

/** A stretch in which fewer tasks of a service run than its minimum healthy percent asks for. */
export type Deficit = {
  readonly service: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly steps: readonly Step[];
};

/** Within it, from one count to the next. */
type Step = {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly running: number;
  readonly floor: number;
  /** Tasks that lack. */
  readonly missing: number;
  /** By how many more than before. */
  readonly more: number;
  /** The floor rose, rather than the number of tasks fell. */
  readonly isRaised: boolean;
};

/** What is left of a deficit from where Ballast may have made it, or made it worse. */
type Suspect = { readonly deficit: Deficit; readonly step: Step; readonly action: Action };

/** Compares with the same seed without Ballast, and looks for what Ballast did just before. */
export const floors: Checker = {
  name: 'floors',
  sentence: 'No service is below its minimum healthy count because of Ballast.',
  broken: async ({ run, baseline }) => {
    const suspects = deficitsOf(run).flatMap((deficit) => suspectIn(run, deficit));
    if (suspects.length === 0) return [];
    const without = deficitsOf(await baseline());
    return suspects.filter((suspect) => !isThereAnyway(without, suspect)).map(told);
  },
};

/** Where more tasks lack after Ballast did something to their service, if nothing else can have been it. */
function suspectIn(run: RunRecord, deficit: Deficit): readonly Suspect[] {
  const actions = actionsOn(run, deficit.service);
  if (actions.length === 0) return [];
  for (const step of deficit.steps) {
    const action = actions.find(
      ({ atMs, isWrite }) =>
        atMs <= step.fromMs && step.fromMs - atMs <= effectMs && (isWrite || !step.isRaised),
    );
    if (step.more <= 0 || action === undefined || isOfNature(run, deficit, step)) continue;
    return [{ deficit, step, action }];
  }
  return [];
}

/** Whether as many task-minutes lack without Ballast, at nearly that time: of as many tasks, a while longer. */
function isThereAnyway(
  without: readonly Deficit[],
  { deficit: { service, steps, untilMs }, step: { fromMs } }: Suspect,
): boolean {
  const span = { fromMs: fromMs - looseMs, untilMs: untilMs + looseMs };
  const others = without
    .filter((other) => other.service === service)
    .flatMap((other) => other.steps)
    .filter((step) => step.fromMs < span.untilMs && step.untilMs > span.fromMs);
  const most = Math.max(0, ...others.map(({ missing }) => missing));
  return missingIn(steps, { fromMs, untilMs }) <= missingIn(others, span) + most * looseMs;
}

/** Task-milliseconds that lack in a span. */
const missingIn = (steps: readonly Step[], { fromMs, untilMs }: Span): number =>
  steps.reduce(
    (sum, step) =>
      sum +
      step.missing * Math.max(0, Math.min(step.untilMs, untilMs) - Math.max(step.fromMs, fromMs)),
    0,
  );

function told({ deficit: { service, untilMs }, step, action }: Suspect): string {
  const { running, floor, fromMs } = step;
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

/** From a loss to its event, and from there to its count. */
const lossMs = { before: 5 * minuteMs, after: 2 * minuteMs };

/** Whether never more tasks lack since a step than were lost for a reason of their own: they ended, or their host did. */
function isOfNature({ stops }: RunRecord, { service, steps }: Deficit, since: Step): boolean {
  const before = since.missing - since.more;
  const lostMs = stops
    .filter((stop) => stop.service === service && !isMeant(stop))
    .map(({ stoppedAtMs }) => stoppedAtMs)
    .filter((atMs) => atMs >= since.fromMs - lossMs.before);
  return steps
    .filter(({ fromMs }) => fromMs >= since.fromMs)
    .every(({ fromMs, missing }) => {
      const lost = lostMs.filter((atMs) => atMs <= fromMs + lossMs.after).length;
      return missing - before <= lost;
    });
}

/** By service, from when its cluster has started until the end. */
export function deficitsOf({ counts, faultsFromMs, endMs }: RunRecord): readonly Deficit[] {
  const deficits: (Omit<Deficit, 'steps'> & { untilMs: number; steps: Step[] })[] = [];
  for (const [service, own] of Map.groupBy(counts, (count) => count.service)) {
    let before: ServiceCount | undefined;
    for (const [at, count] of own.entries()) {
      const step = stepOf(count, before, own[at + 1]?.atMs ?? endMs);
      before = count;
      if (step.missing === 0 || step.untilMs <= faultsFromMs) continue;
      const last = deficits.at(-1);
      if (last?.service === service && last.untilMs === step.fromMs) {
        last.steps.push(step);
        last.untilMs = step.untilMs;
      } else deficits.push({ service, fromMs: step.fromMs, untilMs: step.untilMs, steps: [step] });
    }
  }
  return deficits;
}

const missingOf = ({ running, floor }: ServiceCount): number => Math.max(0, floor - running);

function stepOf(count: ServiceCount, before: ServiceCount | undefined, untilMs: number): Step {
  const { atMs, running, floor } = count;
  const missing = missingOf(count);
  return {
    ...{ fromMs: atMs, untilMs, running, floor, missing },
    more: missing - (before === undefined ? 0 : missingOf(before)),
    isRaised: before !== undefined && before.running <= running && before.floor < floor,
  };
}
