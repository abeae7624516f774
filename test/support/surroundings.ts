import type { Factories } from '../../simulator/play.ts';
import type { LambdaHandler } from '../../simulator/stack/lambda.ts';
import type { Sandbox } from '../../simulator/stack/sandbox.ts';
import { minuteMs, startMs } from './run-records.ts';

type Surround = (real: Factories) => Factories;

/** From here on; the first deployments are over by then. */
const fromMs = startMs + 49 * minuteMs;
/** Longer than a call of the hook may take. */
const slowMs = 70_000;

const aroundHook =
  (
    wrap: (open: (sandbox: Sandbox) => LambdaHandler, sandbox: Sandbox) => LambdaHandler,
  ): Surround =>
  (real) => {
    const factory = real['deployment-hook'];
    if (factory === undefined) throw new Error('there is no deployment-hook');
    return {
      ...real,
      'deployment-hook': (env, sandbox) => wrap((inner) => factory(env, inner), sandbox),
    };
  };

const changed = (event: unknown, changes: object): unknown => ({ ...Object(event), ...changes });

/** Elastic Load Balancing answers the hook too late, and nothing can cut that short. */
const slowLoadBalancers = aroundHook((open, sandbox) => {
  const { requestHandler } = sandbox.clientSettings;
  return open({
    ...sandbox,
    clientSettings: {
      ...sandbox.clientSettings,
      requestHandler: {
        ...requestHandler,
        async handle(request, options) {
          const isSlow = request.headers.authorization?.includes('/elasticloadbalancing/') === true;
          if (isSlow && sandbox.clock.nowMs() >= fromMs) await sandbox.clock.sleep(slowMs);
          return await requestHandler.handle(request, options);
        },
      },
    },
  });
});

/** Whatever the hook returns as `hookDetails`, ECS sends those of the first call. */
const forgottenHookDetails: Surround = (real) => {
  const first = new Map<unknown, unknown>();
  return aroundHook((open, sandbox) => {
    const handle = open(sandbox);
    return async (event, context) => {
      const deployment: unknown = Reflect.get(Object(event), 'resourceArn');
      if (!first.has(deployment)) first.set(deployment, Reflect.get(Object(event), 'hookDetails'));
      return await handle(changed(event, { hookDetails: first.get(deployment) }), context);
    };
  })(real);
};

/** A sandbox of task-state dies whenever it is about to publish something for the first time. */
const deathsBeforePublishing: Surround = (real) => {
  const factory = real['task-state'];
  if (factory === undefined) throw new Error('there is no task-state');
  const tried = new Set<string>();
  return {
    ...real,
    'task-state': (env, sandbox) => {
      const { requestHandler } = sandbox.clientSettings;
      const handle: typeof requestHandler.handle = async (request, options) => {
        const body = typeof request.body === 'string' ? request.body : '';
        const message = messageOf(body);
        if (message !== undefined && !tried.has(message)) {
          tried.add(message);
          sandbox.kill();
          await new Promise<never>(() => undefined);
        }
        return await requestHandler.handle(request, options);
      };
      const clientSettings = {
        ...sandbox.clientSettings,
        requestHandler: { ...requestHandler, handle },
      };
      return factory(env, { ...sandbox, clientSettings });
    },
  };
};

/** What a body publishes: its words change from one try to the next, its incident and transition do not. */
function messageOf(body: string): string | undefined {
  const parameters = new URLSearchParams(body);
  if (parameters.get('Action') !== 'Publish') return undefined;
  const named = [...parameters].flatMap(([name, value]) => {
    const isWanted = name.endsWith('.Name') && ['incidentId', 'transition'].includes(value);
    return isWanted ? (parameters.get(name.replace(/Name$/, 'Value.StringValue')) ?? []) : [];
  });
  return [parameters.get('TopicArn'), ...named].join(' ');
}

/** ECS does not say which service and revision it is about. */
const garbledCalls = aroundHook((open, sandbox) => {
  const handle = open(sandbox);
  return async (event, context) => {
    const isGarbled = sandbox.clock.nowMs() >= fromMs;
    return await handle(isGarbled ? changed(event, { executionDetails: {} }) : event, context);
  };
});

/** What may be around the functions in a run, besides the faults of the simulator. */
export const surroundings = {
  'slow-load-balancers': slowLoadBalancers,
  'forgotten-hook-details': forgottenHookDetails,
  'garbled-calls': garbledCalls,
  'deaths-before-publishing': deathsBeforePublishing,
} as const satisfies Readonly<Record<string, Surround>>;

export type Surroundings = keyof typeof surroundings;
