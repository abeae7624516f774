import type { FaultName, Faults } from '../faults.ts';
import type { Random } from '../random.ts';
import type { World } from '../world.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export type NatureOptions = {
  readonly world: World;
  readonly faults: Faults;
  /** Where the account has its subnets. */
  readonly zones: readonly string[];
  /** Somebody deploys something; undefined where there is nothing to deploy. */
  readonly deploy: ((random: Random) => void) | undefined;
  readonly note: (text: string) => void;
};

/** One kind of mishap: how often it comes on average, and what it does. */
type Mishap = {
  readonly fault: FaultName;
  readonly everyMs: number;
  /** Returns what happened, or undefined where there was nothing that it could happen to. */
  readonly strike: (options: NatureOptions, random: Random) => string | undefined;
};

const mishaps: readonly Mishap[] = [
  { fault: 'instance-death', everyMs: 2 * hourMs, strike: killInstance },
  { fault: 'zone-outage', everyMs: 5 * hourMs, strike: darkenZone },
  { fault: 'slow-placement', everyMs: hourMs, strike: slowCapacity },
  { fault: 'no-placement', everyMs: 2 * hourMs, strike: refuseCapacity },
  { fault: 'agent-flaps', everyMs: hourMs, strike: disconnectAgent },
  { fault: 'spot', everyMs: hourMs, strike: takeSpot },
  { fault: 'deployment', everyMs: hourMs, strike: deploy },
];

/** Schedules the mishaps of a run. Each kind draws from a stream of its own, also for its times. */
export function startNature(options: NatureOptions): void {
  const { world, faults } = options;
  for (const { fault, everyMs, strike } of mishaps) {
    if (!faults.active.has(fault)) continue;
    const random = world.random(`faults:${fault}`);
    const next = (afterMs: number): void => {
      const atMs = afterMs + random.integer(0, 2 * everyMs);
      if (atMs >= faults.untilMs) return;
      world.schedule(atMs, () => {
        const what = strike(options, random);
        if (what !== undefined) {
          faults.hit(fault, what);
          options.note(what);
        }
        next(world.nowMs());
      });
    };
    next(faults.fromMs);
  }
}

/** How long a state of nature lasts; it ends with the faults at the latest. */
const lasts = (
  { world, faults }: NatureOptions,
  random: Random,
  range: readonly [number, number],
): number => Math.max(1, Math.min(random.integer(...range), faults.untilMs - world.nowMs()));

const spoken = (durationMs: number): string =>
  `${Math.max(1, Math.round(durationMs / minuteMs))} min`;

const nameOf = (arn: string): string => arn.split('/').at(-1) ?? arn;

function pickInstance({ world }: NatureOptions, random: Random): string | undefined {
  const instances = [...world.account.containerInstances.values()].filter(
    ({ status, attributes }) =>
      status === 'ACTIVE' && !attributes.some(({ name }) => name === 'ecs.capability.external'),
  );
  return instances.length === 0 ? undefined : random.pick(instances).containerInstanceArn;
}

function killInstance(options: NatureOptions, random: Random): string | undefined {
  const arn = pickInstance(options, random);
  if (arn === undefined) return undefined;
  options.world.nature.instanceDies(arn);
  return `instance ${nameOf(arn)} is gone`;
}

function disconnectAgent(options: NatureOptions, random: Random): string | undefined {
  const arn = pickInstance(options, random);
  if (arn === undefined) return undefined;
  const forMs = lasts(options, random, [minuteMs / 2, 5 * minuteMs]);
  options.world.nature.agentDisconnects(arn, forMs);
  return `agent of ${nameOf(arn)} is not heard of for ${spoken(forMs)}`;
}

function darkenZone(options: NatureOptions, random: Random): string | undefined {
  const zone = random.pick(options.zones);
  const forMs = lasts(options, random, [10 * minuteMs, 30 * minuteMs]);
  options.world.nature.zoneOutage(zone, forMs);
  return `zone ${zone} is out for ${spoken(forMs)}`;
}

function slowCapacity(options: NatureOptions, random: Random): string {
  const forMs = lasts(options, random, [10 * minuteMs, 40 * minuteMs]);
  const extraMs = random.integer(2 * minuteMs, 10 * minuteMs);
  options.world.nature.slowCapacity({}, extraMs, forMs);
  return `launches take ${spoken(extraMs)} longer for ${spoken(forMs)}`;
}

function refuseCapacity(options: NatureOptions, random: Random): string {
  const zone = random.chance(0.5) ? random.pick(options.zones) : undefined;
  const forMs = lasts(options, random, [5 * minuteMs, 20 * minuteMs]);
  options.world.nature.noCapacity(zone === undefined ? {} : { zone }, forMs);
  return `no capacity ${zone === undefined ? 'anywhere' : `in ${zone}`} for ${spoken(forMs)}`;
}

function takeSpot({ world }: NatureOptions, random: Random): string | undefined {
  const { ec2Instances, containerInstances, tasks } = world.account;
  const instances = [...containerInstances.values()].filter(
    ({ ec2InstanceId, status }) =>
      status === 'ACTIVE' && ec2Instances.get(ec2InstanceId ?? '')?.InstanceLifecycle === 'spot',
  );
  const fargate = [...tasks.values()].filter(
    ({ capacityProviderName, lastStatus }) =>
      capacityProviderName === 'FARGATE_SPOT' && lastStatus === 'RUNNING',
  );
  const [fromFargate, at] = [random.chance(0.5), random.next()];
  const task = fargate[Math.floor(at * fargate.length)];
  const instance = instances[Math.floor(at * instances.length)];
  if (task !== undefined && (fromFargate || instance === undefined)) {
    world.nature.spotTaskInterrupted(task.taskArn);
    return `Fargate Spot takes task ${nameOf(task.taskArn)} back`;
  }
  if (instance === undefined) return undefined;
  world.nature.spotNotice(instance.containerInstanceArn);
  return `EC2 takes Spot instance ${nameOf(instance.containerInstanceArn)} back`;
}

function deploy({ deploy: deploySomething }: NatureOptions, random: Random): string | undefined {
  if (deploySomething === undefined) return undefined;
  deploySomething(random);
  return 'a deployment in the middle of it all';
}
