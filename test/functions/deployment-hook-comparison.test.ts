import { describe, expect, it, vi } from 'vitest';
import type { Prober } from '../../shared/http/port.ts';
import {
  answering,
  type Behaviour,
  withErrors,
  withLatency,
} from '../../simulator/http-service.ts';
import type { SkippingClock } from '../../simulator/skipping-clock.ts';
import { type Gated, inLab, nobody, well } from './hook-lab.ts';

// A look of 20 a side takes two seconds at 20 requests a second: cases run side by side.
vi.setConfig({ maxConcurrency: 40, testTimeout: 90_000 });

const quick = (medianMs: number, seed: number): Behaviour =>
  withLatency(well, { medianMs, sigma: 0.1, seed });
const erring = (share: number, seed: number): Behaviour => withErrors(well, { share, seed });

const comparison = ({ last }: Gated) =>
  (last.decision.findings as { step: string }[]).find(({ step }) => step === 'comparison:GET /');

describe.concurrent('green beside blue', () => {
  it(
    '60 % slower: FAILED',
    inLab(async (lab) => {
      const green = await lab.serve(quick(96, 1));
      const blue = await lab.serve(quick(60, 2));
      const hook = await lab.deploy({ green, blue });
      const result = await hook.gate({ samples: 100, warmUp: 1 });
      expect(result.statuses).toEqual(['FAILED']);
      expect(result.reason).toBe('latency-regression');
      expect(result.last.answer.reason).toMatch(/^latency-regression: GET \/ median \d+ vs \d+ ms/);
      expect(comparison(result)).toMatchObject({ evidence: { greenErrors: 0, blueErrors: 0 } });
    }),
  );

  it(
    'equally slow: SUCCEEDED',
    inLab(async (lab) => {
      const green = await lab.serve(quick(60, 3));
      const blue = await lab.serve(quick(60, 4));
      const hook = await lab.deploy({ green, blue });
      const result = await hook.gate({ samples: 100, warmUp: 1 });
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect(result.reason).toMatch(/^(no-regression|no-regression-found|within-margin)$/);
    }),
  );

  it(
    'errors in a tenth of the calls beside a clean blue: FAILED',
    inLab(async (lab) => {
      const green = await lab.serve(erring(0.1, 5));
      const hook = await lab.deploy({ green });
      const result = await hook.gate({ samples: 200, warmUp: 0 });
      expect(result.verdict).toBe('FAILED');
      expect(result.reason).toMatch(/^error-(regression|share-exceeded)$/);
      expect(comparison(result)).toMatchObject({ evidence: { blueErrors: 0 } });
    }),
  );

  it(
    'errors in a tenth of the calls without a blue: FAILED',
    inLab(async (lab) => {
      const green = await lab.serve(erring(0.1, 5));
      const hook = await lab.deploy({ green, isFirst: true });
      const result = await hook.gate({ samples: 200, warmUp: 0 });
      expect(result.reason).toBe('error-share-exceeded');
    }),
  );

  it(
    'both alike with errors in one call of fifty: SUCCEEDED',
    inLab(async (lab) => {
      const green = await lab.serve(erring(0.02, 7));
      const blue = await lab.serve(erring(0.02, 8));
      const hook = await lab.deploy({ green, blue });
      const result = await hook.gate({ samples: 100, warmUp: 0 });
      expect(result.verdict).toBe('SUCCEEDED');
    }),
  );

  it(
    'a broken blue does not excuse a broken green',
    inLab(async (lab) => {
      const [green, blue] = [await lab.serve(answering(500)), await lab.serve(answering(500))];
      const hook = await lab.deploy({ green, blue });
      const result = await hook.gate({ samples: 20, warmUp: 1 });
      expect(result.reason).toBe('unexpected-status');
    }),
  );

  it(
    'a broken blue does not hold a good green',
    inLab(async (lab) => {
      const hook = await lab.deploy({ blue: await lab.serve(answering(500)) });
      const result = await hook.gate({ samples: 20, warmUp: 0 });
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect(result.reason).toBe('blue-not-comparable');
    }),
  );

  it(
    'a blue that cannot be reached is held: nothing is known of green beside it',
    inLab(async (lab) => {
      const hook = await lab.deploy({ blue: nobody });
      const result = await hook.gate({ samples: 20, warmUp: 0, deadlineMinutes: 1 });
      expect(result.statuses[0]).toBe('IN_PROGRESS');
      expect(result.reason).toBe('could-not-measure');
      expect(result.last.decision.detail).toContain('blue: connect ECONNREFUSED');
    }),
  );
});

