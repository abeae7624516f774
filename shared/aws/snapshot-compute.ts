import type { CapacityProvider, ComputeKind, Service } from '../domain/snapshot.ts';
import type { InstanceFacts } from './snapshot-instances.ts';
import type { TaskFacts } from './snapshot-tasks.ts';

/** ECS's launch types and provider types; it may add to both at any time. */
const kinds: ReadonlyMap<string | undefined, ComputeKind> = new Map([
  ['MANAGED_INSTANCES', 'managed-instances'],
  ['FARGATE', 'fargate'],
  ['FARGATE_SPOT', 'fargate'],
  ['EC2', 'ec2'],
  ['EC2_AUTOSCALING', 'ec2'],
  ['EXTERNAL', 'external'],
]);

/** The kind of a launch type or a capacity provider's type; undefined for one that is new to us. */
export const kindOf = (type: string | undefined): ComputeKind | undefined => kinds.get(type);

/** Kinds of capacity providers by name. */
export type ProviderKinds = ReadonlyMap<string, ComputeKind>;

/**
 * What is known of the kinds of providers: Fargate's by their names, the rest from what ECS says of
 * them or, where that was not read, from the launch type of any task that runs on one.
 */
export const providerKinds = (
  providers: readonly CapacityProvider[],
  tasks: readonly TaskFacts[],
): ProviderKinds =>
  new Map<string, ComputeKind>([
    ...['FARGATE', 'FARGATE_SPOT'].map((name) => [name, 'fargate'] as const),
    ...tasks.flatMap(({ capacityProvider, launchType }) =>
      known(capacityProvider, kindOf(launchType)),
    ),
    ...providers.flatMap(({ name, compute }) => known(name, compute)),
  ]);

const known = (
  name: string | undefined,
  kind: ComputeKind | undefined,
): readonly (readonly [string, ComputeKind])[] =>
  name === undefined || kind === undefined ? [] : [[name, kind]];

/**
 * What runs a task: its launch type, else its provider's kind. A task with neither is on Fargate if
 * it has no instance, and otherwise of its instance's kind.
 */
export function computeOfTask(
  task: Pick<TaskFacts, 'launchType' | 'capacityProvider' | 'instanceArn'>,
  providers: ProviderKinds,
  instances: ReadonlyMap<string, { readonly compute: ComputeKind | undefined }>,
): ComputeKind | undefined {
  const { launchType, capacityProvider, instanceArn } = task;
  const said = kindOf(launchType) ?? providers.get(capacityProvider ?? '');
  if (said !== undefined) return said;
  if (instanceArn !== undefined) return instances.get(instanceArn)?.compute;
  return launchType === undefined && capacityProvider === undefined ? 'fargate' : undefined;
}

/**
 * What a container instance is: its provider's kind; without a provider a machine in ECS Anywhere,
 * told by its id or its capability, or an EC2 instance.
 */
export function computeOfInstance(
  instance: Pick<InstanceFacts, 'capacityProvider' | 'ec2InstanceId' | 'attributes'>,
  providers: ProviderKinds,
): ComputeKind | undefined {
  const { capacityProvider, ec2InstanceId, attributes } = instance;
  if (capacityProvider !== undefined) return providers.get(capacityProvider);
  const isExternal =
    ec2InstanceId?.startsWith('mi-') || attributes['ecs.capability.external'] !== undefined;
  return isExternal ? 'external' : 'ec2';
}

/** What runs a service: its strategy holds providers of one kind only, or it has a launch type. */
export function computeOfService(
  service: Pick<Service, 'capacityProviders' | 'launchType'>,
  providers: ProviderKinds,
): ComputeKind | undefined {
  const [kind] = service.capacityProviders.flatMap((name) => providers.get(name) ?? []);
  return kind ?? kindOf(service.launchType);
}
