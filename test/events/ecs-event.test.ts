import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  classifyDeploymentChange,
  classifyHookChange,
} from '../../shared/domain/deployment-event.ts';
import type { EventMeaning } from '../../shared/domain/event-meaning.ts';
import { classifyServiceAction } from '../../shared/domain/service-action.ts';
import { classifyStop } from '../../shared/domain/stop-classification.ts';
import { subjectOf } from '../../shared/domain/task-identity.ts';
import type { StoppedTask } from '../../shared/domain/task-stop.ts';
import { type EcsEvent, parseEcsEvent } from '../../shared/events/ecs-event.ts';
import { MalformedInput } from '../../shared/events/malformed.ts';

const folder = 'events/task-state';
const read = (file: string) => JSON.parse(readFileSync(path.join(folder, file), 'utf8'));
const parse = (file: string): EcsEvent => parseEcsEvent(read(file));

/** What each sample says, in one line. */
const told: Readonly<Record<string, string>> = {
  'action-capacity-provider-steady.json':
    'ignored action-not-followed CAPACITY_PROVIDER_STEADY_STATE',
  'action-configuration-failure.json': 'worker task-configuration -> start-failure, warn, trouble',
  'action-daemon-constraint.json':
    'node-agent daemon-constraint -> placement-failure, warn, trouble',
  'action-deployment-completed.json': 'worker deployment-completed -> no incident, info, recovery',
  'action-deployment-failed.json': 'worker deployment-failed -> rollback, warn, trouble',
  'action-desired-count.json': 'ignored action-not-followed SERVICE_DESIRED_COUNT_UPDATED',
  'action-discovery-throttled.json': 'worker discovery-throttled -> no incident, info, trouble',
  'action-discovery-unhealthy.json': 'worker discovery-unhealthy -> no incident, info, trouble',
  'action-health-unknown.json': 'worker health-unknown -> no incident, info, trouble',
  'action-lattice-unhealthy.json': 'worker lattice-unhealthy -> no incident, info, trouble',
  'action-placement-failure-ec2.json': 'search no-capacity -> placement-failure, warn, trouble',
  'action-placement-failure-fargate.json':
    'checkout no-capacity -> placement-failure, warn, trouble',
  'action-rebalancing-blocked.json': 'worker rebalancing-blocked -> no incident, info, neither',
  'action-rebalancing-completed.json': 'worker rebalancing-completed -> no incident, info, neither',
  'action-rebalancing-started.json': 'worker rebalancing-started -> no incident, info, neither',
  'action-rebalancing-stopped.json': 'worker rebalancing-stopped -> no incident, info, neither',
  'action-service-arn-in-service.json':
    'worker task-start-impaired -> start-failure, warn, trouble',
  'action-service-name.json': 'worker task-start-impaired -> start-failure, warn, trouble',
  'action-short-arn.json': 'worker task-start-impaired -> start-failure, warn, trouble',
  'action-start-impaired.json': 'worker task-start-impaired -> start-failure, warn, trouble',
  'action-steady-state.json': 'worker steady-state -> no incident, info, recovery',
  'action-throttled.json': 'worker ecs-throttled -> placement-failure, warn, trouble',
  'action-unknown-error.json': 'worker unknown-event -> no incident, info, trouble',
  'agent-disconnected.json': 'service:search agent/reason unexpected warn never-ran',
  'application-exit-containers-missing.json':
    'service:worker application-exit/no-exit-code unexpected warn',
  'application-exit-external.json':
    'service:till application-exit/exit-code unexpected warn app 134',
  'application-exit-init-container.json':
    'service:checkout application-exit/exit-code unexpected warn init 1 never-ran',
  'application-exit-service.json':
    'service:worker application-exit/exit-code unexpected warn app 1',
  'application-exit-sidecars-told-to-stop.json':
    'service:checkout application-exit/exit-code unexpected warn app 255',
  'application-exit-without-stop-code.json':
    'service:worker application-exit/exit-code unexpected warn app 2',
  'application-exit-zero-in-service.json':
    'service:worker application-exit/service-ended unexpected warn app 0',
  'ballast.json': 'service:worker ballast/reason expected info',
  'cluster-missing.json': 'service:worker application-exit/exit-code unexpected warn app 1',
  'container-health-check-other-words.json':
    'service:search container-health-check/scheduler unexpected warn',
  'container-health-check-without-code.json':
    'service:search container-health-check/reason unexpected warn',
  'container-health-check.json': 'service:worker container-health-check/reason unexpected warn',
  'daemon-task.json': 'family:node-agent application-exit/exit-code unexpected warn app 1',
  'deployment-completed.json': 'worker deployment-completed -> no incident, info, recovery',
  'deployment-failed-alarm.json': 'worker deployment-alarm -> rollback, warn, trouble',
  'deployment-failed-hook.json': 'worker lifecycle-hook -> rollback, warn, trouble',
  'deployment-failed-no-reason.json': 'worker deployment-failed -> rollback, warn, trouble',
  'deployment-failed.json': 'worker circuit-breaker -> rollback, warn, trouble',
  'deployment-in-progress.json': 'ignored deployment-not-followed SERVICE_DEPLOYMENT_IN_PROGRESS',
  'deployment-rollback-failed.json': 'worker rollback-failed -> rollback, critical, trouble',
  'deployment-rolling-back.json': 'worker circuit-breaker -> rollback, warn, trouble',
  'deployment-unknown-error.json': 'worker unknown-event -> no incident, info, trouble',
  'duplicate-again.json': 'service:worker application-exit/exit-code unexpected warn app 1',
  'duplicate-first.json': 'service:worker application-exit/exit-code unexpected warn app 1',
  'hook-awaiting-action.json':
    'checkout hook-awaiting-action -> hook-awaiting-action, warn, trouble',
  'hook-failed.json': 'checkout hook-failed -> rollback, warn, trouble',
  'hook-in-progress.json': 'ignored hook-not-followed HOOK_IN_PROGRESS',
  'hook-succeeded.json': 'ignored hook-not-followed HOOK_SUCCEEDED',
  'hook-timed-out.json': 'checkout hook-timed-out -> hook-timed-out, warn, trouble',
  'hook-unknown-error.json': 'checkout unknown-event -> no incident, info, trouble',
  'host-gone-deregistered.json': 'service:worker host-gone/deregistered unexpected info',
  'host-gone-notice.json': 'service:search host-gone/stop-code unexpected info',
  'host-gone-terminated-without-code.json': 'service:search host-gone/terminated unexpected info',
  'host-gone-terminated.json': 'service:search host-gone/terminated unexpected info',
  'image-pull-ec2-container-reason.json':
    'service:search image-pull/error unexpected warn app never-ran',
  'image-pull-fargate.json': 'service:checkout image-pull/error unexpected warn never-ran',
  'image-pull-registry-auth.json':
    'service:checkout image-pull/registry-auth unexpected warn never-ran',
  'image-pull-signed-url.json': 'service:worker image-pull/error unexpected warn never-ran',
  'infrastructure-health.json': 'service:worker infrastructure-health/stop-code unexpected info',
  'initialisation-environment-file.json':
    'service:checkout initialisation/environment-file unexpected warn never-ran',
  'initialisation-internal.json':
    'service:checkout initialisation/internal unexpected warn never-ran',
  'initialisation-logs-ec2.json':
    'service:search initialisation/log-driver unexpected warn app never-ran',
  'initialisation-logs.json': 'service:checkout initialisation/logs unexpected warn never-ran',
  'initialisation-network-eni.json':
    'service:checkout initialisation/network-setup unexpected warn never-ran',
  'initialisation-network.json':
    'service:checkout initialisation/network unexpected warn never-ran',
  'initialisation-other.json': 'service:checkout initialisation/other unexpected warn never-ran',
  'initialisation-secrets-ec2.json':
    'service:search initialisation/secrets unexpected warn never-ran',
  'initialisation-secrets-fargate.json':
    'service:checkout initialisation/secrets-retrieval unexpected warn never-ran',
  'initialisation-volume-efs.json':
    'service:checkout initialisation/volume-mount unexpected warn never-ran',
  'initialisation-volume.json':
    'service:worker initialisation/volume unexpected warn app never-ran',
  'instance-draining-service.json': 'service:worker instance-draining/scheduler expected info',
  'instance-draining-standalone.json': 'family:import instance-draining/task unexpected warn',
  'killed-fargate.json': 'service:checkout killed/exit-code unexpected warn app 137',
  'load-balancer-health-check-other-words.json':
    'service:search load-balancer-health-check/target-group unexpected warn',
  'load-balancer-health-check.json':
    'service:checkout load-balancer-health-check/reason unexpected warn',
  'maintenance-fargate.json': 'service:checkout maintenance/reason expected info',
  'maintenance-standalone.json': 'family:import maintenance/reason unexpected warn',
  'nanoseconds.json': 'service:worker application-exit/exit-code unexpected warn app 1',
  'numbers-as-text.json': 'service:checkout out-of-memory/reason unexpected warn app 137',
  'older-version.json': 'service:worker application-exit/no-exit-code unexpected warn app',
  'out-of-memory-behind-health-check.json':
    'service:search out-of-memory/reason unexpected warn app 137',
  'out-of-memory-fargate-sidecars.json':
    'service:checkout out-of-memory/reason unexpected warn app 137',
  'out-of-memory-managed-instances.json':
    'service:worker out-of-memory/reason unexpected warn app 137',
  'placement-capacity-fargate-spot.json':
    'service:thumbs placement/capacity unexpected warn never-ran',
  'placement-capacity-timeout.json':
    'service:worker placement/capacity-timeout unexpected warn never-ran',
  'placement-constraint.json': 'service:search placement/constraint unexpected warn never-ran',
  'placement-incompatible.json': 'service:worker placement/incompatible unexpected warn never-ran',
  'placement-instance-launch.json':
    'service:worker placement/instance-launch unexpected warn never-ran',
  'placement-resource.json': 'service:search placement/resource unexpected warn never-ran',
  'running.json': 'ignored task-not-stopped RUNNING',
  'runtime-error-command-not-found.json':
    'service:worker runtime-error/exit-code unexpected warn app 127',
  'runtime-error-start.json':
    'service:search runtime-error/container unexpected warn app never-ran',
  'runtime-error-timeout.json': 'service:checkout runtime-error/runtime unexpected warn app',
  'scheduler-deployment.json': 'service:worker scheduler-deployment/reason expected info',
  'scheduler-other-clean.json': 'service:worker scheduler-other/clean expected info app 143',
  'scheduler-other-exit-code.json':
    'service:worker scheduler-other/exit-code unexpected warn app 70',
  'scheduler-rebalancing.json': 'service:worker scheduler-rebalancing/reason expected info',
  'scheduler-scale-in-stop-timeout.json': 'service:search scheduler-scale-in/reason expected info',
  'scheduler-scale-in.json': 'service:checkout scheduler-scale-in/reason expected info',
  'secrets-in-overrides.json': 'service:checkout runtime-error/runtime unexpected warn app 1',
  'segmentation-fault-ec2.json':
    'service:search segmentation-fault/exit-code unexpected warn app 139',
  'spot-code-without-known-text.json': 'service:thumbs spot/stop-code unexpected info',
  'spot-fargate.json': 'service:thumbs spot/stop-code unexpected info',
  'spot-older-stop-code.json': 'service:thumbs spot/reason unexpected info',
  'spot-standalone.json': 'family:import spot/stop-code unexpected warn',
  'standalone-application-exit.json':
    'family:report-nightly application-exit/exit-code unexpected warn app 1',
  'standalone-custom-group.json': 'family:import application-exit/exit-code unexpected warn app 3',
  'standalone-success-sidecar-killed.json':
    'family:report-nightly application-exit/done expected info app 0',
  'standalone-success.json': 'family:report-nightly application-exit/done expected info app 0',
  'unknown-detail-type.json': 'ignored unknown-detail-type ECS Daemon Service Action',
  'unknown-fields.json': 'service:worker application-exit/exit-code unexpected warn app 1',
  'unknown-source.json': 'ignored unknown-source aws.ec2',
  'unknown-stop-code.json': 'service:worker unknown/no-row unexpected warn',
  'unknown-stopped-reason.json': 'service:checkout unknown/no-row unexpected warn never-ran',
  'user-own-words.json': 'service:search user/stop-code expected info',
  'user-without-code.json': 'service:search user/reason expected info',
  'user.json': 'service:till user/stop-code expected info',
};

