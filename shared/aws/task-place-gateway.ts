import { DescribeTasksCommand, ECSClient, ListTasksCommand, type Task } from '@aws-sdk/client-ecs';
import type { TaskPlace } from '../domain/incident-place.ts';
import { type ClientSettings, sendOptions } from './clients.ts';

/** Reads of where tasks run. */
export type TaskPlaceGateway = {
  /**
   * Running tasks of a cluster, or a fair sample of at most {@link describedMax} where there are more.
   * Throws what the SDK throws, and where a task could not be read.
   */
  runningPlaces(clusterArn: string, signal?: AbortSignal): Promise<readonly TaskPlace[]>;
};

/** Tasks that one call lists, and that one call describes: both have this limit in ECS's API. */
const batchMax = 100;
/** Most pages that are listed: beyond 1,000 tasks the sample is of the first ones. */
const pagesMax = 10;
/** Most tasks that are described: enough to know their shares to a few in a hundred. */
export const describedMax = 200;

export function createTaskPlaceGateway(ecs: ECSClient): TaskPlaceGateway {
  return {
    async runningPlaces(clusterArn, signal) {
      const arns = await runningArns(ecs, clusterArn, signal);
      // Ids of tasks are random, so the first by id are a fair sample, and the same at every look.
      const sample = arns.toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1)).slice(0, describedMax);
      const tasks: Task[] = [];
      for (let from = 0; from < sample.length; from += batchMax) {
        const batch = sample.slice(from, from + batchMax);
        const command = new DescribeTasksCommand({ cluster: clusterArn, tasks: batch });
        const output = await ecs.send(command, sendOptions(signal));
        // What is missing has ended meanwhile; anything else would make the sample unfair.
        const failure = output.failures?.find(({ reason }) => reason !== 'MISSING');
        if (failure !== undefined) {
          throw new Error(`ECS could not describe ${failure.arn ?? 'a task'}: ${failure.reason}`);
        }
        tasks.push(...(output.tasks ?? []));
      }
      return tasks.filter(({ lastStatus }) => lastStatus === 'RUNNING').map(placeOf);
    },
  };
}

async function runningArns(
  ecs: ECSClient,
  clusterArn: string,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const arns: string[] = [];
  let token: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const command = new ListTasksCommand({
      cluster: clusterArn,
      desiredStatus: 'RUNNING',
      maxResults: batchMax,
      ...(token === undefined ? {} : { nextToken: token }),
    });
    const output = await ecs.send(command, sendOptions(signal));
    arns.push(...(output.taskArns ?? []));
    token = output.nextToken;
    if (token === undefined) break;
  }
  return arns;
}

const idOf = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1);

const placeOf = ({ group, containerInstanceArn, availabilityZone }: Task): TaskPlace => ({
  owner: group?.replace(':', '/'),
  instance: containerInstanceArn === undefined ? undefined : idOf(containerInstanceArn),
  zone: availabilityZone,
});

/** The gateway over a client of its own. */
export const openTaskPlaceGateway = (settings: ClientSettings): TaskPlaceGateway =>
  createTaskPlaceGateway(new ECSClient(settings));
