import type { Scenario, Stage } from '../../../simulator/scenario.ts';
import {
  createManagedProvider,
  createSubnets,
  createWeb,
  createWorker,
  goodBuild,
  type ServiceHandle,
} from '../../../simulator/scenarios/builders.ts';

export type ClusterShape = { readonly services: number; readonly tasksAService: number };

/** Hours of the simulated day: services are made one by one, settle, and then are measured. */
export type Hours = {
  readonly bornAt: number;
  readonly grownAt: number;
  readonly fromAt: number;
  readonly untilAt: number;
};

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** What is normal, a service or task or instance. */
const deploymentsAWeek = 2;
const stoppedShareADay = 0.01;
const instanceDays = 14;
/** One service in three is scaled, down to three fifths and up again, once a day. */
const scaledShare = 1 / 3;
const scaledTo = 0.6;

/**
 * A day in which nothing is wrong: deployments, a third of them gated, daily scaling, tasks that end by
 * themselves, instances replaced after 14 days, an agent an hour that is not heard of for a moment. All
 * are spread evenly, so that an hour has its share of them.
 */
export const createQuietDay = (shape: ClusterShape, hours: Hours): Scenario => ({
  name: 'quiet-day',
  sentence: `A quiet day of ${shape.services} services of ${shape.tasksAService} tasks.`,
  days: 1,
  daysMax: 1,
  mode: 'wire',
  stackMode: () => 'observe',
  faults: [],
  convergesWithinMs: 0,
  arrange: (stage) => {
    const subnets = createSubnets(stage);
    createManagedProvider(stage, { name: 'general', subnets, requirements });
    const services: ServiceHandle[] = [];
    const everyMs = ((hours.grownAt - hours.bornAt) * hourMs) / shape.services;
    for (let at = 0; at < shape.services; at += 1) {
      stage.world.schedule(stage.startMs + hours.bornAt * hourMs + at * everyMs, () => {
        services.push(createOne(stage, at, shape, subnets));
      });
    }
    live(stage, shape, services, hours);
    return { zones: subnets.map(({ zone }) => zone) };
  },
});

type Subnets = Parameters<typeof createWeb>[1]['subnets'];

function createOne(
  stage: Stage,
  at: number,
  { tasksAService }: ClusterShape,
  subnets: Subnets,
): ServiceHandle {
  const options = {
    name: `service-${String(at).padStart(3, '0')}`,
    ...{ subnets, desired: tasksAService, cpu: 512, memory: 1_024, provider: 'general' },
  };
  if (at % 3 === 0) return createWorker(stage, options);
  return createWeb(stage, { ...options, strategy: at % 3 === 1 ? 'ROLLING' : 'BLUE_GREEN' });
}

function live(
  stage: Stage,
  shape: ClusterShape,
  services: readonly ServiceHandle[],
  hours: Hours,
): void {
  const tasks = shape.services * shape.tasksAService;
  const { world, clusterName: cluster } = stage;
  const random = stage.random('quiet-day');
  const every = (timesADay: number, run: (turn: number) => void): void => {
    const [fromMs, untilMs] = [hours.fromAt * hourMs, hours.untilAt * hourMs];
    const everyMs = dayMs / timesADay;
    for (let turn = 0; fromMs + (turn + 0.5) * everyMs < untilMs; turn += 1) {
      world.schedule(stage.startMs + fromMs + (turn + 0.5) * everyMs, () => run(turn));
    }
  };
  every((shape.services * deploymentsAWeek) / 7, (turn) =>
    services[(turn * 7 + 2) % services.length]?.deploy(goodBuild),
  );
  every(shape.services * scaledShare * 2, (turn) => {
    const count = turn % 2 === 0 ? shape.tasksAService * scaledTo : shape.tasksAService;
    services[(Math.floor(turn / 2) * 11 + 5) % services.length]?.scale(Math.round(count));
  });
  every(tasks * stoppedShareADay, () => {
    const running = [...world.account.tasks.values()].filter(
      ({ lastStatus, desiredStatus }) => lastStatus === 'RUNNING' && desiredStatus === 'RUNNING',
    );
    if (running.length > 0) world.nature.taskExits(random.pick(running).taskArn, { exitCode: 1 });
  });
  const activeInstances = () =>
    [...world.account.containerInstances.values()].filter(({ status }) => status === 'ACTIVE');
  every(Math.max(1, tasks / tasksAnInstance / instanceDays), () => {
    const [oldest] = activeInstances();
    if (oldest === undefined) return;
    const containerInstances = [oldest.containerInstanceArn];
    world.ecs.updateContainerInstancesState({ cluster, containerInstances, status: 'DRAINING' });
  });
  every(24, () => {
    const instances = activeInstances();
    if (instances.length === 0) return;
    world.nature.agentDisconnects(random.pick(instances).containerInstanceArn, minuteMs);
  });
}

/** Instances that seven of the tasks fit on, beside the agent. */
const requirements = { vCpuCount: { min: 4, max: 4 }, memoryMiB: { min: 8_192, max: 16_384 } };
const tasksAnInstance = 7;
