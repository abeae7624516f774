import { assert } from '../domain/assert.ts';
import { recordOf } from '../domain/record.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import type { AutoScalingReads } from './auto-scaling-reads.ts';
import type { Ec2Reads } from './ec2-reads.ts';
import type { EcsReads } from './ecs-reads.ts';
import type { BaseFacts } from './snapshot-base.ts';
import {
  readEc2Facts,
  readEventWindows,
  readInstanceTypes,
  readSubnetZones,
} from './snapshot-ec2.ts';
import {
  readDeployments,
  readProtections,
  readScalableTargets,
  readShiftedZones,
} from './snapshot-extras.ts';
import type { Ec2Facts } from './snapshot-instances.ts';
import type { Reading } from './snapshot-reading.ts';
import type { TargetHealthReads } from './target-health-reads.ts';

/** What is read before a choice is made of what else to ask about. */
export type SnapshotBase = Pick<
  Snapshot,
  'cluster' | 'tasks' | 'services' | 'instances' | 'capacityProviders'
>;

/** Names those that are asked about, out of what the base holds. */
type Rule = (base: SnapshotBase) => readonly string[];

/** All that the base holds of the kind, or the ARNs that a rule names. */
export type Choice = 'all' | Rule;

/** Parts of a snapshot beside tasks, services and instances. Each costs calls of its own. */
export type SnapshotWants = {
  readonly capacityProviders?: boolean;
  /** Of the subnets that services name, and capacity providers where those are wanted. */
  readonly subnetZones?: boolean;
  /** Launch times of EC2 instances, and whether they are Spot. */
  readonly launchTimes?: boolean;
  /** Types that stand in the cluster. */
  readonly instanceTypes?: boolean;
  /** Event windows, and the tags of instances by which they are tied. */
  readonly eventWindows?: boolean;
  /** Of services that roll something out, or shift traffic; a rule names services. */
  readonly deployments?: boolean | Rule;
  /** Of services, by name. */
  readonly scalableTargets?: boolean | Rule;
  /** Of tasks; standalone ones cannot be protected and are passed over. */
  readonly protections?: Choice;
  /** As told by target groups: a call each. */
  readonly zonalShifts?: Choice;
  /** Chosen when all of the above has been read, and read then, in place of what is there. */
  readonly onDemand?: (snapshot: Snapshot) => OnDemandWants;
};

/** Parts that are worth their calls only where something is about to be decided on them. */
export type OnDemandWants = Pick<
  SnapshotWants,
  'instanceTypes' | 'deployments' | 'scalableTargets' | 'protections' | 'zonalShifts'
>;

/** Every part that there is: for a look at a whole cluster. */
export const everyWant: SnapshotWants = {
  capacityProviders: true,
  subnetZones: true,
  launchTimes: true,
  instanceTypes: true,
  eventWindows: true,
  deployments: true,
  scalableTargets: true,
  protections: 'all',
  zonalShifts: 'all',
};

/** Calls of AWS by service; only what is wanted has to be there. */
export type SnapshotSources = {
  readonly ecs: EcsReads;
  /** Those of its calls that the wanted parts are read by. */
  readonly ec2?: Partial<Ec2Reads>;
  readonly autoScaling?: AutoScalingReads;
  readonly targetHealth?: TargetHealthReads;
};

/** What a choice is made on, and what ECS said of services beyond what a snapshot holds. */
export type WantsContext = {
  readonly clusterArn: string;
  readonly base: SnapshotBase;
  readonly services: BaseFacts['services'];
};

