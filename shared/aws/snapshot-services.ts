import type {
  Service as EcsService,
  LoadBalancer,
  ServiceEvent,
  TaskSet,
} from '@aws-sdk/client-ecs';
import { recordOf } from '../domain/record.ts';
import type { Service } from '../domain/snapshot.ts';
import { rolloutsOf } from './rollouts.ts';
import { computeOfService, type ProviderKinds } from './snapshot-compute.ts';
import { tagsOf } from './tags.ts';

/** What DescribeServices says of a service. */
export type ServiceFacts = Omit<Service, 'compute'> & {
  /** ARN of its latest deployment, or of the one under way. */
  readonly currentDeploymentArn: string | undefined;
};

/** Tags of Ballast's own; those of others are none of its business. */
const tagPrefix = 'ballast:';

/** The facts of a service; nothing of one that was deleted since it was listed. */
export function serviceFactsOf(service: EcsService): readonly ServiceFacts[] {
  const { serviceArn: arn, serviceName: name, status = 'UNKNOWN' } = service;
  if (arn === undefined || name === undefined || status === 'INACTIVE') return [];
  const { deploymentConfiguration: configuration, events = [] } = service;
  const { launchType, capacityProviders, subnets, loadBalancers } = wherePlaced(service);
  return [
    {
      arn,
      name,
      status,
      desired: service.desiredCount ?? 0,
      running: service.runningCount ?? 0,
      pending: service.pendingCount ?? 0,
      launchType,
      capacityProviders,
      schedulingStrategy: service.schedulingStrategy,
      deploymentController: service.deploymentController?.type,
      deploymentStrategy: configuration?.strategy,
      minimumHealthyPercent: configuration?.minimumHealthyPercent,
      maximumPercent: configuration?.maximumPercent,
      availabilityZoneRebalancing: service.availabilityZoneRebalancing,
      ...placementOf(service),
      subnets,
      targetGroupArns: targetGroupsOf(loadBalancers),
      hasClassicLoadBalancer: loadBalancers.some(({ loadBalancerName }) => !!loadBalancerName),
      hooks: hooksOf(configuration?.lifecycleHooks),
      taskDefinitionArn: service.taskDefinition,
      rollouts: rolloutsOf(service.deployments),
      lastRebalancingAtMs: lastAtMs(events, rebalancing),
      lastPlacementFailureAtMs: lastAtMs(events, placementFailure),
      createdAtMs: service.createdAt?.getTime(),
      tags: ownTagsOf(service),
      currentDeploymentArn: service.currentServiceDeployment,
    },
  ];
}

/** The service of a snapshot. */
export const serviceOf = (
  { currentDeploymentArn: _, ...facts }: ServiceFacts,
  providers: ProviderKinds,
): Service => ({ ...facts, compute: computeOfService(facts, providers) });

type Placed = Pick<ServiceFacts, 'launchType' | 'capacityProviders' | 'subnets'> & {
  readonly loadBalancers: readonly LoadBalancer[];
};

/**
 * What runs a service's tasks, and where. Under an external controller that is on its task sets: the
 * primary one says it, else the only one, and what it leaves out the service may say.
 */
function wherePlaced(service: EcsService): Placed {
  const own = placedOf(service);
  const { deploymentController, taskSets = [] } = service;
  const set =
    taskSets.find(({ status }) => status === 'PRIMARY') ??
    (taskSets.length === 1 ? taskSets[0] : undefined);
  if (deploymentController?.type !== 'EXTERNAL' || set === undefined) return own;
  const { launchType, capacityProviders, subnets, loadBalancers } = placedOf(set);
  const isSaid = launchType !== undefined || capacityProviders.length > 0;
  return {
    launchType: isSaid ? launchType : own.launchType,
    capacityProviders: isSaid ? capacityProviders : own.capacityProviders,
    subnets: subnets.length > 0 ? subnets : own.subnets,
    loadBalancers: loadBalancers.length > 0 ? loadBalancers : own.loadBalancers,
  };
}

const placedOf = (from: EcsService | TaskSet): Placed => ({
  launchType: from.launchType,
  capacityProviders: (from.capacityProviderStrategy ?? []).flatMap(
    ({ capacityProvider }) => capacityProvider ?? [],
  ),
  subnets: from.networkConfiguration?.awsvpcConfiguration?.subnets ?? [],
  loadBalancers: from.loadBalancers ?? [],
});

function placementOf(
  service: EcsService,
): Pick<Service, 'placementStrategy' | 'placementConstraints'> {
  return {
    placementStrategy: (service.placementStrategy ?? []).map(({ type, field }) => ({
      type: type ?? 'unknown',
      field,
    })),
    placementConstraints: (service.placementConstraints ?? []).map(({ type, expression }) => ({
      type: type ?? 'unknown',
      expression,
    })),
  };
}

/** Both groups of a service that shifts traffic: either may be the one that serves. */
const targetGroupsOf = (balancers: readonly LoadBalancer[]): readonly string[] => [
  ...new Set(
    balancers.flatMap(({ targetGroupArn, advancedConfiguration: advanced }) =>
      [targetGroupArn, advanced?.alternateTargetGroupArn].flatMap((arn) => arn ?? []),
    ),
  ),
];

type Hooks = NonNullable<EcsService['deploymentConfiguration']>['lifecycleHooks'];

/** A hook that only pauses has no target. */
const hooksOf = (hooks: Hooks): Service['hooks'] =>
  (hooks ?? []).flatMap(({ hookTargetArn, lifecycleStages }) =>
    hookTargetArn === undefined
      ? []
      : [{ targetArn: hookTargetArn, stages: lifecycleStages ?? [] }],
  );

const ownTagsOf = ({ tags }: EcsService): Service['tags'] =>
  recordOf(Object.entries(tagsOf(tags)).filter(([key]) => key.startsWith(tagPrefix)));

/**
 * Messages about rebalancing, begun, done or given up: `... is not AZ balanced with ...`, `... to AZ
 * Rebalance: ...`, `... due to AZ rebalancing`. The name of a service has no spaces.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing-event-messages-list.html
 */
const rebalancing = /\bAZ (balanced|rebalanc(e|ing))\b/i;

/**
 * Messages about tasks that found no place.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
 */
const placementFailure =
  /\bunable to place (a task|tasks)\b|\bcould not launch \d+ tasks?\b|\bno container instances were found\b/i;

/** Time of the latest event whose message is one of these; undefined where there is none. */
function lastAtMs(events: readonly ServiceEvent[], message: RegExp): number | undefined {
  let lastMs: number | undefined;
  for (const event of events) {
    const atMs = event.createdAt?.getTime();
    if (atMs === undefined || (lastMs !== undefined && atMs <= lastMs)) continue;
    if (message.test(event.message ?? '')) lastMs = atMs;
  }
  return lastMs;
}
