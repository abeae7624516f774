import {
  DescribeCapacityProvidersCommand,
  type DescribeCapacityProvidersCommandInput,
  DescribeContainerInstancesCommand,
  type DescribeContainerInstancesCommandInput,
  DescribeServiceDeploymentsCommand,
  type DescribeServiceDeploymentsCommandInput,
  DescribeServicesCommand,
  type DescribeServicesCommandInput,
  DescribeTasksCommand,
  type DescribeTasksCommandInput,
  ECSClient,
  GetTaskProtectionCommand,
  type GetTaskProtectionCommandInput,
  ListContainerInstancesCommand,
  type ListContainerInstancesCommandInput,
  ListServicesCommand,
  type ListServicesCommandInput,
  ListTasksCommand,
  type ListTasksCommandInput,
} from '@aws-sdk/client-ecs';
import { type ClientSettings, sendOptions } from './clients.ts';

type Signal = AbortSignal | undefined;

/** The calls of ECS that a snapshot is read by. Each rejects with what the SDK throws. */
export const createEcsReads = (ecs: ECSClient) => ({
  listTasks: (input: ListTasksCommandInput, signal?: Signal) =>
    ecs.send(new ListTasksCommand(input), sendOptions(signal)),
  describeTasks: (input: DescribeTasksCommandInput, signal?: Signal) =>
    ecs.send(new DescribeTasksCommand(input), sendOptions(signal)),
  listContainerInstances: (input: ListContainerInstancesCommandInput, signal?: Signal) =>
    ecs.send(new ListContainerInstancesCommand(input), sendOptions(signal)),
  describeContainerInstances: (input: DescribeContainerInstancesCommandInput, signal?: Signal) =>
    ecs.send(new DescribeContainerInstancesCommand(input), sendOptions(signal)),
  listServices: (input: ListServicesCommandInput, signal?: Signal) =>
    ecs.send(new ListServicesCommand(input), sendOptions(signal)),
  describeServices: (input: DescribeServicesCommandInput, signal?: Signal) =>
    ecs.send(new DescribeServicesCommand(input), sendOptions(signal)),
  describeCapacityProviders: (input: DescribeCapacityProvidersCommandInput, signal?: Signal) =>
    ecs.send(new DescribeCapacityProvidersCommand(input), sendOptions(signal)),
  describeServiceDeployments: (input: DescribeServiceDeploymentsCommandInput, signal?: Signal) =>
    ecs.send(new DescribeServiceDeploymentsCommand(input), sendOptions(signal)),
  getTaskProtection: (input: GetTaskProtectionCommandInput, signal?: Signal) =>
    ecs.send(new GetTaskProtectionCommand(input), sendOptions(signal)),
});

export type EcsReads = ReturnType<typeof createEcsReads>;

/** The calls over a client of its own. */
export const openEcsReads = (settings: ClientSettings): EcsReads =>
  createEcsReads(new ECSClient(settings));
