import type { Account, EcsService, EcsTaskDefinition } from '../account.ts';
import {
  describeCapacityProviders,
  describeContainerInstances,
  listContainerInstances,
} from './ecs-capacity.ts';
import { arnIn, batchOf, clusterOf, includedIn, listPage, lookUp } from './ecs-resource.ts';
import { describeTasks, getTaskProtection, listTasks } from './ecs-tasks.ts';
import { ServiceError, UnsupportedRequest } from './errors.ts';
import { type Input, type Responder, text } from './operation.ts';

const clustersMax = 100;
const deploymentsMax = 20;
const revisionsMax = 20;
const servicesMax = 10;
const servicePages = { pageSize: 10, pageSizeMax: 100 };

/** Amazon ECS. */
export const ecs: Responder = {
  DescribeServiceDeployments: {
    members: ['serviceDeploymentArns'],
    respond: (account, input) => {
      const arns = batchOf(input, 'serviceDeploymentArns', deploymentsMax);
      const { found, failures } = lookUp(account.serviceDeployments, arns);
      return { serviceDeployments: found, failures };
    },
  },
  DescribeServiceRevisions: {
    members: ['serviceRevisionArns'],
    respond: (account, input) => {
      const arns = batchOf(input, 'serviceRevisionArns', revisionsMax);
      const { found, failures } = lookUp(account.serviceRevisions, arns);
      return { serviceRevisions: found, failures };
    },
  },
  DescribeClusters: {
    members: ['clusters'],
    respond: (account, input) => {
      const { region, accountId } = account;
      const arns = batchOf(input, 'clusters', clustersMax).map((name) =>
        name.startsWith('arn:') ? name : `arn:aws:ecs:${region}:${accountId}:cluster/${name}`,
      );
      const { found, failures } = lookUp(account.clusters, arns);
      return { clusters: found.map((one) => ({ ...one, status: 'ACTIVE' })), failures };
    },
  },
  DescribeTaskDefinition: {
    members: ['taskDefinition'],
    respond: (account, input) => ({
      taskDefinition: taskDefinitionOf(account, text(input, 'taskDefinition')),
    }),
  },
  ListServices: { members: ['cluster', 'nextToken', 'maxResults'], respond: listServices },
  DescribeServices: { members: ['cluster', 'services', 'include'], respond: describeServices },
  ListTasks: listTasks,
  DescribeTasks: describeTasks,
  GetTaskProtection: getTaskProtection,
  ListContainerInstances: listContainerInstances,
  DescribeContainerInstances: describeContainerInstances,
  DescribeCapacityProviders: describeCapacityProviders,
};

/** A deleted service is described for a while, but no longer listed. */
function listServices(account: Account, input: Input): object {
  const { clusterArn } = clusterOf(account, input);
  const arns = [...account.services.values()]
    .filter((service) => service.clusterArn === clusterArn && service.status !== 'INACTIVE')
    .map(({ serviceArn }) => serviceArn);
  const { page, next } = listPage(arns, input, servicePages);
  return { serviceArns: page, nextToken: next };
}

function describeServices(account: Account, input: Input): object {
  const names = batchOf(input, 'services', servicesMax);
  const include = includedIn(input, ['TAGS']);
  const cluster = clusterOf(account, input);
  const arns = names.map((name) => arnIn(account, cluster, 'service', name));
  const { found, failures } = lookUp(account.services, arns);
  return { services: include.includes('TAGS') ? found : found.map(withoutTags), failures };
}

/** Without `include`, ECS leaves the tags out rather than answering an empty list. */
function withoutTags({ tags: _, ...service }: EcsService): Omit<EcsService, 'tags'> {
  return service;
}

/** By ARN or as `family:revision`; the latest of a family is not simulated. */
function taskDefinitionOf(account: Account, nameOrArn: string): EcsTaskDefinition {
  const { region, accountId } = account;
  if (!/:\d+$/.test(nameOrArn)) throw new UnsupportedRequest('task definitions without a revision');
  const arn = nameOrArn.startsWith('arn:')
    ? nameOrArn
    : `arn:aws:ecs:${region}:${accountId}:task-definition/${nameOrArn}`;
  const found = account.taskDefinitions.get(arn);
  if (found !== undefined) return found;
  throw new ServiceError('ClientException', 'Unable to describe task definition.');
}
