import type { EcsTask } from '../account.ts';
import { ServiceError } from '../aws/errors.ts';
import type { Core } from './core.ts';
import type { Failure, RunTask } from './inputs.ts';
import { type LaunchSpec, launchTask } from './launch.ts';
import { clusterOf, definitionOf } from './lookup.ts';
import { launchTypeOf } from './scheduler.ts';
import type { Cluster, Provider, Task, TaskDefinition } from './state.ts';
import { nextProvider } from './strategy.ts';
import { stopTask as stop } from './tasks.ts';

const countMax = 10;

/** Starts standalone tasks: nobody replaces them. */
export function runTask(
  core: Core,
  input: RunTask,
): { readonly tasks: EcsTask[]; readonly failures: Failure[] } {
  const { count = 1 } = input;
  if (!Number.isInteger(count) || count < 1 || count > countMax) {
    throw new ServiceError('InvalidParameterException', `count must be from 1 to ${countMax}.`);
  }
  const cluster = clusterOf(core, input.cluster);
  const definition = definitionOf(core, input.taskDefinition);
  const started: Task[] = [];
  const failures: Failure[] = [];
  for (let at = 0; at < count; at += 1) {
    const provider = providerFor(core, input, started);
    const answer = launchTask(core, specOf(input, cluster, definition, provider));
    if ('task' in answer) started.push(answer.task);
    else {
      const { reason, closest } = answer.failure;
      failures.push({ reason, ...(closest === undefined ? {} : { arn: closest.arn }) });
    }
  }
  return { tasks: started.map(({ view }) => view), failures };
}

function providerFor(
  { state }: Core,
  { capacityProviderStrategy = [] }: RunTask,
  started: readonly Task[],
): Provider | undefined {
  const name = nextProvider(
    capacityProviderStrategy,
    (provider) => started.filter((task) => task.provider?.name === provider).length,
  );
  return name === undefined ? undefined : state.providers.get(name);
}

function specOf(
  input: RunTask,
  cluster: Cluster,
  definition: TaskDefinition,
  provider: Provider | undefined,
): LaunchSpec {
  const { startedBy, overrides, tags, networkConfiguration } = input;
  return {
    cluster,
    definition,
    launchType: provider === undefined ? (input.launchType ?? 'EC2') : launchTypeOf(provider.kind),
    provider,
    group: input.group ?? `family:${definition.family}`,
    constraints: input.placementConstraints ?? [],
    strategy: input.placementStrategy ?? [],
    subnets: networkConfiguration?.awsvpcConfiguration?.subnets ?? [],
    ...(startedBy === undefined ? {} : { startedBy }),
    ...(overrides === undefined ? {} : { overrides }),
    ...(tags === undefined ? {} : { tags }),
  };
}

/** Stops a task by a user's wish; it loses its tags. */
export function stopTask(core: Core, task: Task, reason = 'Task stopped by user'): EcsTask {
  if (core.has('stop-deletes-tags')) task.view.tags = [];
  stop(core, task, { code: 'UserInitiated', reason });
  return task.view;
}
