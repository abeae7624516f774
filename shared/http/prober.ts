import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingMessage,
  request as requestHttp,
} from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { assert } from '../domain/assert.ts';
import type { Endpoint } from '../domain/endpoint.ts';
import type { ProbeOutcome, TransportPhase } from '../domain/probe.ts';
import type { ProbeRequest, Prober } from './port.ts';

export type ProberOptions = {
  /** Bytes of a body that are read; the rest is neither read nor kept. */
  readonly bodyBytesMax: number;
  /** Connections to one endpoint at a time. Further calls wait, on neither of their clocks. */
  readonly socketsPerEndpointMax: number;
  readonly userAgent: string;
  /** Certificate authority to trust instead of the public ones, as PEM. */
  readonly caPem?: string;
};

/**
 * Creates the prober that talks to real endpoints.
 *
 * Connection set-up and answer have a clock each, because a slow handshake says nothing about the
 * application; for the same reason `elapsedMs` starts when the request goes out on an open
 * connection. Whatever ends a call ends as a {@link ProbeOutcome}; only an abort rejects.
 */
export function createProber(options: ProberOptions): Prober {
  assert(options.bodyBytesMax >= 0, 'bodyBytesMax is a number of bytes');
  assert(options.socketsPerEndpointMax >= 1, 'without a socket no call can ever be sent');
  const line: Line = { options, agents: createAgents(options), readySockets: new WeakSet() };
  return {
    async send(request, signal) {
      const first = await attempt(line, request, reusesConnection(request.endpoint), signal);
      if (!first.isStale) return first.outcome;
      // Fresh by construction: another idle connection may well be as stale as this one.
      return (await attempt(line, request, false, signal)).outcome;
    },
    close() {
      for (const agent of [line.agents.http.kept, line.agents.https.kept]) closeIdle(agent);
    },
  };
}

/** What the calls of one prober share. */
type Line = {
  readonly options: ProberOptions;
  readonly agents: Readonly<Record<Endpoint['protocol'], Agents>>;
  /** Sockets that have been open once: `ClientRequest.reusedSocket` misses those handed on to a queued call. */
  readonly readySockets: WeakSet<Socket>;
};

type Agents = { readonly kept: HttpAgent; readonly oneShot: HttpAgent };

/** `isStale`: a kept connection turned out to be closed before it carried a byte of the answer. */
type Attempt = { readonly outcome: ProbeOutcome; readonly isStale: boolean };

/** How far a call has come. */
type Progress = { phase: TransportPhase; sentAtMs: number; reuse?: Reuse };
type Reuse = { readonly socket: Socket; readonly bytesReadBefore: number };

/** Calls that change nothing, so that sending one twice is safe. */
const repeatableMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Headers that frame the message or name its receiver: never a check's to choose. */
const ownHeaders = ['connection', 'content-length', 'host', 'transfer-encoding'];

const firstBufferBytes = 16_384;

function createAgents(options: ProberOptions): Line['agents'] {
  const bounds = {
    maxSockets: options.socketsPerEndpointMax,
    maxFreeSockets: options.socketsPerEndpointMax,
  };
  // A resumed TLS session would skip the check of the server's name.
  const tls = {
    maxCachedSessions: 0,
    ...(options.caPem === undefined ? {} : { ca: options.caPem }),
  };
  return {
    http: {
      kept: new HttpAgent({ ...bounds, keepAlive: true }),
      oneShot: new HttpAgent(bounds),
    },
    https: {
      kept: new HttpsAgent({ ...bounds, ...tls, keepAlive: true }),
      oneShot: new HttpsAgent({ ...bounds, ...tls }),
    },
  };
}

/** `agent.destroy()` would take calls in flight along. */
function closeIdle(agent: HttpAgent): void {
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) socket.destroy();
  }
}

/**
 * Agents keep connections apart by address, port and server name. An IP address as host is no server
 * name, so a connection verified against one must not serve the next host at the same address.
 */
const reusesConnection = (endpoint: Endpoint): boolean =>
  endpoint.reusesConnections && !verifiesOtherAddress(endpoint);

/** The host is an IP address, and not the one that is called. */
function verifiesOtherAddress({ protocol, address, host }: Endpoint): boolean {
  const name = nameOf(host);
  return protocol === 'https' && isIP(name) !== 0 && name !== nameOf(address);
}

/** Sends the request once and waits for what becomes of it. */
async function attempt(
  line: Line,
  request: ProbeRequest,
  keepsConnection: boolean,
  signal: AbortSignal | undefined,
): Promise<Attempt> {
  signal?.throwIfAborted();
  let call: ClientRequest;
  try {
    call = open(line, request, keepsConnection);
  } catch (error) {
    // A header, path or port that cannot go on the wire: known only now, when a secret has come in.
    return { outcome: failureOf(error, 'reset'), isStale: false };
  }
  return follow(line, call, request, signal);
}

