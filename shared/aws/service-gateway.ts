import {
  DescribeServicesCommand,
  ECSClient,
  type Failure,
  type Service,
} from '@aws-sdk/client-ecs';
import type { ServiceState } from '../domain/service-state.ts';
import { type ClientSettings, sendOptions } from './clients.ts';
import { rolloutsOf } from './rollouts.ts';
import { tagsOf } from './tags.ts';

/** What was found of the services asked for. */
export type ServicesFound = {
  readonly services: readonly ServiceState[];
  /** Names that ECS does not know (any more). */
  readonly missing: readonly string[];
  /** Names whose read failed, with ECS's reason. */
  readonly failed: readonly { readonly service: string; readonly reason: string }[];
};

/** Reads of services. */
export type ServiceGateway = {
  /** Throws what the SDK throws; what only some services lack is in the result. */
  describeServices(
    clusterArn: string,
    names: readonly string[],
    signal?: AbortSignal,
  ): Promise<ServicesFound>;
};

/** Services that one call takes: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html */
const batchMax = 10;

export function createServiceGateway(ecs: ECSClient): ServiceGateway {
  return {
    async describeServices(clusterArn, names, signal) {
      const pages: ServicesFound[] = [];
      for (let from = 0; from < names.length; from += batchMax) {
        const output = await ecs.send(
          new DescribeServicesCommand({
            cluster: clusterArn,
            services: names.slice(from, from + batchMax),
            include: ['TAGS'],
          }),
          sendOptions(signal),
        );
        pages.push(foundIn(output.services ?? [], output.failures ?? []));
      }
      return {
        services: pages.flatMap(({ services }) => services),
        missing: pages.flatMap(({ missing }) => missing),
        failed: pages.flatMap(({ failed }) => failed),
      };
    },
  };
}

function foundIn(found: readonly Service[], failures: readonly Failure[]): ServicesFound {
  const named = failures.map(({ arn, reason = 'no reason given' }) => ({
    service: arn?.split('/').at(-1) ?? '?',
    reason,
  }));
  // A deleted service is still listed for a while, with nothing in it.
  const isGone = ({ status }: Service): boolean => status === 'INACTIVE';
  const unknown = named.filter(({ reason }) => reason === 'MISSING');
  return {
    services: found.filter((one) => !isGone(one)).map(stateOf),
    missing: [...found.filter(isGone).map(nameOf), ...unknown.map(({ service }) => service)],
    failed: named.filter(({ reason }) => reason !== 'MISSING'),
  };
}

const nameOf = ({ serviceName }: Service): string => serviceName ?? '?';

function stateOf(service: Service): ServiceState {
  const { deploymentConfiguration: configuration } = service;
  return {
    service: nameOf(service),
    running: service.runningCount ?? 0,
    desired: service.desiredCount ?? 0,
    pending: service.pendingCount ?? 0,
    minimumHealthyPercent: configuration?.minimumHealthyPercent,
    rollouts: rolloutsOf(service.deployments),
    circuitBreaker: detectorOf(configuration?.deploymentCircuitBreaker),
    deploymentAlarms: detectorOf(configuration?.alarms),
    tags: tagsOf(service.tags),
  };
}

/** What ends a deployment that fails: the circuit breaker or alarms. */
function detectorOf(
  detector: { enable?: boolean | undefined; rollback?: boolean | undefined } | undefined,
): string | undefined {
  if (detector === undefined) return undefined;
  if (!detector.enable) return 'off';
  return detector.rollback ? 'on, with rollback' : 'on';
}

/** The gateway over a client of its own. */
export const openServiceGateway = (settings: ClientSettings): ServiceGateway =>
  createServiceGateway(new ECSClient(settings));
