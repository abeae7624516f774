/** A task as the scheduler weighs it. */
export type PlanTask<Item> = {
  readonly item: Item;
  /** Of the newest deployment; otherwise it is to be replaced. */
  readonly isPrimary: boolean;
  /** On its way to RUNNING, RUNNING, or on its way out. */
  readonly phase: 'starting' | 'running' | 'stopping';
  readonly isHealthy: boolean;
  /** It fails its health checks, and its grace period is over. */
  readonly isFailing: boolean;
  /** Its instance is to be emptied. */
  readonly isDraining: boolean;
  /** It may not be stopped to scale in or to deploy. */
  readonly isProtected: boolean;
  /** It may not be stopped to empty its instance. */
  readonly isHeld: boolean;
};

export type PlanLimits<Item> = {
  readonly desired: number;
  /** Tasks beyond the desired count that rebalancing has started. */
  readonly surge: number;
  readonly min: number;
  readonly max: number;
  /** The newest deployment has failed: it gets no more tasks. */
  readonly isStalled: boolean;
  /** There is an older deployment that worked: it may replace its own. */
  readonly canRestoreOld: boolean;
  readonly replacesUnhealthyFirst: boolean;
  readonly stopsPendingOnDraining: boolean;
  /** Which of several to stop next, beside those that are leaving: zones and strategies decide. */
  readonly pick: (items: readonly Item[], leaving: ReadonlySet<Item>) => Item | undefined;
};

export type StopWhy = 'surplus' | 'superseded' | 'unhealthy' | 'draining';

export type ServicePlan<Item> = {
  readonly startPrimary: number;
  readonly startOld: number;
  readonly stop: readonly { readonly item: Item; readonly why: StopWhy }[];
  /** Something should start or stop, and the limits allow neither. */
  readonly isBlocked: boolean;
};

/** What holds where a deployment configuration does not say. */
export const percentsOf = (
  schedulingStrategy: 'REPLICA' | 'DAEMON' | undefined,
): { readonly minimumHealthyPercent: number; readonly maximumPercent: number } =>
  schedulingStrategy === 'DAEMON'
    ? { minimumHealthyPercent: 0, maximumPercent: 100 }
    : { minimumHealthyPercent: 100, maximumPercent: 200 };

/** Lower bound of healthy tasks: rounded up. */
export const minHealthy = (desired: number, percent: number, roundsUp = true): number =>
  (roundsUp ? Math.ceil : Math.floor)((desired * percent) / 100);

/** Upper bound of tasks that are not STOPPED: rounded down. */
export const maxTasks = (desired: number, percent: number, roundsDown = true): number =>
  (roundsDown ? Math.floor : Math.ceil)((desired * percent) / 100);

/**
 * What a service needs now, between its minimum and its maximum: starts come before stops as far as
 * the maximum lets them, and nothing healthy is stopped below the minimum.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
 */
export function planService<Item>(
  tasks: readonly PlanTask<Item>[],
  limits: PlanLimits<Item>,
): ServicePlan<Item> {
  const ledger = openLedger(tasks, limits);
  stopPendingOnDraining(ledger);
  stopSuperseded(ledger);
  stopSurplus(ledger);
  stopUnhealthy(ledger);
  stopDraining(ledger);
  return countStarts(ledger);
}

type Ledger<Item> = {
  readonly limits: PlanLimits<Item>;
  readonly all: number;
  readonly live: Set<PlanTask<Item>>;
  readonly stop: { item: Item; why: StopWhy }[];
  readonly stopping: number;
  healthy: number;
};

function openLedger<Item>(
  tasks: readonly PlanTask<Item>[],
  limits: PlanLimits<Item>,
): Ledger<Item> {
  const live = new Set(tasks.filter(({ phase }) => phase !== 'stopping'));
  return {
    limits,
    all: tasks.length,
    live,
    stop: [],
    stopping: tasks.length - live.size,
    healthy: [...live].filter(({ isHealthy }) => isHealthy).length,
  };
}

function stop<Item>(ledger: Ledger<Item>, task: PlanTask<Item>, why: StopWhy): void {
  ledger.live.delete(task);
  ledger.stop.push({ item: task.item, why });
  if (task.isHealthy) ledger.healthy -= 1;
}

/** A healthy task may go only where the minimum is kept without it. */
const maySpare = <Item>(
  { healthy, limits }: Ledger<Item>,
  { isHealthy }: PlanTask<Item>,
): boolean => !isHealthy || healthy - 1 >= limits.min;

const isReplaced = <Item>({ isFailing, isDraining }: PlanTask<Item>): boolean =>
  isFailing || isDraining;

const goodOf = <Item>({ live }: Ledger<Item>): PlanTask<Item>[] =>
  [...live].filter((task) => task.isPrimary && !isReplaced(task));

