import { valueIn } from './record.ts';
import type { Instance, Snapshot } from './snapshot.ts';

/** How many tasks with a network interface of their own (`awsvpc`) one instance holds. */
export type InterfaceLimit = {
  /** So many it holds for certain; undefined where nobody says. */
  readonly atLeast: number | undefined;
  /** More it does not hold; undefined where no bound is known. */
  readonly atMost: number | undefined;
};

/** Set where ECS shares the interfaces of an EC2 instance out as branches of a trunk. */
const trunkAttribute = 'ecs.awsvpc-trunk-id';

/**
 * The limit of an instance: what its type can hold, less the one that is its own. It is a bound on plain
 * EC2 instances only. A trunk holds more, and how many more is in no API. A managed instance holds more
 * too, as observed: seven such tasks on a c6a.large, whose type has three interfaces.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-instance-eni.html
 */
export function interfaceLimitOf(
  { type, attributes, compute }: Instance,
  types: Snapshot['instanceTypes'],
): InterfaceLimit {
  const eniMax = valueIn(types, type ?? '')?.eniMax;
  const atLeast = eniMax === undefined ? undefined : Math.max(eniMax - 1, 0);
  const isBound = compute === 'ec2' && !Object.hasOwn(attributes, trunkAttribute);
  return { atLeast, atMost: isBound ? atLeast : undefined };
}
