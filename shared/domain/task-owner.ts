import type { Service, Task } from './snapshot.ts';
import { isServiceTask } from './stop-classification.ts';

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

/** Services by name: names are unique in a cluster. */
export const servicesByName = (services: readonly Service[]): ReadonlyMap<string, Service> =>
  new Map(services.map((service) => [service.name, service]));

/** The owner of a task among the services of its cluster. */
export function ownerOf(task: Task, services: ReadonlyMap<string, Service>): TaskOwner {
  const { service: name, taskDefinitionArn } = task;
  const service = name === undefined ? undefined : services.get(name);
  if (service?.schedulingStrategy === 'DAEMON') return { type: 'instance' };
  if (name !== undefined) return { type: 'service', name, service };
  // Managed daemons have task definitions of their own.
  if (taskDefinitionArn.includes(':daemon-task-definition/')) return { type: 'instance' };
  return isServiceTask(task)
    ? { type: 'service', name: undefined, service: undefined }
    : { type: 'nobody' };
}
