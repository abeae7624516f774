import type { Account } from '../../../simulator/account.ts';
import { createRequestHandler } from '../../../simulator/aws/request-handler.ts';
import type { LambdaHandler } from '../../../simulator/stack/lambda.ts';
import type { Sandbox } from '../../../simulator/stack/sandbox.ts';
import { createVirtualClock } from '../../../simulator/virtual-clock.ts';
import type { Recorded } from './meter.ts';

export type Computing = {
  /** CPU time of the function on this machine, in ms, without that of the simulated AWS. */
  cpuMs: number;
  calls: number;
};

/** A function that is called outside a played day, as often as wanted, in a time of its own. */
export type Replay = {
  invoke(event?: unknown): Promise<void>;
  wait(durationMs: number): Promise<void>;
  /** Of the invocations so far. */
  readonly computing: Computing;
};

const cpuMsNow = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/**
 * Sets a function up over the account as a played day has left it. Its SDK clients sign, retry and
 * parse as in Lambda; each of its calls takes `latencyMs` of virtual time.
 */
export function createReplay(
  { factory, env, event: recorded }: Recorded,
  account: Account,
  { startMs, latencyMs }: { readonly startMs: number; readonly latencyMs: number },
): Replay {
  const clock = createVirtualClock(startMs);
  const computing: Computing = { cpuMs: 0, calls: 0 };
  const responder = createRequestHandler(account, { sleep: clock.sleep });
  const clientSettings = {
    region: account.region,
    credentials: { accessKeyId: 'simulated', secretAccessKey: 'simulated' },
    maxAttempts: 1,
    requestHandler: {
      ...responder,
      handle: async (...request: Parameters<typeof responder.handle>) => {
        await clock.sleep(latencyMs / 2);
        const before = cpuMsNow();
        const answer = responder.handle(...request);
        computing.cpuMs -= cpuMsNow() - before;
        computing.calls += 1;
        await Promise.allSettled([answer]);
        await clock.sleep(latencyMs / 2);
        return await answer;
      },
    },
  };
  const none = (): void => {};
  const handle: LambdaHandler = factory(env, {
    clock,
    // Without a signer and a strategy of the simulation the clients bring their own.
    clientSettings: clientSettings as unknown as Sandbox['clientSettings'],
    log: { debug: none, info: none, warn: none, error: none },
    waits: () => 0,
    isDead: () => false,
    kill: none,
  });
  return {
    async invoke(event = recorded) {
      const before = cpuMsNow();
      await handle(event, { functionArn: 'replayed', remainingMs: () => 60_000 });
      computing.cpuMs += cpuMsNow() - before;
    },
    wait: (durationMs) => clock.sleep(durationMs),
    computing,
  };
}
