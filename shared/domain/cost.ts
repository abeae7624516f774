import { assert } from './assert.ts';
import { indexOf } from './cluster-index.ts';
import {
  atFargateRate,
  type FargateCost,
  type FargateOutcome,
  type Placed,
  priceOnFargate,
  type UnfitReason,
} from './fargate-cost.ts';
import {
  type GroupedInstances,
  groupInstances,
  type InstanceGroup,
  type Occupied,
} from './instance-group.ts';
import {
  type InstancesCost,
  type InstancesPolicy,
  type PriceGap,
  type PriceGapReason,
  priceInstances,
} from './instances-cost.ts';
import { interfaceLimitOf } from './interface-limit.ts';
import { sortedBy } from './order.ts';
import type { RegionPrices } from './prices/region-prices.ts';
import { clusterKeysOf, remembered } from './remembered.ts';
import { defaultSavingPolicy, type SavingPolicy } from './saving.ts';
import type { Resources, Snapshot, Task } from './snapshot.ts';

export type CostPolicy = InstancesPolicy & SavingPolicy;

/** List prices without volumes; 15 % and 50 USD a month. */
export const defaultCostPolicy: CostPolicy = {
  ...defaultSavingPolicy,
  ec2DiscountShare: 0,
  volumesUsdPerMonth: 0,
};

export type CostReason =
  /** By enough to say so. */
  | 'cheaper-on-fargate'
  /** The instances cost no more than Fargate would. */
  | 'cheaper-here'
  /** Fargate would be cheaper, by less than the policy's minima. */
  | 'saving-too-small'
  /** Some tasks cannot run on Fargate, so the instances stay. */
  | 'tasks-do-not-fit-fargate'
  /** Nothing but daemons runs: the question is not Fargate but what the instances are for. */
  | 'no-tasks'
  | 'no-instances'
  /** `gaps` say which. */
  | 'price-unknown'
  /** Machines of ECS Anywhere are bought elsewhere. */
  | 'external-has-no-price';

/** What would have to change for a task to run on Fargate. Its price is in the comparison all the same. */
export type ChangeReason =
  /** One a machine: on Fargate it would be a container in each task. It is in no price. */
  | 'daemon-goes-with-its-instance'
  /** Fargate has `awsvpc` only. Whether a task without an interface has `host` or `bridge`, ECS does not say. */
  | 'network-mode-must-change';

/** Tasks of one service, or of one group of standalone tasks, that have something in common. */
export type TaskNote<Reason extends string> = {
  readonly reason: Reason;
  readonly subject: string;
  readonly tasks: number;
};

export type GroupCost = {
  readonly group: InstanceGroup;
  readonly reason: CostReason;
  /** Instances that stay, and the tasks on them without daemons. */
  readonly instances: number;
  readonly tasks: number;
  /** Undefined where a price is not known. */
  readonly here: InstancesCost | undefined;
  /** Of the tasks that fit. Undefined where a price is not known. */
  readonly fargate: FargateCost | undefined;
  /** Where both are known, there are tasks, and all of them fit. */
  readonly comparison: Comparison | undefined;
  readonly unfit: readonly TaskNote<UnfitReason>[];
  readonly changes: readonly TaskNote<ChangeReason>[];
  readonly gaps: readonly PriceGap[];
};

export type Comparison = {
  /** Fargate through the instances: below 1 Fargate is cheaper. */
  readonly ratio: number;
  /** Negative where Fargate would cost more. */
  readonly savingUsdPerMonth: number;
  /** Tasks of the present average size from which the instances are strictly cheaper. */
  readonly breakEvenTasks: number;
  /** Tasks of that size for which there is room, by CPU, memory and interfaces; undefined: no limit. */
  readonly tasksFit: number | undefined;
  /** What the tasks reserve of the instances, CPU and memory weighed by what Fargate asks for them. */
  readonly fillShare: number | undefined;
  /**
   * The fill at which both cost the same: `fillShare` through `ratio`. For tasks whose size is one of
   * Fargate's that is the price of the instances through Fargate's price of all that they may hand
   * out. Above 1 the instances never pay.
   */
  readonly breakEvenFillShare: number | undefined;
};

/**
 * What the instances of each group cost, and what Fargate would cost for the tasks on them, at list
 * prices. Only instances that stay count: those that drain are paid for, but not for a month. Where a
 * price is missing there is no figure, and `gaps` say which.
 */
export const costOf = remembered(
  (snapshot: Snapshot, prices: RegionPrices | undefined, policy: CostPolicy) => [
    ...clusterKeysOf(snapshot),
    prices,
    JSON.stringify(policy),
  ],
  costs,
);

