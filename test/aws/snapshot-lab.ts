import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ECSClient } from '@aws-sdk/client-ecs';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { createAutoScalingReads } from '../../shared/aws/auto-scaling-reads.ts';
import { createEc2Reads } from '../../shared/aws/ec2-reads.ts';
import { createEcsReads } from '../../shared/aws/ecs-reads.ts';
import { createReadLimiter, type ReadLimits } from '../../shared/aws/read-limiter.ts';
import { createSnapshotReader } from '../../shared/aws/snapshot-take.ts';
import type { SnapshotSources, SnapshotWants } from '../../shared/aws/snapshot-wants.ts';
import { createTargetHealthReads } from '../../shared/aws/target-health-reads.ts';
import { type Account, createAccount } from '../../simulator/account.ts';
import { createRequestHandler } from '../../simulator/aws/request-handler.ts';
import { createVirtualClock, type VirtualClock } from '../../simulator/virtual-clock.ts';
import {
  add,
  addCluster,
  type Counts,
  clusterArn,
  ec2InstanceOf,
  ecsInstanceOf,
  ecsServiceOf,
  ecsTaskOf,
  startedAt,
  taskArn,
} from '../support/accounts.ts';

/** Ten in the morning, seven hours after everything was started. */
export const nowMs = startedAt.getTime() + 7 * 3_600_000;

const fastLimits: ReadLimits = { perSecond: 1000, burst: 1000, inFlightMax: 8 };

/** The calls of real clients that end in the account; each tries once, as the reader wants it. */
export function sourcesOf(account: Account, handler: object = createRequestHandler(account)) {
  const settings = {
    region: account.region,
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    requestHandler: handler,
    maxAttempts: 1,
  };
  return {
    ecs: createEcsReads(new ECSClient(settings)),
    ec2: createEc2Reads(new EC2Client(settings)),
    autoScaling: createAutoScalingReads(new ApplicationAutoScalingClient(settings)),
    targetHealth: createTargetHealthReads(new ElasticLoadBalancingV2Client(settings)),
  };
}

export type LabOptions = {
  readonly counts?: Counts;
  readonly limits?: ReadLimits;
  readonly pagesMax?: number;
  readonly account?: Account;
  readonly clock?: VirtualClock;
  /** Calls that take the place of the real ones. */
  readonly change?: (sources: Required<SnapshotSources>) => SnapshotSources;
  readonly handler?: (account: Account) => object;
};

/** An account with the cluster in it, and a reader over it in virtual time. */
export function createLab(options: LabOptions = {}) {
  const clock = options.clock ?? createVirtualClock(nowMs);
  const account = options.account ?? createAccount({ nowMs: clock.nowMs });
  if (options.account === undefined) addCluster(account, options.counts);
  const sources = sourcesOf(account, options.handler?.(account));
  const reader = createSnapshotReader(options.change?.(sources) ?? sources, {
    limiter: createReadLimiter(clock, options.limits ?? fastLimits),
    clock,
    ...(options.pagesMax === undefined ? {} : { pagesMax: options.pagesMax }),
  });
  return {
    account,
    clock,
    read: (wants: SnapshotWants = {}, signal?: AbortSignal) =>
      reader.read(clusterArn, wants, signal),
    /** Calls by operation, as the account got them. */
    callsBy: (): Record<string, number> =>
      Object.fromEntries(
        [...Map.groupBy(account.calls, ({ operation }) => operation)].map(([name, calls]) => [
          name,
          calls.length,
        ]),
      ),
  };
}

/** An account in which every part of a snapshot has something to say. */
export function richAccount(): Account {
  const account = createAccount({ nowMs: () => nowMs });
  addCluster(account);
  const targetGroup = 'arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/1';
  const deployment = 'arn:aws:ecs:eu-central-1:123456789012:service-deployment/shop/web/d1';
  add(account, {
    tasks: [ecsTaskOf('a'), ecsTaskOf('b', { availabilityZone: 'eu-central-1b' })],
    instances: [ecsInstanceOf('c1', { ec2InstanceId: 'i-0a' })],
    services: [
      ecsServiceOf('web', {
        networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-a'] } },
        loadBalancers: [{ targetGroupArn: targetGroup, containerName: 'web', containerPort: 80 }],
        deployments: [
          { id: 'ecs-svc/8', status: 'PRIMARY', rolloutState: 'IN_PROGRESS' },
          { id: 'ecs-svc/7', status: 'ACTIVE', rolloutState: 'COMPLETED' },
        ],
        currentServiceDeployment: deployment,
      }),
    ],
    ec2Instances: [ec2InstanceOf('i-0a', { Tags: [{ Key: 'team', Value: 'shop' }] })],
  });
  account.capacityProviders.set('general', {
    capacityProviderArn: 'arn:aws:ecs:eu-central-1:123456789012:capacity-provider/general',
    name: 'general',
    type: 'MANAGED_INSTANCES',
    status: 'ACTIVE',
    cluster: clusterArn,
    managedInstancesProvider: {
      instanceLaunchTemplate: { networkConfiguration: { subnets: ['subnet-a', 'subnet-b'] } },
    },
  });
  for (const zone of ['a', 'b']) {
    const SubnetId = `subnet-${zone}`;
    account.subnets.set(SubnetId, { SubnetId, AvailabilityZone: `eu-central-1${zone}` });
  }
  account.taskProtections.set(taskArn('a'), { protectionEnabled: true, expirationDate: startedAt });
  account.serviceDeployments.set(deployment, {
    serviceDeploymentArn: deployment,
    serviceArn: ecsServiceOf('web').serviceArn,
    clusterArn,
    status: 'IN_PROGRESS',
    startedAt,
    sourceServiceRevisions: [],
    targetServiceRevision: { arn: 'r' },
  });
  account.scalableTargets.set('service/shop/web', {
    ResourceId: 'service/shop/web',
    MinCapacity: 2,
    MaxCapacity: 8,
  });
  account.instanceTypes.set('c6a.large', {
    InstanceType: 'c6a.large',
    VCpuInfo: { DefaultVCpus: 2 },
    MemoryInfo: { SizeInMiB: 4096 },
    NetworkInfo: { MaximumNetworkInterfaces: 3 },
  });
  account.eventWindows.set('iew-1', {
    InstanceEventWindowId: 'iew-1',
    TimeRanges: [{ StartWeekDay: 'monday', StartHour: 2, EndWeekDay: 'monday', EndHour: 8 }],
    AssociationTarget: { Tags: [{ Key: 'team', Value: 'shop' }] },
    State: 'active',
  });
  account.targetGroups.set(targetGroup, {
    TargetGroupArn: targetGroup,
    targets: [
      {
        Target: { Id: '10.0.2.10', Port: 80, AvailabilityZone: 'eu-central-1b' },
        TargetHealth: { State: 'healthy' },
        AdministrativeOverride: { State: 'zonal_shift_active' },
      },
      {
        Target: { Id: '10.0.1.10', Port: 80, AvailabilityZone: 'eu-central-1a' },
        TargetHealth: { State: 'healthy' },
        AdministrativeOverride: { State: 'no_override' },
      },
    ],
  });
  return account;
}
