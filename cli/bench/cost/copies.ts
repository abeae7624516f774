import type { Account } from '../../../simulator/account.ts';

/**
 * Makes a played cluster so many times as large, by copies of its services, tasks and instances under
 * names and ids of their own: a cluster to look at, in which nothing goes on.
 */
export function multiplyCluster(account: Account, times: number): void {
  const { services, tasks, containerInstances, ec2Instances } = account;
  const { taskDefinitions, serviceDeployments, serviceRevisions } = account;
  const { loadBalancers, listeners, rules, targetGroups } = account;
  const parts: readonly Map<string, unknown>[] = [
    ...[services, tasks, containerInstances, ec2Instances],
    ...[taskDefinitions, serviceDeployments, serviceRevisions],
    ...[loadBalancers, listeners, rules, targetGroups],
  ];
  for (const part of parts) {
    const originals = [...part];
    for (let copy = 1; copy < times; copy += 1) {
      for (const entry of originals) {
        const [key, value] = renamed(entry, copy) as [string, unknown];
        part.set(key, value);
      }
    }
  }
}

/** A copy of a value, with the names and ids in its texts changed in the same way, but for subnets. */
function renamed(value: unknown, copy: number): unknown {
  if (typeof value === 'string') return renamedText(value, copy);
  if (Array.isArray(value)) return value.map((one: unknown) => renamed(one, copy));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, renamed(one, copy)]));
}

const renamedText = (text: string, copy: number): string =>
  text
    .replace(/service-\d{3}/g, (name) => `${name}-${copy}`)
    .replace(/(?<=ecs-svc\/)\d/g, (digit) => `${copy}${digit}`)
    .replace(/(?<!subnet-)\b[0-9a-f](?=[0-9a-f]{16}\b|[0-9a-f]{31}\b)/g, (digit) =>
      ((Number.parseInt(digit, 16) + copy) % 16).toString(16),
    );
