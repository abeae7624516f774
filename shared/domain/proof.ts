import { type GateConfig, sampledChecks } from './gate-config.ts';

/**
 * The steps that must be found to pass before green is let through: every one is a proof, and
 * without any one of them there is none. Empty: nothing was asked for.
 */
export function requiredSteps(config: GateConfig, isGated: boolean): readonly string[] {
  const watched = [
    ...(config.alarms.length > 0 ? ['alarms'] : []),
    ...config.metrics.map(({ name }) => `metric:${name}`),
  ];
  if (!isGated || config.checks.length === 0) return watched;
  const sampled = sampledChecks(config);
  return [
    'routing',
    ...(config.targets.mustBeHealthy ? ['targets'] : []),
    ...config.checks.flatMap(({ name, isCritical }) => (isCritical ? [`check:${name}`] : [])),
    ...sampled.flatMap(({ name, isCritical }) => (isCritical ? [`comparison:${name}`] : [])),
    ...watched,
  ];
}