/** Prepares the request; its headers stay here until `end` is called. */
function open(line: Line, request: ProbeRequest, keepsConnection: boolean): ClientRequest {
  const { endpoint } = request;
  const agents = line.agents[endpoint.protocol];
  const options = {
    agent: keepsConnection ? agents.kept : agents.oneShot,
    host: nameOf(endpoint.address),
    port: endpoint.port,
    method: request.method,
    path: request.path,
    headers: headersOf(request, line.options.userAgent, keepsConnection),
  };
  if (endpoint.protocol === 'http') return requestHttp(options);
  const name = nameOf(endpoint.host);
  return requestHttps({
    ...options,
    servername: isIP(name) === 0 ? name : '',
    rejectUnauthorized: endpoint.verifiesCertificate,
    // Only where the default would look at the address: agents do not share a connection with it.
    ...(verifiesOtherAddress(endpoint)
      ? { checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate) }
      : {}),
  });
}

/** The endpoint's headers come last, so that no check can leave the route of the listener rule. */
function headersOf(
  request: ProbeRequest,
  userAgent: string,
  keepsConnection: boolean,
): Record<string, string> {
  const { body, endpoint } = request;
  const headers = new Map([
    ['user-agent', userAgent],
    ['accept', '*/*'],
    ['accept-encoding', 'identity'],
  ]);
  for (const source of [request.headers, endpoint.headers]) {
    for (const [name, value] of Object.entries(source)) headers.set(name.toLowerCase(), value);
  }
  for (const name of ownHeaders) headers.delete(name);
  headers.set('host', endpoint.host);
  if (body !== undefined) headers.set('content-length', String(Buffer.byteLength(body)));
  // Without it, an agent with a bound hands the connection on to the next call in its queue.
  if (!keepsConnection) headers.set('connection', 'close');
  return Object.fromEntries(headers);
}

/**
 * Follows a call from its connection to the end of its answer.
 *
 * The first ending counts, but an answer once complete outranks what its connection comes to. Timers
 * and the signal's listener are released at once; the error listeners stay, so that what a destroyed
 * socket still has to say finds an ear.
 */
function follow(
  line: Line,
  call: ClientRequest,
  request: ProbeRequest,
  signal: AbortSignal | undefined,
): Promise<Attempt> {
  const { promise, resolve, reject } = Promise.withResolvers<Attempt>();
  const progress = progressAtStart(request.endpoint);
  let answer: ProbeOutcome | undefined;
  let stopClock = (): void => undefined;

  const release = (): void => {
    stopClock();
    signal?.removeEventListener('abort', abort);
  };
  const settle = (outcome: ProbeOutcome, isStale = false): void => {
    release();
    resolve({ outcome: answer ?? outcome, isStale });
  };
  const cut = (outcome: ProbeOutcome): void => {
    settle(outcome);
    call.destroy();
  };
  const abort = (): void => {
    release();
    reject(signal?.reason);
    call.destroy();
  };
  const fail = (error?: unknown): void =>
    settle(failureOf(error, progress.phase), isStale(progress, request.method));
  const elapsedMs = (): number => performance.now() - progress.sentAtMs;

  const send = (): void => {
    stopClock();
    const expire = (): void => cut({ kind: 'no-answer', elapsedMs: elapsedMs() });
    const timer = setTimeout(expire, request.timeoutMs);
    stopClock = () => clearTimeout(timer);
    progress.phase = 'reset';
    progress.sentAtMs = performance.now();
    call.end(request.body);
  };
  const receive = (response: IncomingMessage): void => {
    call.off('close', fail);
    response.on('error', fail);
    response.once('close', () => {
      if (answer === undefined) fail();
    });
    readBody(response, line.options.bodyBytesMax, (body, bodyTruncated) => {
      answer = answerOf(response, body, bodyTruncated, elapsedMs());
      // Only with 'close' is the connection idle again, open to the next call and to close().
      if (bodyTruncated) cut(answer);
      else call.once('close', fail);
    });
  };

  signal?.addEventListener('abort', abort, { once: true });
  call.on('error', fail).once('close', fail).once('response', receive);
  call.once('socket', (socket) => {
    if (isReused(line, socket, progress)) send();
    else stopClock = watchSetUp(line, socket, request, progress, { send, cut });
  });
  // Nobody asked to switch protocols, so 101 is an answer like any other.
  call.once('upgrade', (response) => cut(answerOf(response, '', false, elapsedMs())));
  return promise;
}

const progressAtStart = (endpoint: Endpoint): Progress => ({
  phase: isIP(nameOf(endpoint.address)) === 0 ? 'dns' : 'connect',
  sentAtMs: 0,
});

