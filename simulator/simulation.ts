import type { EcsCluster, TableDefinition } from './account.ts';
import { type Deployed, type DeployOptions, deployStack } from './stack/deploy.ts';
import type { Timeline } from './stack/queue.ts';
import { readStack, type Stack } from './stack/template.ts';
import type { World } from './world.ts';

/** Name of the stack in every run. */
const stackName = 'ballast';

/** The world's queue of what is due, as the parts of the stack schedule on it. */
export const timelineOf = (world: World): Timeline => ({
  nowMs: world.nowMs,
  schedule: (atMs, run) => {
    const timer = world.schedule(Math.max(atMs, world.nowMs()), run);
    return () => timer.cancel();
  },
});

/** Reads `template.yaml` for a world, and creates the tables and topics that it names. */
export function readStackOf(
  { account }: World,
  parameters: Readonly<Record<string, string | readonly string[]>>,
): Stack {
  const { region, accountId } = account;
  const stack = readStack({ name: stackName, region, accountId, parameters });
  for (const { id } of stack.ofType('AWS::SNS::Topic')) {
    const TopicArn = stack.arnOf(id);
    account.topics.set(TopicArn, { TopicArn, messages: [] });
  }
  for (const { id, properties } of stack.ofType('AWS::DynamoDB::Table')) {
    const definition = { ...properties, TableName: nameOf(stack.arnOf(id)) } as TableDefinition;
    account.tables.set(definition.TableName, { definition, items: new Map() });
  }
  return stack;
}

const nameOf = (arn: string): string => arn.split('/').at(-1) ?? arn;

export const parametersOf = (
  cluster: EcsCluster,
  mode: string,
): Readonly<Record<string, string | readonly string[]>> => ({
  ClusterArns: [cluster.clusterArn],
  Mode: mode,
});

/** A world with a stack in it. */
export type Simulation = {
  readonly deployed: Deployed;
  /** Lets time pass until then, and everybody act in it. */
  advance(untilMs: number): Promise<void>;
};

/**
 * Puts a stack up in a world: its events go to the stack's rules, and its hook calls to the stack's
 * functions.
 */
export function simulate(
  world: World,
  stack: Stack,
  options: Pick<DeployOptions, 'functions' | 'faults' | 'leftOut'>,
): Simulation {
  const { account } = world;
  const { held } = world;
  const deployed = deployStack(stack, { account, timeline: timelineOf(world), held, ...options });
  world.onEvent((event) => deployed.deliver(event));
  return { deployed, advance: (untilMs) => advance(world, untilMs, deployed) };
}

/**
 * Runs what is due, one thing after the other. After each the handlers get as many turns of the event
 * loop as they need, so that whatever they do happens at the time at which it was caused.
 */
export async function advance(world: World, untilMs: number, deployed?: Deployed): Promise<void> {
  if (deployed?.isWorking()) await deployed.settle();
  for (let at = world.nextAtMs(); at !== undefined && at <= untilMs; at = world.nextAtMs()) {
    world.step();
    if (deployed?.isWorking()) await deployed.settle();
  }
  world.runUntil(untilMs);
}
