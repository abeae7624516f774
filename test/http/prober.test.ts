import { describe, expect, it } from 'vitest';
import type { ProbeOutcome } from '../../shared/domain/probe.ts';
import { answering, type Reply, routedByHeader } from '../../simulator/http-service.ts';
import {
  endpointAt,
  eventually,
  listenTcp,
  prober,
  requestTo,
  serve,
  summaryOf,
} from './harness.ts';

const answerOf = (outcome: ProbeOutcome): Extract<ProbeOutcome, { kind: 'answer' }> => {
  if (outcome.kind !== 'answer') throw new Error(`no answer: ${summaryOf(outcome)}`);
  return outcome;
};

describe('an answer', () => {
  it('comes with status, headers, body and the time it took', async () => {
    const service = await serve(answering(200, 'hello', { 'X-Revision': '7' }));
    const outcome = answerOf(await prober().send(requestTo(endpointAt(service.port))));
    expect(outcome).toMatchObject({ status: 200, body: 'hello', bodyTruncated: false });
    expect(outcome.headers).toMatchObject({ 'x-revision': '7', 'content-length': '5' });
    expect(outcome.elapsedMs).toBeGreaterThan(0);
  });

  it.each([301, 302, 307, 404, 429, 500, 503])(
    'status %i is one like any other',
    async (status) => {
      const service = await serve(answering(status, 'text', { location: '/elsewhere' }));
      const outcome = await prober().send(requestTo(endpointAt(service.port)));
      expect(summaryOf(outcome)).toBe(`answer ${status} text`);
      expect(service.requests.count).toBe(1);
    },
  );

  it.each([204, 304])('status %i has no body', async (status) => {
    const service = await serve(answering(status));
    const outcome = await prober().send(requestTo(endpointAt(service.port)));
    expect(summaryOf(outcome)).toBe(`answer ${status}`);
  });

  it('to HEAD has no body, whatever its length says', async () => {
    const service = await serve(answering(200, 'hello', { 'content-length': '5' }));
    const outcome = answerOf(
      await prober().send(requestTo(endpointAt(service.port), { method: 'HEAD' })),
    );
    expect(outcome).toMatchObject({ status: 200, body: '' });
    expect(outcome.headers['content-length']).toBe('5');
  });

  it('in chunks is put together', async () => {
    const service = await serve(() => ({
      kind: 'slow-body',
      chunk: 'ab',
      intervalMs: 5,
      chunksMax: 4,
    }));
    const outcome = answerOf(await prober().send(requestTo(endpointAt(service.port))));
    expect(outcome.headers['transfer-encoding']).toBe('chunked');
    expect(outcome.body).toBe('abababab');
  });

  it('without a length ends with the connection', async () => {
    const service = await serve(() => ({
      kind: 'raw',
      bytes: 'HTTP/1.1 200 OK\r\n\r\nto the end',
    }));
    const outcome = await prober().send(requestTo(endpointAt(service.port)));
    expect(summaryOf(outcome)).toBe('answer 200 to the end');
  });

  it('of some size without a length ends with the connection', async () => {
    const body = 'z'.repeat(3_000_000);
    const service = await serve(() => ({ kind: 'raw', bytes: `HTTP/1.0 200 OK\r\n\r\n${body}` }));
    const client = prober({ bodyBytesMax: 4_000_000 });
    const outcome = answerOf(await client.send(requestTo(endpointAt(service.port))));
    expect([outcome.bodyTruncated, outcome.body.length]).toEqual([false, 3_000_000]);
  });

  it('may be announced by 1xx, which do not count', async () => {
    const bytes =
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n' +
      'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
    const service = await serve(() => ({ kind: 'raw', bytes }));
    const outcome = await prober().send(requestTo(endpointAt(service.port)));
    expect(summaryOf(outcome)).toBe('answer 200 ok');
  });

  it('that switches protocols unasked is an answer', async () => {
    const bytes = 'HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n';
    const service = await serve(() => ({ kind: 'raw', bytes }));
    const outcome = await prober().send(requestTo(endpointAt(service.port)));
    expect(summaryOf(outcome)).toBe('answer 101');
  });

  it('keeps repeated headers, joined', async () => {
    const bytes =
      'HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nx-a: 1\r\nX-A: 2\r\n' +
      '__proto__: x\r\ncontent-length: 0\r\n\r\n';
    const service = await serve(() => ({ kind: 'raw', bytes }));
    const { headers } = answerOf(await prober().send(requestTo(endpointAt(service.port))));
    expect(headers['set-cookie']).toBe('a=1, b=2');
    expect(headers['x-a']).toBe('1, 2');
    expect(Object.keys(headers)).toContain('content-length');
  });

  it('decodes UTF-8 and tolerates what is none', async () => {
    const head = 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n';
    const bytes = Buffer.concat([
      Buffer.from(`${head}né€`).subarray(0, -3),
      Buffer.of(255, 33, 33),
    ]);
    const service = await serve(() => ({ kind: 'raw', bytes }));
    const outcome = await prober().send(requestTo(endpointAt(service.port)));
    expect(summaryOf(outcome)).toBe('answer 200 né\uFFFD!!');
  });
});

