import type { EcsWrite } from '../record.ts';
import { type Checker, clock } from './checker.ts';

const hourMs = 3_600_000;

/** What a function may change in ECS, and the tag by which a service lowers that. */
const allowed: Readonly<Record<string, string>> = {
  UpdateService: 'ballast:az-balance',
};

/** Moves that may be under way at once, and begin in one hour, in a cluster. */
const budget = { inFlightMax: 1, perHourMax: 4 };

const told = ({ atMs, operation, service }: EcsWrite): string =>
  `${operation} of ${service ?? 'no service'} at ${clock(atMs)}`;

export const observeWritesNothing: Checker = {
  name: 'observe-writes-nothing',
  sentence: 'A stack that observes changes nothing in ECS.',
  broken: ({ run }) => (run.stackMode === 'observe' ? run.writes.map(told) : []),
};

export const writesAllowed: Checker = {
  name: 'writes-allowed',
  sentence: 'Nothing protected, opted out or observe-only is written to, and no task is stopped.',
  broken: ({ run }) =>
    run.writes.flatMap((write) => {
      const ofTasks = write.protectedTasks.map((task) => `${told(write)}: ${task} is protected`);
      const tagName = allowed[write.operation];
      if (tagName === undefined) return [`${told(write)}: no function may do that`, ...ofTasks];
      const tag = write.tags[tagName];
      const isOn = run.stackMode === 'opt-in' ? tag === 'enforce' : isUnlowered(tag);
      return isOn ? ofTasks : [`${told(write)}: its tag ${tagName} is ${tag ?? 'not set'}`];
    }),
};

/** Unknown values of a tag count as `observe`. */
const isUnlowered = (tag: string | undefined): boolean => tag === undefined || tag === 'enforce';

export const writesWithinBudget: Checker = {
  name: 'writes-within-budget',
  sentence: 'Never more is moved at once, or in an hour, than the budget allows.',
  broken: ({ run }) => {
    const raised = new Map<string, number>();
    const begun: number[] = [];
    return run.writes.flatMap((write) => {
      const { service = '-', atMs, desiredBefore = 0, input } = write;
      const desired = Number(input.desiredCount ?? desiredBefore);
      if (desired < desiredBefore) raised.delete(service);
      if (desired <= desiredBefore) return [];
      raised.set(service, atMs);
      begun.push(atMs);
      const inHour = begun.filter((other) => atMs - other < hourMs).length;
      return [
        ...(raised.size > budget.inFlightMax ? [`${told(write)}: ${raised.size} in flight`] : []),
        ...(inHour > budget.perHourMax ? [`${told(write)}: ${inHour} in an hour`] : []),
      ];
    });
  },
};
