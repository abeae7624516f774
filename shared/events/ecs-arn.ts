import { MalformedInput } from './malformed.ts';

/** A service as events name it: `service` is the name, the ARN is always the long form. */
export type NamedService = {
  readonly clusterArn: string;
  readonly serviceArn: string;
  readonly service: string;
};

const longArn = /^(arn:[^:]+:ecs:[^:]*:[^:]*):[a-z-]+\/([\w-]{1,255})\/.+$/;

/** The cluster that something with a long ARN stands in; short ARNs do not say. */
export const clusterArnIn = (arn: string | undefined): string | undefined => {
  const [, prefix, cluster] = longArn.exec(arn ?? '') ?? [];
  return prefix === undefined ? undefined : `${prefix}:cluster/${cluster}`;
};

/** The service that a service, service-deployment or service-revision ARN is about. */
const serviceNameIn = (arn: string): string | undefined => {
  const [, kind = '', path = ''] = /^arn:[^:]+:ecs:[^:]*:[^:]*:([a-z-]+)\/(.+)$/.exec(arn) ?? [];
  const segments = path.split('/');
  if (kind === 'service') return segments.at(-1) || undefined;
  return /^service-(deployment|revision)$/.test(kind) ? segments[1] : undefined;
};

/**
 * The service of an event: the first candidate that is the ARN of one or a bare name. Events name
 * it in `resources`, `serviceArn`, `service` or `serviceName`; short ARNs leave out the cluster.
 */
export function namedService(
  candidates: readonly (string | undefined)[],
  knownClusterArn: string | undefined,
): NamedService {
  const given = candidates.filter((candidate) => candidate !== undefined);
  const arns = given.filter((candidate) => serviceNameIn(candidate) !== undefined);
  const service =
    arns.map(serviceNameIn).find((name) => name !== undefined) ??
    given.find((candidate) => !candidate.startsWith('arn:'));
  if (service === undefined || !/^[\w-]{1,255}$/.test(service)) {
    throw new MalformedInput(`event.resources: expected a service ARN, got ${gotOf(given[0])}`);
  }
  const clusterArn =
    knownClusterArn ?? arns.map(clusterArnIn).find((cluster) => cluster !== undefined);
  if (clusterArn === undefined) {
    throw new MalformedInput('event.detail.clusterArn: expected a value, got nothing');
  }
  const serviceArn = `${clusterArn.replace(':cluster/', ':service/')}/${service}`;
  return { clusterArn, serviceArn, service };
}

const gotOf = (value: string | undefined): string =>
  value === undefined ? 'nothing' : `"${value.slice(0, 80)}"`;
