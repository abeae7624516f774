import type { EndpointOptions } from '../simulator/deployment.ts';
import { Misuse } from './misuse.ts';

/**
 * The simulated listener rule that leads to a URL: its path becomes a path condition, so that checks
 * go below it, and its query becomes query conditions. Throws Misuse for what is not http(s).
 */
export function endpointOfUrlText(option: string, text: string): EndpointOptions {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new Misuse(`${option}: expected an http(s) URL, got "${text}"`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new Misuse(`${option}: expected a URL without a user name; use a header in --details`);
  }
  const isHttps = url.protocol === 'https:';
  const base = url.pathname.replace(/\/+$/, '');
  const pairs = [...url.searchParams].map(([Key, Value]) => ({ Key, Value }));
  return {
    protocol: isHttps ? 'HTTPS' : 'HTTP',
    dnsName: url.hostname,
    port: url.port === '' ? (isHttps ? 443 : 80) : Number(url.port),
    conditions: [
      {
        Field: 'path-pattern',
        PathPatternConfig: { Values: base === '' ? ['/*'] : [url.pathname, `${base}/*`] },
      },
      ...pairs.map((pair) => ({
        Field: 'query-string' as const,
        QueryStringConfig: { Values: [pair] },
      })),
    ],
  };
}
