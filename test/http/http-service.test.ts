import { describe, expect, it } from 'vitest';
import {
  answering,
  type Behaviour,
  type ServiceRequest,
  startHttpService,
  withColdStart,
  withErrors,
  withLatency,
  withResets,
} from '../../simulator/http-service.ts';
import { endpointAt, eventually, prober, requestTo, serve, summaryOf } from './harness.ts';

const request: ServiceRequest = { method: 'GET', path: '/', headers: {}, body: '' };
const draw = (behaviour: Behaviour, count: number): number[] =>
  Array.from({ length: count }, (_, index) => {
    const reply = behaviour(request, index);
    return reply.kind === 'hang' ? Number.NaN : (reply.delayMs ?? 0);
  });

describe('behaviours', () => {
  it('latency is lognormal around its median, on top of what was there', () => {
    const base: Behaviour = () => ({ status: 200, delayMs: 100 });
    const latency = { medianMs: 20, sigma: 0.5, seed: 7 };
    const logs = draw(withLatency(base, latency), 4_000).map((ms) => Math.log((ms - 100) / 20));
    const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length;
    const variance = logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / logs.length;
    expect(mean).toBeCloseTo(0, 1);
    expect(Math.sqrt(variance)).toBeCloseTo(0.5, 1);
  });

  it('the same seed draws the same, another seed another', () => {
    const drawn = [7, 7, 8].map((seed) =>
      draw(withLatency(answering(200), { medianMs: 20, sigma: 0.5, seed }), 50),
    );
    expect(drawn[0]).toEqual(drawn[1]);
    expect(drawn[0]).not.toEqual(drawn[2]);
  });

  it('shares of errors and resets are kept, and independent of each other', () => {
    const errors = { share: 0.2, seed: 3 };
    const behaviour = withResets(withErrors(answering(200), errors), { share: 0.1, seed: 3 });
    const replies = Array.from({ length: 10_000 }, (_, index) => behaviour(request, index));
    const resets = replies.filter(({ kind }) => kind === 'reset').length;
    const failed = replies.filter((reply) => 'status' in reply && reply.status === 500).length;
    expect(resets / 10_000).toBeCloseTo(0.1, 2);
    expect(failed / 10_000).toBeCloseTo(0.18, 2);
  });

  it('a cold start slows the first requests only', () => {
    const behaviour = withColdStart(answering(200), { requests: 2, extraMs: 50 });
    expect(draw(behaviour, 4)).toEqual([50, 50, 0, 0]);
  });
});

describe('the service', () => {
  it('remembers its latest requests', async () => {
    const service = await serve(answering(200), { requestsKeptMax: 2 });
    const client = prober();
    for (const path of ['/1', '/2', '/3']) {
      await client.send(requestTo(endpointAt(service.port), { path }));
    }
    expect(service.requests.count).toBe(3);
    expect(service.requests.last.map(({ path }) => path)).toEqual(['/2', '/3']);
  });

  it('closes at once, whatever is under way', async () => {
    const service = await startHttpService({
      behaviour: (_, index) => (index === 0 ? { kind: 'hang' } : { status: 200, delayMs: 60_000 }),
    });
    const client = prober();
    const sent = [1, 2].map(() => client.send(requestTo(endpointAt(service.port))));
    await eventually(() => service.requests.last.length).toBe(2);
    await service.close();
    const outcomes = await Promise.all(sent);
    expect(outcomes.map(summaryOf)).toEqual([
      'transport reset ECONNRESET',
      'transport reset ECONNRESET',
    ]);
    await expect(prober().send(requestTo(endpointAt(service.port)))).resolves.toMatchObject({
      code: 'ECONNREFUSED',
    });
  });
});
