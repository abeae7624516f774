import { describe, expect, it } from 'vitest';
import { classifyStop } from '../../shared/domain/stop-classification.ts';
import { parseEcsEvent } from '../../shared/events/ecs-event.ts';
import type { EventEnvelope } from '../../simulator/world.ts';
import { deploy, hookAt } from './staged-lab.ts';
import { createLab, dayMs, hourMs, type Lab, minuteMs, zoneOf } from './world-lab.ts';

/** Everything that happens to instances, services and daemons of one cluster. */
function eventful(seed: number): Lab {
  const variants = {
    'instance-event-fields': 'as-published',
    'managed-instance-ec2-events': 'sent',
  } as const;
  const lab = createLab({ seed, variants, drawsVariants: true });
  lab.managed({ types: ['m6a.large', 'r5a.large'], isSpot: true });
  lab.group('m6a.xlarge', 3);
  lab.define(512, 512, {
    container: { healthCheck: { command: ['CMD', 'true'], interval: 10 } },
    app: {
      exit: { afterMs: [minuteMs, dayMs], exitCode: 1, chance: 0.2 },
      startFailure: { reason: 'CannotStartContainerError: no', container: 'app', chance: 0.1 },
      memory: { startMiB: 100, growthMiBPerHour: 30 },
    },
  });
  lab.serve(5);
  lab.serve(4, { serviceName: 'group', launchType: 'EC2' });
  lab.serve(3, { serviceName: 'fargate', launchType: 'FARGATE' });
  lab.advance(hourMs);
  const instance = (): string =>
    lab.instances().find(({ capacityProviderName }) => capacityProviderName === 'mi')
      ?.containerInstanceArn ?? '';
  const { nature, ecs } = lab.world;
  nature.instanceDies(instance());
  lab.advance(hourMs);
  nature.spotNotice(instance());
  lab.advance(hourMs);
  nature.healthImpaired(instance(), 'DAEMON', 'Daemon task is unhealthy', hourMs);
  lab.advance(hourMs);
  nature.taskFailsHealthChecks(lab.tasks()[0]?.taskArn ?? '', 'container');
  nature.fargateMaintenance(lab.tasks('fargate')[0]?.taskArn ?? '');
  lab.advance(hourMs);
  nature.zoneOutage(zoneOf('a'), hourMs);
  lab.advance(3 * hourMs);
  const { daemonArn } = ecs.createDaemon({
    cluster: 'prod',
    name: 'logs',
    capacityProvider: 'mi',
    drainPercent: 50,
  });
  nature.daemonTaskFails(instance(), daemonArn, 'CannotPullContainerError');
  ecs.updateService({ cluster: 'prod', service: 'web', forceNewDeployment: true });
  lab.advance(2 * dayMs);
  return lab;
}

const keysOf = (events: readonly EventEnvelope[]): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    [...Map.groupBy(events, (event) => event['detail-type'])].map(([type, all]) => [
      type,
      [...new Set(all.flatMap(({ detail }) => Object.keys(detail)))].sort(),
    ]),
  );

describe('the events of an eventful cluster', () => {
  const events = [1, 2, 3, 4, 5, 6].flatMap((seed) => eventful(seed).events);

  it('are of every kind but hooks, with the published fields and no others', () => {
    const {
      'ECS Task State Change': _task,
      'ECS Container Instance State Change': instance,
      'ECS Container Instance Health Change': health,
      'ECS Service Action': action,
      'ECS Deployment State Change': deployment,
      'ECS Daemon Deployment State Change': daemonDeployment,
      'ECS Daemon Service Action': daemonAction,
      'EC2 Instance State-change Notification': machine,
      'EC2 Spot Instance Interruption Warning': spot,
      ...others
    } = keysOf(events);
    expect(others).toEqual({});
    expect(instance).toEqual([
      ...['agentConnected', 'attributes', 'clusterArn', 'containerInstanceArn', 'ec2InstanceId'],
      ...['registeredResources', 'remainingResources', 'status', 'updatedAt', 'version'],
      'versionInfo',
    ]);
    expect(health).toEqual([
      ...['capacityProviderName', 'clusterArn', 'containerInstanceArn', 'ec2InstanceId'],
      ...['healthChecks', 'overallStatus'],
    ]);
    expect(action).toEqual([
      ...['capacityProviderArns', 'clusterArn', 'createdAt', 'eventName', 'eventType', 'reason'],
    ]);
    expect(deployment).toEqual([
      ...['clusterArn', 'deploymentId', 'eventName', 'eventType', 'reason', 'updatedAt'],
    ]);
    expect(daemonDeployment).toEqual([
      ...['clusterArn', 'daemonArn', 'daemonDeploymentArn', 'eventName', 'eventType'],
      ...['targetDaemonRevisionArn', 'updatedAt'],
    ]);
    expect(daemonAction).toEqual([
      ...['capacityProviderName', 'clusterArn', 'containerInstanceArn', 'createdAt', 'daemonArn'],
      ...['daemonRevisionArn', 'daemonTaskDefinitionArn', 'eventName', 'eventType'],
      ...['failureType', 'reason', 'taskArn'],
    ]);
    expect(machine).toEqual(['instance-id', 'state']);
    expect(spot).toEqual(['instance-action', 'instance-id']);
  });

  it('are read by the parser without a complaint, and every stop has a cause', () => {
    const causes = new Map<string, number>();
    for (const event of events) {
      const parsed = parseEcsEvent(JSON.parse(JSON.stringify(event)));
      if (parsed.kind !== 'task-stopped') continue;
      const { cause, rule } = classifyStop(parsed.task);
      expect(rule, parsed.task.stoppedReason ?? '').not.toBe('unknown/no-row');
      causes.set(cause, (causes.get(cause) ?? 0) + 1);
    }
    for (const cause of [
      ...['application-exit', 'out-of-memory', 'runtime-error', 'host-gone', 'maintenance'],
      ...['container-health-check', 'scheduler-rebalancing'],
    ]) {
      expect(causes.keys()).toContain(cause);
    }
  });
});

describe('the events of hooks', () => {
  it('have the published fields and no others', async () => {
    const staged = await deploy({ hooks: [hookAt(['POST_SCALE_UP'])] });
    await staged.minutes(10);
    const events = staged.lab.events.filter(
      (event) => event['detail-type'] === 'ECS Hook State Change',
    );
    expect(keysOf(events)['ECS Hook State Change']).toEqual([
      ...['clusterArn', 'eventName', 'eventType', 'expiresAt', 'hookId', 'hookType'],
      ...['lifecycleStage', 'serviceArn', 'serviceDeploymentArn', 'updatedAt'],
    ]);
    for (const event of events) {
      expect(event.resources).toEqual([event.detail.serviceDeploymentArn]);
      expect(event.detail.updatedAt).toMatch(/\.\d{9}Z$/);
      expect(parseEcsEvent(JSON.parse(JSON.stringify(event))).kind).toMatch(/hook-state|ignored/);
    }
  });
});
