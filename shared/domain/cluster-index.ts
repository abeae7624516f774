import { sortedBy } from './order.ts';
import { arrangementKeysOf, remembered } from './remembered.ts';
import { primaryOf } from './service-state.ts';
import type {
  CapacityProvider,
  GapSubject,
  Instance,
  Service,
  Snapshot,
  Task,
} from './snapshot.ts';

/** A snapshot, arranged for looking things up; the order of its lists does not show. */
export type ClusterIndex = {
  readonly snapshot: Snapshot;
  /** Tasks of a service by name. */
  readonly tasksOf: (service: string) => readonly Task[];
  /** Tasks on an instance by its ARN. */
  readonly tasksOn: (instanceArn: string) => readonly Task[];
  readonly instanceOf: (arn: string | undefined) => Instance | undefined;
  /** By its name, which is unique in a cluster. */
  readonly serviceOf: (name: string | undefined) => Service | undefined;
  readonly providerOf: (name: string) => CapacityProvider | undefined;
  /** Instances that ECS may place the tasks of a service on, as far as its strategy goes; by ARN. */
  readonly instancesFor: (service: Service) => readonly Instance[];
  /** Whether a part of the snapshot could not be read whole. */
  readonly isIncomplete: (subject: GapSubject) => boolean;
};

/** Arranges a snapshot: some passes over its lists, once for all that hold the same. */
export const indexOf = (snapshot: Snapshot): ClusterIndex => ({
  ...arrangementOf(snapshot),
  snapshot,
});

const arrangementOf = remembered(arrangementKeysOf, arrange);

function arrange(snapshot: Snapshot): Omit<ClusterIndex, 'snapshot'> {
  const ofService = Map.groupBy(snapshot.tasks, ({ service }) => service);
  const onInstance = Map.groupBy(snapshot.tasks, ({ instanceArn }) => instanceArn);
  const instances = sortedBy(snapshot.instances, ({ arn }) => arn);
  const byArn = new Map(instances.map((instance) => [instance.arn, instance]));
  const services = new Map(snapshot.services.map((service) => [service.name, service]));
  const providers = new Map(snapshot.capacityProviders.map((one) => [one.name, one]));
  const ofProvider = Map.groupBy(instances, ({ capacityProvider }) => capacityProvider);
  // Launch types that take any instance of their kind.
  const ofKind = {
    ec2: instances.filter(({ compute }) => compute === 'ec2'),
    external: instances.filter(({ compute }) => compute === 'external'),
  } as const;
  // What ECS lost between a list and its description is gone, and nothing is missing.
  const incomplete = new Set(
    snapshot.gaps.filter(({ reason }) => reason !== 'missing').map(({ subject }) => subject),
  );
  return {
    tasksOf: (service) => ofService.get(service) ?? [],
    tasksOn: (instanceArn) => onInstance.get(instanceArn) ?? [],
    instanceOf: (arn) => (arn === undefined ? undefined : byArn.get(arn)),
    serviceOf: (name) => (name === undefined ? undefined : services.get(name)),
    providerOf: (name) => providers.get(name),
    instancesFor: ({ capacityProviders, compute }) => {
      if (capacityProviders.length === 0) {
        return compute === 'ec2' || compute === 'external' ? ofKind[compute] : [];
      }
      const [first = '', ...others] = capacityProviders;
      const ofFirst = ofProvider.get(first) ?? [];
      return others.length === 0
        ? ofFirst
        : instances.filter(({ capacityProvider = '' }) =>
            capacityProviders.includes(capacityProvider),
          );
    },
    isIncomplete: (subject) => incomplete.has(subject),
  };
}

/**
 * Tasks of the rollout that is wanted now; all tasks of the service where it has no rollout, as with
 * the deployment controllers CODE_DEPLOY and EXTERNAL.
 */
export function primaryTasksOf(service: Service, index: ClusterIndex): readonly Task[] {
  const tasks = index.tasksOf(service.name);
  const primary = primaryOf(service);
  return primary === undefined ? tasks : tasks.filter(({ startedBy }) => startedBy === primary.id);
}
