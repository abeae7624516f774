import { describe, expect, it } from 'vitest';
import { failureThreshold } from '../../simulator/ecs/circuit-breaker.ts';
import { worstOf } from '../../simulator/ecs/health.ts';
import { windowStarts } from '../../simulator/ecs/refresh.ts';
import { drainsMax, overallOf } from '../../simulator/ecs/repair.ts';
import { productionPercents } from '../../simulator/ecs/staged.ts';
import { instanceTypes } from '../../simulator/instance-types.ts';
import { createLab, dayMs, hourMs, type Lab, minuteMs, secondMs, startMs } from './world-lab.ts';

const arnOf = (lab: Lab): string => lab.instances()[0]?.containerInstanceArn ?? '';
const machinesOf = (lab: Lab): number =>
  [...lab.world.account.ec2Instances.values()].filter(({ State }) => State.Name === 'running')
    .length;

const runAlone = (lab: Lab): void => {
  lab.world.ecs.runTask({
    cluster: 'prod',
    taskDefinition: 'web',
    capacityProviderStrategy: [{ capacityProvider: 'mi', weight: 1 }],
    networkConfiguration: lab.networkConfiguration,
  });
};

describe('figures of instances', () => {
  it.each([
    [1, 1],
    [8, 1],
    [9, 1],
    [10, 2],
    [25, 5],
  ])('of %i instances %i may be repaired at a time', (instances, drains) => {
    expect(drainsMax(instances)).toBe(drains);
  });

  it.each<readonly [string, Parameters<typeof worstOf>[0]]>([
    ['UNHEALTHY', ['HEALTHY', 'UNHEALTHY', 'UNKNOWN']],
    ['UNKNOWN', ['HEALTHY', 'UNKNOWN']],
    ['UNKNOWN', []],
    ['HEALTHY', ['HEALTHY', 'HEALTHY']],
  ])('a task is %s with %j', (health, of) => {
    expect(worstOf(of)).toBe(health);
  });

  it.each([
    ['IMPAIRED', ['OK', 'IMPAIRED', 'INSUFFICIENT_DATA']],
    ['INSUFFICIENT_DATA', ['INITIALIZING', 'INSUFFICIENT_DATA']],
    ['INITIALIZING', ['OK', 'INITIALIZING']],
    ['OK', []],
  ])('an instance is %s with %j', (health, of) => {
    expect(overallOf(of)).toBe(health);
  });

  it('has types with the memory, interfaces and prices of EC2', () => {
    expect(instanceTypes.get('c6a.large')).toMatchObject({
      vCpus: 2,
      memoryMiB: 4_096,
      interfaces: 3,
      trunkedTasks: 10,
      pricePerHour: 0.0765,
    });
    expect(instanceTypes.get('r7a.medium')).toMatchObject({ vCpus: 1, memoryMiB: 8_192 });
    expect(instanceTypes.get('t3.small')).toMatchObject({ vCpus: 2, memoryMiB: 2_048 });
    expect(instanceTypes.get('t3.small')?.trunkedTasks).toBeUndefined();
  });

  it('opens a window once a week, at its hour', () => {
    const window = {
      TimeRanges: [{ StartWeekDay: 'sunday', StartHour: 2, EndWeekDay: 'sunday', EndHour: 4 }],
    };
    const days = windowStarts(window, startMs, startMs + 14 * dayMs).map(
      (atMs) => (atMs - startMs) / hourMs,
    );
    expect(days).toEqual([2 * 24 + 2, 9 * 24 + 2]);
  });

  it.each<readonly [string, Parameters<typeof productionPercents>[0], readonly number[]]>([
    ['blue/green', { strategy: 'BLUE_GREEN' }, [100]],
    ['linear by default', { strategy: 'LINEAR' }, [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]],
    [
      'linear of 33.3',
      { strategy: 'LINEAR', linearConfiguration: { stepPercent: 33.3 } },
      [33.3, 66.6, 99.9, 100],
    ],
    ['canary by default', { strategy: 'CANARY' }, [5, 100]],
    [
      'canary of 0.1',
      { strategy: 'CANARY', canaryConfiguration: { canaryPercent: 0.1 } },
      [0.1, 100],
    ],
  ])('shifts %s', (_, configuration, percents) => {
    expect(productionPercents(configuration).map(({ percent }) => percent)).toEqual(percents);
  });
});