const prefix = 'arn:aws:ecs:eu-central-1:123456789012';
const service = `${prefix}:service/prod/worker`;

const refused: Readonly<Record<string, string>> = {
  'malformed-action-no-name.json': 'event.detail.eventName: expected a value, got nothing',
  'malformed-action-no-service.json': 'event.resources: expected a service ARN, got nothing',
  'malformed-action-resources.json': 'event.resources: expected a list, got "worker"',
  'malformed-cluster-arn.json': 'event.detail.clusterArn: expected a cluster ARN, got "prod"',
  'malformed-containers.json': 'event.detail.containers: expected a list',
  'malformed-deployment-id.json':
    'event.detail.deploymentId: expected a deployment id, got "ecs-svc/1#2"',
  'malformed-deployment-service.json': `event.resources: expected a service ARN, got "${prefix}:cluster/prod"`,
  'malformed-exit-code.json':
    'event.detail.containers[0].exitCode: expected a whole number, got "one"',
  'malformed-hook-expiry.json': 'event.detail.expiresAt: expected an ISO time, got "tomorrow"',
  'malformed-no-cluster.json': 'event.detail.clusterArn: expected a value, got nothing',
  'malformed-no-detail.json': 'event.detail: expected a value, got nothing',
  'malformed-no-id.json': 'event.id: expected a value, got nothing',
  'malformed-no-source.json': 'event.source: expected a value, got nothing',
  'malformed-stopped-at.json': 'event.detail.stoppedAt: expected an ISO time, got "soon"',
  'malformed-task-arn.json': `event.detail.taskArn: expected a task ARN, got "${service}"`,
  'malformed-task-definition.json':
    'event.detail.taskDefinitionArn: expected a task definition ARN, got "worker"',
  'malformed-time.json': 'event.time: expected an ISO time, got "yesterday"',
  'malformed-version-word.json': 'event.detail.version: expected a whole number, got "seven"',
  'malformed-version.json': 'event.detail.version: expected a value, got nothing',
};

