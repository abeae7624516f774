import type { ListenerAction, ServiceDeployment } from '../account.ts';
import type { Core } from './core.ts';
import type { Deployment, Service, Staged } from './state.ts';

export type TrafficKind = 'production' | 'test';

/** Whether the service's traffic enters through a Network Load Balancer: its rules are listeners. */
export const isOnNetworkLoadBalancer = ({ view }: Service): boolean =>
  view.loadBalancers?.[0]?.advancedConfiguration?.productionListenerRule?.includes(
    ':listener/net/',
  ) ?? false;

/** Shifts traffic to green, in percent; blue gets the rest. Weights stand on the listener rules. */
export function shiftTraffic(
  core: Core,
  service: Service,
  staged: Staged,
  kind: TrafficKind,
  greenPercent: number,
): void {
  if (kind === 'production') staged.productionPercent = greenPercent;
  else staged.testPercent = greenPercent;
  writeWeights(staged.run, kind, greenPercent);
  weighTraffic(core, service, staged.green, kind, greenPercent);
}

/** Weighs a colour's target group on the rules of its service, in percent; the other gets the rest. */
export function weighTraffic(
  core: Core,
  service: Service,
  { targetGroup }: Pick<Deployment, 'targetGroup'>,
  kind: TrafficKind,
  percent: number,
): void {
  for (const balancer of service.view.loadBalancers ?? []) {
    const { targetGroupArn, advancedConfiguration: advanced } = balancer;
    const ruleArn =
      kind === 'production' ? advanced?.productionListenerRule : advanced?.testListenerRule;
    const alternate = advanced?.alternateTargetGroupArn;
    if (ruleArn === undefined || targetGroupArn === undefined || alternate === undefined) continue;
    const own = targetGroup === 0 ? targetGroupArn : alternate;
    const other = own === targetGroupArn ? alternate : targetGroupArn;
    setActions(core, ruleArn, forward(other, own, percent));
  }
}

const forward = (blue: string, green: string, greenPercent: number): ListenerAction[] => [
  {
    Type: 'forward',
    Order: 1,
    ForwardConfig: {
      TargetGroups: [
        { TargetGroupArn: blue, Weight: 100 - greenPercent },
        { TargetGroupArn: green, Weight: greenPercent },
      ],
    },
  },
];

function setActions({ account }: Core, ruleArn: string, actions: ListenerAction[]): void {
  const rule = account.rules.get(ruleArn);
  const listener = account.listeners.get(ruleArn);
  if (rule !== undefined) {
    rule.Actions = actions;
    if (!rule.IsDefault) return;
    const arn = ruleArn.replace(':listener-rule/', ':listener/').replace(/\/[^/]*$/, '');
    const parent = account.listeners.get(arn);
    if (parent !== undefined) parent.DefaultActions = actions;
  } else if (listener !== undefined) listener.DefaultActions = actions;
}

function writeWeights(run: ServiceDeployment, kind: TrafficKind, greenPercent: number): void {
  const member =
    kind === 'production' ? 'requestedProductionTrafficWeight' : 'requestedTestTrafficWeight';
  run.targetServiceRevision[member] = greenPercent;
  for (const source of run.sourceServiceRevisions) source[member] = 100 - greenPercent;
}
