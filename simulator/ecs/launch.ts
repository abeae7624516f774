import { isRefused, slownessMs } from './capacity.ts';
import { type Core, drawMs, setTimer } from './core.ts';
import type { Misfit } from './fit.ts';
import type { RangeMs } from './inputs.ts';
import { findInstance, least, type PlacementRequest } from './placement.ts';
import type { Instance, Provider, Task } from './state.ts';
import { createTask, failToStart, placeTask, type TaskSpec } from './tasks.ts';
import { countByZone, subnetIn, tasksOfGroup, zonesOfSubnets } from './zones.ts';

/** Why a task could not be started; where no task was made, nothing of it can be seen but this. */
export type PlacementFailure = {
  /** Of the event: `RESOURCE:CPU` and the like. */
  readonly reason: string;
  /** The rest of the sentence "(service x) was unable to place a task…". */
  readonly message: string;
  readonly closest: Instance | undefined;
  readonly provider: Provider | undefined;
};

export type LaunchAnswer = { readonly task: Task } | { readonly failure: PlacementFailure };

/** Tasks that a cluster may have in PROVISIONING: https://docs.aws.amazon.com/general/latest/gr/ecs-service.html */
const provisioningMax = 500;

/** Starts a task where there is room, or has it wait for the capacity that its provider will add. */
export function launchTask(core: Core, wish: LaunchSpec): LaunchAnswer {
  const spec = withZones(core, wish);
  if (spec.launchType === 'FARGATE') return launchOnFargate(core, spec);
  const { provider } = spec;
  const answer = findInstance(core, requestOf(spec), provider?.instances ?? instancesFor(spec));
  const skipsRoom = provider?.kind === 'MANAGED_INSTANCES' && !core.has('existing-room-first');
  if ('instance' in answer && !skipsRoom) {
    const task = createTask(core, spec);
    placeTask(core, task, answer);
    return { task };
  }
  if (provider !== undefined && canGrow(core, provider, spec)) {
    if (isProvisioningFull(core, spec)) return { failure: provisioningFull(provider) };
    const task = createTask(core, spec);
    provider.waiting.add(task);
    core.signal('capacity-wanted', provider);
    return { task };
  }
  return { failure: failureOf('misfit' in answer ? answer.misfit : 'EMPTY', spec, answer) };
}

/** A task with the subnets of its network configuration, where it has one. */
export type LaunchSpec = Omit<TaskSpec, 'reachableZones'> & { readonly subnets: readonly string[] };

type Spec = TaskSpec & LaunchSpec;

const withZones = (core: Core, wish: LaunchSpec): Spec => ({
  ...wish,
  reachableZones:
    wish.definition.networkMode === 'awsvpc' ? zonesOfSubnets(core, wish.subnets) : [],
});

/** Instances that a launch type reaches in the cluster. */
const instancesFor = ({ cluster, launchType }: TaskSpec): readonly Instance[] =>
  [...cluster.instances].filter(({ kind }) => kind === launchType);

/** Rebalancing has managed instances launched, but uses an Auto Scaling group as it is. */
function canGrow(core: Core, { kind, group }: Provider, { boundZone }: TaskSpec): boolean {
  if (kind === 'MANAGED_INSTANCES') {
    return boundZone === undefined || core.has('rebalancing-launches-instances');
  }
  return group?.managedScaling === true && boundZone === undefined;
}

function requestOf(spec: TaskSpec): PlacementRequest {
  const { cluster, definition, constraints, group, provider, boundZone, strategy } = spec;
  return {
    cluster,
    definition,
    constraints: [...constraints, ...definition.constraints],
    group,
    isManaged: provider?.kind === 'MANAGED_INSTANCES',
    boundZone,
    reachableZones: spec.reachableZones,
    strategy,
  };
}

function isProvisioningFull(core: Core, { cluster }: TaskSpec): boolean {
  if (!core.has('provisioning-limit')) return false;
  let count = 0;
  for (const provider of core.state.providers.values()) {
    if (provider.cluster === cluster) count += provider.waiting.size;
  }
  return count >= provisioningMax;
}

const provisioningFull = (provider: Provider): PlacementFailure => ({
  reason: 'RESOURCE:PROVISIONING',
  message:
    'was unable to place tasks in your cluster because the tasks provisioning capacity limit was exceeded.',
  closest: undefined,
  provider,
});

const unmet =
  'was unable to place a task because no container instance met all of its requirements.';
const seeGuide =
  'For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.';

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html */
const closestWords: Readonly<Record<Misfit, string>> = {
  'RESOURCE:CPU': 'has insufficient CPU units available.',
  'RESOURCE:MEMORY': 'has insufficient memory available.',
  'RESOURCE:PORTS': 'is already using a port required by your task.',
  'RESOURCE:ENI': 'has insufficient network interfaces available.',
  ATTRIBUTE: 'is missing an attribute required by your task.',
  MEMBER_OF: 'encountered error "MemberOf placement constraint unsatisfied.".',
  DISTINCT_INSTANCE: 'encountered error "DistinctInstance placement constraint unsatisfied.".',
  AGENT: 'encountered error "AGENT".',
};

function failureOf(
  why: Misfit | 'EMPTY',
  { provider }: TaskSpec,
  answer: ReturnType<typeof findInstance>,
): PlacementFailure {
  const closest = 'closest' in answer ? answer.closest : undefined;
  if (why === 'EMPTY' || closest === undefined) {
    const where = provider === undefined ? 'cluster' : 'capacity provider';
    const reason = `Reason: No Container Instances were found in your ${where}.`;
    return { reason: 'EMPTY', message: `${unmet} ${reason} ${seeGuide}`, closest, provider };
  }
  const words = `The closest matching (container-instance ${closest.id}) ${closestWords[why]}`;
  return { reason: why, message: `${unmet} ${words} ${seeGuide}`, closest, provider };
}

const fargateMs: RangeMs = [8_000, 20_000];

function launchOnFargate(core: Core, spec: Spec): LaunchAnswer {
  const name = spec.provider?.name ?? 'FARGATE';
  const zones = spec.reachableZones.filter(
    (zone) => spec.boundZone === undefined || zone === spec.boundZone,
  );
  const open = zones.filter(
    (zone) => !isRefused(core, { zone, instanceType: undefined, capacityProvider: name }),
  );
  const counts = countByZone(
    [...tasksOfGroup(core, spec.cluster, spec.group)].filter(
      ({ provider }) => provider === undefined || provider.name === name,
    ),
  );
  // The spread is by provider: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing.html
  const best = core.has('fargate-zone-spread')
    ? least(open, (zone) => counts.get(zone) ?? 0)
    : open;
  const [zone] = best;
  if (zone === undefined) return { failure: noFargate(spec) };
  const task = createTask(core, spec);
  task.zone = zone;
  const subnetId = subnetIn(core, spec.subnets, zone) ?? '';
  const request = { zone, instanceType: undefined, capacityProvider: name };
  const waitMs = drawMs(core, 'fargate-time', fargateMs) + slownessMs(core, request);
  setTimer(core, task.timers, 'life', waitMs, () => {
    if (isRefused(core, request)) {
      failToStart(core, task, capacityUnavailable);
    } else placeTask(core, task, { zone, subnetId });
  });
  return { task };
}

const capacityUnavailable =
  'Capacity is unavailable at this time. Please try again later or in a different availability zone';

const noFargate = ({ provider }: TaskSpec): PlacementFailure => ({
  reason: 'RESOURCE:FARGATE',
  message: `was unable to place a task. Reason: ${capacityUnavailable}. ${seeGuide}`,
  closest: undefined,
  provider,
});
