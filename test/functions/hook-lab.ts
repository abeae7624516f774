import { createServer, type Socket } from 'node:net';
import { expect } from 'vitest';
import type { HookAnswer } from '../../functions/deployment-hook/answer.ts';
import type { Config } from '../../functions/deployment-hook/config.ts';
import { createProber, type ProberOptions } from '../../shared/http/prober.ts';
import { proberDefaults } from '../../shared/http/prober-defaults.ts';
import type { Fields } from '../../shared/runtime/log.ts';
import {
  type Account,
  createAccount,
  type RuleCondition,
  type ServiceDeployment,
} from '../../simulator/account.ts';
import {
  addBlueGreenService,
  type BlueGreenOptions,
  type BlueGreenService,
  type EndpointOptions,
} from '../../simulator/deployment.ts';
import {
  type HookDeps,
  type HookInvocation,
  type HookSessionOptions,
  type HookSessionResult,
  runHookSession,
  tableDefinition,
} from '../../simulator/hook-session.ts';
import {
  answering,
  type Behaviour,
  type HttpService,
  type HttpServiceOptions,
  startHttpService,
} from '../../simulator/http-service.ts';
import { createSkippingClock, type SkippingClock } from '../../simulator/skipping-clock.ts';
import { portOf } from '../http/harness.ts';

export const gatedStage = 'POST_TEST_TRAFFIC_SHIFT';
export const breakGlassName = '/ballast/break-glass/prod/shop';
/** The tag by which a service sets the hook's mode. */
export const modeTag = (mode: string) => ({ 'ballast:deployment-hook': mode });

/** Every server answers like this where a test does not say otherwise. */
export const well: Behaviour = answering(200, 'well');

/** Nobody listens there: port numbers that systems hand out are far above. */
export const nobody = { port: 1 };

export type DeployOptions = {
  /** The ports of loopback at which test and production traffic enter. */
  readonly green?: { readonly port: number };
  readonly blue?: { readonly port: number };
  readonly isFirst?: boolean;
  readonly testConditions?: readonly RuleCondition[];
  readonly productionConditions?: readonly RuleCondition[];
  readonly protocol?: EndpointOptions['protocol'];
  readonly service?: Partial<BlueGreenOptions>;
  readonly config?: Partial<Config>;
  readonly prober?: Partial<ProberOptions>;
  readonly hook?: Partial<HookDeps>;
};

export type LogLine = { readonly message: string; readonly fields: Fields };

/** A service at its gate, and the real hook beside it. */
export type Deployed = {
  readonly account: Account;
  readonly service: BlueGreenService;
  readonly clock: SkippingClock;
  readonly deps: HookDeps;
  /** Everything that the hook logged. */
  readonly logs: readonly LogLine[];
  readonly deployment: ServiceDeployment;
  /** Plays ECS until the hook has answered for good; every answer is checked for its form. */
  gate(hookDetails?: unknown, options?: GateOptions): Promise<Gated>;
};

export type GateOptions = Partial<HookSessionOptions> & {
  /** Runs after the answer of that number, from 1, while ECS waits. */
  readonly after?: (call: number, invocation: HookInvocation) => void;
};

export type Gated = HookSessionResult & {
  readonly statuses: readonly HookAnswer['hookStatus'][];
  /** Of the last call. */
  readonly last: HookInvocation;
  /** Reason of each call's decision. */
  readonly reasons: readonly unknown[];
};

/** Servers, accounts and hooks of one test; all that listens ends with it. */
export type Lab = {
  serve(
    behaviour: Behaviour,
    options?: Omit<HttpServiceOptions, 'behaviour'>,
  ): Promise<HttpService>;
  /** A TCP listener, for peers that do not speak HTTP properly. */
  listenTcp(onConnection: (socket: Socket) => void): Promise<{ port: number }>;
  deploy(options?: DeployOptions): Promise<Deployed>;
};

/** A test with a lab of its own, so that tests may run at the same time. */
export const inLab = (act: (lab: Lab) => Promise<void>) => async (): Promise<void> => {
  const ends: (() => unknown)[] = [];
  try {
    await act(createLab(ends));
  } finally {
    await Promise.all(ends.map((end) => end()));
  }
};

