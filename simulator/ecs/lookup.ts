import { ServiceError } from '../aws/errors.ts';
import type { Core } from './core.ts';
import type { Cluster, Instance, Service, Task, TaskDefinition } from './state.ts';

const lastOf = (nameOrArn: string): string => nameOrArn.split('/').at(-1) ?? nameOrArn;

/** A cluster by name or ARN. */
export function clusterOf({ state }: Core, nameOrArn: string): Cluster {
  const cluster = state.clusters.get(lastOf(nameOrArn));
  if (cluster !== undefined) return cluster;
  throw new ServiceError('ClusterNotFoundException', 'Cluster not found.');
}

/** A service by name or ARN, ACTIVE ones only where something is to be changed. */
export function serviceOf(core: Core, cluster: string, nameOrArn: string): Service {
  const service = clusterOf(core, cluster).services.get(lastOf(nameOrArn));
  if (service === undefined) {
    throw new ServiceError('ServiceNotFoundException', 'Service not found.');
  }
  if (service.isDeleted) {
    throw new ServiceError('ServiceNotActiveException', 'Service was not ACTIVE.');
  }
  return service;
}

/** A task definition by family, `family:revision` or ARN. */
export function definitionOf({ state, account }: Core, name: string): TaskDefinition {
  const prefix = `arn:aws:ecs:${account.region}:${account.accountId}:task-definition/`;
  const definition = name.includes(':')
    ? state.definitions.get(name.startsWith('arn:') ? name : `${prefix}${name}`)
    : state.families.get(name);
  if (definition !== undefined) return definition;
  throw new ServiceError('ClientException', 'Unable to describe task definition.');
}

export function findTask({ state }: Core, cluster: Cluster, idOrArn: string): Task | undefined {
  const arn = idOrArn.startsWith('arn:')
    ? idOrArn
    : cluster.arn.replace(':cluster/', ':task/').concat(`/${idOrArn}`);
  return state.tasks.get(arn);
}

export function taskOf(core: Core, cluster: Cluster, idOrArn: string): Task {
  const task = findTask(core, cluster, idOrArn);
  if (task !== undefined) return task;
  throw new ServiceError('InvalidParameterException', 'The referenced task was not found.');
}

export function findInstanceOf(
  { state }: Core,
  cluster: Cluster,
  idOrArn: string,
): Instance | undefined {
  const arn = idOrArn.startsWith('arn:')
    ? idOrArn
    : cluster.arn.replace(':cluster/', ':container-instance/').concat(`/${idOrArn}`);
  return state.instances.get(arn);
}

export function instanceOf(core: Core, cluster: Cluster, idOrArn: string): Instance {
  const instance = findInstanceOf(core, cluster, idOrArn);
  if (instance !== undefined) return instance;
  throw new ServiceError(
    'InvalidParameterException',
    'Referenced container instance was not found.',
  );
}
