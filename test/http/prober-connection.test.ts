import { getEventListeners } from 'node:events';
import { createServer as createTlsServer } from 'node:https';
import { connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { answering, type HttpService } from '../../simulator/http-service.ts';
import {
  caPem,
  endpointAt,
  eventually,
  listenTcp,
  portOf,
  prober,
  requestTo,
  selfSigned,
  serve,
  signed,
  summaryOf,
} from './harness.ts';

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);
const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

describe('a connection that cannot be made', () => {
  it.each(['127.0.0.1', 'localhost'])('refused by %s', async (address) => {
    const port = await unusedPort();
    const outcome = await prober().send(requestTo(endpointAt(port, { address })));
    expect(summaryOf(outcome)).toBe('transport connect ECONNREFUSED');
  });

  it('name not known', async () => {
    const endpoint = endpointAt(80, { address: 'nx.invalid' });
    const outcome = await prober().send(requestTo(endpoint, { connectTimeoutMs: 300 }));
    expect(outcome).toMatchObject({ kind: 'transport', phase: 'dns' });
  });

  it('never accepted', async ({ skip }) => {
    const port = await saturatedPort();
    if (port === undefined) skip('this system accepts connections without end');
    const outcome = await prober().send(
      requestTo(endpointAt(port ?? 0), { connectTimeoutMs: 300 }),
    );
    expect(summaryOf(outcome)).toBe('transport connect ETIMEDOUT');
  });

  it('a peer that never answers the handshake', async () => {
    const { port } = await listenTcp(() => undefined);
    const endpoint = endpointAt(port, { protocol: 'https' });
    const outcome = await prober().send(requestTo(endpoint, { connectTimeoutMs: 200 }));
    expect(summaryOf(outcome)).toBe('transport tls ETIMEDOUT');
  });

  it('a peer that breaks off the handshake', async () => {
    const { port } = await listenTcp((socket) => socket.once('data', () => socket.destroy()));
    const outcome = await prober().send(requestTo(endpointAt(port, { protocol: 'https' })));
    expect(summaryOf(outcome)).toBe('transport tls ECONNRESET');
  });

  it('a peer without TLS', async () => {
    const service = await serve(answering(200));
    const outcome = await prober().send(requestTo(endpointAt(service.port, { protocol: 'https' })));
    expect(outcome).toMatchObject({ kind: 'transport', phase: 'tls', code: /^ERR_SSL_|EPROTO/ });
  });

  it('a port that is none', async () => {
    const outcome = await prober().send(requestTo(endpointAt(70_000)));
    expect(summaryOf(outcome)).toBe('transport reset ERR_SOCKET_BAD_PORT');
  });
});

describe('the two clocks', () => {
  it('a slow handshake takes nothing from the time to answer, and counts in no latency', async () => {
    const service = await serve(answering(200, 'ok'), { tls: signed });
    const slow = await slowToOpen(service.port, 600);
    const endpoint = endpointAt(slow, { protocol: 'https' });
    const startedAtMs = performance.now();
    const outcome = await prober({ caPem }).send(requestTo(endpoint, { timeoutMs: 500 }));
    const totalMs = performance.now() - startedAtMs;
    expect(summaryOf(outcome)).toBe('answer 200 ok');
    const elapsedMs = outcome.kind === 'answer' ? outcome.elapsedMs : Number.NaN;
    expect(totalMs - elapsedMs).toBeGreaterThan(590);
  });

  it('a slow answer takes nothing from the time to connect', async () => {
    const service = await serve(() => ({ status: 200, body: 'ok', delayMs: 900 }));
    const endpoint = endpointAt(service.port);
    const outcome = await prober().send(requestTo(endpoint, { connectTimeoutMs: 600 }));
    expect(summaryOf(outcome)).toBe('answer 200 ok');
  });

  it('a call in the queue for a connection is on neither', async () => {
    const service = await serve(() => ({ status: 200, delayMs: 200 }));
    const client = prober({ socketsPerEndpointMax: 1 });
    const request = requestTo(endpointAt(service.port), { connectTimeoutMs: 600, timeoutMs: 600 });
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => client.send(request)));
    expect(outcomes.map(summaryOf)).toEqual(Array.from({ length: 5 }, () => 'answer 200'));
    expect(service.connections.opened).toBe(1);
  });
});

