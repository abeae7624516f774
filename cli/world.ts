import * as v from 'valibot';
import { firstProblem } from '../shared/events/problem.ts';
import { dictionary, strict } from '../shared/events/strict.ts';
import { parseIsoTime } from '../shared/runtime/time.ts';
import { type Account, createAccount } from '../simulator/account.ts';
import { addBlueGreenService, type BlueGreenService } from '../simulator/deployment.ts';
import { tableDefinition } from '../simulator/hook-session.ts';
import { type Behaviour, withErrors } from '../simulator/http-service.ts';
import { Misuse } from './misuse.ts';

/** The cluster and service that the sample payloads in `events/` speak of. */
export const sampleService = { cluster: 'prod', service: 'checkout' } as const;

const number = (from: number, to: number) => {
  const wish = `expected a number from ${from} to ${to}`;
  return v.pipe(v.number(), v.minValue(from, wish), v.maxValue(to, wish));
};
const whole = (from: number, to: number) =>
  v.pipe(number(from, to), v.integer('expected a whole number'));
const oneOf = <const T extends readonly string[]>(choices: T) =>
  v.picklist(choices, `expected one of ${choices.join(', ')}`);

const application = strict({
  status: v.optional(whole(200, 599), 200),
  delayMs: v.optional(number(0, 60_000), 20),
  body: v.optional(v.string(), 'ok'),
  errorShare: v.optional(number(0, 1), 0),
});

const worldSchema = strict({
  mode: v.optional(oneOf(['observe', 'opt-in', 'enforce']), 'enforce'),
  kind: v.optional(oneOf(['alb', 'nlb', 'gateway', 'service-connect', 'headless']), 'alb'),
  green: v.optional(application, {}),
  /** `null`: the first deployment of the service. */
  blue: v.optional(v.nullable(application), {}),
  tags: v.optional(dictionary(v.string(), v.string()), {}),
  parameters: v.optional(dictionary(v.string(), v.string()), {}),
  alarms: v.optional(dictionary(v.string(), oneOf(['OK', 'ALARM', 'INSUFFICIENT_DATA'])), {
    'checkout-5xx': 'OK',
  }),
  traffic: v.optional(
    strict({ test: v.optional(number(0, 100)), production: v.optional(number(0, 100)) }),
    {},
  ),
  status: v.optional(
    oneOf([
      'PENDING',
      'SUCCESSFUL',
      'STOPPED',
      'STOP_REQUESTED',
      'IN_PROGRESS',
      'ROLLBACK_REQUESTED',
      'ROLLBACK_IN_PROGRESS',
      'ROLLBACK_SUCCESSFUL',
      'ROLLBACK_FAILED',
    ]),
    'IN_PROGRESS',
  ),
  now: v.optional(
    v.pipe(
      v.string(),
      v.check((text) => parseIsoTime(text) !== undefined, 'expected an ISO time with a zone'),
    ),
    '2026-11-20T14:03:00Z',
  ),
});

/** A simulated account in a few words: what `invoke --world` reads, every default filled in. */
export type World = v.InferOutput<typeof worldSchema>;
export type Application = v.InferOutput<typeof application>;

/** Throws Misuse that names the first field that is wrong. */
export function parseWorld(value: unknown): World {
  const parsed = v.safeParse(worldSchema, value);
  if (!parsed.success) throw new Misuse(firstProblem('world', parsed.issues));
  return parsed.output;
}

/** What an application of the world does with a request. */
export function behaviourOf({ status, delayMs, body, errorShare }: Application): Behaviour {
  const reply = { status, body, delayMs };
  return withErrors(() => reply, {
    share: errorShare,
    seed: 1,
    reply: { status: 500, body: 'error', delayMs },
  });
}

export type Ports = { readonly green: number; readonly blue: number };

/** The account of a world: one service, its load balancer leading to the ports on loopback. */
export function createWorld(
  world: World,
  ports: Ports,
  nowMs: () => number,
): { readonly account: Account; readonly service: BlueGreenService } {
  const account = createAccount({ nowMs, tables: [tableDefinition] });
  const at = (port: number) => ({
    protocol: world.kind === 'nlb' ? ('TCP' as const) : ('HTTP' as const),
    dnsName: '127.0.0.1',
    port,
  });
  const service = addBlueGreenService(account, {
    ...sampleService,
    kind: world.kind,
    green: {},
    ...(world.blue === null ? {} : { blue: {} }),
    testEndpoint: at(ports.green),
    productionEndpoint: at(ports.blue),
    tags: world.tags,
  });
  const { test, production } = world.traffic;
  service.setTraffic({
    ...(test === undefined ? {} : { test }),
    ...(production === undefined ? {} : { production }),
  });
  if (world.status !== 'IN_PROGRESS') service.setStatus(world.status);
  for (const [name, Value] of Object.entries(world.parameters)) {
    account.parameters.set(name, { Type: 'String', Value });
  }
  for (const [AlarmName, StateValue] of Object.entries(world.alarms)) {
    account.alarms.set(AlarmName, { AlarmName, StateValue });
  }
  return { account, service };
}
