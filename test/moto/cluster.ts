import { arnOf, type Moto } from './moto.ts';

/** What a cluster on moto was made of, from the answers to what made it. */
export type CreatedCluster = {
  readonly clusterArn: string;
  /** Zones by subnet. */
  readonly subnets: ReadonlyMap<string, string>;
  readonly instances: readonly CreatedInstance[];
  readonly services: readonly CreatedService[];
  readonly tasks: readonly CreatedTask[];
  readonly targetGroupArn: string;
};

export type CreatedInstance = {
  readonly arn: string;
  readonly ec2InstanceId: string;
  readonly zone: string;
  readonly launchedAtMs: number;
};

export type CreatedService = {
  readonly arn: string;
  readonly name: string;
  readonly desired: number;
  readonly taskDefinitionArn: string;
  readonly subnets: readonly string[];
  readonly targetGroupArns: readonly string[];
};

export type CreatedTask = {
  readonly arn: string;
  readonly service: string | undefined;
  readonly taskDefinitionArn: string;
  /** The rest is undefined on Fargate. */
  readonly instanceArn: string | undefined;
  readonly zone: string | undefined;
};

export const clusterName = 'prod';
export const instanceType = 'm5.xlarge';
/** Of each task. */
export const reserved = { cpuUnits: 256, memoryMiB: 384 };
/** The service whose tasks take a port of their instance, and the port. */
export const portTaker = { service: 'web-00', port: '8080' };
/** The one service of the cluster that is scaled. */
export const scaled = { service: 'web-01', min: 2, max: 12 };

const counts = { instances: 30, services: 25, tasksOfService: 9, standalone: 10, onFargate: 15 };

/**
 * Creates a cluster of 30 EC2 instances over all zones, 25 services of nine tasks each, ten standalone
 * tasks and 15 on Fargate: 250 tasks. moto starts no tasks of services, and takes it that others do.
 */
export async function createCluster(moto: Moto): Promise<CreatedCluster> {
  await moto.holdState('ecs::task');
  const { cluster } = await moto.json<{ readonly cluster: { readonly clusterArn: string } }>(
    'ecs',
    'CreateCluster',
    { clusterName },
  );
  const subnets = await subnetsOf(moto);
  const instances = await createInstances(moto, [...subnets.keys()]);
  const targetGroupArn = await createTargetGroup(moto, instances);
  const services: CreatedService[] = [];
  const tasks: CreatedTask[] = [];
  for (let at = 0; at < counts.services; at += 1) {
    const name = `web-${String(at).padStart(2, '0')}`;
    const taskDefinitionArn = await registerTaskDefinition(moto, name);
    // Some name subnets, one a target group: what the reader looks up beyond ECS.
    const service = await createService(moto, {
      ...{ name, taskDefinitionArn, desired: counts.tasksOfService },
      subnets: at % 5 === 0 ? [...subnets.keys()].slice(0, 2) : [],
      targetGroupArns: name === portTaker.service ? [targetGroupArn] : [],
    });
    services.push(service);
    const hosts = Array.from(
      { length: counts.tasksOfService },
      (_, number) => instances[(at * 7 + number) % instances.length],
    ).flatMap((host) => host ?? []);
    tasks.push(...(await startTasks(moto, service, hosts)));
  }
  const standalone = {
    name: undefined,
    taskDefinitionArn: await registerTaskDefinition(moto, 'job'),
  };
  tasks.push(...(await startTasks(moto, standalone, instances.slice(0, counts.standalone))));
  const onFargate = await registerTaskDefinition(moto, 'batch', {
    ...{ requiresCompatibilities: ['FARGATE'], networkMode: 'awsvpc' },
    ...{ cpu: String(reserved.cpuUnits), memory: '512' },
  });
  tasks.push(...(await runOnFargate(moto, onFargate, [...subnets.keys()])));
  await moto.json('application-autoscaling', 'RegisterScalableTarget', {
    ServiceNamespace: 'ecs',
    ScalableDimension: 'ecs:service:DesiredCount',
    ResourceId: `service/${clusterName}/${scaled.service}`,
    MinCapacity: scaled.min,
    MaxCapacity: scaled.max,
  });
  const { clusterArn } = cluster;
  return { clusterArn, subnets, instances, services, tasks, targetGroupArn };
}

const ec2 = (moto: Moto, Action: string, input: Readonly<Record<string, string>> = {}) =>
  moto.query('ec2', { Action, Version: '2016-11-15', ...input });

/** The texts of an element, in the order in which they stand. */
const textsIn = (xml: string, element: string): readonly string[] =>
  [...xml.matchAll(new RegExp(`<${element}>([^<]+)</${element}>`, 'g'))].map(
    ([, text = '']) => text,
  );

/** The subnets that every account begins with: one a zone. */
async function subnetsOf(moto: Moto): Promise<ReadonlyMap<string, string>> {
  const answer = await ec2(moto, 'DescribeSubnets');
  const zones = textsIn(answer, 'availabilityZone');
  return new Map(textsIn(answer, 'subnetId').map((id, at) => [id, zones[at] ?? '']));
}

