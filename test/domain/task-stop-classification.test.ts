import { globSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classifyStop } from '../../shared/domain/stop-classification.ts';
import { type StopRule, stopRules, unknownStop } from '../../shared/domain/stop-rules.ts';
import {
  deploymentIdOf,
  familyOf,
  isServiceTask,
  revisionOf,
  subjectOf,
} from '../../shared/domain/task-identity.ts';
import type { StoppedContainer, StoppedTask } from '../../shared/domain/task-stop.ts';
import { parseEcsEvent } from '../../shared/events/ecs-event.ts';
import { standalone, stoppedContainer, stoppedTask } from '../support/stopped-tasks.ts';

const ended = 'EssentialContainerExited';
const notStarted = 'TaskFailedToStart';
const scheduler = 'ServiceSchedulerInitiated';
const user = 'UserInitiated';
const essential = 'Essential container in task exited';
const init = 'ResourceInitializationError: ';
const pullSecrets = `${init}unable to pull secrets or registry auth: `;

/** `app 137`, `app 0 OutOfMemoryError: ...`, `app - CannotPull...`: name, exit code, reason. */
const container = (text: string): StoppedContainer => {
  const [, name = '', exit = '-', reason] = /^(\S+) (\S+)(?: (.*))?$/.exec(text) ?? [];
  return stoppedContainer({ name, exitCode: exit === '-' ? undefined : Number(exit), reason });
};

type Given = readonly [
  stopCode: string | undefined,
  stoppedReason: string | undefined,
  containers: readonly string[],
];
type Line = readonly [...given: Given, wanted: string, of?: 'standalone'];

const taskOf = ([stopCode, stoppedReason, containers]: Given, of?: 'standalone'): StoppedTask =>
  stoppedTask({
    stopCode,
    stoppedReason,
    containers: containers.map(container),
    ...(of === 'standalone' ? standalone : {}),
  });

const verdict = (task: StoppedTask, rules?: readonly StopRule[]): string => {
  const stop = classifyStop(task, rules);
  const blame = stop.container === undefined ? [] : [stop.container, stop.exitCode ?? '-'];
  return [stop.rule, stop.isExpected ? 'expected' : stop.severity, ...blame].join(' ');
};

