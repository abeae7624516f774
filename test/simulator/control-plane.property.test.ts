import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EcsService } from '../../simulator/account.ts';
import type { AppBehaviour } from '../../simulator/ecs/inputs.ts';
import { createWorld, type World } from '../../simulator/world.ts';
import { watchInvariants } from './invariants.ts';
import { hourMs, minuteMs, startMs, zoneOf } from './world-lab.ts';

const app: fc.Arbitrary<AppBehaviour> = fc.record(
  {
    exit: fc.record({
      afterMs: fc.constant([60_000, 7_200_000] as const),
      exitCode: fc.constantFrom(0, 1, 137),
      chance: fc.constantFrom(0.05, 0.5),
    }),
    startFailure: fc.record({
      reason: fc.constant('CannotStartContainerError: no'),
      chance: fc.constantFrom(0.05, 0.5, 1),
    }),
    healthyAfterMs: fc.constantFrom([1_000, 5_000] as const, [60_000, 90_000] as const),
  },
  { requiredKeys: [] },
);

const serviceArbitrary = fc.record({
  desired: fc.integer({ min: 0, max: 7 }),
  cpu: fc.constantFrom(256, 512, 1_024),
  memory: fc.constantFrom(512, 1_024, 3_072),
  compute: fc.constantFrom('managed', 'managed', 'group', 'fargate'),
  min: fc.constantFrom(0, 50, 67, 100),
  max: fc.constantFrom(125, 150, 200),
  strategy: fc.constantFrom('ROLLING', 'ROLLING', 'BLUE_GREEN', 'CANARY'),
  isBalanced: fc.boolean(),
  isChecked: fc.boolean(),
  isDistinct: fc.constantFrom(false, false, true),
  placement: fc.constantFrom<NonNullable<EcsService['placementStrategy']>>(
    [],
    [],
    [{ type: 'spread', field: 'attribute:ecs.availability-zone' }],
    [{ type: 'binpack', field: 'cpu' }],
    [{ type: 'random' }],
  ),
  app,
});

const act = fc.record({
  afterMinutes: fc.integer({ min: 0, max: 40 }),
  kind: fc.constantFrom(
    'scale',
    'deploy',
    'stop-task',
    'protect',
    'drain',
    'deregister',
    'instance-dies',
    'zone-outage',
    'no-capacity',
    'agent',
    'impair',
    'run-task',
    'unhealthy',
    'spot-notice',
    'image-missing',
    'load',
    'daemon',
  ),
  pick: fc.nat(1_000),
});

const worldArbitrary = fc.record({
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  zones: fc.constantFrom('ab', 'abc'),
  services: fc.array(serviceArbitrary, { minLength: 1, maxLength: 3 }),
  acts: fc.array(act, { maxLength: 12 }),
});

type Sketch = typeof worldArbitrary extends fc.Arbitrary<infer Value> ? Value : never;
type Act = Sketch['acts'][number];

function build({ seed, zones, services }: Sketch, watch: (world: World) => void): World {
  const world = createWorld({ seed, startMs });
  watch(world);
  const subnets = [...zones].map((letter) => `subnet-${letter}`);
  for (const letter of zones) {
    world.aws.createSubnet({ subnetId: `subnet-${letter}`, availabilityZone: zoneOf(letter) });
  }
  world.ecs.createCluster({ clusterName: 'prod' });
  world.ecs.createCapacityProvider({
    name: 'managed',
    cluster: 'prod',
    managedInstancesProvider: {
      instanceLaunchTemplate: {
        networkConfiguration: { subnets },
        instanceRequirements: { cpuManufacturers: ['amd'] },
        capacityOptionType: seed % 2 === 0 ? 'SPOT' : 'ON_DEMAND',
      },
      infrastructureOptimization: { scaleInAfter: 300 },
    },
  });
  world.ecs.createCapacityProvider({
    name: 'group',
    cluster: 'prod',
    autoScalingGroupProvider: {
      instanceType: 'm6a.4xlarge',
      subnets,
      desiredCapacity: 9,
      maxSize: 9,
    },
  });
  for (const [at, service] of services.entries()) serve(world, service, `s${at}`, subnets);
  return world;
}

function serve(
  world: World,
  { compute, ...service }: Sketch['services'][number],
  serviceName: string,
  subnets: readonly string[],
): void {
  const balancer = world.aws.createLoadBalancer({
    name: serviceName,
    production: { port: 80, protocol: 'HTTP' },
    deregistrationDelaySeconds: 20,
  });
  world.ecs.registerTaskDefinition({
    family: serviceName,
    cpu: String(service.cpu),
    memory: String(service.memory),
    networkMode: 'awsvpc',
    containerDefinitions: [
      {
        name: 'app',
        image: `${serviceName}:1`,
        ...(service.isChecked ? { healthCheck: { command: ['CMD', 'true'], interval: 10 } } : {}),
      },
    ],
    app: service.app,
  });
  world.ecs.createService({
    cluster: 'prod',
    serviceName,
    taskDefinition: serviceName,
    desiredCount: service.desired,
    capacityProviderStrategy: [
      { capacityProvider: compute === 'fargate' ? 'FARGATE' : compute, weight: 1 },
    ],
    networkConfiguration: { awsvpcConfiguration: { subnets: [...subnets] } },
    placementConstraints: service.isDistinct ? [{ type: 'distinctInstance' }] : [],
    placementStrategy: service.placement,
    deploymentConfiguration: {
      minimumHealthyPercent: service.min,
      maximumPercent: service.max,
      strategy: service.strategy as 'ROLLING',
      bakeTimeInMinutes: 5,
      deploymentCircuitBreaker: { enable: service.isBalanced, rollback: service.isChecked },
    },
    ...(service.isBalanced ? { loadBalancers: balancer.asServiceLoadBalancers('app', 80) } : {}),
  });
}

