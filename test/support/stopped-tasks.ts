import type { StoppedContainer, StoppedTask } from '../../shared/domain/task-stop.ts';

const prefix = 'arn:aws:ecs:eu-central-1:123456789012';

/** A container named `app` that says nothing, but for what is given. */
export const stoppedContainer = (given: Partial<StoppedContainer> = {}): StoppedContainer => ({
  name: 'app',
  exitCode: undefined,
  reason: undefined,
  image: undefined,
  ...given,
});

/** A task of the service `worker` that ran for a minute and ended by itself. */
export const stoppedTask = (given: Partial<StoppedTask> = {}): StoppedTask => ({
  taskArn: `${prefix}:task/prod/0f3c5a7e`,
  version: 7,
  clusterArn: `${prefix}:cluster/prod`,
  group: 'service:worker',
  startedBy: 'ecs-svc/88',
  launchType: 'MANAGED_INSTANCES',
  capacityProvider: 'general',
  zone: 'eu-central-1a',
  containerInstanceArn: `${prefix}:container-instance/prod/1d2e`,
  taskDefinitionArn: `${prefix}:task-definition/worker:88`,
  stopCode: 'EssentialContainerExited',
  stoppedReason: 'Essential container in task exited',
  createdAtMs: 1_795_402_800_000,
  startedAtMs: 1_795_402_810_000,
  stoppedAtMs: 1_795_402_870_000,
  memoryMiB: 512,
  containers: [stoppedContainer({ exitCode: 1 })],
  ...given,
});

/** What makes a task one that no service replaces. */
export const standalone: Partial<StoppedTask> = {
  group: 'family:report',
  startedBy: 'chronos-schedule/report',
  taskDefinitionArn: `${prefix}:task-definition/report:17`,
};
