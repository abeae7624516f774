import { assert } from './assert.ts';
import { mentionsZone } from './placement-constraint.ts';
import type { NoRoom } from './room.ts';
import { isSteady } from './service-state.ts';
import type { Service } from './snapshot.ts';
import { taskLimitsOf } from './task-limits.ts';
import { receiversOf } from './zone-balance.ts';
import type { ZoneSpread } from './zones.ts';

/** What keeps ECS from rebalancing a service over its zones by itself, and what would let it. */
export type Obstacle = {
  readonly reason:
    | 'rebalancing-disabled'
    | 'deployment-controller'
    | 'daemon-service'
    | 'external-launch-type'
    | 'maximum-percent'
    | 'classic-load-balancer'
    | 'zone-constraint'
    | 'placement-strategy'
    | 'one-zone'
    | 'one-task'
    | NoRoom['reason'];
  /** The exact change, as one would write it in the service. */
  readonly change: string;
};

export type Eligibility = {
  /** Empty where ECS acts, with nothing changed. */
  readonly obstacles: readonly Obstacle[];
  /** ECS looks at a service only once it is steady: a wait, not an obstacle. */
  readonly isSteady: boolean;
};

/** Whether to enable rebalancing is all that it takes. */
export const lacksOnlyEnabling = ({ obstacles }: Eligibility): boolean =>
  obstacles.length === 1 && obstacles[0]?.reason === 'rebalancing-disabled';

/**
 * The smallest maximum percent that lets one task start before another stops: ECS rounds the desired
 * count times the percent down, so it is the first p with p × desired ≥ 100 × (desired + 1).
 */
export function maximumPercentToStart(desired: number): number {
  assert(Number.isInteger(desired) && desired >= 1, 'to start a task before another there is one');
  return Math.ceil((100 * (desired + 1)) / desired);
}

/**
 * Checks every documented condition of Availability Zone rebalancing, and those that follow from its
 * arithmetic: with room for none more nothing can start, with one task or one zone nothing can spread.
 * A service that never had the setting counts as disabled. `refusalIn` says why one more of its
 * tasks has no room in a zone; it is asked of EC2 alone, where ECS launches no instance to rebalance.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing.html
 */
export function eligibilityOf(
  service: Service,
  spread: ZoneSpread,
  { refusalIn, skewMax }: { refusalIn: (zone: string) => NoRoom | undefined; skewMax: number },
): Eligibility {
  return {
    obstacles: [
      ...checks.flatMap(({ applies, reason, change }) =>
        applies(service, spread) ? [{ reason, change: change(service) }] : [],
      ),
      ...(service.compute === 'ec2' ? roomObstacles(spread, refusalIn, skewMax) : []),
    ],
    isSteady: isSteady(service),
  };
}

type Check = {
  readonly reason: Obstacle['reason'];
  readonly applies: (service: Service, spread: ZoneSpread) => boolean;
  readonly change: (service: Service) => string;
};

const zoneSpreadField = 'attribute:ecs.availability-zone';

const isDisabled = ({ availabilityZoneRebalancing }: Service): boolean =>
  availabilityZoneRebalancing !== 'ENABLED';

/** Whether ECS itself deploys the service; without a word it does. */
export const isDeployedByEcs = ({ deploymentController = 'ECS' }: Service): boolean =>
  deploymentController === 'ECS';

const checks: readonly Check[] = [
  {
    reason: 'rebalancing-disabled',
    applies: isDisabled,
    change: () => 'availabilityZoneRebalancing ENABLED',
  },
  {
    // UpdateService takes the setting for services that ECS itself deploys, and for no others.
    // https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
    reason: 'deployment-controller',
    applies: (service) => isDisabled(service) && !isDeployedByEcs(service),
    change: () => 'deploymentController ECS',
  },
  {
    reason: 'daemon-service',
    applies: ({ schedulingStrategy }) => schedulingStrategy === 'DAEMON',
    change: () => 'schedulingStrategy REPLICA, in a new service',
  },
  {
    reason: 'external-launch-type',
    applies: ({ launchType, compute }) => launchType === 'EXTERNAL' || compute === 'external',
    change: () => 'a launch type or capacity provider with zones, in a new service',
  },
  {
    reason: 'maximum-percent',
    applies: (service) => service.desired > 0 && taskLimitsOf(service).canStart === 0,
    change: ({ desired }) => `maximumPercent >= ${maximumPercentToStart(desired)}`,
  },
  {
    reason: 'classic-load-balancer',
    applies: ({ hasClassicLoadBalancer }) => hasClassicLoadBalancer,
    change: () => 'target groups of an Application or Network Load Balancer',
  },
  {
    reason: 'zone-constraint',
    applies: ({ placementConstraints }) => mentionsZone(placementConstraints),
    change: () => `no placement constraint on ${zoneSpreadField}; choose zones by subnets`,
  },
  {
    reason: 'placement-strategy',
    applies: ({ placementStrategy }) => !isZoneAware(placementStrategy),
    change: () => `spread by ${zoneSpreadField} as the first placement strategy`,
  },
  {
    reason: 'one-zone',
    applies: (_, { zones }) => zones.length === 1,
    change: ({ capacityProviders, compute }) =>
      compute === 'managed-instances'
        ? `subnets of a second zone in capacity provider ${capacityProviders.join(', ')}`
        : compute === 'ec2'
          ? 'instances, and where it has subnets a subnet, in a second zone'
          : 'a subnet in a second zone',
  },
  {
    reason: 'one-task',
    applies: ({ desired }) => desired === 1,
    change: () => 'desiredCount >= 2',
  },
];

/** Whether ECS starts and stops tasks by their zones first: without a strategy it does. */
export const isZoneAware = ([first]: Service['placementStrategy']): boolean =>
  first === undefined || (first.type === 'spread' && first.field === zoneSpreadField);

/** One obstacle where no zone that is short of tasks has a room, nor may have one. */
function roomObstacles(
  { zones, counts }: ZoneSpread,
  refusalIn: (zone: string) => NoRoom | undefined,
  skewMax: number,
): readonly Obstacle[] {
  const short = receiversOf(counts, skewMax)
    .toSorted((a, b) => (counts[a] ?? 0) - (counts[b] ?? 0))
    .map((at) => zones[at] ?? '');
  const closed = short.flatMap((zone) => {
    const refusal = refusalIn(zone);
    const isClosed = refusal !== undefined && refusal.reason !== 'zone-room-unknown';
    return isClosed ? [{ zone, ...refusal }] : [];
  });
  const [first] = closed;
  if (first === undefined || closed.length < short.length) return [];
  return [{ reason: first.reason, change: roomChange(first) }];
}

/** What would make room in a zone. */
export function roomChange({ zone, reason, lacks }: NoRoom & { zone: string }): string {
  if (reason === 'zone-instance-missing') return `an instance in ${zone}`;
  return reason === 'zone-room-missing'
    ? `room in ${zone} (${lacks.join(', ')})`
    : `limits of the instances in ${zone} that can be read`;
}
