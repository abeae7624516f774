import { sortedBy } from './order.ts';
import { defaultSavingPolicy, type SavingPolicy } from './saving.ts';
import type { ComputeKind } from './snapshot.ts';

const dayMs = 24 * 3_600_000;

/** What the instances of one day cost a month, and what Fargate would: means of its looks. */
export type CostDay = {
  /** Days since the epoch, in UTC. */
  readonly day: number;
  readonly looks: number;
  readonly hereUsdPerMonth: number;
  readonly fargateUsdPerMonth: number;
  /** Of the same looks: tasks, how many it takes for the instances to be cheaper, and how many fit. */
  readonly tasks?: number | undefined;
  readonly breakEvenTasks?: number | undefined;
  readonly tasksFit?: number | undefined;
};

/** What a price on Fargate leaves out of the tasks, as of the last look. */
export type Unpriced = {
  /** Daemons: on Fargate one is a container in each task. */
  readonly daemons: number;
  /** Tasks whose network mode would have to become `awsvpc`. */
  readonly networkTasks: number;
};

/** An instance that is in some way for as long as it is. */
export type LastingInstance = { readonly instance: string; readonly sinceMs: number };
export type FullInstance = LastingInstance & {
  /** Of CPU or memory, the larger, 0 to 1. */
  readonly share: number;
  /** Above which it counts as full. */
  readonly limitShare: number;
  /** Whose tasks it holds: `web 5, api 3`. */
  readonly services: string;
};
export type OutlyingInstance = LastingInstance & {
  readonly tasks: number;
  /** Median of its peers. */
  readonly peers: number;
  readonly services: string;
};

/** What density remembers of a provider's week. Plain JSON, at most about 5 kB. */
export type WeekState = {
  readonly group: string;
  readonly atMs: number;
  /** Instances that stay, and tasks on them. */
  readonly instances: number;
  readonly tasks: number;
  readonly ec2DiscountPercent: number;
  readonly compute?: ComputeKind | undefined;
  /** Its `scaleInAfter` is -1: ECS ends no idle instance. */
  readonly isScaleInOff?: boolean | undefined;
  readonly unpriced?: Unpriced | undefined;
  /** The last eight days that had a comparison, oldest first: seven whole ones, and today. */
  readonly days: readonly CostDay[];
  readonly idle: readonly LastingInstance[];
  readonly full: readonly FullInstance[];
  /** Since when every instance that stays is full. */
  readonly allFullSinceMs?: number | undefined;
  readonly outliers: readonly OutlyingInstance[];
};

/** Where density keeps what it remembers of a cluster. */
export const densityPartitionOf = (cluster: string): string => `SERIES#${cluster}/density`;

/** Fargate would have been cheaper over the week. */
export type CostFinding = {
  readonly group: string;
  readonly hereUsdPerMonth: number;
  readonly fargateUsdPerMonth: number;
  /** What Fargate saves, 0 to 1. */
  readonly savingShare: number;
  readonly days: number;
  /** Means of the same days; undefined where no look of them says it. */
  readonly tasks: number | undefined;
  readonly breakEvenTasks: number | undefined;
  readonly tasksFit: number | undefined;
  readonly unpriced: Unpriced | undefined;
  readonly ec2DiscountPercent: number;
};

/** What a cluster's week comes to: what somebody may want to change, and nobody has to at once. */
export type WeekFindings = {
  readonly cheaper: readonly CostFinding[];
  readonly idle: readonly IdleInstances[];
  readonly full: readonly Finding<FullInstance>[];
  /** Providers whose instances are all full. */
  readonly packed: readonly PackedProvider[];
  readonly outliers: readonly Finding<OutlyingInstance>[];
};
export type IdleInstances = Finding<LastingInstance> & IdleKind;
/** By which idle instances end. */
type IdleKind = Pick<WeekState, 'compute' | 'isScaleInOff'>;
export type PackedProvider = {
  readonly group: string;
  readonly ofInstances: number;
  readonly sinceMs: number;
};
/** Instances of one provider, and how many it has. */
export type Finding<One> = {
  readonly group: string;
  readonly ofInstances: number;
  readonly instances: readonly One[];
};

/** Days of the seven before today without which a week says nothing. */
const costDaysMin = 6;
/** So long idle, full or unlike its peers before it is worth a line. */
export const lastingMs = dayMs;
/** A provider that was not seen for so long has no week. */
const staleMs = dayMs;

export function weekFindingsOf(
  states: readonly WeekState[],
  nowMs: number,
  policy: SavingPolicy = defaultSavingPolicy,
): WeekFindings {
  const current = sortedBy(
    states.filter(({ atMs }) => nowMs - atMs < staleMs),
    ({ group }) => group,
  );
  const lasting = <One extends LastingInstance>(
    of: (state: WeekState) => readonly One[],
  ): readonly (Finding<One> & IdleKind)[] =>
    current.flatMap((state) => {
      const instances = of(state).filter(({ sinceMs }) => nowMs - sinceMs >= lastingMs);
      const { group, instances: ofInstances, compute, isScaleInOff } = state;
      return instances.length === 0
        ? []
        : [{ group, ofInstances, instances, compute, isScaleInOff }];
    });
  return {
    cheaper: current.flatMap((state) => cheaperIn(state, nowMs, policy)),
    idle: lasting(({ idle }) => idle),
    full: lasting(({ full }) => full),
    packed: current.flatMap(({ group, instances: ofInstances, allFullSinceMs: sinceMs }) =>
      sinceMs !== undefined && nowMs - sinceMs >= lastingMs
        ? [{ group, ofInstances, sinceMs }]
        : [],
    ),
    outliers: lasting(({ outliers }) => outliers),
  };
}

/**
 * Single full instances are told beside something else, and make no message of their own: Managed
 * Instances fill one before they start the next.
 */
export const isEmptyWeek = ({ cheaper, idle, packed, outliers }: WeekFindings): boolean =>
  [cheaper, idle, packed, outliers].every(({ length }) => length === 0);

function cheaperIn(
  { group, days, unpriced, ec2DiscountPercent }: WeekState,
  nowMs: number,
  { savingShareMin, savingUsdPerMonthMin }: SavingPolicy,
): readonly CostFinding[] {
  const today = Math.floor(nowMs / dayMs);
  const week = days.filter(({ day }) => day < today && day >= today - 7);
  if (week.length < costDaysMin) return [];
  const mean = (of: (one: CostDay) => number): number =>
    week.reduce((sum, one) => sum + of(one), 0) / week.length;
  const known = (of: (one: CostDay) => number | undefined): number | undefined => {
    const values = week.flatMap((one) => of(one) ?? []);
    return values.length === 0
      ? undefined
      : values.reduce((sum, one) => sum + one, 0) / values.length;
  };
  const here = mean(({ hereUsdPerMonth }) => hereUsdPerMonth);
  const fargate = mean(({ fargateUsdPerMonth }) => fargateUsdPerMonth);
  const saving = here - fargate;
  if (here <= 0 || saving < savingShareMin * here || saving < savingUsdPerMonthMin) return [];
  return [
    {
      ...{ group, unpriced, ec2DiscountPercent },
      tasks: known(({ tasks }) => tasks),
      breakEvenTasks: known(({ breakEvenTasks }) => breakEvenTasks),
      tasksFit: known(({ tasksFit }) => tasksFit),
      hereUsdPerMonth: here,
      fargateUsdPerMonth: fargate,
      savingShare: saving / here,
      days: week.length,
    },
  ];
}