function createLab(ends: (() => unknown)[]): Lab {
  const lab: Lab = {
    async serve(behaviour, options = {}) {
      const service = await startHttpService({ requestsKeptMax: 2_000, ...options, behaviour });
      ends.push(() => service.close());
      return service;
    },
    async listenTcp(onConnection) {
      const sockets = new Set<Socket>();
      const server = createServer((socket) => {
        sockets.add(socket);
        socket.on('error', () => undefined);
        onConnection(socket);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      ends.push(() => {
        for (const socket of sockets) socket.destroy();
        server.close();
      });
      return { port: portOf(server) };
    },
    async deploy(options = {}) {
      const green = options.green ?? (await lab.serve(well));
      const blue = options.blue ?? (await lab.serve(well));
      return deployed(green.port, blue.port, options, ends);
    },
  };
  return lab;
}

function deployed(
  greenPort: number,
  bluePort: number,
  options: DeployOptions,
  ends: (() => unknown)[],
): Deployed {
  const { testConditions = [], productionConditions = [], protocol = 'HTTP' } = options;
  const clock = createSkippingClock();
  const account = createAccount({ nowMs: () => clock.nowMs(), tables: [tableDefinition] });
  const at = (port: number, conditions: readonly RuleCondition[]): EndpointOptions => ({
    protocol,
    dnsName: '127.0.0.1',
    port,
    ...(conditions.length === 0 ? {} : { conditions }),
  });
  const service = addBlueGreenService(account, {
    cluster: 'prod',
    service: 'shop',
    kind: 'alb',
    green: {},
    ...(options.isFirst ? {} : { blue: {} }),
    testEndpoint: at(greenPort, testConditions),
    productionEndpoint: at(bluePort, productionConditions),
    ...options.service,
  });
  const deployment = account.serviceDeployments.get(service.deploymentArn);
  if (deployment === undefined) throw new Error('the account has no deployment');
  const prober = createProber({ ...proberDefaults, ...options.prober });
  ends.push(() => prober.close());
  const logs: LogLine[] = [];
  const deps: HookDeps = {
    account,
    clock,
    prober,
    seed: 7,
    // An AWS call that hangs does so in real time.
    requestTimeoutMs: 50,
    onLog: (message, fields) => logs.push({ message, fields }),
    config: {
      stackMode: 'enforce',
      clusterArns: [service.clusterArn],
      allowedHosts: [],
      tableName: tableDefinition.TableName,
      ...options.config,
    },
    ...options.hook,
  };
  return {
    account,
    service,
    clock,
    deps,
    logs,
    deployment,
    gate: (hookDetails, gateOptions = {}) => play(service, clock, deps, hookDetails, gateOptions),
  };
}

async function play(
  service: BlueGreenService,
  clock: SkippingClock,
  deps: HookDeps,
  hookDetails: unknown,
  { after, ...session }: GateOptions,
): Promise<Gated> {
  let calls = 0;
  const result = await runHookSession(service, deps, {
    stage: gatedStage,
    ...(hookDetails === undefined ? {} : { hookDetails }),
    // Ends a session that would never end.
    timeout: { minutes: 120, action: 'ROLLBACK' },
    waitBetween: (delayMs) => clock.skip(delayMs),
    ...session,
    onInvocation: (invocation) => {
      calls += 1;
      expectSoundAnswer(invocation.answer);
      after?.(calls, invocation);
    },
  });
  // A handler may swallow what the simulation could not answer.
  expect(deps.account.problems).toEqual([]);
  const last = result.invocations.at(-1);
  if (last === undefined) throw new Error('the hook was never called');
  return {
    ...result,
    last,
    statuses: result.invocations.map(({ answer }) => answer.hookStatus),
    reasons: result.invocations.map(({ decision }) => decision.reason),
  };
}

/** What ECS needs of every answer, whatever the case. */
function expectSoundAnswer(answer: HookAnswer): void {
  expect(JSON.parse(JSON.stringify(answer))).toEqual(answer);
  expect((answer.reason ?? '').length).toBeGreaterThan(0);
  if (answer.hookStatus !== 'IN_PROGRESS') {
    expect(Object.keys(answer).sort()).toEqual(['hookStatus', 'reason']);
    return;
  }
  expect(Number.isInteger(answer.callBackDelay)).toBe(true);
  expect(answer.callBackDelay).toBeGreaterThanOrEqual(5);
  expect(answer.callBackDelay).toBeLessThanOrEqual(900);
  expect(typeof answer.hookDetails?.ballastState).toBe('string');
}

/** `hookDetails` for a gate without sampling, with time for a few polls. */
export const plain = (...checks: object[]) => ({
  samples: 0,
  deadlineMinutes: 3,
  ...(checks.length === 0 ? {} : { checks }),
});

export const requestsOf = ({ decision }: HookInvocation): unknown => decision.requests;

/** Something of each call of a gate that waits until its deadline, but of the last. */
export const whileHeld = (one: string): readonly string[] => Array.from({ length: 4 }, () => one);

/**
 * That a gate waited as often as it can in three minutes, and was rolled back at its deadline. Of the time
 * between its last two calls a minute and more is to spare: what a busy machine takes is real time.
 */
export function expectHeld({ statuses }: Pick<Gated, 'statuses'>): void {
  expect(statuses).toEqual([...whileHeld('IN_PROGRESS'), 'FAILED']);
}