/** Notes what the connection has read so far, if it has been open before. */
function isReused(line: Line, socket: Socket, progress: Progress): boolean {
  if (!line.readySockets.has(socket)) return false;
  progress.reuse = { socket, bytesReadBefore: socket.bytesRead };
  return true;
}

/**
 * Times a connection being made and notes how far it has come; sends once it stands. Returns the
 * function that stops the clock and takes the listeners off again.
 */
function watchSetUp(
  line: Line,
  socket: Socket,
  { endpoint, connectTimeoutMs }: ProbeRequest,
  progress: Progress,
  next: { readonly send: () => void; readonly cut: (outcome: ProbeOutcome) => void },
): () => void {
  const expire = (): void =>
    next.cut({ kind: 'transport', phase: progress.phase, code: 'ETIMEDOUT' });
  const timer = setTimeout(expire, connectTimeoutMs);
  const onLookup = (error: Error | null): void => {
    if (!error) progress.phase = 'connect';
  };
  const onReady = (): void => {
    line.readySockets.add(socket);
    next.send();
  };
  const onConnect = (): void => {
    if (endpoint.protocol === 'https') progress.phase = 'tls';
    else onReady();
  };
  socket.on('lookup', onLookup).on('connect', onConnect).on('secureConnect', onReady);
  return () => {
    clearTimeout(timer);
    socket.off('lookup', onLookup).off('connect', onConnect).off('secureConnect', onReady);
  };
}

const isStale = ({ reuse }: Progress, method: string): boolean =>
  reuse !== undefined &&
  reuse.socket.bytesRead === reuse.bytesReadBefore &&
  repeatableMethods.has(method.toUpperCase());

/**
 * Sorts an error by how far the call had come, which the same code does not tell: ECONNRESET may end
 * a handshake or an answer. Parse errors are the application's; TLS alerts may come after the
 * handshake (TLS 1.3 tells only then that it wanted a client certificate).
 */
function failureOf(error: unknown, phase: TransportPhase): ProbeOutcome {
  const code = codeOf(error);
  if (code.startsWith('HPE_')) {
    return {
      kind: 'malformed',
      detail: error instanceof Error ? `${code}: ${error.message}` : code,
    };
  }
  const isTls = code === 'EPROTO' || /^ERR_(SSL|TLS)_/.test(code);
  return { kind: 'transport', phase: isTls ? 'tls' : phase, code };
}

/** A connection that ends without a word counts as reset. */
const codeOf = (error: unknown): string => {
  if (error === undefined) return 'ECONNRESET';
  if (!(error instanceof Error)) return 'UNKNOWN';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
};

/**
 * Reads up to `bytesMax` bytes and reports once. The bytes are copied into one buffer, as a body of
 * tiny chunks would otherwise take many times its size.
 */
function readBody(
  response: IncomingMessage,
  bytesMax: number,
  done: (body: string, isTruncated: boolean) => void,
): void {
  let buffer = Buffer.allocUnsafe(Math.min(bytesMax, firstBufferBytes));
  let length = 0;
  let isTruncated = false;
  response.on('data', (chunk: Buffer) => {
    if (isTruncated) return;
    const size = Math.min(length + chunk.length, bytesMax);
    if (size > buffer.length) {
      const grown = Buffer.allocUnsafe(Math.min(Math.max(size, 2 * buffer.length), bytesMax));
      buffer.copy(grown, 0, 0, length);
      buffer = grown;
    }
    isTruncated = length + chunk.length > bytesMax;
    chunk.copy(buffer, length, 0, size - length);
    length = size;
    if (isTruncated) done(decode(buffer.subarray(0, length), true), true);
  });
  response.once('end', () => {
    if (!isTruncated) done(decode(buffer.subarray(0, length), false), false);
  });
}

/** Invalid bytes become U+FFFD; a character cut in two by the bound is left out. */
const decode = (bytes: Uint8Array, isTruncated: boolean): string =>
  new TextDecoder('utf-8').decode(bytes, { stream: isTruncated });

const answerOf = (
  response: IncomingMessage,
  body: string,
  bodyTruncated: boolean,
  elapsedMs: number,
): ProbeOutcome => ({
  kind: 'answer',
  status: response.statusCode ?? 0,
  headers: Object.fromEntries(
    Object.entries(response.headersDistinct).map(([name, values]) => [
      name,
      (values ?? []).join(', '),
    ]),
  ),
  body,
  bodyTruncated,
  elapsedMs,
});

/** `[::1]:8443`, `[::1]`, `::1`, `shop.test:8443` and `shop.test` without brackets and port. */
function nameOf(host: string): string {
  if (isIP(host) !== 0) return host;
  return /^\[([^\]]*)\]/.exec(host)?.[1] ?? host.replace(/:\d*$/, '');
}
