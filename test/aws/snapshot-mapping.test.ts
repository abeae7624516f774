import type { ContainerInstance, Service, Task, TaskSet } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import {
  computeOfInstance,
  computeOfService,
  computeOfTask,
  providerKinds,
} from '../../shared/aws/snapshot-compute.ts';
import { instanceFactsOf, instanceOf } from '../../shared/aws/snapshot-instances.ts';
import { plainMaking } from '../../shared/aws/snapshot-making.ts';
import { serviceFactsOf } from '../../shared/aws/snapshot-services.ts';
import { taskFactsOf, taskOf } from '../../shared/aws/snapshot-tasks.ts';
import type { ComputeKind, Instance } from '../../shared/domain/snapshot.ts';
import { judgeZones } from '../../shared/domain/zone-verdict.ts';
import type { EcsContainerInstance, EcsTask } from '../../simulator/account.ts';
import {
  ecsInstanceOf,
  ecsServiceOf,
  ecsTaskOf,
  serviceArn,
  startedAt,
} from '../support/accounts.ts';
import * as snapshots from '../support/snapshots.ts';

const atMs = startedAt.getTime();
const kinds: ReadonlyMap<string, ComputeKind> = new Map([['general', 'managed-instances']]);
const instances = new Map<string, Instance>([
  ['c1', snapshots.instanceOf('c1')],
  ['x1', snapshots.instanceOf('x1', { compute: 'external' })],
  ['e1', snapshots.instanceOf('e1', { compute: 'ec2' })],
]);

/** The one thing that a mapping makes of the input. */
function one<Thing>(things: readonly Thing[]): Thing {
  const [thing, ...others] = things;
  if (thing === undefined || others.length > 0) throw new Error(`got ${things.length} things`);
  return thing;
}

/** The simulated account keeps stop codes and health states open, which the SDK's types do not. */
const sdkTask = (id: string, changes: Partial<EcsTask> = {}): Task =>
  ecsTaskOf(id, changes) as Task;
const sdkInstance = (id: string, changes: Partial<EcsContainerInstance> = {}): ContainerInstance =>
  ecsInstanceOf(id, changes) as ContainerInstance;

const taskFrom = (task: Task) => taskOf(one(taskFactsOf(task)), kinds, instances);
const instanceFrom = (instance: ContainerInstance, tagKeys: readonly string[] = []) =>
  instanceOf(one(instanceFactsOf(instance)), kinds, new Map(), new Set(tagKeys));
const serviceFrom = (service: Service) => one(serviceFactsOf(service));

