import type { Timer } from '../event-queue.ts';
import { type InstanceType, instanceTypes } from '../instance-types.ts';
import { isRefused, slownessMs } from './capacity.ts';
import { type Core, cancelTimer, drawMs, setTimer } from './core.ts';
import { serviceAction } from './events.ts';
import { attributesOf, interfacesFor, type Misfit, registeredMemoryMiB } from './fit.ts';
import type { RangeMs } from './inputs.ts';
import { launchMachine, registerInstance, setMachineState } from './instances.ts';
import { type Bin, packZone, type Site } from './packing.ts';
import { findInstance, least, mayStartIn, type PlacementRequest } from './placement.ts';
import type { Instance, Launch, Provider, Task } from './state.ts';
import { failToStart, placeTask } from './tasks.ts';
import {
  countByZone,
  subnetIn,
  subnetsOf,
  tasksOfGroup,
  type ZoneCounts,
  zonesOfSubnets,
} from './zones.ts';

const batchMs: Readonly<Record<string, number>> = { '1s': 1_000, '15s': 15_000, off: 0 };
const launchMs: Readonly<Record<string, RangeMs>> = {
  'under-a-minute': [25_000, 50_000],
  'one-to-three-minutes': [60_000, 180_000],
  off: [0, 0],
};
const timeoutMs: Readonly<Record<string, number>> = {
  '10min': 600_000,
  '30min': 1_800_000,
};
/** From the request to EC2's answer. */
const answerMs: RangeMs = [1_000, 3_000];

/**
 * Capacity of managed instances: tasks that nothing has room for wait a moment for others, are spread
 * over zones, packed within each, and instances are launched for them.
 * https://aws.amazon.com/blogs/containers/deep-dive-amazon-ecs-managed-instances-provisioning-and-optimization
 */
export function installProvisioning(core: Core): void {
  const batches = new Map<Provider, Timer>();
  const wake = (provider: Provider): void => {
    if (provider.kind !== 'MANAGED_INSTANCES' || provider.waiting.size === 0) return;
    if (batches.has(provider)) return;
    const timer = core.after(batchMs[core.variant('provisioning-batch')] ?? 0, () => {
      batches.delete(provider);
      provision(core, provider);
    });
    batches.set(provider, timer);
  };
  core.on('capacity-wanted', (provider) => {
    watchTimeouts(core, provider);
    wake(provider);
  });
  core.on('capacity-changed', (provider) => {
    if (provider !== undefined) wake(provider);
  });
  // Room that a stop has freed is room for what waits.
  core.on('instance-changed', ({ provider }) => {
    if (provider !== undefined) wake(provider);
  });
}

/** A task that waits too long for capacity fails; how long that is, is not said. */
export function watchTimeouts(core: Core, provider: Provider): void {
  const limitMs = timeoutMs[core.variant('capacity-timeout')];
  if (limitMs === undefined) return;
  for (const task of provider.waiting) {
    if (task.timers.has('capacity')) continue;
    setTimer(core, task.timers, 'capacity', limitMs, () =>
      failToStart(core, task, 'The task timed out waiting for capacity'),
    );
  }
}

export const placementOf = (task: Task): PlacementRequest => ({
  cluster: task.cluster,
  definition: task.definition,
  constraints: task.constraints,
  group: task.view.group ?? '',
  isManaged: task.provider?.kind === 'MANAGED_INSTANCES',
  boundZone: task.boundZone,
  reachableZones: task.reachableZones,
  strategy: task.strategy,
});

/** Places what has been waiting on instances that have room by now. */
export function placeWaiting(core: Core, provider: Provider): void {
  const onTheirWay = tasksOnTheirWay(provider);
  for (const task of [...provider.waiting]) {
    // What has an instance on its way keeps to it, or all would crowd on the first to arrive.
    if (onTheirWay.has(task)) continue;
    // Placing one changes its instance, and what follows from that may have placed another.
    if (!provider.waiting.has(task)) continue;
    const answer = findInstance(core, placementOf(task), provider.instances);
    if ('instance' in answer) settle(core, provider, task, answer.instance);
  }
}

const tasksOnTheirWay = ({ launches }: Provider): ReadonlySet<Task> =>
  new Set([...launches].flatMap(({ tasks }) => [...tasks]));

function settle(core: Core, provider: Provider, task: Task, instance: Instance): void {
  provider.waiting.delete(task);
  cancelTimer(task.timers, 'capacity');
  placeTask(core, task, { instance });
}

type Item = PlacementRequest & { readonly task: Task };

function provision(core: Core, provider: Provider): void {
  if (core.has('existing-room-first')) placeWaiting(core, provider);
  const onTheirWay = tasksOnTheirWay(provider);
  const items = [...provider.waiting]
    .filter((task) => !onTheirWay.has(task))
    .map((task): Item => ({ ...placementOf(task), task }));
  for (const [zone, ofZone] of spreadOverZones(core, provider, items)) {
    const subnetId = subnetIn(core, subnetsOf(provider), zone);
    if (subnetId !== undefined) packAndLaunch(core, provider, ofZone, { zone, subnetId });
  }
}

