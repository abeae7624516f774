import { describe, expect, it, vi } from 'vitest';
import { answering } from '../../simulator/http-service.ts';
import { inLab, type Lab, plain, selfSigned, well } from './hook-lab.ts';

// Each case waits for its own servers most of the time.
vi.setConfig({ maxConcurrency: 40, testTimeout: 60_000 });

describe.concurrent('transport is never the build', () => {
  const cases: [string, string, (lab: Lab) => Promise<{ port: number }>][] = [
    ['connection refused', 'connect ECONNREFUSED', (lab) => lab.closedPort()],
    [
      'reset before the answer',
      'reset ECONNRESET',
      (lab) => lab.serve(() => ({ kind: 'reset' })),
    ],
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
      expect(result.statuses).toEqual(['IN_PROGRESS', 'IN_PROGRESS', 'IN_PROGRESS', 'FAILED']);
      expect(result.reasons).toEqual(['transport', 'transport', 'transport', 'could-not-measure']);
      expect(result.last.decision.detail).toContain(detail);
    })(),
  );
});
