import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import type { Endpoint } from '../../shared/domain/endpoint.ts';
import type { ProbeOutcome } from '../../shared/domain/probe.ts';
import type { ProbeRequest, Prober } from '../../shared/http/port.ts';
import { createProber, type ProberOptions } from '../../shared/http/prober.ts';
import {
  type Behaviour,
  type HttpService,
  type HttpServiceOptions,
  startHttpService,
} from '../../simulator/http-service.ts';

const fixture = (file: string): string =>
  readFileSync(new URL(`../fixtures/tls/${file}`, import.meta.url), 'utf8');

export const selfSigned = {
  key: fixture('self-signed.test-key.pem'),
  cert: fixture('self-signed.cert.pem'),
};
export const signed = { key: fixture('signed.test-key.pem'), cert: fixture('signed.cert.pem') };
export const caPem = fixture('ca.cert.pem');

/** A service that ends with the test. */
export async function serve(
  behaviour: Behaviour,
  options: Omit<HttpServiceOptions, 'behaviour'> = {},
): Promise<HttpService> {
  const service = await startHttpService({ ...options, behaviour });
  onTestFinished(() => service.close());
  return service;
}

/** A plain TCP listener that ends with the test, for peers that do not speak HTTP properly. */
export async function listenTcp(
  onConnection: (socket: Socket, index: number) => void,
): Promise<{ port: number; connections: () => number }> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket, connections);
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: portOf(server), connections: () => connections };
}

/** The port a server listens on. */
export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  return address.port;
}

/** A prober whose idle connections end with the test. */
export function prober(options: Partial<ProberOptions> = {}): Prober {
  const created = createProber({
    bodyBytesMax: 65_536,
    socketsPerEndpointMax: 10,
    userAgent: 'ballast-test',
    ...options,
  });
  onTestFinished(() => created.close());
  return created;
}

export const endpointAt = (port: number, overrides: Partial<Endpoint> = {}): Endpoint => ({
  protocol: 'http',
  address: '127.0.0.1',
  port,
  host: 'shop.example.test',
  headers: {},
  query: [],
  pathPatterns: [],
  methods: [],
  reusesConnections: true,
  verifiesCertificate: true,
  ...overrides,
});

/** A GET of `/` with time to spare: only tests of a timeout set a short one. */
export const requestTo = (
  endpoint: Endpoint,
  overrides: Partial<ProbeRequest> = {},
): ProbeRequest => ({
  endpoint,
  method: 'GET',
  path: '/',
  headers: {},
  connectTimeoutMs: 10_000,
  timeoutMs: 10_000,
  ...overrides,
});

/** Waits until the value is as expected: for what the other side of a connection sees. */
export const eventually = (value: () => unknown) =>
  expect.poll(value, { timeout: 4_000, interval: 10 });

/** The outcome without the part that differs from run to run. */
export function summaryOf(outcome: ProbeOutcome): string {
  switch (outcome.kind) {
    case 'answer':
      return `answer ${outcome.status} ${outcome.body}`.trim();
    case 'transport':
      return `transport ${outcome.phase} ${outcome.code}`;
    default:
      return outcome.kind;
  }
}
