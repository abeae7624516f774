import type { ClusterIndex } from './cluster-index.ts';
import { sortedBy } from './order.ts';
import type { Instance } from './snapshot.ts';

/** Whether an instance is being emptied, or is on its way out of the cluster. */
export const isLeaving = ({ status }: Instance): boolean =>
  status === 'DRAINING' || status === 'DEREGISTERING';

/**
 * Services that still have a task on a leaving instance, by name, each with the ARNs of those
 * instances: what a drain moves. It moves nothing of the others, however long it lasts.
 */
export function servicesLeaving({
  snapshot: { instances },
  tasksOn,
}: ClusterIndex): ReadonlyMap<string, readonly string[]> {
  const leaving = sortedBy(instances.filter(isLeaving), ({ arn }) => arn);
  const under = leaving.flatMap(({ arn }) => {
    const services = new Set(tasksOn(arn).map(({ service }) => service));
    return [...services].flatMap((service) => (service === undefined ? [] : [{ service, arn }]));
  });
  const byService = Map.groupBy(under, ({ service }) => service);
  return new Map([...byService].map(([service, own]) => [service, own.map(({ arn }) => arn)]));
}
