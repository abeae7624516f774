import type { Check } from '../domain/check.ts';
import type { Endpoint } from '../domain/endpoint.ts';
import { routedPath } from '../domain/listener-rule.ts';
import type { ProbeRequest } from './port.ts';

/** Time for name look-up, TCP and TLS of one test call, in ms. */
export const connectTimeoutMs = 3_000;

/** The header by which an application or a firewall recognises a test call. */
export const probeHeader = 'x-ballast-probe';

/** Header values of a check with every reference resolved. They may be secret. */
export type ResolvedHeaders = Readonly<Record<string, string>>;

export type BuiltRequest =
  | { readonly kind: 'request'; readonly request: ProbeRequest }
  | { readonly kind: 'not-routed'; readonly detail: string };

/** The call that a check makes at an endpoint; says why when the listener rule would not route it. */
export function buildRequest(
  check: Check,
  endpoint: Endpoint,
  headers: ResolvedHeaders,
  marker: string,
): BuiltRequest {
  const { pathPatterns, methods } = endpoint;
  if (methods.length > 0 && !methods.includes(check.method)) {
    const detail = `the listener rule routes ${methods.join(', ')}, not ${check.method}`;
    return { kind: 'not-routed', detail };
  }
  const path = routedPath(pathPatterns, check.path);
  if (path === undefined) {
    const detail = `the listener rule routes ${pathPatterns.join(', ')}, not ${check.path}`;
    return { kind: 'not-routed', detail };
  }
  return {
    kind: 'request',
    request: {
      endpoint,
      method: check.method,
      path: withQuery(path, endpoint.query),
      headers: { ...headers, [probeHeader]: marker },
      ...(check.body === undefined ? {} : { body: check.body }),
      connectTimeoutMs,
      timeoutMs: check.timeoutMs,
    },
  };
}

/** Adds what the rule asks for, unless the path says it already. */
function withQuery(path: string, query: Endpoint['query']): string {
  const asked = query.map(
    ([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`,
  );
  const present = path.includes('?') ? path.slice(path.indexOf('?') + 1).split('&') : [];
  const added = asked.filter((pair) => !present.includes(pair));
  if (added.length === 0) return path;
  return `${path}${path.includes('?') ? '&' : '?'}${added.join('&')}`;
}
