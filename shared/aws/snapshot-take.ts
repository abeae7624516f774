import { assert } from '../domain/assert.ts';
import { snapshotVersion } from '../domain/snapshot.ts';
import { readBase } from './snapshot-base.ts';
import { readCapacityProviders } from './snapshot-extras.ts';
import { plainMaking } from './snapshot-making.ts';
import type { SnapshotReader, SnapshotReaderDeps } from './snapshot-reader.ts';
import { beginReading, defaultPagesMax } from './snapshot-reading.ts';
import { readWants, type SnapshotSources, withOnDemand } from './snapshot-wants.ts';

/**
 * A reader over calls whose clients should not try again by themselves; see `ReadLimiter`. Apart from
 * the clients: whoever gives it fewer calls can make no others.
 */
export const createSnapshotReader = (
  sources: SnapshotSources,
  { limiter, clock, pagesMax = defaultPagesMax, making = plainMaking }: SnapshotReaderDeps,
): SnapshotReader => ({
  read: async (clusterArn, wants, signal) => {
    const { region, cluster } = clusterIn(clusterArn);
    const takenAtMs = clock.nowMs();
    const reading = beginReading({ limiter, clusterArn, pagesMax, signal });
    const [facts, capacityProviders] = await Promise.all([
      readBase(reading, sources.ecs, clusterArn, making),
      wants.capacityProviders ? readCapacityProviders(reading, sources.ecs, clusterArn) : [],
    ]);
    const base = { cluster, capacityProviders, ...making.assembled(facts, capacityProviders) };
    const context = { clusterArn, base, services: facts.services };
    const { ec2Facts, ...wanted } = await readWants(reading, sources, wants, context);
    const tagKeys = new Set(wanted.eventWindows.flatMap(({ tags }) => tags.map(({ key }) => key)));
    const snapshot = making.finished({
      version: snapshotVersion,
      takenAtMs,
      region,
      clusterArn,
      ...base,
      // EC2 and event windows add to what ECS says of an instance, and its tasks are read off that.
      ...(ec2Facts.size + tagKeys.size > 0
        ? making.assembled(facts, capacityProviders, { ec2Facts, tagKeys })
        : {}),
      ...wanted,
      ...reading.end(),
    });
    if (wants.onDemand === undefined) return snapshot;
    const more = wants.onDemand(snapshot);
    if (Object.keys(more).length === 0) return snapshot;
    const found = await readWants(reading, sources, more, context);
    return making.finished({ ...withOnDemand(snapshot, more, found), ...reading.end() });
  },
});

/** Region and name of a cluster; its ARN is always long. */
function clusterIn(clusterArn: string): { readonly region: string; readonly cluster: string } {
  const arn = /^arn:[^:]+:ecs:([^:]+):[^:]*:cluster\/([\w-]{1,255})$/;
  const [, region, cluster] = arn.exec(clusterArn) ?? [];
  assert(region && cluster, `clusterArn: expected the ARN of a cluster, got "${clusterArn}"`);
  return { region, cluster };
}
