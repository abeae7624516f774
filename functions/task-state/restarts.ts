import { awsProblemOf } from '../../shared/aws/errors.ts';
import type { MetricQuery, MetricSample } from '../../shared/aws/metric-reader.ts';
import type { Incident } from '../../shared/domain/incident.ts';
import { restartPeriodMs } from '../../shared/domain/restart-count.ts';
import {
  isRestartReadDue,
  judgeRestarts,
  planRestartReads,
  type RestartVerdict,
  type RestartWatch,
  restartLookBackMinutes,
  restartReadMinutes,
  restartSettleMs,
} from '../../shared/domain/restart-loop.ts';
import type { ServiceState } from '../../shared/domain/service-state.ts';
import { isOptedOut } from './batch.ts';
import type { Config } from './config.ts';
import type { Deps } from './handler.ts';
import { applyAll } from './react.ts';

/** The service of an incident, as a key; undefined for what is about no service. */
export const serviceKeyOf = ({ cluster, subject }: Incident): string | undefined =>
  subject.type === 'service' ? `${cluster}/${subject.name}` : undefined;

/** Services as ECS sees them now, by their key; absent where that could not be read. */
export type ServiceStates = ReadonlyMap<string, ServiceState | 'missing'>;

/** The services that were looked at, by their key, and what kept others from being noted. */
export type RestartLook = {
  readonly seen: ReadonlySet<string>;
  readonly failures: readonly unknown[];
};

/** Names in a log line at most. */
const loggedNamesMax = 20;

/**
 * Looks for containers that a restart policy restarts: ECS tells nobody of them, but Container
 * Insights counts them. Only services with open incidents, only once in five minutes, and with one
 * GetMetricData. What cannot be read is none of those that were looked at.
 */
export async function lookForRestarts(
  open: readonly Incident[],
  states: ServiceStates,
  deps: Deps,
): Promise<RestartLook> {
  const { clock, config, log } = deps;
  const seen = new Set<string>();
  const failures: unknown[] = [];
  const nowMs = clock.nowMs();
  if (!isRestartReadDue(nowMs)) return { seen, failures };
  const { watched, leftOut } = planRestartReads(
    open.filter(
      (incident) =>
        config.clusterArns.some((arn) => arn.endsWith(`/${incident.cluster}`)) &&
        isLookedAt(states.get(serviceKeyOf(incident) ?? '')),
    ),
  );
  if (leftOut.length > 0) {
    const services = leftOut.slice(0, loggedNamesMax).map(({ service }) => service);
    log.warn('restarts-left-out', { count: leftOut.length, services });
  }
  const endMs = Math.floor((nowMs - restartSettleMs) / restartPeriodMs) * restartPeriodMs;
  const reads = await readRestarts(watched, endMs, deps);
  for (const { watch, samples, ofContainers } of reads) {
    const { cluster, service } = watch;
    const state = states.get(`${cluster}/${service}`);
    try {
      const verdict = judgeRestarts(watch, state === 'missing' ? undefined : state, {
        samples,
        ofContainers,
        sinceMs: endMs - countedMinutes(config) * 60_000,
      });
      if (verdict !== undefined) await note(watch, verdict, deps);
      seen.add(`${cluster}/${service}`);
    } catch (error) {
      log.error('item-failed', { cluster, service, ...awsProblemOf(error), error });
      failures.push(error);
    }
  }
  return { seen, failures };
}

async function note(
  { cluster, service }: RestartWatch,
  { count: found, key, observations }: RestartVerdict,
  deps: Deps,
): Promise<void> {
  const { reason, count, perPeriod, cumulative } = found;
  const level = reason === 'no-restart-metric' ? 'debug' : 'info';
  deps.log[level]('restarts', { cluster, service, reason, count, perPeriod, cumulative });
  if (count > 0) await applyAll(key, observations, deps);
}

/** Whether a service is to be looked at: it is neither gone nor opted out, as far as is known. */
export const isLookedAt = (state: ServiceState | 'missing' | undefined): boolean =>
  state !== 'missing' && !isOptedOut(state);

/** The window in which a crash loop opens; two reads at least, so that one that fails loses nothing. */
const countedMinutes = ({ crashLoopMinutes }: Config): number =>
  Math.max(crashLoopMinutes, 2 * restartReadMinutes);

type Read = {
  readonly watch: RestartWatch;
  readonly samples: readonly MetricSample[];
  readonly ofContainers: ReadonlyMap<string, readonly MetricSample[]>;
};

async function readRestarts(
  watched: readonly RestartWatch[],
  endMs: number,
  { metrics, log }: Deps,
): Promise<readonly Read[]> {
  const asked = watched.flatMap((watch) =>
    [undefined, ...watch.containers].map((container) => ({ watch, container })),
  );
  if (asked.length === 0) return [];
  try {
    const answers = await metrics.readSamples(asked.map(queryOf), endMs);
    const answered = asked.map((one, at) => ({ ...one, samples: answers[at] ?? [] }));
    return [...Map.groupBy(answered, ({ watch }) => watch)].map(([watch, group]) => ({
      watch,
      samples: group.find(({ container }) => container === undefined)?.samples ?? [],
      ofContainers: new Map(
        group.flatMap(({ container, samples }) =>
          container === undefined ? [] : [[container, samples] as const],
        ),
      ),
    }));
  } catch (error) {
    log.warn('side-read-failed', { what: 'restarts', ...awsProblemOf(error) });
    return [];
  }
}

/**
 * `RestartCount` of a service needs Container Insights, that of a container enhanced observability.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html
 */
const queryOf = ({
  watch: { cluster, service },
  container,
}: {
  readonly watch: RestartWatch;
  readonly container: string | undefined;
}): MetricQuery => ({
  namespace: 'ECS/ContainerInsights',
  metricName: 'RestartCount',
  dimensions: {
    ClusterName: cluster,
    ServiceName: service,
    ...(container === undefined ? {} : { ContainerName: container }),
  },
  stat: 'Sum',
  periodSeconds: restartPeriodMs / 1_000,
  windowMinutes: restartLookBackMinutes,
});
