import { type ClusterIndex, indexOf } from './cluster-index.ts';
import { groupNameOf, isLeaving, labelOf } from './instance-group.ts';
import { sortedBy } from './order.ts';
import type { ServiceRollout } from './service-state.ts';
import type { Instance, Service, Snapshot } from './snapshot.ts';

/** What makes density move without anything being wrong. */
export type ChangeCause =
  /** Green beside blue, new tasks beside old: up to twice as many for a while. */
  | 'deployment-in-progress'
  /** Instances drain or are replaced: their tasks stand closer together elsewhere. */
  | 'instances-leaving'
  /** ECS moves tasks between zones, and starts a new one before it stops the old one. */
  | 'zone-rebalancing'
  | 'desired-count-changed'
  | 'service-added'
  | 'service-removed';

/** Something that changed in a cluster, and when it was last seen to be so. */
export type ClusterChange = {
  readonly cause: ChangeCause;
  /** Name of the service, or label of the instance. */
  readonly subject: string;
  /** When it was first and last seen, without a longer break than tasks need to settle. */
  readonly sinceMs: number;
  readonly atMs: number;
  /** What it was and what it became, as `4 to 12`; empty where there is no such thing. */
  readonly detail: string;
  /**
   * When it last went on by a step: a newer deployment, a task that started or left; never because the
   * same is tried again. Missing: `sinceMs`.
   */
  readonly movedAtMs?: number;
  /** How far it has come: to get further is a step. Missing where that cannot be told. */
  readonly reached?: number;
  /** Names of the groups of instances whose figures it can move. Missing: any. */
  readonly groups?: readonly string[];
};

/** What has to be remembered of a cluster to see that it changed. Plain JSON. */
export type ClusterMemory = {
  /** Desired counts by service; undefined before the first look. */
  readonly desired: Readonly<Record<string, number>> | undefined;
  /** There was no room for services behind this name: nothing is said of them. Missing: all are there. */
  readonly desiredUntil?: string;
  /** The latest first. */
  readonly changes: readonly ClusterChange[];
};

export const emptyClusterMemory: ClusterMemory = { desired: undefined, changes: [] };

/** A change explains density for so long after it was last seen: tasks settle, instances join. */
export const settlingMs = 20 * 60_000;
/** Changes are remembered for so long, to be named beside an anomaly, and so many of them. */
export const changesKeptMs = 6 * 3_600_000;
export const changesMax = 40;
/** Groups that a change names; with more of them it may move any. */
const groupsMax = 8;
/** Services are remembered as far as this many characters reach; `cluster-memory.ts` may take some. */
const desiredCharsMax = 40_000;

/**
 * The memory after one more look. A service that could not be read is not one that was removed: with a
 * gap in the services nothing is compared, and what is remembered stays.
 */
export function rememberCluster(memory: ClusterMemory, snapshot: Snapshot): ClusterMemory {
  const { services, gaps, takenAtMs } = snapshot;
  const isWhole = gaps.every(({ subject }) => subject !== 'services');
  const seen = [...underWayIn(snapshot), ...(isWhole ? differences(memory, snapshot) : [])];
  const isSeen = new Set(seen.map(keyOf));
  const known = new Map(memory.changes.map((change) => [keyOf(change), change]));
  const resumed = seen.map((change) => {
    const last = known.get(keyOf(change));
    const isSame = last !== undefined && takenAtMs - last.atMs < settlingMs && isLasting(change);
    return isSame ? continued(last, change) : change;
  });
  const before = memory.changes.filter(
    (change) => !isSeen.has(keyOf(change)) && takenAtMs - change.atMs < changesKeptMs,
  );
  const counts = Object.fromEntries(services.map(({ name, desired }) => [name, desired]));
  return {
    ...(isWhole ? desiredWithin(counts, desiredCharsMax) : memory),
    changes: [...resumed, ...before].slice(0, changesMax),
  };
}

const keyOf = ({ cause, subject }: ClusterChange): string => `${cause} ${subject}`;

/** A change that goes on, as it is now. */
function continued(last: ClusterChange, now: ClusterChange): ClusterChange {
  const { movedAtMs, reached, groups, ...rest } = now;
  const isAnew = movedAtMs !== undefined && movedAtMs > movedAtMsOf(last);
  const isFurther = reached !== undefined && last.reached !== undefined && reached > last.reached;
  const furthest = isAnew || isFurther ? reached : (last.reached ?? reached);
  return {
    ...rest,
    sinceMs: last.sinceMs,
    movedAtMs: isFurther ? now.atMs : isAnew ? movedAtMs : movedAtMsOf(last),
    ...(furthest === undefined ? {} : { reached: furthest }),
    ...groupsIn(
      groups === undefined || last.groups === undefined ? undefined : [...groups, ...last.groups],
    ),
  };
}

const movedAtMsOf = ({ movedAtMs, sinceMs }: ClusterChange): number => movedAtMs ?? sinceMs;