const meaning = (name: string, said: EventMeaning): string => {
  const sign = said.isTrouble ? 'trouble' : said.isRecovery ? 'recovery' : 'neither';
  return `${name} ${said.cause} -> ${said.kind ?? 'no incident'}, ${said.severity}, ${sign}`;
};

function tell(event: EcsEvent): string {
  switch (event.kind) {
    case 'task-stopped':
      return tellStop(event.task);
    case 'service-action':
      return meaning(event.action.service, classifyServiceAction(event.action));
    case 'deployment-state':
      return meaning(event.change.service, classifyDeploymentChange(event.change));
    case 'hook-state':
      return meaning(event.change.service, classifyHookChange(event.change));
    case 'ignored':
      return `ignored ${event.reason} ${event.detail}`;
  }
}

function tellStop(task: StoppedTask): string {
  const { type, name } = subjectOf(task);
  const stop = classifyStop(task);
  return [
    `${type}:${name}`,
    stop.rule,
    stop.isExpected ? 'expected' : 'unexpected',
    stop.severity,
    stop.container,
    stop.exitCode,
    stop.isStartFailure ? 'never-ran' : undefined,
  ]
    .filter((part) => part !== undefined)
    .join(' ');
}

describe('every sample event of task-state', () => {
  it.each(readdirSync(folder).sort())('%s is read as expected', (file) => {
    const sentence = refused[file];
    if (sentence !== undefined) {
      expect(() => parse(file)).toThrow(new MalformedInput(sentence));
      return;
    }
    expect(told[file], `${file} needs an expectation in this test`).toBeTypeOf('string');
    expect(tell(parse(file))).toBe(told[file]);
  });

  it('has a file for every expectation', () => {
    const expectations = [...Object.keys(told), ...Object.keys(refused)];
    expect(expectations.sort()).toEqual(readdirSync(folder).sort());
  });

  it.each(readdirSync(folder))('%s holds only made-up ids of the test account', (file) => {
    const text = readFileSync(path.join(folder, file), 'utf8');
    const accounts = [...text.matchAll(/(?<![\w-])\d{12}(?![\w-])/g)].map(([account]) => account);
    expect(new Set(accounts)).toEqual(new Set(['123456789012']));
  });

  it('covers every launch type', () => {
    const types = readdirSync(folder).flatMap((file) => {
      const event = refused[file] === undefined ? parse(file) : undefined;
      return event?.kind === 'task-stopped'
        ? [`${event.task.launchType} ${event.task.capacityProvider}`]
        : [];
    });
    expect([...new Set(types)].sort()).toEqual([
      'EC2 prod-asg',
      'EXTERNAL undefined',
      'FARGATE FARGATE',
      'FARGATE FARGATE_SPOT',
      'MANAGED_INSTANCES general',
      'QUANTUM general',
    ]);
  });
});

