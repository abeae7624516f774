import type { HookCall, RunRecord } from '../record.ts';
import type { BuildTruth } from '../scenario.ts';
import { type Checker, callFaults, clock, struck } from './checker.ts';
import { isMeant } from './stops.ts';

const minuteMs = 60_000;
/** The gate's own deadline, and what its last call and the delay before it may add. */
const verdictMsMax = 15 * minuteMs + 4 * minuteMs;
/** Deployments are looked at so often. */
const lookMs = minuteMs;
const gatedStage = 'POST_TEST_TRAFFIC_SHIFT';

/** All calls of one hook at one stage, from the first to the one that decides. */
export type HookExecution = {
  readonly service: string;
  readonly deploymentArn: string;
  readonly stage: string;
  readonly targetRevisionArn: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly calls: readonly HookCall[];
  /** Of the last call; IN_PROGRESS where it never came to one. */
  readonly verdict: string;
  /** The reason of the last answer: the word before the colon. */
  readonly reason: string;
};

/** Whether the execution id stays the same is not documented: stages are told apart by their ends. */
export function executionsOf({
  hookCalls,
}: Pick<RunRecord, 'hookCalls'>): readonly HookExecution[] {
  const open = new Map<string, HookCall[]>();
  const done: HookExecution[] = [];
  for (const call of [...hookCalls].sort((a, b) => a.startedMs - b.startedMs)) {
    const key = `${call.deploymentArn} ${call.stage} ${call.functionArn}`;
    const calls = [...(open.get(key) ?? []), call];
    if (call.hookStatus === 'IN_PROGRESS') open.set(key, calls);
    else {
      open.delete(key);
      done.push(executionOf(calls, call));
    }
  }
  for (const calls of open.values()) {
    const last = calls.at(-1);
    if (last !== undefined) done.push(executionOf(calls, last));
  }
  return done.sort((a, b) => a.fromMs - b.fromMs);
}

const executionOf = (calls: readonly HookCall[], last: HookCall): HookExecution => ({
  service: last.serviceArn.split('/').at(-1) ?? '?',
  deploymentArn: last.deploymentArn,
  stage: last.stage,
  targetRevisionArn: last.targetRevisionArn,
  fromMs: calls[0]?.startedMs ?? last.startedMs,
  untilMs: last.endedMs,
  calls,
  verdict: last.hookStatus ?? 'none',
  reason: last.reason?.split(':', 1)[0] ?? '-',
});

const told = ({ service, stage, fromMs }: HookExecution): string =>
  `${service} at ${stage} from ${clock(fromMs)}`;

export const hookAnswers: Checker = {
  name: 'hook-answers',
  sentence: 'The hook answers every call, unless its sandbox dies under it.',
  broken: ({ run }) =>
    run.hookCalls.flatMap((call) => {
      const { outcome, startedMs, endedMs, stage, serviceArn, hookStatus } = call;
      if (outcome === 'returned' && hookStatus !== undefined) return [];
      const isDeath = outcome === 'crashed' && struck(run, ['crashes'], [startedMs, endedMs]);
      const what = outcome === 'returned' ? 'answered without a status' : outcome;
      return isDeath
        ? []
        : [`${serviceArn.split('/').at(-1)} at ${stage}, ${clock(startedMs)}: ${what}`];
    }),
};

export const verdictInTime: Checker = {
  name: 'verdict-in-time',
  sentence: 'Every hook execution gets a verdict within its deadline.',
  broken: ({ run }) =>
    executionsOf(run).flatMap((execution) => {
      const { fromMs, untilMs, verdict, deploymentArn } = execution;
      const minutes = Math.round((untilMs - fromMs) / minuteMs);
      if (untilMs - fromMs > verdictMsMax) return [`${told(execution)}: ${minutes} min`];
      if (verdict !== 'IN_PROGRESS') return [];
      // ECS asks no more where the deployment was ended by something else, or the run is over.
      const deployment = run.deployments.find((one) => one.deploymentArn === deploymentArn);
      const settledMs = deployment?.settledMs ?? Number.POSITIVE_INFINITY;
      const isEnded = settledMs - fromMs <= verdictMsMax + lookMs;
      const isCutOff = run.endMs - fromMs < verdictMsMax;
      return isEnded || isCutOff ? [] : [`${told(execution)}: IN_PROGRESS and never asked again`];
    }),
};

export const wayBackFree: Checker = {
  name: 'way-back-free',
  sentence: 'While a deployment goes back, the hook lets it: it answers every call with SUCCEEDED.',
  broken: ({ run }) =>
    run.hookCalls
      .filter(({ isRollback, outcome }) => isRollback && outcome === 'returned')
      .filter(({ hookStatus }) => hookStatus !== 'SUCCEEDED')
      .map(({ serviceArn, stage, startedMs, hookStatus, reason = '-' }) => {
        const where = `${serviceArn.split('/').at(-1)} at ${stage}, ${clock(startedMs)}`;
        return `${where}: ${hookStatus ?? 'no status'}, ${reason}`;
      }),
};

const buildsIn = ({ truths }: RunRecord): readonly BuildTruth[] =>
  truths.filter((truth) => truth.type === 'build');