function costs(
  snapshot: Snapshot,
  prices: RegionPrices | undefined,
  policy: CostPolicy,
): readonly GroupCost[] {
  assertPolicy(policy);
  const world = {
    snapshot,
    prices: prices?.region === snapshot.region ? prices : undefined,
    policy,
  };
  return groupInstances(indexOf(snapshot)).map((group) => costOfGroup(group, world));
}

type World = {
  readonly snapshot: Snapshot;
  readonly prices: RegionPrices | undefined;
  readonly policy: CostPolicy;
};

function costOfGroup(grouped: GroupedInstances, { snapshot, prices, policy }: World): GroupCost {
  const { staying, leaving, ...group } = grouped;
  const placed = staying.flatMap(({ tasks, instance }) =>
    tasks.map((task) => ({ task, on: instance })),
  );
  const counts = { group, instances: staying.length, tasks: placed.length };
  const nothing = { here: undefined, fargate: undefined, comparison: undefined };
  if (group.compute === 'external' || staying.length === 0) {
    const reason = group.compute === 'external' ? 'external-has-no-price' : 'no-instances';
    return { ...counts, ...nothing, reason, unfit: [], changes: [], gaps: [] };
  }
  const changes = changesOf(staying);
  const moved = priceOnFargate(placed, prices);
  const unfit = notesOf(moved.unfit);
  if (prices === undefined) {
    const gaps = [{ reason: 'region-price-unknown', subject: snapshot.region } as const];
    const reason = reasonWithoutComparison(placed, moved);
    return { ...counts, ...nothing, reason, unfit, changes, gaps };
  }
  const here = priceInstances(grouped, prices, policy);
  const comparison =
    here.cost === undefined || moved.cost === undefined || placed.length === 0 || unfit.length > 0
      ? undefined
      : compare({ here: here.cost, fargate: moved.cost, placed, staying }, { snapshot, prices });
  return {
    ...counts,
    reason:
      comparison === undefined || here.cost === undefined
        ? reasonWithoutComparison(placed, moved)
        : verdictOf(comparison, here.cost, policy),
    here: here.cost,
    fargate: moved.cost,
    comparison,
    unfit,
    changes,
    gaps: distinct([...here.gaps, ...moved.gaps]),
  };
}

function reasonWithoutComparison(placed: readonly Placed[], { unfit }: FargateOutcome): CostReason {
  if (placed.length === 0) return 'no-tasks';
  return unfit.length > 0 ? 'tasks-do-not-fit-fargate' : 'price-unknown';
}

/** Sums of decimal prices miss their true value by less than this. */
const noise = 1e-9;

function verdictOf(
  { savingUsdPerMonth }: Comparison,
  { usdPerMonth }: InstancesCost,
  { savingShareMin, savingUsdPerMonthMin }: CostPolicy,
): CostReason {
  if (savingUsdPerMonth <= noise) return 'cheaper-here';
  const isEnough =
    savingUsdPerMonth >= savingShareMin * usdPerMonth - noise &&
    savingUsdPerMonth >= savingUsdPerMonthMin - noise;
  return isEnough ? 'cheaper-on-fargate' : 'saving-too-small';
}

type Sides = {
  readonly here: InstancesCost;
  readonly fargate: FargateCost;
  readonly placed: readonly Placed[];
  readonly staying: readonly Occupied[];
};

function compare(
  { here, fargate, placed, staying }: Sides,
  { snapshot, prices }: { readonly snapshot: Snapshot; readonly prices: RegionPrices },
): Comparison {
  const ratio = fargate.usdPerHour / here.usdPerHour;
  const fillShare = fillShareOf(fargate, staying, prices);
  return {
    ratio,
    savingUsdPerMonth: here.usdPerMonth - fargate.usdPerMonth,
    breakEvenTasks: Math.floor(placed.length / ratio + noise) + 1,
    tasksFit: tasksFitOf(placed, staying, snapshot),
    fillShare,
    breakEvenFillShare: fillShare === undefined ? undefined : fillShare / ratio,
  };
}

/** Undefined where an instance has an architecture without a price, or may hand out nothing. */
function fillShareOf(
  { exactUsdPerHour }: FargateCost,
  staying: readonly Occupied[],
  { fargate }: RegionPrices,
): number | undefined {
  let allUsdPerHour = 0;
  for (const { instance } of staying) {
    const rate = fargate.get(instance.architecture?.toLowerCase() ?? '');
    if (rate === undefined) return undefined;
    allUsdPerHour += atFargateRate(instance.registered, rate);
  }
  return allUsdPerHour > 0 ? exactUsdPerHour / allUsdPerHour : undefined;
}