const taskOf = (file: string): StoppedTask => {
  const event = parse(file);
  if (event.kind !== 'task-stopped') throw new Error(`${file} is no stopped task`);
  return event.task;
};

describe('a stopped task', () => {
  it('is read with everything that is used later, and with nothing else', () => {
    const image = '123456789012.dkr.ecr.eu-central-1.amazonaws.com/worker:88';
    const { detail } = read('out-of-memory-managed-instances.json');
    expect(taskOf('out-of-memory-managed-instances.json')).toEqual({
      taskArn: detail.taskArn,
      version: 7,
      clusterArn: `${prefix}:cluster/prod`,
      group: 'service:worker',
      startedBy: detail.startedBy,
      launchType: 'MANAGED_INSTANCES',
      capacityProvider: 'general',
      zone: 'eu-central-1a',
      containerInstanceArn: detail.containerInstanceArn,
      taskDefinitionArn: `${prefix}:task-definition/worker:88`,
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
      createdAtMs: Date.parse(detail.createdAt),
      startedAtMs: Date.parse(detail.startedAt),
      stoppedAtMs: Date.parse(detail.stoppedAt),
      memoryMiB: 512,
      containers: [
        {
          name: 'app',
          exitCode: 137,
          reason: 'OutOfMemoryError: Container killed due to memory usage',
          image,
        },
      ],
    });
  });

  it.each(['secrets-in-overrides.json', 'image-pull-signed-url.json', 'user-own-words.json'])(
    'of %s keeps no secret',
    (file) => {
      expect(JSON.stringify(read(file))).toContain('do-not-keep-this');
      expect(JSON.stringify(parse(file))).not.toMatch(/do-not-keep-this|nor-this/);
    },
  );

  it('keeps the rest of a reason that held a secret', () => {
    expect(taskOf('image-pull-signed-url.json').stoppedReason).toContain('layer?[...]": dial tcp');
    expect(taskOf('user-own-words.json').stoppedReason).toBe('stuck since lunch, token=[...]');
  });

  it('has numbers where ECS writes text, and none for "null"', () => {
    const task = taskOf('numbers-as-text.json');
    expect(task.version).toBe(11);
    expect(task.containers.map(({ exitCode }) => exitCode)).toEqual([undefined, 137]);
  });

  it.each([{ toString: '' }, [512], true, 'much'])('leaves out a memory of %o', (memory) => {
    const event = read('application-exit-service.json');
    const task = parseEcsEvent({ ...event, detail: { ...event.detail, memory } });
    expect(task).toMatchObject({ task: { memoryMiB: undefined } });
  });

  it('has times to the millisecond, however exact ECS is', () => {
    expect(taskOf('nanoseconds.json').stoppedAtMs % 1000).toBe(618);
  });

  it('without a time of its end ended when the event was sent', () => {
    const event = read('application-exit-service.json');
    delete event.detail.stoppedAt;
    expect(parseEcsEvent(event)).toMatchObject({ task: { stoppedAtMs: Date.parse(event.time) } });
  });

  it('without a cluster stands in that of its ARN', () => {
    expect(taskOf('cluster-missing.json').clusterArn).toBe(`${prefix}:cluster/prod`);
  });

  it('is told from its repeats and from its past by ARN and version', () => {
    const files = ['duplicate-first.json', 'duplicate-again.json', 'older-version.json'];
    const [first, again, older] = files.map(taskOf);
    expect(again).toEqual(first);
    expect([older?.taskArn, older?.version]).toEqual([first?.taskArn, 5]);
  });

  it('names a container that the event does not name', () => {
    const event = read('application-exit-service.json');
    event.detail.containers = [{ exitCode: 1 }];
    expect(classifyStop((parseEcsEvent(event) as { task: StoppedTask }).task).container).toBe(
      'unnamed',
    );
  });

  it('has a reason of no more than 1,024 characters', () => {
    const event = read('application-exit-service.json');
    event.detail.stoppedReason = 'x'.repeat(5_000);
    expect(parseEcsEvent(event)).toMatchObject({ task: { stoppedReason: 'x'.repeat(1_024) } });
  });

  it('is read in every partition', () => {
    const text = JSON.stringify(read('application-exit-service.json'));
    const china = JSON.parse(text.replaceAll('arn:aws:', 'arn:aws-cn:'));
    expect(parseEcsEvent(china)).toMatchObject({
      task: { clusterArn: 'arn:aws-cn:ecs:eu-central-1:123456789012:cluster/prod' },
    });
  });
});

