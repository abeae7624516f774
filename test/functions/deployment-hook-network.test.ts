import { describe, expect, it, vi } from 'vitest';
import {
  answering,
  type Behaviour,
  type Reply,
  withColdStart,
  withResets,
} from '../../simulator/http-service.ts';
import { caPem, selfSigned, signed } from '../http/harness.ts';
import {
  expectHeld,
  inLab,
  type Lab,
  nobody,
  plain,
  requestsOf,
  well,
  whileHeld,
} from './hook-lab.ts';

// Each case waits for its own servers most of the time.
vi.setConfig({ maxConcurrency: 40, testTimeout: 60_000 });

describe.concurrent('what only the network did never fails the build as its own', () => {
  const cases: [string, string, (lab: Lab) => Promise<{ port: number }>][] = [
    ['connection refused', 'connect ECONNREFUSED', async () => nobody],
    ['reset before the answer', 'reset ECONNRESET', (lab) => lab.serve(() => ({ kind: 'reset' }))],
    [
      'reset in the middle of the body',
      'reset ECONNRESET',
      (lab) =>
        lab.serve(() => ({
          kind: 'reset',
          partial: 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf of it',
        })),
    ],
    [
      'closed without a word',
      'reset ECONNRESET',
      (lab) => lab.listenTcp((socket) => socket.once('data', () => socket.end())),
    ],
  ];
  it.each(cases)('%s: held, then could-not-measure', (_, detail, start) =>
    inLab(async (lab) => {
      const hook = await lab.deploy({ green: await start(lab) });
      const result = await hook.gate(plain());
      expectHeld(result);
      expect(result.reasons).toEqual([...whileHeld('transport'), 'could-not-measure']);
      expect(result.last.decision.detail).toContain(detail);
      expect(requestsOf(result.last)).toEqual({ green: 20, blue: 0 });
    })(),
  );

  it(
    'resets that end while ECS waits: passes at the next poll',
    inLab(async (lab) => {
      let isUp = false;
      const green = await lab.serve(() => (isUp ? { status: 200 } : { kind: 'reset' }));
      const hook = await lab.deploy({ green });
      const result = await hook.gate(plain(), {
        after: () => {
          isUp = true;
        },
      });
      expect(result.statuses).toEqual(['IN_PROGRESS', 'SUCCEEDED']);
      expect(result.reasons).toEqual(['transport', 'checks-passed']);
    }),
  );

  it(
    'a share of resets on both sides passes',
    inLab(async (lab) => {
      const green = await lab.serve(withResets(well, { share: 0.15, seed: 1 }));
      const blue = await lab.serve(withResets(well, { share: 0.15, seed: 2 }));
      const hook = await lab.deploy({ green, blue });
      const result = await hook.gate({ samples: 20, warmUp: 1 });
      expect(result.verdict).toBe('SUCCEEDED');
      expect(result.statuses).not.toContain('FAILED');
      expect(green.requests.count).toBeGreaterThan(22);
    }),
  );

  it(
    'resets on green alone are not the build either',
    inLab(async (lab) => {
      const green = await lab.serve(withResets(well, { share: 0.4, seed: 3 }));
      const hook = await lab.deploy({ green });
      const result = await hook.gate({ samples: 20, warmUp: 0 });
      expect(result.verdict).toBe('SUCCEEDED');
    }),
  );

  it(
    'a green that is lost during sampling is held',
    inLab(async (lab) => {
      const green = await lab.serve((_, index) =>
        index < 6 ? { status: 200 } : { kind: 'reset' },
      );
      const hook = await lab.deploy({ green });
      const result = await hook.gate({ samples: 20, warmUp: 0, deadlineMinutes: 3 });
      expect(result.statuses[0]).toBe('IN_PROGRESS');
      expect(result.reason).toBe('could-not-measure');
    }),
  );
});