/** What is going on while one looks. */
function underWayIn(snapshot: Snapshot): readonly ClusterChange[] {
  const { services, instances, takenAtMs: atMs } = snapshot;
  const index = indexOf(snapshot);
  return [
    ...services
      .filter((service) => isDeploying(service, atMs))
      .map((service) => deploymentOf(service, index)),
    ...services.flatMap((service): readonly ClusterChange[] => {
      const { name: subject, lastRebalancingAtMs: lastMs } = service;
      if (lastMs === undefined || atMs - lastMs >= settlingMs) return [];
      const change = {
        cause: 'zone-rebalancing',
        subject,
        sinceMs: atMs,
        atMs,
        detail: '',
      } as const;
      return [{ ...change, movedAtMs: lastMs, ...groupsIn(groupsOf(service, index)) }];
    }),
    ...instances.filter(isLeaving).map(
      (instance): ClusterChange => ({
        cause: 'instances-leaving',
        subject: labelOf(instance),
        sinceMs: atMs,
        atMs,
        detail: '',
        reached: 0 - instance.runningTasks - instance.pendingTasks,
        ...groupsIn(groupsBeside(instance, index)),
      }),
    ),
  ];
}

/** It begins with the newest rollout, and gets further with each task of it that runs. */
function deploymentOf(service: Service, index: ClusterIndex): ClusterChange {
  const { takenAtMs: atMs } = index.snapshot;
  const [first, ...others] = service.rollouts;
  const begunMs = ({ createdAtMs = 0 }: ServiceRollout): number => createdAtMs;
  const newest = others.reduce(
    (last, one) => (last === undefined || begunMs(one) > begunMs(last) ? one : last),
    first,
  );
  return {
    cause: 'deployment-in-progress',
    subject: service.name,
    sinceMs: atMs,
    atMs,
    detail: '',
    ...(newest?.createdAtMs === undefined ? {} : { movedAtMs: newest.createdAtMs }),
    ...(newest?.running === undefined ? {} : { reached: newest.running }),
    ...groupsIn(groupsOf(service, index)),
  };
}

function groupsIn(groups: readonly string[] | undefined): Pick<ClusterChange, 'groups'> {
  if (groups === undefined) return {};
  const names = [...new Set(groups)].sort();
  return names.length > groupsMax ? {} : { groups: names };
}

/** Where a service's tasks may be placed, and where they are; undefined where that is anywhere. */
function groupsOf(service: Service, index: ClusterIndex): readonly string[] | undefined {
  const own = groupsWanted(service);
  if (own === undefined) return undefined;
  const standing = index.tasksOf(service.name).flatMap(({ instanceArn }) => {
    const instance = index.instanceOf(instanceArn);
    return instance === undefined ? [] : [groupNameOf(instance)];
  });
  return [...own, ...standing];
}

/** The launch type EC2 takes any instance in EC2, whoever launched it. Fargate has no instances. */
function groupsWanted({ capacityProviders, compute }: Service): readonly string[] | undefined {
  if (compute === 'fargate') return [];
  if (capacityProviders.length > 0) return capacityProviders;
  return compute === undefined || compute === 'ec2' ? undefined : [compute];
}

/** The group of an instance, and those to which its services' tasks may go from it. */
function groupsBeside(
  instance: Instance,
  { snapshot }: ClusterIndex,
): readonly string[] | undefined {
  const own = groupNameOf(instance);
  const names = [own];
  for (const service of snapshot.services) {
    if (service.schedulingStrategy === 'DAEMON') continue;
    const groups = groupsWanted(service);
    if (groups === undefined && instance.compute === 'ec2') return undefined;
    if (groups?.includes(own) === true) names.push(...groups);
  }
  return names;
}

/** A deployment may begin and end between two looks: one that is younger counts as under way. */
export const briefDeploymentMsMax = 10 * 60_000;

/** Whether old and new tasks of a service stand side by side, or did a moment ago. */
const isDeploying = ({ rollouts }: Service, atMs: number): boolean =>
  rollouts.length > 1 ||
  rollouts.some(
    ({ rolloutState, createdAtMs }) =>
      rolloutState === 'IN_PROGRESS' ||
      (createdAtMs !== undefined && atMs - createdAtMs < briefDeploymentMsMax),
  );

function differences(
  { desired: before, desiredUntil }: ClusterMemory,
  snapshot: Snapshot,
): readonly ClusterChange[] {
  if (before === undefined) return [];
  const { services, takenAtMs: atMs } = snapshot;
  const names = new Set(services.map(({ name }) => name));
  return [
    ...services.flatMap((service): readonly ClusterChange[] => {
      const { name: subject, desired, schedulingStrategy } = service;
      const was = Object.hasOwn(before, subject) ? before[subject] : undefined;
      const mayBeOld = desiredUntil !== undefined && subject > desiredUntil;
      if (was === desired || (was === undefined && mayBeOld)) return [];
      // ECS sets a daemon's count to that of its instances: it follows them, and explains nothing.
      if (was !== undefined && schedulingStrategy === 'DAEMON') return [];
      const groups = groupsIn(groupsOf(service, indexOf(snapshot)));
      const change = { subject, sinceMs: atMs, atMs, ...groups };
      return was === undefined
        ? [{ ...change, cause: 'service-added', detail: '' }]
        : [{ ...change, cause: 'desired-count-changed', detail: `${was} to ${desired}` }];
    }),
    ...Object.keys(before)
      .filter((name) => !names.has(name))
      .map(
        (subject): ClusterChange => ({
          cause: 'service-removed',
          subject,
          sinceMs: atMs,
          atMs,
          detail: '',
        }),
      ),
  ];
}