async function createInstances(
  moto: Moto,
  subnets: readonly string[],
): Promise<readonly CreatedInstance[]> {
  const instances: CreatedInstance[] = [];
  for (let at = 0; at < counts.instances; at += 1) {
    const launched = await ec2(moto, 'RunInstances', {
      ...{ ImageId: 'ami-0123456789abcdef0', InstanceType: instanceType },
      ...{ MinCount: '1', MaxCount: '1', SubnetId: subnets[at % subnets.length] ?? '' },
    });
    const [ec2InstanceId = ''] = textsIn(launched, 'instanceId');
    const [zone = ''] = textsIn(launched, 'availabilityZone');
    const [launchTime = ''] = textsIn(launched, 'launchTime');
    const document = JSON.stringify({ instanceId: ec2InstanceId });
    const { containerInstance } = await moto.json<{
      readonly containerInstance: { readonly containerInstanceArn: string };
    }>('ecs', 'RegisterContainerInstance', {
      cluster: clusterName,
      instanceIdentityDocument: document,
    });
    const { containerInstanceArn: arn } = containerInstance;
    instances.push({ arn, ec2InstanceId, zone, launchedAtMs: Date.parse(launchTime) });
  }
  return instances;
}

async function createTargetGroup(
  moto: Moto,
  instances: readonly CreatedInstance[],
): Promise<string> {
  const elb = (Action: string, input: Readonly<Record<string, string>>) =>
    moto.query('elasticloadbalancing', { Action, Version: '2015-12-01', ...input });
  const [VpcId = ''] = textsIn(await ec2(moto, 'DescribeVpcs'), 'vpcId');
  const created = await elb('CreateTargetGroup', {
    ...{ Name: 'web', Protocol: 'HTTP', Port: '8080', VpcId },
  });
  const [TargetGroupArn = ''] = textsIn(created, 'TargetGroupArn');
  for (const { ec2InstanceId } of instances.slice(0, counts.tasksOfService)) {
    await elb('RegisterTargets', { TargetGroupArn, 'Targets.member.1.Id': ec2InstanceId });
  }
  return TargetGroupArn;
}

async function registerTaskDefinition(
  moto: Moto,
  family: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const hasPort = family === portTaker.service;
  const port = { containerPort: 80, hostPort: Number(portTaker.port), protocol: 'tcp' };
  const { taskDefinition } = await moto.json<{
    readonly taskDefinition: { readonly taskDefinitionArn: string };
  }>('ecs', 'RegisterTaskDefinition', {
    family,
    ...more,
    containerDefinitions: [
      {
        ...{ name: 'app', image: `${family}:1`, essential: true },
        ...{ cpu: reserved.cpuUnits, memory: reserved.memoryMiB },
        ...(hasPort ? { portMappings: [port] } : {}),
      },
    ],
  });
  return taskDefinition.taskDefinitionArn;
}

async function createService(
  moto: Moto,
  service: Omit<CreatedService, 'arn'>,
): Promise<CreatedService> {
  const { name, desired, subnets, targetGroupArns } = service;
  const network = { awsvpcConfiguration: { subnets, securityGroups: [] } };
  const answer = await moto.json<{ readonly service: { readonly serviceArn: string } }>(
    'ecs',
    'CreateService',
    {
      cluster: clusterName,
      ...{ serviceName: name, taskDefinition: service.taskDefinitionArn, desiredCount: desired },
      loadBalancers: targetGroupArns.map((targetGroupArn) => ({
        ...{ targetGroupArn, containerName: 'app', containerPort: 80 },
      })),
      tags: [
        { key: 'ballast:density', value: 'off' },
        { key: 'team', value: 'shop' },
      ],
      ...(subnets.length === 0 ? {} : { networkConfiguration: network }),
    },
  );
  return { ...service, arn: answer.service.serviceArn };
}

type StartedTasks = {
  readonly tasks: readonly {
    readonly taskArn: string;
    readonly containerInstanceArn?: string;
  }[];
};

/** One task on each of the instances. */
async function startTasks(
  moto: Moto,
  {
    name: service,
    taskDefinitionArn,
  }: { readonly name: string | undefined; readonly taskDefinitionArn: string },
  hosts: readonly CreatedInstance[],
): Promise<readonly CreatedTask[]> {
  const { tasks } = await moto.json<StartedTasks>('ecs', 'StartTask', {
    cluster: clusterName,
    taskDefinition: taskDefinitionArn,
    containerInstances: hosts.map(({ arn }) => arn),
    ...(service === undefined ? {} : { group: `service:${service}`, startedBy: 'ecs-svc/1' }),
  });
  return tasks.map(({ taskArn: arn, containerInstanceArn: instanceArn }) => {
    const zone = hosts.find((host) => host.arn === instanceArn)?.zone;
    return { arn, service, taskDefinitionArn, instanceArn, zone };
  });
}

async function runOnFargate(
  moto: Moto,
  taskDefinitionArn: string,
  subnets: readonly string[],
): Promise<readonly CreatedTask[]> {
  const { tasks } = await moto.json<StartedTasks>('ecs', 'RunTask', {
    ...{ cluster: clusterName, taskDefinition: taskDefinitionArn },
    ...{ launchType: 'FARGATE', count: counts.onFargate },
    networkConfiguration: { awsvpcConfiguration: { subnets, securityGroups: [] } },
  });
  const nowhere = { service: undefined, instanceArn: undefined, zone: undefined };
  return tasks.map(({ taskArn: arn }) => ({ arn, taskDefinitionArn, ...nowhere }));
}

/** The ARN that the cluster has to have. */
export const clusterArn = arnOf('ecs', `cluster/${clusterName}`);
