import type { EcsReads } from './ecs-reads.ts';
import type { InstanceFacts } from './snapshot-instances.ts';
import type { SnapshotMaking } from './snapshot-making.ts';
import { type Listing, type Reading, readListed } from './snapshot-reading.ts';
import type { ServiceFacts } from './snapshot-services.ts';
import type { TaskFacts } from './snapshot-tasks.ts';

/** What every snapshot holds, as ECS describes it. */
export type BaseFacts = {
  readonly tasks: readonly TaskFacts[];
  readonly instances: readonly InstanceFacts[];
  readonly services: readonly ServiceFacts[];
};

/** Entries of one page; ListServices gives ten where nothing is asked for. */
const pageSize = 100;
/** Batches, as AWS documents them: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html */
const batchMax = { tasks: 100, instances: 100, services: 10 } as const;

/**
 * Lists and describes tasks, container instances and services, all three at once: for N, M and S of
 * them 2⌈N/100⌉ + 2⌈M/100⌉ + ⌈S/100⌉ + ⌈S/10⌉ calls, a list being one at least.
 */
export async function readBase(
  reading: Reading,
  ecs: EcsReads,
  cluster: string,
  making: SnapshotMaking,
): Promise<BaseFacts> {
  const [tasks, instances, services] = await Promise.all([
    readListed(reading, tasksOf(reading, ecs, cluster, making)),
    readInstances(reading, ecs, cluster, making),
    readListed(reading, servicesOf(reading, ecs, cluster, making)),
  ]);
  return { tasks: tasks.flat(), instances, services: services.flat() };
}

/** Lists and describes container instances alone. */
export const readInstances = async (
  reading: Reading,
  ecs: InstanceCalls,
  cluster: string,
  making: Pick<SnapshotMaking, 'instanceFacts'>,
): Promise<readonly InstanceFacts[]> =>
  (await readListed(reading, instancesOf(reading, ecs, cluster, making))).flat();

type InstanceCalls = Pick<EcsReads, 'listContainerInstances' | 'describeContainerInstances'>;

const pageOf = (cluster: string, nextToken: string | undefined) => ({
  cluster,
  maxResults: pageSize,
  ...(nextToken === undefined ? {} : { nextToken }),
});

const tasksOf = (
  reading: Reading,
  ecs: EcsReads,
  cluster: string,
  { taskFacts }: SnapshotMaking,
): Listing<readonly TaskFacts[]> => ({
  subject: 'tasks',
  listOperation: 'ecs:ListTasks',
  describeOperation: 'ecs:DescribeTasks',
  batchMax: batchMax.tasks,
  list: async (token) => {
    const input = { ...pageOf(cluster, token), desiredStatus: 'RUNNING' as const };
    const output = await reading.call((signal) => ecs.listTasks(input, signal));
    return { entries: output.taskArns, nextToken: output.nextToken };
  },
  describe: async (arns) => {
    const input = { cluster, tasks: [...arns] };
    const output = await reading.call((signal) => ecs.describeTasks(input, signal));
    return { items: output.tasks && taskFacts(output.tasks), failures: output.failures };
  },
});

const instancesOf = (
  reading: Reading,
  ecs: InstanceCalls,
  cluster: string,
  { instanceFacts }: Pick<SnapshotMaking, 'instanceFacts'>,
): Listing<readonly InstanceFacts[]> => ({
  subject: 'instances',
  listOperation: 'ecs:ListContainerInstances',
  describeOperation: 'ecs:DescribeContainerInstances',
  batchMax: batchMax.instances,
  list: async (token) => {
    const input = pageOf(cluster, token);
    const output = await reading.call((signal) => ecs.listContainerInstances(input, signal));
    return { entries: output.containerInstanceArns, nextToken: output.nextToken };
  },
  describe: async (arns) => {
    const include = ['CONTAINER_INSTANCE_HEALTH' as const, 'TAGS' as const];
    const input = { cluster, containerInstances: [...arns], include };
    const output = await reading.call((signal) => ecs.describeContainerInstances(input, signal));
    return {
      items: output.containerInstances && instanceFacts(output.containerInstances),
      failures: output.failures,
    };
  },
});

const servicesOf = (
  reading: Reading,
  ecs: EcsReads,
  cluster: string,
  { serviceFacts }: SnapshotMaking,
): Listing<readonly ServiceFacts[]> => ({
  subject: 'services',
  listOperation: 'ecs:ListServices',
  describeOperation: 'ecs:DescribeServices',
  batchMax: batchMax.services,
  list: async (token) => {
    const input = pageOf(cluster, token);
    const output = await reading.call((signal) => ecs.listServices(input, signal));
    return { entries: output.serviceArns, nextToken: output.nextToken };
  },
  describe: async (arns) => {
    const input = { cluster, services: [...arns], include: ['TAGS' as const] };
    const output = await reading.call((signal) => ecs.describeServices(input, signal));
    return { items: output.services && serviceFacts(output.services), failures: output.failures };
  },
});
