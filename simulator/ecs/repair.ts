import type { Timer } from '../event-queue.ts';
import { type Core, cancelTimer, setTimer } from './core.ts';
import { instanceHealthChange } from './events.ts';
import { drainInstance } from './instances.ts';
import { instanceChanged, roomGrew } from './room.ts';
import type { Instance, Provider } from './state.ts';

const minuteMs = 60_000;
/** How long an agent may be silent before it counts as impaired is not documented. */
const silenceMs: Readonly<Record<string, number>> = {
  '5min': 5 * minuteMs,
  '15min': 15 * minuteMs,
};

export type HealthCheck =
  | 'CONTAINER_RUNTIME'
  | 'ACCELERATED_COMPUTE'
  | 'DAEMON'
  | 'AGENT_CONNECTIVITY';

/** Checks by kind of instance; ECS Anywhere is not listed. */
const checksOf: Readonly<Record<Instance['kind'], readonly HealthCheck[]>> = {
  MANAGED_INSTANCES: ['AGENT_CONNECTIVITY'],
  EC2: ['CONTAINER_RUNTIME', 'AGENT_CONNECTIVITY'],
  EXTERNAL: [],
};

/**
 * Health of instances, and the repair of managed ones.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instances-gpu-auto-repair.html
 */
export function installRepair(core: Core): void {
  const retries = new Map<Provider, Timer>();
  core.on('instance-registered', ({ view, kind }) => {
    view.healthStatus = {
      overallStatus: 'OK',
      details: checksOf[kind].map((type) => ({ type, status: 'OK' })),
    };
  });
  core.on('instance-impaired', (instance) => repair(core, instance));
  // When a drain ends, the next impaired instance may be drained.
  core.on('instance-gone', ({ provider }) => {
    if (provider?.kind !== 'MANAGED_INSTANCES') return;
    retries.get(provider)?.cancel();
    retries.set(
      provider,
      core.after(0, () => {
        for (const instance of provider.instances) {
          if (instance.view.healthStatus?.overallStatus === 'IMPAIRED') repair(core, instance);
        }
      }),
    );
  });
}

const severity = ['OK', 'INITIALIZING', 'INSUFFICIENT_DATA', 'IMPAIRED'];

/** The most severe of the checks' states. */
export const overallOf = (statuses: readonly string[]): string =>
  severity[Math.max(0, ...statuses.map((status) => severity.indexOf(status)))] ?? 'OK';

/** Writes what a health check has come to, and tells of it when that changes. */
export function setInstanceHealth(
  core: Core,
  instance: Instance,
  type: HealthCheck,
  status: 'OK' | 'IMPAIRED',
  statusReason?: string,
): void {
  const { details = [] } = instance.view.healthStatus ?? {};
  const known = details.find((detail) => detail.type === type);
  if (known?.status === status || (known === undefined && status === 'OK')) return;
  const detail = { type, status, ...(statusReason === undefined ? {} : { statusReason }) };
  const next = [...details.filter((other) => other !== known), detail];
  const statuses = next.map((other) => other.status);
  instance.view.healthStatus = {
    overallStatus: core.has('overall-health-worst') ? overallOf(statuses) : status,
    details: next,
  };
  if (core.has('instance-health-event')) core.emit(instanceHealthChange(core, instance, detail));
  if (status === 'IMPAIRED') core.signal('instance-impaired', instance);
}

/** At most a fifth of a provider's instances drain at a time, one where it has fewer than nine. */
export const drainsMax = (instances: number): number =>
  instances < 9 ? 1 : Math.floor(instances * 0.2);

function repair(core: Core, instance: Instance): void {
  const { provider, view } = instance;
  if (provider?.kind !== 'MANAGED_INSTANCES' || view.status !== 'ACTIVE') return;
  const { actionsStatus = 'ENABLED' } =
    provider.view.managedInstancesProvider?.autoRepairConfiguration ?? {};
  if (actionsStatus === 'DISABLED' || !core.has('auto-repair')) return;
  const draining = [...provider.instances].filter((other) => other.view.status === 'DRAINING');
  const isFull = draining.length >= drainsMax(provider.instances.size);
  if (isFull && core.has('auto-repair-limit')) return;
  drainInstance(core, instance, 'repair');
}

/** The agent is not heard of: no event of health until it has been silent for long. */
export function disconnectAgent(core: Core, instance: Instance, forMs: number): void {
  const { view, timers, isDead } = instance;
  if (!view.agentConnected || isDead) return;
  view.agentConnected = false;
  instanceChanged(core, instance);
  const since = new Date(core.nowMs()).toISOString();
  const limitMs = silenceMs[core.variant('agent-silence')];
  if (limitMs !== undefined && limitMs < forMs) {
    setTimer(core, timers, 'silence', limitMs, () =>
      setInstanceHealth(
        core,
        instance,
        'AGENT_CONNECTIVITY',
        'IMPAIRED',
        `Agent disconnected since ${since}`,
      ),
    );
  }
  setTimer(core, timers, 'agent', forMs, () => {
    cancelTimer(timers, 'silence');
    if (instance.isDead || view.status === 'INACTIVE') return;
    view.agentConnected = true;
    roomGrew(instance);
    instanceChanged(core, instance);
    setInstanceHealth(core, instance, 'AGENT_CONNECTIVITY', 'OK');
    core.signal('capacity-changed', instance.provider);
  });
}