describe('a task', () => {
  it('is read field by field', () => {
    expect(taskFrom(sdkTask('a'))).toEqual(snapshots.taskOf('a', { zone: 'eu-central-1a' }));
  });

  it('has what ECS says, and nothing where it says nothing', () => {
    expect(taskFrom({ taskArn: 'arn:t' })).toEqual({
      arn: 'arn:t',
      taskDefinitionArn: '?',
      compute: 'fargate',
      reserved: { cpuUnits: 0, memoryMiB: 0 },
      hostPorts: [],
      hasEni: false,
      lastStatus: 'UNKNOWN',
      desiredStatus: 'RUNNING',
    });
    expect(taskFactsOf({})).toEqual([]);
  });

  it('of a group that is no service is standalone', () => {
    expect(taskFrom(sdkTask('a', { group: 'family:nightly' }))).toMatchObject({
      service: undefined,
      group: 'family:nightly',
    });
  });

  it.each<readonly [string, Task, number, number]>([
    ['its own size', { cpu: '256', memory: '512' }, 256, 512],
    [
      'the sum of its containers where it has none',
      {
        containers: [
          { cpu: '10', memory: '128' },
          { cpu: '20', memory: '256' },
        ],
      },
      30,
      384,
    ],
    [
      'what is soft-limited before what is hard-limited',
      { cpu: '0', containers: [{ memory: '512', memoryReservation: '256' }, { memory: '64' }] },
      0,
      320,
    ],
    [
      'nothing for the word null',
      { cpu: 'null', memory: 'null', containers: [{ cpu: 'null' }, {}] },
      0,
      0,
    ],
  ])('reserves %s', (_, task, cpuUnits, memoryMiB) => {
    expect(taskFrom({ taskArn: 'arn:t', ...task }).reserved).toEqual({ cpuUnits, memoryMiB });
  });

  const bound = (...ports: readonly (readonly [number, 'tcp' | 'udp'])[]): Task => ({
    taskArn: 'arn:t',
    containerInstanceArn: 'c1',
    containers: ports.map(([hostPort, protocol]) => ({
      networkBindings: [{ hostPort, protocol, containerPort: 80 }],
    })),
  });

  it('takes the host ports that it asked for, each once, and not those given out', () => {
    expect(
      taskFrom(bound([8080, 'tcp'], [53, 'udp'], [8080, 'tcp'], [32768, 'tcp'], [49153, 'tcp']))
        .hostPorts,
    ).toEqual(['53/udp', '8080/tcp']);
    expect(taskFrom(bound([32767, 'tcp'])).hostPorts).toEqual(['32767/tcp']);
    const [binding] = [{ hostPort: 80 }];
    expect(
      taskFrom({ taskArn: 'arn:t', containers: [{ networkBindings: [binding, {}] }] }).hostPorts,
    ).toEqual(['80/tcp']);
  });

  it.each(['ElasticNetworkInterface', 'eni'])(
    'with a network interface of its own (%s) takes no port of its instance',
    (type) => {
      const task = { ...bound([80, 'tcp']), attachments: [{ type: 'Service Connect' }, { type }] };
      expect(taskFrom(task)).toMatchObject({ hasEni: true, hostPorts: [] });
    },
  );

  it('takes zone and architecture from its instance where ECS does not say them', () => {
    const task = { taskArn: 'arn:t', containerInstanceArn: 'c1' };
    expect(taskFrom(task)).toMatchObject({ zone: 'eu-central-1a', architecture: 'x86_64' });
    expect(taskFrom({ ...task, availabilityZone: 'eu-central-1c' }).zone).toBe('eu-central-1c');
    expect(taskFrom({ taskArn: 'arn:t', containerInstanceArn: 'gone' }).zone).toBeUndefined();
  });
});

describe('what runs a task', () => {
  type Facts = Parameters<typeof computeOfTask>[0];
  const factsOf = (facts: Partial<Facts>): Facts => ({
    launchType: undefined,
    capacityProvider: undefined,
    instanceArn: undefined,
    ...facts,
  });

  it.each<readonly [string, Partial<Facts>, ComputeKind | undefined]>([
    [
      'its launch type: Managed Instances',
      { launchType: 'MANAGED_INSTANCES' },
      'managed-instances',
    ],
    [
      'its launch type: Fargate',
      { launchType: 'FARGATE', capacityProvider: 'FARGATE_SPOT' },
      'fargate',
    ],
    ['its launch type: EC2', { launchType: 'EC2', instanceArn: 'c1' }, 'ec2'],
    ['its launch type: Anywhere', { launchType: 'EXTERNAL', instanceArn: 'x1' }, 'external'],
    ['its provider', { capacityProvider: 'general' }, 'managed-instances'],
    ['Fargate by the name of the provider', { capacityProvider: 'FARGATE_SPOT' }, 'fargate'],
    ['Fargate, without any instance', {}, 'fargate'],
    ['its instance: Anywhere', { instanceArn: 'x1' }, 'external'],
    ['its instance: EC2', { instanceArn: 'e1' }, 'ec2'],
    [
      'its provider, where the launch type is new',
      { launchType: 'QUANTUM', capacityProvider: 'general' },
      'managed-instances',
    ],
    ['unknown: a new launch type alone', { launchType: 'QUANTUM' }, undefined],
    ['unknown: a provider that could not be read', { capacityProvider: 'other' }, undefined],
    ['unknown: an instance that is gone', { instanceArn: 'gone' }, undefined],
  ])('is %s', (_, facts, expected) => {
    expect(
      computeOfTask(factsOf(facts), new Map([...providerKinds([], []), ...kinds]), instances),
    ).toBe(expected);
  });

  it('is learnt of a provider from any task on it, but ECS itself knows better', () => {
    const facts = [
      ...taskFactsOf(sdkTask('a', { capacityProviderName: 'p', launchType: 'EC2' })),
      ...taskFactsOf(sdkTask('b', { capacityProviderName: 'q', launchType: 'EC2' })),
      ...taskFactsOf({
        ...sdkTask('c'),
        capacityProviderName: 'r',
        launchType: 'QUANTUM' as never,
      }),
    ];
    const provider = snapshots.capacityProviderOf('q', { compute: 'managed-instances' });
    const unknown = snapshots.capacityProviderOf('p', { compute: undefined });
    expect(providerKinds([provider, unknown], facts)).toEqual(
      new Map<string, ComputeKind>([
        ['FARGATE', 'fargate'],
        ['FARGATE_SPOT', 'fargate'],
        ['p', 'ec2'],
        ['q', 'managed-instances'],
      ]),
    );
  });
});

