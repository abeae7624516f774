import { ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import type { Factories } from '../../simulator/play.ts';
import type { LambdaHandler } from '../../simulator/stack/lambda.ts';
import type { Sandbox } from '../../simulator/stack/sandbox.ts';

/** Wraps one function of the stack; the others stay as they are. */
const wrapping =
  (name: string, wrap: (handle: LambdaHandler) => LambdaHandler) =>
  (real: Factories): Factories => {
    const factory = real[name];
    if (factory === undefined) throw new Error(`there is no function ${name}`);
    return { ...real, [name]: (env, sandbox) => wrap(factory(env, sandbox)) };
  };

type Record_ = { readonly messageId: string; readonly body: string };

const recordsIn = (event: unknown): readonly Record_[] => {
  const records: unknown = Reflect.get(Object(event), 'Records');
  return Array.isArray(records) ? records : [];
};

/** The event with every body changed. */
const withBodies = (event: unknown, change: (body: string, at: number) => string): unknown => {
  const records = recordsIn(event);
  if (records.length === 0) return event;
  return {
    ...Object(event),
    Records: records.map((one, at) => ({ ...one, body: change(one.body, at) })),
  };
};

/** Takes every delivery of a stop for another task. */
export const forgetsDedupe = wrapping('task-state', (handle) => {
  let seen = 0;
  return (event, context) =>
    handle(
      withBodies(event, (body) => {
        seen += 1;
        return body.replace(/(:task\/[\w-]+\/)[0-9a-f]+/g, `$1${String(seen).padStart(32, '0')}`);
      }),
      context,
    );
});

/** Says that it has read a batch, and has not. */
export const swallowsBatch = wrapping('task-state', (handle) => async (event, context) => {
  if (recordsIn(event).length > 0) return { batchItemFailures: [] };
  return await handle(event, context);
});

/** Passes every green unseen. */
export const passesUnproven = wrapping('deployment-hook', () => async () => ({
  hookStatus: 'SUCCEEDED',
  reason: 'no-regression: looked well',
}));

/** Rolls every green back. */
export const failsEverything = wrapping('deployment-hook', () => async () => ({
  hookStatus: 'FAILED',
  reason: 'latency-regression: looked slow',
}));

/** Never comes to a verdict. */
export const neverDecides = wrapping('deployment-hook', () => async () => ({
  hookStatus: 'IN_PROGRESS',
  callBackDelay: 60,
}));

/** Throws instead of answering. */
export const throwsInstead = wrapping('deployment-hook', () => async () => {
  throw new Error('it was only a typo');
});

type AwsCall = Sandbox['clientSettings']['requestHandler']['handle'];

/** Comes between a function and AWS: `wrap` gets the call as it is and gives the one to make. */
const betweenAwsAnd =
  (name: string, wrap: (call: AwsCall) => AwsCall) =>
  (real: Factories): Factories => {
    const factory = real[name];
    if (factory === undefined) throw new Error(`there is no ${name}`);
    return {
      ...real,
      [name]: (env, sandbox) => {
        const { requestHandler } = sandbox.clientSettings;
        const handle = wrap((request, options) => requestHandler.handle(request, options));
        return factory(env, {
          ...sandbox,
          clientSettings: {
            ...sandbox.clientSettings,
            requestHandler: { ...requestHandler, handle },
          },
        });
      },
    };
  };

/** Sends every message of a sweep's topics a second time. */
export const tellsTwice = betweenAwsAnd('task-state', (call) => async (request, options) => {
  const body = typeof request.body === 'string' ? request.body : '';
  if (body.includes('Action=Publish')) await call(request, options);
  return await call(request, options);
});

/** Never sees a service well: it takes every deployment for one under way. */
export const neverResolves = betweenAwsAnd('task-state', (call) => async (request, options) => {
  const answer = await call(request, options);
  const text = Buffer.from(answer.response.body).toString('utf8');
  if (!text.includes('"runningCount"')) return answer;
  const body = Buffer.from(
    text.replaceAll('"rolloutState":"COMPLETED"', '"rolloutState":"IN_PROGRESS"'),
  );
  const headers = { ...answer.response.headers, 'content-length': String(body.byteLength) };
  return { response: { ...answer.response, headers, body } };
});

/** Scales a service down each time it sweeps or is called by its schedule, whatever the mode. */
export const scalesDown =
  (cluster: string, service: string, name = 'task-state') =>
  (real: Factories): Factories => {
    const factory = real[name];
    if (factory === undefined) throw new Error(`there is no ${name}`);
    return {
      ...real,
      [name]: (env, sandbox) => {
        const handle = factory(env, sandbox);
        const { region, credentials, maxAttempts, requestHandler } = sandbox.clientSettings;
        const ecs = new ECSClient({ region, credentials, maxAttempts, requestHandler });
        return async (event, context) => {
          if (recordsIn(event).length === 0) {
            await ecs.send(new UpdateServiceCommand({ cluster, service, desiredCount: 1 }));
          }
          return await handle(event, context);
        };
      },
    };
  };

/** Logs nothing. */
export const logsNothing = (real: Factories): Factories =>
  Object.fromEntries(
    Object.entries(real).map(([name, factory]) => [
      name,
      (env, sandbox) => {
        const nothing = (): void => undefined;
        const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
        return factory(env, { ...sandbox, log });
      },
    ]),
  );

/** Follows instances until so many runs are over, and not any more; what comes as an event is lost. */
export const followsInstancesFor = (runs: number) =>
  wrapping('instance-replacement', (handle) => {
    let count = 0;
    return async (event, context) => {
      if (recordsIn(event).length === 0) count += 1;
      return count > runs ? { batchItemFailures: [] } : await handle(event, context);
    };
  });

/** Its clock is hours ahead, so that every drain looks stuck. */
export const hastyAboutDrains = (real: Factories): Factories => {
  const factory = real['instance-replacement'];
  if (factory === undefined) throw new Error('there is no instance-replacement');
  return {
    ...real,
    'instance-replacement': (env, sandbox) => {
      const { clock } = sandbox;
      const ahead = { ...clock, nowMs: () => clock.nowMs() + 3 * 3_600_000 };
      return factory(env, { ...sandbox, clock: ahead });
    },
  };
};

/** Changes what a function writes to the table about a subject of this name. */
const rewriting = (name: string, subject: string, change: (body: string) => string) =>
  betweenAwsAnd(name, (call) => (request, options) => {
    const body =
      request.body instanceof Uint8Array ? Buffer.from(request.body).toString('utf8') : '';
    if (!body.includes(subject)) return call(request, options);
    const changed = change(body);
    const headers = { ...request.headers, 'content-length': String(Buffer.byteLength(changed)) };
    return call({ ...request, body: changed, headers }, options);
  });

/** Forgets the cards about zones as soon as there was one. */
export const forgetsZoneCards = rewriting('az-balance', 'ZONES#prod', (body) =>
  body.replace(/,\\"told\\":\{[^}]*\}/g, '').replace(/,\\"isTold\\":true/g, ''),
);

