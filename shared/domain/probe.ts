/**
 * What one test call came to.
 *
 * `transport` is never the application's doing (DNS, connect, TLS, a connection reset); `no-answer`
 * and `malformed` are: the connection stood, and the application did not answer properly in time.
 */
export type ProbeOutcome =
  | {
      readonly kind: 'answer';
      readonly status: number;
      /** Lower-case names; repeated headers joined with `, `. */
      readonly headers: Readonly<Record<string, string>>;
      /** Decoded as UTF-8 up to the bound; see `bodyTruncated`. */
      readonly body: string;
      readonly bodyTruncated: boolean;
      /** From the request being written on an open connection to the last byte read, in ms. */
      readonly elapsedMs: number;
    }
  | { readonly kind: 'no-answer'; readonly elapsedMs: number }
  | { readonly kind: 'malformed'; readonly detail: string }
  | { readonly kind: 'transport'; readonly phase: TransportPhase; readonly code: string };

export type TransportPhase = 'dns' | 'connect' | 'tls' | 'reset';
