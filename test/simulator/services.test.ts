import { describe, expect, it } from 'vitest';
import { deploy, hookAt } from './staged-lab.ts';
import { createLab, hourMs, minuteMs } from './world-lab.ts';

const web = { cluster: 'prod', service: 'web' } as const;

describe('a change of a service that is refused', () => {
  it.each([
    ['a definition that is not there', { taskDefinition: 'nope' }, 'task definition'],
    ['a count that is not whole', { desiredCount: 1.5 }, 'whole number'],
    [
      'a provider that is not there',
      { capacityProviderStrategy: [{ capacityProvider: 'nope' }] },
      'not found',
    ],
  ])('for %s changes nothing', (_, input, message) => {
    const lab = createLab();
    lab.define(256, 512);
    lab.serve(2, { launchType: 'FARGATE' });
    lab.advance(10 * minuteMs);
    const before = structuredClone(lab.service());
    const update = () =>
      lab.world.ecs.updateService({
        ...web,
        desiredCount: 5,
        availabilityZoneRebalancing: 'DISABLED',
        deploymentConfiguration: { minimumHealthyPercent: 50 },
        forceNewDeployment: true,
        ...input,
      });
    expect(update).toThrow(message);
    lab.advance(10 * minuteMs);
    expect(lab.service()).toEqual(before);
  });
});

describe('a service that is deleted', () => {
  it('ends its deployment, and the pause that waits in it', async () => {
    const staged = await deploy({
      hooks: [{ targetType: 'PAUSE', lifecycleStages: ['POST_SCALE_UP'] }],
    });
    await staged.minutes(5);
    const { ecs, account } = staged.lab.world;
    const { serviceDeploymentArn, lifecycleHookDetails = [] } = structuredClone(staged.run());
    ecs.deleteService({ ...web, force: true });
    await staged.minutes(5);
    const [{ hookId } = { hookId: '' }] = lifecycleHookDetails;
    expect(hookId).not.toBe('');
    expect(() => ecs.continueServiceDeployment({ serviceDeploymentArn, hookId })).toThrow(
      'terminal states',
    );
    const statuses = [...account.serviceDeployments.values()].map(({ status }) => status);
    expect(statuses).toEqual(['SUCCESSFUL', 'STOPPED']);
    expect(staged.run().lifecycleHookDetails).toEqual([]);
  });

  it('ends a rolling deployment too', () => {
    const lab = createLab();
    lab.define(256, 512);
    lab.serve(2, { launchType: 'FARGATE' });
    lab.advance(1_000);
    lab.world.ecs.deleteService({ ...web, force: true });
    const [run] = lab.world.account.serviceDeployments.values();
    expect(run?.status).toBe('STOPPED');
  });
});

describe('a rolling deployment of no tasks', () => {
  it('is not complete before its hook has passed', async () => {
    const staged = await deploy({
      variants: { 'rolling-hooks': 'pre-scale-up' },
      strategy: 'ROLLING',
      desiredCount: 0,
      hooks: [hookAt(['PRE_SCALE_UP'])],
      answer: (_, count) => (count < 10 ? { hookStatus: 'IN_PROGRESS' } : undefined),
    });
    await staged.minutes(4);
    expect(staged.run().status).toBe('IN_PROGRESS');
    await staged.minutes(4);
    expect(staged.run().status).toBe('SUCCESSFUL');
  });
});

describe('a daemon service', () => {
  it.each([
    ['is created with', 'create'],
    ['is given', 'update'],
  ])('that %s a part of a configuration keeps the bounds of daemons', (_, when) => {
    const lab = createLab();
    const deploymentConfiguration = {
      deploymentCircuitBreaker: { enable: false, rollback: false },
    };
    lab.group('m6a.large', 2);
    lab.define(256, 512, { networkMode: 'bridge' });
    lab.world.ecs.createService({
      cluster: 'prod',
      serviceName: 'web',
      taskDefinition: 'web',
      schedulingStrategy: 'DAEMON',
      launchType: 'EC2',
      ...(when === 'create' ? { deploymentConfiguration } : {}),
    });
    lab.advance(10 * minuteMs);
    lab.define(256, 512, { networkMode: 'bridge' });
    lab.world.ecs.updateService({
      ...web,
      taskDefinition: 'web',
      ...(when === 'update' ? { deploymentConfiguration } : {}),
    });
    lab.advance(hourMs);
    const { deploymentConfiguration: bounds, deployments = [] } = lab.service();
    expect(bounds).toMatchObject({ minimumHealthyPercent: 0, maximumPercent: 100 });
    expect(deployments.map(({ rolloutState }) => rolloutState)).toEqual(['COMPLETED']);
    expect(lab.service().runningCount).toBe(2);
  });
});