describe('the request', () => {
  it('carries what every call carries', async () => {
    const service = await serve(answering(200));
    await prober().send(requestTo(endpointAt(service.port), { path: '/a?b=1' }));
    expect(service.requests.last[0]).toMatchObject({
      method: 'GET',
      path: '/a?b=1',
      headers: {
        host: 'shop.example.test',
        'user-agent': 'ballast-test',
        'accept-encoding': 'identity',
      },
    });
  });

  it('lets the endpoint win over a check, in any case of letters', async () => {
    const service = await serve(answering(200));
    const endpoint = endpointAt(service.port, { headers: { 'X-Test': 'green' } });
    const headers = {
      'x-test': 'blue',
      HOST: 'elsewhere.test',
      'Accept-Encoding': 'gzip',
      'X-Other': '1',
    };
    await prober().send(requestTo(endpoint, { headers }));
    expect(service.requests.last[0]?.headers).toMatchObject({
      'x-test': 'green',
      host: 'shop.example.test',
      'accept-encoding': 'gzip',
      'x-other': '1',
    });
  });

  it('sends a body with its length in bytes, whatever the check claims', async () => {
    const service = await serve(answering(201));
    const headers = { 'Content-Length': '1', 'Transfer-Encoding': 'chunked' };
    const outcome = await prober().send(
      requestTo(endpointAt(service.port), { method: 'POST', body: '{"a":"é"}', headers }),
    );
    expect(summaryOf(outcome)).toBe('answer 201');
    expect(service.requests.last[0]).toMatchObject({
      method: 'POST',
      body: '{"a":"é"}',
      headers: { 'content-length': '10' },
    });
    expect(service.requests.last[0]?.headers).not.toHaveProperty('transfer-encoding');
  });

  it('is routed by the header of the listener rule', async () => {
    const service = await serve(
      routedByHeader(
        { name: 'X-Test', value: 'green' },
        { green: answering(200, 'green'), blue: answering(200, 'blue') },
      ),
    );
    const client = prober();
    const green = endpointAt(service.port, { headers: { 'x-test': 'green' } });
    const blue = endpointAt(service.port);
    expect(summaryOf(await client.send(requestTo(green)))).toBe('answer 200 green');
    expect(summaryOf(await client.send(requestTo(blue)))).toBe('answer 200 blue');
  });

  it.each([
    ['a header with a line break', { headers: { 'x-key': 'a\r\nb' } }, 'ERR_INVALID_CHAR'],
    ['a path with a space', { path: '/a b' }, 'ERR_UNESCAPED_CHARACTERS'],
    ['a method that is none', { method: 'G T' }, 'ERR_INVALID_HTTP_TOKEN'],
  ])('%s cannot be sent and says so', async (_, overrides, code) => {
    const service = await serve(answering(200));
    const outcome = await prober().send(requestTo(endpointAt(service.port), overrides));
    expect(summaryOf(outcome)).toBe(`transport reset ${code}`);
    expect(service.requests.count).toBe(0);
  });
});