const pickOf = <Item>(items: readonly Item[], pick: number): Item | undefined =>
  items[pick % Math.max(1, items.length)];

function perform(world: World, { kind, pick }: Act): void {
  const { account, ecs, nature } = world;
  const service = pickOf([...account.services.values()], pick);
  const name = service?.serviceName ?? '';
  const tasks = [...account.tasks.values()].filter(
    ({ desiredStatus, group = '' }) => desiredStatus === 'RUNNING' && group.startsWith('service:'),
  );
  const task = pickOf(tasks, pick)?.taskArn;
  const instance = pickOf(
    [...account.containerInstances.values()].filter(({ status }) => status === 'ACTIVE'),
    pick,
  )?.containerInstanceArn;
  const zone = zoneOf(pick % 2 === 0 ? 'a' : 'b');
  const onService: Readonly<Record<string, () => void>> = {
    scale: () => ecs.updateService({ cluster: 'prod', service: name, desiredCount: pick % 8 }),
    deploy: () => ecs.updateService({ cluster: 'prod', service: name, forceNewDeployment: true }),
    'run-task': () =>
      ecs.runTask({
        cluster: 'prod',
        taskDefinition: name,
        capacityProviderStrategy: [{ capacityProvider: 'managed', weight: 1 }],
      }),
    'zone-outage': () => nature.zoneOutage(zone, 30 * minuteMs),
    'no-capacity': () => nature.noCapacity({ zone }, hourMs),
    'image-missing': () => nature.imageMissing(`${name}:1`, 20 * minuteMs),
    daemon: () =>
      ecs.createDaemon({
        cluster: 'prod',
        name: `d${pick}`,
        capacityProvider: 'managed',
        drainPercent: pick % 101,
      }),
    load: () =>
      world.aws.scaleService({
        resourceId: `service/prod/${name}`,
        minCapacity: 1,
        maxCapacity: 6,
        targetTracking: { targetValue: 50, load: (atMs) => 50 * (1 + ((atMs / hourMs) % 5)) },
      }),
  };
  const onTask: Readonly<Record<string, (arn: string) => void>> = {
    'stop-task': (arn) => ecs.stopTask({ cluster: 'prod', task: arn }),
    protect: (arn) =>
      ecs.updateTaskProtection({
        cluster: 'prod',
        tasks: [arn],
        protectionEnabled: true,
        expiresInMinutes: 60,
      }),
    unhealthy: (arn) =>
      nature.taskFailsHealthChecks(arn, pick % 2 === 0 ? 'container' : 'load-balancer'),
  };
  const onInstance: Readonly<Record<string, (arn: string) => void>> = {
    deregister: (arn) =>
      ecs.deregisterContainerInstance({ cluster: 'prod', containerInstance: arn, force: true }),
    'instance-dies': (arn) => nature.instanceDies(arn),
    agent: (arn) => nature.agentDisconnects(arn, 20 * minuteMs),
    'spot-notice': (arn) => nature.spotNotice(arn),
    impair: (arn) => nature.healthImpaired(arn, 'DAEMON', 'Daemon task is unhealthy', hourMs),
  };
  onService[kind]?.();
  if (task !== undefined) onTask[kind]?.(task);
  if (instance !== undefined) onInstance[kind]?.(instance);
  if (kind === 'drain' && instance !== undefined) drain(world, instance);
}

/** Whether users may drain managed instances is a question of the variant. */
function drain(world: World, instance: string): void {
  const isManaged =
    world.account.containerInstances.get(instance)?.capacityProviderName === 'managed';
  if (isManaged && world.variant('managed-instance-user-drain') === 'refused') return;
  world.ecs.updateContainerInstancesState({
    cluster: 'prod',
    containerInstances: [instance],
    status: 'DRAINING',
  });
}

/** Plays a sketch, with a look at everything after each step. */
function play(sketch: Sketch, quietMs: number) {
  let invariants: ReturnType<typeof watchInvariants> = { breaches: [], check: () => undefined };
  const world = build(sketch, (empty) => {
    invariants = watchInvariants(empty);
  });
  const until = (atMs: number): void => {
    while ((world.nextAtMs() ?? Number.POSITIVE_INFINITY) <= atMs) {
      world.step();
      invariants.check();
    }
    world.runUntil(atMs);
  };
  let atMs = startMs + 30 * minuteMs;
  for (const one of sketch.acts) {
    atMs += one.afterMinutes * minuteMs;
    until(atMs);
    perform(world, one);
    invariants.check();
  }
  until(atMs + quietMs);
  return { world, breaches: invariants.breaches };
}