describe('an instance', () => {
  it('is read field by field', () => {
    expect(instanceFrom(sdkInstance('c1'))).toEqual(
      snapshots.instanceOf('c1', {
        launchedAtMs: undefined,
        isSpot: undefined,
        usedPorts: ['22/tcp', '2376/tcp', '8080/tcp', '53/udp'],
      }),
    );
  });

  it('has what ECS says, and nothing where it says nothing', () => {
    expect(instanceFrom({ containerInstanceArn: 'arn:c' })).toEqual({
      arn: 'arn:c',
      compute: 'ec2',
      status: 'UNKNOWN',
      agentConnected: false,
      registered: { cpuUnits: 0, memoryMiB: 0 },
      remaining: { cpuUnits: 0, memoryMiB: 0 },
      usedPorts: [],
      attributes: {},
      runningTasks: 0,
      pendingTasks: 0,
      tags: {},
    });
    expect(instanceFactsOf({})).toEqual([]);
    expect(instanceFactsOf(sdkInstance('c1', { status: 'INACTIVE' }))).toEqual([]);
  });

  it('has resources of whatever type of number, and keeps attributes without a value', () => {
    const instance = instanceFrom({
      containerInstanceArn: 'arn:c',
      registeredResources: [
        { name: 'CPU', type: 'LONG', longValue: 4096 },
        { name: 'MEMORY', type: 'DOUBLE', doubleValue: 7.5 },
        { name: 'GPU', type: 'STRINGSET', stringSetValue: ['0'] },
      ],
      attributes: [{ name: 'ecs.capability.x' }, { name: 'team', value: 'a' }],
    });
    expect(instance.registered).toEqual({ cpuUnits: 4096, memoryMiB: 7.5 });
    expect(instance.attributes).toEqual({ 'ecs.capability.x': '', team: 'a' });
  });

  it('has the number of a resource’s type, whatever stands in the fields of the others', () => {
    const zeros = { integerValue: 0, longValue: 0, doubleValue: 0 };
    const instance = instanceFrom({
      containerInstanceArn: 'arn:c',
      registeredResources: [
        { ...zeros, name: 'CPU', type: 'LONG', longValue: 4096 },
        { ...zeros, name: 'MEMORY', type: 'DOUBLE', doubleValue: 7.5 },
      ],
      remainingResources: [
        { ...zeros, name: 'CPU', type: 'INTEGER', integerValue: 512, longValue: 7 },
        { name: 'MEMORY', longValue: 256 },
      ],
    });
    expect(instance.registered).toEqual({ cpuUnits: 4096, memoryMiB: 7.5 });
    expect(instance.remaining).toEqual({ cpuUnits: 512, memoryMiB: 256 });
  });

  it.each<readonly [string, ContainerInstance, ComputeKind | undefined]>([
    [
      'of its provider’s kind',
      { capacityProviderName: 'general', ec2InstanceId: 'i-1' },
      'managed-instances',
    ],
    [
      'unknown with an unknown provider',
      { capacityProviderName: 'other', ec2InstanceId: 'i-1' },
      undefined,
    ],
    ['EC2 without a provider', { ec2InstanceId: 'i-1' }, 'ec2'],
    ['in ECS Anywhere by its id', { ec2InstanceId: 'mi-0f1e' }, 'external'],
    [
      'in ECS Anywhere by its capability',
      { attributes: [{ name: 'ecs.capability.external' }] },
      'external',
    ],
  ])('is %s', (_, instance, expected) => {
    const facts = one(instanceFactsOf({ containerInstanceArn: 'arn:c', ...instance }));
    expect(computeOfInstance(facts, kinds)).toBe(expected);
  });

  it('keeps one line of why it is in its status', () => {
    const instance = { containerInstanceArn: 'arn:c', statusReason: `a\n  b${'x'.repeat(400)}` };
    expect(instanceFrom(instance).statusReason).toMatch(/^a bx+$/);
    expect(instanceFrom(instance).statusReason).toHaveLength(300);
  });

  it('keeps only tags that an event window is tied to: EC2’s, else ECS’s copy of them', () => {
    const facts = one(
      instanceFactsOf(
        sdkInstance('c1', {
          tags: [
            { key: 'team', value: 'copy' },
            { key: 'aws:ecs:clusterName', value: 'shop' },
          ],
        }),
      ),
    );
    const ec2Facts = { launchedAtMs: atMs, isSpot: true, tags: { team: 'a', secret: 's' } };
    const keys = new Set(['team']);
    expect(instanceOf(facts, kinds, new Map(), keys).tags).toEqual({ team: 'copy' });
    expect(instanceOf(facts, kinds, new Map([['i-c1', ec2Facts]]), keys)).toMatchObject({
      tags: { team: 'a' },
      launchedAtMs: atMs,
      isSpot: true,
    });
    expect(instanceOf(facts, kinds, new Map([['i-c1', ec2Facts]]), new Set()).tags).toEqual({});
  });
});

