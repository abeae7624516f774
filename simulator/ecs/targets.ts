import type { TargetGroup, TargetHealth, TargetState } from '../account.ts';
import type { Core } from './core.ts';
import { noteServiceEvent } from './events.ts';
import type { Registration, Task } from './state.ts';

/** Defaults of a target group, as Elastic Load Balancing has them. */
export const healthCheckDefaults = {
  intervalSeconds: 30,
  healthyThreshold: 5,
  unhealthyThreshold: 2,
  deregistrationDelaySeconds: 300,
} as const;

/** How long a target without requests in flight drains. */
const idleDrainSeconds = 15;

/** Target groups that a task registers with: of its deployment's colour, one a load balancer. */
export function targetGroupsOf({ account }: Pick<Core, 'account'>, task: Task): TargetGroup[] {
  const index = task.deployment?.targetGroup ?? 0;
  return (task.service?.view.loadBalancers ?? []).flatMap((balancer) => {
    const { targetGroupArn, advancedConfiguration } = balancer;
    const arn = index === 0 ? targetGroupArn : advancedConfiguration?.alternateTargetGroupArn;
    const group = arn === undefined ? undefined : account.targetGroups.get(arn);
    return group === undefined ? [] : [group];
  });
}

/** What a target group knows a task by: its address, or its instance and port on the host. */
function targetOf(task: Task): TargetHealth['Target'] {
  const port = task.service?.view.loadBalancers?.[0]?.containerPort ?? 80;
  const { attachments = [], availabilityZone: zone, containers = [] } = task.view;
  const details = attachments.flatMap((attachment) => attachment.details);
  const address = details.find(({ name }) => name === 'privateIPv4Address')?.value;
  const where = zone === undefined ? {} : { AvailabilityZone: zone };
  if (address !== undefined) return { Id: address, Port: port, ...where };
  const binding = containers.flatMap(({ networkBindings = [] }) => networkBindings)[0];
  const { instance } = task;
  return { Id: instance?.ec2InstanceId ?? task.id, Port: binding?.hostPort ?? port, ...where };
}

/** Registers a task with its target groups, if it has any. */
export function registerTargets(core: Core, task: Task): void {
  const groups = targetGroupsOf(core, task);
  if (groups.length === 0) return;
  const Target = targetOf(task);
  task.targetHealth = 'initial';
  task.targets = groups.map((group) => {
    const entry: TargetHealth = {
      Target,
      HealthCheckPort: String(Target.Port),
      TargetHealth: { State: 'initial', Reason: 'Elb.InitialHealthChecking' },
    };
    group.targets.push(entry);
    return { group, entry };
  });
  noteTargets(core, task, 'registered');
}

/** Writes what the health checks of the task's target groups have come to. */
export function setTargetState(task: Task, State: TargetState): void {
  const Reason = reasons[State];
  for (const { entry } of task.targets) {
    entry.TargetHealth = { State, ...(Reason === undefined ? {} : { Reason }) };
  }
}

const reasons: Partial<Record<TargetState, string>> = {
  unhealthy: 'Target.FailedHealthChecks',
  draining: 'Target.DeregistrationInProgress',
};

/** Takes a task out of its target groups: it drains first. Returns for how long, in ms. */
export function deregisterTargets(core: Core, task: Task): number {
  const { targets } = task;
  if (targets.length === 0) return 0;
  setTargetState(task, 'draining');
  noteTargets(core, task, 'deregistered');
  task.targetHealth = undefined;
  task.targets = [];
  const delayMs = Math.max(...targets.map(({ group }) => drainMs(core, group)));
  core.after(delayMs, () => remove(targets));
  return delayMs;
}

/** A target that is gone with its machine does not drain. */
export function dropTargets(task: Task): void {
  remove(task.targets);
  task.targetHealth = undefined;
  task.targets = [];
}

function remove(targets: readonly Registration[]): void {
  for (const { group, entry } of targets) {
    group.targets = group.targets.filter((other) => other !== entry);
  }
}

function drainMs(core: Core, group: TargetGroup): number {
  if (!core.has('target-drains-first')) return 0;
  const seconds =
    group.deregistrationDelaySeconds ?? healthCheckDefaults.deregistrationDelaySeconds;
  // Without requests in flight a target may leave earlier; whether ECS waits anyway is not said.
  const leavesEarly = core.variant('target-drain-length') === 'until-idle';
  return (leavesEarly ? Math.min(seconds, idleDrainSeconds) : seconds) * 1_000;
}

function noteTargets(core: Core, { service, targets }: Task, verb: string): void {
  if (service === undefined) return;
  for (const { group } of targets) {
    const where = `(target-group ${group.TargetGroupArn})`;
    noteServiceEvent(core, service, `(service ${service.name}) ${verb} 1 targets in ${where}`);
  }
}
