import type { Account, EcsService, Item, Table } from '../account.ts';
import type { WireRequest } from '../aws/wire.ts';
import type { Faults } from '../faults.ts';
import type { Random } from '../random.ts';
import type { World } from '../world.ts';

const secondMs = 1_000;
/** How far apart the remembered states are, and how many there are. */
const everyMs = 2 * secondMs;
const keptMax = 5;
const staleShare = 0.2;

type Memory = {
  readonly services: ReadonlyMap<string, EcsService>;
  readonly items: ReadonlyMap<string, ReadonlyMap<string, Item>>;
};

/**
 * Reads that lag behind, as ECS's own and those of an index of DynamoDB may: returns the account that
 * answers a request. Consistent reads are never behind.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html (eventual consistency)
 */
export function createStaleReads(
  world: World,
  faults: Faults,
  random: (concern: string) => Random,
): (request: WireRequest) => Account {
  const { account } = world;
  const past: Memory[] = [];
  const remember = (): void => {
    past.unshift(memoryOf(account));
    past.splice(keptMax);
    if (world.nowMs() < faults.untilMs) world.after(everyMs, remember);
  };
  if (faults.active.has('stale-reads')) world.schedule(faults.fromMs, remember);
  return (request) => {
    const stream = random('faults:stale-reads');
    const [isHit, age] = [stream.chance(staleShare), stream.integer(0, keptMax - 1)];
    const memory = past[age];
    if (!isHit || !faults.isOn('stale-reads') || memory === undefined) return account;
    const what = mayLag(request);
    if (what === undefined) return account;
    faults.hit('stale-reads', what);
    return asOf(account, memory);
  };
}

/** The operation, where AWS does not promise that it sees the latest write. */
function mayLag({ headers, body }: WireRequest): string | undefined {
  const target = headers['x-amz-target'] ?? '';
  if (target.endsWith('.DescribeServices')) return 'ecs:DescribeServices';
  const isOfIndex = typeof body === 'string' && body.includes('"IndexName"');
  return target.endsWith('.Query') && isOfIndex ? 'dynamodb:Query' : undefined;
}

const memoryOf = (account: Account): Memory => ({
  services: new Map([...account.services].map(([arn, service]) => [arn, { ...service }])),
  items: new Map([...account.tables].map(([name, { items }]) => [name, new Map(items)])),
});

/** The account with services and items as they were; everything else as it is. */
function asOf(account: Account, { services, items }: Memory): Account {
  const tables = new Map<string, Table>(
    [...account.tables].map(([name, table]) => [
      name,
      { ...table, items: new Map(items.get(name) ?? table.items) },
    ]),
  );
  return Object.assign(Object.create(account), { services: new Map(services), tables });
}