describe('an instance over time', () => {
  it('gives its port back when the task on it has stopped', () => {
    const lab = createLab({ zones: 'a' });
    lab.group('m6a.large', 1);
    lab.define(256, 256, {
      networkMode: 'host',
      container: { portMappings: [{ containerPort: 80 }] },
    });
    lab.serve(1, { launchType: 'EC2' });
    lab.advance(2 * minuteMs);
    lab.world.ecs.stopTask({ cluster: 'prod', task: lab.tasks()[0]?.taskArn ?? '' });
    lab.advance(5 * minuteMs);
    expect(lab.service().runningCount).toBe(1);
  });

  it('that drains is not the closest match of a task without a place', () => {
    const lab = createLab({ zones: 'a' });
    lab.group('m6a.large', 1);
    lab.world.ecs.updateContainerInstancesState({
      cluster: 'prod',
      containerInstances: [arnOf(lab)],
      status: 'DRAINING',
    });
    lab.define(256, 256);
    lab.serve(1, { launchType: 'EC2' });
    lab.advance(2 * minuteMs);
    const [failure] = lab.detailsOf('ECS Service Action');
    expect(failure).toMatchObject({ reason: 'EMPTY' });
    expect(failure).not.toHaveProperty('containerInstanceArns');
  });

  it('that is dead stays dead, though its agent was to come back', () => {
    const lab = createLab({ zones: 'a' });
    lab.group('m6a.large', 1);
    const arn = arnOf(lab);
    lab.world.nature.agentDisconnects(arn, 10 * minuteMs);
    lab.world.nature.instanceDies(arn);
    lab.world.nature.instanceDies(arn);
    lab.advance(15 * minuteMs);
    const states = lab
      .detailsOf('ECS Container Instance State Change')
      .filter(({ containerInstanceArn }) => containerInstanceArn === arn)
      .map(({ status, agentConnected }) => `${status} ${agentConnected}`);
    expect(states).toEqual([...['ACTIVE true', 'ACTIVE false', 'ACTIVE false', 'INACTIVE false']]);
    expect(lab.world.account.containerInstances.get(arn)?.agentConnected).toBe(false);
  });

  it('of a group is replaced when it dies, not when it is only deregistered', () => {
    const lab = createLab({ zones: 'a' });
    lab.group('m6a.large', 2);
    lab.world.ecs.deregisterContainerInstance({
      cluster: 'prod',
      containerInstance: arnOf(lab),
      force: true,
    });
    lab.advance(hourMs);
    expect([lab.instances().length, machinesOf(lab)]).toEqual([1, 2]);
    lab.world.nature.instanceDies(arnOf(lab));
    lab.advance(hourMs);
    expect([lab.instances().length, machinesOf(lab)]).toEqual([1, 2]);
  });

  it('keeps a standalone task to the end of day 21 after its drain on day 14', () => {
    const lab = createLab({ zones: 'a' });
    lab.managed({ scaleInAfter: -1 });
    lab.define(512, 512);
    runAlone(lab);
    lab.advance(20 * dayMs + 23 * hourMs);
    expect(lab.instances()[0]?.status).toBe('DRAINING');
    expect(lab.stops()).toEqual([]);
    lab.advance(2 * hourMs);
    expect(lab.instances()).toEqual([]);
    expect(lab.stops().length).toBe(1);
  });

  it('that its user drained is not ended after seven days', () => {
    const lab = createLab({ zones: 'a' });
    lab.managed({ scaleInAfter: -1 });
    lab.define(512, 512);
    runAlone(lab);
    lab.advance(dayMs);
    lab.world.ecs.updateContainerInstancesState({
      cluster: 'prod',
      containerInstances: [arnOf(lab)],
      status: 'DRAINING',
    });
    lab.advance(12 * dayMs);
    expect(lab.instances()[0]?.status).toBe('DRAINING');
    lab.advance(9 * dayMs);
    expect(lab.instances()).toEqual([]);
  });

  it('cannot be emptied of a service at 100 to 100 %: its task dies on day 21', () => {
    const lab = createLab({ zones: 'a' });
    lab.managed({ scaleInAfter: -1 });
    lab.define(512, 512);
    lab.serve(1, {
      deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 100 },
    });
    lab.advance(20 * dayMs);
    expect(lab.stops()).toEqual([]);
    expect(lab.messages().at(-1)).toContain('was unable to stop or start tasks');
    lab.advance(2 * dayMs);
    expect(lab.stops()[0]).toMatchObject({ stopCode: 'TerminationNotice' });
    expect(lab.service().runningCount).toBe(1);
  });
});

describe('a rolling deployment', () => {
  it.each([
    [1, 3],
    [6, 3],
    [7, 4],
    [25, 13],
    [400, 200],
    [800, 200],
  ])('of %i tasks has failed after %i failures', (desired, threshold) => {
    expect(failureThreshold(desired)).toBe(threshold);
  });

  it('that fails to start a task once is not told of, twice it is', () => {
    const lab = createLab();
    lab.define(256, 512, { app: { startFailure: { reason: 'CannotStartContainerError: no' } } });
    lab.serve(1, { launchType: 'FARGATE' });
    while (lab.stops().length < 1) lab.advance(secondMs);
    expect(lab.actions()).toEqual([]);
    while (lab.stops().length < 2) lab.advance(secondMs);
    expect(lab.actions()).toEqual(['SERVICE_TASK_START_IMPAIRED']);
  });

  it('that fails while another rolls back has nothing to go back to, and stalls', () => {
    const lab = createLab();
    const breaker = {
      deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } },
    };
    const fails = { app: { startFailure: { reason: 'CannotStartContainerError: no' } } };
    lab.define(256, 512);
    lab.serve(1, { launchType: 'FARGATE', ...breaker });
    lab.advance(5 * minuteMs);
    // The first loses its task and starts no other, the second fails, and while the first is to come
    // back the third starts.
    const first = lab.service().taskDefinition ?? '';
    const [task] = lab.tasks();
    lab.world.nature.appChanges(first, fails.app);
    lab.define(256, 512, fails);
    lab.world.ecs.updateService({ cluster: 'prod', service: 'web', taskDefinition: 'web' });
    lab.world.nature.taskExits(task?.taskArn ?? '', { exitCode: 1 });
    while (lab.service().taskDefinition !== first) lab.advance(10 * secondMs);
    expect(lab.service().deployments?.[0]?.rolloutState).toBe('IN_PROGRESS');
    lab.define(256, 512, fails);
    lab.world.ecs.updateService({ cluster: 'prod', service: 'web', taskDefinition: 'web' });
    lab.advance(3 * hourMs);
    const third = lab.service().deployments?.[0];
    expect(third).toMatchObject({ rolloutState: 'FAILED', status: 'PRIMARY' });
    const starts = lab.events.length;
    lab.advance(hourMs);
    const started = lab.events
      .slice(starts)
      .filter(({ detail }) => detail.taskDefinitionArn === third?.taskDefinition);
    expect(started).toEqual([]);
    expect([...lab.world.account.serviceDeployments.values()].at(-1)?.status).toBe(
      'ROLLBACK_FAILED',
    );
  });
});