/** Gives each task the zone in which its service has the fewest, those still on their way included. */
function spreadOverZones(
  core: Core,
  provider: Provider,
  items: readonly Item[],
): Map<string, Item[]> {
  const zones = zonesOfSubnets(core, subnetsOf(provider));
  const byGroup = new Map<string, ZoneCounts>();
  const byZone = new Map<string, Item[]>();
  for (const item of items) {
    const counts = byGroup.get(item.group) ?? countsOf(core, provider, item);
    byGroup.set(item.group, counts);
    const zone = chooseZone(core, item, zones, counts);
    if (zone === undefined) {
      failForCapacity(core, item.task);
      continue;
    }
    counts.set(zone, (counts.get(zone) ?? 0) + 1);
    byZone.set(zone, [...(byZone.get(zone) ?? []), item]);
  }
  return byZone;
}

function countsOf(core: Core, provider: Provider, { group, cluster }: Item): ZoneCounts {
  const counts = countByZone(tasksOfGroup(core, cluster, group));
  for (const { zone, tasks } of provider.launches) {
    for (const { view } of tasks) {
      if (view.group === group) counts.set(zone, (counts.get(zone) ?? 0) + 1);
    }
  }
  return counts;
}

function chooseZone(
  core: Core,
  { task }: Item,
  zones: readonly string[],
  counts: ZoneCounts,
): string | undefined {
  const request = placementOf(task);
  const open = zones.filter((zone) => mayStartIn(request, zone) && !task.refused.has(zone));
  if (!core.has('zones-before-packing')) return open[0];
  const best = least(open, (zone) => counts.get(zone) ?? 0);
  if (best.length < 2 || core.variant('zone-tie') !== 'random') return best[0];
  return core.random('zone-tie').pick(best);
}

function packAndLaunch(core: Core, provider: Provider, items: readonly Item[], site: Site): void {
  const refused = new Set(items.flatMap(({ task }) => [...task.refused]));
  const types = typesOf(core, provider).filter(({ name }) => !refused.has(`${site.zone} ${name}`));
  const launches = [...provider.launches].filter(({ zone }) => zone === site.zone);
  const open = launches.map(
    ({ type, tasks }): Bin<Item> => ({
      type,
      items: [...tasks].map((task) => ({ ...placementOf(task), task })),
    }),
  );
  const { bins, unfit } = packZone(core, items, types, site, open);
  for (const { item, misfit } of unfit) failForFit(core, item.task, misfit);
  bins.forEach((bin, at) => {
    const tasks = bin.items.map(({ task }) => task);
    const launch = launches[at];
    if (launch !== undefined) for (const task of tasks) launch.tasks.add(task);
    else launchFor(core, provider, bin.type, site, tasks);
  });
}

/** Types that the provider's requirements allow. */
export function typesOf(core: Core, provider: Provider): readonly InstanceType[] {
  const { instanceRequirements: wish } =
    provider.view.managedInstancesProvider?.instanceLaunchTemplate ?? {};
  const within = (value: number, range: { min: number; max?: number } | undefined): boolean =>
    range === undefined || (value >= range.min && value <= (range.max ?? Number.POSITIVE_INFINITY));
  const includes = <Value>(list: readonly Value[] | undefined, value: Value): boolean =>
    list === undefined || list.includes(value);
  const burstable =
    wish?.burstablePerformance ??
    (core.variant('burstable-by-default') === 'included' ? 'included' : 'excluded');
  return [...instanceTypes.values()].filter(
    (type) =>
      includes(wish?.allowedInstanceTypes, type.name) &&
      within(type.vCpus, wish?.vCpuCount) &&
      within(type.memoryMiB, wish?.memoryMiB) &&
      includes(wish?.cpuManufacturers, type.manufacturer) &&
      (burstable === 'included' || type.isBurstable === (burstable === 'required')),
  );
}

