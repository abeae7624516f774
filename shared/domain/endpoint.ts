/** Where a test call goes, and what it must carry so that the load balancer routes it as intended. */
export type Endpoint = {
  readonly protocol: 'http' | 'https';
  /** Name or IP address to connect to: the load balancer's DNS name. */
  readonly address: string;
  readonly port: number;
  /** `Host` header, without the port when it is the protocol's default; also the TLS server name. */
  readonly host: string;
  /** Headers the listener rule asks for; a check's own headers never replace them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Query parameters the listener rule asks for, added to every path. */
  readonly query: readonly (readonly [key: string, value: string])[];
  /** `path-pattern` values of the rule; empty when every path is routed. */
  readonly pathPatterns: readonly string[];
  /** Methods the rule accepts; empty when every method is routed. */
  readonly methods: readonly string[];
  /** False on a Network Load Balancer, which picks a target per connection, not per request. */
  readonly reusesConnections: boolean;
  /** False only when the configuration says so, for load balancers with a private certificate. */
  readonly verifiesCertificate: boolean;
};

/**
 * The endpoint of `http(s)://host[:port]`, which the caller has checked to be one. Brackets around an
 * IPv6 address stay in the host and go from the address.
 */
export function endpointOfUrl(
  url: string,
  options: { readonly host?: string | undefined; readonly verifiesCertificate: boolean },
): Endpoint {
  const [scheme = '', rest = ''] = url.split('://', 2);
  const authority = rest.replace(/\/.*$/, '');
  const protocol = scheme === 'https' ? 'https' : 'http';
  const port = /:(\d+)$/.exec(authority)?.[1];
  return {
    protocol,
    address: authority.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1'),
    port: port === undefined ? (protocol === 'https' ? 443 : 80) : Number(port),
    host: options.host ?? authority,
    headers: {},
    query: [],
    pathPatterns: [],
    methods: [],
    reusesConnections: true,
    verifiesCertificate: options.verifiesCertificate,
  };
}