/** Stop code, stopped reason, containers → row, `expected` or the severity, who is to blame. */
const table: readonly Line[] = [
  // By itself, with an exit code.
  [ended, essential, ['app 1'], 'application-exit/exit-code warn app 1'],
  [ended, essential, ['app 2'], 'application-exit/exit-code warn app 2'],
  [ended, essential, ['app 134'], 'application-exit/exit-code warn app 134'],
  [ended, essential, ['app 255'], 'application-exit/exit-code warn app 255'],
  [ended, essential, ['app -1'], 'application-exit/exit-code warn app -1'],
  [ended, essential, ['app 143'], 'application-exit/exit-code warn app 143'],
  [ended, essential, ['app 0'], 'application-exit/service-ended warn app 0'],
  [ended, essential, ['app -'], 'application-exit/no-exit-code warn app -'],
  [ended, essential, [], 'application-exit/no-exit-code warn'],
  [ended, undefined, ['app 1'], 'application-exit/exit-code warn app 1'],
  [ended, 'Words of tomorrow', ['app 1'], 'application-exit/exit-code warn app 1'],
  [ended, essential, ['app 125'], 'runtime-error/exit-code warn app 125'],
  [ended, essential, ['app 126'], 'runtime-error/exit-code warn app 126'],
  [ended, essential, ['app 127'], 'runtime-error/exit-code warn app 127'],
  [ended, essential, ['app 139'], 'segmentation-fault/exit-code warn app 139'],
  [ended, essential, ['app 137'], 'killed/exit-code warn app 137'],
  // Old agents send no stop code.
  [undefined, essential, ['app 1'], 'application-exit/exit-code warn app 1'],
  [undefined, essential, ['app 139'], 'segmentation-fault/exit-code warn app 139'],
  [undefined, undefined, ['app 137'], 'killed/exit-code warn app 137'],
  [undefined, undefined, ['app 0'], 'application-exit/service-ended warn app 0'],
  // Standalone tasks are allowed to end.
  [ended, essential, ['app 0'], 'application-exit/done expected app 0', 'standalone'],
  [ended, essential, ['app 1'], 'application-exit/exit-code warn app 1', 'standalone'],
  [ended, essential, ['app 143'], 'application-exit/exit-code warn app 143', 'standalone'],
  [ended, essential, ['app 137'], 'killed/exit-code warn app 137', 'standalone'],
  [ended, essential, ['app -'], 'application-exit/no-exit-code warn app -', 'standalone'],
  [undefined, essential, ['app 0'], 'application-exit/done expected app 0', 'standalone'],
  [user, 'enough', ['app 137'], 'user/stop-code expected', 'standalone'],
  // Memory needs its reason.
  [ended, essential, ['app 137 OutOfMemoryError: x'], 'out-of-memory/reason warn app 137'],
  [ended, essential, ['app - OutOfMemoryError: x'], 'out-of-memory/reason warn app -'],
  [ended, 'OutOfMemoryError: x', ['app 137'], 'out-of-memory/reason warn app 137'],
  [ended, 'OutOfMemoryError: x', ['app 0'], 'out-of-memory/reason warn'],
  [
    scheduler,
    'Task failed ELB health checks in (target-group x)',
    ['app 137 OutOfMemoryError: x'],
    'out-of-memory/reason warn app 137',
  ],
  [
    scheduler,
    'Scaling activity initiated by (deployment ecs-svc/88)',
    ['app 137 OutOfMemoryError: x'],
    'scheduler-scale-in/reason expected',
  ],
  // Several containers: who explains the stop.
  [ended, essential, ['app 143', 'worker 1'], 'application-exit/exit-code warn worker 1'],
  [ended, essential, ['app 137', 'worker 1'], 'application-exit/exit-code warn worker 1'],
  [ended, essential, ['app 1', 'envoy 137'], 'application-exit/exit-code warn app 1'],
  [ended, essential, ['app 137', 'envoy 0'], 'killed/exit-code warn app 137'],
  [ended, essential, ['app 0', 'envoy 137'], 'application-exit/service-ended warn app 0'],
  [ended, essential, ['app 143', 'envoy 1'], 'application-exit/exit-code warn envoy 1'],
  [ended, essential, ['app 0', 'web 137'], 'killed/exit-code warn web 137'],
  [ended, essential, ['app 143', 'web 0'], 'application-exit/service-ended warn web 0'],
  [ended, essential, ['b 1', 'a 1'], 'application-exit/exit-code warn a 1'],
  [
    ended,
    essential,
    ['a 1', 'b - CannotStartContainerError: x'],
    'runtime-error/container warn b -',
  ],
  [ended, essential, ['a 1 Odd', 'b 137 OutOfMemoryError: x'], 'out-of-memory/reason warn b 137'],
  [
    ended,
    essential,
    ['app 0', 'datadog-agent 143'],
    'application-exit/done expected app 0',
    'standalone',
  ],
  [ended, essential, ['envoy 143'], 'application-exit/exit-code warn envoy 143'],
  [
    notStarted,
    'Task failed to start',
    ['app -', 'init 3'],
    'application-exit/exit-code warn init 3',
  ],
  // Taken down on purpose: exit codes are consequences.
  [user, 'Task stopped by user', ['app 143'], 'user/stop-code expected'],
  [user, undefined, ['app 137'], 'user/stop-code expected'],
  [user, 'ballast: surge-move 1', ['app 143'], 'ballast/reason expected'],
  [user, 'Ballast surge-move', ['app 143'], 'ballast/reason expected'],
  [user, 'ballasting by hand', ['app 143'], 'user/stop-code expected'],
  [undefined, 'Task stopped by user', ['app 143'], 'user/reason expected'],
  [
    scheduler,
    'Scaling activity initiated by (deployment ecs-svc/88)',
    ['app 143'],
    'scheduler-scale-in/reason expected',
  ],
  [
    scheduler,
    'Scaling activity initiated by (deployment ecs-svc/88)',
    ['app 1'],
    'scheduler-scale-in/reason expected',
  ],
  [
    scheduler,
    'Scaling activity initiated by (deployment ecs-svc/88)',
    ['app 139'],
    'scheduler-scale-in/reason expected',
  ],
  [
    scheduler,
    'Scaling activity initiated by (deployment ecs-svc/89)',
    ['app 143'],
    'scheduler-deployment/reason expected',
  ],
  [
    scheduler,
    'Scaling activity initiated by (taskSet ecs-svc/89)',
    ['app 143'],
    'scheduler-deployment/reason expected',
  ],
  [
    scheduler,
    'Scaling activity initiated by (deployment)',
    ['app 143'],
    'scheduler-scale-in/reason expected',
  ],
  [
    'CosmicRay',
    'Scaling activity initiated by (deployment ecs-svc/88)',
    [],
    'scheduler-scale-in/reason expected',
  ],
  [
    scheduler,
    'Availability-zone rebalancing initiated by (deployment ecs-svc/88)',
    ['app 137'],
    'scheduler-rebalancing/reason expected',
  ],
  [
    scheduler,
    'Availability Zone rebalancing initiated by (deployment x)',
    [],
    'scheduler-rebalancing/reason expected',
  ],
  [scheduler, 'Words of tomorrow', ['app 0'], 'scheduler-other/clean expected app 0'],
  [scheduler, 'Words of tomorrow', ['app 143'], 'scheduler-other/clean expected app 143'],
  [scheduler, undefined, ['app -'], 'scheduler-other/clean expected app -'],
  [scheduler, undefined, [], 'scheduler-other/clean expected'],
  [scheduler, 'Words of tomorrow', ['app 1'], 'scheduler-other/exit-code warn app 1'],
  [scheduler, 'Words of tomorrow', ['app 137'], 'scheduler-other/exit-code warn app 137'],
  // Health.
  [
    scheduler,
    'Task failed ELB health checks in (elb classic)',
    ['app 0'],
    'load-balancer-health-check/reason warn',
  ],
  [
    scheduler,
    '(port 80) is unhealthy in (target-group x)',
    ['app 143'],
    'load-balancer-health-check/target-group warn',
  ],
  [
    scheduler,
    'Task failed container health checks',
    ['app 137'],
    'container-health-check/reason warn',
  ],
  [undefined, 'Task failed container health checks', [], 'container-health-check/reason warn'],
  [scheduler, 'It failed health checks', ['app 137'], 'container-health-check/scheduler warn'],
  // The platform.
  ['SpotInterruption', 'Your Spot Task was interrupted.', ['app 143'], 'spot/stop-code info'],
  ['TerminationNotice', 'Your Spot Task was interrupted.', ['app 137'], 'spot/reason info'],
  [undefined, 'SpotInterruptionError: gone', [], 'spot/reason info'],
  ['SpotInterruption', undefined, ['app 137'], 'spot/stop-code warn', 'standalone'],
  ['TerminationNotice', 'Your Spot Task was interrupted.', [], 'spot/reason warn', 'standalone'],
  [
    'TerminationNotice',
    'Host EC2 (instance i-0a) terminated.',
    ['app -'],
    'host-gone/terminated info',
  ],
  [scheduler, 'Host EC2 (instance i-0a) stopped.', ['app 137'], 'host-gone/terminated info'],
  [user, 'Container instance deregistration forced by user', [], 'host-gone/deregistered info'],
  ['TerminationNotice', undefined, ['app 143'], 'host-gone/stop-code info'],
  [
    scheduler,
    'container instance is in DRAINING state',
    ['app 143'],
    'instance-draining/scheduler expected',
  ],
  [
    scheduler,
    'Task stopped during instance draining',
    ['app 143'],
    'instance-draining/task expected',
  ],
  [
    undefined,
    'Task stopped during instance draining',
    ['app 137'],
    'instance-draining/task warn',
    'standalone',
  ],
  ['InfrastructureHealth', undefined, ['app 137'], 'infrastructure-health/stop-code info'],
  ['InfrastructureHealth', 'x', ['app 137'], 'infrastructure-health/stop-code warn', 'standalone'],
  [
    scheduler,
    'ECS is performing maintenance on the underlying infrastructure hosting the task',
    ['app 143'],
    'maintenance/reason expected',
  ],
  [
    scheduler,
    'Service worker: ECS is performing maintenance',
    ['app 137'],
    'maintenance/reason expected',
  ],
  [
    scheduler,
    'ECS is performing maintenance',
    ['app 137'],
    'maintenance/reason warn',
    'standalone',
  ],
  // Not started.
  [notStarted, 'CannotPullContainerError: not found', ['app -'], 'image-pull/error warn'],
  [
    notStarted,
    'Task failed to start',
    ['app - CannotPullECRContainerError: x'],
    'image-pull/error warn app -',
  ],
  [ended, essential, ['app - CannotPullContainerAuthError: x'], 'image-pull/error warn app -'],
  [notStarted, 'CannotPullImageManifestError: x', [], 'image-pull/error warn'],
  [
    notStarted,
    `${pullSecrets}unable to retrieve ecr registry auth`,
    [],
    'image-pull/registry-auth warn',
  ],
  [
    notStarted,
    `${pullSecrets}unable to retrieve secret from asm`,
    [],
    'initialisation/secrets-retrieval warn',
  ],
  [
    notStarted,
    'fetching secret data from SSM Parameter Store in x',
    [],
    'initialisation/secrets warn',
  ],
  [notStarted, 'ResourceNotFoundException: the secret is gone', [], 'initialisation/secrets warn'],
  [
    notStarted,
    `${init}failed to download env files: x`,
    [],
    'initialisation/environment-file warn',
  ],
  [notStarted, `${init}failed to initialize logging driver: x`, [], 'initialisation/logs warn'],
  [
    notStarted,
    'x',
    ['app - CannotStartContainerError: failed to initialize logging driver: x'],
    'initialisation/log-driver warn app -',
  ],
  [notStarted, 'x', ['app - CannotCreateVolumeError: x'], 'initialisation/volume warn app -'],
  [
    notStarted,
    'Timeout waiting for EphemeralStorage provisioning to complete.',
    [],
    'initialisation/volume warn',
  ],
  [
    notStarted,
    `${init}failed to invoke EFS utils commands`,
    [],
    'initialisation/volume-mount warn',
  ],
  [
    notStarted,
    'Timeout waiting for network interface provisioning to complete.',
    [],
    'initialisation/network warn',
  ],
  [
    notStarted,
    'Unexpected EC2 error while attempting to Create Network Interface: UnauthorizedOperation',
    [],
    'initialisation/network warn',
  ],
  [
    notStarted,
    'Unable to attach network interface to unused device index',
    [],
    'initialisation/network warn',
  ],
  [notStarted, `${init}failed to configure ENI: x`, [], 'initialisation/network-setup warn'],
  [notStarted, 'InternalError: x', [], 'initialisation/internal warn'],
  [notStarted, `${init}Words of tomorrow`, [], 'initialisation/other warn'],
  [scheduler, `${init}Words of tomorrow`, [], 'initialisation/other warn'],
  [notStarted, 'RESOURCE:GPU', [], 'placement/resource warn'],
  [notStarted, 'TaskFailedToStart: RESOURCE:ENI', ['app -'], 'placement/resource warn'],
  [notStarted, 'TaskFailedToStart: ATTRIBUTE', [], 'placement/constraint warn'],
  [
    notStarted,
    'DistinctInstance placement constraint unsatisfied.',
    [],
    'placement/constraint warn',
  ],
  [
    notStarted,
    'The selected task definition is not compatible with the selected compute strategy',
    [],
    'placement/incompatible warn',
  ],
  [notStarted, "You've reached the limit on the number of tasks", [], 'placement/capacity warn'],
  [notStarted, 'Launch failed: InsufficientInstanceCapacity', [], 'placement/instance-launch warn'],
  [notStarted, 'Launch failed: UnfulfillableCapacity', [], 'placement/instance-launch warn'],
  [notStarted, 'Timeout while waiting for capacity', [], 'placement/capacity-timeout warn'],
  [notStarted, 'TaskFailedToStart: AGENT', [], 'agent/reason warn'],
  [
    notStarted,
    'x',
    ['app 128 CannotStartContainerError: x'],
    'runtime-error/container warn app 128',
  ],
  [notStarted, 'x', ['app - CannotCreateContainerError: x'], 'runtime-error/container warn app -'],
  [
    ended,
    essential,
    ['app 137 CannotInspectContainerError: x'],
    'runtime-error/container warn app 137',
  ],
  [ended, essential, ['app - ContainerRuntimeTimeoutError: x'], 'runtime-error/runtime warn app -'],
  [ended, essential, ['app - DockerTimeoutError: x'], 'runtime-error/runtime warn app -'],
  // In no row.
  [undefined, undefined, [], 'unknown/no-row warn'],
  [undefined, 'Words of tomorrow', ['app 0'], 'unknown/no-row warn'],
  [undefined, 'Words of tomorrow', ['app 0'], 'unknown/no-row warn', 'standalone'],
  ['CosmicRay', undefined, ['app 143'], 'unknown/no-row warn'],
  ['CosmicRay', undefined, ['app 0'], 'unknown/no-row warn', 'standalone'],
  [notStarted, 'Words of tomorrow', ['app -', 'init 0'], 'unknown/no-row warn'],
  [notStarted, 'Words of tomorrow', ['app 0'], 'unknown/no-row warn', 'standalone'],
  [notStarted, 'Not a RESOURCE:CPU at the start', [], 'unknown/no-row warn'],
];

