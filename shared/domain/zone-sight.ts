import type { ZoneReason } from './zone-rules.ts';
import type { ZoneVerdict } from './zone-verdict.ts';

/**
 * What a verdict says about the imbalance itself. `held`: tasks are on the move, or what was seen is
 * not to be trusted, so it is neither there nor gone. `ecs`: it is there, and ECS should end it.
 * `left`: it is there, and ECS leaves it.
 */
export type Sight = 'well' | 'held' | 'ecs' | 'left';

const sights: Readonly<Record<ZoneReason, Sight>> = {
  balanced: 'well',
  // Nothing to balance, or nobody wants it balanced.
  'service-not-active': 'well',
  'opted-out': 'well',
  'nothing-desired': 'well',
  'external-launch-type': 'well',
  'one-task': 'well',
  'daemon-service': 'well',
  'snapshot-incomplete': 'held',
  'compute-unknown': 'held',
  'zones-unknown': 'held',
  'deployment-in-progress': 'held',
  'recent-deployment': 'held',
  'instance-draining': 'held',
  'not-steady': 'held',
  'zone-shifted': 'held',
  'recent-desired-count': 'held',
  // All tasks run and none moves: if ECS goes on trying in vain, its hour goes on as well.
  'recent-rebalancing': 'ecs',
  'recent-placement-failure': 'ecs',
  'ecs-will-rebalance': 'ecs',
  'enable-native-rebalancing': 'left',
  'one-zone': 'left',
  'deployment-controller': 'left',
  'maximum-percent': 'left',
  'several-capacity-providers': 'left',
  'placement-strategy': 'left',
  // These forbid an act of ours alone: the imbalance is there, and ECS leaves it.
  'services-unhealthy': 'left',
  'provider-draining': 'left',
  'guard-unknown': 'left',
  'scaling-active': 'left',
  'task-protected': 'left',
  'surge-move': 'left',
  'zone-instance-missing': 'left',
  'zone-room-missing': 'left',
  'zone-room-unknown': 'left',
};

/** A failed placement of a service that ECS may not rebalance is no try of ECS to do so. */
export const sightOf = ({ reason, obstacles }: ZoneVerdict): Sight => {
  const sight = sights[reason];
  return sight === 'ecs' && obstacles.length > 0 ? 'left' : sight;
};

/** Whether a verdict says that the service is unevenly spread now, or all in one zone. */
export const isImbalanced = (verdict: ZoneVerdict): boolean => {
  const sight = sightOf(verdict);
  return sight === 'ecs' || sight === 'left';
};

/** Obstacles that come and go with the other tasks of the cluster; the others are settings. */
const passing: ReadonlySet<string> = new Set([
  'zone-instance-missing',
  'zone-room-missing',
  'zone-room-unknown',
]);

/**
 * Why the imbalance is there, as far as it lasts: ECS itself, the settings that rule it out, or the
 * room. What a reader would have to change stays the same as long as this word does.
 */
export function keptBy(verdict: ZoneVerdict): string {
  if (sightOf(verdict) === 'ecs') return 'ecs';
  const settings = verdict.obstacles
    .map(({ reason }) => reason)
    .filter((reason) => !passing.has(reason));
  return settings.length === 0 ? 'room' : settings.toSorted().join(', ');
}
