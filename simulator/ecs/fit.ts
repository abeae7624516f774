import type { EcsPlacementConstraint } from '../account.ts';
import type { InstanceType } from '../instance-types.ts';
import { type Facts, parseExpression } from './constraints.ts';
import type { Core } from './core.ts';
import { takesInterface } from './room.ts';
import type { Architecture, Instance, TaskDefinition } from './state.ts';

/** What a task needs of an instance. */
export type Demand = {
  readonly definition: TaskDefinition;
  readonly constraints: readonly EcsPlacementConstraint[];
  /** `service:NAME`, or the group of a standalone task. */
  readonly group: string;
};

/** Room for tasks, on an instance or on one that would be launched. */
export type Room = {
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly interfaces: number;
  readonly ports: ReadonlySet<string>;
  readonly architecture: Architecture;
  /** Made only where a constraint asks for them. */
  facts(): Facts;
};

/** Why a task does not fit, in the words of the API, the least of the matters first. */
export type Misfit =
  | 'RESOURCE:CPU'
  | 'RESOURCE:MEMORY'
  | 'RESOURCE:PORTS'
  | 'RESOURCE:ENI'
  | 'ATTRIBUTE'
  | 'MEMBER_OF'
  | 'DISTINCT_INSTANCE'
  | 'AGENT';

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement.html */
export function misfit(core: Core, demand: Demand, room: Room): Misfit | undefined {
  const { definition } = demand;
  if (definition.cpu > room.cpu) return 'RESOURCE:CPU';
  if (definition.memoryMiB > room.memoryMiB) return 'RESOURCE:MEMORY';
  if (core.has('host-port-once') && definition.hostPorts.some((port) => room.ports.has(port))) {
    return 'RESOURCE:PORTS';
  }
  if (takesInterface(definition) && room.interfaces < 1) return 'RESOURCE:ENI';
  const { architecture } = definition;
  const isOther = architecture !== undefined && architecture !== room.architecture;
  if (isOther && core.has('cpu-architecture')) return 'ATTRIBUTE';
  return demand.constraints.length === 0 ? undefined : brokenConstraint(core, demand, room.facts());
}

function brokenConstraint(core: Core, demand: Demand, facts: Facts): Misfit | undefined {
  for (const { type, expression } of demand.constraints) {
    if (type === 'distinctInstance') {
      if (core.has('distinct-instance') && facts.groups.has(demand.group)) {
        return 'DISTINCT_INSTANCE';
      }
      continue;
    }
    if (!core.has('member-of') || expression === undefined) continue;
    if (!parseExpression(expression)(facts)) return 'MEMBER_OF';
  }
  return undefined;
}

/** Groups of the tasks that ECS wants to run there: one that is stopping is not in the way. */
function factsOf(instance: Instance): Facts {
  const groups = new Set<string>();
  for (const task of instance.tasks) {
    if (!task.isStopping) groups.add(task.view.group ?? '');
  }
  return {
    attributes: instance.attributes,
    ec2InstanceId: instance.ec2InstanceId,
    agentConnected: instance.view.agentConnected,
    runningTasksCount: instance.view.runningTasksCount,
    groups,
  };
}

export const roomOf = (instance: Instance): Room => ({
  cpu: instance.cpu,
  memoryMiB: instance.memoryMiB,
  interfaces: instance.interfaces,
  ports: instance.ports,
  architecture: instance.architecture,
  facts: () => factsOf(instance),
});

/** Memory that ECS keeps for its agent; how much of which type is not said. */
export function registeredMemoryMiB(core: Core, type: InstanceType): number {
  const variant = core.variant('agent-memory-reserve');
  if (variant === 'off') return type.memoryMiB;
  // The published sample of 4 GiB registers 3,767 MiB: 329 MiB, or 8 %.
  return variant === 'fixed' ? type.memoryMiB - 329 : Math.floor(type.memoryMiB * 0.92);
}

/** Tasks in `awsvpc` mode that an instance of the type takes. */
export function interfacesFor(core: Core, type: InstanceType, isManaged: boolean): number {
  const spare = type.interfaces - 1;
  if (!core.has('task-interfaces')) return Number.MAX_SAFE_INTEGER;
  const isTrunked = isManaged && core.variant('managed-instance-trunking') === 'trunked';
  return isTrunked ? (type.trunkedTasks ?? spare) : spare;
}

/** Attributes of an instance of the type in a place. */
export const attributesOf = (
  type: InstanceType,
  zone: string,
  subnetId: string,
): Readonly<Record<string, string>> => ({
  'ecs.availability-zone': zone,
  'ecs.cpu-architecture': type.architecture,
  'ecs.instance-type': type.name,
  'ecs.subnet-id': subnetId,
});
