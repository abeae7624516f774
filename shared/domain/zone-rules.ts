import type { ClusterIndex } from './cluster-index.ts';
import { modeOfTag } from './mode.ts';
import {
  type Eligibility,
  isDeployedByEcs,
  isZoneAware,
  lacksOnlyEnabling,
} from './rebalancing-eligibility.ts';
import { valueIn } from './record.ts';
import type { NoRoom } from './room.ts';
import { isSteady, primaryOf } from './service-state.ts';
import type { Gap, GapSubject, Service, Snapshot } from './snapshot.ts';
import { taskLimitsOf } from './task-limits.ts';
import { isLeaving } from './zone-drain.ts';
import { countedTasksOf, type ZoneSpread } from './zones.ts';

export type ZonePolicy = {
  /** Largest tolerated difference, in tasks, between a service's fullest and emptiest zone. */
  readonly skewMax: number;
  /** How long a service is left alone after something that moves tasks. */
  readonly quietMs: number;
  /** Share of services below their minimum beyond which nothing is done, whatever is seen. */
  readonly unhealthyShareMax: number;
};

/** What earlier runs have seen and a snapshot does not show. */
export type ZoneMemory = {
  /** When somebody else last changed the desired count, by service name. */
  readonly desiredChangedAtMs: Readonly<Record<string, number>>;
  /** When its last task on a leaving instance was gone from there, by service name. */
  readonly leftInstanceAtMs?: Readonly<Record<string, number>>;
};

export type ZoneReason =
  | 'service-not-active'
  | 'opted-out'
  | 'nothing-desired'
  | 'external-launch-type'
  | 'snapshot-incomplete'
  | 'services-unhealthy'
  | 'compute-unknown'
  | 'zones-unknown'
  | 'one-task'
  | 'one-zone'
  | 'balanced'
  | 'deployment-in-progress'
  | 'recent-deployment'
  | 'instance-draining'
  | 'not-steady'
  | 'zone-shifted'
  | 'recent-rebalancing'
  | 'recent-placement-failure'
  | 'recent-desired-count'
  | 'ecs-will-rebalance'
  | 'enable-native-rebalancing'
  | 'daemon-service'
  | 'deployment-controller'
  | 'maximum-percent'
  | 'several-capacity-providers'
  | 'placement-strategy'
  | 'guard-unknown'
  | 'provider-draining'
  | 'scaling-active'
  | 'task-protected'
  | 'surge-move'
  | NoRoom['reason'];

/** What is to become of a service's imbalance. */
export type Ruling = {
  /** `hold` would act, were it not for its reason; `ignore` has nothing that it could do. */
  readonly decision: 'act' | 'hold' | 'ignore';
  readonly verdict: 'balanced' | 'ecs-will' | 'would-act' | 'hold' | 'cannot' | 'ignored';
  readonly reason: ZoneReason;
  /** The figures behind the reason, in a sentence. */
  readonly detail: string;
};

/** A service, and what has been found out about it. */
export type ZoneCase = {
  readonly service: Service;
  readonly spread: ZoneSpread;
  readonly eligibility: Eligibility;
  /** Fewest moves to balance. */
  readonly movesNeeded: number;
};

/** What holds for all services of a run alike. */
export type ZoneContext = {
  readonly index: ClusterIndex;
  readonly policy: ZonePolicy;
  readonly memory: ZoneMemory;
  /** Tasks that are protected at the time of the snapshot. */
  readonly protectedArns: ReadonlySet<string>;
  /** Services with fewer healthy tasks than their minimum, and how many services there are. */
  readonly unhealthy: readonly string[];
  readonly services: number;
  /** Leaving instances under a service's tasks, by service name. */
  readonly leaving: ReadonlyMap<string, readonly string[]>;
};

type Rule = Omit<Ruling, 'detail'> & {
  /** The detail where the rule applies. */
  readonly when: (one: ZoneCase, context: ZoneContext) => string | undefined | false;
};

const cannot = (reason: ZoneReason, when: Rule['when']): Rule => ({
  decision: 'ignore',
  verdict: 'cannot',
  reason,
  when,
});
const hold = (reason: ZoneReason, when: Rule['when']): Rule => ({
  decision: 'hold',
  verdict: 'hold',
  reason,
  when,
});
const ignored = (reason: ZoneReason, when: Rule['when']): Rule => ({
  decision: 'ignore',
  verdict: 'ignored',
  reason,
  when,
});

/** Services that nothing is to be done for, whatever the rest of the snapshot says. */
const ignoreRules: readonly Rule[] = [
  ignored('service-not-active', ({ service: { status } }) => status !== 'ACTIVE' && status),
  ignored('opted-out', ({ service: { tags } }) => {
    const tag = valueIn(tags, 'ballast:az-balance');
    return tag !== undefined && modeOfTag(tag) === 'off' && `ballast:az-balance = ${tag}`;
  }),
  ignored('nothing-desired', ({ service: { desired } }) => desired === 0 && 'desired 0'),
  cannot(
    'external-launch-type',
    ({ service: { compute } }) => compute === 'external' && 'machines outside AWS have no zone',
  ),
];

