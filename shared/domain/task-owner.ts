import type { ClusterIndex } from './cluster-index.ts';
import type { Service, Task } from './snapshot.ts';
import { isServiceTask } from './task-identity.ts';

/**
 * Who puts a task back when it stops: its service; nobody, for a standalone task; or whatever puts one on
 * each instance (a managed daemon, a DAEMON service), so that the task belongs to the instance and goes
 * with it.
 */
export type TaskOwner =
  | {
      readonly type: 'service';
      readonly name: string | undefined;
      /** Undefined where it could not be read. */
      readonly service: Service | undefined;
    }
  | { readonly type: 'instance' }
  | { readonly type: 'nobody' };

/** The owner of a task among the services of its cluster. */
export function ownerOf(task: Task, { serviceOf }: Pick<ClusterIndex, 'serviceOf'>): TaskOwner {
  const { service: name } = task;
  const service = serviceOf(name);
  if (service?.schedulingStrategy === 'DAEMON') return { type: 'instance' };
  if (name !== undefined) return { type: 'service', name, service };
  if (isOfManagedDaemon(task)) return { type: 'instance' };
  return isServiceTask(task)
    ? { type: 'service', name: undefined, service: undefined }
    : { type: 'nobody' };
}

/**
 * Whether the task of no service is a managed daemon's. They have task definitions of their own; how
 * ECS writes their group is not documented: `daemon:NAME` or `.../daemon/NAME` would be told as well.
 */
const isOfManagedDaemon = ({ taskDefinitionArn, group, startedBy }: Task): boolean =>
  taskDefinitionArn.includes(':daemon-task-definition/') ||
  [group, startedBy].some((name = '') => /\bdaemon[:/]/.test(name));