describe.concurrent('a warm-up', () => {
  /** Slow where a task answers for the first time; the load balancer takes turns. */
  const coldOnce = (tasks: number): Behaviour => {
    let calls = 0;
    return () => {
      calls += 1;
      return { status: 200, delayMs: calls <= tasks ? 150 : 5 };
    };
  };

  it(
    'comes to every target of green: a first answer in each of thirty tasks is no regression',
    inLab(async (lab) => {
      const green = await lab.serve(coldOnce(30));
      const blue = await lab.serve(() => ({ status: 200, delayMs: 5 }));
      const hook = await lab.deploy({ green, blue });
      hook.service.setTargetHealth('green', Array(30).fill('healthy'));
      const result = await hook.gate({ samples: 20 });
      expect(result.verdict).toBe('SUCCEEDED');
    }),
  );

  it(
    'leaves time for samples however slow the answers are',
    inLab(async (lab) => {
      let clock: SkippingClock | undefined;
      const elapsedMs = 3_900;
      const slow: Prober = {
        async send() {
          clock?.skip(elapsedMs);
          const answer = { kind: 'answer', status: 200, headers: {}, body: '' } as const;
          return { ...answer, bodyTruncated: false, elapsedMs };
        },
        close: () => undefined,
      };
      const hook = await lab.deploy({ hook: { prober: slow } });
      clock = hook.clock;
      const result = await hook.gate({ samples: 20, concurrency: 1, deadlineMinutes: 30 });
      expect(result.verdict).toBe('SUCCEEDED');
    }),
  );
});

describe.concurrent('what is sampled', () => {
  it(
    'as many calls to either side as asked for and two for each target, and no more',
    inLab(async (lab) => {
      const [green, blue] = [await lab.serve(well), await lab.serve(well)];
      const hook = await lab.deploy({ green, blue });
      const result = await hook.gate({ samples: 20, warmUp: 2 });
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect(result.last.decision.requests).toEqual({ green: 25, blue: 24 });
      expect([green.requests.count, blue.requests.count]).toEqual([25, 24]);
      const marker = hook.service.deploymentArn.split('/').at(-1);
      for (const { headers } of [...green.requests.last, ...blue.requests.last]) {
        expect(headers['x-ballast-probe']).toBe(marker);
        expect(headers['user-agent']).toContain('ballast-deployment-hook');
      }
    }),
  );

  it(
    'a first deployment asks green alone',
    inLab(async (lab) => {
      const [green, blue] = [await lab.serve(well), await lab.serve(well)];
      const hook = await lab.deploy({ green, blue, isFirst: true });
      const result = await hook.gate({ samples: 20, warmUp: 1 });
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect(result.reason).toBe('blue-absent');
      expect(result.last.decision.notes).toContainEqual(
        expect.stringContaining('first deployment'),
      );
      expect([green.requests.count, blue.requests.count]).toEqual([25, 0]);
    }),
  );

  it(
    'comparison switched off asks green alone',
    inLab(async (lab) => {
      const blue = await lab.serve(well);
      const hook = await lab.deploy({ blue });
      const result = await hook.gate({ samples: 20, warmUp: 0, comparison: false });
      expect(result.reason).toBe('blue-absent');
      expect(blue.requests.count).toBe(0);
    }),
  );

  it(
    'calls that change something go to green once, and never to blue',
    inLab(async (lab) => {
      const [green, blue] = [await lab.serve(well), await lab.serve(well)];
      const hook = await lab.deploy({ green, blue });
      const checks = [{}, { method: 'POST', path: '/orders', body: { id: 1 } }];
      const result = await hook.gate({ samples: 20, warmUp: 0, checks });
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect(green.requests.last.filter(({ method }) => method === 'POST')).toHaveLength(1);
      expect(blue.requests.last.every(({ method }) => method === 'GET')).toBe(true);
    }),
  );

  it(
    'every GET check by itself, unless some are named',
    inLab(async (lab) => {
      const checks = [{ path: '/a' }, { path: '/b', method: 'HEAD' }];
      const pathsOf = async (comparison: object) => {
        const blue = await lab.serve(well);
        const hook = await lab.deploy({ blue });
        const result = await hook.gate({ samples: 20, warmUp: 0, checks, comparison });
        expect(result.statuses).toEqual(['SUCCEEDED']);
        return [
          ...new Set(blue.requests.last.map(({ method, path }) => `${method} ${path}`)),
        ].sort();
      };
      const both = await Promise.all([pathsOf({}), pathsOf({ checks: ['HEAD /b'] })]);
      expect(both).toEqual([['GET /a', 'HEAD /b'], ['HEAD /b']]);
    }),
  );

  it(
    'nothing once a check has failed',
    inLab(async (lab) => {
      const [green, blue] = [await lab.serve(answering(500)), await lab.serve(well)];
      const hook = await lab.deploy({ green, blue });
      const result = await hook.gate({ samples: 20, warmUp: 0 });
      expect(result.reason).toBe('unexpected-status');
      expect([green.requests.count, blue.requests.count]).toEqual([3, 0]);
    }),
  );
});
