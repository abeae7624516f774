import type { Account, EcsCluster } from '../account.ts';
import { ServiceError, UnsupportedRequest } from './errors.ts';
import { type Input, optionalInteger, optionalText, optionalTexts, pageOf } from './operation.ts';

/** The cluster that a request names, by name or ARN; without a name it is the default one. */
export function clusterOf(account: Account, input: Input): EcsCluster {
  const nameOrArn = optionalText(input, 'cluster') ?? 'default';
  for (const cluster of account.clusters.values()) {
    if (cluster.clusterArn === nameOrArn || cluster.clusterName === nameOrArn) return cluster;
  }
  throw new ServiceError('ClusterNotFoundException', 'Cluster not found.');
}

/** The ARN of something that stands in the cluster, from its ARN or the last part of it. */
export function arnIn(
  account: Account,
  cluster: EcsCluster,
  kind: 'service' | 'task' | 'container-instance',
  nameOrArn: string,
): string {
  if (!nameOrArn.startsWith('arn:')) {
    const { region, accountId } = account;
    return `arn:aws:ecs:${region}:${accountId}:${kind}/${cluster.clusterName}/${nameOrArn}`;
  }
  const [, clusterName, name] = nameOrArn.split('/');
  if (name === undefined) throw new UnsupportedRequest(`short ${kind} ARNs`);
  if (clusterName !== cluster.clusterName) {
    throw invalidParameter(
      `Identifier is for ${clusterName}. Your cluster is ${cluster.clusterName}`,
    );
  }
  return nameOrArn;
}

/** The entries of a batch call: one at least, and no more than AWS takes. */
export function batchOf(input: Input, member: string, entriesMax: number): readonly string[] {
  const entries = optionalTexts(input, member) ?? [];
  if (entries.length === 0 || entries.length > entriesMax) {
    throw invalidParameter(`${member} must have at least 1 and at most ${entriesMax} entries.`);
  }
  return entries;
}

/** What a request wants included, out of what can be. */
export function includedIn(input: Input, known: readonly string[]): readonly string[] {
  const include = optionalTexts(input, 'include') ?? [];
  if (include.some((field) => !known.includes(field))) {
    throw invalidParameter(`Invalid include: ${include.join(', ')}`);
  }
  return include;
}

/** A describe call succeeds in part: what does not exist comes back as a failure. */
export function lookUp<Resource>(
  resources: ReadonlyMap<string, Resource>,
  arns: readonly string[],
) {
  const found: Resource[] = [];
  const failures: { arn: string; reason: string }[] = [];
  for (const arn of new Set(arns)) {
    const resource = resources.get(arn);
    if (resource === undefined) failures.push({ arn, reason: 'MISSING' });
    else found.push(resource);
  }
  return { found, failures };
}

/** One page of a list, by the request's `nextToken` and `maxResults`. */
export function listPage<Entry>(
  entries: readonly Entry[],
  input: Input,
  { pageSize, pageSizeMax }: { readonly pageSize: number; readonly pageSizeMax: number },
) {
  const wished = optionalInteger(
    input,
    'maxResults',
    [1, pageSizeMax],
    'InvalidParameterException',
  );
  return pageOf(entries, optionalText(input, 'nextToken'), wished ?? pageSize, () =>
    invalidParameter('Invalid token'),
  );
}

export const invalidParameter = (message: string): ServiceError =>
  new ServiceError('InvalidParameterException', message);
