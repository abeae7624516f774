import type { AutoScalingReads } from '../../shared/aws/auto-scaling-reads.ts';
import type { Ec2Reads } from '../../shared/aws/ec2-reads.ts';
import type { EcsReads } from '../../shared/aws/ecs-reads.ts';
import type { TargetHealthReads } from '../../shared/aws/target-health-reads.ts';
import type { Account, ServiceName } from '../account.ts';
import { type Input, isInput } from '../aws/operation.ts';
import { answerOf, arrive, wireForm } from './client.ts';

/** The calls that snapshots are read by. */
export type FastReads = {
  readonly ecs: EcsReads;
  readonly ec2: Ec2Reads;
  readonly autoScaling: AutoScalingReads;
  readonly targetHealth: TargetHealthReads;
};

/**
 * Calls that end in the account itself. As long as no resource can have changed, the same call has the
 * same answer, and is given the same object: whoever reads it can see that nothing is new.
 */
export function createFastReads(account: Account): FastReads {
  const remember = createAnswers(account);
  const of = <Reads extends object>(
    service: ServiceName,
    names: readonly (keyof Reads & string)[],
  ): Reads =>
    Object.fromEntries(
      names.map((name) => {
        const operation = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
        const call = async (input: unknown): Promise<object> =>
          remember(service, operation, isInput(input) ? input : {});
        return [name, call];
      }),
      // Each call has the SDK's own output as far as it is simulated.
    ) as Reads;
  return {
    ecs: of<EcsReads>('ecs', [
      ...(['listTasks', 'describeTasks', 'listServices', 'describeServices'] as const),
      ...(['listContainerInstances', 'describeContainerInstances'] as const),
      ...(['describeCapacityProviders', 'describeServiceDeployments'] as const),
      'getTaskProtection',
    ]),
    ec2: of<Ec2Reads>('ec2', [
      ...(['describeInstances', 'describeSubnets'] as const),
      ...(['describeInstanceTypes', 'describeInstanceEventWindows'] as const),
    ]),
    autoScaling: of<AutoScalingReads>('application-autoscaling', ['describeScalableTargets']),
    targetHealth: of<TargetHealthReads>('elasticloadbalancing', ['describeTargetHealth']),
  };
}

type Answer = { readonly input: Input; readonly output: object };

/** Answers of one operation that are remembered; then all are forgotten. */
const answersMax = 1_000;

function createAnswers(account: Account) {
  const known = new Map<string, Answer[]>();
  let changes = account.changes;
  return (service: ServiceName, operation: string, input: Input): object => {
    const call = { service, operation, input: wireForm(service, input) };
    const refusal = arrive(account, call);
    if (refusal !== undefined) throw refusal;
    if (changes !== account.changes) known.clear();
    changes = account.changes;
    const name = `${service}:${operation}`;
    const answers = known.get(name) ?? [];
    const before = answers.find((answer) => isSameInput(answer.input, input));
    if (before !== undefined) return before.output;
    const output = answerOf(account, call);
    if (answers.length >= answersMax) answers.length = 0;
    answers.push({ input, output });
    known.set(name, answers);
    return output;
  };
}

/** Whether two requests ask the same: their members are scalars, lists of texts, or lists of filters. */
function isSameInput(a: Input, b: Input): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length && names.every((name) => isSameMember(a[name], b[name]))
  );
}

function isSameMember(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
  return a.every((entry: unknown, at) => {
    const other: unknown = b[at];
    const isObject = isInput(entry) && isInput(other);
    return isObject ? isSameInput(entry, other) : entry === other;
  });
}
