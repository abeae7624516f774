import { sortedBy } from './order.ts';
import type { Service } from './snapshot.ts';

/** Which services of a cluster a deployment gate can stand in front of, and which have one. */
export type GateCoverage = {
  /** Names, in order. */
  readonly eligible: readonly string[];
  /** Those of them that call a Lambda function at the gated stage. */
  readonly gated: readonly { readonly service: string; readonly targetArns: readonly string[] }[];
  /** Services that cannot have one, by reason, in the order of names. */
  readonly excluded: Readonly<Record<GateExclusion, readonly string[]>>;
};

export type GateExclusion = 'not-ecs-controlled' | 'no-test-stage';

/** The stage at which green has test traffic and no production traffic yet. */
const gatedStage = 'POST_TEST_TRAFFIC_SHIFT';

/**
 * Deployment strategies that have a test stage.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
 */
const stagedStrategies: ReadonlySet<string> = new Set(['BLUE_GREEN', 'LINEAR', 'CANARY']);

/** Lifecycle hooks belong to ECS's own deployments with a test stage; a rolling update has none. */
export function gateCoverageOf(services: readonly Service[]): GateCoverage {
  const sorted = sortedBy(services, ({ name }) => name);
  const exclusionOf = (service: Service): GateExclusion | undefined => {
    if ((service.deploymentController ?? 'ECS') !== 'ECS') return 'not-ecs-controlled';
    return stagedStrategies.has(service.deploymentStrategy ?? 'ROLLING')
      ? undefined
      : 'no-test-stage';
  };
  const namesWith = (exclusion: GateExclusion | undefined): readonly string[] =>
    sorted.filter((service) => exclusionOf(service) === exclusion).map(({ name }) => name);
  return {
    eligible: namesWith(undefined),
    gated: sorted.flatMap((service) => {
      const targetArns = service.hooks
        .filter(({ stages }) => stages.includes(gatedStage))
        .map(({ targetArn }) => targetArn);
      return targetArns.length === 0 ? [] : [{ service: service.name, targetArns }];
    }),
    excluded: {
      'not-ecs-controlled': namesWith('not-ecs-controlled'),
      'no-test-stage': namesWith('no-test-stage'),
    },
  };
}
