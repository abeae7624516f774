import type { Container, Task as EcsTask } from '@aws-sdk/client-ecs';
import type { Instance, Resources, Task } from '../domain/snapshot.ts';
import { computeOfTask, type ProviderKinds } from './snapshot-compute.ts';

/** What DescribeTasks says of a task; the rest takes a look at its instance and its provider. */
export type TaskFacts = Omit<Task, 'compute'> & { readonly launchType: string | undefined };

/**
 * Lowest port that is given out dynamically, so that a lower one was asked for.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html
 */
const dynamicPortMin = 32_768;

/**
 * The facts of a task that shall run; nothing of one that was told to stop since it was listed.
 * Overrides, commands and tags are not read: their values may be secrets.
 */
export function taskFactsOf(task: EcsTask): readonly TaskFacts[] {
  const { taskArn, desiredStatus = 'RUNNING', lastStatus = 'UNKNOWN' } = task;
  if (taskArn === undefined || desiredStatus === 'STOPPED' || lastStatus === 'STOPPED') return [];
  const containers = task.containers ?? [];
  const hasEni = (task.attachments ?? []).some(({ type }) => isEni(type));
  return [
    {
      arn: taskArn,
      service: /^service:(.+)$/.exec(task.group ?? '')?.[1],
      group: task.group,
      startedBy: task.startedBy,
      taskDefinitionArn: task.taskDefinitionArn ?? '?',
      launchType: task.launchType,
      capacityProvider: task.capacityProviderName,
      instanceArn: task.containerInstanceArn,
      zone: task.availabilityZone,
      reserved: reservedBy(task, containers),
      hostPorts: hasEni ? [] : hostPortsOf(containers),
      hasEni,
      architecture: valueIn(task.attributes, 'ecs.cpu-architecture'),
      lastStatus,
      desiredStatus,
      health: task.healthStatus,
      createdAtMs: task.createdAt?.getTime(),
      startedAtMs: task.startedAt?.getTime(),
    },
  ];
}

/** The task of a snapshot: with what runs it and, where ECS does not say its zone, its instance's. */
export function taskOf(
  { launchType, ...facts }: TaskFacts,
  providers: ProviderKinds,
  instances: ReadonlyMap<string, Instance>,
): Task {
  const instance = instances.get(facts.instanceArn ?? '');
  return {
    ...facts,
    compute: computeOfTask({ ...facts, launchType }, providers, instances),
    zone: facts.zone ?? instance?.zone,
    architecture: facts.architecture ?? instance?.architecture,
  };
}

/** Events say `eni`, DescribeTasks `ElasticNetworkInterface`. */
const isEni = (type: string | undefined): boolean =>
  type === 'ElasticNetworkInterface' || type === 'eni';

type Attributes = readonly {
  readonly name?: string | undefined;
  readonly value?: string | undefined;
}[];

const valueIn = (attributes: Attributes | undefined, name: string): string | undefined =>
  attributes?.find((attribute) => attribute.name === name)?.value;

/** Of the task, where it has a size of its own; else what its containers ask for together. */
function reservedBy(task: EcsTask, containers: readonly Container[]): Resources {
  const sumOf = (sizeOf: (container: Container) => string | undefined): number =>
    containers.reduce((sum, container) => sum + (sizeIn(sizeOf(container)) ?? 0), 0);
  return {
    cpuUnits: sizeIn(task.cpu) ?? sumOf(({ cpu }) => cpu),
    // ECS places by the soft limit where there is one.
    memoryMiB: sizeIn(task.memory) ?? sumOf((one) => one.memoryReservation ?? one.memory),
  };
}

/** A size in ECS's own units. None, zero and the word `null` all say that there is no limit. */
function sizeIn(text: string | undefined): number | undefined {
  const size = Number(text);
  return Number.isFinite(size) && size > 0 ? size : undefined;
}

/**
 * Ports in bridge mode. In host mode the agent reports none, and with a network interface of its
 * own a task takes none of the instance.
 */
const hostPortsOf = (containers: readonly Container[]): readonly string[] => [
  ...new Set(
    containers
      .flatMap(({ networkBindings }) => networkBindings ?? [])
      .flatMap(({ hostPort, protocol = 'tcp' }) =>
        hostPort !== undefined && hostPort > 0 && hostPort < dynamicPortMin
          ? [`${hostPort}/${protocol}`]
          : [],
      )
      .sort(),
  ),
];
