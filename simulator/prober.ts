import type { ProbeRequest, Prober } from '../shared/http/port.ts';
import type { Clock } from '../shared/runtime/clock.ts';
import type { Account } from './account.ts';
import { type AppAnswer, type AppsHttp, answerOf } from './app-http.ts';
import type { Random } from './random.ts';
import { createRouter, type Routed } from './routing.ts';

export type WorldProberOptions = {
  readonly account: Account;
  readonly apps: AppsHttp;
  readonly random: Random;
};

/** From one Availability Zone to another and back, in ms. */
const connectMs = 2;

/**
 * Answers the hook's test calls with what the world serves at that moment: the load balancer's rules and
 * weights decide which task gets a call, and the application in it decides the answer. Each sandbox
 * takes a prober with its own clock, which ends with it.
 */
export function createWorldProber(options: WorldProberOptions): (clock: Clock) => Prober {
  const { account, apps, random } = options;
  const route = createRouter(account);
  return (clock) => ({
    async send(request, signal) {
      await clock.sleep(connectMs, signal);
      const routed = route(requestOf(request), random);
      switch (routed.kind) {
        case 'unknown-name':
          return { kind: 'transport', phase: 'dns', code: 'ENOTFOUND' };
        case 'refused':
          return { kind: 'transport', phase: 'connect', code: 'ECONNREFUSED' };
        default:
          return await outcomeOf(answerTo(routed, request.path), request, clock, signal);
      }
    },
    close: () => undefined,
  });

  function answerTo(
    routed: Exclude<Routed, { kind: 'unknown-name' | 'refused' }>,
    path: string,
  ): AppAnswer {
    if (routed.kind === 'task') return answerOf(apps, routed.task.taskDefinitionArn, path, random);
    if (routed.kind === 'silence') return routed;
    const { status, afterMs = 1 } = routed;
    return {
      kind: 'answer',
      status,
      headers: {},
      body: '',
      elapsedMs: afterMs,
    } satisfies AppAnswer;
  }
}

async function outcomeOf(
  answer: AppAnswer,
  { timeoutMs }: ProbeRequest,
  clock: Clock,
  signal: AbortSignal | undefined,
): ReturnType<Prober['send']> {
  if (answer.kind === 'reset') return { kind: 'transport', phase: 'reset', code: 'ECONNRESET' };
  if (answer.kind === 'silence' || answer.elapsedMs > timeoutMs) {
    await clock.sleep(timeoutMs, signal);
    return { kind: 'no-answer', elapsedMs: timeoutMs };
  }
  await clock.sleep(Math.ceil(answer.elapsedMs), signal);
  return { ...answer, bodyTruncated: false };
}

/** A test call as a load balancer looks at it. */
export const requestOf = ({ endpoint, method, path, headers }: ProbeRequest) => ({
  address: endpoint.address,
  port: endpoint.port,
  method,
  path,
  headers: { ...headers, ...endpoint.headers, host: endpoint.host.replace(/:\d+$/, '') },
});