const oldOf = <Item>({ live }: Ledger<Item>): PlanTask<Item>[] =>
  [...live].filter(({ isPrimary }) => !isPrimary);

/** Old tasks that the minimum needs until enough new ones are healthy. */
function oldWanted<Item>({ live, limits }: Ledger<Item>): number {
  const healthyNew = [...live].filter(({ isPrimary, isHealthy }) => isPrimary && isHealthy).length;
  return Math.max(0, limits.min - healthyNew);
}

function stopPendingOnDraining<Item>(ledger: Ledger<Item>): void {
  if (!ledger.limits.stopsPendingOnDraining) return;
  for (const task of [...ledger.live]) {
    if (task.isDraining && task.phase === 'starting') stop(ledger, task, 'draining');
  }
}

/** Old tasks go: first what never got to work, then what does not work, then the rest. */
function stopSuperseded<Item>(ledger: Ledger<Item>): void {
  const old = oldOf(ledger);
  const starting = old.filter(({ phase }) => phase === 'starting');
  for (const task of starting) {
    if (oldOf(ledger).length > oldWanted(ledger)) stop(ledger, task, 'superseded');
  }
  for (const task of old.filter(({ isFailing }) => isFailing)) {
    if (ledger.healthy >= ledger.limits.min) stop(ledger, task, 'unhealthy');
  }
  // One that runs but does not count yet is about to be what the minimum needs.
  const mayGo = ({ phase, isHealthy }: PlanTask<Item>): boolean =>
    phase === 'running' && (isHealthy || oldOf(ledger).length > oldWanted(ledger));
  stopPicked(ledger, () => oldOf(ledger).filter(mayGo), 'superseded');
}

function stopPicked<Item>(
  ledger: Ledger<Item>,
  candidates: () => readonly PlanTask<Item>[],
  why: StopWhy,
  countMax = Number.POSITIVE_INFINITY,
): void {
  for (let count = 0; count < countMax; count += 1) {
    const allowed = candidates().filter((task) => !task.isProtected && maySpare(ledger, task));
    const leaving = new Set(ledger.stop.map(({ item }) => item));
    const item = ledger.limits.pick(
      allowed.map((task) => task.item),
      leaving,
    );
    const task = allowed.find((candidate) => candidate.item === item);
    if (task === undefined) return;
    stop(ledger, task, why);
  }
}

function stopSurplus<Item>(ledger: Ledger<Item>): void {
  const { desired, surge } = ledger.limits;
  const surplus = goodOf(ledger).length - desired - surge;
  if (surplus > 0) stopPicked(ledger, () => goodOf(ledger), 'surplus', surplus);
}

/**
 * An unhealthy task goes when its replacement is healthy, or when there is no room for one: then one
 * at a time. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_services.html
 */
function stopUnhealthy<Item>(ledger: Ledger<Item>): void {
  const { limits, live } = ledger;
  const failing = [...live].filter(({ isPrimary, isFailing }) => isPrimary && isFailing);
  for (const task of failing) {
    const healthyGood = goodOf(ledger).filter(({ isHealthy }) => isHealthy).length;
    const isFull = ledger.all >= limits.max && ledger.stopping === 0 && ledger.stop.length === 0;
    const isNeeded = limits.replacesUnhealthyFirst && healthyGood < limits.desired && !isFull;
    if (!isNeeded) stop(ledger, task, 'unhealthy');
  }
}

function stopDraining<Item>(ledger: Ledger<Item>): void {
  const draining = (): readonly PlanTask<Item>[] =>
    [...ledger.live].filter((task) => task.isDraining && !task.isHeld && task.phase === 'running');
  for (const task of draining()) {
    if (maySpare(ledger, task)) stop(ledger, task, 'draining');
  }
}

function countStarts<Item>(ledger: Ledger<Item>): ServicePlan<Item> {
  const { limits, all, stopping } = ledger;
  const room = Math.max(0, limits.max - all);
  const missingOld = limits.canRestoreOld ? oldWanted(ledger) - oldOf(ledger).length : 0;
  const startOld = Math.min(Math.max(0, missingOld), room);
  const missing = Math.max(0, limits.desired - goodOf(ledger).length);
  const startPrimary = limits.isStalled ? 0 : Math.min(missing, room - startOld);
  const isQuiet = [...ledger.live].every(({ isHealthy, isFailing }) => isHealthy || isFailing);
  const nothing = startPrimary + startOld + ledger.stop.length + stopping === 0 && isQuiet;
  return {
    startPrimary,
    startOld,
    stop: ledger.stop,
    isBlocked: nothing && missing > 0 && !limits.isStalled,
  };
}