/**
 * Desired counts in the order of the services' names, as far as so many characters of JSON reach. `until`:
 * where they ended before.
 */
export function desiredWithin(
  counts: Readonly<Record<string, number>>,
  charsMax: number,
  until?: string,
): Pick<ClusterMemory, 'desired' | 'desiredUntil'> {
  const inOrder = sortedBy(Object.entries(counts), ([name]) => name);
  const all = inOrder.reduce((sum, entry) => sum + entryChars(entry), 0);
  if (until === undefined && all <= charsMax) return { desired: Object.fromEntries(inOrder) };
  const kept: (readonly [string, number])[] = [];
  let chars = 0;
  for (const entry of inOrder) {
    chars += entryChars(entry);
    if (chars + untilChars(entry[0]) > charsMax) break;
    kept.push(entry);
  }
  const last = kept.length === inOrder.length ? until : kept.at(-1)?.[0];
  return { desired: Object.fromEntries(kept), desiredUntil: last ?? '' };
}

const entryChars = ([name, count]: readonly [string, number]): number =>
  `${JSON.stringify(name)}:${count},`.length;
const untilChars = (name: string): number => `,"desiredUntil":${JSON.stringify(name)}`.length;

/** Causes that go on: while they do, they explain what began with them. */
const lasting = new Set<ChangeCause>([
  'deployment-in-progress',
  'instances-leaving',
  'zone-rebalancing',
]);
const isLasting = ({ cause }: ClusterChange): boolean => lasting.has(cause);
/** Causes that empty no zone: they start tasks elsewhere before they stop any. */
const keepsZones = new Set<ChangeCause>(['deployment-in-progress', 'zone-rebalancing']);
/** A change at one moment explains an unusual figure for so long; what stays unusual is told. */
export const explainedMsMax = 60 * 60_000;
/** What lasts explains it for so long after the figure moved, or after its own last step. */
export const lastingExplainedMsMax = 6 * 3_600_000;
/** What moves a figure is seen no later than this after it: tasks are read before services. */
export const seenLaterMsMax = 10 * 60_000;
/** And it began, or went on by a step, no earlier than this before it: what has stood since moves nothing. */
export const beganBeforeMsMax = 60 * 60_000;

/** A figure that is unusual. */
export type UnusualFigure = {
  readonly figure: string;
  /** Its group of instances; undefined for the whole cluster. */
  readonly group: string | undefined;
  /** Since when it is far from what was usual, moments in which it was near included. */
  readonly farSinceMs: number;
  /** The same since it was last near for a moment. */
  readonly awaySinceMs: number;
  readonly nowMs: number;
};

export type Explanation = {
  /** `outlasted`: it would explain the figure, but has done so for as long as it may. */
  readonly kind: 'explained' | 'outlasted';
  readonly by: ClusterChange;
};

/**
 * What explains that a figure is unusual, the latest change first; undefined where nothing does. Only
 * what touches the figure's instances, was there when it moved, and had begun or gone on shortly before
 * explains it. What lasts explains as long as it lasts and until tasks have settled, for some hours at
 * most: what hangs should be told. A count that somebody or a policy changed explains an hour: so should
 * a scale-out that nobody stops.
 */
export function explanationOf(
  { changes }: ClusterMemory,
  unusual: UnusualFigure,
): Explanation | undefined {
  const { farSinceMs, awaySinceMs, nowMs } = unusual;
  const possible = changes.filter((change) => mayMove(change, unusual));
  const going = possible.filter((change) => isLasting(change) && nowMs - change.atMs < settlingMs);
  const isOutlasted = (change: ClusterChange): boolean =>
    nowMs - Math.min(awaySinceMs, Math.max(farSinceMs, movedAtMsOf(change))) >=
    lastingExplainedMsMax;
  const by =
    going.find((change) => !isOutlasted(change)) ??
    (nowMs - awaySinceMs < explainedMsMax
      ? possible.find((change) => !isLasting(change) && nowMs - change.atMs < explainedMsMax)
      : undefined);
  if (by !== undefined) return { kind: 'explained', by };
  const [outlasted] = going;
  return outlasted === undefined ? undefined : { kind: 'outlasted', by: outlasted };
}

function mayMove(
  change: ClusterChange,
  { figure, group, farSinceMs, awaySinceMs }: UnusualFigure,
): boolean {
  const { cause, sinceMs, groups } = change;
  if (figure === 'zones' && keepsZones.has(cause)) return false;
  const touches =
    groups === undefined || (group === undefined ? groups.length > 0 : groups.includes(group));
  return (
    touches &&
    sinceMs <= awaySinceMs + seenLaterMsMax &&
    movedAtMsOf(change) >= farSinceMs - beganBeforeMsMax
  );
}
