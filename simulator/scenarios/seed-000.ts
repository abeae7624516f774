import type { Arranged, Scenario, Stage } from '../scenario.ts';
import { createManagedProvider, createSubnets, createWorker, type Subnet } from './builders.ts';
import { compareStep, layoutOf, type Observation, type ReplayStep } from './replay.ts';
import { hourMs, minuteMs } from './time.ts';

const article = 'https://iselegant.hatenablog.com/entry/2025/10/03/120315';

/**
 * The article names the family c6g and three tasks on the first instance, but no sizes. These are the
 * smallest round ones of which three fit and a fourth does not, whatever the agent keeps for itself.
 * Nor does it say whether rebalancing was on, or how long it waited: it is played both ways.
 */
const assumed = {
  ...{ type: 'c6g.large', cpu: 512, memory: 1_024, zones: 2 },
  minutesBetweenSteps: 20,
} as const;

const stepMs = assumed.minutesBetweenSteps * minuteMs;

type Step = { readonly step: string; readonly observation: Observation };

const steps: readonly Step[] = [
  {
    step: 'desired 1',
    observation: {
      observed: 'an instance is launched, and the task starts on it',
      holds: ({ tasksByInstance }) => tasksByInstance.join() === '1',
      rules: ['zones-before-packing', 'first-fit-decreasing'],
      otherwise: 'ECS launched one instance for one task',
    },
  },
  {
    step: 'desired 2',
    observation: {
      observed: 'on the same instance: resources come before zones',
      holds: ({ tasksByInstance }) => tasksByInstance.join() === '2',
      rules: ['existing-room-first'],
      otherwise: 'the second task stayed on the first instance',
    },
  },
  {
    step: 'desired 3',
    observation: {
      observed: 'on the same instance again: there is room left',
      holds: ({ tasksByInstance }) => tasksByInstance.join() === '3',
      rules: ['existing-room-first'],
      otherwise: 'the third task stayed on the first instance',
    },
  },
  {
    step: 'desired 4',
    observation: {
      observed: 'an instance in the other zone is launched, and the fourth task starts there',
      holds: ({ tasksByInstance, zones }) => tasksByInstance.join() === '3,1' && zones === 2,
      rules: ['existing-room-first', 'zones-before-packing', 'agent-memory-reserve'],
      otherwise: 'the fourth task was the only one in the other zone',
    },
  },
  {
    step: 'one task on the fuller instance is stopped',
    observation: {
      observed: 'its replacement starts on the other instance, which has more room',
      holds: ({ tasksByInstance, zones }) => tasksByInstance.join() === '2,2' && zones === 2,
      rules: ['managed-instance-zone-spread'],
      otherwise: 'the replacement went to the emptier instance: two and two',
    },
  },
];

const settings = [
  { name: 'left-alone', rebalancing: 'DISABLED', told: 'rebalancing off' },
  { name: 'rebalanced', rebalancing: 'ENABLED', told: 'rebalancing on, the default' },
] as const;

function arrange(stage: Stage): Arranged {
  const subnets = createSubnets(stage, 'ac');
  const replay: ReplayStep[] = [];
  for (const setting of settings) play(stage, subnets, setting, replay);
  return {
    zones: subnets.map(({ zone }) => zone),
    figures: () => ({ article, assumed, replay }),
  };
}

/** The whole experiment, with one setting of what the article does not say. */
function play(
  stage: Stage,
  subnets: readonly Subnet[],
  { name, rebalancing, told }: (typeof settings)[number],
  replay: ReplayStep[],
): void {
  const { world, startMs } = stage;
  const { type, cpu, memory } = assumed;
  createManagedProvider(stage, { name, subnets, requirements: { allowedInstanceTypes: [type] } });
  const service = createWorker(stage, {
    ...{ name, desired: 1, subnets, provider: name, cpu, memory, rebalancing },
  });
  for (const [at, { step, observation }] of steps.entries()) {
    const atMs = startMs + at * stepMs;
    if (at > 0 && at < 4) world.schedule(atMs, () => service.scale(at + 1));
    if (at === 4) world.schedule(atMs, () => stopOne(stage, name));
    world.schedule(atMs + stepMs - minuteMs, () => {
      const layout = layoutOf(stage, name);
      replay.push(compareStep(`${step}, ${told}`, observationOf(observation, rebalancing), layout));
    });
  }
}

/** With rebalancing on, a difference says that the article looked sooner, or had it off. */
const observationOf = (
  observation: Observation,
  rebalancing: 'ENABLED' | 'DISABLED',
): Observation =>
  rebalancing === 'DISABLED'
    ? observation
    : {
        ...observation,
        rules: [...observation.rules, 'rebalancing', 'rebalancing-delay'],
        otherwise: `rebalancing evened it out within ${assumed.minutesBetweenSteps} min; the article does not say when it looked`,
      };

function stopOne({ world, clusterName, note }: Stage, service: string): void {
  const running = [...world.account.tasks.values()].filter(
    ({ lastStatus, group }) => lastStatus === 'RUNNING' && group === `service:${service}`,
  );
  const byInstance = Map.groupBy(running, ({ containerInstanceArn }) => containerInstanceArn);
  const [fullest] = [...byInstance.values()].sort((a, b) => b.length - a.length);
  const [task] = fullest ?? [];
  if (task === undefined) return;
  note(`stop a task of ${service} on the fuller instance`);
  world.ecs.stopTask({
    cluster: clusterName,
    task: task.taskArn,
    reason: 'somebody tries it out',
  });
}

export const seed000: Scenario = {
  name: 'seed-000',
  sentence: 'The experiment of the first article: 1, 2, 3, 4 tasks, then one is stopped.',
  days: 2 / 24,
  daysMax: 1,
  mode: 'fast',
  stackMode: () => 'observe',
  faults: [],
  convergesWithinMs: hourMs,
  arrange,
};