describe('the cause of a stop', () => {
  it('is known for more than 80 combinations', () => expect(table.length).toBeGreaterThan(80));

  const cases = table.map(([code, reason, containers, wanted, of]) => ({
    title: [code ?? 'no code', reason ?? 'no reason', ...containers, of ?? 'service'].join(' | '),
    task: taskOf([code, reason, containers], of),
    wanted,
  }));
  it.each(cases.map((line) => [line.title, line] as const))('of %s', (_, { task, wanted }) =>
    expect(verdict(task)).toBe(wanted),
  );

  it('of a managed daemon is no success, because it should go on', () => {
    const daemon = stoppedTask({
      ...standalone,
      taskDefinitionArn: 'arn:aws:ecs:eu-central-1:123456789012:daemon-task-definition/agent:1',
      containers: [container('app 0')],
    });
    expect(verdict(daemon)).toBe('application-exit/service-ended warn app 0');
  });
});

describe('the detail of a stop', () => {
  it.each<readonly [Given, string]>([
    [
      [ended, essential, ['app 137 OutOfMemoryError: x']],
      'exit 137 (SIGKILL), OutOfMemoryError: x',
    ],
    [[ended, essential, ['app 1']], `exit 1, ${essential}`],
    [[ended, essential, ['app 0']], `exit 0, ${essential}`],
    [[ended, undefined, ['app 127']], 'exit 127 (command not found), EssentialContainerExited'],
    [
      [scheduler, 'Task failed container health checks', ['app 0']],
      'Task failed container health checks',
    ],
    [[user, 'enough', ['app 143 CannotStopContainerError: x']], 'exit 143 (SIGTERM), enough'],
    [[undefined, undefined, []], 'ECS gave no reason'],
  ])('%j is "%s"', (given, detail) => expect(classifyStop(taskOf(given)).detail).toBe(detail));

  it('fits on a phone', () => {
    const { detail } = classifyStop(stoppedTask({ stoppedReason: 'x'.repeat(1_000) }));
    expect(detail).toMatch(/^exit 1, x+…$/);
    expect(detail).toHaveLength(200);
  });
});

