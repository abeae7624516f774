import type { RestartFacts } from './alert-facts.ts';
import type { Facts, Incident, IncidentKey, Occurrence } from './incident.ts';
import type { Observation } from './incident-lifecycle.ts';
import { occurrencesMax } from './incident-occurrences.ts';
import { isGraver } from './incident-outbox.ts';
import { countRestarts, type RestartCount, type RestartSample } from './restart-count.ts';
import { primaryOf, type ServiceState } from './service-state.ts';
import { revisionOf } from './task-identity.ts';
import { stateFacts } from './task-reaction.ts';

/** Restarts in place are read once in so many minutes. */
export const restartReadMinutes = 5;
/** How far back a read looks: only a long series tells what its values mean. */
export const restartLookBackMinutes = 60;
/** Container Insights takes a while: what is younger is left to the next read. */
export const restartSettleMs = 2 * 60_000;
/** Services that one read covers, and containers of each: 500 metrics at most, which is one call. */
export const restartServicesMax = 100;
export const restartContainersMax = 4;

/** Whether the sweep of this minute reads: the clock keeps the cadence, so nothing else has to. */
export const isRestartReadDue = (nowMs: number): boolean =>
  Math.floor(nowMs / 60_000) % restartReadMinutes === 0;

/** Whether restarts in place are a part of an incident. */
export const hasRestarts = ({ occurrences }: Incident): boolean => occurrences.some(isRestart);

const isRestart = ({ facts }: Occurrence): boolean => facts?.restartsInPlace === true;

/** A service whose restarts are worth a look. */
export type RestartWatch = {
  readonly cluster: string;
  readonly service: string;
  /** Its open incidents; at least one. */
  readonly incidents: readonly Incident[];
  /** Containers that these name: most likely it is one of them that restarts. */
  readonly containers: readonly string[];
};

export type RestartPlan = {
  readonly watched: readonly RestartWatch[];
  readonly leftOut: readonly RestartWatch[];
};

/**
 * The services of open incidents, {@link restartServicesMax} at most: first those in a restart loop,
 * because only a read can see its end, then the gravest, then the newest.
 */
export function planRestartReads(open: readonly Incident[]): RestartPlan {
  const ofServices = open.filter(({ subject }) => subject.type === 'service');
  const groups = Map.groupBy(ofServices, ({ cluster, subject }) => `${cluster}/${subject.name}`);
  const ranked = [...groups]
    .map(([name, incidents]) => ({ name, incidents: incidents.sort(byNeed) }))
    .sort((a, b) => byNeed(a.incidents[0], b.incidents[0]) || (a.name < b.name ? -1 : 1))
    .flatMap(({ incidents }) => watchOf(incidents));
  return {
    watched: ranked.slice(0, restartServicesMax),
    leftOut: ranked.slice(restartServicesMax),
  };
}

function byNeed(a: Incident | undefined, b: Incident | undefined): number {
  if (a === undefined || b === undefined) return 0;
  const ofLoop = Number(hasRestarts(b)) - Number(hasRestarts(a));
  if (ofLoop !== 0) return ofLoop;
  if (a.severity !== b.severity) return isGraver(a.severity, b.severity) ? -1 : 1;
  return openedAtMsOf(b) - openedAtMsOf(a);
}

const openedAtMsOf = ({ openedAtMs, firstAtMs }: Incident): number => openedAtMs ?? firstAtMs;

function watchOf(incidents: readonly Incident[]): readonly RestartWatch[] {
  const [first] = incidents;
  if (first === undefined) return [];
  const containers = incidents
    .flatMap(({ facts, occurrences }) => [facts, ...occurrences.map((one) => one.facts ?? {})])
    .flatMap(({ container }) => (typeof container === 'string' && container ? [container] : []));
  return [
    {
      cluster: first.cluster,
      service: first.subject.name,
      incidents,
      containers: [...new Set(containers)].slice(0, restartContainersMax),
    },
  ];
}

/** What a read says of one service. */
export type RestartRead = {
  readonly samples: readonly RestartSample[];
  /** The same of single containers, where the cluster has enhanced observability. */
  readonly ofContainers: ReadonlyMap<string, readonly RestartSample[]>;
  /** From when on restarts count: the window in which a loop opens. */
  readonly sinceMs: number;
};

