import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createWorld } from '../../simulator/world.ts';
import { deploy, hookAt } from './staged-lab.ts';
import { createLab, dayMs, hourMs, minuteMs, secondMs, startMs, zoneOf } from './world-lab.ts';

const bare = () => createWorld({ seed: 1, startMs });

describe('time in a world', () => {
  it('moves to what is due, in its order, and not before now', () => {
    const world = bare();
    const ran: string[] = [];
    const note = (name: string) => () => {
      ran.push(`${name} ${world.nowMs() - startMs}`);
    };
    world.schedule(startMs + 20, note('late'));
    world.after(10, note('first'));
    world.after(10, note('second'));
    world.after(5, note('never')).cancel();
    world.schedule(startMs - 99, note('past'));
    while (world.step());
    expect(ran).toEqual(['past 0', 'first 10', 'second 10', 'late 20']);
    expect(world.nextAtMs()).toBeUndefined();
  });

  it('stands where runUntil was told to stop, whatever is due later', () => {
    const world = bare();
    world.after(100, () => undefined);
    world.runUntil(startMs + 50);
    expect(world.nowMs()).toBe(startMs + 50);
    expect(world.nextAtMs()).toBe(startMs + 100);
  });

  it('wakes sleepers in steps, and lets them give up', async () => {
    const world = bare();
    const woken: number[] = [];
    const sleeper = async (): Promise<void> => {
      for (let count = 0; count < 3; count += 1) {
        await world.clock.sleep(minuteMs);
        woken.push(world.nowMs() - startMs);
      }
    };
    const work = sleeper();
    const abort = new AbortController();
    const given = world.clock.sleep(hourMs, abort.signal);
    abort.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    await expect(world.clock.sleep(1, abort.signal)).rejects.toThrow('enough');
    for (let count = 0; count < 3; count += 1) {
      world.step();
      await Promise.resolve();
      await Promise.resolve();
    }
    await work;
    expect(woken).toEqual([minuteMs, 2 * minuteMs, 3 * minuteMs]);
  });

  it('stands still while work is held', async () => {
    const world = bare();
    let isDone = false;
    world.after(minuteMs, () => {
      expect(isDone).toBe(true);
    });
    const outside = new Promise<void>((resolve) => {
      setImmediate(() => setImmediate(() => setImmediate(resolve)));
    });
    void world.hold(
      outside.then(() => {
        isDone = true;
      }),
    );
    await world.run(startMs + hourMs);
    expect(world.nowMs()).toBe(startMs + hourMs);
  });

  it('goes on while tracked work is under way, which runs at the times it asked for', async () => {
    const world = bare();
    const seen: number[] = [];
    const handler = async (): Promise<void> => {
      for (let count = 0; count < 3; count += 1) {
        // A few turns of the event loop, as clients take them.
        for (let turns = 0; turns < 3; turns += 1) await new Promise(setImmediate);
        await world.clock.sleep(minuteMs);
        seen.push(world.nowMs() - startMs);
      }
    };
    for (let count = 1; count < 500; count += 1) world.after(count * secondMs, () => undefined);
    void world.track(handler());
    await world.run(startMs + hourMs);
    expect(seen).toEqual([minuteMs, 2 * minuteMs, 3 * minuteMs]);
  });

  it('tells events when the account is written, each a value of its own', () => {
    const lab = createLab();
    lab.define(256, 512);
    lab.world.onEvent(({ detail }) => {
      const arn = String(detail.taskArn ?? '');
      const task = lab.world.account.tasks.get(arn);
      if (detail.lastStatus === 'RUNNING') expect(task?.lastStatus).toBe('RUNNING');
    });
    lab.serve(1, { launchType: 'FARGATE' });
    const [first] = lab.events;
    const copy = structuredClone(first);
    lab.advance(hourMs);
    expect(first).toEqual(copy);
  });

  it('lets go of a listener', () => {
    const lab = createLab();
    let count = 0;
    const stop = lab.world.onEvent(() => {
      count += 1;
    });
    stop();
    lab.group('m6a.large', 1);
    expect(count).toBe(0);
    expect(lab.events.length).toBeGreaterThan(0);
  });
});

describe('the control plane', () => {
  it('asks no clock, no chance and no timer but its own', () => {
    const files = globSync('simulator/ecs/*.ts').concat(
      ['world', 'nature', 'timeline', 'random', 'event-queue'].map(
        (name) => `simulator/${name}.ts`,
      ),
    );
    const foreign =
      /\bDate\.now\b|\bMath\.random\b|\bsetTimeout\b|\bsetInterval\b|\bperformance\b|new Date\(\)/;
    const found = files.filter((file) => foreign.test(readFileSync(file, 'utf8')));
    expect(found).toEqual([]);
    expect(files.length).toBeGreaterThan(40);
  });
});

