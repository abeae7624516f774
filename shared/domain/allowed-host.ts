/**
 * Whether the host of `http(s)://host[:port]` is in a list of hosts: `host` allows every port of it,
 * `host:port` that one, `*.example.com` every name below `example.com`.
 */
export function isAllowedHost(url: string, allowed: readonly string[]): boolean {
  const authority = (url.split('://', 2)[1] ?? '').replace(/\/.*$/, '').toLowerCase();
  const host = authority.replace(/:\d+$/, '');
  return allowed.some((entry) => {
    const wanted = entry.toLowerCase();
    if (wanted.startsWith('*.'))
      return host.endsWith(wanted.slice(1)) && host.length >= wanted.length;
    return wanted === host || wanted === authority;
  });
}
