import type { Factories } from '../../simulator/play.ts';
import type { LambdaHandler } from '../../simulator/stack/lambda.ts';
import type { Sandbox } from '../../simulator/stack/sandbox.ts';
import { minuteMs, startMs } from './run-records.ts';

type Surround = (real: Factories) => Factories;

/** From here on; the first deployments are over by then. */
const fromMs = startMs + 49 * minuteMs;
/** Longer than a call of the hook may take. */
const slowMs = 70_000;

type Wrap = (open: (sandbox: Sandbox) => LambdaHandler, sandbox: Sandbox) => LambdaHandler;

const aroundFunction =
  (name: string) =>
  (wrap: Wrap): Surround =>
  (real) => {
    const factory = real[name];
    if (factory === undefined) throw new Error(`there is no ${name}`);
    return { ...real, [name]: (env, sandbox) => wrap((inner) => factory(env, inner), sandbox) };
  };
const aroundHook = aroundFunction('deployment-hook');
const aroundTaskState = aroundFunction('task-state');

type Handle = Sandbox['clientSettings']['requestHandler']['handle'];
type WireRequest = Parameters<Handle>[0];

/** The sandbox with something that every request to AWS meets before it goes out, and may not get by. */
function meeting(sandbox: Sandbox, meet: (request: WireRequest) => Promise<void>): Sandbox {
  const { requestHandler } = sandbox.clientSettings;
  const handle: Handle = async (request, options) => {
    await meet(request);
    return await requestHandler.handle(request, options);
  };
  const clientSettings = {
    ...sandbox.clientSettings,
    requestHandler: { ...requestHandler, handle },
  };
  return { ...sandbox, clientSettings };
}

const changed = (event: unknown, changes: object): unknown => ({ ...Object(event), ...changes });

/** Elastic Load Balancing answers the hook too late, and nothing can cut that short. */
const slowLoadBalancers = aroundHook((open, sandbox) =>
  open(
    meeting(sandbox, async ({ headers }) => {
      const isSlow = headers.authorization?.includes('/elasticloadbalancing/') === true;
      if (isSlow && sandbox.clock.nowMs() >= fromMs) await sandbox.clock.sleep(slowMs);
    }),
  ),
);

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

/** Requests of task-state that are refused; the SDK does not try such a one again. */
const refusing = (isRefused: (request: WireRequest, nowMs: number) => boolean): Surround =>
  aroundTaskState((open, sandbox) =>
    open(
      meeting(sandbox, async (request) => {
        if (isRefused(request, sandbox.clock.nowMs())) throw new Error('refused');
      }),
    ),
  );

const isOf = (operation: string, { headers }: WireRequest): boolean =>
  headers['x-amz-target']?.endsWith(`.${operation}`) === true;

/** ECS shows task-state no service. */
const unreadableServices = refusing((request) => isOf('DescribeServices', request));

/** The Pages topic takes nothing. */
const refusedPages = refusing(({ body }) => /TopicArn=[^&]*-pages/.test(textOf(body)));

/** The table takes nothing that is about jobs, for as long as the queue still has tries for most of it. */
const unwritableJobs = refusing(
  (request, nowMs) =>
    nowMs < startMs + 62 * minuteMs &&
    isOf('PutItem', request) &&
    textOf(request.body).includes('/job"'),
);

const textOf = (body: unknown): string =>
  body instanceof Uint8Array ? new TextDecoder().decode(body) : String(body);

/** Three copies of every stop come with it, as if three more tasks had stopped a day and an hour ago. */
const replayedStops = aroundTaskState((open, sandbox) => {
  const handle = open(sandbox);
  return async (event, context) => {
    const records: unknown = Reflect.get(Object(event), 'Records');
    if (!Array.isArray(records)) return await handle(event, context);
    const copies = ['1', '2', '3'].flatMap((digit) =>
      records.flatMap((record) => earlier(record, digit) ?? []),
    );
    return await handle(changed(event, { Records: [...records, ...copies] }), context);
  };
});

