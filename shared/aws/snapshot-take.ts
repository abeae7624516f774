import { assert } from '../domain/assert.ts';
import { compareTexts } from '../domain/order.ts';
import { type Snapshot, snapshotVersion } from '../domain/snapshot.ts';
import { type BaseFacts, readBase } from './snapshot-base.ts';
import { type ProviderKinds, providerKinds } from './snapshot-compute.ts';
import { readCapacityProviders } from './snapshot-extras.ts';
import { type Ec2Facts, instanceOf } from './snapshot-instances.ts';
import type { SnapshotReader, SnapshotReaderDeps } from './snapshot-reader.ts';
import { beginReading, defaultPagesMax } from './snapshot-reading.ts';
import { serviceOf } from './snapshot-services.ts';
import { taskOf } from './snapshot-tasks.ts';
import { readWants, type SnapshotSources, withOnDemand } from './snapshot-wants.ts';

/**
 * A reader over calls whose clients should not try again by themselves; see `ReadLimiter`. Apart from
 * the clients: whoever gives it fewer calls can make no others.
 */
export const createSnapshotReader = (
  sources: SnapshotSources,
  { limiter, clock, pagesMax = defaultPagesMax }: SnapshotReaderDeps,
): SnapshotReader => ({
  read: async (clusterArn, wants, signal) => {
    const { region, cluster } = clusterIn(clusterArn);
    const takenAtMs = clock.nowMs();
    const reading = beginReading({ limiter, clusterArn, pagesMax, signal });
    const [facts, capacityProviders] = await Promise.all([
      readBase(reading, sources.ecs, clusterArn),
      wants.capacityProviders ? readCapacityProviders(reading, sources.ecs, clusterArn) : [],
    ]);
    const kinds = providerKinds(capacityProviders, facts.tasks);
    const base = { cluster, capacityProviders, ...assembled(facts, kinds) };
    const context = { clusterArn, base, services: facts.services };
    const { ec2Facts, ...wanted } = await readWants(reading, sources, wants, context);
    const tagKeys = new Set(wanted.eventWindows.flatMap(({ tags }) => tags.map(({ key }) => key)));
    const snapshot: Snapshot = {
      version: snapshotVersion,
      takenAtMs,
      region,
      clusterArn,
      ...base,
      // EC2 and event windows add to what ECS says of an instance, and its tasks are read off that.
      ...(ec2Facts.size + tagKeys.size > 0 ? assembled(facts, kinds, ec2Facts, tagKeys) : {}),
      ...wanted,
      ...reading.end(),
    };
    if (wants.onDemand === undefined) return snapshot;
    const more = wants.onDemand(snapshot);
    if (Object.keys(more).length === 0) return snapshot;
    const found = await readWants(reading, sources, more, context);
    return { ...withOnDemand(snapshot, more, found), ...reading.end() };
  },
});

/** Region and name of a cluster; its ARN is always long. */
function clusterIn(clusterArn: string): { readonly region: string; readonly cluster: string } {
  const arn = /^arn:[^:]+:ecs:([^:]+):[^:]*:cluster\/([\w-]{1,255})$/;
  const [, region, cluster] = arn.exec(clusterArn) ?? [];
  assert(region && cluster, `clusterArn: expected the ARN of a cluster, got "${clusterArn}"`);
  return { region, cluster };
}

/** Tasks, services and instances of a snapshot, each kind in the order of ARNs. */
function assembled(
  facts: BaseFacts,
  kinds: ProviderKinds,
  ec2Facts: ReadonlyMap<string, Ec2Facts> = new Map(),
  tagKeys: ReadonlySet<string> = new Set(),
): Pick<Snapshot, 'tasks' | 'services' | 'instances'> {
  const instances = facts.instances.map((one) => instanceOf(one, kinds, ec2Facts, tagKeys));
  const byArn = new Map(instances.map((one) => [one.arn, one]));
  return {
    tasks: inOrder(facts.tasks.map((task) => taskOf(task, kinds, byArn))),
    services: inOrder(facts.services.map((service) => serviceOf(service, kinds))),
    instances: inOrder(instances),
  };
}

const inOrder = <Thing extends { readonly arn: string }>(things: readonly Thing[]) =>
  [...things].sort((a, b) => compareTexts(a.arn, b.arn));
