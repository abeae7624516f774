import type { Core } from './core.ts';
import type { Cluster, Provider, Service, Task } from './state.ts';

/** Tasks by zone, zones without any included where they are given. */
export type ZoneCounts = Map<string, number>;

/** Counts the tasks that ECS wants to run, by zone. */
export function countByZone(tasks: Iterable<Task>, zones: readonly string[] = []): ZoneCounts {
  const counts: ZoneCounts = new Map(zones.map((zone) => [zone, 0]));
  for (const { zone, isStopping } of tasks) {
    if (zone !== undefined && !isStopping) counts.set(zone, (counts.get(zone) ?? 0) + 1);
  }
  return counts;
}

/** Tasks of a service, or of a group of standalone tasks, that are not STOPPED. */
export function tasksOfGroup(core: Core, cluster: Cluster, group: string): readonly Task[] {
  const service = group.startsWith('service:')
    ? cluster.services.get(group.slice('service:'.length))
    : undefined;
  if (service !== undefined) return [...service.tasks];
  return [...core.state.tasks.values()].filter(
    (task) => task.cluster === cluster && task.view.group === group,
  );
}

/** Zones of subnets, each once, in the order of the subnets. */
export function zonesOfSubnets(core: Core, subnets: readonly string[]): readonly string[] {
  const zones = subnets.flatMap((id) => core.account.subnets.get(id)?.AvailabilityZone ?? []);
  return [...new Set(zones)];
}

/** The first of the subnets that is in the zone. */
export const subnetIn = (
  { account }: Core,
  subnets: readonly string[],
  zone: string | undefined,
): string | undefined => subnets.find((id) => account.subnets.get(id)?.AvailabilityZone === zone);

export const subnetsOf = ({ view }: Provider): readonly string[] =>
  view.managedInstancesProvider?.instanceLaunchTemplate?.networkConfiguration?.subnets ?? [];

/**
 * Zones that a service is configured for: of its providers' subnets and its own where both have some, of
 * the one that has some, else of its instances.
 */
export function configuredZones(core: Core, service: Service): readonly string[] {
  const ofService = service.view.networkConfiguration?.awsvpcConfiguration?.subnets ?? [];
  const providers = (service.view.capacityProviderStrategy ?? []).flatMap(
    ({ capacityProvider }) => core.state.providers.get(capacityProvider) ?? [],
  );
  const ofProviders = providers.flatMap((provider) =>
    provider.kind === 'MANAGED_INSTANCES' ? subnetsOf(provider) : (provider.group?.subnets ?? []),
  );
  const own = zonesOfSubnets(core, ofService);
  if (ofProviders.length > 0) {
    const launched = zonesOfSubnets(core, ofProviders);
    return own.length === 0 ? launched : launched.filter((zone) => own.includes(zone));
  }
  if (own.length > 0) return own;
  const zones = [...service.cluster.instances].flatMap(({ zone, view }) =>
    zone !== undefined && view.status === 'ACTIVE' ? [zone] : [],
  );
  return [...new Set(zones)].sort();
}

/**
 * What balance means: the desired count by the number of zones, the remainder one each.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing.html
 */
export function isBalanced(counts: ZoneCounts): boolean {
  const values = [...counts.values()];
  return values.length < 2 || Math.max(...values) - Math.min(...values) <= 1;
}