describe('TLS', () => {
  it('verifies the certificate against the host, which is also server name and header', async () => {
    const service = await serve(answering(200, 'ok'), { tls: signed });
    const endpoint = endpointAt(service.port, {
      protocol: 'https',
      host: 'shop.example.test:8443',
    });
    const outcome = await prober({ caPem }).send(requestTo(endpoint));
    expect(summaryOf(outcome)).toBe('answer 200 ok');
    expect(service.requests.last[0]).toMatchObject({
      serverName: 'shop.example.test',
      headers: { host: 'shop.example.test:8443' },
    });
  });

  it.each([
    ['a certificate nobody signed', selfSigned, 'shop.example.test', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['a certificate for another name', signed, 'other.test', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['a certificate for another address', signed, '127.0.0.9', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('refuses %s', async (_, tls, host, code) => {
    const service = await serve(answering(200), { tls });
    const endpoint = endpointAt(service.port, { protocol: 'https', host });
    const outcome = await prober({ caPem }).send(requestTo(endpoint));
    expect(summaryOf(outcome)).toBe(`transport tls ${code}`);
    expect(service.requests.count).toBe(0);
  });

  it('trusts no private authority by itself', async () => {
    const service = await serve(answering(200), { tls: signed });
    const outcome = await prober().send(requestTo(endpointAt(service.port, { protocol: 'https' })));
    expect(outcome).toMatchObject({ kind: 'transport', phase: 'tls', code: /^UNABLE_TO_/ });
  });

  it('keeps the code of an alert that follows the handshake', async () => {
    const server = createTlsServer({ ...signed, ca: caPem, requestCert: true }, (_, response) =>
      response.end(),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const endpoint = endpointAt(portOf(server), { protocol: 'https' });
    const outcome = await prober({ caPem }).send(requestTo(endpoint));
    expect(outcome).toMatchObject({ phase: 'tls', code: /^ERR_SSL_.*CERTIFICATE_REQUIRED$/ });
  });

  it('takes any certificate where the configuration says so', async () => {
    const service = await serve(answering(200, 'ok'), { tls: selfSigned });
    const endpoint = endpointAt(service.port, {
      protocol: 'https',
      host: 'other.test',
      verifiesCertificate: false,
    });
    expect(summaryOf(await prober().send(requestTo(endpoint)))).toBe('answer 200 ok');
  });

  it('a connection that was not verified serves no call that asks for it', async () => {
    const service = await serve(answering(200, 'ok'), { tls: selfSigned });
    const client = prober();
    const endpoint = endpointAt(service.port, { protocol: 'https' });
    await client.send(requestTo({ ...endpoint, verifiesCertificate: false }));
    expect(summaryOf(await client.send(requestTo(endpoint)))).toBe(
      'transport tls DEPTH_ZERO_SELF_SIGNED_CERT',
    );
  });

  it('sends no server name for an address, and verifies the address', async () => {
    const service = await serve(answering(200, 'ok'), { tls: signed });
    const client = prober({ caPem });
    const endpoint = endpointAt(service.port, { protocol: 'https', host: '127.0.0.1' });
    expect(summaryOf(await client.send(requestTo(endpoint)))).toBe('answer 200 ok');
    expect(service.requests.last[0]?.serverName).toBeUndefined();
    const outcome = await client.send(requestTo({ ...endpoint, host: '127.0.0.9' }));
    expect(summaryOf(outcome)).toBe('transport tls ERR_TLS_CERT_ALTNAME_INVALID');
  });
});

describe('connections', () => {
  it.each(['http', 'https'] as const)('are kept for the next %s call', async (protocol) => {
    const service = await serve(answering(200, 'ok'), protocol === 'https' ? { tls: signed } : {});
    const client = prober({ caPem });
    const endpoint = endpointAt(service.port, { protocol });
    for (let call = 0; call < 5; call += 1) await client.send(requestTo(endpoint));
    expect(service.requests.count).toBe(5);
    expect(service.connections.opened).toBe(1);
  });

  it.each(['http', 'https'] as const)(
    'are new for each call where %s must not reuse them',
    async (protocol) => {
      const service = await serve(
        answering(200, 'ok'),
        protocol === 'https' ? { tls: signed } : {},
      );
      const client = prober({ caPem, socketsPerEndpointMax: 2 });
      const endpoint = endpointAt(service.port, { protocol, reusesConnections: false });
      const request = requestTo(endpoint, { headers: { Connection: 'keep-alive' } });
      await Promise.all(Array.from({ length: 5 }, () => client.send(request)));
      expect(service.requests.count).toBe(5);
      expect(service.connections.opened).toBe(5);
    },
  );

  it.each(['http', 'https'] as const)(
    'closed by the %s peer in the meantime are replaced',
    async (protocol) => {
      const stale = await staleAfterFirst(protocol);
      const client = prober({ caPem });
      const request = requestTo(endpointAt(stale.port, { protocol }));
      expect(summaryOf(await client.send(request))).toBe('answer 200 ok');
      expect(summaryOf(await client.send(request))).toBe('answer 200 ok');
      expect(stale.requests()).toBe(3);
    },
  );

  it('closed by the peer all together are not tried one after the other', async () => {
    const served = new WeakSet();
    const { port, connections } = await listenTcp((socket) =>
      socket.on('data', () => {
        if (served.has(socket)) socket.destroy();
        else socket.write(ok);
        served.add(socket);
      }),
    );
    const client = prober();
    const request = requestTo(endpointAt(port));
    await Promise.all([1, 2, 3].map(() => client.send(request)));
    expect(connections()).toBe(3);
    expect(summaryOf(await client.send(request))).toBe('answer 200 ok');
  });

  it('closed in the meantime fail a call that must not be sent twice', async () => {
    const stale = await staleAfterFirst('http');
    const client = prober();
    const request = requestTo(endpointAt(stale.port), { method: 'POST', body: '{}' });
    expect(summaryOf(await client.send(request))).toBe('answer 200 ok');
    expect(summaryOf(await client.send(request))).toBe('transport reset ECONNRESET');
    expect(stale.requests()).toBe(2);
  });

  it('that break within an answer are no reason to send again', async () => {
    let requests = 0;
    const { port } = await listenTcp((socket) =>
      socket.on('data', () => {
        requests += 1;
        if (requests === 1) socket.write(ok);
        else socket.end('HTTP/1.1 2');
      }),
    );
    const client = prober();
    await client.send(requestTo(endpointAt(port)));
    const outcome = await client.send(requestTo(endpointAt(port)));
    expect(summaryOf(outcome)).toBe('transport reset ECONNRESET');
    expect(requests).toBe(2);
  });

  it('with a request still under way when its answer is complete are given up', async () => {
    let open = 0;
    const { port } = await listenTcp((socket) => {
      open += 1;
      socket.once('close', () => {
        open -= 1;
      });
      socket.once('data', () => {
        socket.write('HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n');
        socket.pause();
        setTimeout(() => socket.resume(), 900);
      });
    });
    const body = 'x'.repeat(50_000_000);
    const request = requestTo(endpointAt(port), { method: 'POST', body, timeoutMs: 600 });
    expect(summaryOf(await prober().send(request))).toBe('answer 413');
    await eventually(() => open).toBe(0);
  });

  it('that are new and break at once are tried once only', async () => {
    const { port, connections } = await listenTcp((socket) =>
      socket.once('data', () => socket.destroy()),
    );
    const outcome = await prober().send(requestTo(endpointAt(port)));
    expect(summaryOf(outcome)).toBe('transport reset ECONNRESET');
    expect(connections()).toBe(1);
  });

  it('that carried something unasked while idle do not answer the next call', async () => {
    const late = Promise.withResolvers<void>();
    const { port } = await listenTcp((socket, index) =>
      socket.on('data', () => {
        socket.write(ok);
        const sayLate = (): unknown =>
          socket.write('HTTP/1.1 408 Late\r\n\r\n', () => setTimeout(late.resolve, 50));
        if (index === 0) setTimeout(sayLate, 30);
      }),
    );
    const client = prober();
    await client.send(requestTo(endpointAt(port)));
    await late.promise;
    expect(summaryOf(await client.send(requestTo(endpointAt(port))))).toBe('answer 200 ok');
  });

  it.each(['http', 'https'] as const)(
    'idle %s ones close on request, and new ones open after it',
    async (protocol) => {
      const service = await serve(
        answering(200, 'ok'),
        protocol === 'https' ? { tls: signed } : {},
      );
      const client = prober({ caPem });
      const request = requestTo(endpointAt(service.port, { protocol }));
      await client.send(request);
      expect(service.connections.open).toBe(1);
      client.close();
      await eventually(() => service.connections.open).toBe(0);
      expect(summaryOf(await client.send(request))).toBe('answer 200 ok');
    },
  );

  it('closing the idle ones leaves a call in flight alone', async () => {
    const service = await serve(() => ({ status: 200, delayMs: 100 }));
    const client = prober();
    const sent = client.send(requestTo(endpointAt(service.port)));
    await arrivalAt(service);
    client.close();
    expect(summaryOf(await sent)).toBe('answer 200');
  });

  it('100 calls at once share no more than the bound', async () => {
    const service = await serve((request) => ({ status: 200, body: request.path, delayMs: 5 }));
    const client = prober({ socketsPerEndpointMax: 10 });
    const paths = Array.from({ length: 100 }, (_, index) => `/${index}`);
    const outcomes = await Promise.all(
      paths.map((path) => client.send(requestTo(endpointAt(service.port), { path }))),
    );
    expect(outcomes.map(summaryOf)).toEqual(paths.map((path) => `answer 200 ${path}`));
    expect(service.connections.opened).toBe(10);
  });

  it.skipIf(!hasIpv6).each(['::1', '[::1]'])('go to %s', async (address) => {
    const service = await serve(answering(200, 'ok'), { host: '::1' });
    const endpoint = endpointAt(service.port, { address, host: `[::1]:${service.port}` });
    expect(summaryOf(await prober().send(requestTo(endpoint)))).toBe('answer 200 ok');
    expect(service.requests.last[0]?.headers.host).toBe(`[::1]:${service.port}`);
  });
});

describe('an abort', () => {
  const reason = new Error('out of time');

  it('before the call: nothing is sent', async () => {
    const service = await serve(answering(200));
    const sent = prober().send(requestTo(endpointAt(service.port)), AbortSignal.abort(reason));
    await expect(sent).rejects.toBe(reason);
    expect(service.connections.opened).toBe(0);
  });

  it.each([
    ['while the application thinks', { kind: 'hang' }],
    ['in mid-body', { kind: 'slow-body', chunk: '.', intervalMs: 10 }],
  ] as const)('%s', async (_, reply) => {
    const service = await serve(() => reply);
    const controller = new AbortController();
    const sent = prober().send(requestTo(endpointAt(service.port)), controller.signal);
    await arrivalAt(service);
    controller.abort(reason);
    await expect(sent).rejects.toBe(reason);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    await eventually(() => service.connections.open).toBe(0);
  });

  it('while the connection is made', async () => {
    const { port, connections } = await listenTcp(() => undefined);
    const controller = new AbortController();
    const endpoint = endpointAt(port, { protocol: 'https' });
    const sent = prober().send(requestTo(endpoint), controller.signal);
    await eventually(connections).toBe(1);
    controller.abort(reason);
    await expect(sent).rejects.toBe(reason);
  });

  it('while waiting for a connection; the call before it goes on', async () => {
    const service = await serve(() => ({ status: 200, delayMs: 100 }));
    const client = prober({ socketsPerEndpointMax: 1 });
    const controller = new AbortController();
    const first = client.send(requestTo(endpointAt(service.port)));
    const queued = client.send(requestTo(endpointAt(service.port)), controller.signal);
    const last = client.send(requestTo(endpointAt(service.port)));
    await arrivalAt(service);
    controller.abort(reason);
    await expect(queued).rejects.toBe(reason);
    expect([await first, await last].map(summaryOf)).toEqual(['answer 200', 'answer 200']);
    expect(service.requests.count).toBe(2);
  });

  it('after the answer: nothing is left that would hear it', async () => {
    const service = await serve(answering(200));
    const controller = new AbortController();
    const client = prober();
    for (let call = 0; call < 20; call += 1) {
      await client.send(requestTo(endpointAt(service.port)), controller.signal);
    }
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    controller.abort(reason);
  });
});

const arrivalAt = (service: HttpService): Promise<void> =>
  eventually(() => service.requests.last.length).toBe(1);

/** A port nobody listens on, as one just did. */
async function unusedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Passes bytes on to `port`, but lets each connection wait first, as a busy load balancer does. */
async function slowToOpen(port: number, delayMs: number): Promise<number> {
  const { port: slow } = await listenTcp((socket) => {
    setTimeout(() => {
      const target = connect(port, '127.0.0.1');
      target.on('error', () => socket.destroy());
      socket.pipe(target).pipe(socket);
    }, delayMs);
  });
  return slow;
}

/**
 * A peer whose first connection answers one request and breaks at the second, before a byte of an
 * answer: what a client sees that sends just as the peer gives the idle connection up.
 */
async function staleAfterFirst(
  protocol: 'http' | 'https',
): Promise<{ port: number; requests: () => number }> {
  const service = await serve(
    (_, index) => (index === 1 ? { kind: 'reset' } : { status: 200, body: 'ok' }),
    protocol === 'https' ? { tls: signed } : {},
  );
  return { port: service.port, requests: () => service.requests.count };
}

/**
 * A listening port whose queue is full and whose owner never accepts: a thread that listens and then
 * stops for good. Undefined where the system completes handshakes without end.
 */
async function saturatedPort(): Promise<number | undefined> {
  const worker = new Worker(
    `const { createServer } = require('node:net');
     const { parentPort } = require('node:worker_threads');
     const server = createServer();
     server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
       parentPort.postMessage(server.address().port);
       setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0), 10);
     });`,
    { eval: true },
  );
  const port = await new Promise<number>((resolve) => worker.once('message', resolve));
  await new Promise((resolve) => setTimeout(resolve, 100));
  const fillers = Array.from({ length: 16 }, () => connect(port, '127.0.0.1'));
  onTestFinished(async () => {
    for (const filler of fillers) filler.destroy();
    await worker.terminate();
  });
  let opened = 0;
  for (const filler of fillers) {
    filler.on('error', () => undefined);
    filler.once('connect', () => {
      opened += 1;
    });
  }
  await new Promise((resolve) => setTimeout(resolve, 200));
  return opened < fillers.length ? port : undefined;
}
