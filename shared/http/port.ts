import type { Endpoint } from '../domain/endpoint.ts';
import type { ProbeOutcome } from '../domain/probe.ts';

/** One test call, ready to send. */
export type ProbeRequest = {
  readonly endpoint: Endpoint;
  readonly method: string;
  /** Path with query, as it goes on the wire. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Time for name look-up, TCP and TLS together, in ms. Running out of it is transport. */
  readonly connectTimeoutMs: number;
  /** Time from the request being written to the last byte, in ms. Running out is the application's. */
  readonly timeoutMs: number;
};

/** Sends test calls. Never throws for what the network or the application does; see ProbeOutcome. */
export type Prober = {
  /** An abort of `signal` ends the call at once and rejects with the signal's reason. */
  send(request: ProbeRequest, signal?: AbortSignal): Promise<ProbeOutcome>;
  /** Closes idle connections. */
  close(): void;
};