function launchFor(
  core: Core,
  provider: Provider,
  type: InstanceType,
  site: Site,
  tasks: readonly Task[],
): void {
  const launch: Launch = {
    type,
    ...site,
    tasks: new Set(tasks),
    isForRebalancing: tasks.some(({ boundZone }) => boundZone !== undefined),
  };
  provider.launches.add(launch);
  core.after(drawMs(core, 'ec2-answer-time', answerMs), () => {
    const request = { zone: site.zone, instanceType: type.name, capacityProvider: provider.name };
    if (isRefused(core, request)) return launchRefused(core, provider, launch);
    const isSpot =
      provider.view.managedInstancesProvider?.instanceLaunchTemplate?.capacityOptionType === 'SPOT';
    const machine = launchMachine(core, {
      type,
      ...site,
      isSpot,
      isManaged: true,
      tags: tagsOf(core, provider),
    });
    const range = launchMs[core.variant('instance-launch-time')] ?? [0, 0];
    const waitMs = drawMs(core, 'launch-time', range) + slownessMs(core, request);
    core.after(waitMs, () => arrive(core, provider, launch, machine.InstanceId));
  });
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/instance-details-tags-managed-instances.html */
function tagsOf(core: Core, { name, cluster, view }: Provider): { Key: string; Value: string }[] {
  const isPropagated = view.managedInstancesProvider?.propagateTags === 'CAPACITY_PROVIDER';
  const own = isPropagated && core.has('propagated-tags') ? view.tags : [];
  return [
    { Key: 'AmazonECSCreated', Value: 'true' },
    { Key: 'AmazonECSManaged', Value: 'true' },
    { Key: 'aws:ecs:clusterName', Value: cluster?.name ?? '' },
    { Key: 'aws:ecs:capacityProviderName', Value: name },
    { Key: 'aws:ec2:managed-launch', Value: 'ecs-managed-instances' },
    ...(own ?? []).map(({ key, value }) => ({ Key: key, Value: value })),
  ];
}

/** An instance registers: the tasks it was launched for go there, if they still want to. */
function arrive(core: Core, provider: Provider, launch: Launch, ec2InstanceId: string): void {
  const { type, zone, subnetId, tasks } = launch;
  const machine = core.account.ec2Instances.get(ec2InstanceId);
  provider.launches.delete(launch);
  if (
    core.state.nature.zonesOut.has(zone) ||
    machine === undefined ||
    provider.cluster === undefined
  ) {
    setMachineState(core, ec2InstanceId, 'terminated');
    for (const task of tasks) task.refused.add(zone);
    core.signal('capacity-wanted', provider);
    return;
  }
  setMachineState(core, ec2InstanceId, 'running');
  const instance = registerInstance(core, {
    cluster: provider.cluster,
    provider,
    kind: 'MANAGED_INSTANCES',
    ec2InstanceId,
    type,
    zone,
    subnetId,
    architecture: type.architecture,
    cpu: type.vCpus * 1_024,
    memoryMiB: registeredMemoryMiB(core, type),
    interfaces: interfacesFor(core, type, true),
    attributes: attributesOf(type, zone, subnetId),
    launchedAtMs: machine.LaunchTime.getTime(),
    isSpot: machine.InstanceLifecycle === 'spot',
    isForRebalancing: launch.isForRebalancing,
  });
  machine.Tags.push({ Key: 'aws:ecs:containerInstanceId', Value: instance.id });
  for (const task of tasks) {
    if (provider.waiting.has(task)) settle(core, provider, task, instance);
  }
}

/** EC2 has none: another type there, then another zone, or the next zone at once. */
function launchRefused(core: Core, provider: Provider, launch: Launch): void {
  const { zone, type, tasks } = launch;
  provider.launches.delete(launch);
  const triesTypes =
    core.variant('refused-launch') === 'next-type-then-zone' &&
    !core.state.nature.zonesOut.has(zone);
  for (const task of tasks) {
    task.refused.add(`${zone} ${type.name}`);
    const isLast = typesOf(core, provider).every(({ name }) => task.refused.has(`${zone} ${name}`));
    if (isLast || !triesTypes) task.refused.add(zone);
    if (core.variant('refused-launch') === 'off') failForCapacity(core, task);
  }
  if (provider.waiting.size > 0) core.signal('capacity-wanted', provider);
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/troubleshooting-managed-instances.html */
function failForCapacity(core: Core, task: Task): void {
  const request = `EC2 request id ${core.ids.uuid()}`;
  const code = task.refused.size > 0 ? 'InsufficientInstanceCapacity' : 'UnfulfillableCapacity';
  const names = core.has('launch-failure-names-request') ? `, ${request}: ${code}` : '';
  failToStart(core, task, `Instance launch failed${names}`);
  const { service, provider } = task;
  if (service === undefined || provider === undefined) return;
  if (core.variant('managed-placement-failure-event') !== 'sent') return;
  core.emit(
    serviceAction(core, service, 'SERVICE_TASK_PLACEMENT_FAILURE', {
      capacityProviderArns: [provider.view.capacityProviderArn],
      reason: 'RESOURCE:MANAGED_INSTANCES',
    }),
  );
}

function failForFit(core: Core, task: Task, why: Misfit): void {
  if (task.refused.size > 0) {
    failForCapacity(core, task);
    return;
  }
  const words = why === 'MEMBER_OF' ? 'MemberOf placement constraint unsatisfied.' : why;
  failToStart(core, task, `TaskFailedToStart: ${words}`);
}