describe('the service of an event', () => {
  const files = [
    'action-start-impaired.json',
    'action-service-name.json',
    'action-service-arn-in-service.json',
    'action-short-arn.json',
  ];
  it.each(files)('is found in %s wherever it stands', (file) => {
    expect(parse(file)).toMatchObject({
      action: { service: 'worker', serviceArn: service, clusterArn: `${prefix}:cluster/prod` },
    });
  });

  it.each([
    ['deployment-failed.json', 'worker'],
    ['hook-awaiting-action.json', 'checkout'],
    ['hook-timed-out.json', 'checkout'],
  ])('is found in %s without help', (file, name) => {
    expect(parse(file)).toMatchObject({
      change: { service: name, serviceArn: `${prefix}:service/prod/${name}` },
    });
  });

  it.each(['a#b', 'a b', 'x'.repeat(300), ''])('is refused by the name of %j', (name) => {
    const event = read('action-service-name.json');
    event.detail.serviceName = name;
    expect(() => parseEcsEvent(event)).toThrow(/^event\.resources: expected a service ARN, got /);
  });

  it('needs a cluster, which a short ARN does not name', () => {
    const event = read('action-short-arn.json');
    delete event.detail.clusterArn;
    expect(() => parseEcsEvent(event)).toThrow(
      new MalformedInput('event.detail.clusterArn: expected a value, got nothing'),
    );
  });
});

