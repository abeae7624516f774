import type { CheckedRun } from '../../simulator/checkers/checker.ts';
import type {
  AlertRecord,
  DeliveredStop,
  EcsWrite,
  HookCall,
  RunRecord,
  ServiceCount,
} from '../../simulator/record.ts';
import { pocket } from './pocket.ts';

export const startMs = Date.parse('2026-11-20T00:00:00Z');
export const minuteMs = 60_000;
/** Minutes after the start of the run. */
export const at = (minutes: number): number => startMs + minutes * minuteMs;

/** A run of ten hours in which nothing happened; what is given is put in its place. */
export const runRecord = (changes: Partial<RunRecord> = {}): RunRecord => ({
  ...{ scenario: 'pocket', seed: 1, mode: 'wire', stackMode: 'enforce', withBallast: true },
  ...{ startMs, upMs: startMs, endMs: at(600), faultsFromMs: at(45), faultsUntilMs: at(120) },
  faults: new Set(),
  ...{ hits: [], truths: [], stops: [], signals: [], hookCalls: [], alerts: [], logs: [] },
  ...{ writes: [], counts: [], fleet: [], deployments: [], drains: [], instances: [] },
  ...{ digests: [], functions: [] },
  ...{ tags: {}, users: [], deadLetters: [] },
  ...{ problems: [], calls: {}, timeline: [] },
  ...changes,
});

export const checkedRun = (
  changes: Partial<RunRecord> = {},
  baseline: Partial<RunRecord> = {},
): CheckedRun => ({
  run: runRecord(changes),
  baseline: async () => runRecord({ withBallast: false, ...baseline }),
  scenario: pocket,
});

export const count = (minutes: number, changes: Partial<ServiceCount> = {}): ServiceCount => ({
  ...{ atMs: at(minutes), service: 'web', desired: 4, running: 4, floor: 4, zones: {} },
  ...{ isPending: false, onOneInstance: 1, isRebalanced: true },
  ...changes,
});

export const write = (minutes: number, changes: Partial<EcsWrite> = {}): EcsWrite => ({
  ...{ operation: 'UpdateService', input: { desiredCount: 5 }, atMs: at(minutes) },
  ...{ service: 'web', tags: {}, desiredBefore: 4, protectedTasks: [] },
  ...changes,
});

export const alert = (minutes: number, changes: Partial<AlertRecord> = {}): AlertRecord => ({
  ...{
    atMs: at(minutes),
    topic: 'alerts',
    messageId: changes.transition === 'resolve' ? 'crash-loop-1#2' : 'crash-loop-1#1',
    incidentId: 'crash-loop-1',
  },
  ...{ kind: 'crash-loop', severity: 'warn', service: 'web', transition: 'open', subject: 'loop' },
  ...changes,
});

let stopped = 0;

/** An application that ended with an error; its event came a second later. */
export const stop = (minutes: number, changes: Partial<DeliveredStop> = {}): DeliveredStop => {
  stopped += 1;
  return {
    ...{ taskArn: `arn:aws:ecs:eu-central-1:123456789012:task/prod/${stopped}`, service: 'web' },
    ...{ startedBy: 'ecs-svc/1', taskDefinitionArn: 'web:1', hasRun: true },
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
    containers: [{ name: 'app', exitCode: 1, reason: undefined }],
    stoppedAtMs: at(minutes),
    arrivalsMs: [at(minutes) + 1_000],
    ...changes,
  };
};

export const hookCall = (minutes: number, changes: Partial<HookCall> = {}): HookCall => ({
  functionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:ballast-deployment-hook',
  serviceArn: 'arn:aws:ecs:eu-central-1:123456789012:service/prod/web',
  deploymentArn: 'arn:aws:ecs:eu-central-1:123456789012:service-deployment/prod/web/1',
  stage: 'POST_TEST_TRAFFIC_SHIFT',
  ...{ targetRevisionArn: 'green', executionId: 'one', outcome: 'returned' },
  isRollback: false,
  ...{ startedMs: at(minutes), endedMs: at(minutes) + 5_000 },
  ...{ hookStatus: 'SUCCEEDED', reason: 'no-regression: all is well' },
  ...changes,
});
