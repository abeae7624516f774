import type { Prober } from '../shared/http/port.ts';
import { createProber } from '../shared/http/prober.ts';
import { proberDefaults } from '../shared/http/prober-defaults.ts';
import { createAccount } from './account.ts';
import { playCrashLoop } from './demo-crash-loop.ts';
import { addBlueGreenService, type BlueGreenService } from './deployment.ts';
import { type HookInvocation, runHookSession, tableDefinition } from './hook-session.ts';
import {
  answering,
  type Behaviour,
  routedByHeader,
  startHttpService,
  withLatency,
  withResets,
} from './http-service.ts';
import { createSkippingClock, type SkippingClock } from './skipping-clock.ts';

export type DemoOptions = {
  readonly seed: number;
  /** Called with every line, without its end. */
  readonly write: (line: string) => void;
};

/** One deployment of the story. */
type Scene = {
  readonly title: string;
  /** Revision numbers of the task definition; blue is absent on a first deployment. */
  readonly blue: number | undefined;
  readonly green: number;
  readonly behaviour: Behaviour;
  /** Behaviour of both sides, as the network between sees it. */
  readonly network?: (behaviour: Behaviour) => Behaviour;
  readonly hookDetails?: unknown;
  readonly stage?: string;
  readonly isRollback?: boolean;
  /** Lines told after the verdict, from what really happened. */
  readonly afterwards?: (outcome: Outcome) => readonly string[];
};

type Outcome = {
  readonly verdict: 'SUCCEEDED' | 'FAILED';
  /** Production requests that ran beside the gate, and those of them that green answered. */
  readonly users: { readonly sent: number; readonly toGreen: number };
  /** Status of one plain GET of green. */
  readonly singleGet: number | undefined;
};

const testHeader = { name: 'x-environment', value: 'test' };
const medianMs = 40;
const sigma = 0.15;
const answers = (version: number, body = '{"status":"ok"}'): Behaviour =>
  answering(200, body, { 'content-type': 'application/json', 'x-build': `web:${version}` });

/** Time between two production requests of the story's users, in ms. */
const userPauseMs = 250;

const toldByJson = {
  checks: [{ path: '/', expect: { json: [{ path: 'status', equals: 'ok' }] } }],
};

function scenes(seed: number): readonly Scene[] {
  const latent = (behaviour: Behaviour, factor = 1): Behaviour =>
    withLatency(behaviour, { medianMs: medianMs * factor, sigma, seed: seed + 1 });
  return [
    {
      title: 'a good deployment: web:12 -> web:13',
      blue: 12,
      green: 13,
      behaviour: latent(answers(13)),
    },
    {
      title: 'a slow one: web:14 answers 200, but takes 60% longer',
      blue: 13,
      green: 14,
      behaviour: latent(answers(14), 1.6),
      afterwards: rolledBack,
    },
    {
      title: 'a broken one: web:15 answers 200 with {"status":"degraded"}',
      blue: 13,
      green: 15,
      behaviour: latent(answers(15, '{"status":"degraded"}')),
      hookDetails: toldByJson,
      afterwards: rolledBack,
    },
    {
      title: 'a good one behind a flaky network: 1 connection in 6 is reset',
      blue: 13,
      green: 16,
      behaviour: latent(answers(16)),
      network: (behaviour) => withResets(behaviour, { share: 1 / 6, seed: seed + 2 }),
      afterwards: () => ['      transport is not the application: lost calls were sent again'],
    },
    {
      title: 'a rollback: ECS moves production back and calls the hook again',
      blue: 16,
      green: 17,
      behaviour: latent(answers(17, 'sick')),
      stage: 'PRODUCTION_TRAFFIC_SHIFT',
      isRollback: true,
      afterwards: () => ['      answered at once: a FAILED here would end in ROLLBACK_FAILED'],
    },
    {
      title: 'a first deployment: no blue to compare with, absolute checks only',
      blue: undefined,
      green: 1,
      behaviour: latent(answers(1)),
      hookDetails: toldByJson,
    },
  ];
}

const rolledBack = ({ users, singleGet }: Outcome): readonly string[] => [
  `      ECS rolls back; ${users.sent} production requests meanwhile, ${users.toGreen} reached green`,
  `      a hook with one GET would have seen ${singleGet ?? 'no answer'} and said ${
    singleGet !== undefined && singleGet < 300 ? 'SUCCEEDED' : 'FAILED'
  }`,
];

/**
 * Plays the story: real HTTP servers as blue and green, the real hook, its AWS calls ending in a
 * simulated account. Latencies are real, the minutes between two polls are left out.
 */
export async function playDemo({ seed, write }: DemoOptions): Promise<void> {
  const startedMs = Date.now();
  write(`Ballast demo  seed ${seed}  simulated AWS account; the real handlers, real HTTP`);
  write('prod/web  test traffic by header x-environment: test  mode: enforce');
  let totals = { scenes: 0, users: 0, bad: 0 };
  for (const [at, scene] of scenes(seed).entries()) {
    write('');
    write(`${at + 1}  ${scene.title}`);
    const outcome = await playScene(scene, seed + at, write);
    for (const line of scene.afterwards?.(outcome) ?? []) write(line);
    const { sent, toGreen } = outcome.users;
    totals = {
      scenes: totals.scenes + 1,
      users: totals.users + sent,
      bad: totals.bad + (outcome.verdict === 'FAILED' ? toGreen : 0),
    };
  }
  await playCrashLoop(write);
  const seconds = Math.round((Date.now() - startedMs) / 1000);
  write('');
  write(`${totals.scenes} deployments and a crash loop in ${seconds} s.`);
  write(
    `Production requests while they were judged: ${totals.users}; to a bad build: ${totals.bad}`,
  );
  write('Next:  npm run -s gate -- --green URL [--blue URL]     your own endpoint');
  write(
    '       functions/deployment-hook/README.md             what it can prove, and how to attach it',
  );
}

