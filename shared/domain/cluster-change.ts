import { isLeaving, labelOf } from './instance-group.ts';
import type { Service, Snapshot } from './snapshot.ts';

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
};

/** What has to be remembered of a cluster to see that it changed. Plain JSON. */
export type ClusterMemory = {
  /** Desired counts by service; undefined before the first look. */
  readonly desired: Readonly<Record<string, number>> | undefined;
  /** The latest first. */
  readonly changes: readonly ClusterChange[];
};

export const emptyClusterMemory: ClusterMemory = { desired: undefined, changes: [] };

/** A change explains density for so long after it was last seen: tasks settle, instances join. */
export const settlingMs = 20 * 60_000;
/** Changes are remembered for so long, to be named beside an anomaly, and so many of them. */
export const changesKeptMs = 6 * 3_600_000;
export const changesMax = 40;
/** Services are remembered in the order of their names as far as this many characters reach. */
const desiredCharsMax = 40_000;

/**
 * The memory after one more look. A service that could not be read is not one that was removed: with a
 * gap in the services nothing is compared, and what is remembered stays.
 */
export function rememberCluster(memory: ClusterMemory, snapshot: Snapshot): ClusterMemory {
  const { services, gaps, takenAtMs } = snapshot;
  const isWhole = gaps.every(({ subject }) => subject !== 'services');
  const seen = [
    ...underWayIn(snapshot),
    ...(isWhole && memory.desired !== undefined
      ? differences(memory.desired, services, takenAtMs)
      : []),
  ];
  const isSeen = new Set(seen.map(keyOf));
  const known = new Map(memory.changes.map((change) => [keyOf(change), change]));
  const resumed = seen.map((change) => {
    const last = known.get(keyOf(change));
    const isSame = last !== undefined && takenAtMs - last.atMs < settlingMs && isLasting(change);
    return isSame ? { ...change, sinceMs: last.sinceMs } : change;
  });
  const before = memory.changes.filter(
    (change) => !isSeen.has(keyOf(change)) && takenAtMs - change.atMs < changesKeptMs,
  );
  return {
    desired: isWhole ? desiredOf(services) : memory.desired,
    changes: [...resumed, ...before].slice(0, changesMax),
  };
}

const keyOf = ({ cause, subject }: ClusterChange): string => `${cause} ${subject}`;

/** What is going on while one looks. */
function underWayIn({ services, instances, takenAtMs: atMs }: Snapshot): readonly ClusterChange[] {
  const change = (cause: ChangeCause, subject: string): ClusterChange => ({
    cause,
    subject,
    sinceMs: atMs,
    atMs,
    detail: '',
  });
  return [
    ...services
      .filter((service) => isDeploying(service, atMs))
      .map(({ name }) => change('deployment-in-progress', name)),
    ...services
      .filter(
        ({ lastRebalancingAtMs: lastMs }) => lastMs !== undefined && atMs - lastMs < settlingMs,
      )
      .map(({ name }) => change('zone-rebalancing', name)),
    ...instances.filter(isLeaving).map((one) => change('instances-leaving', labelOf(one))),
  ];
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
  before: Readonly<Record<string, number>>,
  services: readonly Service[],
  atMs: number,
): readonly ClusterChange[] {
  const names = new Set(services.map(({ name }) => name));
  const beyond = Object.keys(before).reduce((last, name) => (name > last ? name : last), '');
  const known = (name: string): boolean => Object.hasOwn(before, name);
  const isFull = charsOf(before) > desiredCharsMax / 2;
  return [
    ...services.flatMap(({ name, desired }): readonly ClusterChange[] => {
      const was = known(name) ? before[name] : undefined;
      if (was === undefined) {
        // Behind the last name that there was room for, a service may be old.
        if (isFull && name > beyond) return [];
        return [{ cause: 'service-added', subject: name, sinceMs: atMs, atMs, detail: '' }];
      }
      if (was === desired) return [];
      return [
        {
          cause: 'desired-count-changed',
          subject: name,
          sinceMs: atMs,
          atMs,
          detail: `${was} to ${desired}`,
        },
      ];
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

function desiredOf(services: readonly Service[]): Readonly<Record<string, number>> {
  const kept = new Map<string, number>();
  let chars = 0;
  const inOrder = [...services].sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
  for (const { name, desired } of inOrder) {
    chars += entryChars(name);
    if (chars > desiredCharsMax) break;
    kept.set(name, desired);
  }
  return Object.fromEntries(kept);
}

const entryChars = (name: string): number => name.length + 12;
const charsOf = (desired: Readonly<Record<string, number>>): number =>
  Object.keys(desired).reduce((sum, name) => sum + entryChars(name), 0);

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
/** What moves a figure is seen no later than this after it: tasks are read before services. */
export const seenLaterMsMax = 10 * 60_000;

/**
 * What explains that a figure is unusual since `sinceMs`, the latest change first; undefined where
 * nothing does. Only what was there when it began explains it. What lasts explains as long as it lasts
 * and until tasks have settled. A count that somebody or a policy changed explains an hour: a scale-out
 * that nobody stops should be told.
 */
export function explanationOf(
  { changes }: ClusterMemory,
  {
    figure,
    sinceMs,
    nowMs,
  }: { readonly figure: string; readonly sinceMs: number; readonly nowMs: number },
): ClusterChange | undefined {
  const possible = changes.filter(
    (change) =>
      change.sinceMs <= sinceMs + seenLaterMsMax &&
      !(figure === 'zones' && keepsZones.has(change.cause)),
  );
  const recent = possible.filter(({ atMs }) => nowMs - atMs < settlingMs);
  const going = recent.find(isLasting);
  if (going !== undefined) return going;
  if (nowMs - sinceMs >= explainedMsMax) return undefined;
  return possible.find((change) => !isLasting(change) && nowMs - change.atMs < explainedMsMax);
}
