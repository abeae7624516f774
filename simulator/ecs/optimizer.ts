import { type Core, cancelTimer, setTimer } from './core.ts';
import { misfit, roomOf } from './fit.ts';
import { deregisterInstance, drainInstance, takesTasks } from './instances.ts';
import { packZone } from './packing.ts';
import { placementOf, typesOf } from './provisioning.ts';
import { takesInterface } from './room.ts';
import { isProtectedNow } from './scheduler.ts';
import type { Instance, Provider, Task } from './state.ts';

const secondMs = 1_000;
/** Delays that ECS chooses where the provider says none, in seconds; their length is not said. */
const scaleInDefaults: Readonly<Record<string, number>> = { '5min': 300, '15min': 900 };
/** An instance that drained by ECS's own wish goes soon after its last task. */
const emptiedMs = 30 * secondMs;

/**
 * Infrastructure optimisation: instances without tasks go, and those whose tasks have a cheaper home
 * are drained, one at a time.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instances-infrastructure-optimization.html
 */
export function installOptimizer(core: Core): void {
  core.on('instance-changed', (instance) => {
    if (isManaged(instance)) watchIdle(core, instance);
  });
  core.on('instance-gone', (instance) => {
    instance.provider?.postponed.delete(instance);
    if (instance.provider !== undefined) judgePostponed(core, instance.provider);
  });
  core.on('instance-registered', ({ provider }) => {
    if (provider?.kind === 'MANAGED_INSTANCES') analyse(core, provider);
  });
  core.on('task-running', ({ instance }) => {
    if (instance !== undefined && isManaged(instance)) restartTimer(core, instance);
  });
  core.on('task-stopped', ({ instance }) => {
    if (instance === undefined || !isManaged(instance)) return;
    restartTimer(core, instance);
    if (instance.provider !== undefined) analyse(core, instance.provider);
  });
}

const isManaged = ({ kind }: Instance): boolean => kind === 'MANAGED_INSTANCES';

/** What waited while it stood still waits from now on. */
export function resumeOptimizer(core: Core, name: string): void {
  const provider = core.state.providers.get(name);
  if (provider === undefined) return;
  for (const instance of provider.instances) watchIdle(core, instance);
  analyse(core, provider);
}

const isStuck = ({ state }: Core, provider: Provider | undefined): boolean =>
  provider !== undefined && state.nature.stuckOptimizers.has(provider.name);

/** From idle or under-used to the end, in ms; undefined where optimisation is off. */
function delayOf(core: Core, provider: Provider | undefined): number | undefined {
  if (isStuck(core, provider)) return undefined;
  const { scaleInAfter } =
    provider?.view.managedInstancesProvider?.infrastructureOptimization ?? {};
  if (scaleInAfter === -1) return undefined;
  if (scaleInAfter !== undefined && core.has('scale-in-after')) return scaleInAfter * secondMs;
  return (scaleInDefaults[core.variant('scale-in-after-default')] ?? 0) * secondMs;
}

function watchIdle(core: Core, instance: Instance): void {
  const { timers, tasks, view, drain, provider } = instance;
  const isLeaving = view.status === 'DRAINING' && drain?.cause !== 'user';
  const isStanding = view.status === 'ACTIVE' || view.status === 'DRAINING';
  if (tasks.size > 0 || !isStanding || instance.isDead) {
    cancelTimer(timers, 'idle');
    return;
  }
  const delayMs = isLeaving ? emptiedMs : delayOf(core, provider);
  const isOff = !isLeaving && !core.has('idle-instances-go');
  if (delayMs === undefined || isOff || timers.has('idle')) return;
  setTimer(core, timers, 'idle', delayMs, () => {
    if (instance.tasks.size > 0 || (!isLeaving && isStuck(core, provider))) return;
    deregisterInstance(core, instance, { code: '', reason: '' });
  });
}

/** A stop or a launch may have left instances under-used: each is looked at after the delay. */
function analyse(core: Core, provider: Provider): void {
  for (const instance of provider.instances) {
    if (!instance.timers.has('under-used')) armTimer(core, instance);
  }
}

function armTimer(core: Core, instance: Instance): void {
  const delayMs = delayOf(core, instance.provider);
  if (delayMs === undefined || !core.has('under-used-instances-drain')) return;
  setTimer(core, instance.timers, 'under-used', delayMs, () => judge(core, instance));
}

/** A start or stop on an instance begins its waiting anew. */
function restartTimer(core: Core, instance: Instance): void {
  if (instance.timers.has('under-used')) armTimer(core, instance);
}

/** Drains an instance that has a better home; while another is being drained it waits to be judged. */
function judge(core: Core, instance: Instance): void {
  const { provider, tasks, view } = instance;
  if (provider === undefined || view.status !== 'ACTIVE' || tasks.size === 0) return;
  if (isStuck(core, provider)) return;
  if (isBusy(provider) && core.has('one-optimisation-at-a-time')) {
    provider.postponed.add(instance);
    return;
  }
  const isGain = isMovable(core, instance) && hasBetterHome(core, provider, instance);
  if (!isGain) return;
  provider.optimised = instance;
  drainInstance(core, instance, 'under-used');
}

