import type { Fields, Log } from '../../shared/runtime/log.ts';
import { asJson } from './as-json.ts';
import type { Timeline } from './queue.ts';
import type { Sandbox } from './sandbox.ts';

/** What a handler is called with beside the event. */
export type LambdaContext = {
  readonly functionArn: string;
  remainingMs(): number;
};

export type LambdaHandler = (event: unknown, context: LambdaContext) => Promise<unknown>;

/** How an invocation ended. A crash is the end of the sandbox: memory gone, calls cut off. */
export type Outcome =
  | { readonly type: 'returned'; readonly value: unknown }
  | { readonly type: 'threw'; readonly error: unknown }
  | { readonly type: 'timed-out' }
  | { readonly type: 'crashed' };

export type LambdaSettings = {
  readonly functionArn: string;
  readonly timeoutMs: number;
};

export type LambdaDeps = {
  readonly timeline: Timeline;
  readonly openSandbox: (onDeath: () => void) => Sandbox;
  /** Cold start: builds the handler in a fresh sandbox. */
  readonly createHandler: (sandbox: Sandbox) => LambdaHandler;
};

/** A Lambda function: any number of sandboxes, each reused until it dies. */
export type Lambda = {
  readonly functionArn: string;
  invoke(event: unknown): Promise<Outcome>;
  /** Sandboxes that run an invocation now and do not wait for time to pass. */
  busy(): number;
  running(): number;
  readonly counts: { invocations: number; coldStarts: number; crashes: number; errors: number };
};

type Instance = { readonly sandbox: Sandbox; readonly handle: LambdaHandler; dies: () => void };

export function createLambda(settings: LambdaSettings, deps: LambdaDeps): Lambda {
  const { timeline } = deps;
  const idle: Instance[] = [];
  const active = new Set<Instance>();
  const counts = { invocations: 0, coldStarts: 0, crashes: 0, errors: 0 };

  const coldStart = (): Instance => {
    counts.coldStarts += 1;
    const sandbox = deps.openSandbox(() => instance.dies());
    const instance: Instance = { sandbox, handle: deps.createHandler(sandbox), dies: () => {} };
    return instance;
  };
  const run = (instance: Instance, event: unknown): Promise<Outcome> => {
    const endsMs = timeline.nowMs() + settings.timeoutMs;
    const context: LambdaContext = {
      functionArn: settings.functionArn,
      remainingMs: () => endsMs - timeline.nowMs(),
    };
    return new Promise<Outcome>((resolve) => {
      const cancel = timeline.schedule(endsMs, () => {
        instance.dies = () => {};
        instance.sandbox.kill();
        resolve({ type: 'timed-out' });
      });
      const end = (outcome: Outcome): void => {
        cancel();
        resolve(outcome);
      };
      instance.dies = () => end({ type: 'crashed' });
      // An event reaches a function as JSON: what does not survive that never arrives.
      instance.handle(asJson(event), context).then(
        (value) => end({ type: 'returned', value }),
        (error: unknown) => end({ type: 'threw', error }),
      );
    });
  };
  return {
    functionArn: settings.functionArn,
    counts,
    running: () => active.size,
    busy: () => [...active].filter(({ sandbox }) => sandbox.waits() === 0).length,
    async invoke(event) {
      counts.invocations += 1;
      const instance = idle.pop() ?? coldStart();
      active.add(instance);
      const outcome = await run(instance, event);
      active.delete(instance);
      if (outcome.type === 'crashed' || outcome.type === 'timed-out') counts.crashes += 1;
      if (outcome.type === 'threw') counts.errors += 1;
      if (!instance.sandbox.isDead()) idle.push(instance);
      return outcome;
    },
  };
}

/** What a function logged, as the account's log group would keep it. */
export type LogRecord = {
  readonly atMs: number;
  readonly functionName: string;
  readonly level: keyof Log;
  readonly message: string;
  readonly fields: Fields;
};