async function playScene(
  scene: Scene,
  seed: number,
  write: DemoOptions['write'],
): Promise<Outcome> {
  const blue = scene.blue ?? scene.green;
  const network = scene.network ?? ((behaviour: Behaviour) => behaviour);
  const served = { green: 0 };
  const counted: Behaviour = (request, index) => {
    if (request.headers['x-ballast-probe'] === undefined) served.green += 1;
    return scene.behaviour(request, index);
  };
  const listener = await startHttpService({
    behaviour: routedByHeader(testHeader, {
      green: network(counted),
      blue: network(withLatency(answers(blue), { medianMs, sigma, seed: seed + 100 })),
    }),
  });
  const clock = createSkippingClock();
  const prober = createProber(proberDefaults);
  const users = startUsers(listener.url, prober);
  try {
    const singleGet = await getOnce(listener.port, prober);
    served.green = 0; // That one GET was ours, not a user's.
    const result = await judge(scene, listener.port, seed, clock, prober, write);
    const sent = await users.stop();
    return { verdict: result.verdict, users: { sent, toGreen: served.green }, singleGet };
  } finally {
    prober.close();
    await listener.close();
  }
}

async function judge(
  scene: Scene,
  port: number,
  seed: number,
  clock: SkippingClock,
  prober: Prober,
  write: DemoOptions['write'],
) {
  const account = createAccount({ nowMs: () => clock.nowMs(), tables: [tableDefinition] });
  const service = addWeb(account, scene, port);
  const startMs = clock.nowMs();
  const config = {
    stackMode: 'enforce' as const,
    clusterArns: [service.clusterArn],
    allowedHosts: [],
    tableName: tableDefinition.TableName,
  };
  return await runHookSession(
    service,
    { account, clock, prober, config, seed },
    {
      stage: scene.stage ?? 'POST_TEST_TRAFFIC_SHIFT',
      isRollback: scene.isRollback ?? false,
      hookDetails: scene.hookDetails,
      waitBetween: (delayMs) => clock.skip(delayMs),
      onInvocation: (invocation) => {
        for (const line of linesOf(invocation, clock.nowMs() - startMs)) write(line);
      },
    },
  );
}

function addWeb(
  account: ReturnType<typeof createAccount>,
  scene: Scene,
  port: number,
): BlueGreenService {
  const at = { protocol: 'HTTP' as const, dnsName: '127.0.0.1', port };
  const header = { HttpHeaderName: testHeader.name, Values: [testHeader.value] };
  return addBlueGreenService(account, {
    cluster: 'prod',
    service: 'web',
    kind: 'alb',
    green: { revisionId: `90000000000000000${scene.green}` },
    ...(scene.blue === undefined ? {} : { blue: {} }),
    testEndpoint: { ...at, conditions: [{ Field: 'http-header', HttpHeaderConfig: header }] },
    productionEndpoint: at,
  });
}

/** What a person wants to know of one call: when, the answer, why, and the figures behind it. */
function linesOf({ answer, decision }: HookInvocation, elapsedMs: number): readonly string[] {
  const { green, blue } = decision.requests as { readonly green: number; readonly blue: number };
  const at = `+${(elapsedMs / 1000).toFixed(1)}s`.padStart(7);
  const findings = decision.findings as readonly {
    readonly detail: string;
    readonly verdict: string;
  }[];
  const told = findings.length === 0 ? [String(decision.detail)] : decisive(findings);
  return [
    `${at}  hook  ${answer.hookStatus.padEnd(11)}  ${String(decision.reason)}`,
    ...told.map((detail) => `               ${detail}`),
    `               test calls: green ${green}, blue ${blue}`,
  ];
}

/** The findings that decided; where all passed, all of them are the proof. */
const decisive = (
  findings: readonly { readonly detail: string; readonly verdict: string }[],
): readonly string[] => {
  const against = findings.filter(({ verdict }) => verdict !== 'pass');
  return (against.length > 0 ? against : findings).map(({ detail }) => detail);
};

/** Users who ask production for a page now and then; a page they did not get is theirs to retry. */
function startUsers(url: string, prober: Prober) {
  let sent = 0;
  let isOver = false;
  const { hostname, port } = new URL(url);
  const asking = (async () => {
    while (!isOver) {
      sent += 1;
      await prober.send(plainGet(hostname, Number(port), {}));
      await new Promise((resolve) => setTimeout(resolve, userPauseMs));
    }
  })();
  return {
    stop: async (): Promise<number> => {
      isOver = true;
      await asking;
      return sent;
    },
  };
}

/** What the usual hook does: one GET of green's test endpoint, and its status. */
async function getOnce(port: number, prober: Prober): Promise<number | undefined> {
  const outcome = await prober.send(
    plainGet('127.0.0.1', port, { [testHeader.name]: testHeader.value }),
  );
  return outcome.kind === 'answer' ? outcome.status : undefined;
}

const plainGet = (address: string, port: number, headers: Readonly<Record<string, string>>) => ({
  endpoint: {
    protocol: 'http' as const,
    address,
    port,
    host: `${address}:${port}`,
    headers,
    query: [],
    pathPatterns: [],
    methods: [],
    reusesConnections: false,
    verifiesCertificate: true,
  },
  method: 'GET',
  path: '/',
  headers: {},
  connectTimeoutMs: 3_000,
  timeoutMs: 5_000,
});
