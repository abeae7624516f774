import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseGateConfig, readRawDetails } from '../shared/events/hook-details.ts';
import { MalformedInput } from '../shared/events/malformed.ts';
import { createProber } from '../shared/http/prober.ts';
import { proberDefaults } from '../shared/http/prober-defaults.ts';
import { systemClock } from '../shared/runtime/clock.ts';
import { randomSeed } from '../shared/runtime/random-seed.ts';
import { createAccount } from '../simulator/account.ts';
import { addBlueGreenService } from '../simulator/deployment.ts';
import {
  type HookInvocation,
  type HookSessionResult,
  runHookSession,
  tableDefinition,
} from '../simulator/hook-session.ts';
import { createSkippingClock } from '../simulator/skipping-clock.ts';
import { type LocalDetails, withoutDeployment } from './gate-details.ts';
import { Misuse, runCommand } from './misuse.ts';
import { endpointOfUrlText } from './url-endpoint.ts';
import { userPath } from './user-path.ts';

const usage =
  'usage: npm run -s gate -- --green URL [--blue URL] [--details FILE] [--stage S] [--real-time]';

const stages = [
  'RECONCILE_SERVICE',
  'PRE_SCALE_UP',
  'POST_SCALE_UP',
  'TEST_TRAFFIC_SHIFT',
  'POST_TEST_TRAFFIC_SHIFT',
  'PRE_PRODUCTION_TRAFFIC_SHIFT',
  'PRODUCTION_TRAFFIC_SHIFT',
  'POST_PRODUCTION_TRAFFIC_SHIFT',
];

type Options = {
  readonly green: string;
  readonly blue: string | undefined;
  readonly given: LocalDetails | undefined;
  readonly stage: string;
  readonly isRealTime: boolean;
};

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      green: { type: 'string' },
      blue: { type: 'string' },
      details: { type: 'string' },
      stage: { type: 'string', default: 'POST_TEST_TRAFFIC_SHIFT' },
      'real-time': { type: 'boolean', default: false },
    },
  });
  if (values.green === undefined) throw new Misuse('--green: expected the URL of the new build');
  if (!stages.includes(values.stage)) {
    throw new Misuse(`--stage: expected one of ${stages.join(', ')}, got "${values.stage}"`);
  }
  return {
    green: values.green,
    blue: values.blue,
    given: values.details === undefined ? undefined : readDetails(values.details),
    stage: values.stage,
    isRealTime: values['real-time'],
  };
}

/** A mistake in the file is misuse of this command, and is told before anything is called. */
function readDetails(file: string): LocalDetails {
  let details: unknown;
  try {
    details = JSON.parse(readFileSync(userPath(file), 'utf8'));
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new Misuse(`--details: expected a file with JSON, ${detail.replace(/\s+/g, ' ')}`);
  }
  try {
    parseGateConfig(readRawDetails(details).config);
  } catch (error) {
    if (error instanceof MalformedInput) throw new Misuse(`--details: ${error.message}`);
    throw error;
  }
  return withoutDeployment(details);
}

/** What the verdict does not rest on, apart from the lines of the verdict itself. */
function tellLimits({ leftOut, alarms }: LocalDetails): void {
  const tell = (line: string): void => void process.stderr.write(`${line}\n`);
  if (leftOut.length > 0) tell(`left out, as only the deployment knows it: ${leftOut.join(', ')}`);
  if (alarms.length > 0) tell(`taken for quiet, as CloudWatch is not asked: ${alarms.join(', ')}`);
}

const print = (line: object): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

/** One line a call: what ECS was told, and what was found. */
function printInvocation(startMs: number, { atMs, answer, decision }: HookInvocation): void {
  print({
    atSeconds: Math.round((atMs - startMs) / 100) / 10,
    hookStatus: answer.hookStatus,
    ...(answer.callBackDelay === undefined ? {} : { callBackDelay: answer.callBackDelay }),
    mode: decision.mode,
    decision: decision.decision,
    reason: decision.reason,
    detail: decision.detail,
    requests: decision.requests,
    findings: decision.findings,
    notes: decision.notes,
  });
}

const summaryOf = ({ verdict, reason, invocations, elapsedMs }: HookSessionResult): object => ({
  verdict,
  reason,
  // With `mode` in the details the verdict is what ECS would be told, and this is what was found.
  mode: invocations.at(-1)?.decision.mode,
  decision: invocations.at(-1)?.decision.decision,
  invocations: invocations.length,
  requests: invocations.at(-1)?.decision.requests ?? { green: 0, blue: 0 },
  elapsedMs: Math.round(elapsedMs),
});

/** Judges a real endpoint with the real hook, in a simulated account that leads to it. */
async function main(): Promise<number> {
  const options = readOptions();
  const testEndpoint = endpointOfUrlText('--green', options.green);
  const productionEndpoint =
    options.blue === undefined
      ? { ...testEndpoint, port: testEndpoint.port }
      : // What green and blue share of their URLs is no listener whose rules could be told apart.
        { ...endpointOfUrlText('--blue', options.blue), loadBalancer: 'blue' };
  const clock = createSkippingClock();
  const account = createAccount({ nowMs: () => clock.nowMs(), tables: [tableDefinition] });
  const service = addBlueGreenService(account, {
    cluster: 'local',
    service: 'service',
    kind: 'alb',
    green: {},
    ...(options.blue === undefined ? {} : { blue: {} }),
    testEndpoint,
    productionEndpoint,
  });
  const { given } = options;
  if (given !== undefined) tellLimits(given);
  for (const AlarmName of given?.alarms ?? []) {
    account.alarms.set(AlarmName, { AlarmName, StateValue: 'OK' });
  }
  const prober = createProber(proberDefaults);
  const startMs = clock.nowMs();
  const result = await runHookSession(
    service,
    {
      account,
      clock,
      prober,
      seed: randomSeed(),
      config: {
        stackMode: 'enforce',
        clusterArns: [service.clusterArn],
        allowedHosts: [],
        tableName: tableDefinition.TableName,
      },
    },
    {
      stage: options.stage,
      hookDetails: given?.details,
      waitBetween: (delayMs) =>
        options.isRealTime ? systemClock.sleep(delayMs) : clock.skip(delayMs),
      onInvocation: (invocation) => printInvocation(startMs, invocation),
    },
  );
  prober.close();
  print(summaryOf(result));
  return result.verdict === 'SUCCEEDED' ? 0 : 1;
}

await runCommand(usage, main);
