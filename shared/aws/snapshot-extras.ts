import type { ScalableTarget as EcsScalableTarget } from '@aws-sdk/client-application-auto-scaling';
import type { CapacityProvider as EcsCapacityProvider } from '@aws-sdk/client-ecs';
import type { TargetHealthDescription } from '@aws-sdk/client-elastic-load-balancing-v2';
import { compareTexts } from '../domain/order.ts';
import { sortedRecordOf } from '../domain/record.ts';
import type {
  CapacityProvider,
  DeploymentUnderWay,
  Instance,
  Protection,
  ScalableTarget,
  Service,
  Snapshot,
} from '../domain/snapshot.ts';
import type { AutoScalingReads } from './auto-scaling-reads.ts';
import type { EcsReads } from './ecs-reads.ts';
import { kindOf } from './snapshot-compute.ts';
import { batchesOf, type Reading, readBatch, readPages } from './snapshot-reading.ts';
import type { ServiceFacts } from './snapshot-services.ts';
import type { TargetHealthReads } from './target-health-reads.ts';

/** What one call takes, as AWS documents it. */
const batchMax = { protections: 100, deployments: 20, scalableTargets: 50 } as const;
/** Target groups that are asked about zonal shifts: a call each. */
const targetGroupsMax = 200;

/** The capacity providers that a cluster can use, by name. */
export async function readCapacityProviders(
  reading: Reading,
  ecs: EcsReads,
  cluster: string,
): Promise<readonly CapacityProvider[]> {
  const place = {
    subject: 'capacity-providers',
    operation: 'ecs:DescribeCapacityProviders',
  } as const;
  const found: CapacityProvider[] = [];
  await readPages(
    reading,
    place,
    async (token) => {
      const input = { cluster, ...(token === undefined ? {} : { nextToken: token }) };
      const output = await reading.call((signal) => ecs.describeCapacityProviders(input, signal));
      for (const { arn, reason } of output.failures ?? []) {
        reading.note(place, 'failed', `${arn ?? '?'}: ${reason ?? 'no reason given'}`);
      }
      return { entries: output.capacityProviders, nextToken: output.nextToken };
    },
    (providers) => {
      found.push(...providers.flatMap(capacityProvidersOf));
    },
  );
  return found.sort((a, b) => compareTexts(a.name, b.name));
}

function capacityProvidersOf(provider: EcsCapacityProvider): readonly CapacityProvider[] {
  const { name, type, managedInstancesProvider: managed } = provider;
  if (name === undefined) return [];
  const template = managed?.instanceLaunchTemplate;
  return [
    {
      name,
      compute: kindOf(type),
      isSpot: type === 'FARGATE_SPOT' || template?.capacityOptionType === 'SPOT',
      status: provider.status,
      subnets: template?.networkConfiguration?.subnets ?? [],
      // Where a provider of managed instances does not say, ECS's own heuristic applies.
      scaleInAfterSeconds:
        managed === undefined
          ? undefined
          : (managed.infrastructureOptimization?.scaleInAfter ?? null),
    },
  ];
}

/** Those of the tasks that are protected from scale-in, by ARN. */
export async function readProtections(
  reading: Reading,
  ecs: EcsReads,
  cluster: string,
  taskArns: readonly string[],
): Promise<Snapshot['protections']> {
  const place = { subject: 'protections', operation: 'ecs:GetTaskProtection' } as const;
  const batches = batchesOf(taskArns, batchMax.protections).map((tasks) =>
    readBatch(reading, place, tasks.length, async () => {
      const input = { cluster, tasks: [...tasks] };
      const output = await reading.call((signal) => ecs.getTaskProtection(input, signal));
      return { items: output.protectedTasks, failures: output.failures };
    }),
  );
  const answered = (await Promise.all(batches)).flat();
  return sortedRecordOf(
    answered.flatMap(
      ({ taskArn, protectionEnabled, expirationDate }): Entries<Protection> =>
        taskArn !== undefined && protectionEnabled === true
          ? [[taskArn, { expiresAtMs: expirationDate?.getTime() }]]
          : [],
    ),
  );
}

