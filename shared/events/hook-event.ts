import * as v from 'valibot';
import type { TrafficWeights } from '../domain/deployment-stage.ts';
import { MalformedInput } from './malformed.ts';
import { firstProblem } from './problem.ts';

/** A call of the deployment hook by ECS, whatever shape it came in. */
export type HookEvent = {
  /** Of this hook execution; whether it stays the same over polls is not documented. */
  readonly executionId: string | undefined;
  readonly stage: string;
  readonly deploymentArn: string;
  readonly serviceArn: string;
  readonly cluster: string;
  readonly service: string;
  /** Green, also during a rollback. */
  readonly targetRevisionArn: string;
  readonly testWeights: TrafficWeights;
  readonly productionWeights: TrafficWeights;
  /** As it came: an object, a JSON string, or nothing. See `hook-details.ts`. */
  readonly hookDetails: unknown;
};

const arnOf = (kind: string, segments: number): RegExp =>
  new RegExp(`^arn:[^:]+:ecs:[^:]+:[^:]+:${kind}(/[^/]+){${segments}}$`);

const arn = (kind: string, segments: number) =>
  v.pipe(v.string(), v.regex(arnOf(kind, segments), `expected a ${kind} ARN`));

// Percentages, and fractions of them: canary and linear steps go down to a tenth.
const weights = v.optional(v.record(v.string(), v.number()), {});

const execution = {
  serviceArn: arn('service', 2),
  targetServiceRevisionArn: arn('service-revision', 3),
  testTrafficWeights: weights,
  productionTrafficWeights: weights,
};

const envelope = {
  executionId: v.optional(v.string()),
  lifecycleStage: v.pipe(v.string(), v.nonEmpty('expected the name of a stage')),
  resourceArn: arn('service-deployment', 3),
  hookDetails: v.optional(v.unknown()),
};

const nestedSchema = v.object({ ...envelope, executionDetails: v.object(execution) });
const flatSchema = v.object({ ...envelope, ...execution });

/**
 * Reads the payload that ECS sends, nested under `executionDetails`, or the flat form that early
 * pages printed. Unknown fields are ignored; the stage is an open list.
 * Throws {@link MalformedInput} naming the first field that is wrong.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/lambda-lifecycle-hooks.html
 */
export function parseHookEvent(value: unknown): HookEvent {
  const isFlat =
    typeof value === 'object' &&
    value !== null &&
    !('executionDetails' in value) &&
    'serviceArn' in value;
  const parsed = isFlat ? v.safeParse(flatSchema, value) : v.safeParse(nestedSchema, value);
  if (!parsed.success) throw new MalformedInput(firstProblem('event', parsed.issues));
  const { output } = parsed;
  const details = 'executionDetails' in output ? output.executionDetails : output;
  const [, cluster = '', service = ''] = details.serviceArn.split('/');
  return {
    executionId: output.executionId,
    stage: output.lifecycleStage,
    deploymentArn: output.resourceArn,
    serviceArn: details.serviceArn,
    cluster,
    service,
    targetRevisionArn: details.targetServiceRevisionArn,
    testWeights: details.testTrafficWeights,
    productionWeights: details.productionTrafficWeights,
    hookDetails: output.hookDetails,
  };
}

/** The ARN of the cluster that a service with a long ARN stands in. */
export const clusterArnOf = (serviceArn: string): string =>
  serviceArn.replace(/:service\/([^/]+)\/.*$/, ':cluster/$1');