const isBusy = ({ instances, optimised }: Provider): boolean =>
  optimised?.drain?.cause === 'under-used' && instances.has(optimised);

/** An optimisation is over: the first of those that wait for it, and still would gain, is next. */
function judgePostponed(core: Core, provider: Provider): void {
  for (const instance of provider.postponed) {
    if (isBusy(provider)) return;
    provider.postponed.delete(instance);
    judge(core, instance);
  }
}

/** Standalone tasks are not replaced and protected ones not moved; what is on its way may change. */
function isMovable(core: Core, { tasks }: Instance): boolean {
  return [...tasks].every((task) => {
    const isBound = task.service === undefined && core.has('standalone-task-holds-instance');
    const isHeld = isProtectedNow(core, task) && core.has('protection-holds-optimisation');
    return !isBound && !isHeld && !task.isStopping && task.status === 'RUNNING';
  });
}

function hasBetterHome(core: Core, provider: Provider, instance: Instance): boolean {
  const { judged, contents } = instance;
  const isSame = judged?.contents === contents;
  const blocked = isSame ? judged.blocked : undefined;
  // What fitted nowhere can only fit now where room has grown since.
  const mayFit =
    blocked === undefined ||
    grownSince(provider, judged?.growth ?? 0).some(
      (other) => other !== instance && takesAlso(core, blocked, other),
    );
  const nowBlocked = mayFit ? fittingNowhere(core, provider, instance) : blocked;
  if (nowBlocked === undefined) return true;
  const isCheaper = isSame ? judged.hasCheaperType : hasCheaperType(core, provider, instance);
  instance.judged = {
    contents,
    blocked: nowBlocked,
    hasCheaperType: isCheaper,
    growth: provider.growth,
  };
  return isCheaper;
}

/** Instances whose room has grown since, as far as they are remembered; all of them otherwise. */
function grownSince({ grown, growth, instances }: Provider, since: number): readonly Instance[] {
  const count = growth - since;
  if (count > grown.length) return [...instances];
  return count === 0 ? [] : grown.slice(-count);
}

/** The first of its tasks, the largest before the others, that no other instance has room for. */
function fittingNowhere(core: Core, provider: Provider, instance: Instance): Task | undefined {
  const keepsZones = core.variant('optimisation-zones') === 'kept';
  const tasks = [...instance.tasks].sort(
    (a, b) => b.definition.memoryMiB - a.definition.memoryMiB || a.order - b.order,
  );
  // What was launched to spread a service is not packed away again, or the two would never end.
  if (!keepsZones && instance.isForRebalancing) return tasks[0];
  const taken = new Map<Instance, Taken>();
  return tasks.find((task) => {
    for (const other of task.definition.cpu === 0 ? provider.instances : provider.withRoom) {
      const isAway = keepsZones && other.zone !== instance.zone;
      if (other !== instance && !isAway && takesAlso(core, task, other, taken)) return false;
    }
    return true;
  });
}

/** What has been given away of an instance's room in thought. */
type Taken = { readonly cpu: number; readonly memoryMiB: number; readonly interfaces: number };
const nothing: Taken = { cpu: 0, memoryMiB: 0, interfaces: 0 };

function takesAlso(
  core: Core,
  task: Task,
  other: Instance,
  taken = new Map<Instance, Taken>(),
): boolean {
  const { definition } = task;
  // Most instances have too little left: this is asked far more often than anything else here.
  if (other.memoryMiB < definition.memoryMiB || other.cpu < definition.cpu) return false;
  if (!takesTasks(core, other)) return false;
  const { cpu, memoryMiB, interfaces } = taken.get(other) ?? nothing;
  const request = placementOf(task);
  const { reachableZones } = request;
  if (reachableZones.length > 0 && !reachableZones.includes(other.zone ?? '')) return false;
  const room = {
    ...roomOf(other),
    cpu: other.cpu - cpu,
    memoryMiB: other.memoryMiB - memoryMiB,
    interfaces: other.interfaces - interfaces,
  };
  if (misfit(core, request, room) !== undefined) return false;
  taken.set(other, {
    cpu: cpu + definition.cpu,
    memoryMiB: memoryMiB + definition.memoryMiB,
    interfaces: interfaces + (takesInterface(definition) ? 1 : 0),
  });
  return true;
}

/** Whether one new instance of a cheaper type would hold all of its tasks. */
function hasCheaperType(core: Core, provider: Provider, instance: Instance): boolean {
  const { type, zone, subnetId, tasks } = instance;
  if (type === undefined || zone === undefined || subnetId === undefined) return false;
  const share = core.variant('under-used-saving') === 'a-fifth' ? 0.8 : 1;
  const items = [...tasks].map((task) => placementOf(task));
  return typesOf(core, provider)
    .filter(({ pricePerHour }) => pricePerHour < type.pricePerHour * share)
    .some((cheaper) => {
      const { bins, unfit } = packZone(core, items, [cheaper], { zone, subnetId });
      return unfit.length === 0 && bins.length === 1;
    });
}