describe('the life of a task', () => {
  it('lasts from RUNNING to STOPPED', () => {
    expect(classifyStop(stoppedTask())).toMatchObject({ isStartFailure: false, livedMs: 60_000 });
  });
  it('has not begun where it never ran', () => {
    const stop = classifyStop(stoppedTask({ startedAtMs: undefined }));
    expect(stop).toMatchObject({ isStartFailure: true, livedMs: undefined });
  });
  it('is never negative, whatever the clocks say', () => {
    expect(classifyStop(stoppedTask({ startedAtMs: 5_000, stoppedAtMs: 4_000 })).livedMs).toBe(0);
  });
});

describe('whose task it was', () => {
  const arn = 'arn:aws:ecs:eu-central-1:123456789012:task-definition/report:17';
  it.each<readonly [string, Partial<StoppedTask>, string, boolean]>([
    ['a service', {}, 'service worker', true],
    ['a service, by its starter', { group: undefined }, 'family worker', true],
    ['a family', standalone, 'family report', false],
    ['a family by default', { ...standalone, group: undefined }, 'family report', false],
    ['a group of its own', { ...standalone, group: 'imports' }, 'family report', false],
    ['a group that is no name', { ...standalone, group: 'family:a#b' }, 'family report', false],
    ['another family than its own', { ...standalone, group: 'family:x' }, 'family x', false],
  ])('%s', (_, given, subject, isService) => {
    const task = stoppedTask(given);
    const { type, name } = subjectOf(task);
    expect(`${type} ${name}`).toBe(subject);
    expect(isServiceTask(task)).toBe(isService);
  });

  it('is told by deployment, revision and family', () => {
    expect(deploymentIdOf(stoppedTask())).toBe('ecs-svc/88');
    expect(deploymentIdOf(stoppedTask(standalone))).toBeUndefined();
    expect(deploymentIdOf(stoppedTask({ startedBy: undefined }))).toBeUndefined();
    expect([revisionOf(arn), familyOf(arn)]).toEqual(['report:17', 'report']);
    expect(familyOf(arn.replace(':17', ''))).toBe('report');
  });
});