describe('a service', () => {
  it('is read field by field', () => {
    const { currentDeploymentArn, ...facts } = serviceFrom(
      ecsServiceOf('web', { currentServiceDeployment: 'arn:d', createdAt: startedAt }),
    );
    const { compute: _, ...expected } = snapshots.serviceOf('web', { createdAtMs: atMs });
    expect(facts).toEqual(expected);
    expect(currentDeploymentArn).toBe('arn:d');
  });

  it('has what ECS says, and nothing where it says nothing', () => {
    expect(serviceFrom({ serviceArn: 'arn:s', serviceName: 's' })).toEqual({
      arn: 'arn:s',
      name: 's',
      status: 'UNKNOWN',
      desired: 0,
      running: 0,
      pending: 0,
      capacityProviders: [],
      placementStrategy: [],
      placementConstraints: [],
      subnets: [],
      targetGroupArns: [],
      hasClassicLoadBalancer: false,
      hooks: [],
      rollouts: [],
      tags: {},
    });
    expect(serviceFactsOf({ serviceArn: 'arn:s' })).toEqual([]);
    expect(serviceFactsOf({ serviceName: 's' })).toEqual([]);
  });

  it('keeps placement, load balancers, hooks that call a function, and rollouts', () => {
    const facts = serviceFrom(
      ecsServiceOf('web', {
        placementStrategy: [{ type: 'spread', field: 'attribute:ecs.availability-zone' }],
        placementConstraints: [{ type: 'distinctInstance' }],
        networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-a'] } },
        loadBalancers: [
          { targetGroupArn: 'tg-1', advancedConfiguration: { alternateTargetGroupArn: 'tg-2' } },
          { targetGroupArn: 'tg-1' },
          { loadBalancerName: 'classic' },
        ],
        deploymentConfiguration: {
          strategy: 'CANARY',
          minimumHealthyPercent: 50,
          lifecycleHooks: [
            {
              hookTargetArn: 'arn:hook',
              lifecycleStages: ['POST_TEST_TRAFFIC_SHIFT'],
              hookDetails: { secret: 's' },
            },
            { lifecycleStages: ['PRE_SCALE_UP'] },
            { hookTargetArn: 'arn:bare' },
          ],
        },
        deployments: [
          { id: 'ecs-svc/9', status: 'PRIMARY', rolloutState: 'IN_PROGRESS', createdAt: startedAt },
        ],
      }),
    );
    expect(facts).toMatchObject({
      placementStrategy: [{ type: 'spread', field: 'attribute:ecs.availability-zone' }],
      placementConstraints: [{ type: 'distinctInstance', expression: undefined }],
      subnets: ['subnet-a'],
      targetGroupArns: ['tg-1', 'tg-2'],
      hasClassicLoadBalancer: true,
      deploymentStrategy: 'CANARY',
      minimumHealthyPercent: 50,
      maximumPercent: undefined,
      hooks: [
        { targetArn: 'arn:hook', stages: ['POST_TEST_TRAFFIC_SHIFT'] },
        { targetArn: 'arn:bare', stages: [] },
      ],
      rollouts: [
        { id: 'ecs-svc/9', status: 'PRIMARY', rolloutState: 'IN_PROGRESS', createdAtMs: atMs },
      ],
    });
  });

  it('keeps tags of Ballast only', () => {
    const tags = [
      { key: 'ballast:az-balance', value: 'enforce' },
      { key: 'ballast:note' },
      { key: 'owner', value: 'secret' },
      { value: 'lost' },
    ] as never;
    expect(serviceFrom({ ...ecsServiceOf('web'), tags }).tags).toEqual({
      'ballast:az-balance': 'enforce',
      'ballast:note': '',
    });
  });

  it.each<readonly [string, readonly string[], string | undefined, ComputeKind | undefined]>([
    ['its strategy’s provider', ['general'], undefined, 'managed-instances'],
    [
      'any provider of its strategy that is known',
      ['other', 'general'],
      undefined,
      'managed-instances',
    ],
    ['its launch type', [], 'EXTERNAL', 'external'],
    ['unknown', ['other'], undefined, undefined],
    ['unknown: a new launch type', [], 'QUANTUM', undefined],
  ])('runs on %s', (_, capacityProviders, launchType, expected) => {
    expect(computeOfService({ capacityProviders, launchType }, kinds)).toBe(expected);
  });
});

