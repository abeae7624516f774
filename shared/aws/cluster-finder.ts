import { DescribeClustersCommand, ECSClient } from '@aws-sdk/client-ecs';
import type { ClientSettings } from './clients.ts';
import { areCredentialsUnusable, awsProblemOf } from './errors.ts';
import { ClusterNotFound, CredentialsUnusable } from './snapshot-reading.ts';

/** Finds a cluster by its name. */
export type ClusterFinder = {
  /**
   * The cluster's ARN. Rejects with `ClusterNotFound` or `CredentialsUnusable`, and with what the SDK
   * throws for anything else.
   */
  find(name: string): Promise<string>;
};

export const createClusterFinder = (ecs: ECSClient): ClusterFinder => ({
  find: async (name) => {
    const { clusters, failures } = await describe(ecs, name);
    const found = clusters?.find(({ status }) => status !== 'INACTIVE');
    if (found?.clusterArn !== undefined) return found.clusterArn;
    const why = failures?.[0]?.reason ?? (clusters?.length ? 'INACTIVE' : 'MISSING');
    throw new ClusterNotFound(`ECS knows no cluster "${name}" here (${why})`);
  },
});

async function describe(ecs: ECSClient, name: string) {
  try {
    return await ecs.send(new DescribeClustersCommand({ clusters: [name] }));
  } catch (cause) {
    if (!areCredentialsUnusable(cause)) throw cause;
    const { detail } = awsProblemOf(cause);
    throw new CredentialsUnusable(`AWS does not accept the credentials: ${detail}`, { cause });
  }
}

/** The finder over a client of its own. */
export const openClusterFinder = (settings: ClientSettings): ClusterFinder =>
  createClusterFinder(new ECSClient(settings));
