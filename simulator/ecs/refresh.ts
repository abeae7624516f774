import type { Ec2EventWindow } from '../account.ts';
import { type Core, cancelTimer, setTimer } from './core.ts';
import { deregisterInstance, drainInstance, forcedStopCode } from './instances.ts';
import type { Instance } from './state.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const drainAfterMs = 14 * dayMs;
const endAfterMs = 21 * dayMs;
/** By one of two pages, a drain that ECS began ends after seven days, whatever is left. */
const drainMsMax = 7 * dayMs;

/**
 * The life of a managed instance: drained 14 days after its launch, gone after 21.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instances-patching.html
 */
export function installRefresh(core: Core): void {
  core.on('instance-registered', (instance) => {
    if (instance.kind !== 'MANAGED_INSTANCES') return;
    const drainInMs = drainAtMs(core, instance) - core.nowMs();
    if (core.has('drain-at-day-14')) {
      setTimer(core, instance.timers, 'refresh', Math.max(0, drainInMs), () =>
        drainInstance(core, instance, 'refresh'),
      );
    }
    if (core.has('end-at-day-21')) {
      const endInMs = instance.launchedAtMs + endAfterMs - core.nowMs();
      setTimer(core, instance.timers, 'end', endInMs, () => force(core, instance));
    }
  });
  core.on('instance-changed', (instance) => {
    const { drain, kind, timers, view } = instance;
    // A drain that was taken back has no deadline; the next has its own.
    if (view.status === 'ACTIVE') cancelTimer(timers, 'deadline');
    if (kind !== 'MANAGED_INSTANCES' || view.status !== 'DRAINING') return;
    if (drain === undefined || drain.cause === 'user' || timers.has('deadline')) return;
    if (core.variant('drain-deadline') !== 'seven-days-later') return;
    setTimer(core, timers, 'deadline', drainMsMax, () => {
      if (instance.view.status === 'DRAINING') force(core, instance);
    });
  });
}

/** Texts of the end by force; what AWS writes is not documented, but for Batch. */
function force(core: Core, instance: Instance): void {
  const reasons: Readonly<Record<string, string>> = {
    draining: 'Task stopped during instance draining',
    deregistration: 'Container instance deregistration forced by user',
  };
  const reason = reasons[core.variant('end-stop-reason')] ?? '';
  deregisterInstance(core, instance, { code: forcedStopCode(core), reason });
}

/** The windows of its launch count; a later change does not touch it. */
function drainAtMs(core: Core, instance: Instance): number {
  const latestMs = instance.launchedAtMs + drainAfterMs;
  if (!core.has('event-window-drains-earlier')) return latestMs;
  const windows = [...core.account.eventWindows.values()].filter((window) =>
    concerns(core, window, instance),
  );
  const starts = windows.flatMap((window) => windowStarts(window, instance.launchedAtMs, latestMs));
  if (starts.length === 0) return latestMs;
  const sorted = starts.sort((a, b) => a - b);
  const chosen =
    core.variant('event-window-choice') === 'first-of-last-week'
      ? sorted.find((atMs) => atMs >= latestMs - 7 * dayMs)
      : sorted.at(-1);
  return chosen ?? latestMs;
}

function concerns(core: Core, { AssociationTarget }: Ec2EventWindow, instance: Instance): boolean {
  const { InstanceIds = [], Tags = [] } = AssociationTarget ?? {};
  const own = core.account.ec2Instances.get(instance.ec2InstanceId)?.Tags ?? [];
  return (
    InstanceIds.includes(instance.ec2InstanceId) ||
    Tags.some(({ Key, Value }) => own.some((tag) => tag.Key === Key && tag.Value === Value))
  );
}

const weekDays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** When a window opens between two times, UTC. */
export function windowStarts(
  { TimeRanges = [] }: Pick<Ec2EventWindow, 'TimeRanges'>,
  fromMs: number,
  toMs: number,
): number[] {
  const starts: number[] = [];
  for (let dayMsAt = Math.floor(fromMs / dayMs) * dayMs; dayMsAt <= toMs; dayMsAt += dayMs) {
    const weekDay = weekDays[new Date(dayMsAt).getUTCDay()];
    for (const { StartWeekDay, StartHour } of TimeRanges) {
      const atMs = dayMsAt + StartHour * hourMs;
      const isIn = atMs > fromMs && atMs <= toMs;
      if (StartWeekDay.toLowerCase() === weekDay && isIn) starts.push(atMs);
    }
  }
  return starts;
}