describe('a service of an external controller', () => {
  const subnetsIn = (...subnets: string[]) => ({ awsvpcConfiguration: { subnets } });
  const blue: TaskSet = {
    id: 'ecs-svc/1',
    status: 'PRIMARY',
    launchType: 'FARGATE',
    networkConfiguration: subnetsIn('subnet-a', 'subnet-b'),
    loadBalancers: [{ targetGroupArn: 'tg-blue' }],
  };
  const green: TaskSet = {
    id: 'ecs-svc/2',
    status: 'ACTIVE',
    capacityProviderStrategy: [{ capacityProvider: 'general' }],
  };
  const web = (changes: Partial<Service>): Service => ({
    serviceArn: serviceArn('web'),
    serviceName: 'web',
    status: 'ACTIVE',
    desiredCount: 6,
    runningCount: 6,
    schedulingStrategy: 'REPLICA',
    deploymentController: { type: 'EXTERNAL' },
    ...changes,
  });
  const none = { launchType: undefined, capacityProviders: [], subnets: [], targetGroupArns: [] };
  const ofBlue = {
    launchType: 'FARGATE',
    capacityProviders: [],
    subnets: ['subnet-a', 'subnet-b'],
    targetGroupArns: ['tg-blue'],
  };

  it.each<readonly [string, Partial<Service>, object]>([
    ['its primary task set', { taskSets: [green, blue] }, ofBlue],
    ['its only task set', { taskSets: [green] }, { ...none, capacityProviders: ['general'] }],
    ['nobody, of several without a primary one', { taskSets: [green, green] }, none],
    ['nobody, without task sets', {}, none],
    ['its task set, whatever ECS fills in for it', { launchType: 'EC2', taskSets: [blue] }, ofBlue],
    [
      'itself, where its task set leaves it out',
      {
        launchType: 'FARGATE',
        networkConfiguration: subnetsIn('subnet-c'),
        loadBalancers: [{ targetGroupArn: 'tg-own' }],
        taskSets: [{ id: 'ecs-svc/3', status: 'PRIMARY' }],
      },
      { ...ofBlue, subnets: ['subnet-c'], targetGroupArns: ['tg-own'] },
    ],
    [
      'itself, under any other controller',
      { deploymentController: { type: 'CODE_DEPLOY' }, launchType: 'EC2', taskSets: [blue] },
      { ...none, launchType: 'EC2' },
    ],
  ])('has its place from %s', (_, changes, expected) => {
    expect(serviceFrom(web(changes))).toMatchObject(expected);
  });

  it('is told to be all in one zone, and that its controller keeps Ballast from moving it', () => {
    const tasks = ['1', '2', '3', '4', '5', '6'].flatMap((id) =>
      taskFactsOf({
        taskArn: `arn:t${id}`,
        group: 'service:web',
        startedBy: 'ecs-svc/1',
        launchType: 'FARGATE',
        lastStatus: 'RUNNING',
        desiredStatus: 'RUNNING',
        availabilityZone: 'eu-central-1a',
      }),
    );
    const services = serviceFactsOf(web({ taskSets: [blue] }));
    const snapshot = snapshots.snapshotOf({
      ...plainMaking.assembled({ tasks, services, instances: [] }, []),
      subnetZones: { 'subnet-a': 'eu-central-1a', 'subnet-b': 'eu-central-1b' },
    });
    const policy = { skewMax: 1, quietMs: 0, unhealthyShareMax: 0.2 };
    const { verdicts } = judgeZones(snapshot, policy, { desiredChangedAtMs: {} });
    expect(one(verdicts)).toMatchObject({
      verdict: 'cannot',
      reason: 'deployment-controller',
      spread: { zones: ['eu-central-1a', 'eu-central-1b'], counts: [6, 0] },
    });
  });
});

