import { awsProblemOf } from '../../shared/aws/errors.ts';
import type { EvidenceStore } from '../../shared/aws/evidence-store.ts';
import type { IncidentRecords } from '../../shared/aws/incident-record.ts';
import { updateIncident } from '../../shared/aws/update-incident.ts';
import { type GateAnswer, incidentsOfAnswer } from '../../shared/domain/gate-incident.ts';
import { applyObservation } from '../../shared/domain/incident-lifecycle.ts';
import { incidentPolicies } from '../../shared/domain/incident-policy.ts';
import type { HookEvent } from '../../shared/events/hook-event.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Log } from '../../shared/runtime/log.ts';
import { within } from '../../shared/runtime/time.ts';
import type { GateOutcome } from './gate.ts';

export type ReportStores = {
  readonly incidents: IncidentRecords;
  readonly evidence: EvidenceStore;
};

export type ReportDeps = {
  readonly createReportStores: (tableName: string) => ReportStores;
  readonly clock: Clock;
  readonly log: Log;
};

/**
 * Longest that reporting may hold up an answer, in ms: a read and a write, each as slow as a call to AWS
 * may be. What nobody else tells would be lost with it.
 */
export const reportMsMax = 8_000;
/** Kept free at the end of a call for the answer itself, in ms: it matters more. */
const answerMs = 2_000;

/** Where a report goes, and what is left of its call, in ms. */
export type ReportLimits = { readonly tableName: string; readonly remainingMs: number };

/** Reasons whose answers are too plain to be kept: nothing was measured and nothing is wrong. */
const plain = new Set(['rollback-call', 'rollback-in-progress', 'off', 'nothing-watched']);

/**
 * Puts an answer on record: its incidents, told by the sweep of `task-state` within a minute, and the
 * evidence of a final one. Bounded in time, and never at the cost of the answer.
 */
export async function report(
  call: HookEvent,
  outcome: GateOutcome,
  record: unknown,
  { tableName, remainingMs }: ReportLimits,
  { createReportStores, clock, log }: ReportDeps,
): Promise<void> {
  const { decision } = outcome;
  if (decision.kind === 'proceed' && plain.has(decision.reason)) return;
  if (decision.kind === 'wait' && decision.isSampling) return;
  const answer = answerOf(call, outcome, clock.nowMs());
  try {
    const stores = createReportStores(tableName);
    const { signal } = new AbortController();
    const reportMs = Math.min(reportMsMax, remainingMs - answerMs);
    await within(reportMs, 'reporting', clock, signal, async (ending) => {
      const evidence =
        decision.kind === 'wait'
          ? undefined
          : stores.evidence.putEvidence({ ...answer, record }, ending);
      const incidents = incidentsOfAnswer(answer).map(({ key, observation }) =>
        updateIncident(
          stores.incidents,
          key,
          (current) =>
            applyObservation(current, observation, {
              key,
              policy: incidentPolicies[key.kind],
              nowMs: answer.atMs,
            }),
          attemptsMax,
          ending,
        ),
      );
      const results = await Promise.allSettled([evidence, ...incidents]);
      for (const result of results) {
        if (result.status === 'rejected') log.warn('report-failed', awsProblemOf(result.reason));
        else if (result.value?.kind === 'contended') {
          log.warn('report-failed', { detail: 'others wrote the incident first each time' });
        }
      }
    });
  } catch (error) {
    log.warn('report-failed', awsProblemOf(error));
  }
}

/** Tries of one incident: hooks of one deployment rarely meet. */
const attemptsMax = 3;

const answerOf = (call: HookEvent, outcome: GateOutcome, atMs: number): GateAnswer => ({
  cluster: call.cluster,
  service: call.service,
  deploymentId: call.deploymentArn.split('/').at(-1) ?? '-',
  stage: call.stage,
  mode: outcome.mode,
  decision: outcome.decision,
  findings: outcome.findings,
  revision: outcome.revision,
  sourceRevision: outcome.sourceRevision,
  startedAtMs: outcome.state.startedAtMs,
  deadlineAtMs: outcome.deadlineAtMs,
  atMs,
});
