import type { EcsLifecycleHook, HookStage, ServiceDeployment } from '../../simulator/account.ts';
import type { VariantChoices } from '../../simulator/behaviours.ts';
import type { AppBehaviour } from '../../simulator/ecs/inputs.ts';
import { createLab, minuteMs, startMs } from './world-lab.ts';

type Weights = {
  readonly testTrafficWeights: Readonly<Record<string, number>>;
  readonly productionTrafficWeights: Readonly<Record<string, number>>;
};

/** One call of a hook function as ECS made it; the flat form has the weights at the top. */
export type HookCall = {
  readonly atMs: number;
  readonly event: Partial<Weights> & {
    readonly executionId: string;
    readonly lifecycleStage: string;
    readonly executionDetails: Weights;
    readonly hookDetails?: unknown;
  };
};

export type StagedOptions = {
  readonly variants?: VariantChoices;
  readonly strategy?: 'BLUE_GREEN' | 'LINEAR' | 'CANARY' | 'ROLLING';
  readonly hooks?: readonly EcsLifecycleHook[];
  readonly deployment?: object;
  readonly bakeTimeInMinutes?: number;
  readonly isNetwork?: boolean;
  /** 2 by default. */
  readonly desiredCount?: number;
  readonly green?: AppBehaviour;
  readonly first?: AppBehaviour;
  /** From the first deployment to the second; an hour by default, when the first is long complete. */
  readonly secondAfterMinutes?: number;
  /** What the hook functions answer, by call; SUCCEEDED where nothing is said. */
  readonly answer?: (call: HookCall, count: number) => unknown;
};

export const functionArn = 'arn:aws:lambda:eu-central-1:123456789012:function:hook';

export const hookAt = (
  lifecycleStages: readonly HookStage[],
  more: Partial<EcsLifecycleHook> = {},
): EcsLifecycleHook => ({
  hookTargetArn: functionArn,
  lifecycleStages: [...lifecycleStages],
  ...more,
});

/** A steady service of two tasks behind a load balancer, and a deployment of a second revision. */
export async function deploy(options: StagedOptions = {}) {
  const { strategy = 'BLUE_GREEN', hooks = [], isNetwork = false } = options;
  const lab = createLab({ variants: options.variants ?? {} });
  const protocol = isNetwork ? 'TCP' : 'HTTP';
  const balancer = lab.world.aws.createLoadBalancer({
    name: 'web',
    type: isNetwork ? 'network' : 'application',
    production: { port: 80, protocol },
    test: { port: 8080, protocol },
    healthCheckIntervalSeconds: 10,
    deregistrationDelaySeconds: 5,
  });
  const calls: HookCall[] = [];
  lab.world.connectHooks(async (_, event) => {
    const call = { atMs: lab.world.nowMs(), event: event as unknown as HookCall['event'] };
    calls.push(call);
    return options.answer?.(call, calls.length) ?? { hookStatus: 'SUCCEEDED' };
  });
  lab.define(256, 512, { app: options.first ?? {} });
  const base = {
    minimumHealthyPercent: 100,
    maximumPercent: 200,
    bakeTimeInMinutes: options.bakeTimeInMinutes ?? 0,
    strategy,
    ...options.deployment,
  };
  lab.serve(options.desiredCount ?? 2, {
    launchType: 'FARGATE',
    loadBalancers: balancer.asServiceLoadBalancers('app', 80),
    deploymentConfiguration: base,
  });
  await lab.world.run(startMs + (options.secondAfterMinutes ?? 60) * minuteMs);
  const blue = lab.tasks()[0]?.taskDefinitionArn;
  lab.define(256, 512, { app: options.green ?? {} });
  lab.world.ecs.updateService({
    cluster: 'prod',
    service: 'web',
    taskDefinition: 'web',
    deploymentConfiguration: { ...base, lifecycleHooks: [...hooks] },
  });
  /** A third revision, whatever has become of the second. */
  const again = (
    app: AppBehaviour = {},
    strategy?: StagedOptions['strategy'],
    lifecycleHooks: readonly EcsLifecycleHook[] = [],
  ): void => {
    lab.define(256, 512, { app });
    lab.world.ecs.updateService({
      cluster: 'prod',
      service: 'web',
      taskDefinition: 'web',
      ...(strategy === undefined
        ? {}
        : { deploymentConfiguration: { strategy, lifecycleHooks: [...lifecycleHooks] } }),
    });
  };
  const run = (): ServiceDeployment => {
    const arn = lab.service().currentServiceDeployment ?? '';
    const deployment = lab.world.account.serviceDeployments.get(arn);
    if (deployment === undefined) throw new Error('the service has no deployment');
    return deployment;
  };
  /** Percent of production traffic that the target group of the newest revision gets. */
  const newestPercent = (): number => {
    const { serviceRevisions, rules, listeners } = lab.world.account;
    const revision = serviceRevisions.get(run().targetServiceRevision.arn);
    const own = revision?.resolvedConfiguration?.loadBalancers?.[0]?.targetGroupArn;
    const ruleArn = balancer.productionRuleArn ?? '';
    const [action] = rules.get(ruleArn)?.Actions ?? listeners.get(ruleArn)?.DefaultActions ?? [];
    const groups = action?.ForwardConfig?.TargetGroups ?? [];
    return groups.find(({ TargetGroupArn }) => TargetGroupArn === own)?.Weight ?? 0;
  };
  const deployedAtMs = lab.world.nowMs();
  const weightsOf = (ruleArn: string | undefined): string => {
    const [action] =
      lab.world.account.rules.get(ruleArn ?? '')?.Actions ??
      lab.world.account.listeners.get(ruleArn ?? '')?.DefaultActions ??
      [];
    return (action?.ForwardConfig?.TargetGroups ?? [])
      .map(({ TargetGroupArn, Weight }) => {
        const isPrimary = TargetGroupArn === balancer.targetGroupArns[0];
        return `${isPrimary ? 'primary' : 'alternate'} ${Weight}`;
      })
      .sort()
      .join(', ');
  };
  return {
    lab,
    calls,
    again,
    run,
    deployedAtMs,
    minutes: async (count: number) => lab.world.run(lab.world.nowMs() + count * minuteMs),
    newestPercent,
    production: () => weightsOf(balancer.productionRuleArn),
    test: () => weightsOf(balancer.testRuleArn),
    healthyTargets: () => {
      const [primary, alternate] = balancer.targetGroupArns.map((arn) => {
        const targets = lab.world.account.targetGroups.get(arn)?.targets ?? [];
        return targets.filter(({ TargetHealth }) => TargetHealth.State === 'healthy').length;
      });
      return { primary, alternate };
    },
    /** Whether the tasks that run are those of before. */
    isBlue: () => lab.tasks().every(({ taskDefinitionArn }) => taskDefinitionArn === blue),
    stages: () => calls.map(({ event }) => event.lifecycleStage),
    hookEvents: () =>
      lab.detailsOf('ECS Hook State Change').map(({ eventName }) => String(eventName)),
  };
}

/** Green's share in a map of weights by revision; green is the only one that is no source. */
export const greenShare = (
  weights: Readonly<Record<string, number>>,
  run: ServiceDeployment,
): number | undefined => weights[run.targetServiceRevision.arn];
