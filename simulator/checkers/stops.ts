import type { DeliveredStop, RunRecord, Signal, Stop } from '../record.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/**
 * What a stop is beyond doubt, in this checker's own few words. What is not beyond doubt is no reason
 * to ask for an alert, but may be a reason for one.
 */
export type PlainCause = 'out-of-memory' | 'exit' | 'start' | 'health-check';

export function plainCauseOf(stop: Stop): PlainCause | undefined {
  const texts = [stop.stoppedReason, ...stop.containers.map(({ reason = '' }) => reason)];
  const says = (pattern: RegExp): boolean => texts.some((text) => pattern.test(text));
  const isExit = stop.stopCode === 'EssentialContainerExited';
  if (isExit && stop.hasRun && says(/^OutOfMemory/)) return 'out-of-memory';
  if (isExit && stop.hasRun && stop.containers.length === 1) {
    const [exitCode] = stop.containers.map((container) => container.exitCode);
    return exitCode === 1 ? 'exit' : undefined;
  }
  if (!stop.hasRun && says(/^CannotPull/)) return 'start';
  const isScheduler = stop.stopCode === 'ServiceSchedulerInitiated';
  return isScheduler && says(/^Task failed (ELB|container) health checks/)
    ? 'health-check'
    : undefined;
}

/** Kinds of incidents that a cause is told as. */
export const kindsOf: Readonly<Record<PlainCause, readonly string[]>> = {
  'out-of-memory': ['crash-loop'],
  exit: ['crash-loop'],
  start: ['start-failure'],
  'health-check': ['crash-loop', 'start-failure'],
};

/** Whether somebody, or the scheduler for him, took the task down on purpose. */
export const isMeant = ({ stopCode, stoppedReason }: Stop): boolean =>
  stopCode === 'UserInitiated' ||
  (stopCode === 'ServiceSchedulerInitiated' &&
    /^Scaling activity|^Availability-zone rebalancing|draining/i.test(stoppedReason));

/** Whether a task's place went away under it: no fault of the task, and cured by its replacement. */
export const isTakenAway = ({ stopCode, stoppedReason, service }: Stop): boolean =>
  service !== undefined &&
  (/^(SpotInterruption|TerminationNotice|InfrastructureHealth)$/.test(stopCode ?? '') ||
    /^(Host EC2|Your Spot Task|Container instance deregistration)/.test(stoppedReason));

/** Three stops in ten minutes: what the stack has by default, and what every kind below opens at. */
const loop = { stops: 3, windowMs: 10 * minuteMs } as const;
/** Tries to start may be half an hour apart. */
const starting = { stops: 3, windowMs: 90 * minuteMs } as const;

/** Kinds of incidents that stops open, with what opens one at the stack's defaults. */
export const thresholds: Readonly<Record<string, { stops: number; windowMs: number }>> = {
  'crash-loop': loop,
  'start-failure': starting,
  'placement-failure': starting,
  'slow-loop': { stops: 5, windowMs: 6 * hourMs },
  'unknown-stop': { stops: 1, windowMs: 0 },
};

/** A cause that stopped enough tasks of one deployment for an incident, all within its window. */
export type Crossing = {
  readonly service: string;
  readonly cause: PlainCause;
  /** When the event arrived that made it enough. */
  readonly atMs: number;
  readonly tasks: readonly string[];
};

/** Dead letters are never read: what became one of them has not arrived. */
export function arrived(run: RunRecord, stop: DeliveredStop): readonly number[] {
  const isDead = run.deadLetters.some(({ body }) => body.includes(stop.taskArn));
  return isDead ? [] : stop.arrivalsMs;
}

type Arrived = { readonly stop: DeliveredStop; readonly arrivedMs: number };

/** Each service, deployment and cause that crossed the threshold, with the first time that it did. */
export function crossingsOf(run: RunRecord): readonly Crossing[] {
  const gone = goneIn(run);
  const known = run.stops.flatMap((stop) => {
    const cause = gone.has(stop.taskArn) ? undefined : plainCauseOf(stop);
    const { service } = stop;
    const [arrivedMs] = [...arrived(run, stop)].sort((a, b) => a - b);
    return cause === undefined || service === undefined || arrivedMs === undefined
      ? []
      : [{ stop, service, cause, arrivedMs }];
  });
  const groups = Map.groupBy(known, ({ stop, service, cause }) =>
    [service, stop.startedBy, cause].join(' '),
  );
  return [...groups.values()].flatMap((group) => {
    const crossing = firstCrossing(group);
    const [first] = group;
    if (crossing === undefined || first === undefined) return [];
    const { service, cause } = first;
    return [{ service, cause, ...crossing }];
  });
}

