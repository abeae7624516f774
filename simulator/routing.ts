import type {
  Account,
  EcsTask,
  Listener,
  ListenerAction,
  ListenerRule,
  LoadBalancer,
  RuleCondition,
} from './account.ts';
import type { Random } from './random.ts';

/** A request as a load balancer looks at it. */
export type RoutedRequest = {
  /** DNS name of the load balancer. */
  readonly address: string;
  readonly port: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Lower-case names; `host` among them. */
  readonly headers: Readonly<Record<string, string>>;
};

/** Where a request ends up. */
export type Routed =
  | { readonly kind: 'task'; readonly task: EcsTask; readonly targetGroupArn: string }
  /** The load balancer answers by itself, at once or after it has tried to reach somebody. */
  | { readonly kind: 'fixed'; readonly status: number; readonly afterMs?: number }
  /** Nobody ever answers. */
  | { readonly kind: 'silence' }
  /** Nobody of that name, or nobody who listens on that port. */
  | { readonly kind: 'unknown-name' }
  | { readonly kind: 'refused' };

/** What a load balancer answers when a target group has nobody for a request. */
const nobodyStatus = 503;
const unreachableStatus = 502;

/**
 * What comes back from a machine that is gone. An Application Load Balancer tries for ten seconds:
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
 */
const deadHost: Readonly<Record<LoadBalancer['Type'], Routed>> = {
  application: { kind: 'fixed', status: 504, afterMs: 10_000 },
  network: { kind: 'silence' },
};

/**
 * Where the load balancers of the account send a request at this moment: by listener, rules in the order
 * of their priority, weights, and the health of targets. With no healthy target all of them get requests.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
 */
export function createRouter(account: Account): (request: RoutedRequest, random: Random) => Routed {
  const taskOf = createTargetLookup(account);
  const rulesOf = createRuleLookup(account);
  return (request, random) => {
    const balancer = [...account.loadBalancers.values()].find(
      ({ DNSName }) => DNSName === request.address,
    );
    if (balancer === undefined) return { kind: 'unknown-name' };
    const listener = [...account.listeners.values()].find(
      ({ LoadBalancerArn, Port }) =>
        LoadBalancerArn === balancer.LoadBalancerArn && Port === request.port,
    );
    if (listener === undefined) return { kind: 'refused' };
    const [action] = actionsOf(rulesOf(listener), listener, request);
    // Both numbers are drawn in any case, so that one request does not shift the next.
    const [weight, place] = [random.next(), random.next()];
    const group = targetGroupOf(action, weight);
    if (group === undefined) return { kind: 'fixed', status: fixedStatusOf(action) };
    const target = targetIn(account, group, place);
    if (target === undefined) return { kind: 'fixed', status: nobodyStatus };
    const task = taskOf(target.Id, target.Port);
    if (task === undefined) return { kind: 'fixed', status: unreachableStatus };
    return account.deadInstances.has(task.containerInstanceArn ?? '')
      ? deadHost[balancer.Type]
      : { kind: 'task', task, targetGroupArn: group };
  };
}

function actionsOf(
  rules: readonly ListenerRule[],
  listener: Listener,
  request: RoutedRequest,
): readonly ListenerAction[] {
  const rule = [...rules]
    .sort((a, b) => priorityOf(a) - priorityOf(b))
    .find(({ Conditions }) => Conditions.every((condition) => holds(condition, request)));
  return rule?.Actions ?? listener.DefaultActions ?? [];
}

/** Finds the rules of a listener. An account gets rules and loses none: as many are the same ones. */
function createRuleLookup({ rules }: Account): (listener: Listener) => readonly ListenerRule[] {
  const known = new Map<string, readonly string[]>();
  let size = rules.size;
  return ({ ListenerArn }) => {
    if (size !== rules.size) known.clear();
    size = rules.size;
    const prefix = `${ListenerArn.replace(':listener/', ':listener-rule/')}/`;
    const arns =
      known.get(prefix) ??
      [...rules.values()].flatMap(({ RuleArn, IsDefault }) =>
        RuleArn.startsWith(prefix) && !IsDefault ? [RuleArn] : [],
      );
    known.set(prefix, arns);
    return arns.flatMap((arn) => rules.get(arn) ?? []);
  };
}