/** Without these nothing in a snapshot can be trusted, a good-looking spread included. */
const vitalSubjects: readonly GapSubject[] = ['tasks', 'services', 'instances'];

/** What keeps a snapshot from being trusted at all; what was gone before it was read is no gap. */
export const vitalGapsOf = ({ gaps }: Pick<Snapshot, 'gaps'>): readonly Gap[] =>
  gaps.filter(({ subject, reason }) => vitalSubjects.includes(subject) && reason !== 'missing');

/** Reasons to trust no figure. */
const doubtRules: readonly Rule[] = [
  hold('snapshot-incomplete', (_, { index }) =>
    listed(vitalSubjects.filter((subject) => index.isIncomplete(subject))),
  ),
  hold('compute-unknown', ({ service: { compute, capacityProviders, launchType } }) =>
    compute === undefined
      ? `capacity providers ${listed(capacityProviders) ?? 'none'}, launch type ${launchType ?? 'none'}`
      : undefined,
  ),
  hold('zones-unknown', ({ spread: { doubts } }) => doubts.length > 0 && doubts.join('; ')),
];

const balanceRules: readonly Rule[] = [
  cannot(
    'one-task',
    ({ service: { desired }, spread: { worst } }) =>
      desired === 1 && `losing ${worst?.zone ?? 'its zone'} leaves nothing`,
  ),
  cannot('one-zone', ({ spread: { zones } }) => zones.length === 1 && `only ${zones[0]}`),
  {
    decision: 'ignore',
    verdict: 'balanced',
    reason: 'balanced',
    // Of a part of its tasks a spread says nothing.
    when: ({ movesNeeded, spread }) =>
      movesNeeded === 0 &&
      spread.counted >= spread.desired &&
      [spread.counts.join('/'), ...spread.notes].join('; '),
  },
];

/** Tasks are on the move, or have just been: the spread is not what it will be. */
const quietRules: readonly Rule[] = [
  hold('deployment-in-progress', ({ service }, { index }) => {
    const underWay = valueIn(index.snapshot.deployments, service.name);
    const rollout = service.rollouts.find(({ rolloutState }) => rolloutState === 'IN_PROGRESS');
    if (underWay !== undefined) return `${underWay.status} ${underWay.arn}`;
    if (rollout !== undefined) return `rollout ${rollout.id}`;
    return service.rollouts.length > 1 && `${service.rollouts.length} rollouts`;
  }),
  hold('recent-deployment', ({ service }, context) =>
    recent('deployed', primaryOf(service)?.createdAtMs, context),
  ),
  hold('instance-draining', ({ service: { name } }, context) => {
    const leftAtMs = valueIn(context.memory.leftInstanceAtMs ?? {}, name);
    return (
      listed(context.leaving.get(name) ?? []) ??
      recent('left a draining instance', leftAtMs, context)
    );
  }),
  hold('not-steady', ({ service, spread }) => {
    const { running, pending, desired } = service;
    const isWhole = running === desired && spread.counted === desired;
    return (
      !(isSteady(service) && isWhole) &&
      `running ${running}, pending ${pending}, healthy ${spread.counted} of ${desired}`
    );
  }),
  hold('zone-shifted', ({ spread }, { index: { snapshot } }) =>
    listed(spread.zones.filter((zone) => snapshot.shiftedZones.includes(zone))),
  ),
  hold('recent-rebalancing', ({ service }, context) =>
    recent('rebalanced', service.lastRebalancingAtMs, context),
  ),
  hold('recent-placement-failure', ({ service }, context) =>
    recent('failed to place a task', service.lastPlacementFailureAtMs, context),
  ),
  hold('recent-desired-count', ({ service }, context) =>
    recent('scaled', valueIn(context.memory.desiredChangedAtMs, service.name), context),
  ),
];

/** What only a surge asks: without these it would act on less than it has to know. */
const surgeSubjects: readonly GapSubject[] = ['scalable-targets', 'protections', 'zonal-shifts'];

