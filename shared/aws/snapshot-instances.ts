import type { ContainerInstance, Resource } from '@aws-sdk/client-ecs';
import { recordOf } from '../domain/record.ts';
import type { Instance, Resources } from '../domain/snapshot.ts';
import { computeOfInstance, type ProviderKinds } from './snapshot-compute.ts';
import { lineOf } from './snapshot-reading.ts';
import { tagsOf } from './tags.ts';

/** What DescribeContainerInstances says of an instance. Its tags are ECS's own copy of EC2's. */
export type InstanceFacts = Omit<Instance, 'compute' | 'launchedAtMs' | 'isSpot'>;

/** What EC2 knows of an instance and ECS does not. */
export type Ec2Facts = {
  readonly launchedAtMs: number | undefined;
  readonly isSpot: boolean;
  readonly tags: Readonly<Record<string, string>>;
};

/** The facts of an instance; nothing of one that was deregistered since it was listed. */
export function instanceFactsOf(instance: ContainerInstance): readonly InstanceFacts[] {
  const { containerInstanceArn: arn, status = 'UNKNOWN' } = instance;
  if (arn === undefined || status === 'INACTIVE') return [];
  const attributes = recordOf(
    (instance.attributes ?? []).flatMap(({ name, value }) =>
      name === undefined ? [] : [[name, value ?? '']],
    ),
  );
  return [
    {
      arn,
      ec2InstanceId: instance.ec2InstanceId,
      capacityProvider: instance.capacityProviderName,
      status,
      statusReason: instance.statusReason && lineOf(instance.statusReason),
      agentConnected: instance.agentConnected ?? false,
      health: instance.healthStatus?.overallStatus,
      type: attributes['ecs.instance-type'],
      zone: attributes['ecs.availability-zone'],
      architecture: attributes['ecs.cpu-architecture'],
      registered: resourcesIn(instance.registeredResources),
      remaining: resourcesIn(instance.remainingResources),
      usedPorts: portsIn(instance.remainingResources),
      attributes,
      registeredAtMs: instance.registeredAt?.getTime(),
      runningTasks: instance.runningTasksCount ?? 0,
      pendingTasks: instance.pendingTasksCount ?? 0,
      tags: tagsOf(instance.tags),
    },
  ];
}

/**
 * The instance of a snapshot. Of its tags only those are kept that an event window is tied to; they
 * are EC2's where EC2 could be asked, else ECS's copy of them.
 */
export function instanceOf(
  facts: InstanceFacts,
  providers: ProviderKinds,
  ec2: ReadonlyMap<string, Ec2Facts>,
  tagKeys: ReadonlySet<string>,
): Instance {
  const known = ec2.get(facts.ec2InstanceId ?? '');
  const tags = Object.entries(known?.tags ?? facts.tags);
  return {
    ...facts,
    compute: computeOfInstance(facts, providers),
    launchedAtMs: known?.launchedAtMs,
    isSpot: known?.isSpot,
    tags: recordOf(tags.filter(([key]) => tagKeys.has(key))),
  };
}

function resourcesIn(resources: readonly Resource[] | undefined): Resources {
  const amountOf = (name: string): number => {
    const found = resources?.find((resource) => resource.name === name);
    return found === undefined ? 0 : numberIn(found);
  };
  return { cpuUnits: amountOf('CPU'), memoryMiB: amountOf('MEMORY') };
}

/** The number of the type that is named: the others may be there too, as 0. */
function numberIn({ type, integerValue, longValue, doubleValue }: Resource): number {
  const named = type === 'LONG' ? longValue : type === 'DOUBLE' ? doubleValue : integerValue;
  return named ?? integerValue ?? longValue ?? doubleValue ?? 0;
}

/** Among what remains, ports are the other way round: those that are taken already. */
const portsIn = (resources: readonly Resource[] | undefined): readonly string[] =>
  (['tcp', 'udp'] as const).flatMap((protocol) => {
    const name = protocol === 'tcp' ? 'PORTS' : 'PORTS_UDP';
    const ports = resources?.find((resource) => resource.name === name)?.stringSetValue ?? [];
    return [...new Set(ports)]
      .sort((a, b) => Number(a) - Number(b))
      .map((port) => `${port}/${protocol}`);
  });
