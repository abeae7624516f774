import type { Account, EcsCluster, EcsService, TaskDefinition } from '../account.ts';
import { ServiceError, UnsupportedRequest } from './errors.ts';
import { type Input, optionalText, optionalTexts, type Responder, text } from './operation.ts';

const deploymentsMax = 20;
const revisionsMax = 20;
const servicesMax = 10;

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
  DescribeTaskDefinition: {
    members: ['taskDefinition'],
    respond: (account, input) => ({
      taskDefinition: taskDefinitionOf(account, text(input, 'taskDefinition')),
    }),
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

/** Without `include`, ECS leaves the tags out rather than answering an empty list. */
function withoutTags({ tags: _, ...service }: EcsService): Omit<EcsService, 'tags'> {
  return service;
}

/** By ARN or as `family:revision`; the latest of a family is not simulated. */
function taskDefinitionOf(account: Account, nameOrArn: string): TaskDefinition {
  const { region, accountId } = account;
  if (!/:\d+$/.test(nameOrArn)) throw new UnsupportedRequest('task definitions without a revision');
  const arn = nameOrArn.startsWith('arn:')
    ? nameOrArn
    : `arn:aws:ecs:${region}:${accountId}:task-definition/${nameOrArn}`;
  const found = account.taskDefinitions.get(arn);
  if (found !== undefined) return found;
  throw new ServiceError('ClientException', 'Unable to describe task definition.');
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
