import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

/** A request as the service saw it. */
export type ServiceRequest = {
  readonly method: string;
  /** Path with query, as it came over the wire. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** TLS server name the client asked for; absent without TLS or without a name. */
  readonly serverName?: string;
};

/** What the service does with one request. `delayMs` passes before anything is sent. */
export type Reply =
  | {
      readonly kind?: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
      readonly delayMs?: number;
    }
  /** Resets the connection, after `partial` (raw bytes of an answer) where given. */
  | { readonly kind: 'reset'; readonly partial?: string; readonly delayMs?: number }
  /** Takes the request and never says a word. */
  | { readonly kind: 'hang' }
  /** Sends `chunk` every `intervalMs`; without `chunksMax` for ever. */
  | {
      readonly kind: 'slow-body';
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly chunk: string;
      readonly intervalMs: number;
      readonly chunksMax?: number;
      readonly delayMs?: number;
    }
  /** Writes the bytes as they are and closes the connection. */
  | { readonly kind: 'raw'; readonly bytes: string | Uint8Array; readonly delayMs?: number };

/** Decides about a request; `index` counts the requests of the service from 0. */
export type Behaviour = (request: ServiceRequest, index: number) => Reply;

export type HttpServiceOptions = {
  readonly behaviour: Behaviour;
  /** Address to listen on; loopback by default. */
  readonly host?: string;
  /** 0, the default, lets the system choose. */
  readonly port?: number;
  /** PEM texts; with them the service speaks https. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** How long an idle connection is kept; 60 s by default, as on an ALB. */
  readonly keepAliveMs?: number;
  /** Requests remembered in `requests.last`; 100 by default. */
  readonly requestsKeptMax?: number;
};

/** A running service. */
export type HttpService = {
  readonly url: string;
  readonly port: number;
  readonly requests: {
    readonly count: number;
    /** The latest requests, oldest first. */
    readonly last: readonly ServiceRequest[];
  };
  readonly connections: { readonly opened: number; readonly open: number };
  /** Ends every connection and every reply under way. */
  close(): Promise<void>;
};

/** Starts a real HTTP service on loopback that behaves as it is told. */
export async function startHttpService(options: HttpServiceOptions): Promise<HttpService> {
  const { behaviour, host = '127.0.0.1', keepAliveMs = 60_000, requestsKeptMax = 100 } = options;
  const last: ServiceRequest[] = [];
  const connections = { opened: 0, open: 0 };
  const running: Running = { timers: new Set(), tcpSockets: new Map() };
  let count = 0;

  const server = options.tls === undefined ? createServer() : createTlsServer({ ...options.tls });
  server.keepAliveTimeout = keepAliveMs;
  server.on('connection', (socket: Socket) => {
    connections.opened += 1;
    connections.open += 1;
    const { remotePort = 0 } = socket;
    running.tcpSockets.set(remotePort, socket);
    socket.once('close', () => {
      connections.open -= 1;
      running.tcpSockets.delete(remotePort);
    });
  });
  server.on('request', (incoming: IncomingMessage, response: ServerResponse) => {
    const index = count;
    count += 1;
    readRequest(incoming, (request) => {
      last.push(request);
      if (last.length > requestsKeptMax) last.shift();
      play(behaviour(request, index), response, running);
    });
  });

  const port = await listen(server, options.port ?? 0, host);
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://${authority}`,
    port,
    requests: {
      get count() {
        return count;
      },
      last,
    },
    connections,
    close: () => stop(server, running),
  };
}

/** The same answer to every request. */
export const answering = (
  status: number,
  body = '',
  headers: Readonly<Record<string, string>> = {},
): Behaviour => {
  const reply: Reply = { status, body, headers };
  return () => reply;
};

/**
 * Adds a lognormal latency to what `behaviour` takes. The n-th request of a seed always draws the
 * same, however requests overlap.
 */
export const withLatency =
  (
    behaviour: Behaviour,
    latency: { readonly medianMs: number; readonly sigma: number; readonly seed: number },
  ): Behaviour =>
  (request, index) => {
    const drawnMs = latency.medianMs * Math.exp(latency.sigma * normal(latency.seed, index));
    return delayed(behaviour(request, index), drawnMs);
  };

/** Replaces a share of the replies by `reply`, a 500 by default. */
export const withErrors =
  (
    behaviour: Behaviour,
    errors: { readonly share: number; readonly seed: number; readonly reply?: Reply },
  ): Behaviour =>
  (request, index) =>
    fraction(errors.seed, index, salts.error) < errors.share
      ? (errors.reply ?? { status: 500, body: 'error' })
      : behaviour(request, index);

/** Resets the connection on a share of the requests. */
export const withResets =
  (behaviour: Behaviour, resets: { readonly share: number; readonly seed: number }): Behaviour =>
  (request, index) =>
    fraction(resets.seed, index, salts.reset) < resets.share
      ? { kind: 'reset' }
      : behaviour(request, index);

