import { ClusterNotFound } from '../../shared/aws/snapshot-reading.ts';
import type { InstanceNotice } from '../../shared/domain/instance-notice.ts';
import { idOf } from '../../shared/domain/replacement-look.ts';
import type { Deps } from './handler.ts';
import type { Records } from './records.ts';

/** A container instance of one of the stack's clusters. */
export type Found = { readonly clusterArn: string; readonly id: string };

type Ec2Notice = Extract<InstanceNotice, { readonly kind: 'ec2' }>;

/** Looks for the container instance on an EC2 instance; undefined where no cluster has it. */
export type Find = (
  notice: Ec2Notice,
  recordsOf: (clusterArn: string) => Promise<Records>,
  signal: AbortSignal,
) => Promise<Found | undefined>;

/** Ids of container instances by those of EC2 instances. */
type Ids = ReadonlyMap<string, string>;

/** So long the answer about a cluster's instances is used again. */
export const foundMsMax = 300_000;

/**
 * First in what is remembered: a calendar notes every instance each six hours. A newer one is looked up
 * in ECS, whose list of a cluster's instances is read once in five minutes; not for EC2's states, which
 * every instance of the account goes through and which ECS tells by itself.
 */
export function createFinder({ config, instances, clock }: Deps): Find {
  const looks = new Map<string, { readonly atMs: number; readonly ids: Ids }>();
  const idsIn = async (clusterArn: string, signal: AbortSignal): Promise<Ids> => {
    const last = looks.get(clusterArn);
    if (last !== undefined && clock.nowMs() - last.atMs < foundMsMax) return last.ids;
    const arns = await instances.byEc2Id(clusterArn, signal).catch(noneIfMissing);
    const ids = new Map([...arns].map(([ec2InstanceId, arn]) => [ec2InstanceId, idOf(arn)]));
    looks.set(clusterArn, { atMs: clock.nowMs(), ids });
    return ids;
  };
  return async ({ ec2InstanceId, hint }, recordsOf, signal) => {
    for (const clusterArn of config.clusterArns) {
      const known = [...(await recordsOf(clusterArn)).all().values()];
      const id = known.find((record) => record.ec2InstanceId === ec2InstanceId)?.id;
      if (id !== undefined) return { clusterArn, id };
    }
    if (hint === 'ec2-stopping') return undefined;
    for (const clusterArn of config.clusterArns) {
      const id = (await idsIn(clusterArn, signal)).get(ec2InstanceId);
      if (id !== undefined) return { clusterArn, id };
    }
    return undefined;
  };
}

/** A cluster that is not there has no instance; its runs say so. */
function noneIfMissing(error: unknown): Ids {
  if (error instanceof ClusterNotFound) return new Map();
  throw error;
}