/** Takes every zone that is uneven for a reason to wake somebody. */
export const pagesForZones = rewriting('az-balance', 'SERVICE#prod', (body) =>
  body.replace(/warn(?=\\?")/g, 'critical'),
);

/** Runs until so many runs are over, and not any more. */
const stopping = (name: string, runs: number) =>
  wrapping(name, (handle) => {
    let count = 0;
    return async (event, context) => {
      count += 1;
      return count > runs ? [] : await handle(event, context);
    };
  });

/** Looks at zones until so many runs are over, and not any more. */
export const watchesZonesFor = (runs: number) => stopping('az-balance', runs);

/** Looks at density until so many runs are over, and not any more. */
export const watchesDensityFor = (runs: number) => stopping('density', runs);

/** Takes what it sees for the first time for something that has stood for an hour. */
export const hastyAboutDensity = rewriting('density', 'SERIES#prod/density', (body) =>
  body.replace(/(sinceMs\\":)(\d+)(,\\"isTold)/g, (_, key, sinceMs, rest) =>
    [key, Number(sinceMs) - 3_600_000, rest].join(''),
  ),
);

/** Takes every service on one instance for a reason to wake somebody. */
export const pagesForDensity = rewriting('density', 'SERVICE#prod', (body) =>
  body.replace(/warn(?=\\?")/g, 'critical'),
);

/** Counts every instance twice. */
export const countsTwice = (real: Factories): Factories => {
  const factory = real.density;
  if (factory === undefined) throw new Error('there is no density');
  return {
    ...real,
    density: (env, sandbox) => {
      const info: Sandbox['log']['info'] = (message, fields) =>
        sandbox.log.info(
          message,
          typeof fields?.Instances === 'number'
            ? { ...fields, Instances: 2 * fields.Instances }
            : fields,
        );
      return factory(env, { ...sandbox, log: { ...sandbox.log, info } });
    },
  };
};

/** Tells of zones after a quarter of the time. */
export const hastyAboutZones = (real: Factories): Factories => {
  const factory = real['az-balance'];
  if (factory === undefined) throw new Error('there is no az-balance');
  return {
    ...real,
    'az-balance': (env, sandbox) => factory({ ...env, ZONE_HOLD_MINUTES: '5' }, sandbox),
  };
};
