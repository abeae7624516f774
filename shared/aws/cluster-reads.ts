import {
  DescribeCapacityProvidersCommand,
  DescribeContainerInstancesCommand,
  DescribeServicesCommand,
  DescribeTasksCommand,
  type ECSClient,
  ListContainerInstancesCommand,
  ListServicesCommand,
  ListTasksCommand,
} from '@aws-sdk/client-ecs';
import { sendOptions } from './clients.ts';
import type { EcsReads } from './ecs-reads.ts';

/** What a look at tasks, services, instances and providers needs, and no more. */
export type ClusterReads = Omit<EcsReads, 'describeServiceDeployments' | 'getTaskProtection'>;

/** Those calls alone, for a role that allows no others. Each rejects with what the SDK throws. */
export const createClusterReads = (ecs: ECSClient): ClusterReads => ({
  listTasks: (input, signal) => ecs.send(new ListTasksCommand(input), sendOptions(signal)),
  describeTasks: (input, signal) => ecs.send(new DescribeTasksCommand(input), sendOptions(signal)),
  listContainerInstances: (input, signal) =>
    ecs.send(new ListContainerInstancesCommand(input), sendOptions(signal)),
  describeContainerInstances: (input, signal) =>
    ecs.send(new DescribeContainerInstancesCommand(input), sendOptions(signal)),
  listServices: (input, signal) => ecs.send(new ListServicesCommand(input), sendOptions(signal)),
  describeServices: (input, signal) =>
    ecs.send(new DescribeServicesCommand(input), sendOptions(signal)),
  describeCapacityProviders: (input, signal) =>
    ecs.send(new DescribeCapacityProvidersCommand(input), sendOptions(signal)),
});