const replayedMs = 25 * 60 * minuteMs;

/** A record of a stop as it would have been a day and an hour ago, of another task; undefined of others. */
function earlier(record: unknown, digit: string): unknown {
  const body = String(Reflect.get(Object(record), 'body'));
  const arn = /"taskArn":"([^"]+)"/.exec(body)?.[1];
  if (arn === undefined) return undefined;
  const text = body
    .replaceAll(arn, `${arn.slice(0, -1)}${digit}`)
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (time) =>
      new Date(Date.parse(time) - replayedMs).toISOString(),
    );
  return changed(record, { body: text });
}

/** The clock of task-state is 20 minutes behind in every third of its sweeps. */
const slowClocks: Surround = (real) => {
  let sweeps = 0;
  return aroundTaskState((open, sandbox) => {
    let behindMs = 0;
    const nowMs = (): number => sandbox.clock.nowMs() - behindMs;
    const handle = open({ ...sandbox, clock: { ...sandbox.clock, nowMs } });
    return async (event, context) => {
      const isSweep = Reflect.get(Object(event), 'Records') === undefined;
      if (isSweep) sweeps += 1;
      behindMs = isSweep && sweeps % 3 === 0 ? 20 * minuteMs : 0;
      return await handle(event, context);
    };
  })(real);
};

/**
 * For a while ECS loses what the hook returned, most of which the table does not take either; then it
 * sends what the first call of the deployment had returned.
 */
const mixedHookDetails: Surround = (real) => {
  const firsts = new Map<unknown, { readonly atMs: number; hookDetails: unknown }>();
  return aroundHook((open, sandbox) => {
    let isTableGone = false;
    const answer = open(
      meeting(sandbox, async ({ headers }) => {
        const isTable = headers['x-amz-target']?.startsWith('DynamoDB') === true;
        if (isTable && isTableGone) throw new Error('refused');
      }),
    );
    return async (event, context) => {
      const deployment: unknown = Reflect.get(Object(event), 'resourceArn');
      const first = firsts.get(deployment);
      const sinceMs = first === undefined ? 0 : sandbox.clock.nowMs() - first.atMs;
      isTableGone = sinceMs < goneMs.table;
      if (first === undefined) {
        const own = { atMs: sandbox.clock.nowMs(), hookDetails: undefined as unknown };
        firsts.set(deployment, own);
        const answered = await answer(event, context);
        own.hookDetails = Reflect.get(Object(answered), 'hookDetails');
        return answered;
      }
      const hookDetails = sinceMs < goneMs.details ? undefined : first.hookDetails;
      return await answer(changed(event, { hookDetails }), context);
    };
  })(real);
};

/** For how long after the first call: longer than a verdict may be late. */
const goneMs = { table: 6 * minuteMs, details: 9.5 * minuteMs } as const;

/** A sandbox of task-state dies whenever it is about to publish something for the first time. */
const deathsBeforePublishing: Surround = (real) => {
  const tried = new Set<string>();
  return aroundTaskState((open, sandbox) =>
    open(
      meeting(sandbox, async ({ body }) => {
        const message = typeof body === 'string' ? messageOf(body) : undefined;
        if (message === undefined || tried.has(message)) return;
        tried.add(message);
        sandbox.kill();
        await new Promise<never>(() => undefined);
      }),
    ),
  )(real);
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
  'mixed-hook-details': mixedHookDetails,
  'unreadable-services': unreadableServices,
  'refused-pages': refusedPages,
  'unwritable-jobs': unwritableJobs,
  'replayed-stops': replayedStops,
  'slow-clocks': slowClocks,
  'deaths-before-publishing': deathsBeforePublishing,
} as const satisfies Readonly<Record<string, Surround>>;

export type Surroundings = keyof typeof surroundings;
