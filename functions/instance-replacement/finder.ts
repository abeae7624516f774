import { ClusterNotFound } from '../../shared/aws/snapshot-reading.ts';
import type { InstanceNotice } from '../../shared/domain/instance-notice.ts';
import {
  type InstanceRecord,
  newestOf,
  phaseOf,
} from '../../shared/domain/instance-replacement.ts';
import { idOf } from '../../shared/domain/replacement-look.ts';
import type { Deps } from './handler.ts';
import type { Records } from './records.ts';

/** A container instance of one of the stack's clusters. */
export type Found = { readonly clusterArn: string; readonly id: string };

type Ec2Notice = Extract<InstanceNotice, { readonly kind: 'ec2' }>;

/**
 * Looks for the container instance on an EC2 instance; undefined where no cluster has it. Rejects where
 * no cluster has it and one could not be asked.
 */
export type Find = (
  notice: Ec2Notice,
  recordsOf: (clusterArn: string) => Promise<Records>,
  signal: AbortSignal,
) => Promise<Found | undefined>;

/** Ids of container instances by those of EC2 instances. */
type Ids = ReadonlyMap<string, string>;

/** So long the answer about a cluster's instances is used again. */
export const foundMsMax = 300_000;
/** And so long for a notice of after it: its instance may have joined meanwhile. */
export const foundMsMin = 60_000;

/**
 * First in what is remembered: a calendar notes every instance each six hours. A newer one, also one that
 * has registered again, is looked up in ECS. The list of a cluster's instances is read once in five
 * minutes, and once in one at most for notices that came after it, because most of those are about
 * instances of nobody here. EC2's states are not looked up: every instance of the account goes through
 * them, and ECS tells them by itself.
 */
export function createFinder({ config, instances, clock }: Deps): Find {
  const looks = new Map<string, { readonly atMs: number; readonly ids: Ids }>();
  const idsIn = async (clusterArn: string, forMs: number, signal: AbortSignal): Promise<Ids> => {
    const nowMs = clock.nowMs();
    const last = looks.get(clusterArn);
    const keptMs = last !== undefined && last.atMs < forMs ? foundMsMin : foundMsMax;
    if (last !== undefined && nowMs - last.atMs < keptMs) return last.ids;
    const arns = await instances.byEc2Id(clusterArn, signal).catch(noneIfMissing);
    const ids = new Map([...arns].map(([ec2InstanceId, arn]) => [ec2InstanceId, idOf(arn)]));
    looks.set(clusterArn, { atMs: nowMs, ids });
    return ids;
  };
  const listed = async (notice: Ec2Notice, attempt: Attempt, signal: AbortSignal) => {
    for (const clusterArn of config.clusterArns) {
      const ids = await attempt(() => idsIn(clusterArn, notice.atMs, signal));
      const id = ids?.get(notice.ec2InstanceId);
      if (id !== undefined) return { clusterArn, id };
    }
    return undefined;
  };
  return async (notice, recordsOf, signal) => {
    const errors: unknown[] = [];
    const attempt: Attempt = async (ask) => {
      signal.throwIfAborted();
      return await ask().catch((error: unknown) => void errors.push(error));
    };
    const known: Known[] = [];
    for (const clusterArn of config.clusterArns) {
      const records = await attempt(() => recordsOf(clusterArn));
      known.push(...knownOn(notice.ec2InstanceId, clusterArn, records));
    }
    const live = latestOf(known.filter(({ record }) => phaseOf(record) !== 'gone'));
    if (live !== undefined) return live;
    const found =
      notice.hint === 'ec2-stopping' ? undefined : await listed(notice, attempt, signal);
    const last = found ?? latestOf(known);
    if (last === undefined && errors.length > 0) throw errors[0];
    return last;
  };
}

/** Asks one cluster; undefined where it cannot be asked, which does not hold up the others. */
type Attempt = <T>(ask: () => Promise<T>) => Promise<T | undefined>;

type Known = { readonly clusterArn: string; readonly record: InstanceRecord };

const knownOn = (
  ec2InstanceId: string,
  clusterArn: string,
  records: Records | undefined,
): readonly Known[] =>
  [...(records?.all().values() ?? [])]
    .filter((record) => record.ec2InstanceId === ec2InstanceId)
    .map((record) => ({ clusterArn, record }));

/**
 * Of several container instances on one EC2 instance, whose agent has lost its state, the one that
 * registered last: it has been ACTIVE since.
 */
function latestOf(known: readonly Known[]): Found | undefined {
  const activeAtMs = ({ record }: Known): number =>
    record.activeAtMs ?? newestOf(record)?.atMs ?? -Infinity;
  const [first] = known.toSorted((a, b) => activeAtMs(b) - activeAtMs(a));
  return first && { clusterArn: first.clusterArn, id: first.record.id };
}

/** A cluster that is not there has no instance; its runs say so. */
function noneIfMissing(error: unknown): Ids {
  if (error instanceof ClusterNotFound) return new Map();
  throw error;
}