describe('events of a service', () => {
  const at = (minute: number): Date => new Date(atMs + minute * 60_000);
  const factsWith = (...messages: readonly string[]) =>
    serviceFrom({
      serviceArn: 'arn:s',
      serviceName: 'web',
      events: messages.map((message, minute) => ({
        id: String(minute),
        message,
        createdAt: at(minute),
      })),
    });

  it.each([
    '(service web) is not AZ balanced with 3 tasks in eu-central-1a, 1 tasks in eu-central-1b. AZ Rebalancing in progress.',
    'service (web) is AZ balanced with 2 tasks in eu-central-1a, 2 tasks in eu-central-1b.',
    'web has started 1 tasks in eu-central-1b to AZ Rebalance: (task 0a1b).',
    'web/ecs-svc/123 has stopped 1 running tasks in eu-central-1a due to AZ rebalancing: (task 0a1b).',
    '(service web) stopped AZ Rebalancing.',
    'service (web) was unable to AZ Rebalance because ecs-svc/1 was unable to scale in due to protection.',
  ])('tell of rebalancing: %s', (message) => {
    expect(factsWith('x', message)).toMatchObject({
      lastRebalancingAtMs: at(1).getTime(),
      lastPlacementFailureAtMs: undefined,
    });
  });

  it.each([
    'service (web) was unable to place a task because no container instance met all of its requirements. The closest matching container-instance 0a has insufficient CPU units available.',
    '(service web) is unable to place a task in eu-central-1c because no container instance met all of its requirements.',
    'service (web) was unable to place a task. Reason: Capacity is unavailable at this time.',
    'service (web) was unable to place tasks in your cluster because the tasks provisioning capacity limit was exceeded.',
    'service (web) could not launch 3 tasks for deployment ecs-svc/1 because of insufficient CPU.',
    'service (web) was unable to reach steady state. Reason: No Container Instances were found in your capacity provider.',
  ])('tell of a task without a place: %s', (message) => {
    expect(factsWith('x', message)).toMatchObject({
      lastRebalancingAtMs: undefined,
      lastPlacementFailureAtMs: at(1).getTime(),
    });
  });

  it.each([
    'service (web) has reached a steady state.',
    '(service web) has started 1 tasks: (task 0a1b).',
    'service (AZbalanced) has reached a steady state.',
    'service (unable-to-place-a-task) registered 1 targets in (target-group x)',
    'something nobody has ever seen',
    '',
  ])('are ignored otherwise: %s', (message) => {
    expect(factsWith(message)).toMatchObject({
      lastRebalancingAtMs: undefined,
      lastPlacementFailureAtMs: undefined,
    });
  });

  it('count by the latest, in whatever order they come, and not without a time', () => {
    const balanced = 'service (web) is AZ balanced with 1 tasks in eu-central-1a.';
    expect(factsWith(balanced, 'x', balanced, 'y').lastRebalancingAtMs).toBe(at(2).getTime());
    const facts = serviceFrom({
      serviceArn: 'arn:s',
      serviceName: 'web',
      events: [
        { message: balanced, createdAt: at(5) },
        { message: balanced },
        { createdAt: at(9) },
      ],
    });
    expect(facts.lastRebalancingAtMs).toBe(at(5).getTime());
  });
});
