import { ServiceError } from '../aws/errors.ts';
import type { CreateService } from '../ecs/inputs.ts';
import { instanceTypes } from '../instance-types.ts';
import type { Random } from '../random.ts';
import type { Arranged, Scenario, Stage } from '../scenario.ts';

type Resources = { readonly cpuUnits: number; readonly memoryMiB: number };

/** What is read of a saved snapshot; its type has more, see `shared/domain/snapshot.ts`. */
export type SavedCluster = {
  readonly region: string;
  readonly cluster: string;
  readonly tasks: readonly {
    readonly service: string | undefined;
    readonly taskDefinitionArn: string;
    readonly capacityProvider: string | undefined;
    readonly compute: string | undefined;
    readonly reserved: Resources;
    readonly hasEni: boolean;
  }[];
  readonly services: readonly SavedService[];
  readonly instances: readonly {
    readonly compute: string | undefined;
    readonly capacityProvider: string | undefined;
    readonly type: string | undefined;
    readonly zone: string | undefined;
    readonly registered: Resources;
  }[];
  readonly capacityProviders: readonly {
    readonly name: string;
    readonly compute: string | undefined;
    readonly isSpot: boolean;
    readonly subnets: readonly string[];
    readonly scaleInAfterSeconds: number | null | undefined;
  }[];
  readonly subnetZones: Readonly<Record<string, string>>;
  readonly scalableTargets: Readonly<
    Record<string, { readonly min: number; readonly max: number }>
  >;
};

type SavedService = {
  readonly name: string;
  readonly status: string;
  readonly desired: number;
  readonly compute: string | undefined;
  readonly launchType: string | undefined;
  readonly capacityProviders: readonly string[];
  readonly schedulingStrategy: string | undefined;
  readonly minimumHealthyPercent: number | undefined;
  readonly maximumPercent: number | undefined;
  readonly availabilityZoneRebalancing: string | undefined;
  readonly placementStrategy: readonly {
    readonly type: string;
    readonly field: string | undefined;
  }[];
  readonly placementConstraints: readonly {
    readonly type: string;
    readonly expression: string | undefined;
  }[];
  readonly subnets: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
};

/** What every run with a saved cluster takes for granted. */
const assumptions = [
  'every instance begins its life with the run, whatever its age when it was saved',
  'applications are well, and all services are deployed in rolling updates without a load balancer',
  'task sizes are those of a running task of the service, else 0.25 vCPU and 0.5 GB',
];

/**
 * The scenario with a saved cluster in the place of its own: its length, its faults and its story. A
 * cluster may be large, and someone waits: calls to AWS are not put into bytes.
 */
export const withCluster = (scenario: Scenario, saved: SavedCluster): Scenario => ({
  ...scenario,
  mode: 'fast',
  clusterName: saved.cluster,
  region: saved.region,
  arrange: (stage) => arrangeSaved(stage, saved),
});

function arrangeSaved(stage: Stage, saved: SavedCluster): Arranged {
  /** What ECS, or the simulation of it, does not take. */
  const left: string[] = [];
  const attempt = (what: string, run: () => void): void => {
    try {
      run();
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      left.push(`${what}: ${error.message}`);
    }
  };
  const subnets = createSavedSubnets(stage, saved);
  for (const provider of saved.capacityProviders) {
    attempt(`provider ${provider.name}`, () => createProvider(stage, saved, provider, subnets));
  }
  for (const { compute, registered } of saved.instances) {
    if (compute !== 'external') continue;
    stage.world.aws.registerExternalInstance({
      ...{ cluster: stage.clusterName, cpu: registered.cpuUnits, memoryMiB: registered.memoryMiB },
    });
  }
  for (const service of saved.services) {
    if (service.status !== 'ACTIVE') continue;
    attempt(`service ${service.name}`, () => createSaved(stage, saved, service, subnets));
  }
  for (const [name, { min, max }] of Object.entries(saved.scalableTargets)) {
    attempt(`scaling of ${name}`, () =>
      stage.world.aws.scaleService({
        ...{
          resourceId: `service/${stage.clusterName}/${name}`,
          minCapacity: min,
          maxCapacity: max,
        },
      }),
    );
  }
  return {
    zones: [...new Set(subnets.values())].sort(),
    deploy: (random) => deploySomething(stage, random),
    figures: () => ({ assumptions, leftOut: left }),
  };
}

/** Subnet by zone; where a snapshot names none, one a zone in which it has an instance. */
function createSavedSubnets(
  { world }: Stage,
  { subnetZones, instances, region }: SavedCluster,
): ReadonlyMap<string, string> {
  const named = Object.entries(subnetZones);
  const zones = [...new Set(instances.flatMap(({ zone }) => zone ?? []))].sort();
  const fallback = zones.length > 0 ? zones : ['a', 'b', 'c'].map((letter) => `${region}${letter}`);
  const made =
    named.length > 0 ? named : fallback.map((zone) => [`subnet-of-${zone}`, zone] as const);
  for (const [subnetId, availabilityZone] of made) {
    world.aws.createSubnet({ subnetId, availabilityZone });
  }
  return new Map(made);
}

const knownOf = (wanted: readonly string[], subnets: ReadonlyMap<string, string>): string[] => {
  const known = wanted.filter((subnetId) => subnets.has(subnetId));
  return known.length > 0 ? known : [...subnets.keys()];
};

