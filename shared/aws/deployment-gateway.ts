import {
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  DescribeServicesCommand,
  ECSClient,
  type LoadBalancer,
  type ServiceRevision,
} from '@aws-sdk/client-ecs';
import type { Deployment, Revision, Route } from '../domain/deployment.ts';
import { type ClientSettings, sendOptions } from './clients.ts';
import { tagsOf } from './tags.ts';

/** Reads of ECS that the deployment hook needs. Each throws what the SDK throws. */
export type DeploymentGateway = {
  /** Undefined when ECS does not know the deployment (any more). */
  describeDeployment(arn: string, signal?: AbortSignal): Promise<Deployment | undefined>;
  /** Those that ECS knows, in any order; 20 ARNs at most. */
  describeRevisions(arns: readonly string[], signal?: AbortSignal): Promise<readonly Revision[]>;
  /** Tags by key; undefined when ECS does not know the service. */
  readServiceTags(
    clusterArn: string,
    serviceArn: string,
    signal?: AbortSignal,
  ): Promise<Readonly<Record<string, string>> | undefined>;
};

export function createDeploymentGateway(ecs: ECSClient): DeploymentGateway {
  return {
    async describeDeployment(arn, signal) {
      const output = await ecs.send(
        new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: [arn] }),
        sendOptions(signal),
      );
      requireKnownFailures(output.failures);
      const [found] = output.serviceDeployments ?? [];
      if (found === undefined) return undefined;
      return {
        status: found.status,
        hasRollback: found.rollback !== undefined,
        sourceRevisionArns: found.sourceServiceRevisions?.flatMap((one) => one.arn ?? []),
        hooks: (found.lifecycleHookDetails ?? []).map((hook) => ({
          targetArn: hook.targetArn,
          status: hook.status,
          expiresAtMs: hook.expiresAt?.getTime(),
        })),
        configuredHooks: (found.deploymentConfiguration?.lifecycleHooks ?? []).map((hook) => ({
          targetArn: hook.hookTargetArn,
          stages: hook.lifecycleStages ?? [],
          hookDetails: hook.hookDetails,
        })),
      };
    },
    async describeRevisions(arns, signal) {
      const output = await ecs.send(
        new DescribeServiceRevisionsCommand({ serviceRevisionArns: [...arns] }),
        sendOptions(signal),
      );
      requireKnownFailures(output.failures);
      return (output.serviceRevisions ?? []).flatMap(revisionOf);
    },
    async readServiceTags(clusterArn, serviceArn, signal) {
      const output = await ecs.send(
        new DescribeServicesCommand({
          cluster: clusterArn,
          services: [serviceArn],
          include: ['TAGS'],
        }),
        sendOptions(signal),
      );
      requireKnownFailures(output.failures);
      const [found] = output.services ?? [];
      return found && tagsOf(found.tags);
    },
  };
}

type Failures = readonly { reason?: string | undefined; arn?: string | undefined }[] | undefined;

/** MISSING is an answer; any other failure of a batch is a read that did not happen. */
function requireKnownFailures(failures: Failures): void {
  const other = failures?.find(({ reason }) => reason !== 'MISSING');
  if (other !== undefined) {
    throw new Error(
      `ECS could not describe ${other.arn ?? 'it'}: ${other.reason ?? 'no reason given'}`,
    );
  }
}

function revisionOf(found: ServiceRevision): readonly Revision[] {
  const arn = found.serviceRevisionArn;
  if (arn === undefined) return [];
  const resolved = found.resolvedConfiguration?.loadBalancers ?? [];
  const balancers = (found.loadBalancers ?? []).map((one) => balancerRoute(one, resolved));
  return [
    {
      arn,
      taskDefinitionArn: found.taskDefinition,
      containers: (found.containerImages ?? []).map(({ containerName, imageDigest }) => ({
        name: containerName,
        imageDigest,
      })),
      routes: [...balancers, ...gatewayRoutes(found)],
      hasServiceConnect: (found.serviceConnectConfiguration?.services ?? []).length > 0,
    },
  ];
}

type Resolved = readonly {
  targetGroupArn?: string | undefined;
  productionListenerRule?: string | undefined;
}[];

function balancerRoute(balancer: LoadBalancer, resolved: Resolved): Route {
  const { targetGroupArn, containerName, advancedConfiguration: advanced } = balancer;
  const targetGroupArns = [targetGroupArn, advanced?.alternateTargetGroupArn].flatMap(
    (one) => one ?? [],
  );
  const own = resolved.filter(
    (one) => one.targetGroupArn !== undefined && targetGroupArns.includes(one.targetGroupArn),
  );
  return {
    containerName,
    targetGroupArns,
    ownTargetGroupArn: own.length === 1 ? own[0]?.targetGroupArn : undefined,
    productionRuleArn: advanced?.productionListenerRule,
    testRuleArn: advanced?.testListenerRule,
  };
}

/** A gateway's connections are load balancers that ECS manages; see DescribeGateway. */
const gatewayRoutes = (found: ServiceRevision): readonly Route[] =>
  (found.ecsManagedResources?.gatewayConnections ?? []).flatMap(({ portName, resources }) =>
    (resources?.hostSharedAlb ?? []).map((alb) => ({
      containerName: portName,
      targetGroupArns: [alb.targetGroupArn, alb.alternateTargetGroupArn].flatMap(
        (one) => one ?? [],
      ),
      ownTargetGroupArn: undefined,
      productionRuleArn: alb.listenerRuleArn,
      testRuleArn: alb.testListenerRuleArn,
    })),
  );

/** The gateway over a client of its own. */
export const openDeploymentGateway = (settings: ClientSettings) =>
  createDeploymentGateway(new ECSClient(settings));