/**
 * Tasks whose stop task-state says to be history, because their deployment is gone. It is believed where
 * a newer one had begun by then.
 */
function goneIn(run: RunRecord): ReadonlySet<string> {
  const said = run.logs.filter(
    ({ message, fields }) => message === 'decision' && fields.reason === 'deployment-gone',
  );
  return new Set(
    said.flatMap(({ atMs, fields: { taskArn } }) => {
      const stop = run.stops.find((one) => one.taskArn === taskArn);
      return stop !== undefined && isReplaced(run, stop, atMs) ? [stop.taskArn] : [];
    }),
  );
}

/** Whether a deployment newer than a stop's own had begun by then. */
function isReplaced(run: RunRecord, stop: Stop, byMs: number): boolean {
  const { own, ofService } = deploymentsOf(run, stop);
  return (
    own !== undefined &&
    ofService.some(({ startedMs }) => startedMs > own.startedMs && startedMs <= byMs)
  );
}

/** The deployments of a stop's service, and the one that had started its task. */
function deploymentsOf({ deployments }: RunRecord, stop: Stop) {
  const ofService = deployments.filter(({ service }) => service === stop.service);
  const own = ofService.findLast(
    ({ taskDefinitionArn, startedMs }) =>
      taskDefinitionArn === stop.taskDefinitionArn && startedMs <= stop.stoppedAtMs,
  );
  return { ofService, own };
}

/** As they arrive: the first moment at which enough of those that are there lie in one window. */
function firstCrossing(group: readonly Arrived[]): Pick<Crossing, 'atMs' | 'tasks'> | undefined {
  const here: DeliveredStop[] = [];
  for (const { stop, arrivedMs } of group.toSorted((a, b) => a.arrivedMs - b.arrivedMs)) {
    here.push(stop);
    here.sort((a, b) => a.stoppedAtMs - b.stoppedAtMs);
    for (const [at, last] of here.entries()) {
      const window = here.slice(Math.max(0, at - loop.stops + 1), at + 1);
      const spanMs = last.stoppedAtMs - (window[0]?.stoppedAtMs ?? 0);
      if (window.length < loop.stops || spanMs > loop.windowMs) continue;
      return { atMs: arrivedMs, tasks: window.map(({ taskArn }) => taskArn) };
    }
  }
  return undefined;
}

/** Whether a newer deployment had taken the place of a stop's own by then, and was complete. */
export function isPast(run: RunRecord, stop: Stop, byMs: number): boolean {
  const { own, ofService } = deploymentsOf(run, stop);
  return (
    own !== undefined &&
    ofService.some(
      ({ status, startedMs, endedMs }) =>
        status === 'SUCCESSFUL' &&
        startedMs > own.startedMs &&
        endedMs !== undefined &&
        endedMs <= byMs,
    )
  );
}

/** Whether enough of a service's stops and signals lie in one window before `untilMs`. */
export function isSupported(
  { stops, signals }: Pick<RunRecord, 'stops' | 'signals'>,
  service: string,
  kind: string,
  untilMs: number,
): boolean {
  const threshold = thresholds[kind];
  if (threshold === undefined) return true;
  const times = [
    ...stops
      .filter((stop) => (stop.service ?? familyOf(stop)) === service && !isMeant(stop))
      .map(({ stoppedAtMs }) => stoppedAtMs),
    ...signals.filter((signal) => isOfKind(signal, service, kind)).map(({ atMs }) => atMs),
  ]
    .filter((atMs) => atMs <= untilMs)
    .sort((a, b) => a - b);
  return times.some((atMs, at) => {
    const first = times[at - threshold.stops + 1];
    return first !== undefined && atMs - first <= threshold.windowMs;
  });
}

const isOfKind = (signal: Signal, service: string, kind: string): boolean =>
  signal.service === service && (kind === 'start-failure' || kind === 'placement-failure');

export const familyOf = ({ taskDefinitionArn }: Stop): string =>
  taskDefinitionArn.split('/').at(-1)?.split(':')[0] ?? '?';
