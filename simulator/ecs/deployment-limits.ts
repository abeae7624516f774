import type { EcsLifecycleHook, EcsService } from '../account.ts';
import { ServiceError } from '../aws/errors.ts';
import type { Core } from './core.ts';

type Configuration = NonNullable<EcsService['deploymentConfiguration']>;

const bakeMinutesMax = 1_440;
/** Of a hook over all its calls, by its kind, and how many of them a service has at most. */
const timeoutMinutesMax = { AWS_LAMBDA: 1_440, PAUSE: 20_160 } as const;
const hooksMax = 10;
const linearPercents = { min: 3, max: 100 } as const;
const canaryPercents = { min: 0.1, max: 100 } as const;

/** A pause cannot stand where traffic moves. */
const movesTraffic: ReadonlySet<string> = new Set([
  'TEST_TRAFFIC_SHIFT',
  'PRODUCTION_TRAFFIC_SHIFT',
]);

/**
 * Refuses a deployment configuration beyond what is documented.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/pause-lifecycle-hooks.html
 */
export function checkConfiguration(core: Core, configuration: Configuration): void {
  if (!core.has('deployment-limits')) return;
  const { lifecycleHooks = [], linearConfiguration, canaryConfiguration } = configuration;
  for (const kind of ['AWS_LAMBDA', 'PAUSE'] as const) {
    checkHooks(
      kind,
      lifecycleHooks.filter(({ targetType = 'AWS_LAMBDA' }) => targetType === kind),
    );
  }
  const { stepPercent, stepBakeTimeInMinutes } = linearConfiguration ?? {};
  const { canaryPercent, canaryBakeTimeInMinutes } = canaryConfiguration ?? {};
  const bake = { min: 0, max: bakeMinutesMax };
  checkRange('stepPercent', stepPercent, linearPercents);
  checkRange('stepBakeTimeInMinutes', stepBakeTimeInMinutes, bake);
  checkRange('canaryPercent', canaryPercent, canaryPercents);
  checkRange('canaryBakeTimeInMinutes', canaryBakeTimeInMinutes, bake);
}

function checkHooks(
  kind: keyof typeof timeoutMinutesMax,
  hooks: readonly EcsLifecycleHook[],
): void {
  if (hooks.length > hooksMax) refuse(`A service has at most ${hooksMax} ${kind} lifecycle hooks.`);
  for (const hook of hooks) {
    const { lifecycleStages = [], timeoutConfiguration } = hook;
    checkTarget(kind, hook);
    if (kind === 'PAUSE' && lifecycleStages.some((stage) => movesTraffic.has(stage))) {
      refuse('Invalid lifecycle stage provided for Pause Hook');
    }
    const { timeoutInMinutes } = timeoutConfiguration ?? {};
    checkRange('timeoutInMinutes', timeoutInMinutes, { min: 1, max: timeoutMinutesMax[kind] });
  }
}

/** A function is called, a pause is not: it has no target, no role and no details. */
function checkTarget(kind: keyof typeof timeoutMinutesMax, hook: EcsLifecycleHook): void {
  if (kind === 'AWS_LAMBDA') {
    if (hook.hookTargetArn === undefined)
      refuse('An AWS_LAMBDA lifecycle hook has a hookTargetArn.');
    return;
  }
  for (const field of ['hookTargetArn', 'roleArn', 'hookDetails'] as const) {
    if (hook[field] !== undefined) refuse(`A PAUSE lifecycle hook has no ${field}.`);
  }
}

function checkRange(
  name: string,
  value: number | undefined,
  { min, max }: { readonly min: number; readonly max: number },
): void {
  if (value === undefined || (value >= min && value <= max)) return;
  refuse(`${name} must be from ${min} to ${max}.`);
}

function refuse(message: string): never {
  throw new ServiceError('InvalidParameterException', message);
}