const priorityOf = ({ Priority }: ListenerRule): number => Number(Priority);

function holds(condition: RuleCondition, { headers, method, path }: RoutedRequest): boolean {
  const [bare = '', query = ''] = path.split('?', 2);
  const plain = condition.Values ?? [];
  const any = (patterns: readonly string[], text: string): boolean =>
    patterns.some((pattern) => isLike(pattern, text));
  switch (condition.Field) {
    case 'path-pattern':
      return any(condition.PathPatternConfig?.Values ?? plain, bare);
    case 'host-header':
      return any(condition.HostHeaderConfig?.Values ?? plain, headers.host ?? '');
    case 'http-header': {
      const value = headers[condition.HttpHeaderConfig?.HttpHeaderName.toLowerCase() ?? ''];
      return value !== undefined && any(condition.HttpHeaderConfig?.Values ?? [], value);
    }
    case 'http-request-method':
      return (condition.HttpRequestMethodConfig?.Values ?? plain).includes(method);
    case 'query-string':
      return (condition.QueryStringConfig?.Values ?? []).some(({ Key, Value }) =>
        [...new URLSearchParams(query)].some(
          ([key, value]) => (Key === undefined || Key === key) && isLike(Value, value),
        ),
      );
    case 'source-ip':
      return true;
  }
}

/** `*` is any run of characters and `?` any one; letters match in either case. */
export function isLike(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'is').test(text);
}

function targetGroupOf(action: ListenerAction | undefined, drawn: number): string | undefined {
  const groups = action?.ForwardConfig?.TargetGroups ?? [];
  if (groups.length === 0) return action?.TargetGroupArn;
  const weightOf = ({ Weight }: { Weight?: number }): number =>
    Weight ?? (groups.length === 1 ? 1 : 0);
  const total = groups.reduce((sum, group) => sum + weightOf(group), 0);
  let left = drawn * total;
  for (const group of groups) {
    left -= weightOf(group);
    if (left < 0) return group.TargetGroupArn;
  }
  return undefined;
}

const fixedStatusOf = (action: ListenerAction | undefined): number => {
  if (action?.Type === 'redirect') return Number(action.RedirectConfig?.StatusCode.slice(-3));
  return Number(action?.FixedResponseConfig?.StatusCode ?? nobodyStatus);
};

function targetIn(account: Account, targetGroupArn: string, drawn: number) {
  const targets = account.targetGroups.get(targetGroupArn)?.targets ?? [];
  const healthy = targets.filter(({ TargetHealth }) => TargetHealth.State === 'healthy');
  const able =
    healthy.length > 0
      ? healthy
      : targets.filter(({ TargetHealth }) => !TargetHealth.State.includes('draining'));
  return able[Math.floor(drawn * able.length)]?.Target;
}

/** Finds the task behind a target: by its own address, or by its instance and port. */
function createTargetLookup(account: Account) {
  const known = new Map<string, EcsTask>();
  const isThere = ({ taskArn, lastStatus }: EcsTask): boolean =>
    account.tasks.has(taskArn) && lastStatus === 'RUNNING';
  return (id: string, port: number | undefined): EcsTask | undefined => {
    const key = `${id}:${port}`;
    const found = known.get(key);
    if (found !== undefined && isThere(found)) return found;
    known.clear();
    for (const task of account.tasks.values()) {
      if (!isThere(task)) continue;
      for (const name of namesOf(account, task, port)) known.set(name, task);
    }
    return known.get(key);
  };
}

function namesOf(account: Account, task: EcsTask, port: number | undefined): readonly string[] {
  const details = (task.attachments ?? []).flatMap((attachment) => attachment.details);
  const address = details.find(({ name }) => name === 'privateIPv4Address')?.value;
  if (address !== undefined) return [`${address}:${port}`];
  const instance = account.containerInstances.get(task.containerInstanceArn ?? '');
  const bindings = (task.containers ?? []).flatMap(({ networkBindings = [] }) => networkBindings);
  return bindings.map(({ hostPort }) => `${instance?.ec2InstanceId}:${hostPort}`);
}
