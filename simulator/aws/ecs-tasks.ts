import type { Account, EcsCluster, EcsTask } from '../account.ts';
import {
  arnIn,
  batchOf,
  clusterOf,
  includedIn,
  invalidParameter,
  listPage,
  lookUp,
} from './ecs-resource.ts';
import { ServiceError } from './errors.ts';
import { type Input, type Operation, optionalText, text } from './operation.ts';

const tasksMax = 100;
const taskPages = { pageSize: 100, pageSizeMax: 100 };
const desiredStatuses = ['RUNNING', 'PENDING', 'STOPPED'];

/** Lists by the desired status, RUNNING without one, and by service or container instance. */
export const listTasks: Operation = {
  members: [
    ...['cluster', 'nextToken', 'maxResults'],
    ...['desiredStatus', 'serviceName', 'containerInstance'],
  ],
  respond: (account, input) => {
    const cluster = clusterOf(account, input);
    const desiredStatus = optionalText(input, 'desiredStatus') ?? 'RUNNING';
    if (!desiredStatuses.includes(desiredStatus)) {
      throw invalidParameter(`Invalid desiredStatus: ${desiredStatus}`);
    }
    const isWanted = filterOf(account, cluster, input);
    // Every page goes through all tasks of the account: one loop, and no lists in between.
    const arns: string[] = [];
    for (const [arn, task] of account.tasks) {
      const isThere = task.desiredStatus === desiredStatus;
      if (isThere && task.clusterArn === cluster.clusterArn && isWanted(task)) arns.push(arn);
    }
    const { page, next } = listPage(arns, input, taskPages);
    return { taskArns: page, nextToken: next };
  },
};

function filterOf(account: Account, cluster: EcsCluster, input: Input): (task: EcsTask) => boolean {
  const service = optionalText(input, 'serviceName');
  const instance = optionalText(input, 'containerInstance');
  const serviceArn = service && arnIn(account, cluster, 'service', service);
  const instanceArn = instance && arnIn(account, cluster, 'container-instance', instance);
  if (serviceArn && !account.services.has(serviceArn)) {
    throw new ServiceError('ServiceNotFoundException', 'Service not found.');
  }
  if (instanceArn && !account.containerInstances.has(instanceArn)) {
    throw invalidParameter('Container instance not found.');
  }
  const group = serviceArn && `service:${serviceArn.split('/').at(-1)}`;
  return (task) =>
    (!group || task.group === group) && (!instanceArn || task.containerInstanceArn === instanceArn);
}

export const describeTasks: Operation = {
  members: ['cluster', 'tasks', 'include'],
  respond: (account, input) => {
    const include = includedIn(input, ['TAGS']);
    const { found, failures } = tasksOf(account, input);
    return { tasks: include.includes('TAGS') ? found : found.map(withoutTags), failures };
  },
};

/** Only tasks of a service can be protected; any other is a failure of its own kind. */
export const getTaskProtection: Operation = {
  members: ['cluster', 'tasks'],
  respond: (account, input) => {
    text(input, 'cluster');
    const { found, failures } = tasksOf(account, input);
    const isOfService = ({ group }: EcsTask): boolean => group?.startsWith('service:') ?? false;
    const standalone = found.filter((task) => !isOfService(task));
    return {
      protectedTasks: found.filter(isOfService).map(({ taskArn }) => {
        const protection = account.taskProtections.get(taskArn);
        return protection?.protectionEnabled
          ? { taskArn, ...protection }
          : { taskArn, protectionEnabled: false };
      }),
      failures: [
        ...failures,
        ...standalone.map(({ taskArn }) => ({ arn: taskArn, reason: 'TASK_NOT_VALID' })),
      ],
    };
  },
};

function tasksOf(account: Account, input: Input) {
  const cluster = clusterOf(account, input);
  const names = batchOf(input, 'tasks', tasksMax);
  return lookUp(
    account.tasks,
    names.map((name) => arnIn(account, cluster, 'task', name)),
  );
}

/** Most have none, and there are many of them. */
const withoutTags = (task: EcsTask): object =>
  task.tags === undefined ? task : { ...task, tags: undefined };
