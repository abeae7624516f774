import type { Account, EcsCluster, EcsService, EcsTask } from '../account.ts';
import { ServiceError, UnsupportedRequest } from './errors.ts';
import {
  type Input,
  optionalInteger,
  optionalText,
  optionalTexts,
  pageOf,
  type Responder,
} from './operation.ts';

const deploymentsMax = 20;
const revisionsMax = 20;
const servicesMax = 10;
const tasksMax = 100;

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
  DescribeServices: { members: ['cluster', 'services', 'include'], respond: describeServices },
  DescribeTasks: {
    members: ['cluster', 'tasks'],
    respond: (account, input) => {
      const cluster = clusterOf(account, optionalText(input, 'cluster') ?? 'default');
      const { found, failures } = lookUp(account.tasks, batchOf(input, 'tasks', tasksMax));
      const isHere = ({ clusterArn }: EcsTask): boolean => clusterArn === cluster.clusterArn;
      const foreign = found.filter((task) => !isHere(task));
      return {
        tasks: found.filter(isHere),
        failures: [
          ...failures,
          ...foreign.map(({ taskArn }) => ({ arn: taskArn, reason: 'MISSING' })),
        ],
      };
    },
  },
  ListTasks: {
    members: ['cluster', 'desiredStatus', 'maxResults', 'nextToken'],
    respond: listTasks,
  },
};

function describeServices(account: Account, input: Input): object {
  const names = batchOf(input, 'services', servicesMax);
  const include = optionalTexts(input, 'include') ?? [];
  if (include.some((field) => field !== 'TAGS')) {
    throw new ServiceError('InvalidParameterException', `Invalid include: ${include.join(', ')}`);
  }
  const cluster = clusterOf(account, optionalText(input, 'cluster') ?? 'default');
  const arns = names.map((name) => serviceArnOf(account, cluster, name));
  const { found, failures } = lookUp(account.services, arns);
  return { services: include.includes('TAGS') ? found : found.map(withoutTags), failures };
}

/** By the status that ECS wants of them, which is RUNNING where nothing else is asked for. */
function listTasks(account: Account, input: Input): object {
  const cluster = clusterOf(account, optionalText(input, 'cluster') ?? 'default');
  const status = optionalText(input, 'desiredStatus') ?? 'RUNNING';
  const size = optionalInteger(input, 'maxResults', [1, tasksMax], 'InvalidParameterException');
  const arns = [...account.tasks.values()].flatMap((task) =>
    task.clusterArn === cluster.clusterArn && task.desiredStatus === status ? [task.taskArn] : [],
  );
  const { page, next } = pageOf(
    arns,
    optionalText(input, 'nextToken'),
    size ?? tasksMax,
    () => new ServiceError('InvalidParameterException', 'Invalid token'),
  );
  return { taskArns: page, ...(next === undefined ? {} : { nextToken: next }) };
}

/** Without `include`, ECS leaves the tags out rather than answering an empty list. */
function withoutTags({ tags: _, ...service }: EcsService): Omit<EcsService, 'tags'> {
  return service;
}

function clusterOf(account: Account, nameOrArn: string): EcsCluster {
  for (const cluster of account.clusters.values()) {
    if (cluster.clusterArn === nameOrArn || cluster.clusterName === nameOrArn) return cluster;
  }
  throw new ServiceError('ClusterNotFoundException', 'Cluster not found.');
}

function serviceArnOf(account: Account, cluster: EcsCluster, nameOrArn: string): string {
  if (!nameOrArn.startsWith('arn:')) {
    const { region, accountId } = account;
    return `arn:aws:ecs:${region}:${accountId}:service/${cluster.clusterName}/${nameOrArn}`;
  }
  const [, clusterName, serviceName] = nameOrArn.split('/');
  if (serviceName === undefined) throw new UnsupportedRequest('short service ARNs');
  if (clusterName !== cluster.clusterName) {
    throw new ServiceError(
      'InvalidParameterException',
      `Identifier is for ${clusterName}. Your cluster is ${cluster.clusterName}`,
    );
  }
  return nameOrArn;
}

function batchOf(input: Input, member: string, entriesMax: number): readonly string[] {
  const entries = optionalTexts(input, member) ?? [];
  if (entries.length === 0 || entries.length > entriesMax) {
    throw new ServiceError(
      'InvalidParameterException',
      `${member} must have at least 1 and at most ${entriesMax} entries.`,
    );
  }
  return entries;
}

/** A describe call succeeds in part: what does not exist comes back as a failure. */
function lookUp<Resource>(resources: ReadonlyMap<string, Resource>, arns: readonly string[]) {
  const found: Resource[] = [];
  const failures: { arn: string; reason: string }[] = [];
  for (const arn of new Set(arns)) {
    const resource = resources.get(arn);
    if (resource === undefined) failures.push({ arn, reason: 'MISSING' });
    else found.push(resource);
  }
  return { found, failures };
}
