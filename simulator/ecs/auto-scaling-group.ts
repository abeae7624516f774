import { ServiceError } from '../aws/errors.ts';
import { type InstanceType, instanceTypes } from '../instance-types.ts';
import { isRefused, slownessMs } from './capacity.ts';
import { type Core, drawMs, setTimer } from './core.ts';
import { attributesOf, interfacesFor, registeredMemoryMiB } from './fit.ts';
import type { AutoScalingGroup, RangeMs } from './inputs.ts';
import {
  deregisterInstance,
  launchMachine,
  registerInstance,
  setMachineState,
} from './instances.ts';
import { packZone } from './packing.ts';
import { least, mayStartIn } from './placement.ts';
import { placementOf, placeWaiting, watchTimeouts } from './provisioning.ts';
import type { Instance, Launch, Provider, Task } from './state.ts';
import { subnetIn, zonesOfSubnets } from './zones.ts';

const launchMs: RangeMs = [60_000, 150_000];
/** From a wish for capacity until the metric's alarm has scaled the group. */
const scaleOutMs: RangeMs = [60_000, 120_000];
/** From the loss of an instance until the group replaces it, and between attempts. */
const replaceMs: RangeMs = [60_000, 180_000];
/** An instance without tasks leaves after the scale-in alarm's fifteen minutes. */
const scaleInMs = 15 * 60_000;

/**
 * Auto Scaling groups: they keep their size, and follow the tasks where ECS scales them.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-auto-scaling.html
 */
export function installAutoScalingGroups(core: Core): void {
  core.on('capacity-wanted', (provider) => {
    if (provider.group?.managedScaling !== true) return;
    watchTimeouts(core, provider);
    setTimer(core, provider.timers, 'scale-out', drawMs(core, 'group-time', scaleOutMs), () =>
      scaleOut(core, provider),
    );
  });
  core.on('capacity-changed', (provider) => {
    if (provider?.group !== undefined) placeWaiting(core, provider);
  });
  core.on('instance-changed', (instance) => {
    if (instance.provider?.group === undefined) return;
    if (instance.provider.waiting.size > 0) placeWaiting(core, instance.provider);
    planScaleIn(core, instance);
  });
  core.on('instance-gone', ({ provider, ec2InstanceId }) => {
    if (provider?.group === undefined) return;
    // A machine that was deregistered by force runs on, and the group counts it.
    const state = core.account.ec2Instances.get(ec2InstanceId)?.State.Name;
    if (state === 'running') provider.orphans += 1;
    else planReplacement(core, provider);
  });
}

const sizeOf = ({ instances, launches, orphans }: Provider): number =>
  instances.size + launches.size + orphans;

/** Adds the instances that a group starts with; they are there at once. */
export function fillGroup(core: Core, provider: Provider): void {
  const { group } = provider;
  for (let count = 0; count < (group?.desiredCapacity ?? 0); count += 1) {
    const launch = siteFor(core, provider);
    if (launch !== undefined) arrive(core, provider, launch);
  }
}

function typeOf(group: AutoScalingGroup): InstanceType {
  const type = instanceTypes.get(group.instanceType);
  if (type !== undefined) return type;
  throw new ServiceError(
    'InvalidParameterException',
    `autoScalingGroupProvider.instanceType: unknown type ${group.instanceType}`,
  );
}

/** The zone with the fewest instances of the group, among those where EC2 has some. */
function siteFor(core: Core, provider: Provider): Launch | undefined {
  const { group } = provider;
  if (group === undefined) return undefined;
  const type = typeOf(group);
  const zones = zonesOfSubnets(core, group.subnets).filter(
    (zone) => !isRefused(core, { zone, instanceType: type.name, capacityProvider: provider.name }),
  );
  const there = [...provider.instances, ...provider.launches];
  const [zone] = least(zones, (one) => there.filter((other) => other.zone === one).length);
  const subnetId = subnetIn(core, group.subnets, zone);
  if (zone === undefined || subnetId === undefined) return undefined;
  return { type, zone, subnetId, tasks: new Set(), isForRebalancing: false };
}

function launch(core: Core, provider: Provider): boolean {
  const site = siteFor(core, provider);
  if (site === undefined) return false;
  provider.launches.add(site);
  const request = {
    zone: site.zone,
    instanceType: site.type.name,
    capacityProvider: provider.name,
  };
  const waitMs = drawMs(core, 'group-time', launchMs) + slownessMs(core, request);
  core.after(waitMs, () => {
    provider.launches.delete(site);
    if (isRefused(core, request)) planReplacement(core, provider);
    else arrive(core, provider, site);
  });
  return true;
}