const codes = [
  ended,
  notStarted,
  scheduler,
  user,
  'SpotInterruption',
  'TerminationNotice',
  'InfrastructureHealth',
  'CosmicRay',
  undefined,
];
const reasons = [...new Set(table.map(([, reason]) => reason))];
const anyText = fc.oneof(fc.constantFrom(...reasons), fc.string({ maxLength: 60 }));
const anyContainer: fc.Arbitrary<StoppedContainer> = fc.record({
  name: fc.constantFrom('app', 'web', 'envoy', 'datadog-agent', ''),
  exitCode: fc.option(fc.oneof(fc.constantFrom(0, 1, 125, 137, 139, 143), fc.integer()), {
    nil: undefined,
  }),
  reason: fc.option(fc.oneof(anyText, fc.constant('OutOfMemoryError: x')), { nil: undefined }),
  image: fc.constant(undefined),
});
const anyTask: fc.Arbitrary<StoppedTask> = fc
  .record({
    stopCode: fc.oneof(fc.constantFrom(...codes), fc.string()),
    stoppedReason: fc.option(anyText, { nil: undefined }),
    containers: fc.array(anyContainer, { maxLength: 5 }),
    group: fc.option(fc.oneof(fc.constantFrom('service:worker', 'family:x'), fc.string()), {
      nil: undefined,
    }),
    startedBy: fc.option(fc.oneof(fc.constant('ecs-svc/88'), fc.string()), { nil: undefined }),
    startedAtMs: fc.option(fc.nat(), { nil: undefined }),
    stoppedAtMs: fc.nat(),
  })
  .map(stoppedTask);

