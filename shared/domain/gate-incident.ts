import type { Finding, GateDecision } from './gate.ts';
import type { Facts, IncidentKey, IncidentKind, Severity } from './incident.ts';
import { factCharsMax } from './incident-facts.ts';
import { rollbackKey } from './incident-key.ts';
import type { Observation } from './incident-lifecycle.ts';
import type { Mode } from './mode.ts';

/** One answer of the gate, as incidents see it. */
export type GateAnswer = {
  readonly cluster: string;
  readonly service: string;
  readonly deploymentId: string;
  readonly stage: string;
  readonly mode: Mode;
  readonly decision: GateDecision;
  readonly findings: readonly Finding[];
  /** Task definition of green, as `checkout:412`. */
  readonly revision: string | undefined;
  /** Task definition that serves meanwhile. */
  readonly sourceRevision: string | undefined;
  readonly startedAtMs: number;
  readonly deadlineAtMs: number | undefined;
  readonly atMs: number;
};

type GateReaction = { readonly key: IncidentKey; readonly observation: Observation };

/** Reasons of a rollback that are a mistake in the configuration or in the stack, not in the build. */
const misconfigured = new Set(['invalid-hook-details', 'cluster-not-configured', 'internal-error']);
/** Reasons to go on that somebody should know of. */
const toldAnyway: ReadonlyMap<string, IncidentKind> = new Map<string, IncidentKind>([
  ['break-glass', 'break-glass'],
  ['stage-not-gated', 'stage-not-gated'],
]);
/** Reasons to go on that prove nothing about green. */
const unproven = new Set(['rollback-call', 'rollback-in-progress', 'off', 'nothing-watched']);

/**
 * What an answer opens and ends. In observe nothing happened to anybody: what would have been a
 * rollback is `info`, and goes to the digest. A gate that cannot work is told at once in any mode: who has
 * just attached it is there to correct it.
 */
export function incidentsOfAnswer(answer: GateAnswer): readonly GateReaction[] {
  const { decision } = answer;
  const waiting = keyOf(answer, 'gate-could-not-measure', 'waiting');
  const over = (reason: string): GateReaction => ({
    key: waiting,
    observation: { type: 'well', atMs: answer.atMs, reason },
  });
  switch (decision.kind) {
    case 'wait':
      return isTold(answer, decision)
        ? [{ key: waiting, observation: occurred(answer, 'warn') }]
        : [];
    case 'rollback': {
      const key = misconfigured.has(decision.reason)
        ? keyOf(answer, 'gate-misconfigured', decision.reason)
        : rollbackKey(answer.cluster, answer.service);
      const observation = occurred(answer, 'warn', misconfigured.has(decision.reason));
      return [{ key, observation }, over('the gate has answered')];
    }
    case 'proceed': {
      const kind = toldAnyway.get(decision.reason);
      if (kind !== undefined) {
        const key = keyOf(answer, kind, decision.reason);
        return [{ key, observation: occurred(answer, 'warn') }];
      }
      return unproven.has(decision.reason) ? [] : [over('the gate could measure after all')];
    }
  }
}

/** Targets of green need so long to be healthy, and nobody has to do anything for it. */
export const doubtMsMax = 5 * 60_000;

/** That it could not measure is told at once, that it cannot tell yet only where it lasts. */
const isTold = (
  { atMs, startedAtMs }: GateAnswer,
  { verdict, isSampling }: Extract<GateDecision, { kind: 'wait' }>,
): boolean => verdict === 'error' || (!isSampling && atMs - startedAtMs >= doubtMsMax);

const keyOf = (answer: GateAnswer, kind: IncidentKind, cause: string): IncidentKey => ({
  cluster: answer.cluster,
  subject: { type: 'service', name: answer.service },
  kind,
  cause,
  deploymentId: answer.deploymentId,
});

/**
 * The same deployment and stage is the same occurrence, however often ECS asks. At the steps of a linear or
 * canary deployment it asks anew: that one of them waits is told by its own start.
 */
const occurred = (
  answer: GateAnswer,
  severity: Severity,
  isToldInObserve = false,
): Observation => ({
  type: 'occurred',
  occurrence: {
    id: `${answer.deploymentId}/${answer.stage}${stepOf(answer)}`,
    atMs: answer.atMs,
    facts: { mode: answer.mode, reason: answer.decision.reason },
  },
  severity: answer.mode === 'enforce' || isToldInObserve ? severity : 'info',
  facts: factsOf(answer),
});

const stepOf = ({ decision, startedAtMs }: GateAnswer): string =>
  decision.kind === 'wait' ? `/${startedAtMs}` : '';

function factsOf(answer: GateAnswer): Facts {
  const { decision, stage, mode, revision, sourceRevision, findings } = answer;
  const { startedAtMs, deadlineAtMs, atMs } = answer;
  const others = findings
    .filter(({ detail }) => detail !== decision.detail)
    .map(({ detail }) => detail)
    .join('\n');
  const facts: Readonly<Record<string, string | number | boolean | undefined>> = {
    reason: decision.reason,
    detail: decision.detail.slice(0, factCharsMax),
    // Also where there are none: those of an earlier answer would stay otherwise.
    findings: others.slice(0, factCharsMax),
    stage,
    mode,
    // Blank where they are not known: those of an earlier deployment would stay otherwise.
    revision: revision ?? '',
    sourceRevision: sourceRevision ?? '',
    deadlineAtMs: decision.kind === 'wait' ? deadlineAtMs : undefined,
    answeredAfterMs: decision.kind === 'rollback' ? Math.max(atMs - startedAtMs, 0) : undefined,
    ...latencyFacts(findings),
    ...(decision.kind === 'proceed' ? openedFacts(decision) : undefined),
  };
  return Object.fromEntries(
    Object.entries(facts).filter(([, value]) => value !== undefined),
  ) as Facts;
}

const openedFacts = ({ opened }: Extract<GateDecision, { kind: 'proceed' }>) =>
  opened && { ...opened, why: opened.why.slice(0, factCharsMax) };

/** Medians of the comparison that decided, where there was one. */
function latencyFacts(findings: readonly Finding[]): Readonly<Record<string, number>> {
  const comparison = findings.find(
    ({ step, verdict }) => step.startsWith('comparison:') && verdict === 'fail',
  );
  const latency = comparison?.evidence?.latency;
  if (typeof latency !== 'object' || latency === null) return {};
  const [green, blue]: unknown[] = [
    Reflect.get(latency, 'greenMedianMs'),
    Reflect.get(latency, 'blueMedianMs'),
  ];
  return typeof green === 'number' && typeof blue === 'number'
    ? { greenMedianMs: green, blueMedianMs: blue }
    : {};
}
