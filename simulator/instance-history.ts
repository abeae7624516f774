import type { EventEnvelope, World } from './world.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** A drain from which no task has left for so long stands still. */
const standMsMin = hourMs;
/** What would hurt on day 14 is noted so long before it, twice: what is there both times has to be told. */
const noteBeforeMs = [31 * hourMs, 24 * hourMs] as const;

/** A stretch of a drain in which no task left and some were kept. */
export type Standstill = {
  readonly fromMs: number;
  readonly untilMs: number;
  /** Whose tasks were left: `service/cart`, `family/report`. */
  readonly owners: readonly string[];
};

export type DrainHistory = {
  readonly fromMs: number;
  /** Until it was gone, or ACTIVE again; undefined where it goes on. */
  readonly untilMs: number | undefined;
  readonly stands: readonly Standstill[];
};

/** An instance of a cluster, and what happened on it, as events tell it. */
export type InstanceHistory = {
  readonly id: string;
  /** ECS launched it, and replaces it. */
  readonly isManaged: boolean;
  readonly launchedMs: number;
  readonly registeredMs: number;
  readonly goneMs: number | undefined;
  readonly drains: readonly DrainHistory[];
  /** What a replacement would have hurt, as of some hours before its day 14: `service/cart stuck`. */
  readonly hazards: readonly { readonly atMs: number; readonly what: readonly string[] }[];
};

type Task = { readonly owner: string; readonly sinceMs: number; readonly isMeantToRun: boolean };

/** Follows every instance of a world; call it before time begins to pass. */
export function followHistories(world: World): (endMs: number) => readonly InstanceHistory[] {
  const followers = new Map<string, Follower>();
  const places = new Map<string, Follower>();
  world.onEvent(({ detail, 'detail-type': type }) => {
    if (type === 'ECS Container Instance State Change') {
      const id = idOf(detail.containerInstanceArn);
      const known = followers.get(id);
      const follower = known ?? createFollower(id, detail, world);
      followers.set(id, follower);
      follower.becomes(String(detail.status));
      return;
    }
    if (type !== 'ECS Task State Change') return;
    const arn = String(detail.taskArn);
    const follower = places.get(arn) ?? followers.get(idOf(detail.containerInstanceArn));
    if (follower === undefined) return;
    follower.hears(arn, detail);
    if (detail.lastStatus === 'STOPPED') places.delete(arn);
    else places.set(arn, follower);
  });
  return (endMs) => [...followers.values()].map((follower) => follower.history(endMs));
}

type Follower = ReturnType<typeof createFollower>;

const idOf = (arn: unknown): string => String(arn).split('/').at(-1) ?? '?';

