import type { Endpoint } from './endpoint.ts';
import { valueIn } from './record.ts';

/** What a listener rule asks of a request, in our words; see `shared/aws` for how ELB says it. */
export type RuleCondition =
  | { readonly kind: 'path'; readonly patterns: readonly string[] }
  | { readonly kind: 'host'; readonly patterns: readonly string[] }
  | { readonly kind: 'header'; readonly name: string; readonly patterns: readonly string[] }
  | {
      readonly kind: 'query';
      readonly pairs: readonly { readonly key?: string; readonly pattern: string }[];
    }
  | { readonly kind: 'method'; readonly methods: readonly string[] }
  | { readonly kind: 'source-ip'; readonly ranges: readonly string[] }
  /** A field, or a regular expression, for which no literal can be made. */
  | { readonly kind: 'other'; readonly field: string };

export type WeightedTargetGroup = { readonly targetGroupArn: string; readonly weight: number };

/** A rule of an Application Load Balancer, or the default action of a listener. */
export type ListenerRule = {
  /** The lowest that matches takes the request; undefined for the default action, which comes last. */
  readonly priority: number | undefined;
  readonly conditions: readonly RuleCondition[];
  readonly targetGroups: readonly WeightedTargetGroup[];
};

/** Where a listener listens. `protocol` is ELB's own word: HTTP, HTTPS, TCP, TLS, UDP, ... */
export type Listener = {
  readonly protocol: string;
  readonly port: number;
  readonly dnsName: string;
  readonly kind: 'application' | 'network';
};

/** What the configuration may change about where and how test calls go. */
export type EndpointOptions = {
  /** Host header and TLS server name in place of the rule's or the load balancer's own. */
  readonly host?: string | undefined;
  /** What targets speak, in place of what the listener's own protocol says. */
  readonly protocol?: Endpoint['protocol'] | undefined;
  readonly verifiesCertificate: boolean;
};

export type EndpointResult =
  | { readonly kind: 'found'; readonly endpoint: Endpoint; readonly notes: readonly string[] }
  | { readonly kind: 'none'; readonly reason: EndpointProblem; readonly detail: string };

export type EndpointProblem = 'not-reachable-protocol' | 'check-not-routed';

/**
 * A literal that a pattern of a listener rule matches: `*` becomes nothing (or `x` where nothing
 * else would be left), `?` becomes `x`.
 * Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
 */
export function literalOf(pattern: string): string {
  const literal = pattern.replaceAll('*', '').replaceAll('?', 'x');
  return literal === '' || literal.startsWith('.') ? `x${literal}` : literal;
}