describe('an application that does not answer properly', () => {
  const headers = 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n';

  it.each<[string, Reply, string]>([
    ['hangs', { kind: 'hang' }, 'no-answer'],
    ['answers late', { status: 200, delayMs: 5_000 }, 'no-answer'],
    ['drips for ever', { kind: 'slow-body', chunk: '.', intervalMs: 10 }, 'no-answer'],
    ['does not speak HTTP', { kind: 'raw', bytes: 'SSH-2.0-OpenSSH_9.9\r\n' }, 'malformed'],
    ['breaks its chunks', { kind: 'raw', bytes: chunked('zz\r\n') }, 'malformed'],
    ['resets', { kind: 'reset' }, 'transport reset ECONNRESET'],
    [
      'resets in mid-body',
      { kind: 'reset', partial: `${headers}abc` },
      'transport reset ECONNRESET',
    ],
    ['ends in mid-header', { kind: 'raw', bytes: 'HTTP/1.1 200' }, 'transport reset ECONNRESET'],
    ['ends in mid-body', { kind: 'raw', bytes: `${headers}abc` }, 'transport reset ECONNRESET'],
    ['ends in mid-chunk', { kind: 'raw', bytes: chunked('5\r\nab') }, 'transport reset ECONNRESET'],
    ['ends wordless', { kind: 'raw', bytes: '' }, 'transport reset ECONNRESET'],
  ])('%s', async (_, reply, expected) => {
    const service = await serve(() => reply);
    const timeoutMs = expected === 'no-answer' ? 200 : 10_000;
    const outcome = await prober().send(requestTo(endpointAt(service.port), { timeoutMs }));
    expect(summaryOf(outcome)).toBe(expected);
    await eventually(() => service.connections.open).toBe(0);
  });

  it('says what was malformed', async () => {
    const service = await serve(() => ({ kind: 'raw', bytes: 'nonsense\r\n\r\n' }));
    const outcome = await prober().send(requestTo(endpointAt(service.port)));
    expect(outcome).toMatchObject({
      kind: 'malformed',
      detail: expect.stringMatching(/^HPE_\w+: ./),
    });
  });

  it('counts headers that go on for ever as malformed', async () => {
    const bytes = `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(100_000)}`;
    const service = await serve(() => ({ kind: 'raw', bytes }));
    const outcome = await prober().send(requestTo(endpointAt(service.port)));
    expect(outcome).toMatchObject({ kind: 'malformed', detail: /HPE_HEADER_OVERFLOW/ });
  });
});

const chunked = (body: string): string =>
  `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${body}`;

describe('a body', () => {
  it.each([
    ['below the bound', '12345', { body: '12345', bodyTruncated: false }],
    ['of exactly the bound', '12345678', { body: '12345678', bodyTruncated: false }],
    ['a byte longer', '123456789', { body: '12345678', bodyTruncated: true }],
    ['cut within a character', '1234567é', { body: '1234567', bodyTruncated: true }],
    ['empty', '', { body: '', bodyTruncated: false }],
  ])('%s', async (_, body, expected) => {
    const service = await serve(answering(200, body));
    const outcome = await prober({ bodyBytesMax: 8 }).send(requestTo(endpointAt(service.port)));
    expect(outcome).toMatchObject(expected);
  });

  it('without end is read to the bound, and its connection closed', async () => {
    const chunk = 'x'.repeat(65_536);
    const service = await serve(() => ({ kind: 'slow-body', chunk, intervalMs: 0 }));
    const client = prober({ bodyBytesMax: 200_000 });
    const outcome = answerOf(await client.send(requestTo(endpointAt(service.port))));
    expect(outcome.bodyTruncated).toBe(true);
    expect(outcome.body).toHaveLength(200_000);
    await eventually(() => service.connections.open).toBe(0);
  });

  it('that is announced as huge is read to the bound', async () => {
    const service = await serve(answering(200, 'y'.repeat(8_000_000)));
    const client = prober({ bodyBytesMax: 100_000 });
    const outcome = answerOf(await client.send(requestTo(endpointAt(service.port))));
    expect([outcome.bodyTruncated, outcome.body.length]).toEqual([true, 100_000]);
    await eventually(() => service.connections.open).toBe(0);
  });

  it('of many tiny chunks takes no more than its bytes', async () => {
    const bytes = chunked(`${'1\r\nz\r\n'.repeat(50_000)}0\r\n\r\n`);
    const { port } = await listenTcp((socket) => socket.once('data', () => socket.end(bytes)));
    const outcome = answerOf(await prober().send(requestTo(endpointAt(port))));
    expect([outcome.bodyTruncated, outcome.body]).toEqual([false, 'z'.repeat(50_000)]);
  });

  it('of no allowed bytes is cut at its first', async () => {
    const service = await serve(answering(200, 'a'));
    const outcome = await prober({ bodyBytesMax: 0 }).send(requestTo(endpointAt(service.port)));
    expect(outcome).toMatchObject({ status: 200, body: '', bodyTruncated: true });
  });
});