/** The parts that are wanted, all read at once; the others are empty. */
export function readWants(
  reading: Reading,
  { ecs, ...sources }: SnapshotSources,
  wants: SnapshotWants,
  { clusterArn, base, services }: WantsContext,
) {
  // Rules of others come first: one that throws must not leave calls under way.
  const taskArns = wants.protections && protectableBy(wants.protections, base);
  const targetGroupArns =
    wants.zonalShifts && chosenBy(wants.zonalShifts, base, targetGroupsIn(base));
  const deploying = servicesBy(wants.deployments, base, services);
  const scaling = servicesBy(wants.scalableTargets, base, base.services);
  const none = recordOf<never>([]);
  const ec2 = <Name extends keyof Ec2Reads>(name: Name): Pick<Ec2Reads, Name> =>
    ({ [name]: given(sources.ec2?.[name], 'EC2') }) as Pick<Ec2Reads, Name>;
  return together({
    subnetZones: wants.subnetZones
      ? readSubnetZones(reading, ec2('describeSubnets'), subnetsIn(base))
      : none,
    ec2Facts:
      wants.launchTimes || wants.eventWindows
        ? readEc2Facts(reading, ec2('describeInstances'), ec2IdsIn(base))
        : new Map<string, Ec2Facts>(),
    instanceTypes: wants.instanceTypes
      ? readInstanceTypes(reading, ec2('describeInstanceTypes'), typesIn(base))
      : none,
    eventWindows: wants.eventWindows
      ? readEventWindows(reading, ec2('describeInstanceEventWindows'))
      : [],
    deployments: deploying.length > 0 ? readDeployments(reading, ecs, deploying) : none,
    scalableTargets:
      scaling.length > 0
        ? readScalableTargets(
            reading,
            given(sources.autoScaling, 'Application Auto Scaling'),
            base.cluster,
            scaling,
          )
        : none,
    protections: taskArns ? readProtections(reading, ecs, clusterArn, taskArns) : none,
    shiftedZones: targetGroupArns
      ? readShiftedZones(
          reading,
          given(sources.targetHealth, 'Elastic Load Balancing'),
          targetGroupArns,
          base.instances,
        )
      : [],
  });
}

/** Waits for every part of an object. */
async function together<Parts extends object>(
  parts: Parts,
): Promise<{ [Name in keyof Parts]: Awaited<Parts[Name]> }> {
  const settled = Object.entries(parts).map(async ([name, part]) => [name, await part]);
  return Object.fromEntries(await Promise.all(settled));
}

function given<Source>(source: Source | undefined, name: string): Source {
  assert(source !== undefined, `a part of ${name} is wanted, but no calls of it are given`);
  return source;
}

/** Services that a rule names, all of them without one. */
function servicesBy<Named extends { readonly name: string }>(
  wish: boolean | Rule | undefined,
  base: SnapshotBase,
  services: readonly Named[],
): readonly Named[] {
  if (typeof wish !== 'function') return wish === true ? services : [];
  const names = new Set(wish(base));
  return services.filter(({ name }) => names.has(name));
}

/** What was read on demand, over what was there before. */
export function withOnDemand<Parts extends Pick<Snapshot, OnDemandPart>>(
  parts: Parts,
  wants: OnDemandWants,
  found: Pick<Snapshot, OnDemandPart>,
): Parts {
  return {
    ...parts,
    ...(wants.instanceTypes ? { instanceTypes: found.instanceTypes } : {}),
    ...(wants.deployments ? { deployments: found.deployments } : {}),
    ...(wants.scalableTargets ? { scalableTargets: found.scalableTargets } : {}),
    ...(wants.protections ? { protections: found.protections } : {}),
    ...(wants.zonalShifts ? { shiftedZones: found.shiftedZones } : {}),
  };
}

type OnDemandPart =
  | 'instanceTypes'
  | 'deployments'
  | 'scalableTargets'
  | 'protections'
  | 'shiftedZones';

const distinct = (values: readonly (string | undefined)[]): readonly string[] =>
  [...new Set(values.flatMap((value) => value ?? []))].sort();

const subnetsIn = ({ services, capacityProviders }: SnapshotBase): readonly string[] =>
  distinct([...services, ...capacityProviders].flatMap(({ subnets }) => subnets));

/** A machine in ECS Anywhere is none of EC2's. */
const ec2IdsIn = ({ instances }: SnapshotBase): readonly string[] =>
  distinct(instances.map(({ ec2InstanceId }) => ec2InstanceId)).filter((id) => id.startsWith('i-'));

const typesIn = ({ instances }: SnapshotBase): readonly string[] =>
  distinct(instances.map(({ type }) => type));

const targetGroupsIn = ({ services }: SnapshotBase): readonly string[] =>
  services.flatMap(({ targetGroupArns }) => targetGroupArns);

const chosenBy = (choice: Choice, base: SnapshotBase, all: readonly string[]): readonly string[] =>
  distinct(choice === 'all' ? all : choice(base));

/** Only tasks of a service can be protected; asking for another is an error of its own. */
function protectableBy(choice: Choice, base: SnapshotBase): readonly string[] {
  const ofServices = base.tasks.filter(({ service }) => service !== undefined);
  const protectable = new Set(ofServices.map(({ arn }) => arn));
  return chosenBy(choice, base, [...protectable]).filter((arn) => protectable.has(arn));
}