describe.concurrent('TLS', () => {
  const overTls = async (lab: Lab, tls: typeof selfSigned) => lab.serve(well, { tls });

  it(
    'a certificate that nobody signed cannot be measured',
    inLab(async (lab) => {
      const green = await overTls(lab, selfSigned);
      const hook = await lab.deploy({ green, protocol: 'HTTPS' });
      const result = await hook.gate(plain());
      expectHeld(result);
      expect(result.reason).toBe('could-not-measure');
      expect(result.last.decision.detail).toContain('tls DEPTH_ZERO_SELF_SIGNED_CERT');
      expect(green.requests.count).toBe(0);
    }),
  );

  it(
    'passes where hookDetails trust it',
    inLab(async (lab) => {
      const green = await overTls(lab, selfSigned);
      const hook = await lab.deploy({ green, protocol: 'HTTPS' });
      const result = await hook.gate({ ...plain(), endpoint: { verifyCertificate: false } });
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect(green.requests.count).toBe(1);
    }),
  );

  it(
    'a known authority is asked for the name in the certificate',
    inLab(async (lab) => {
      const green = await overTls(lab, signed);
      const deploy = () => lab.deploy({ green, protocol: 'HTTPS', prober: { caPem } });
      const named = { ...plain(), endpoint: { host: 'shop.example.test' } };
      expect((await (await deploy()).gate(named)).statuses).toEqual(['SUCCEEDED']);
      const other = { ...plain(), endpoint: { host: 'other.example.test' } };
      const refused = await (await deploy()).gate(other);
      expect(refused.reason).toBe('could-not-measure');
      expect(refused.last.decision.detail).toContain('tls ERR_TLS_CERT_ALTNAME_INVALID');
    }),
  );

  it(
    'plain HTTP on a TLS listener cannot be measured',
    inLab(async (lab) => {
      const green = await lab.serve(well);
      const hook = await lab.deploy({ green, protocol: 'HTTPS' });
      const result = await hook.gate(plain());
      expect(result.reason).toBe('could-not-measure');
      expect(result.last.decision.detail).toContain('tls ');
    }),
  );
});

