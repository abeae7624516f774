import type { Arranged, Scenario, Stage } from '../scenario.ts';
import {
  createManagedProvider,
  createSubnets,
  createWeb,
  createWorker,
  goodBuild,
  type ServiceHandle,
  type ServiceOptions,
} from './builders.ts';
import { dayMs, hourMs, minuteMs } from './time.ts';

const tasksAService = 5;
/** Room for seven of the tasks, by CPU, by memory and by interfaces: 300 tasks take some 40 instances. */
const task = { cpu: 2_048, memory: 4_096 } as const;
const sevenTasks = { vCpuCount: { min: 16, max: 16 } } as const;
/** Beside these nothing may start: ECS cannot rebalance them. */
const crowded = { maximumPercent: 100, minimumHealthyPercent: 50 } as const;
/** What ECS does not spread over zones, by the number of the service. */
const unfriendly: readonly Partial<ServiceOptions>[] = [
  crowded,
  crowded,
  { rebalancing: 'DISABLED' },
  crowded,
  { rebalancing: 'DISABLED' },
];
const weekMs = 7 * dayMs;
const deploymentsAWeek = 2;
/** Of the running tasks, replaced a day because they end by themselves. */
const replacedShare = 0.01;

/**
 * Services with five tasks each, on an instance for every seven or so: deployments, daily scaling by
 * half, single stops, Spot notices and agents that are not heard of now and then. Nothing of it is wrong.
 */
function arrange(stage: Stage, servicesCount: number): Arranged {
  const random = stage.random('month');
  const subnets = createSubnets(stage);
  createManagedProvider(stage, { name: 'general', subnets, requirements: sevenTasks });
  createManagedProvider(stage, { name: 'spot', subnets, requirements: sevenTasks, isSpot: true });
  const services = Array.from({ length: servicesCount }, (_, at) =>
    createOne(stage, at, {
      name: `service-${String(at).padStart(2, '0')}`,
      subnets,
      desired: tasksAService,
      ...task,
      provider: at % 10 === 9 ? 'spot' : 'general',
      ...unfriendly[at],
    }),
  );
  for (const service of services) planDeployments(stage, service, random.integer(0, weekMs / 2));
  services.forEach((service, at) => {
    // Of five tasks a half is two or three.
    planScaling(stage, service, { half: 2 + (at % 2), laterMs: random.integer(0, 2 * hourMs) });
  });
  return { zones: subnets.map(({ zone }) => zone) };
}

/** What goes on in any cluster: single stops, a Spot notice a day, an agent that is silent each hour. */
function story(stage: Stage, servicesCount: number): void {
  const { world, startMs, endMs } = stage;
  const random = stage.random('story');
  planStops(stage, servicesCount * tasksAService);
  const every = (periodMs: number, run: () => void): void => {
    for (let atMs = startMs + 2 * hourMs; atMs < endMs; atMs += periodMs) {
      world.schedule(atMs + random.integer(0, periodMs / 2), run);
    }
  };
  every(dayMs, () => takeSpot(stage));
  every(hourMs, () => flap(stage));
}

const createOne = (stage: Stage, at: number, options: ServiceOptions): ServiceHandle => {
  if (at % 3 === 0) return createWorker(stage, options);
  return createWeb(stage, { ...options, strategy: at % 3 === 1 ? 'ROLLING' : 'BLUE_GREEN' });
};

function planDeployments(
  { world, startMs, endMs }: Stage,
  service: ServiceHandle,
  firstMs: number,
): void {
  const everyMs = weekMs / deploymentsAWeek;
  for (let atMs = startMs + hourMs + firstMs; atMs < endMs - dayMs; atMs += everyMs) {
    world.schedule(atMs, () => service.deploy(goodBuild));
  }
}

/** Down to half in the evening, up again in the morning. */
function planScaling(
  { world, startMs, endMs }: Stage,
  service: ServiceHandle,
  { half, laterMs }: { readonly half: number; readonly laterMs: number },
): void {
  for (let dayAtMs = startMs + laterMs; dayAtMs < endMs; dayAtMs += dayMs) {
    world.schedule(dayAtMs + 7 * hourMs, () => service.scale(tasksAService));
    world.schedule(dayAtMs + 19 * hourMs, () => service.scale(half));
  }
}

/** Single tasks end by themselves, with an error, and ECS replaces them. */
function planStops(stage: Stage, tasksCount: number): void {
  const { world, startMs, endMs } = stage;
  const random = stage.random('stops');
  const everyMs = dayMs / (tasksCount * replacedShare);
  for (let atMs = startMs + 3 * hourMs; atMs < endMs; atMs += random.integer(1, 2 * everyMs)) {
    world.schedule(atMs, () => {
      const running = [...world.account.tasks.values()].filter(
        ({ lastStatus, desiredStatus }) => lastStatus === 'RUNNING' && desiredStatus === 'RUNNING',
      );
      if (running.length > 0) world.nature.taskExits(random.pick(running).taskArn, { exitCode: 1 });
    });
  }
}

function takeSpot(stage: Stage): void {
  const { account, nature } = stage.world;
  const instances = [...account.containerInstances.values()].filter(
    ({ ec2InstanceId, status }) =>
      status === 'ACTIVE' &&
      account.ec2Instances.get(ec2InstanceId ?? '')?.InstanceLifecycle === 'spot',
  );
  if (instances.length === 0) return;
  nature.spotNotice(stage.random('spot').pick(instances).containerInstanceArn);
}

function flap(stage: Stage): void {
  const { account, nature } = stage.world;
  const instances = [...account.containerInstances.values()].filter(
    ({ status }) => status === 'ACTIVE',
  );
  if (instances.length === 0) return;
  const random = stage.random('flaps');
  const { containerInstanceArn } = random.pick(instances);
  nature.agentDisconnects(containerInstanceArn, random.integer(20_000, 2 * minuteMs));
}

/** The month with as many services as wanted, five tasks each. */
export const createHealthyMonth = (servicesCount: number): Scenario => ({
  name: 'healthy-month',
  sentence: `A month of ${servicesCount} services in which nothing is wrong that ECS does not heal.`,
  days: 30,
  daysMax: 60,
  mode: 'fast',
  stackMode: () => 'enforce',
  faults: ['duplicate-events', 'late-events', 'reordered-events'],
  convergesWithinMs: 8 * hourMs,
  hasWatchers: true,
  noise: { pagesMax: 0, cardsMax: 10 },
  arrange: (stage) => arrange(stage, servicesCount),
  story: (stage) => story(stage, servicesCount),
});

export const healthyMonth = createHealthyMonth(60);
