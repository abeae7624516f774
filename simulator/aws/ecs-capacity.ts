import type { EcsContainerInstance } from '../account.ts';
import {
  arnIn,
  batchOf,
  clusterOf,
  includedIn,
  invalidParameter,
  listPage,
  lookUp,
} from './ecs-resource.ts';
import { type Operation, optionalText, optionalTexts } from './operation.ts';

const instancesMax = 100;
const instancePages = { pageSize: 100, pageSizeMax: 100 };
const providersMax = 100;
const providerPages = { pageSize: 10, pageSizeMax: 10 };

/** Lists all but inactive instances, or those of one status. */
export const listContainerInstances: Operation = {
  members: ['cluster', 'nextToken', 'maxResults', 'status'],
  respond: (account, input) => {
    const { clusterArn } = clusterOf(account, input);
    const status = optionalText(input, 'status');
    const arns = [...account.containerInstances.values()]
      .filter((instance) => instance.clusterArn === clusterArn)
      .filter((one) => (status === undefined ? one.status !== 'INACTIVE' : one.status === status))
      .map(({ containerInstanceArn }) => containerInstanceArn);
    const { page, next } = listPage(arns, input, instancePages);
    return { containerInstanceArns: page, nextToken: next };
  },
};

export const describeContainerInstances: Operation = {
  members: ['cluster', 'containerInstances', 'include'],
  respond: (account, input) => {
    const cluster = clusterOf(account, input);
    const include = includedIn(input, ['TAGS', 'CONTAINER_INSTANCE_HEALTH']);
    const names = batchOf(input, 'containerInstances', instancesMax);
    const { found, failures } = lookUp(
      account.containerInstances,
      names.map((name) => arnIn(account, cluster, 'container-instance', name)),
    );
    return { containerInstances: found.map((one) => shown(one, include)), failures };
  },
};

/** Tags and health are answered only where they are asked for. */
function shown(
  { tags, healthStatus, ...instance }: EcsContainerInstance,
  include: readonly string[],
): object {
  return {
    ...instance,
    ...(include.includes('TAGS') ? { tags: tags ?? [] } : {}),
    ...(include.includes('CONTAINER_INSTANCE_HEALTH') ? { healthStatus } : {}),
  };
}

/**
 * By name or ARN, or all that a cluster can use: its own managed-instances providers, and every
 * provider that belongs to no cluster, because which of those it is associated with is not simulated.
 */
export const describeCapacityProviders: Operation = {
  members: ['capacityProviders', 'cluster', 'maxResults', 'nextToken'],
  respond: (account, input) => {
    const names = optionalTexts(input, 'capacityProviders') ?? [];
    if (names.length > providersMax) {
      throw invalidParameter(`capacityProviders must have at most ${providersMax} entries.`);
    }
    const clusterArn = optionalText(input, 'cluster') && clusterOf(account, input).clusterArn;
    const usable = [...account.capacityProviders.values()].filter(
      ({ cluster }) => !clusterArn || cluster === undefined || cluster === clusterArn,
    );
    const byName = new Map(
      usable.flatMap((one) => [
        [one.name, one],
        [one.capacityProviderArn, one],
      ]),
    );
    const { found, failures } = lookUp(byName, names);
    const { page, next } = listPage(names.length === 0 ? usable : found, input, providerPages);
    return { capacityProviders: page.map(withoutTags), failures, nextToken: next };
  },
};

function withoutTags<Tagged extends { readonly tags?: unknown }>({
  tags: _,
  ...provider
}: Tagged): Omit<Tagged, 'tags'> {
  return provider;
}