function arrive(core: Core, provider: Provider, { type, zone, subnetId }: Launch): void {
  const { group, cluster } = provider;
  if (group === undefined || cluster === undefined) return;
  const isSpot = group.isSpot ?? false;
  const tags = [{ Key: 'aws:autoscaling:groupName', Value: provider.name }];
  const machine = launchMachine(core, { type, zone, subnetId, isSpot, isManaged: false, tags });
  setMachineState(core, machine.InstanceId, 'running');
  registerInstance(core, {
    cluster,
    provider,
    kind: 'EC2',
    ec2InstanceId: machine.InstanceId,
    type,
    zone,
    subnetId,
    architecture: type.architecture,
    cpu: type.vCpus * 1_024,
    memoryMiB: registeredMemoryMiB(core, type),
    interfaces: interfacesFor(core, type, false),
    attributes: {
      ...attributesOf(type, zone, subnetId),
      ...ownAttributes(group),
    },
    launchedAtMs: core.nowMs(),
    isSpot,
  });
}

const ownAttributes = ({ attributes }: AutoScalingGroup): Readonly<Record<string, string>> => ({
  'ecs.os-type': 'linux',
  'ecs.os-family': 'LINUX',
  ...attributes,
});

/**
 * Launches as many instances as what waits would fill, up to the group's largest size. Where they go is
 * the group's affair, which keeps its zones level and knows of no task.
 */
function scaleOut(core: Core, provider: Provider): void {
  const { group, waiting } = provider;
  if (group === undefined || waiting.size === 0) return;
  const missing = instancesFor(core, group, [...waiting]) - provider.launches.size;
  const room = group.maxSize - sizeOf(provider);
  for (let count = 0; count < Math.min(missing, room); count += 1) {
    if (!launch(core, provider)) break;
  }
  // What is still waiting then is looked at again, until it is placed or has waited too long.
  setTimer(core, provider.timers, 'scale-out', drawMs(core, 'group-time', scaleOutMs), () =>
    scaleOut(core, provider),
  );
}

/** How many instances of a group the tasks would fill, each task in the first zone where it fits. */
function instancesFor(core: Core, group: AutoScalingGroup, tasks: readonly Task[]): number {
  let left = tasks.map(placementOf);
  let count = 0;
  for (const zone of zonesOfSubnets(core, group.subnets)) {
    const subnetId = subnetIn(core, group.subnets, zone) ?? '';
    const site = { zone, subnetId, groupAttributes: ownAttributes(group) };
    const [here, elsewhere] = [
      left.filter((one) => mayStartIn(one, zone)),
      left.filter((one) => !mayStartIn(one, zone)),
    ];
    const { bins, unfit } = packZone(core, here, [typeOf(group)], site);
    count += bins.length;
    left = [...elsewhere, ...unfit.map(({ item }) => item)];
  }
  return count;
}

/** A group without managed scaling keeps its size; the other keeps its smallest. */
function planReplacement(core: Core, provider: Provider): void {
  const { group } = provider;
  if (group === undefined) return;
  const wanted = group.managedScaling === true ? (group.minSize ?? 0) : group.desiredCapacity;
  if (sizeOf(provider) >= wanted) return;
  setTimer(core, provider.timers, 'replace', drawMs(core, 'group-time', replaceMs), () => {
    let launched = true;
    while (launched && sizeOf(provider) < wanted) launched = launch(core, provider);
    if (sizeOf(provider) < wanted) planReplacement(core, provider);
  });
}

function planScaleIn(core: Core, instance: Instance): void {
  const { provider, tasks, timers } = instance;
  const { group } = provider ?? {};
  if (group?.managedScaling !== true || provider === undefined) return;
  const isIdle = tasks.size === 0 && instance.view.status === 'ACTIVE';
  if (!isIdle) {
    timers.get('scale-in')?.cancel();
    timers.delete('scale-in');
    return;
  }
  if (timers.has('scale-in')) return;
  setTimer(core, timers, 'scale-in', scaleInMs, () => {
    if (instance.tasks.size > 0 || provider.instances.size <= (group.minSize ?? 0)) return;
    setMachineState(core, instance.ec2InstanceId, 'terminated');
    deregisterInstance(core, instance, { code: '', reason: '' });
  });
}
