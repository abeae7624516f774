import type { EcsContainerInstance, EcsService, EcsTask } from '../../simulator/account.ts';
import {
  type BehaviourId,
  behaviourIds,
  behaviours,
  type VariantChoices,
} from '../../simulator/behaviours.ts';
import type {
  AppBehaviour,
  AutoScalingGroup,
  CreateService,
  RegisterTaskDefinition,
} from '../../simulator/ecs/inputs.ts';
import { createWorld, type EventEnvelope, type World } from '../../simulator/world.ts';

export const startMs = Date.parse('2026-11-20T00:00:00Z');
export const secondMs = 1_000;
export const minuteMs = 60_000;
export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/** The first variant of every rule: what is not the subject of a test stays the same. */
export const firstVariants = Object.fromEntries(
  behaviourIds.map((id) => [id, behaviours[id].variants[0]]),
) as VariantChoices;

export type LabOptions = {
  readonly seed?: number;
  /** In place of the first variants; a rule is `off` here to see what fails without it. */
  readonly variants?: VariantChoices;
  /** What is not given is drawn by the seed, and not the first variant. */
  readonly drawsVariants?: boolean;
  /** Letters; `a`, `b` and `c` by default. */
  readonly zones?: string;
};

type ManagedOptions = {
  readonly types?: readonly string[];
  readonly scaleInAfter?: number;
  readonly subnets?: readonly string[];
  readonly isSpot?: boolean;
};

type GroupOptions = Partial<AutoScalingGroup> & { readonly name?: string };

type ServiceOptions = Partial<Omit<CreateService, 'cluster'>>;

/** A world with a cluster `prod` and one subnet a zone, and short ways to what tests do with it. */
export function createLab(options: LabOptions = {}) {
  const { seed = 1, variants = {}, zones = 'abc', drawsVariants = false } = options;
  const others = drawsVariants ? {} : firstVariants;
  const world = createWorld({ seed, startMs, variants: { ...others, ...variants } });
  const events: EventEnvelope[] = [];
  world.onEvent((event) => events.push(event));
  const subnets = [...zones].map((letter) => `subnet-${letter}`);
  for (const letter of zones) {
    world.aws.createSubnet({ subnetId: `subnet-${letter}`, availabilityZone: zoneOf(letter) });
  }
  world.ecs.createCluster({ clusterName: 'prod' });
  const networkConfiguration = { awsvpcConfiguration: { subnets } };
  return {
    world,
    events,
    subnets,
    networkConfiguration,
    advance: (ms: number): void => world.runUntil(world.nowMs() + ms),
    managed: (options: ManagedOptions = {}) => addManaged(world, subnets, options),
    group: (instanceType: string, count: number, { name = 'asg', ...more }: GroupOptions = {}) =>
      world.ecs.createCapacityProvider({
        name,
        cluster: 'prod',
        autoScalingGroupProvider: {
          instanceType,
          subnets,
          maxSize: 20,
          desiredCapacity: count,
          ...more,
        },
      }),
    define: (cpu: number, memory: number, more: DefinitionOptions = {}) =>
      define(world, cpu, memory, more),
    serve: (desiredCount: number, options: ServiceOptions = {}): EcsService =>
      world.ecs.createService({
        cluster: 'prod',
        serviceName: 'web',
        taskDefinition: 'web',
        desiredCount,
        networkConfiguration,
        capacityProviderStrategy:
          options.launchType === undefined ? [{ capacityProvider: 'mi', weight: 1 }] : [],
        ...options,
      } as CreateService),
    ...readers(world, events),
  };
}

export type Lab = ReturnType<typeof createLab>;

export const zoneOf = (letter: string): string => `eu-central-1${letter}`;

