import {
  type EventCause,
  type EventMeaning,
  isTroubleType,
  type MeaningRow,
  meaningOf,
  unknownTrouble,
} from './event-meaning.ts';

/** A change of a deployment's state as its event tells it. */
export type DeploymentStateChange = {
  readonly eventId: string;
  readonly clusterArn: string;
  readonly serviceArn: string;
  readonly service: string;
  readonly eventType: string | undefined;
  readonly eventName: string;
  /** `ecs-svc/<id>`: what the tasks of the deployment are started by. */
  readonly deploymentId: string | undefined;
  readonly reason: string | undefined;
  readonly atMs: number;
};

/** A change of a lifecycle hook's state as its event tells it. */
export type HookStateChange = {
  readonly eventId: string;
  readonly clusterArn: string;
  readonly serviceArn: string;
  readonly service: string;
  readonly eventType: string | undefined;
  readonly eventName: string;
  readonly hookId: string | undefined;
  /** `PAUSE` for a pause hook; what it says for a Lambda hook is not documented. */
  readonly hookType: string | undefined;
  readonly stage: string | undefined;
  readonly expiresAtMs: number | undefined;
  readonly serviceDeploymentArn: string | undefined;
  readonly atMs: number;
};

export type DeploymentMeaning = EventMeaning & {
  /** The deployment that ECS goes back to: its completion is no recovery of the one that failed. */
  readonly rollbackTo: string | undefined;
};

const rollingBack = /\broll(?:ing|ed) back\b/i;
const rollbackTarget = /\brolling back to (?:deploymentId |deployment )?(ecs-svc\/[\w-]+)/i;
const rollbackFailed = /\brollback (?:has )?failed\b|\bROLLBACK_FAILED\b|failed to roll back/i;

const isRollback = ({ eventName, reason = '' }: DeploymentStateChange): boolean =>
  eventName === 'SERVICE_DEPLOYMENT_IN_PROGRESS' && rollingBack.test(reason);

/** Whether anybody reacts: to failures, rollbacks and completions, not to ordinary progress. */
export const followsDeploymentChange = (change: DeploymentStateChange): boolean =>
  isRollback(change) ||
  /^SERVICE_DEPLOYMENT_(FAILED|COMPLETED)$/.test(change.eventName) ||
  (change.eventName !== 'SERVICE_DEPLOYMENT_IN_PROGRESS' && isTroubleType(change.eventType));

/** Why a deployment failed, by how its reason starts: first match wins. */
const causes: readonly (readonly [RegExp, EventCause])[] = [
  [rollbackFailed, 'rollback-failed'],
  [/\bcircuit breaker\b/i, 'circuit-breaker'],
  [/\balarms?\b/i, 'deployment-alarm'],
  [/\bhooks?\b/i, 'lifecycle-hook'],
];

const causeOf = (reason: string): EventCause =>
  causes.find(([pattern]) => pattern.test(reason))?.[1] ?? 'deployment-failed';

/** What a deployment's change of state says, in the words of incidents. */
export function classifyDeploymentChange(change: DeploymentStateChange): DeploymentMeaning {
  const { eventName, reason = '' } = change;
  const rollbackTo = rollbackTarget.exec(reason)?.[1];
  const detail = reason === '' ? eventName : reason;
  const meaning = (row: MeaningRow, rule = eventName): DeploymentMeaning => ({
    ...meaningOf(rule, row, detail),
    rollbackTo,
  });
  if (eventName === 'SERVICE_DEPLOYMENT_COMPLETED') {
    return meaning({ ...quiet, cause: 'deployment-completed', sign: 'recovery' });
  }
  if (eventName === 'SERVICE_DEPLOYMENT_FAILED' || isRollback(change)) {
    const cause = causeOf(reason);
    const severity = cause === 'rollback-failed' ? 'critical' : 'warn';
    return meaning({ cause, kind: 'rollback', severity, sign: 'trouble' });
  }
  return isTroubleType(change.eventType)
    ? meaning(unknownTrouble, 'unknown')
    : meaning({ ...quiet, cause: 'unknown-event', sign: 'neither' }, 'unknown');
}

const quiet = { kind: undefined, severity: 'info' } as const;

const hookRows: ReadonlyMap<string, MeaningRow> = new Map<string, MeaningRow>([
  ['HOOK_FAILED', { cause: 'hook-failed', kind: 'rollback', severity: 'warn', sign: 'trouble' }],
  [
    'HOOK_TIMED_OUT',
    { cause: 'hook-timed-out', kind: 'hook-timed-out', severity: 'warn', sign: 'trouble' },
  ],
  [
    'HOOK_AWAITING_ACTION',
    {
      cause: 'hook-awaiting-action',
      kind: 'hook-awaiting-action',
      severity: 'warn',
      sign: 'trouble',
    },
  ],
]);

/** Whether anybody reacts. The type of a failed hook's event is not documented: the name decides. */
export const followsHookChange = ({ eventName, eventType }: HookStateChange): boolean =>
  hookRows.has(eventName) || isTroubleType(eventType);

/** What a hook's change of state says, in the words of incidents. */
export function classifyHookChange(change: HookStateChange): EventMeaning {
  const row = hookRows.get(change.eventName);
  const parts = [change.eventName, change.hookType, change.stage, change.hookId];
  const detail = parts.filter((part) => part !== undefined).join(', ');
  if (row !== undefined) return meaningOf(change.eventName, row, detail);
  return isTroubleType(change.eventType)
    ? meaningOf('unknown', unknownTrouble, detail)
    : meaningOf('unknown', { ...quiet, cause: 'unknown-event', sign: 'neither' }, detail);
}
