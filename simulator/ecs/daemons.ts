import { ServiceError } from '../aws/errors.ts';
import { type Core, setTimer } from './core.ts';
import { iso } from './events.ts';
import type { CreateDaemon } from './inputs.ts';
import { drainInstance } from './instances.ts';
import { clusterOf } from './lookup.ts';
import type { Cluster, Daemon, Instance } from './state.ts';

const stepMs = 30_000;

/**
 * Managed daemons: deploying one replaces the provider's instances, a share of them at a time.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-daemons.html
 */
export function installDaemons(core: Core): void {
  core.on('instance-gone', ({ provider }) => {
    for (const daemon of core.state.daemons.values()) {
      if (daemon.capacityProvider === provider?.name) planBatch(core, daemon);
    }
  });
}

export function createDaemon(core: Core, input: CreateDaemon): { readonly daemonArn: string } {
  const cluster = clusterOf(core, input.cluster);
  const provider = core.state.providers.get(input.capacityProvider);
  if (provider?.kind !== 'MANAGED_INSTANCES') {
    throw new ServiceError('InvalidParameterException', 'Daemons run on managed instances only.');
  }
  const { region, accountId } = core.account;
  const daemonArn = `arn:aws:ecs:${region}:${accountId}:daemon/${cluster.name}/${input.name}`;
  const daemon: Daemon = {
    arn: daemonArn,
    name: input.name,
    cluster,
    capacityProvider: input.capacityProvider,
    drainPercent: input.drainPercent,
    deployment: undefined,
    timers: new Map(),
  };
  core.state.daemons.set(daemonArn, daemon);
  deployDaemon(core, daemon);
  return { daemonArn };
}

export function daemonOf(core: Core, cluster: Cluster, name: string): Daemon {
  for (const daemon of core.state.daemons.values()) {
    if (daemon.cluster === cluster && daemon.name === name) return daemon;
  }
  throw new ServiceError('DaemonNotFoundException', 'Daemon not found.');
}

/** Begins a deployment: what was launched before it is replaced. */
export function deployDaemon(core: Core, daemon: Daemon): string {
  const path = `${daemon.cluster.name}/${daemon.name}`;
  const { region, accountId } = core.account;
  const prefix = `arn:aws:ecs:${region}:${accountId}`;
  const arn = `${prefix}:daemon-deployment/${path}/${core.ids.word21()}`;
  const revisionArn = `${prefix}:daemon-revision/${path}/${core.ids.uuid()}`;
  daemon.deployment = { arn, revisionArn, sinceMs: core.nowMs() };
  tellDeployment(core, daemon, 'PENDING');
  setTimer(core, daemon.timers, 'batch', stepMs, () => {
    tellDeployment(core, daemon, 'IN_PROGRESS');
    nextBatch(core, daemon);
  });
  return arn;
}

function planBatch(core: Core, daemon: Daemon): void {
  if (daemon.deployment === undefined || daemon.timers.has('batch')) return;
  setTimer(core, daemon.timers, 'batch', stepMs, () => nextBatch(core, daemon));
}

function nextBatch(core: Core, daemon: Daemon): void {
  const { deployment, drainPercent, capacityProvider } = daemon;
  const provider = core.state.providers.get(capacityProvider);
  if (deployment === undefined || provider === undefined) return;
  const old = [...provider.instances].filter(
    ({ launchedAtMs }) => launchedAtMs < deployment.sinceMs,
  );
  // With 0 percent nothing is drained: the daemon comes with instances that are launched anyway.
  if (old.length === 0 || drainPercent === 0 || !core.has('daemon-replaces-instances')) {
    tellDeployment(core, daemon, 'SUCCESSFUL');
    daemon.deployment = undefined;
    return;
  }
  const countMax = Math.max(1, Math.floor((provider.instances.size * drainPercent) / 100));
  const draining = old.filter(({ view }) => view.status === 'DRAINING').length;
  const standing = old.filter(({ view }) => view.status === 'ACTIVE');
  for (const instance of standing.slice(0, Math.max(0, countMax - draining))) {
    drainInstance(core, instance, 'daemon');
  }
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-daemons-events.html */
function tellDeployment(core: Core, daemon: Daemon, status: string): void {
  const { deployment } = daemon;
  if (deployment === undefined || !core.has('daemon-events')) return;
  core.emit({
    detailType: 'ECS Daemon Deployment State Change',
    resources: [daemon.arn],
    detail: {
      eventType: 'INFO',
      eventName: `DAEMON_DEPLOYMENT_${status}`,
      clusterArn: daemon.cluster.arn,
      daemonArn: daemon.arn,
      daemonDeploymentArn: deployment.arn,
      targetDaemonRevisionArn: deployment.revisionArn,
      updatedAt: iso(core.nowMs()),
    },
  });
}

/** A daemon's task was not started on an instance. */
export function daemonTaskFails(
  core: Core,
  instance: Instance,
  daemonArn: string,
  reason: string,
): void {
  const daemon = core.state.daemons.get(daemonArn);
  if (daemon === undefined) {
    throw new ServiceError('DaemonNotFoundException', 'Daemon not found.');
  }
  if (!core.has('daemon-events')) return;
  const { region, accountId } = core.account;
  const prefix = `arn:aws:ecs:${region}:${accountId}`;
  const taskArn = `${prefix}:task/${instance.cluster.name}/${core.ids.hex32()}`;
  core.emit({
    detailType: 'ECS Daemon Service Action',
    resources: [taskArn],
    detail: {
      eventType: 'WARNING',
      eventName: 'DAEMON_TASK_START_IMPAIRED',
      clusterArn: instance.cluster.arn,
      containerInstanceArn: instance.arn,
      taskArn,
      daemonRevisionArn: `${prefix}:daemon-revision/${daemon.cluster.name}/${daemon.name}/${core.ids.uuid()}`,
      capacityProviderName: daemon.capacityProvider,
      daemonArn,
      daemonTaskDefinitionArn: `${prefix}:daemon-task-definition/${daemon.name}:1`,
      failureType: 'TASK_FAILED_TO_RUN',
      createdAt: iso(core.nowMs()),
      reason: `Task failed to reach RUNNING status: ${reason}`,
    },
  });
}