function addManaged(
  world: World,
  subnets: readonly string[],
  { types = ['m6a.large'], scaleInAfter, subnets: own, isSpot = false }: ManagedOptions,
) {
  return world.ecs.createCapacityProvider({
    name: 'mi',
    cluster: 'prod',
    managedInstancesProvider: {
      instanceLaunchTemplate: {
        networkConfiguration: { subnets: [...(own ?? subnets)] },
        instanceRequirements: {
          allowedInstanceTypes: [...types],
          burstablePerformance: 'included',
        },
        capacityOptionType: isSpot ? 'SPOT' : 'ON_DEMAND',
      },
      ...(scaleInAfter === undefined ? {} : { infrastructureOptimization: { scaleInAfter } }),
    },
  });
}

type DefinitionOptions = Partial<RegisterTaskDefinition> & {
  readonly app?: AppBehaviour;
  readonly container?: Partial<RegisterTaskDefinition['containerDefinitions'][number]>;
};

function define(
  world: World,
  cpu: number,
  memory: number,
  { container, ...more }: DefinitionOptions,
) {
  return world.ecs.registerTaskDefinition({
    family: 'web',
    cpu: String(cpu),
    memory: String(memory),
    containerDefinitions: [{ name: 'app', image: 'web:1', ...container }],
    ...more,
    app: { startMs: [5_000, 5_000], healthyAfterMs: [1_000, 1_000], ...more.app },
  });
}

function readers(world: World, events: readonly EventEnvelope[]) {
  const { account } = world;
  const service = (name = 'web'): EcsService => {
    const found = [...account.services.values()].find(({ serviceName }) => serviceName === name);
    if (found === undefined) throw new Error(`no service ${name}`);
    return found;
  };
  /** Tasks that ECS wants to run. */
  const tasks = (name = 'web'): readonly EcsTask[] =>
    [...account.tasks.values()].filter(
      ({ group, desiredStatus }) => group === `service:${name}` && desiredStatus === 'RUNNING',
    );
  const instances = (): readonly EcsContainerInstance[] =>
    [...account.containerInstances.values()].filter(({ status }) => status !== 'INACTIVE');
  const detailsOf = (detailType: string): readonly Readonly<Record<string, unknown>>[] =>
    events.filter((event) => event['detail-type'] === detailType).map(({ detail }) => detail);
  return {
    service,
    tasks,
    instances,
    detailsOf,
    /** Names of service actions, in their order. */
    actions: (): readonly string[] =>
      detailsOf('ECS Service Action').map(({ eventName }) => String(eventName)),
    messages: (name = 'web'): readonly string[] =>
      (service(name).events ?? []).map(({ message }) => message).reverse(),
    /** Details of the events of tasks that have stopped. */
    stops: (): readonly Readonly<Record<string, unknown>>[] =>
      detailsOf('ECS Task State Change').filter(({ lastStatus }) => lastStatus === 'STOPPED'),
    /** Tasks by zone, as `a2 b1`; zones without any are left out. */
    spread: (name = 'web'): string =>
      inWords(tasks(name).map(({ availabilityZone }) => availabilityZone)),
    /** Running tasks by instance, the fullest first. */
    packed: (): readonly number[] =>
      instances()
        .map(({ runningTasksCount }) => runningTasksCount)
        .sort((a, b) => b - a),
    typesOf: (): readonly string[] =>
      instances().map((one) => attributeOf(one, 'ecs.instance-type')),
    placesOf: (): string =>
      inWords(instances().map((one) => attributeOf(one, 'ecs.availability-zone'))),
  };
}

export const attributeOf = ({ attributes }: EcsContainerInstance, name: string): string =>
  attributes.find((attribute) => attribute.name === name)?.value ?? '';

function inWords(zones: readonly (string | undefined)[]): string {
  const counts = Map.groupBy(zones, (zone) => zone?.slice(-1) ?? '-');
  return [...counts]
    .map(([letter, { length }]) => `${letter}${length}`)
    .sort()
    .join(' ');
}

/** What a rule does, seen from outside, in each of its variants. */
export type Case = {
  /** Runs a small world and returns what the rule decides. */
  readonly observe: (variants: VariantChoices) => unknown;
  /** By variant: without the rule it is none of these. */
  readonly expected: Readonly<Record<string, unknown>>;
};

export type Cases = Partial<Record<BehaviourId, Case>>;