/** Statuses of a deployment that has ended; one that is new to us counts as under way. */
const ended: ReadonlySet<string | undefined> = new Set([
  ...['SUCCESSFUL', 'STOPPED', 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED'],
]);

/**
 * Deployments under way by service name. Only services are asked about that roll something out, or
 * that shift traffic: their rollouts do not say how far they are.
 */
export async function readDeployments(
  reading: Reading,
  ecs: EcsReads,
  services: readonly ServiceFacts[],
): Promise<Snapshot['deployments']> {
  const place = { subject: 'deployments', operation: 'ecs:DescribeServiceDeployments' } as const;
  const names = new Map(
    services
      .filter(mayBeDeploying)
      .flatMap(({ currentDeploymentArn: arn, name }) => (arn === undefined ? [] : [[arn, name]])),
  );
  const batches = batchesOf([...names.keys()], batchMax.deployments).map((arns) =>
    readBatch(reading, place, arns.length, async () => {
      const input = { serviceDeploymentArns: [...arns] };
      const output = await reading.call((signal) => ecs.describeServiceDeployments(input, signal));
      return { items: output.serviceDeployments, failures: output.failures };
    }),
  );
  const answered = (await Promise.all(batches)).flat();
  return sortedRecordOf(
    answered.flatMap((one): Entries<DeploymentUnderWay> => {
      const { serviceDeploymentArn: arn = '', status = 'UNKNOWN', startedAt, createdAt } = one;
      const name = names.get(arn);
      return name === undefined || ended.has(status)
        ? []
        : [[name, { arn, status, startedAtMs: (startedAt ?? createdAt)?.getTime() }]];
    }),
  );
}

const mayBeDeploying = ({ rollouts, deploymentStrategy }: ServiceFacts): boolean =>
  rollouts.length > 1 ||
  rollouts.some(({ rolloutState }) => rolloutState === 'IN_PROGRESS') ||
  (deploymentStrategy ?? 'ROLLING') !== 'ROLLING';

/** What may change desired counts beside people, by service name. */
export async function readScalableTargets(
  reading: Reading,
  autoScaling: AutoScalingReads,
  cluster: string,
  services: readonly Pick<Service, 'name'>[],
): Promise<Snapshot['scalableTargets']> {
  const place = {
    subject: 'scalable-targets',
    operation: 'application-autoscaling:DescribeScalableTargets',
  } as const;
  const names = new Map(services.map(({ name }) => [`service/${cluster}/${name}`, name]));
  const found: [string, ScalableTarget][] = [];
  const batches = batchesOf([...names.keys()], batchMax.scalableTargets).map((ids) =>
    readPages(
      reading,
      place,
      async (token) => {
        const input = {
          ServiceNamespace: 'ecs' as const,
          ScalableDimension: 'ecs:service:DesiredCount' as const,
          ResourceIds: [...ids],
          ...(token === undefined ? {} : { NextToken: token }),
        };
        const output = await reading.call((signal) =>
          autoScaling.describeScalableTargets(input, signal),
        );
        return { entries: output.ScalableTargets, nextToken: output.NextToken };
      },
      (targets) => {
        for (const one of targets) {
          const name = names.get(one.ResourceId ?? '');
          const target = scalableTargetOf(one);
          if (name === undefined) continue;
          if (target === undefined) reading.note(place, 'failed', `${name} without limits`);
          else found.push([name, target]);
        }
      },
    ),
  );
  await Promise.all(batches);
  return sortedRecordOf(found);
}

/** Undefined where AWS leaves out what a target is: its limits. */
function scalableTargetOf(target: EcsScalableTarget): ScalableTarget | undefined {
  const { MinCapacity: min, MaxCapacity: max, SuspendedState } = target;
  if (min === undefined || max === undefined) return undefined;
  return { min, max, isSuspended: Object.values(SuspendedState ?? {}).includes(true) };
}

const shifted: ReadonlySet<string | undefined> = new Set([
  'zonal_shift_active',
  'zonal_shift_delegated_to_dns',
]);

/**
 * Zones that a zonal shift keeps traffic away from, as the targets of these groups tell: each says
 * whether a shift overrides its health. A group that holds no target in a zone cannot tell.
 */
export async function readShiftedZones(
  reading: Reading,
  elb: TargetHealthReads,
  targetGroupArns: readonly string[],
  instances: readonly Instance[],
): Promise<readonly string[]> {
  const place = {
    subject: 'zonal-shifts',
    operation: 'elasticloadbalancing:DescribeTargetHealth',
  } as const;
  if (targetGroupArns.length > targetGroupsMax) {
    reading.note(place, 'truncated', `more than ${targetGroupsMax} target groups`);
  }
  const zones = new Map(instances.map(({ ec2InstanceId, zone }) => [ec2InstanceId, zone]));
  const zonesOf = async (TargetGroupArn: string): Promise<readonly string[]> => {
    const output = await reading.part(place, () =>
      reading.call((signal) => elb.describeTargetHealth({ TargetGroupArn }, signal)),
    );
    if (output === undefined) return [];
    const { TargetHealthDescriptions: targets } = output;
    if (targets === undefined) reading.note(place, 'failed', 'an answer without a list');
    const away = (targets ?? []).filter(({ AdministrativeOverride }) =>
      shifted.has(AdministrativeOverride?.State),
    );
    return away.flatMap((target) => {
      const zone = zoneOf(target, zones);
      if (zone === undefined) {
        reading.note(place, 'missing', `the zone of target ${target.Target?.Id ?? '?'}`);
      }
      return zone ?? [];
    });
  };
  const found = await Promise.all(targetGroupArns.slice(0, targetGroupsMax).map(zonesOf));
  return [...new Set(found.flat())].sort();
}

/** A target says its zone where it is an address; an instance is looked up. */
function zoneOf(
  { Target: target }: TargetHealthDescription,
  zones: ReadonlyMap<string | undefined, string | undefined>,
): string | undefined {
  const own = target?.AvailabilityZone;
  return own === undefined || own === 'all' ? zones.get(target?.Id) : own;
}

type Entries<Value> = readonly (readonly [string, Value])[];