/** Whether text matches a pattern of a listener rule: `*` is any run, `?` any one character. */
export function matchesPattern(pattern: string, text: string): boolean {
  let [at, on] = [0, 0];
  let [star, retry] = [-1, 0];
  // Greedy with one point of return: linear in practice, and never more than pattern × text steps.
  while (on < text.length) {
    if (pattern[at] === '*') {
      star = at;
      retry = on;
      at += 1;
    } else if (pattern[at] === '?' || pattern[at] === text[on]) {
      at += 1;
      on += 1;
    } else if (star >= 0) {
      at = star + 1;
      retry += 1;
      on = retry;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}

/**
 * The path on which a check's call has to go out so that the rule routes it: the path itself where a
 * pattern matches it, else the path under a pattern's fixed beginning (`/test/*` and `/health` give
 * `/test/health`). For `/` alone an exact pattern comes first, and any pattern's literal last.
 * Undefined when nothing fits.
 */
export function routedPath(patterns: readonly string[], path: string): string | undefined {
  const bare = path.split('?', 1)[0] ?? path;
  const rest = path.slice(bare.length);
  if (patterns.length === 0 || patterns.some((one) => matchesPattern(one, bare))) return path;
  const exact = patterns.find((one) => !/[*?]/.test(one));
  if (bare === '/' && exact !== undefined) return exact + rest;
  const prefix = patterns.find((one) => one.endsWith('/*') && !/[*?]/.test(one.slice(0, -2)));
  if (prefix !== undefined) return prefix.slice(0, -2) + bare + rest;
  const [first] = patterns;
  return bare === '/' && first !== undefined ? literalOf(first) + rest : undefined;
}

/** Finds where and how to call through a rule of a listener; says why when it cannot be done. */
export function endpointOf(
  rule: ListenerRule,
  listener: Listener,
  options: EndpointOptions,
): EndpointResult {
  const protocol = options.protocol ?? httpProtocolOf(listener);
  if (protocol === undefined) {
    const detail = unknownProtocol(listener);
    return { kind: 'none', reason: 'not-reachable-protocol', detail };
  }
  const hosts = rule.conditions.flatMap((one) => (one.kind === 'host' ? [one.patterns] : []));
  if (options.host !== undefined && !hosts.every((any) => matchesHost(any, options.host ?? ''))) {
    const detail = `the listener rule routes ${hosts.flat().join(', ')}, not endpoint.host ${options.host}`;
    return { kind: 'none', reason: 'check-not-routed', detail };
  }
  const host = options.host ?? hostOf(rule.conditions) ?? listener.dnsName;
  const isDefaultPort = listener.port === (protocol === 'https' ? 443 : 80);
  const hasPort = /:\d+$/.test(host);
  return {
    kind: 'found',
    endpoint: {
      protocol,
      address: listener.dnsName,
      port: listener.port,
      host: isDefaultPort || hasPort ? host : `${host}:${listener.port}`,
      headers: headersOf(rule.conditions),
      query: queryOf(rule.conditions),
      pathPatterns: rule.conditions.flatMap((one) => (one.kind === 'path' ? one.patterns : [])),
      methods: rule.conditions.flatMap((one) => (one.kind === 'method' ? one.methods : [])),
      reusesConnections: listener.kind === 'application',
      verifiesCertificate: options.verifiesCertificate,
    },
    notes: rule.conditions.flatMap(noteOf),
  };
}

/** Ports at which TLS is usual: what passes through a TCP listener there may be either. */
const tlsPorts: ReadonlySet<number> = new Set([443, 8443]);
const passesThrough = ({ protocol }: Listener): boolean =>
  protocol === 'TCP' || protocol === 'TCP_UDP';

/** A TLS listener is called in HTTPS, a TCP one in plain HTTP, except at a port where TLS is usual. */
function httpProtocolOf(listener: Listener): Endpoint['protocol'] | undefined {
  const { protocol, port } = listener;
  if (protocol === 'HTTPS' || protocol === 'TLS') return 'https';
  if (passesThrough(listener)) return tlsPorts.has(port) ? undefined : 'http';
  return protocol === 'HTTP' ? 'http' : undefined;
}

const unknownProtocol = (listener: Listener): string =>
  passesThrough(listener)
    ? `what targets speak behind ${listener.protocol} ${listener.port} is not known: set endpoint.protocol`
    : `the listener speaks ${listener.protocol}, not HTTP or HTTPS`;

/** A call as the conditions of a rule see it. */
export type RoutedCall = {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** With or without a port. */
  readonly host: string;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
};

/**
 * Whether `rule` may take a call that is meant for `other` on the same listener: it comes before it, and
 * nothing that the call carries is sure to keep it out. What cannot be known (where the call comes from,
 * regular expressions) does not keep it out.
 */
export const mayIntercept = (rule: ListenerRule, other: ListenerRule, call: RoutedCall): boolean =>
  comesBefore(rule, other) && rule.conditions.every((condition) => mayHold(condition, call));

const comesBefore = (rule: ListenerRule, other: ListenerRule): boolean =>
  rule.priority !== undefined && rule.priority < (other.priority ?? Number.POSITIVE_INFINITY);

/** Headers that whatever sends the call adds to it. */
const addedOnTheWay: ReadonlySet<string> = new Set([
  ...['host', 'user-agent', 'connection', 'content-length'],
  ...['accept', 'accept-encoding'],
]);

function mayHold(condition: RuleCondition, { method, path, host, headers }: RoutedCall): boolean {
  switch (condition.kind) {
    case 'path':
      return condition.patterns.some((one) => matchesPattern(one, path.split('?', 1)[0] ?? path));
    case 'host':
      return matchesHost(condition.patterns, host);
    case 'header': {
      const name = condition.name.toLowerCase();
      const value = valueIn(headers, name);
      return value === undefined
        ? addedOnTheWay.has(name)
        : condition.patterns.some((one) => matchesAnyCase(one, value));
    }
    case 'query':
      return condition.pairs.some((pair) => queryIn(path).some((one) => matchesPair(pair, one)));
    case 'method':
      return condition.methods.includes(method);
    case 'source-ip':
    case 'other':
      return true;
  }
}

/** ELB compares hosts, header values and query strings without regard to case. */
const matchesAnyCase = (pattern: string, text: string): boolean =>
  matchesPattern(pattern.toLowerCase(), text.toLowerCase());

const matchesHost = (patterns: readonly string[], host: string): boolean =>
  patterns.some((one) => matchesAnyCase(one, host.replace(/:\d+$/, '')));

const queryIn = (path: string): readonly (readonly [key: string, value: string])[] =>
  path.includes('?') ? [...new URLSearchParams(path.slice(path.indexOf('?') + 1))] : [];

const matchesPair = (
  { key, pattern }: { readonly key?: string; readonly pattern: string },
  [name, value]: readonly [string, string],
): boolean => (key === undefined || matchesAnyCase(key, name)) && matchesAnyCase(pattern, value);

const hostOf = (conditions: readonly RuleCondition[]): string | undefined => {
  const [pattern] = conditions.flatMap((one) => (one.kind === 'host' ? one.patterns : []));
  return pattern === undefined ? undefined : literalOf(pattern);
};

const headersOf = (conditions: readonly RuleCondition[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    conditions.flatMap((one) => {
      const [pattern] = one.kind === 'header' ? one.patterns : [];
      return one.kind === 'header' && pattern !== undefined
        ? [[one.name.toLowerCase(), literalOf(pattern)] as const]
        : [];
    }),
  );

const queryOf = (conditions: readonly RuleCondition[]): Endpoint['query'] =>
  conditions.flatMap((one) => {
    const [pair] = one.kind === 'query' ? one.pairs : [];
    return pair === undefined ? [] : [[pair.key ?? 'x', literalOf(pair.pattern)] as const];
  });

const noteOf = (condition: RuleCondition): readonly string[] => {
  if (condition.kind === 'source-ip')
    return ['the rule matches source addresses: calls may not fit'];
  if (condition.kind === 'other') return [`the rule matches ${condition.field}: calls may not fit`];
  return [];
};

export type RoutingVerdict =
  | { readonly kind: 'green' }
  | { readonly kind: 'not-green'; readonly detail: string }
  | { readonly kind: 'unknown'; readonly detail: string };

/** The target groups that get any traffic from a rule. */
export const servingTargetGroups = (rule: ListenerRule): readonly string[] =>
  rule.targetGroups.filter(({ weight }) => weight > 0).map(({ targetGroupArn }) => targetGroupArn);

/**
 * Whether test traffic reaches green and nothing else.
 *
 * `green` is the target group that the target revision resolved to. Where ECS does not say it (it
 * does so only for active revisions), the one that the production rule does not serve must be it.
 */
export function judgeRouting(
  testRule: ListenerRule,
  productionRule: ListenerRule | undefined,
  green: string | undefined,
  isFirstDeployment: boolean,
): RoutingVerdict {
  const serving = servingTargetGroups(testRule);
  const [only] = serving;
  if (only === undefined) return { kind: 'not-green', detail: 'the test rule forwards to nothing' };
  if (serving.length > 1) {
    return {
      kind: 'not-green',
      detail: `the test rule forwards to ${serving.length} target groups`,
    };
  }
  if (green !== undefined) {
    return only === green
      ? { kind: 'green' }
      : { kind: 'not-green', detail: 'the test rule forwards to the other target group' };
  }
  if (isFirstDeployment) return { kind: 'green' };
  if (productionRule === undefined) {
    return {
      kind: 'unknown',
      detail: 'neither the revision nor a production rule tells green from blue',
    };
  }
  return servingTargetGroups(productionRule).includes(only)
    ? { kind: 'not-green', detail: 'test and production rule forward to the same target group' }
    : { kind: 'green' };
}
