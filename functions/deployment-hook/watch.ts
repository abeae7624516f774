import { awsProblemOf } from '../../shared/aws/errors.ts';
import type { MetricGateway } from '../../shared/aws/metric-gateway.ts';
import { judgeAlarms, judgeMetric, withTargetGroups } from '../../shared/domain/alarms.ts';
import type { Finding } from '../../shared/domain/gate.ts';
import type { GateConfig } from '../../shared/domain/gate-config.ts';
import type { Budget } from '../../shared/http/budget.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Situation } from './observe.ts';

export type WatchDeps = { readonly metrics: MetricGateway; readonly clock: Clock };

/** Looks at the alarms and metrics that the configuration names: one finding each, none throws. */
export async function watch(
  { greenTargetGroupArn }: Pick<Situation, 'greenTargetGroupArn'>,
  config: GateConfig,
  deps: WatchDeps,
  budget: Budget,
): Promise<readonly Finding[]> {
  const [alarms, metrics] = await Promise.all([
    watchAlarms(config, deps, budget),
    watchMetrics(greenTargetGroupArn, config, deps, budget),
  ]);
  return [...alarms, ...metrics];
}

const unread = (step: string, error: unknown): Finding => {
  const { reason, detail } = awsProblemOf(error);
  return { step, verdict: 'error', reason, detail, isCritical: true };
};

async function watchAlarms(
  { alarms }: GateConfig,
  { metrics }: WatchDeps,
  { signal }: Budget,
): Promise<readonly Finding[]> {
  if (alarms.length === 0) return [];
  try {
    const states = await metrics.describeAlarms(alarms, signal);
    return [{ step: 'alarms', ...judgeAlarms(alarms, states), isCritical: true }];
  } catch (error) {
    return [unread('alarms', error)];
  }
}

async function watchMetrics(
  greenTargetGroupArn: string | undefined,
  config: GateConfig,
  { metrics, clock }: WatchDeps,
  { signal }: Budget,
): Promise<readonly Finding[]> {
  const step = (name: string): string => `metric:${name}`;
  const resolved = config.metrics.map((metric) => ({
    metric,
    dimensions: withTargetGroups(metric.dimensions, greenTargetGroupArn),
  }));
  const unknown = resolved.flatMap(({ metric, dimensions }): readonly Finding[] =>
    dimensions === undefined
      ? [
          {
            step: step(metric.name),
            verdict: 'error',
            reason: 'green-unknown',
            detail: `${metric.name}: which target group is green is not known`,
            isCritical: true,
          },
        ]
      : [],
  );
  const known = resolved.flatMap(({ metric, dimensions }) =>
    dimensions === undefined ? [] : [{ ...metric, dimensions }],
  );
  try {
    const values = await metrics.readMetrics(known, clock.nowMs(), signal);
    const judged = known.map(
      (metric, at): Finding => ({
        step: step(metric.name),
        ...judgeMetric(metric, values[at] ?? []),
        isCritical: true,
      }),
    );
    return [...unknown, ...judged];
  } catch (error) {
    return [...unknown, ...known.map(({ name }) => unread(step(name), error))];
  }
}
