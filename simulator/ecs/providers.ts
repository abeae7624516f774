import type { EcsCapacityProvider } from '../account.ts';
import { ServiceError } from '../aws/errors.ts';
import { instanceTypes } from '../instance-types.ts';
import { fillGroup } from './auto-scaling-group.ts';
import type { Core } from './core.ts';
import type { CreateCapacityProvider } from './inputs.ts';
import { clusterOf } from './lookup.ts';
import type { Provider } from './state.ts';

const scaleInAfterMax = 3_600;

/** FARGATE and FARGATE_SPOT are there in every account. */
export function addFargateProviders(core: Core): void {
  for (const name of ['FARGATE', 'FARGATE_SPOT'] as const) {
    addProvider(core, {
      name,
      kind: name,
      view: { capacityProviderArn: arnOf(core, name), name, type: name, status: 'ACTIVE' },
      cluster: undefined,
      group: undefined,
    });
  }
}

const arnOf = ({ account }: Core, name: string): string =>
  `arn:aws:ecs:${account.region}:${account.accountId}:capacity-provider/${name}`;

type OwnState =
  | 'instances'
  | 'waiting'
  | 'launches'
  | 'orphans'
  | 'withRoom'
  | 'grown'
  | 'growth'
  | 'optimised'
  | 'postponed'
  | 'timers';

function addProvider(core: Core, provider: Omit<Provider, OwnState>): Provider {
  const whole: Provider = {
    ...provider,
    instances: new Set(),
    waiting: new Set(),
    launches: new Set(),
    orphans: 0,
    withRoom: new Set(),
    grown: [],
    growth: 0,
    optimised: undefined,
    postponed: new Set(),
    timers: new Map(),
  };
  core.state.providers.set(provider.name, whole);
  core.account.capacityProviders.set(provider.name, provider.view);
  return whole;
}

/** Creates a provider of managed instances, or one with its Auto Scaling group. */
export function createCapacityProvider(
  core: Core,
  input: CreateCapacityProvider,
): EcsCapacityProvider {
  const { name, managedInstancesProvider: managed, autoScalingGroupProvider: group, tags } = input;
  const cluster = clusterOf(core, input.cluster);
  if (core.state.providers.has(name)) {
    throw new ServiceError('ClientException', `The capacity provider ${name} already exists.`);
  }
  if ((managed === undefined) === (group === undefined)) {
    throw new ServiceError(
      'InvalidParameterException',
      'Exactly one of managedInstancesProvider and autoScalingGroupProvider must be given.',
    );
  }
  checkSubnets(core, group?.subnets ?? subnetsIn(managed));
  checkScaleIn(managed);
  const { region, accountId } = core.account;
  const autoScalingGroupArn = `arn:aws:autoscaling:${region}:${accountId}:autoScalingGroup:${core.ids.uuid()}:autoScalingGroupName/${name}`;
  const view: EcsCapacityProvider = {
    capacityProviderArn: arnOf(core, name),
    name,
    type: managed === undefined ? 'EC2_AUTOSCALING' : 'MANAGED_INSTANCES',
    status: 'ACTIVE',
    ...(managed === undefined
      ? { autoScalingGroupProvider: { autoScalingGroupArn } }
      : { cluster: cluster.arn, managedInstancesProvider: structuredClone(managed) }),
    ...(tags === undefined ? {} : { tags: [...tags] }),
  };
  const provider = addProvider(core, { name, kind: view.type, view, cluster, group });
  if (group !== undefined) fillGroup(core, provider);
  return view;
}

type Managed = CreateCapacityProvider['managedInstancesProvider'];

const subnetsIn = (managed: Managed): readonly string[] =>
  managed?.instanceLaunchTemplate?.networkConfiguration?.subnets ?? [];

function checkSubnets(core: Core, subnets: readonly string[]): void {
  if (subnets.length === 0) {
    throw new ServiceError('InvalidParameterException', 'At least one subnet is required.');
  }
  const unknown = subnets.find((id) => !core.account.subnets.has(id));
  if (unknown === undefined) return;
  throw new ServiceError('InvalidParameterException', `The subnet ID '${unknown}' does not exist`);
}

function checkScaleIn(managed: Managed): void {
  const { scaleInAfter = 0 } = managed?.infrastructureOptimization ?? {};
  if (Number.isInteger(scaleInAfter) && scaleInAfter >= -1 && scaleInAfter <= scaleInAfterMax)
    return;
  throw new ServiceError(
    'InvalidParameterException',
    `scaleInAfter must be -1 or from 0 to ${scaleInAfterMax} seconds.`,
  );
}

/** What the account says of instance types. */
export function addInstanceTypes({ account }: Core): void {
  for (const { name, vCpus, memoryMiB, interfaces } of instanceTypes.values()) {
    account.instanceTypes.set(name, {
      InstanceType: name,
      VCpuInfo: { DefaultVCpus: vCpus },
      MemoryInfo: { SizeInMiB: memoryMiB },
      NetworkInfo: { MaximumNetworkInterfaces: interfaces },
    });
  }
}