describe('an event', () => {
  it('has the envelope of EventBridge and nothing else', () => {
    const lab = createLab();
    lab.group('m6a.large', 1);
    const event = lab.events.find((one) => one.source === 'aws.ecs');
    expect(Object.keys(event ?? {})).toEqual([
      ...['version', 'id', 'detail-type', 'source', 'account', 'time', 'region', 'resources'],
      'detail',
    ]);
    expect(event).toMatchObject({
      version: '0',
      source: 'aws.ecs',
      account: '123456789012',
      region: 'eu-central-1',
      time: '2026-11-20T00:00:00Z',
    });
    expect(event?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('of a stopped task has the fields of a published sample', () => {
    const lab = createLab({ zones: 'a' });
    lab.managed();
    lab.define(256, 512);
    lab.serve(1);
    lab.advance(3 * minuteMs);
    lab.world.ecs.stopTask({ cluster: 'prod', task: lab.tasks()[0]?.taskArn ?? '' });
    lab.advance(minuteMs);
    const [stop] = lab.stops();
    expect(Object.keys(stop ?? {}).sort()).toEqual(
      [
        ...['attachments', 'attributes', 'availabilityZone', 'capacityProviderName', 'clusterArn'],
        ...['connectivity', 'connectivityAt', 'containerInstanceArn', 'containers', 'cpu'],
        ...['createdAt', 'desiredStatus', 'enableExecuteCommand', 'executionStoppedAt', 'group'],
        ...['lastStatus', 'launchType', 'memory', 'overrides', 'pullStartedAt', 'pullStoppedAt'],
        ...['startedAt', 'startedBy', 'stopCode', 'stoppedAt', 'stoppedReason', 'stoppingAt'],
        ...['taskArn', 'taskDefinitionArn', 'updatedAt', 'version'],
      ].sort(),
    );
    expect(stop).toMatchObject({
      launchType: 'MANAGED_INSTANCES',
      stopCode: 'UserInitiated',
      stoppedReason: 'Task stopped by user',
      containers: [{ name: 'app', lastStatus: 'STOPPED', exitCode: 143 }],
    });
    expect(stop).not.toHaveProperty('healthStatus');
  });
});

describe('a command that ECS refuses', () => {
  const lab = createLab();
  lab.define(256, 512);
  lab.serve(1, { launchType: 'FARGATE' });
  const { ecs, aws } = lab.world;
  const provider = { name: 'x', cluster: 'prod' };
  const service = { cluster: 'prod', serviceName: 'x', taskDefinition: 'web' };

  it.each<readonly [string, () => unknown, string]>([
    [
      'a cluster that is not there',
      () => ecs.createService({ ...service, cluster: 'no' }),
      'ClusterNotFoundException',
    ],
    [
      'a service that is not there',
      () => ecs.updateService({ cluster: 'prod', service: 'no' }),
      'ServiceNotFoundException',
    ],
    [
      'a service that is there',
      () => ecs.createService({ ...service, serviceName: 'web' }),
      'InvalidParameterException',
    ],
    [
      'a definition that is not there',
      () => ecs.createService({ ...service, taskDefinition: 'no' }),
      'ClientException',
    ],
    [
      'a definition without containers',
      () => ecs.registerTaskDefinition({ family: 'x', containerDefinitions: [] }),
      'ClientException',
    ],
    [
      'a negative count',
      () => ecs.updateService({ cluster: 'prod', service: 'web', desiredCount: -1 }),
      'InvalidParameterException',
    ],
    [
      'a service that still runs',
      () => ecs.deleteService({ cluster: 'prod', service: 'web' }),
      'InvalidParameterException',
    ],
    [
      'both a launch type and a strategy',
      () =>
        ecs.createService({
          ...service,
          launchType: 'FARGATE',
          capacityProviderStrategy: [{ capacityProvider: 'FARGATE' }],
        }),
      'InvalidParameterException',
    ],
    [
      'a provider that is not there',
      () =>
        ecs.createService({ ...service, capacityProviderStrategy: [{ capacityProvider: 'no' }] }),
      'InvalidParameterException',
    ],
    [
      'a provider of no kind',
      () => ecs.createCapacityProvider(provider),
      'InvalidParameterException',
    ],
    [
      'a provider without subnets',
      () => ecs.createCapacityProvider({ ...provider, managedInstancesProvider: {} }),
      'InvalidParameterException',
    ],
    [
      'a type that EC2 does not have',
      () =>
        ecs.createCapacityProvider({
          ...provider,
          autoScalingGroupProvider: {
            instanceType: 'z9.huge',
            subnets: ['subnet-a'],
            maxSize: 1,
            desiredCapacity: 1,
          },
        }),
      'InvalidParameterException',
    ],
    [
      'eleven tasks',
      () => ecs.runTask({ cluster: 'prod', taskDefinition: 'web', count: 11 }),
      'InvalidParameterException',
    ],
    [
      'a task that is not there',
      () => ecs.stopTask({ cluster: 'prod', task: 'no' }),
      'InvalidParameterException',
    ],
    [
      'protection for three days',
      () =>
        ecs.updateTaskProtection({
          cluster: 'prod',
          tasks: ['x'],
          protectionEnabled: true,
          expiresInMinutes: 4_320,
        }),
      'InvalidParameterException',
    ],
    [
      'no instances',
      () =>
        ecs.updateContainerInstancesState({
          cluster: 'prod',
          containerInstances: [],
          status: 'DRAINING',
        }),
      'InvalidParameterException',
    ],
    [
      'an instance that is not there',
      () => ecs.deregisterContainerInstance({ cluster: 'prod', containerInstance: 'no' }),
      'InvalidParameterException',
    ],
    [
      'a deployment that is not there',
      () => ecs.stopServiceDeployment({ serviceDeploymentArn: 'no' }),
      'ServiceDeploymentNotFoundException',
    ],
    [
      'a scalable target that is no service',
      () => aws.scaleService({ resourceId: 'service/prod/no', minCapacity: 1, maxCapacity: 2 }),
      'ValidationException',
    ],
    [
      'a daemon without managed instances',
      () =>
        ecs.createDaemon({
          cluster: 'prod',
          name: 'x',
          capacityProvider: 'FARGATE',
          drainPercent: 0,
        }),
      'InvalidParameterException',
    ],
  ])('%s', (_, command, code) => {
    expect(command).toThrow(expect.objectContaining({ name: 'ServiceError', code }));
  });

  it('reports what is missing of several, and does the rest', () => {
    const { failures } = ecs.updateContainerInstancesState({
      cluster: 'prod',
      containerInstances: ['no'],
      status: 'DRAINING',
    });
    expect(failures).toEqual([{ arn: 'no', reason: 'MISSING' }]);
    const protection = { cluster: 'prod', tasks: ['no'], protectionEnabled: true };
    expect(ecs.updateTaskProtection(protection).failures).toEqual([
      { arn: 'no', reason: 'MISSING' },
    ]);
  });
});

describe('a service over time', () => {
  it('is moved start-first when its instances are fourteen days old, and never below its count', () => {
    const lab = createLab();
    lab.managed();
    lab.define(1_024, 1_024);
    lab.serve(6);
    lab.advance(10 * minuteMs);
    const before = new Set(lab.instances().map(({ containerInstanceArn: arn }) => arn));
    let fewest = 9;
    lab.world.onEvent(() => {
      fewest = Math.min(fewest, lab.service().runningCount);
    });
    lab.advance(15 * dayMs);
    expect(lab.instances().some(({ containerInstanceArn: arn }) => before.has(arn))).toBe(false);
    expect(fewest).toBe(6);
    expect(lab.spread()).toBe('a2 b2 c2');
    const reasons = new Set(lab.stops().map(({ stoppedReason }) => stoppedReason));
    expect(reasons).toContain('Task stopped during instance draining');
  });

  it('loses a zone, runs in the others, and is level again an hour after its return', () => {
    const lab = createLab();
    lab.managed({ scaleInAfter: -1 });
    lab.define(1_024, 1_024);
    lab.serve(6);
    lab.advance(10 * minuteMs);
    lab.world.nature.zoneOutage(zoneOf('a'), 2 * hourMs);
    lab.advance(hourMs);
    expect(lab.spread()).toBe('b3 c3');
    expect(lab.service().runningCount).toBe(6);
    lab.advance(2 * hourMs);
    expect(lab.spread()).toBe('a2 b2 c2');
    expect(lab.actions()).toContain('SERVICE_REBALANCING_STOPPED');
  });

  it('that crashes is started again and again, and does not slow down', () => {
    const lab = createLab();
    lab.define(256, 512, { app: { exit: { afterMs: [60_000, 60_000], exitCode: 3 } } });
    lab.serve(1, { launchType: 'FARGATE' });
    lab.advance(hourMs);
    const codes = lab.stops().map(({ containers }) => (containers as { exitCode: number }[])[0]);
    expect(codes.length).toBeGreaterThan(25);
    expect(codes.every((container) => container?.exitCode === 3)).toBe(true);
    expect(lab.actions()).not.toContain('SERVICE_TASK_START_IMPAIRED');
  });

  it('whose image is missing says so in each stop', () => {
    const lab = createLab();
    lab.define(256, 512, { container: { image: 'web:typo' } });
    lab.world.nature.imageMissing('web:typo');
    lab.serve(1, { launchType: 'FARGATE' });
    lab.advance(minuteMs);
    expect(lab.stops()[0]).toMatchObject({
      stopCode: 'TaskFailedToStart',
      stoppedReason: expect.stringMatching(/^CannotPullContainerError: .*web:typo: not found$/),
    });
    expect(lab.stops()[0]).not.toHaveProperty('startedAt');
  });

  it('that is deleted stops its tasks and is INACTIVE', () => {
    const lab = createLab();
    lab.define(256, 512);
    lab.serve(2, { launchType: 'FARGATE' });
    lab.advance(2 * minuteMs);
    lab.world.ecs.deleteService({ cluster: 'prod', service: 'web', force: true });
    expect(lab.service().status).toBe('DRAINING');
    lab.advance(2 * minuteMs);
    expect(lab.service()).toMatchObject({ status: 'INACTIVE', runningCount: 0 });
    expect(() => lab.world.ecs.updateService({ cluster: 'prod', service: 'web' })).toThrow();
  });

  it('is scaled out and in by its load, within its bounds', () => {
    const lab = createLab();
    lab.define(256, 512);
    lab.serve(2, { launchType: 'FARGATE' });
    lab.world.aws.scaleService({
      resourceId: 'service/prod/web',
      minCapacity: 2,
      maxCapacity: 5,
      targetTracking: {
        targetValue: 50,
        load: (atMs) => (atMs < startMs + hourMs ? 900 : 20),
      },
    });
    lab.advance(30 * minuteMs);
    expect(lab.service().runningCount).toBe(5);
    lab.advance(2 * hourMs);
    expect(lab.service().runningCount).toBe(2);
  });

  it('shares its cluster with scheduled tasks, which end by themselves and are not replaced', () => {
    const lab = createLab();
    lab.define(256, 512, { app: { exit: { afterMs: [600_000, 600_000], exitCode: 0 } } });
    const timer = lab.world.aws.scheduleTask({
      everyMs: hourMs,
      firstAtMs: startMs + hourMs,
      task: {
        cluster: 'prod',
        taskDefinition: 'web',
        launchType: 'FARGATE',
        networkConfiguration: lab.networkConfiguration,
      },
    });
    lab.advance(3 * hourMs + 30 * minuteMs);
    expect(lab.stops().map(({ group }) => group)).toEqual(Array(3).fill('family:web'));
    timer.cancel();
    lab.advance(dayMs);
    expect(lab.stops().length).toBe(3);
  });
});

describe('a deployment in stages', () => {
  it('shifts test traffic, then production, and ends with green alone', async () => {
    const staged = await deploy({ hooks: [hookAt(['POST_TEST_TRAFFIC_SHIFT'])] });
    const blue = staged.lab.tasks()[0]?.taskDefinitionArn;
    expect(staged.production()).toBe('alternate 0, primary 100');
    await staged.minutes(10);
    expect(staged.production()).toBe('alternate 100, primary 0');
    expect(staged.test()).toBe('alternate 100, primary 0');
    expect(staged.lab.tasks().some(({ taskDefinitionArn }) => taskDefinitionArn === blue)).toBe(
      false,
    );
    expect(staged.run()).toMatchObject({
      status: 'SUCCESSFUL',
      lifecycleStage: 'CLEAN_UP',
      lifecycleHookDetails: [],
    });
    expect(staged.lab.service().deployments?.length).toBe(1);
  });

  it('calls hooks on a first deployment too, without blue', async () => {
    const lab = createLab();
    const events: unknown[] = [];
    lab.world.connectHooks(async (_, event) => {
      events.push(event);
      return { hookStatus: 'SUCCEEDED' };
    });
    lab.define(256, 512);
    lab.serve(1, {
      launchType: 'FARGATE',
      deploymentConfiguration: {
        strategy: 'BLUE_GREEN',
        lifecycleHooks: [hookAt(['PRODUCTION_TRAFFIC_SHIFT'])],
      },
    });
    await lab.world.run(startMs + 10 * minuteMs);
    const arn = lab.service().currentServiceRevisions?.[0]?.arn ?? '';
    expect(events).toMatchObject([
      { executionDetails: { productionTrafficWeights: { [arn]: 100 } } },
    ]);
    expect(lab.service().runningCount).toBe(1);
  });

  it('rolls back when nobody answers its hook, and names the reason', async () => {
    const lab = createLab();
    lab.define(256, 512);
    const configuration = { strategy: 'BLUE_GREEN' as const };
    lab.serve(1, { launchType: 'FARGATE', deploymentConfiguration: configuration });
    await lab.world.run(startMs + 10 * minuteMs);
    lab.world.ecs.updateService({
      cluster: 'prod',
      service: 'web',
      forceNewDeployment: true,
      deploymentConfiguration: { ...configuration, lifecycleHooks: [hookAt(['PRE_SCALE_UP'])] },
    });
    await lab.world.run(startMs + 20 * minuteMs);
    const run = [...lab.world.account.serviceDeployments.values()].at(-1);
    expect(run?.status).toBe('ROLLBACK_SUCCESSFUL');
    expect(run?.statusReason).toContain('ECS was unable to invoke hook target');
    expect(lab.service().runningCount).toBe(1);
  });

  it('can be stopped by a user, once', async () => {
    const staged = await deploy({ bakeTimeInMinutes: 60 });
    await staged.minutes(10);
    const { serviceDeploymentArn } = staged.run();
    staged.lab.world.ecs.stopServiceDeployment({ serviceDeploymentArn });
    expect(() => staged.lab.world.ecs.stopServiceDeployment({ serviceDeploymentArn })).toThrow(
      'cannot be stopped',
    );
    await staged.minutes(10);
    expect(staged.run().status).toBe('ROLLBACK_SUCCESSFUL');
    expect(staged.production()).toBe('alternate 0, primary 100');
  });

  it('refuses a pause that is not there, and one that is badly named', async () => {
    const staged = await deploy({
      hooks: [{ targetType: 'PAUSE', lifecycleStages: ['POST_SCALE_UP'] }],
    });
    await staged.minutes(5);
    const { serviceDeploymentArn } = staged.run();
    const answer = (hookId: string) => () =>
      staged.lab.world.ecs.continueServiceDeployment({ serviceDeploymentArn, hookId });
    expect(answer('nonsense')).toThrow('hookId must follow the format');
    expect(answer('ecs-pause-0')).toThrow('either completed, unavailable');
    const [pause] = structuredClone(staged.run().lifecycleHookDetails ?? []);
    staged.lab.world.ecs.continueServiceDeployment({
      serviceDeploymentArn,
      hookId: pause?.hookId ?? '',
      action: 'ROLLBACK',
    });
    await staged.minutes(5);
    expect(staged.run().status).toBe('ROLLBACK_SUCCESSFUL');
    expect(answer(pause?.hookId ?? '')).toThrow('terminal states');
  });

  it('is held by protected blue tasks until their protection ends', async () => {
    const staged = await deploy({ hooks: [hookAt(['PRE_SCALE_UP'])] });
    staged.lab.world.ecs.updateTaskProtection({
      cluster: 'prod',
      tasks: staged.lab.tasks().map(({ taskArn }) => taskArn),
      protectionEnabled: true,
      expiresInMinutes: 60,
    });
    await staged.minutes(30);
    expect(staged.run()).toMatchObject({ status: 'IN_PROGRESS', lifecycleStage: 'CLEAN_UP' });
    await staged.minutes(45);
    expect(staged.run().status).toBe('SUCCESSFUL');
  });

  it('is the same in every run, its hooks included', async () => {
    const play = async (): Promise<string> => {
      const staged = await deploy({
        hooks: [hookAt(['POST_SCALE_UP']), hookAt(['POST_SCALE_UP', 'PRODUCTION_TRAFFIC_SHIFT'])],
        answer: async (_, count) => {
          await staged.lab.world.clock.sleep(count * secondMs);
          return count < 4 ? { hookStatus: 'IN_PROGRESS', callBackDelay: count } : undefined;
        },
      });
      await staged.minutes(20);
      return JSON.stringify([staged.lab.events, staged.calls]);
    };
    expect(await play()).toBe(await play());
  });

  it('lets a hook sleep in virtual time', async () => {
    const staged = await deploy({
      hooks: [hookAt(['POST_SCALE_UP'])],
      answer: async () => {
        await staged.lab.world.clock.sleep(40 * secondMs);
        return { hookStatus: 'SUCCEEDED' };
      },
    });
    await staged.minutes(10);
    expect(staged.run().status).toBe('SUCCESSFUL');
  });
});