export type RestartVerdict = {
  readonly count: RestartCount;
  readonly key: IncidentKey;
  /** One for each restart, {@link occurrencesMax} at most, the newest. */
  readonly observations: readonly Observation[];
};

/**
 * What the restarts of a service are to its incidents; undefined where it is not known whose they are.
 *
 * A container that a policy restarts soon dies so early that ECS stops its task instead, so restarts
 * and stops are one trouble: restarts belong to the crash loop that is open, whatever its cause,
 * because nothing else says why a container restarts. Without one they are a crash loop of their own,
 * by the cause that an exit without further word has. Nobody is told of one cause twice.
 */
export function judgeRestarts(
  watch: RestartWatch,
  state: ServiceState | undefined,
  { samples, ofContainers, sinceMs }: RestartRead,
): RestartVerdict | undefined {
  const key = keyOf(watch, state);
  if (key === undefined) return undefined;
  const primary = state === undefined ? undefined : primaryOf(state);
  const own = key.deploymentId === primary?.id ? primary : undefined;
  const count = countRestarts(samples, {
    // What restarted before the deployment was there is not its doing.
    sinceMs: Math.max(sinceMs, own?.createdAtMs ?? sinceMs),
    stopsAtMs: stopsAtMsOf(watch),
  });
  const facts: Facts = {
    ...(own?.taskDefinitionArn === undefined
      ? {}
      : { firstBadRevision: revisionOf(own.taskDefinitionArn) }),
    ...stateFacts(state),
  };
  const observations = occurrencesOf(watch.service, count, (atMs) =>
    containerAt(atMs, samples, ofContainers),
  ).map((occurrence): Observation => ({ type: 'occurred', occurrence, severity: 'warn', facts }));
  return { count, key, observations };
}

function keyOf(watch: RestartWatch, state: ServiceState | undefined): IncidentKey | undefined {
  const { cluster, service, incidents } = watch;
  const subject = { type: 'service', name: service } as const;
  const isCurrent = ({ deploymentId }: Incident): boolean =>
    state === undefined ||
    deploymentId === undefined ||
    state.rollouts.some(({ id }) => id === deploymentId);
  // They come in the order of their need: one that has restarts already keeps them.
  const loops = incidents.filter(isCurrent);
  const loop =
    loops.find(({ kind }) => kind === 'crash-loop') ??
    loops.find(({ kind }) => kind === 'slow-loop');
  const primary = state === undefined ? undefined : primaryOf(state);
  if (loop === undefined && primary === undefined) return undefined;
  return {
    cluster,
    subject,
    kind: 'crash-loop',
    cause: loop?.cause ?? 'application-exit',
    deploymentId: loop === undefined ? primary?.id : loop.deploymentId,
  };
}

/** When tasks of the service are known to have stopped. */
const stopsAtMsOf = ({ incidents }: RestartWatch): readonly number[] =>
  incidents
    .flatMap(({ occurrences }) => occurrences)
    .filter((occurrence) => !isRestart(occurrence))
    .map(({ atMs }) => atMs);

/** Named after service and period: whoever reads the same period again finds them known. */
const occurrencesOf = (
  service: string,
  { restarts }: RestartCount,
  containerOf: (atMs: number) => string | undefined,
): readonly Occurrence[] =>
  restarts
    .flatMap(({ atMs, count }) => {
      const container = containerOf(atMs);
      const facts: RestartFacts = {
        restartsInPlace: true,
        ...(container === undefined ? {} : { container }),
      };
      return Array.from({ length: Math.min(count, occurrencesMax) }, (_, at) => ({
        id: `restart/${service}/${atMs}/${at}`,
        atMs,
        facts: { ...facts },
      }));
    })
    .slice(-occurrencesMax);

/** The one container that accounts for all that the service shows of a period. */
function containerAt(
  atMs: number,
  samples: readonly RestartSample[],
  ofContainers: RestartRead['ofContainers'],
): string | undefined {
  const valueIn = (series: readonly RestartSample[]): number | undefined =>
    series.find((sample) => sample.atMs === atMs)?.value;
  const value = valueIn(samples);
  const names = [...ofContainers].flatMap(([name, series]) =>
    value !== undefined && valueIn(series) === value ? [name] : [],
  );
  return names.length === 1 ? names[0] : undefined;
}