/** Builds by ARN of their task definition. */
const buildsOf = (run: RunRecord): ReadonlyMap<string, BuildTruth> =>
  new Map(buildsIn(run).map((build) => [build.taskDefinitionArn, build]));

/** Executions at the gated stage, each with the build that it judged. */
export function judgements(run: RunRecord) {
  const builds = buildsOf(run);
  const deployments = new Map(run.deployments.map((one) => [one.deploymentArn, one]));
  return executionsOf(run).flatMap((execution) => {
    const arn = deployments.get(execution.deploymentArn)?.taskDefinitionArn;
    const build = builds.get(arn ?? '');
    return execution.stage === gatedStage && build !== undefined ? [{ execution, build }] : [];
  });
}

/** Reasons to go on that prove nothing and say so. */
const unproven = new Set(['rollback-call', 'rollback-in-progress', 'break-glass']);

export const brokenNeverPasses: Checker = {
  name: 'broken-green-never-passes',
  sentence: 'Where the gate enforces, a green that fails in the same way every time never passes.',
  broken: ({ run }) => [
    ...judgements(run)
      .filter(({ build }) => build.health === 'broken' && build.isEnforced)
      .filter(
        ({ execution: { verdict, reason } }) => verdict === 'SUCCEEDED' && !unproven.has(reason),
      )
      .map(({ execution }) => `${told(execution)}: SUCCEEDED, ${execution.reason}`),
    ...brokenServed(run),
  ],
};

/** Users' requests that a broken build answered although its deployment was gated. */
function brokenServed(run: RunRecord): readonly string[] {
  return buildsIn(run).flatMap(({ health, isEnforced, service, taskDefinitionArn }) => {
    const revision = taskDefinitionArn.split('/').at(-1) ?? '?';
    const count = run.users.find((one) => one.service === service)?.byRevision[revision] ?? 0;
    return health === 'broken' && isEnforced && count > 0
      ? [`${revision} answered ${count} requests of users`]
      : [];
  });
}

export const observingGatePasses: Checker = {
  name: 'observing-gate-passes',
  sentence: 'Where the gate only watches, it answers every call with SUCCEEDED.',
  broken: ({ run }) => {
    const watched =
      run.stackMode === 'observe'
        ? executionsOf(run)
        : judgements(run).flatMap(({ build, execution }) => (build.isEnforced ? [] : [execution]));
    return watched.flatMap((execution) =>
      execution.calls
        .filter(({ hookStatus }) => hookStatus !== undefined && hookStatus !== 'SUCCEEDED')
        // A service whose tags cannot be read may be one that enforces.
        .filter(
          ({ startedMs, endedMs }) =>
            run.stackMode === 'observe' || !struck(run, callFaults, [startedMs, endedMs]),
        )
        .map(({ hookStatus }) => `${told(execution)}: ${hookStatus}, ${execution.reason}`),
    );
  },
};

/** Reasons that blame the build. */
export const blames: ReadonlySet<string> = new Set([
  ...['body-assertion', 'error-regression', 'error-share-exceeded', 'identity-mismatch'],
  ...['json-assertion', 'latency-limit', 'latency-regression', 'malformed-answer', 'no-answer'],
  ...['unexpected-header', 'unexpected-status'],
]);

/** Share of good builds that noise may roll back. */
export const noiseRateMax = 0.01;
/** Less likely than this at that rate, it is not noise. */
const surprise = 1e-4;

/** How many good builds were judged, and how many of them were blamed for nothing. */
export function goodGreens(run: RunRecord): { readonly judged: number; readonly blamed: number } {
  const good = judgements(run).filter(
    ({ build, execution }) =>
      build.health === 'good' && build.isEnforced && !wasDisturbed(run, execution),
  );
  const blamed = good.filter(
    ({ execution: { verdict, reason } }) => verdict === 'FAILED' && blames.has(reason),
  );
  return { judged: good.length, blamed: blamed.length };
}

/** A green that loses tasks while it is judged is not quite the build that it was. */
const wasDisturbed = ({ stops }: RunRecord, { service, fromMs, untilMs }: HookExecution): boolean =>
  stops.some(
    (stop) =>
      stop.service === service &&
      !isMeant(stop) &&
      stop.stoppedAtMs >= fromMs - 5 * minuteMs &&
      stop.stoppedAtMs <= untilMs + minuteMs,
  );

export const goodGreenPasses: Checker = {
  name: 'good-green-passes',
  sentence: 'A good green is rolled back by noise in at most 1 % of all deployments.',
  broken: ({ run }) => {
    const { judged, blamed } = goodGreens(run);
    return tail(judged, blamed, noiseRateMax) < surprise
      ? [`${blamed} of ${judged} good builds were rolled back`]
      : [];
  },
};

/** Probability of at least so many successes among so many tries. */
export function tail(tries: number, successes: number, rate: number): number {
  let [term, below] = [(1 - rate) ** tries, 0];
  for (let count = 0; count < successes; count += 1) {
    below += term;
    term *= ((tries - count) / (count + 1)) * (rate / (1 - rate));
  }
  return 1 - below;
}