/**
 * In these an instance begins to drain, by a user and by a daemon's deployment, between a task's placement
 * and the first event that names its place.
 */
const drainedAfterPlacement: readonly Sketch[] = [
  {
    seed: 311_209,
    zones: 'ab',
    services: [
      {
        desired: 7,
        cpu: 512,
        memory: 1_024,
        compute: 'managed',
        min: 67,
        max: 150,
        strategy: 'ROLLING',
        isBalanced: false,
        isChecked: true,
        isDistinct: false,
        placement: [],
        app: {
          exit: { afterMs: [60_000, 7_200_000], exitCode: 1, chance: 0.05 },
          startFailure: { reason: 'CannotStartContainerError: no', chance: 0.05 },
          healthyAfterMs: [60_000, 90_000],
        },
      },
    ],
    acts: [
      { afterMinutes: 8, kind: 'deploy', pick: 261 },
      { afterMinutes: 4, kind: 'scale', pick: 826 },
      { afterMinutes: 3, kind: 'drain', pick: 9 },
    ],
  },
  {
    seed: 14,
    zones: 'abc',
    services: [
      {
        desired: 7,
        cpu: 1_024,
        memory: 1_024,
        compute: 'managed',
        min: 100,
        max: 150,
        strategy: 'CANARY',
        isBalanced: true,
        isChecked: false,
        isDistinct: false,
        placement: [],
        app: {
          exit: { afterMs: [60_000, 7_200_000], exitCode: 137, chance: 0.05 },
          startFailure: { reason: 'CannotStartContainerError: no', chance: 1 },
          healthyAfterMs: [60_000, 90_000],
        },
      },
      {
        desired: 5,
        cpu: 256,
        memory: 1_024,
        compute: 'managed',
        min: 0,
        max: 125,
        strategy: 'ROLLING',
        isBalanced: false,
        isChecked: true,
        isDistinct: false,
        placement: [{ type: 'binpack', field: 'cpu' }],
        app: { healthyAfterMs: [60_000, 90_000] },
      },
    ],
    acts: [
      { afterMinutes: 26, kind: 'deregister', pick: 289 },
      { afterMinutes: 20, kind: 'daemon', pick: 473 },
    ],
  },
];

describe('a small world', { timeout: 120_000 }, () => {
  it('keeps its books whatever happens to it', () => {
    fc.assert(
      fc.property(worldArbitrary, (sketch) => {
        expect(play(sketch, 3 * hourMs).breaches).toEqual([]);
      }),
      { numRuns: 40, endOnFailure: true, examples: drainedAfterPlacement.map((one) => [one]) },
    );
  });

  it('is the same in every run, to the byte', () => {
    fc.assert(
      fc.property(worldArbitrary, (sketch) => {
        expect(record(sketch)).toBe(record(sketch));
      }),
      { numRuns: 10, endOnFailure: true },
    );
  });

  it('comes to rest when nothing happens any more, and every service has what it wants', () => {
    fc.assert(
      fc.property(worldArbitrary, (sketch) => {
        const calm = {
          ...sketch,
          services: sketch.services.map((service) => ({ ...service, app: {}, isDistinct: false })),
          // A load that never rests would not let the world rest either, and a deployment that has
          // failed without a rollback stalls for good.
          acts: sketch.acts.filter(({ kind }) => kind !== 'load' && kind !== 'image-missing'),
        };
        const { world } = play(calm, 12 * hourMs);
        let stops = 0;
        world.onEvent((event) => {
          if (event['detail-type'] === 'ECS Task State Change') stops += 1;
        });
        world.runUntil(world.nowMs() + 6 * hourMs);
        const short = [...world.account.services.values()].filter(isShort);
        expect({ stops, short: short.map(({ serviceName }) => serviceName) }).toEqual({
          stops: 0,
          short: [],
        });
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });
});

const isShort = ({ runningCount, desiredCount }: EcsService): boolean =>
  runningCount !== desiredCount;

/** Events and the last state, as text. */
function record(sketch: Sketch): string {
  const events: unknown[] = [];
  const world = build(sketch, (empty) => empty.onEvent((event) => events.push(event)));
  let atMs = startMs + 30 * minuteMs;
  for (const one of sketch.acts) {
    atMs += one.afterMinutes * minuteMs;
    world.runUntil(atMs);
    perform(world, one);
  }
  world.runUntil(atMs + 6 * hourMs);
  const { account } = world;
  return JSON.stringify({
    events,
    tasks: [...account.tasks.values()],
    instances: [...account.containerInstances.values()],
    services: [...account.services.values()],
    deployments: [...account.serviceDeployments.values()],
    machines: [...account.ec2Instances.values()],
  });
}