describe('service actions, deployments and hooks', () => {
  it('keep what an alert says', () => {
    const hook = read('hook-awaiting-action.json').detail;
    expect(parse('hook-awaiting-action.json')).toMatchObject({
      change: {
        hookId: hook.hookId,
        hookType: 'PAUSE',
        stage: 'POST_TEST_TRAFFIC_SHIFT',
        expiresAtMs: Date.parse('2026-11-24T14:04:41Z'),
        serviceDeploymentArn: hook.serviceDeploymentArn,
        atMs: Date.parse('2026-11-23T14:04:41.618Z'),
      },
    });
    expect(parse('action-placement-failure-ec2.json')).toMatchObject({
      action: { reason: 'RESOURCE:CPU', containerInstanceArns: [expect.any(String)] },
    });
    const deployment = read('deployment-failed.json').detail;
    expect(parse('deployment-failed.json')).toMatchObject({
      change: {
        deploymentId: deployment.deploymentId,
        reason: 'ECS deployment circuit breaker: task failed to start.',
        atMs: Date.parse('2026-11-23T03:25:11Z'),
      },
    });
  });

  it.each([
    ['action-start-impaired.json', 'createdAt'],
    ['deployment-failed.json', 'updatedAt'],
    ['hook-failed.json', 'updatedAt'],
  ])('of %s without %s happened when the event was sent', (file, key) => {
    const event = read(file);
    delete event.detail[key];
    const atMs = Date.parse(event.time);
    expect(parseEcsEvent(event)).toMatchObject({
      [file.startsWith('action') ? 'action' : 'change']: { atMs },
    });
  });

  it('have an id that tells a repeat', () => {
    const files = ['action-start-impaired.json', 'deployment-failed.json', 'hook-failed.json'];
    for (const file of files) {
      const event = parse(file);
      const { eventId } =
        event.kind === 'service-action'
          ? event.action
          : (event as { change: { eventId: string } }).change;
      expect(eventId).toBe(read(file).id);
    }
  });
});

describe('any event', () => {
  const samples = readdirSync(folder).map(read);

  it('is read or refused by MalformedInput, whatever is broken in it', () => {
    const cut = fc.tuple(fc.constantFrom(...samples), fc.nat(60), fc.jsonValue());
    fc.assert(
      fc.property(cut, ([sample, at, value]) => {
        const event = structuredClone(sample);
        const places = [event, event.detail ?? {}, event.detail?.containers?.[0] ?? {}].flatMap(
          (holder: object) => Object.keys(holder).map((key) => [holder, key] as const),
        );
        const [holder, key] = places[at % places.length] ?? [event, 'detail'];
        Reflect.set(holder, key, value);
        try {
          tell(parseEcsEvent(event));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedInput);
          expect(String(error)).toMatch(/^MalformedInput: event[.:]/);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([undefined, null, 7, 'event', [], {}])('is more than %j', (value) => {
    expect(() => parseEcsEvent(value)).toThrow(MalformedInput);
  });

  it('of a name that every object has is unknown', () => {
    const event = { source: 'aws.ecs', 'detail-type': 'constructor' };
    expect(parseEcsEvent(event)).toMatchObject({ kind: 'ignored', reason: 'unknown-detail-type' });
  });
});
