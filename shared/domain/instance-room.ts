import { type InterfaceLimit, interfaceLimitOf } from './interface-limit.ts';
import type { Instance, Resources, Snapshot, Task } from './snapshot.ts';
import { type Truth, truthOf } from './truth.ts';

/** What is left on an instance: a book that tasks to come are entered into. */
export type InstanceRoom = {
  readonly instance: Instance;
  /** Ports taken, as `80/tcp`. */
  readonly ports: Set<string>;
  readonly interfaces: InterfaceLimit;
  cpuUnits: number;
  memoryMiB: number;
  /** Tasks with an interface of their own. */
  eniTasks: number;
};

/** What a task takes of an instance. */
export type Need = Pick<Task, 'hostPorts' | 'hasEni'> & { readonly reserved: Resources };

/** Whether ECS places tasks on an instance now. A health that is not reported yet is no illness. */
export const isReady = ({ status, agentConnected, health }: Instance): boolean =>
  status === 'ACTIVE' && agentConnected && health !== 'IMPAIRED';

/** What the snapshot says is left on an instance, of which `tasks` are all the tasks on it. */
export const roomOn = (
  instance: Instance,
  tasks: readonly Task[],
  types: Snapshot['instanceTypes'],
): InstanceRoom => ({
  instance,
  ports: new Set(instance.usedPorts),
  interfaces: interfaceLimitOf(instance, types),
  cpuUnits: instance.remaining.cpuUnits,
  memoryMiB: instance.remaining.memoryMiB,
  eniTasks: tasks.filter(({ hasEni }) => hasEni).length,
});

/** Enters a task, or takes it out again. */
export function book(room: InstanceRoom, { reserved, hasEni, hostPorts }: Need, by: 1 | -1): void {
  room.cpuUnits -= by * reserved.cpuUnits;
  room.memoryMiB -= by * reserved.memoryMiB;
  room.eniTasks += hasEni ? by : 0;
  for (const port of hostPorts) {
    if (by === 1) room.ports.add(port);
    else room.ports.delete(port);
  }
}

/** What a task would be short of; undefined where CPU, memory and ports suffice. */
export function lackOf(
  { reserved, hostPorts }: Need,
  { cpuUnits, memoryMiB, ports }: InstanceRoom,
): 'cpu' | 'memory' | 'ports' | undefined {
  // Written so that a figure that is none counts as no room.
  if (!(cpuUnits >= reserved.cpuUnits)) return 'cpu';
  if (!(memoryMiB >= reserved.memoryMiB)) return 'memory';
  return hostPorts.some((port) => ports.has(port)) ? 'ports' : undefined;
}

/** Whether a task that needs an interface of its own would get one. */
export function hasInterfaceFor(
  { hasEni }: Need,
  { interfaces: { atLeast, atMost }, eniTasks }: InstanceRoom,
): Truth {
  if (!hasEni || eniTasks < (atLeast ?? 0)) return 'yes';
  return atMost === undefined ? 'unknown' : truthOf(eniTasks < atMost);
}