/** Makes the first requests slower, as caches and compilers do that are not warm yet. */
export const withColdStart =
  (
    behaviour: Behaviour,
    cold: { readonly requests: number; readonly extraMs: number },
  ): Behaviour =>
  (request, index) =>
    index < cold.requests
      ? delayed(behaviour(request, index), cold.extraMs)
      : behaviour(request, index);

/**
 * One listener in front of two colours: green where the header has the value, else blue. Values
 * compare without regard to case, as in an ALB's rule; each colour counts its own requests.
 */
export function routedByHeader(
  rule: { readonly name: string; readonly value: string },
  colours: { readonly green: Behaviour; readonly blue: Behaviour },
): Behaviour {
  const counts = { green: 0, blue: 0 };
  return (request) => {
    const value = request.headers[rule.name.toLowerCase()];
    const colour = value?.toLowerCase() === rule.value.toLowerCase() ? 'green' : 'blue';
    const index = counts[colour];
    counts[colour] += 1;
    return colours[colour](request, index);
  };
}

/** `tcpSockets`, by the client's port: only they can be reset, not the TLS sockets on top. */
type Running = {
  readonly timers: Set<NodeJS.Timeout>;
  readonly tcpSockets: Map<number, Socket>;
};

const salts = { latency: 1, angle: 2, error: 3, reset: 4 };
const bodyBytesMax = 1_048_576;

const delayed = (reply: Reply, extraMs: number): Reply =>
  reply.kind === 'hang' ? reply : { ...reply, delayMs: (reply.delayMs ?? 0) + extraMs };

function readRequest(incoming: IncomingMessage, done: (request: ServiceRequest) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  incoming.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= bodyBytesMax) chunks.push(chunk);
  });
  incoming.once('end', () => {
    const { socket } = incoming;
    const serverName = 'servername' in socket ? socket.servername : undefined;
    done({
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: Object.fromEntries(
        Object.entries(incoming.headersDistinct).map(([name, values]) => [
          name,
          (values ?? []).join(', '),
        ]),
      ),
      body: Buffer.concat(chunks).toString('utf8'),
      ...(typeof serverName === 'string' ? { serverName } : {}),
    });
  });
}

function play(reply: Reply, response: ServerResponse, running: Running): void {
  if (reply.kind === 'hang') return;
  later(running, response, reply.delayMs ?? 0, () => {
    if (reply.kind === 'reset') reset(reply.partial, response, running);
    else if (reply.kind === 'raw') response.socket?.end(reply.bytes);
    else if (reply.kind === 'slow-body') drip(reply, response, running);
    else answer(reply, response);
  });
}

/** Sets the status first and writes the body at once, so that the answer carries its length. */
function answer(reply: Extract<Reply, { kind?: 'answer' }>, response: ServerResponse): void {
  response.statusCode = reply.status;
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  response.end(reply.body);
}

/** The bytes go out before the reset does: RST drops what is still on its way. */
function reset(partial: string | undefined, response: ServerResponse, running: Running): void {
  const { socket } = response;
  const end = (): unknown => running.tcpSockets.get(socket?.remotePort ?? 0)?.resetAndDestroy();
  if (partial === undefined) end();
  else socket?.write(partial, () => later(running, response, 20, end));
}

function drip(
  reply: Extract<Reply, { kind: 'slow-body' }>,
  response: ServerResponse,
  running: Running,
): void {
  response.writeHead(reply.status ?? 200, { ...reply.headers });
  let left = reply.chunksMax ?? Number.POSITIVE_INFINITY;
  const next = (): void => {
    if (left <= 0) {
      response.end();
      return;
    }
    left -= 1;
    if (response.write(reply.chunk)) later(running, response, reply.intervalMs, next);
    else response.once('drain', () => later(running, response, reply.intervalMs, next));
  };
  next();
}

/** Runs `action` after the delay, unless the client or the service has gone by then. */
function later(
  running: Running,
  response: ServerResponse,
  delayMs: number,
  action: () => void,
): void {
  if (delayMs <= 0) {
    setImmediate(() => {
      if (!response.destroyed) action();
    });
    return;
  }
  const timer = setTimeout(() => {
    running.timers.delete(timer);
    if (!response.destroyed) action();
  }, Math.round(delayMs));
  running.timers.add(timer);
}

const listen = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });

const stop = (server: Server, running: Running): Promise<void> =>
  new Promise((resolve) => {
    for (const timer of running.timers) clearTimeout(timer);
    running.timers.clear();
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** Standard normal, by Box and Muller. */
const normal = (seed: number, index: number): number =>
  Math.sqrt(-2 * Math.log(1 - fraction(seed, index, salts.latency))) *
  Math.cos(2 * Math.PI * fraction(seed, index, salts.angle));

/** A number in [0, 1) that depends on its arguments alone: murmur3's mixing steps. */
function fraction(seed: number, index: number, salt: number): number {
  let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 16) ^ Math.imul(salt, 0x27d4eb2f), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 4_294_967_296;
}