/** The ladder: ECS, then its setting, then a task more and a task less, else a change of the service. */
const ladderRules: readonly Rule[] = [
  {
    decision: 'hold',
    verdict: 'ecs-will',
    reason: 'ecs-will-rebalance',
    when: (one, context) => one.eligibility.obstacles.length === 0 && waitDetail(one, context),
  },
  {
    decision: 'act',
    verdict: 'would-act',
    reason: 'enable-native-rebalancing',
    when: ({ eligibility }) => lacksOnlyEnabling(eligibility) && 'eligible, and disabled',
  },
  cannot(
    'daemon-service',
    ({ service }) => service.schedulingStrategy === 'DAEMON' && 'its tasks follow the instances',
  ),
  // Its task sets do not show as rollouts: a deployment under way could not be seen.
  cannot(
    'deployment-controller',
    ({ service }) => !isDeployedByEcs(service) && service.deploymentController,
  ),
  cannot('maximum-percent', ({ service: { desired, maximumPercent, minimumHealthyPercent } }) => {
    const surged = { desired: desired + 1, maximumPercent, minimumHealthyPercent };
    return taskLimitsOf(surged).maximum <= desired && `maximumPercent ${maximumPercent}`;
  }),
  // Which provider takes the next task is a matter of weights, and where it lands with it.
  cannot(
    'several-capacity-providers',
    ({ service: { capacityProviders } }) =>
      capacityProviders.length > 1 && listed(capacityProviders),
  ),
  // A strategy chooses where the next task starts and which one stops.
  cannot(
    'placement-strategy',
    ({ service: { placementStrategy } }) =>
      !isZoneAware(placementStrategy) &&
      placementStrategy.map(({ type, field }) => `${type} ${field ?? ''}`.trim()).join(', '),
  ),
  hold('guard-unknown', (_, { index }) =>
    listed(surgeSubjects.filter((subject) => index.isIncomplete(subject))),
  ),
  hold('scaling-active', ({ service }, { index }) => {
    const target = valueIn(index.snapshot.scalableTargets, service.name);
    return (
      target !== undefined && !target.isSuspended && `scales from ${target.min} to ${target.max}`
    );
  }),
  hold('task-protected', ({ service }, { index, protectedArns }) =>
    protectedArns.size === 0
      ? undefined
      : listed(
          countedTasksOf(service, index).flatMap(({ arn }) => (protectedArns.has(arn) ? arn : [])),
        ),
  ),
];

const rules: readonly Rule[] = [
  ...ignoreRules,
  ...doubtRules,
  ...balanceRules,
  ...quietRules,
  ...ladderRules,
];

/**
 * What forbids every act of ours, and hides no imbalance: it stands, and is told, while the cluster is
 * too ill, or its rooms too much in motion, to touch anything.
 */
const actGuards: readonly Rule[] = [
  hold(
    'services-unhealthy',
    (_, { unhealthy, services, policy }) =>
      unhealthy.length > policy.unhealthyShareMax * services &&
      `${unhealthy.length} of ${services} services are below their minimum`,
  ),
  hold('provider-draining', ({ service }, { index }) =>
    listed(
      index
        .instancesFor(service)
        .filter(isLeaving)
        .map(({ arn }) => arn),
    ),
  ),
];

/** The first rule that applies; undefined where it comes to the rooms for a surge. */
export const rulingOf = (one: ZoneCase, context: ZoneContext): Ruling | undefined =>
  firstOf(rules, one, context);

/** What forbids to act for a service, whatever the act would be; undefined where nothing does. */
export const guardOf = (one: ZoneCase, context: ZoneContext): Ruling | undefined =>
  firstOf(actGuards, one, context);

function firstOf(among: readonly Rule[], one: ZoneCase, context: ZoneContext): Ruling | undefined {
  for (const { when, decision, verdict, reason } of among) {
    const detail = when(one, context);
    if (typeof detail === 'string') return { decision, verdict, reason, detail };
  }
  return undefined;
}

/** Names that a detail lists at most. */
const namesMax = 5;

/** Names for people, by name; undefined without any. */
function listed(names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const shown = names.toSorted().slice(0, namesMax).join(', ');
  return names.length > namesMax ? `${shown} and ${names.length - namesMax} more` : shown;
}

/** Says how long ago something was, where that is not long enough. */
function recent(
  what: string,
  atMs: number | undefined,
  { policy, index: { snapshot } }: ZoneContext,
): string | undefined {
  if (atMs === undefined || snapshot.takenAtMs - atMs >= policy.quietMs) return undefined;
  return `${what} ${Math.max(Math.floor((snapshot.takenAtMs - atMs) / 60_000), 0)} min ago`;
}

/** What ECS has to do first: on Managed Instances a zone may have to get an instance. */
function waitDetail({ service, spread }: ZoneCase, { index }: ZoneContext): string {
  const provided = new Set(
    index.snapshot.instances
      .filter(
        ({ capacityProvider, status }) =>
          status === 'ACTIVE' && service.capacityProviders.includes(capacityProvider ?? ''),
      )
      .map(({ zone }) => zone),
  );
  const bare = spread.zones.filter((zone) => !provided.has(zone));
  return service.compute === 'managed-instances' && bare.length > 0
    ? `eligible and enabled; no instance in ${bare.join(', ')} yet, which ECS may launch`
    : 'eligible and enabled';
}