/** Tasks of the average size that the instances hold beside their daemons, instance by instance. */
function tasksFitOf(
  placed: readonly Placed[],
  staying: readonly Occupied[],
  { instanceTypes }: Snapshot,
): number | undefined {
  const all = sumOf(placed.map(({ task }) => task));
  const average = {
    cpuUnits: all.cpuUnits / placed.length,
    memoryMiB: all.memoryMiB / placed.length,
  };
  const needInterfaces = placed.every(({ task }) => task.hasEni);
  const fits = staying.map(({ instance, daemons }) => {
    const taken = sumOf(daemons);
    const { atMost: interfaces = Infinity } = needInterfaces
      ? interfaceLimitOf(instance, instanceTypes)
      : {};
    return Math.min(
      timesIn(instance.registered.cpuUnits - taken.cpuUnits, average.cpuUnits),
      timesIn(instance.registered.memoryMiB - taken.memoryMiB, average.memoryMiB),
      interfaces - daemons.filter(({ hasEni }) => hasEni).length,
    );
  });
  const sum = fits.reduce((total, fit) => total + Math.max(fit, 0), 0);
  return Number.isFinite(sum) ? sum : undefined;
}

const timesIn = (room: number, size: number): number =>
  size > 0 ? Math.floor(room / size + noise) : Infinity;

const sumOf = (tasks: readonly Task[]): Resources => ({
  cpuUnits: tasks.reduce((sum, { reserved }) => sum + reserved.cpuUnits, 0),
  memoryMiB: tasks.reduce((sum, { reserved }) => sum + reserved.memoryMiB, 0),
});

const changesOf = (staying: readonly Occupied[]): readonly TaskNote<ChangeReason>[] =>
  notesOf(
    staying.flatMap(({ tasks, daemons }) => [
      ...daemons.map((task) => ({ task, reason: 'daemon-goes-with-its-instance' as const })),
      ...tasks
        .filter(({ hasEni }) => !hasEni)
        .map((task) => ({ task, reason: 'network-mode-must-change' as const })),
    ]),
  );

/** Tasks by service and reason, in the order of both. */
function notesOf<Reason extends string>(
  noted: readonly { readonly reason: Reason; readonly task: Task }[],
): readonly TaskNote<Reason>[] {
  const byBoth = Map.groupBy(noted, ({ reason, task }) => `${subjectOf(task)} ${reason}`);
  return sortedBy([...byBoth], ([key]) => key).flatMap(([, [first, ...others]]) =>
    first === undefined
      ? []
      : [{ reason: first.reason, subject: subjectOf(first.task), tasks: 1 + others.length }],
  );
}

const subjectOf = ({ service, group, arn }: Task): string => service ?? group ?? arn;

const gapTexts: Readonly<Record<PriceGapReason, (subject: string) => string>> = {
  'region-price-unknown': (subject) => `no prices for ${subject}`,
  'ec2-price-unknown': (subject) => `no EC2 price for ${subject}`,
  'instance-type-unknown': (subject) => `instance type of ${subject} not known`,
  'spot-price-unknown': (subject) => `${subject} runs on Spot, whose price changes`,
  'purchase-option-unknown': (subject) => `whether ${subject} runs on Spot is not known`,
  'windows-price-unknown': (subject) => `no prices for Windows in ${subject}`,
  'fargate-price-unknown': (subject) => `no Fargate price for ${subject}`,
  'architecture-unknown': (subject) => `CPU architecture of ${subject} not known`,
  'task-size-unknown': (subject) => `tasks of ${subject} reserve no CPU or no memory`,
};

/** A gap in words: `no Fargate price for arm64 in eu-west-3`. */
export const priceGapText = ({ reason, subject }: PriceGap): string => gapTexts[reason](subject);

/** Each gap once, in the order of reasons and subjects. */
const distinct = (gaps: readonly PriceGap[]): readonly PriceGap[] => {
  const keyOf = ({ reason, subject }: PriceGap): string => `${reason} ${subject}`;
  return sortedBy([...new Map(gaps.map((gap) => [keyOf(gap), gap])).values()], keyOf);
};

function assertPolicy(policy: CostPolicy): void {
  const { savingShareMin, savingUsdPerMonthMin, ec2DiscountShare, volumesUsdPerMonth } = policy;
  assert(savingShareMin >= 0 && savingShareMin <= 1, 'savingShareMin is a share');
  assert(savingUsdPerMonthMin >= 0, 'savingUsdPerMonthMin is an amount');
  assert(ec2DiscountShare >= 0 && ec2DiscountShare < 1, 'ec2DiscountShare is a share below 1');
  assert(volumesUsdPerMonth >= 0, 'volumesUsdPerMonth is an amount');
}