function createProvider(
  { world, clusterName }: Stage,
  { instances }: SavedCluster,
  provider: SavedCluster['capacityProviders'][number],
  subnets: ReadonlyMap<string, string>,
): void {
  const { name, compute, isSpot, scaleInAfterSeconds } = provider;
  const own = instances.filter(({ capacityProvider }) => capacityProvider === name);
  const types = [...new Set(own.flatMap(({ type }) => type ?? []))].filter((type) =>
    instanceTypes.has(type),
  );
  if (compute === 'managed-instances') {
    const scaleInAfter = scaleInAfterSeconds ?? undefined;
    world.ecs.createCapacityProvider({
      ...{ name, cluster: clusterName },
      managedInstancesProvider: {
        instanceLaunchTemplate: {
          networkConfiguration: { subnets: knownOf(provider.subnets, subnets) },
          ...(types.length === 0 ? {} : { instanceRequirements: { allowedInstanceTypes: types } }),
          ...(isSpot ? { capacityOptionType: 'SPOT' } : {}),
        },
        ...(scaleInAfter === undefined ? {} : { infrastructureOptimization: { scaleInAfter } }),
      },
    });
  } else if (compute === 'ec2') {
    const [instanceType = 'm6i.large'] = types;
    world.ecs.createCapacityProvider({
      ...{ name, cluster: clusterName },
      autoScalingGroupProvider: {
        ...{ instanceType, subnets: [...subnets.keys()], isSpot, managedScaling: true },
        ...{ desiredCapacity: own.length, maxSize: Math.max(1, 2 * own.length) },
      },
    });
  }
}

function createSaved(
  stage: Stage,
  saved: SavedCluster,
  service: SavedService,
  subnets: ReadonlyMap<string, string>,
): void {
  const { world, clusterName, know, apps } = stage;
  const task = saved.tasks.find((one) => one.service === service.name);
  const { cpuUnits, memoryMiB } = task?.reserved ?? { cpuUnits: 256, memoryMiB: 512 };
  const { taskDefinitionArn } = world.ecs.registerTaskDefinition({
    ...{ family: service.name, cpu: String(cpuUnits), memory: String(memoryMiB) },
    networkMode: task === undefined || task.hasEni ? 'awsvpc' : 'bridge',
    containerDefinitions: [{ name: 'app', image: service.name, essential: true }],
  });
  apps.set(taskDefinitionArn, { latency: { medianMs: 40, sigma: 0.15 } });
  know({
    ...{ type: 'build', service: service.name, taskDefinitionArn, health: 'good' },
    isEnforced: false,
  });
  world.ecs.createService({
    ...{ cluster: clusterName, serviceName: service.name, taskDefinition: taskDefinitionArn },
    desiredCount: service.desired,
    ...capacityOf(service),
    ...settingsOf(service),
    ...(task === undefined || task.hasEni
      ? {
          networkConfiguration: {
            awsvpcConfiguration: { subnets: knownOf(service.subnets, subnets) },
          },
        }
      : {}),
    tags: Object.entries(service.tags).map(([key, value]) => ({ key, value })),
  });
}

function capacityOf({
  capacityProviders,
  launchType,
  compute,
  schedulingStrategy,
}: SavedService): Partial<CreateService> {
  const isDaemon = schedulingStrategy === 'DAEMON';
  const strategy = isDaemon ? { schedulingStrategy: 'DAEMON' as const } : {};
  if (capacityProviders.length > 0 && !isDaemon) {
    return {
      capacityProviderStrategy: capacityProviders.map((name) => ({
        ...{ capacityProvider: name, weight: 1 },
      })),
    };
  }
  if (compute === 'external' || launchType === 'EXTERNAL') {
    return { launchType: 'EXTERNAL', ...strategy };
  }
  return { launchType: launchType === 'FARGATE' ? 'FARGATE' : 'EC2', ...strategy };
}

function settingsOf(service: SavedService): Partial<CreateService> {
  const { availabilityZoneRebalancing: rebalancing } = service;
  return {
    deploymentConfiguration: {
      strategy: 'ROLLING',
      minimumHealthyPercent: service.minimumHealthyPercent ?? 100,
      maximumPercent: service.maximumPercent ?? 200,
    },
    ...(rebalancing === 'ENABLED' || rebalancing === 'DISABLED'
      ? { availabilityZoneRebalancing: rebalancing }
      : {}),
    placementStrategy: service.placementStrategy.flatMap(({ type, field }) =>
      type === 'spread' || type === 'binpack' || type === 'random'
        ? [{ type, ...(field === undefined ? {} : { field }) }]
        : [],
    ),
    placementConstraints: service.placementConstraints.flatMap(({ type, expression }) =>
      type === 'distinctInstance' || type === 'memberOf'
        ? [{ type, ...(expression === undefined ? {} : { expression }) }]
        : [],
    ),
  };
}

/** Somebody deploys the same again. */
function deploySomething({ world, clusterName, note }: Stage, random: Random): void {
  const services = [...world.account.services.values()].filter(({ status }) => status === 'ACTIVE');
  if (services.length === 0) return;
  const { serviceName } = random.pick(services);
  note(`deploy ${serviceName} again`);
  world.ecs.updateService({
    ...{ cluster: clusterName, service: serviceName, forceNewDeployment: true },
  });
}
