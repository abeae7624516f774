import { type ClusterIndex, primaryTasksOf } from './cluster-index.ts';
import { type Constraints, readConstraints } from './placement-constraint.ts';
import type { ComputeKind, Instance, Resources, Service, Task } from './snapshot.ts';
import { allOf, type Truth, truthOf } from './truth.ts';

/** What one more task of a service needs, as its running tasks show it. */
export type TaskShape = {
  /** The group that its tasks are of, `service:NAME`. */
  readonly group: string;
  readonly compute: ComputeKind | undefined;
  readonly reserved: Resources;
  readonly hostPorts: readonly string[];
  readonly hasEni: boolean;
  /** Architecture and system of the instances that its tasks run on. */
  readonly platforms: ReadonlySet<string>;
  readonly constraints: Constraints;
  /** Instances that its strategy or launch type leads to; empty on Fargate. */
  readonly instances: readonly Instance[];
  /** Alike for shapes that the same instances suit. */
  readonly suitKey: string;
};

/** The shape of the next task: the most that any task of the primary rollout reserves. */
export function shapeOf(service: Service, index: ClusterIndex): TaskShape {
  const tasks = primaryTasksOf(service, index);
  const platforms = new Set(tasks.map((task) => platformOfTask(task, index)));
  platforms.delete(undefined);
  const { capacityProviders, compute, placementConstraints } = service;
  return {
    group: `service:${service.name}`,
    compute,
    reserved: {
      cpuUnits: tasks.reduce((most, { reserved }) => Math.max(most, reserved.cpuUnits), 0),
      memoryMiB: tasks.reduce((most, { reserved }) => Math.max(most, reserved.memoryMiB), 0),
    },
    hostPorts: [...new Set(tasks.flatMap(({ hostPorts }) => hostPorts))],
    hasEni: tasks.some(({ hasEni }) => hasEni),
    platforms: platforms as ReadonlySet<string>,
    constraints: readConstraints(placementConstraints),
    instances: index.instancesFor(service),
    // Only who looks for rooms asks for it.
    get suitKey() {
      return JSON.stringify([
        [...capacityProviders].sort(),
        compute,
        [...platforms].sort(),
        placementConstraints,
      ]);
    },
  };
}

function platformOfTask(task: Task, index: ClusterIndex): string | undefined {
  const host = index.instanceOf(task.instanceArn);
  return platformOf(task.architecture ?? host?.architecture, host);
}

const platformOf = (architecture: string | undefined, host: Instance | undefined) =>
  architecture === undefined
    ? undefined
    : `${architecture} ${host?.attributes['ecs.os-type'] ?? ''}`;

/**
 * Whether an instance is of a kind that takes tasks of this shape, whatever it has left. A task
 * definition's own wishes are not in a snapshot: the next task is taken to want the architecture and
 * the system that the running ones have.
 */
export const suits = (shape: TaskShape, instance: Instance): Truth =>
  allOf([isOfPlatform(shape, instance), allows(shape, instance, undefined)]);

/** Whether it has the architecture and the system that the running tasks have. */
export function isOfPlatform({ platforms }: TaskShape, instance: Instance): Truth {
  const platform = platformOf(instance.architecture, instance);
  return platform === undefined || platforms.size === 0
    ? 'unknown'
    : truthOf(platforms.has(platform));
}

/** Whether the service's constraints allow it, with these groups of tasks on it. */
export const allows = (
  shape: TaskShape,
  instance: Instance,
  groups: ReadonlySet<string> | undefined,
) =>
  shape.constraints.allows({
    attributes: instance.attributes,
    areAttributesComplete: true,
    ec2InstanceId: instance.ec2InstanceId,
    groups,
  });