function createFollower(id: string, detail: EventEnvelope['detail'], world: World) {
  const { account, nowMs } = world;
  const machine = account.ec2Instances.get(String(detail.ec2InstanceId));
  // An event need not name it.
  const instance = account.containerInstances.get(String(detail.containerInstanceArn));
  const provider = account.capacityProviders.get(instance?.capacityProviderName ?? '');
  const isManaged = provider?.type === 'MANAGED_INSTANCES';
  const launchedMs = machine?.LaunchTime.getTime() ?? nowMs();
  const registeredMs = nowMs();
  const tasks = new Map<string, Task>();
  const drains: DrainHistory[] = [];
  const hazards: { readonly atMs: number; readonly what: readonly string[] }[] = [];
  let goneMs: number | undefined;
  let isDraining = false;
  let standsSinceMs = 0;
  const keptOwners = (): readonly string[] =>
    [
      ...new Set([...tasks.values()].flatMap((one) => (one.isMeantToRun ? [one.owner] : []))),
    ].sort();
  /** Ends the standstill, if it was one, and begins the next. */
  const moves = (atMs: number): void => {
    const [drain, owners] = [drains.at(-1), keptOwners()];
    if (drain !== undefined && owners.length > 0 && atMs - standsSinceMs >= standMsMin) {
      const stand = { fromMs: standsSinceMs, untilMs: atMs, owners };
      drains[drains.length - 1] = { ...drain, stands: [...drain.stands, stand] };
    }
    standsSinceMs = atMs;
  };
  const ends = (): void => {
    moves(nowMs());
    const drain = drains.at(-1);
    if (drain !== undefined) drains[drains.length - 1] = { ...drain, untilMs: nowMs() };
    isDraining = false;
  };
  if (isManaged) {
    for (const beforeMs of noteBeforeMs) {
      const atMs = launchedMs + 14 * dayMs - beforeMs;
      world.schedule(atMs, () => {
        if (goneMs === undefined) hazards.push({ atMs, what: hazardsAmong(tasks, world) });
      });
    }
  }
  return {
    becomes(status: string): void {
      if (status === 'DRAINING' && !isDraining) {
        isDraining = true;
        standsSinceMs = nowMs();
        drains.push({ fromMs: nowMs(), untilMs: undefined, stands: [] });
      } else if (status !== 'DRAINING' && isDraining) ends();
      if (status === 'INACTIVE') goneMs ??= nowMs();
    },
    hears(arn: string, { lastStatus, desiredStatus, group }: EventEnvelope['detail']): void {
      const known = tasks.get(arn);
      const isMeantToRun = desiredStatus === 'RUNNING';
      const leaves = known?.isMeantToRun === true && !isMeantToRun;
      if (isDraining && (leaves || (known !== undefined && lastStatus === 'STOPPED')))
        moves(nowMs());
      if (lastStatus === 'STOPPED') tasks.delete(arn);
      else {
        const owner = ownerOf(String(group ?? ''));
        if (isOfInstance(owner, world)) return;
        tasks.set(arn, { owner, isMeantToRun, sinceMs: known?.sinceMs ?? nowMs() });
      }
    },
    history(endMs: number): InstanceHistory {
      if (isDraining) moves(endMs);
      return { id, isManaged, launchedMs, registeredMs, goneMs, drains, hazards };
    },
  };
}

/** `service/cart` for `service:cart`, `family/report` for `family:report`. */
const ownerOf = (group: string): string => group.replace(':', '/');

const nameOf = (owner: string): string => owner.slice(owner.indexOf('/') + 1);

/** A daemon's task goes with its instance. */
function isOfInstance(owner: string, { account }: World): boolean {
  if (owner.startsWith('daemon')) return true;
  return serviceNamed(owner, account)?.schedulingStrategy === 'DAEMON';
}

const serviceNamed = (owner: string, { services }: World['account']) =>
  owner.startsWith('service/')
    ? [...services.values()].find(({ serviceName }) => serviceName === nameOf(owner))
    : undefined;

/** What the loss of these tasks' instance would hurt, in this file's own few words. */
function hazardsAmong(tasks: ReadonlyMap<string, Task>, world: World): readonly string[] {
  const kept = [...tasks.values()].filter(({ isMeantToRun }) => isMeantToRun);
  return [...new Set(kept.flatMap((one) => hazardOf(one, world) ?? []))].sort();
}

function hazardOf({ owner, sinceMs }: Task, world: World): string | undefined {
  if (!owner.startsWith('service/')) {
    return world.nowMs() - sinceMs >= dayMs ? `${owner} standalone` : undefined;
  }
  const service = serviceNamed(owner, world.account);
  if (service === undefined || service.desiredCount === 0) return undefined;
  const { desiredCount: desired, deploymentConfiguration: percents } = service;
  const least = Math.ceil((desired * (percents?.minimumHealthyPercent ?? 100)) / 100);
  const most = Math.floor((desired * (percents?.maximumPercent ?? 200)) / 100);
  if (least >= desired && most <= desired) return `${owner} stuck`;
  return desired === 1 && least === 0 ? `${owner} alone` : undefined;
}