describe('any stop', () => {
  const ids = new Set([...stopRules, unknownStop].map(({ id }) => id));

  it('gets one cause, by a row that there is, and a name that can be a key', () => {
    fc.assert(
      fc.property(anyTask, (task) => {
        const stop = classifyStop(task);
        expect(ids).toContain(stop.rule);
        expect(stop.rule.startsWith(`${stop.cause}/`)).toBe(true);
        expect(stop.detail).not.toBe('');
        expect(stop.detail.length).toBeLessThanOrEqual(200);
        expect(stop.severity).not.toBe('critical');
        if (stop.isExpected) expect(stop.severity).toBe('info');
        if (stop.cause === 'unknown') expect(stop).toMatchObject({ isExpected: false });
        expect(subjectOf(task).name).toMatch(/^[\w-]+$/);
        expect(deploymentIdOf(task) ?? 'ecs-svc/1').toMatch(/^ecs-svc\/[\w-]+$/);
        expect(classifyStop(task)).toEqual(stop);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is the same in whatever order its containers are listed', () => {
    const shuffled = anyTask.chain((task) =>
      fc.tuple(
        fc.constant(task),
        fc.shuffledSubarray([...task.containers], { minLength: task.containers.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([task, containers]) => {
        expect(classifyStop({ ...task, containers })).toEqual(classifyStop(task));
      }),
      { numRuns: 2_000 },
    );
  });

  it('does not change the task that it is given', () => {
    const task = taskOf([ended, essential, ['b 1', 'a 1']]);
    classifyStop(task);
    expect(task.containers.map(({ name }) => name)).toEqual(['b', 'a']);
  });
});

/** The stopped tasks among the sample events. */
const samples = globSync('events/task-state/*.json')
  .filter((file) => !file.includes('malformed-'))
  .map((file) => parseEcsEvent(JSON.parse(readFileSync(file, 'utf8'))))
  .flatMap((event) => (event.kind === 'task-stopped' ? [event.task] : []));

/** Rows that only tell one cause in more detail: without them the cause is the same. */
const refinements = new Set([
  'initialisation/secrets-retrieval',
  'initialisation/environment-file',
  'initialisation/logs',
  'initialisation/volume-mount',
  'initialisation/network-setup',
]);

describe('the table', () => {
  it('has samples at all', () => expect(samples.length).toBeGreaterThan(70));

  it('names every row once', () => {
    const ids = stopRules.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each(stopRules.map((rule) => [rule.id, rule] as const))(
    'misses %s: a sample event changes its cause without it',
    (id, rule) => {
      const without = stopRules.filter((other) => other !== rule);
      const changed = samples.filter((task) => verdict(task) !== verdict(task, without));
      expect(changed.map((task) => classifyStop(task).rule)).toContain(id);
      if (refinements.has(id)) return;
      const causes = changed.map((task) => {
        const { cause, isExpected, severity, container: blamed } = classifyStop(task, without);
        const before = classifyStop(task);
        const same =
          cause === before.cause &&
          isExpected === before.isExpected &&
          severity === before.severity &&
          blamed === before.container;
        return same ? 'same' : 'other';
      });
      expect(causes).toContain('other');
    },
  );

  it('is explained to people, row by row', () => {
    const text = readFileSync('docs/stop-causes.md', 'utf8');
    const documented = [...text.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, cause]) => cause);
    const causes = [...new Set([...stopRules, unknownStop].map(({ cause }) => cause))];
    expect([...documented].sort()).toEqual(causes.sort());
    const rows = [...text.matchAll(/`([a-z-]+\/[a-z-]+)`/g)].map(([, id]) => id);
    expect([...new Set(rows)].sort()).toEqual(
      [...stopRules, unknownStop].map(({ id }) => id).sort(),
    );
  });
});
