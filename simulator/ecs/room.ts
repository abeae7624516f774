import type { EcsResource } from '../account.ts';
import type { Core } from './core.ts';
import { instanceStateChange } from './events.ts';
import type { Instance, Task, TaskDefinition } from './state.ts';

/** Ports that the host and its agent use: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_container_instance_events.html */
export const hostPorts = ['22', '2376', '2375', '51678', '51679'] as const;

/** A new version of an instance: its event, and what follows from it. */
export function instanceChanged(core: Core, instance: Instance): void {
  if (core.has('event-version')) instance.view.version += 1;
  core.emit(instanceStateChange(core, instance));
  core.signal('instance-changed', instance);
}

/** Whether a task of the definition takes an interface of its own on an instance. */
export const takesInterface = ({ networkMode }: TaskDefinition): boolean =>
  networkMode === 'awsvpc';

/** Puts a task on an instance: what it reserves is no longer free. */
export function reserve(core: Core, instance: Instance, task: Task): void {
  const { definition } = task;
  instance.tasks.add(task);
  instance.cpu -= definition.cpu;
  instance.memoryMiB -= definition.memoryMiB;
  if (takesInterface(definition)) instance.interfaces -= 1;
  for (const port of definition.hostPorts) instance.ports.add(port);
  roomChanged(core, instance);
}

/** Takes a task that is STOPPED off its instance. */
export function release(core: Core, instance: Instance, task: Task): void {
  const { definition } = task;
  if (!instance.tasks.delete(task)) return;
  instance.cpu += definition.cpu;
  instance.memoryMiB += definition.memoryMiB;
  if (takesInterface(definition)) instance.interfaces += 1;
  for (const port of definition.hostPorts) instance.ports.delete(port);
  roomGrew(instance);
  roomChanged(core, instance);
}

/** Growths that a provider remembers. */
const grownMax = 32;

/** Remembers that there is more room than before: what fitted nowhere may fit here. */
export function roomGrew(instance: Instance): void {
  const { provider } = instance;
  if (provider === undefined) return;
  provider.growth += 1;
  provider.grown.push(instance);
  if (provider.grown.length > grownMax) provider.grown.shift();
}

function roomChanged(core: Core, instance: Instance): void {
  instance.contents += 1;
  const { provider, cpu, memoryMiB } = instance;
  if (cpu > 0 && memoryMiB > 0) provider?.withRoom.add(instance);
  else provider?.withRoom.delete(instance);
  instance.view.remainingResources = resourcesOf(instance.cpu, instance.memoryMiB, instance.ports);
  countTasks(instance);
  // A task's start and stop change the instance's resources, which is an event of its own.
  if (core.has('instance-event-per-task')) instanceChanged(core, instance);
  else core.signal('instance-changed', instance);
}

/** Counts what ECS wants to run on an instance: `runningTasksCount` is about the desired status. */
export function countTasks(instance: Instance): void {
  let [running, pending] = [0, 0];
  for (const task of instance.tasks) {
    if (task.isStopping) continue;
    if (task.status === 'RUNNING') running += 1;
    else pending += 1;
  }
  instance.view.runningTasksCount = running;
  instance.view.pendingTasksCount = pending;
}

/** Resources in the API's form; ports in use are listed under the one protocol or the other. */
export function resourcesOf(
  cpu: number,
  memoryMiB: number,
  ports: ReadonlySet<string>,
): EcsResource[] {
  const ofProtocol = (protocol: string): string[] =>
    [...ports].flatMap((port) => {
      const [number = '', name] = port.split('/');
      return name === protocol ? [number] : [];
    });
  return [
    { name: 'CPU', type: 'INTEGER', integerValue: cpu },
    { name: 'MEMORY', type: 'INTEGER', integerValue: memoryMiB },
    { name: 'PORTS', type: 'STRINGSET', stringSetValue: [...hostPorts, ...ofProtocol('tcp')] },
    { name: 'PORTS_UDP', type: 'STRINGSET', stringSetValue: ofProtocol('udp') },
  ];
}