describe.concurrent('a wrong answer, confirmed, fails the build', () => {
  const slow = { timeoutMs: 150 };
  const json = { expect: { json: [{ path: 'ok', equals: true }] } };
  const cases: [string, string, object, Reply][] = [
    ['401', 'unexpected-status', {}, { status: 401 }],
    ['404', 'unexpected-status', {}, { status: 404 }],
    ['500', 'unexpected-status', {}, { status: 500, body: 'oops' }],
    ['503', 'unexpected-status', {}, { status: 503 }],
    ['a redirect', 'unexpected-status', {}, { status: 302, headers: { location: '/new' } }],
    ['no answer', 'no-answer', slow, { kind: 'hang' }],
    ['a late answer', 'no-answer', slow, { status: 200, delayMs: 2_000 }],
    [
      'a body slower than the time-out',
      'no-answer',
      slow,
      { kind: 'slow-body', chunk: 'x', intervalMs: 60, chunksMax: 10 },
    ],
    ['an endless body', 'no-answer', slow, { kind: 'slow-body', chunk: 'x', intervalMs: 5 }],
    ['not HTTP', 'malformed-answer', {}, { kind: 'raw', bytes: 'SSH-2.0-OpenSSH_9.6\r\n\r\n' }],
    [
      'two lengths',
      'malformed-answer',
      {},
      { kind: 'raw', bytes: 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx' },
    ],
    ['HTML where JSON is asserted', 'json-assertion', json, { status: 200, body: '<p>ok</p>' }],
    ['other JSON', 'json-assertion', json, { status: 200, body: '{"ok": false}' }],
    [
      'JSON longer than Ballast reads',
      'json-assertion',
      json,
      { status: 200, body: JSON.stringify({ ok: true, padding: 'x'.repeat(1_000_000) }) },
    ],
    [
      'a text missing',
      'body-assertion',
      { expect: { contains: 'welcome' } },
      { status: 200, body: 'x'.repeat(1_000_000) },
    ],
    [
      'a text that must not be there',
      'body-assertion',
      { expect: { omits: 'Exception' } },
      { status: 200, body: 'java.lang.NullPointerException' },
    ],
    [
      'a header missing',
      'unexpected-header',
      { expect: { headers: { 'Cache-Control': 'no-*' } } },
      { status: 200 },
    ],
    [
      'slower than its limit',
      'latency-limit',
      { expect: { latencyMs: 20 } },
      { status: 200, delayMs: 60 },
    ],
  ];
  it.each(cases)('%s: %s', (_, reason, check, reply) =>
    inLab(async (lab) => {
      const green = await lab.serve(() => reply);
      const hook = await lab.deploy({ green });
      const result = await hook.gate(plain(check));
      expect(result.statuses).toEqual(['FAILED']);
      expect(result.reason).toBe(reason);
      expect(result.last.answer.reason).toMatch(new RegExp(`^${reason}: GET /: `));
      expect(green.requests.count).toBe(3);
      expect(new Set(green.requests.last.map(({ path }) => path))).toEqual(new Set(['/']));
    })(),
  );

  it(
    'one that is not critical is reported only',
    inLab(async (lab) => {
      const green = await lab.serve(({ path }) => ({ status: path === '/' ? 200 : 500 }));
      const hook = await lab.deploy({ green });
      const result = await hook.gate(plain({}, { path: '/extra', critical: false }));
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect(result.last.decision.findings).toContainEqual(
        expect.objectContaining({ step: 'check:GET /extra', verdict: 'fail', isCritical: false }),
      );
    }),
  );
});

describe.concurrent('an answer as expected passes the build', () => {
  const cases: [string, object, Behaviour][] = [
    ['any 2xx by default', {}, answering(204)],
    ['4xx where it is expected', { expect: { status: '4xx' } }, answering(403)],
    [
      'a redirect where it is expected, which is not followed',
      { expect: { status: [200, '301-302'], headers: { location: '*/new' } } },
      (_, index) => ({
        status: index === 0 ? 302 : 500,
        headers: { location: 'http://localhost/new' },
      }),
    ],
    [
      'JSON as asserted',
      { expect: { json: [{ path: 'checks[0].status', equals: 'up' }] } },
      answering(200, '{"checks":[{"status":"up"}]}'),
    ],
    ['a huge body of which nothing is asserted', {}, answering(200, 'x'.repeat(5_000_000))],
    [
      'an endless body of which nothing is asserted',
      {},
      () => ({ kind: 'slow-body', chunk: 'x'.repeat(65_536), intervalMs: 0 }),
    ],
    [
      'a slow body within its time',
      { timeoutMs: 5_000, expect: { contains: 'xxx' } },
      () => ({ kind: 'slow-body', chunk: 'x', intervalMs: 30, chunksMax: 3 }),
    ],
  ];
  it.each(cases)('%s', (_, check, behaviour) =>
    inLab(async (lab) => {
      const green = await lab.serve(behaviour);
      const hook = await lab.deploy({ green });
      const result = await hook.gate(plain(check));
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect(result.reason).toBe('checks-passed');
      expect(green.requests.count).toBe(1);
    })(),
  );
});

describe.concurrent('a cold start', () => {
  it(
    'of two 503s passes without a poll more',
    inLab(async (lab) => {
      const green = await lab.serve((_, index) => ({ status: index < 2 ? 503 : 200 }));
      const hook = await lab.deploy({ green });
      const result = await hook.gate(plain());
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect(green.requests.count).toBe(3);
    }),
  );

  it(
    'of three 503s falls in the warm-up',
    inLab(async (lab) => {
      const green = await lab.serve((_, index) => ({ status: index < 3 ? 503 : 200 }));
      const hook = await lab.deploy({ green });
      const result = await hook.gate({ samples: 20, warmUp: 3 });
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect(result.last.decision.detail).toContain('no errors');
    }),
  );

  it(
    'of slow answers falls in the warm-up',
    inLab(async (lab) => {
      const green = await lab.serve(withColdStart(well, { requests: 5, extraMs: 400 }));
      const hook = await lab.deploy({ green });
      const result = await hook.gate({ samples: 20, warmUp: 5 });
      expect(result.statuses).toEqual(['SUCCEEDED']);
    }),
  );
});
