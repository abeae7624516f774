import type { EcsReads } from './ecs-reads.ts';
import type { ReadLimiter } from './read-limiter.ts';
import { readInstances } from './snapshot-base.ts';
import type { InstanceFacts } from './snapshot-instances.ts';
import { plainMaking } from './snapshot-making.ts';
import { beginReading, defaultPagesMax } from './snapshot-reading.ts';

/** Which container instances there are: a look at a whole cluster reads its tasks and services too. */
export type InstanceReader = {
  /**
   * ARNs of a cluster's container instances by the ids of the EC2 instances that they are on; of several
   * on one, the one that registered last. Rejects where they cannot be read whole, with
   * `ClusterNotFound`, or with the signal's reason.
   */
  byEc2Id(clusterArn: string, signal?: AbortSignal): Promise<ReadonlyMap<string, string>>;
};

/** The list is not whole: who is not in it may be there all the same. */
class InstancesUnread extends Error {
  override readonly name = 'InstancesUnread';
}

/** For M instances it takes 2⌈M/100⌉ calls, two at least where there is one. */
export const createInstanceReader = (
  ecs: Pick<EcsReads, 'listContainerInstances' | 'describeContainerInstances'>,
  limiter: ReadLimiter,
): InstanceReader => ({
  byEc2Id: async (clusterArn, signal) => {
    const reading = beginReading({ limiter, clusterArn, pagesMax: defaultPagesMax, signal });
    const instances = await readInstances(reading, ecs, clusterArn, plainMaking);
    const [gap] = reading.end().gaps;
    if (gap !== undefined) {
      throw new InstancesUnread(`${gap.operation}: ${gap.reason}, ${gap.detail}`);
    }
    return new Map(
      instances
        .toSorted(byRegistration)
        .flatMap(({ arn, ec2InstanceId }) =>
          ec2InstanceId === undefined ? [] : [[ec2InstanceId, arn] as const],
        ),
    );
  },
});

/** An agent that has lost its state registers again; for a while both are listed. */
const byRegistration = (a: InstanceFacts, b: InstanceFacts): number =>
  (a.registeredAtMs ?? 0) - (b.registeredAtMs ?? 0);
