import { describe, expect, it } from 'vitest';
import { allCheckers } from '../../../simulator/checkers/index.ts';
import type {
  AlertRecord,
  DeploymentRecord,
  RunRecord,
  ServiceCount,
} from '../../../simulator/record.ts';
import type { BuildTruth, MuteTruth } from '../../../simulator/scenario.ts';
import {
  alert,
  at,
  checkedRun,
  count,
  hookCall,
  runRecord,
  stop,
  write,
} from '../../support/run-records.ts';
import type { CheckerCase } from './checker-case.ts';
import { densityCases } from './density-cases.ts';
import { replacementCases } from './replacement-cases.ts';

const names = allCheckers.map(({ name }) => name);

async function evidenceOf(
  name: string,
  changes: Partial<RunRecord>,
  baseline: Partial<RunRecord> = {},
): Promise<readonly string[]> {
  const checker = allCheckers.find((one) => one.name === name);
  if (checker === undefined) throw new Error(`there is no checker ${name}`);
  const checked = checkedRun(changes, baseline);
  const noise = { pagesMax: 0, cardsMax: 1 };
  return await checker.broken({ ...checked, scenario: { ...checked.scenario, days: 1, noise } });
}

const deployment: DeploymentRecord = {
  ...{ deploymentArn: hookCall(0).deploymentArn, service: 'web', taskDefinitionArn: 'web:2' },
  ...{ status: 'SUCCESSFUL', statusReason: undefined },
  ...{ startedMs: at(50), settledMs: at(70), endedMs: at(70) },
};
const build = (health: BuildTruth['health']): BuildTruth => ({
  ...{ type: 'build', service: 'web', taskDefinitionArn: 'web:2', health, isEnforced: true },
});
const failed = { hookStatus: 'FAILED', reason: 'latency-regression: slow' } as const;
const job = { service: undefined, taskDefinitionArn: 'job:1' } as const;
const jobs = [60, 61, 62].map((minutes) => stop(minutes, job));
const jobDone = (minutes: number) =>
  stop(minutes, { ...job, containers: [{ name: 'app', exitCode: 0, reason: undefined }] });
const wayBack = { stage: 'PRODUCTION_TRAFFIC_SHIFT', isRollback: true } as const;
/** A day and more, and a hook that was asked once. */
const waiting = {
  endMs: at(48 * 60),
  hookCalls: [hookCall(60, { hookStatus: 'IN_PROGRESS' })],
};
const rolledBackAt = (minutes: number): DeploymentRecord => ({
  ...{ ...deployment, status: 'ROLLBACK_SUCCESSFUL' },
  ...{ settledMs: at(minutes), endedMs: at(minutes) },
});
const mistaken = { hookStatus: 'FAILED', reason: 'invalid-hook-details: chekcs' } as const;
/** Told at once, and over then. */
const rolledBack = (untilMinutes: number) => [
  alert(61, { kind: 'rollback' }),
  alert(untilMinutes, { kind: 'rollback', transition: 'resolve' }),
];
const decision = (minutes: number, hookStatus: string) => ({
  ...{ atMs: at(minutes) + 4_000, functionName: 'deployment-hook', level: 'info' as const },
  message: 'decision',
  fields: { hookStatus, deploymentArn: hookCall(0).deploymentArn, stage: hookCall(0).stage },
});
const moveDecision = (minutes: number, functionName: string, service: string) => ({
  ...{ atMs: at(minutes), functionName, level: 'info' as const },
  ...{ message: 'decision', fields: { service } },
});
const apiCall = hookCall(60, {
  serviceArn: 'arn:aws:ecs:eu-central-1:123456789012:service/prod/api',
  deploymentArn: 'arn:aws:ecs:eu-central-1:123456789012:service-deployment/prod/api/1',
});
const azWrite = write(60, { caller: 'az-balance' });
const error = (minutes: number) => ({
  ...{ atMs: at(minutes), functionName: 'task-state', level: 'error' as const },
  ...{ message: 'item-failed', fields: { detail: 'ThrottlingException: slow down' } },
});
const hit = (minutes: number, fault: 'throttling' | 'crashes') => ({
  atMs: at(minutes),
  fault,
  what: '-',
});
const short = [count(0), count(62, { running: 3 }), count(66)];
const spot = [60, 62, 64].map((minutes) =>
  stop(minutes, { stopCode: 'SpotInterruption', stoppedReason: 'Your Spot Task was interrupted.' }),
);
const slowLoop = { incidentId: 'slow-loop-1', messageId: 'slow-loop-1#1', kind: 'crash-loop' };
const replaced: RunRecord['deployments'] = [1, 2].map((revision) => ({
  deploymentArn: `web/${revision}`,
  service: 'web',
  taskDefinitionArn: `web:${revision}`,
  status: 'SUCCESSFUL',
  statusReason: undefined,
  startedMs: at(revision === 1 ? 0 : 66),
  settledMs: at(revision === 1 ? 5 : 70),
  endedMs: at(revision === 1 ? 5 : 70),
}));
const loop = [stop(60), stop(62), stop(64)];
const again3 = [stop(92), stop(94), stop(96)];
const over = (minutes: number) => alert(minutes, { transition: 'resolve', messageId: '#2' });
const digestCard = (minutes: number) => alert(minutes, { kind: 'digest-daily' });
const loopLine = {
  atMs: at(540),
  text: 'Resolved    INFO web: crash loop, since Fri 20 Nov 02:05Z',
};
const gone = loop.map(({ taskArn }) => ({
  ...{ atMs: at(67), functionName: 'task-state', level: 'info' as const, message: 'decision' },
  fields: { decision: 'ignore', reason: 'deployment-gone', taskArn },
}));
const earlyLoop = [stop(2), stop(3), stop(4)];
const crowdNames = ['a', 'b', 'c', 'd', 'e'];
const crowd = crowdNames.flatMap((service) =>
  [60, 61, 62].map((minute) => stop(minute, { service, startedBy: `ecs-svc/${service}` })),
);
const mute: MuteTruth = { type: 'mute', service: 'web', fromMs: at(50), untilMs: at(120) };
const firstDigest = (messageId: string): AlertRecord =>
  alert(11, { kind: 'digest-first-run', service: '-', incidentId: messageId, messageId });

/** Three days of a stack that looks at zones. */
const watching = { functions: ['az-balance'], endMs: at(3 * 1_440) };
const uneven = (minutes: number, changes: Partial<ServiceCount> = {}) =>
  count(minutes, {
    ...{ desired: 5, running: 5, floor: 5, zones: { a: 4, b: 1, c: 0 }, isRebalanced: false },
    ...changes,
  });
const even = (minutes: number) => uneven(minutes, { zones: { a: 2, b: 2, c: 1 } });
const zoneCard = (minutes: number, changes: Partial<AlertRecord> = {}) =>
  alert(minutes, {
    ...{ kind: 'zone-imbalance', incidentId: 'zone-1', messageId: `zone-1#${minutes}` },
    ...changes,
  });
const again = (minutes: number) => zoneCard(minutes, { incidentId: 'zone-2' });
const floodCard = (minutes: number) =>
  zoneCard(minutes, { service: '-', incidentId: 'zone-many', messageId: `zone-many#${minutes}` });
const fiveAtOnce = {
  ...watching,
  counts: crowdNames.map((service) => uneven(100, { service })),
};
const fiveInADay = {
  ...watching,
  counts: crowdNames.map((service, index) => uneven(100 + index * 30, { service })),
};
const fourCards = crowdNames
  .slice(0, 4)
  .map((service, index) => zoneCard(125 + index * 30, { service, incidentId: `zone-${service}` }));
const digest = (minutes: number, service: string) => ({
  atMs: at(minutes),
  text: `Open        INFO ${service}: zone imbalance, since Fri 20 Nov 02:05Z`,
});
const deployed = (minutes: number): DeploymentRecord => ({
  ...deployment,
  ...{ startedMs: at(minutes), settledMs: at(minutes + 5), endedMs: at(minutes + 5) },
});

/** A record under which the checker holds, and one, as near as can be, under which it does not. */
const cases: readonly CheckerCase[] = [
  ...densityCases,
  [
    'floors',
    'a service is short after a write, and was not without Ballast',
    { counts: short },
    { counts: short, writes: [write(60)] },
    { counts: [count(0)] },
  ],
  [
    'floors',
    'a service is short after a rollback, and no host has died',
    { counts: short, hookCalls: [hookCall(60, failed)], stops: [stop(61)] },
    { counts: short, hookCalls: [hookCall(60, failed)] },
    { counts: [count(0)] },
  ],
  [
    'floors',
    'the same seed without Ballast was not short as well',
    { counts: short },
    { counts: short, writes: [write(60)] },
    { counts: [count(0), count(200, { running: 3 })] },
  ],
  [
    'floors',
    'all its tasks lack for hours, where without Ballast one did for a minute',
    { counts: short, writes: [write(60)] },
    { counts: [count(0), count(62, { running: 0 }), count(560)], writes: [write(60)] },
    { counts: [count(0), count(62, { running: 3 }), count(63)] },
  ],
  [
    'floors',
    'without Ballast it was short at another time of so long a stretch',
    { counts: [count(0), count(300, { running: 3 }), count(301)], writes: [write(298)] },
    { counts: [count(0), count(62, { running: 0 }), count(560)], writes: [write(60)] },
    { counts: [count(0), count(300, { running: 3 }), count(301)] },
  ],
  [
    'floors',
    'more tasks lack than were lost by themselves',
    { counts: short, writes: [write(60)], stops: [stop(58)] },
    {
      counts: [count(0), count(62, { running: 2 }), count(66)],
      writes: [write(60)],
      stops: [stop(58)],
    },
    { counts: [count(0)] },
  ],
  [
    'floors',
    'one task was lost by itself, and a write took the others',
    {
      counts: [count(0), count(62, { running: 3 }), count(80, { running: 2 }), count(90)],
      writes: [write(79)],
      stops: [stop(62), stop(79)],
    },
    {
      counts: [count(0), count(62, { running: 3 }), count(80, { running: 2 }), count(90)],
      writes: [write(79)],
      stops: [stop(62)],
    },
    { counts: [count(0)] },
  ],
  [
    'world-unchanged',
    'an observing stack changes what happens',
    { stackMode: 'observe', counts: [] },
    { stackMode: 'observe', counts: [count(1)] },
    { counts: [] },
  ],
  [
    'observe-writes-nothing',
    'an observing stack writes',
    { writes: [write(60)] },
    { stackMode: 'observe', writes: [write(60)] },
  ],
  [
    'writes-allowed',
    'a task is stopped',
    { writes: [write(60)] },
    { writes: [write(60, { operation: 'StopTask' })] },
  ],
  [
    'writes-allowed',
    'a service that observes is written to',
    { writes: [write(60, { tags: { 'ballast:az-balance': 'enforce' } })] },
    { writes: [write(60, { tags: { 'ballast:az-balance': 'observe' } })] },
  ],
  [
    'writes-allowed',
    'a service that has not opted in is written to',
    { stackMode: 'opt-in', writes: [write(60, { tags: { 'ballast:az-balance': 'enforce' } })] },
    { stackMode: 'opt-in', writes: [write(60)] },
  ],
  [
    'writes-allowed',
    'a protected task is written to',
    { writes: [write(60)] },
    { writes: [write(60, { protectedTasks: ['task/prod/1'] })] },
  ],
  [
    'writes-within-budget',
    'two services are moved at once',
    {
      writes: [
        write(60),
        write(61, { input: { desiredCount: 4 }, desiredBefore: 5 }),
        write(62, { service: 'api' }),
      ],
    },
    { writes: [write(60), write(62, { service: 'api' })] },
  ],
  [
    'writes-within-budget',
    'five moves begin in an hour',
    { writes: [60, 75, 90, 105, 121].flatMap((minute) => moved(minute)) },
    { writes: [60, 70, 80, 90, 100].flatMap((minute) => moved(minute)) },
  ],
  [
    'hook-answers',
    'a call of the hook is not answered',
    {
      hookCalls: [hookCall(60, { outcome: 'crashed', hookStatus: undefined })],
      hits: [hit(60, 'crashes')],
    },
    { hookCalls: [hookCall(60, { outcome: 'crashed', hookStatus: undefined })] },
  ],
  [
    'verdict-in-time',
    'the hook asks for more time beyond its deadline',
    { hookCalls: [hookCall(60, { hookStatus: 'IN_PROGRESS' }), hookCall(74)] },
    { hookCalls: [hookCall(60, { hookStatus: 'IN_PROGRESS' }), hookCall(80)] },
  ],
  [
    'verdict-in-time',
    'the last answer is none',
    {
      deployments: [{ ...deployment, status: 'ROLLBACK_SUCCESSFUL' }],
      hookCalls: [hookCall(60, { hookStatus: 'IN_PROGRESS' })],
    },
    {
      deployments: [{ ...deployment, status: 'IN_PROGRESS', settledMs: undefined }],
      hookCalls: [hookCall(60, { hookStatus: 'IN_PROGRESS' })],
    },
  ],
  [
    'verdict-in-time',
    'ECS gives the hook up long after its deadline',
    { ...waiting, deployments: [{ ...rolledBackAt(75), endedMs: at(60 + 1_440) }] },
    { ...waiting, deployments: [rolledBackAt(60 + 1_440)] },
  ],
  [
    'way-back-free',
    'the hook stands in the way of a deployment that goes back',
    { hookCalls: [hookCall(60, failed), hookCall(61, wayBack)] },
    { hookCalls: [hookCall(60, failed), hookCall(61, { ...wayBack, hookStatus: 'FAILED' })] },
  ],
  [
    'broken-green-never-passes',
    'a broken build is let through',
    { truths: [build('broken')], deployments: [deployment], hookCalls: [hookCall(60, failed)] },
    { truths: [build('broken')], deployments: [deployment], hookCalls: [hookCall(60)] },
  ],
  [
    'broken-green-never-passes',
    'a broken build answers users',
    {
      truths: [build('broken')],
      users: [{ service: 'web', sent: 9, failed: 0, byRevision: { 'web:1': 9 } }],
    },
    {
      truths: [build('broken')],
      users: [{ service: 'web', sent: 9, failed: 0, byRevision: { 'web:2': 1 } }],
    },
  ],
  [
    'good-green-passes',
    'good builds are blamed more often than noise can be',
    judged(60, 3),
    judged(60, 7),
  ],
  [
    'observing-gate-passes',
    'an observing stack rolls a deployment back',
    { hookCalls: [hookCall(60, failed)] },
    { stackMode: 'observe', hookCalls: [hookCall(60, failed)] },
  ],
  [
    'observing-gate-passes',
    'an observing stack holds a deployment up',
    { stackMode: 'observe', hookCalls: [hookCall(60)] },
    {
      stackMode: 'observe',
      hookCalls: [hookCall(60, { hookStatus: 'IN_PROGRESS' }), hookCall(61)],
    },
  ],
  [
    'observing-gate-passes',
    'a service that is only watched is rolled back',
    { truths: [build('broken')], deployments: [deployment], hookCalls: [hookCall(60, failed)] },
    {
      truths: [{ ...build('broken'), isEnforced: false }],
      deployments: [deployment],
      hookCalls: [hookCall(60, failed)],
    },
  ],
  [
    'many-told-as-one',
    'five services with one cause get a card each',
    { stops: crowd, alerts: [alert(66, { service: '-', kind: 'storm' })] },
    { stops: crowd, alerts: crowdNames.map((service) => alert(66, { service })) },
  ],
  [
    'many-told-as-one',
    'the wait for the others is over for four of them only',
    {
      stops: crowd.filter(({ service }) => service !== 'e'),
      alerts: crowdNames.slice(0, 4).map((service) => alert(66, { service })),
    },
    { stops: crowd, alerts: crowdNames.slice(0, 4).map((service) => alert(66, { service })) },
  ],
  [
    'mutes-kept',
    'something is told of what is muted',
    { truths: [mute], alerts: [alert(121)] },
    { truths: [mute], alerts: [alert(70)] },
  ],
  [
    'mutes-kept',
    'it is more than the end of what was told',
    { truths: [mute], alerts: [alert(70, { transition: 'resolve' })] },
    { truths: [mute], alerts: [alert(70, { transition: 'escalate' })] },
  ],
  [
    'opted-out-untold',
    'a loop is told of a service that is left out',
    { tags: { web: { 'ballast:task-state': 'off' } }, alerts: [alert(70, { kind: 'rollback' })] },
    { tags: { web: { 'ballast:task-state': 'off' } }, alerts: [alert(70)] },
  ],
  [
    'first-run-quiet',
    'something is told before the first ten minutes are over',
    { alerts: [alert(11)] },
    { alerts: [alert(9)] },
  ],
  [
    'first-run-quiet',
    'what was found by then has a card besides',
    { stops: earlyLoop, alerts: [firstDigest('first-run#1'), alert(30)] },
    { stops: earlyLoop, alerts: [firstDigest('first-run#1'), alert(12)] },
  ],
  [
    'first-run-quiet',
    'it takes two digests',
    { alerts: [firstDigest('first-run#1'), firstDigest('first-run#1')] },
    { alerts: [firstDigest('first-run#1'), firstDigest('first-run#2')] },
  ],
  [
    'incidents-told',
    'its deployment is gone, says task-state, and has no successor',
    { stops: loop, logs: gone, deployments: replaced },
    { stops: loop, logs: gone, deployments: replaced.slice(0, 1) },
  ],
  [
    'incidents-told',
    'its deployment has a successor, and nobody says that it is gone',
    { stops: loop, logs: gone, deployments: replaced },
    { stops: loop, deployments: replaced },
  ],
  [
    'incidents-told',
    'its mute is over',
    { stops: loop, truths: [mute], alerts: [alert(125)] },
    { stops: loop, truths: [mute], alerts: [alert(135)] },
  ],
  [
    'incidents-told',
    'the digest of the first run names another service',
    { stops: earlyLoop, digests: [{ atMs: at(10), text: 'Open        WARN web: crash loop' }] },
    { stops: earlyLoop, digests: [{ atMs: at(10), text: 'Open        WARN api: crash loop' }] },
  ],
  [
    'incidents-told',
    'three tasks crash within ten minutes, and nobody hears of it',
    { stops: loop, alerts: [alert(70)] },
    { stops: loop },
  ],
  [
    'incidents-told',
    'it is told of another service',
    { stops: loop, alerts: [alert(70, { service: '-', kind: 'storm' })] },
    { stops: loop, alerts: [alert(70, { service: 'api' })] },
  ],
  [
    'incidents-told',
    'it is told too late, though nothing was in the way',
    { stops: loop, alerts: [alert(70)] },
    { stops: loop, alerts: [alert(90)] },
  ],
  [
    'rollbacks-told',
    'the gate rolls back in silence',
    { hookCalls: [hookCall(60, failed)], alerts: [alert(61, { kind: 'rollback' })] },
    { hookCalls: [hookCall(60, failed)] },
  ],
  [
    'rollbacks-told',
    'what was told of the one before has ended',
    { hookCalls: [hookCall(60, failed), hookCall(300, failed)], alerts: rolledBack(310) },
    { hookCalls: [hookCall(60, failed), hookCall(300, failed)], alerts: rolledBack(100) },
  ],
  [
    'rollbacks-told',
    'a mistake in its configuration was told of another deployment',
    { hookCalls: [hookCall(300, mistaken)], alerts: [alert(301, { kind: 'gate-misconfigured' })] },
    { hookCalls: [hookCall(300, mistaken)], alerts: [alert(61, { kind: 'gate-misconfigured' })] },
  ],
  [
    'told-once',
    'a message comes again, and nothing was lost',
    { alerts: [alert(70), alert(71)], hits: [hit(70, 'crashes')] },
    { alerts: [alert(70), alert(71)], hits: [hit(60, 'crashes')] },
  ],
  [
    'told-once',
    'an incident opens again before it could have been well',
    { alerts: [alert(70), alert(90, { messageId: 'crash-loop-1#3' })] },
    { alerts: [alert(70), alert(75, { messageId: 'crash-loop-1#3' })] },
  ],
  [
    'no-false-alarms',
    'a loop is told of two stops',
    { stops: loop, alerts: [alert(70)] },
    { stops: loop.slice(1), alerts: [alert(70)] },
  ],
  [
    'no-false-alarms',
    'a loop is told of tasks that were meant to stop',
    { stops: loop, alerts: [alert(70)] },
    { stops: loop.map((one) => ({ ...one, stopCode: 'UserInitiated' })), alerts: [alert(70)] },
  ],
  [
    'no-false-alarms',
    'a loop is told of tasks that Spot took, though enough of the others ran',
    { stops: spot, alerts: [alert(70)], counts: [count(0), count(61, { running: 2 })] },
    { stops: spot, alerts: [alert(70)], counts: [count(0)] },
  ],
  [
    'no-false-alarms',
    'late stops of a deployment are told, after its end was',
    {
      stops: loop,
      deployments: replaced,
      alerts: [alert(68), alert(70, { transition: 'resolve' })],
    },
    {
      stops: loop,
      deployments: replaced,
      alerts: [alert(68), alert(70, { transition: 'resolve' }), alert(76, slowLoop)],
    },
  ],
  [
    'no-false-alarms',
    'late stops of a deployment are told long after it was gone',
    { stops: loop, deployments: replaced, alerts: [alert(84)] },
    { stops: loop, deployments: replaced, alerts: [alert(86)] },
  ],
  [
    'no-false-alarms',
    'a storm is told of services that were scaled in',
    { stops: crowd, alerts: [alert(66, { service: '-', kind: 'storm' })] },
    {
      stops: crowd.map((one) => ({ ...one, stopCode: 'UserInitiated' })),
      alerts: [alert(66, { service: '-', kind: 'storm' })],
    },
  ],
  [
    'no-false-alarms',
    'a digest names a loop of two stops',
    { stops: loop, digests: [loopLine] },
    { stops: loop.slice(1), digests: [loopLine] },
  ],
  [
    'no-false-alarms',
    'an end comes twice, or another card after it',
    { stops: loop, alerts: [alert(68), over(90), over(91)] },
    { stops: loop, alerts: [alert(68), over(90), alert(131, { messageId: '#3' })] },
  ],
  [
    'incidents-resolve',
    'an incident stays open hours after its cause',
    { alerts: [alert(70), alert(90, { transition: 'resolve' })] },
    { alerts: [alert(70)] },
  ],
  [
    'incidents-resolve',
    'an incident stays open although its service is well',
    { alerts: [alert(70)], counts: [count(0), count(60, { running: 2 })] },
    { alerts: [alert(70)], counts: [count(0), count(60, { running: 2 }), count(120)] },
  ],
  [
    'incidents-resolve',
    'that of a job stays open although the job works again',
    { stops: [...jobs, jobDone(59)], alerts: [alert(70, { service: 'job' })] },
    { stops: [...jobs, jobDone(80)], alerts: [alert(70, { service: 'job' })] },
  ],
  [
    'no-false-alarms',
    'an incident opens again for what it had opened for',
    { stops: [...loop, ...again3], alerts: [alert(66), over(85), alert(100, { messageId: '#3' })] },
    { stops: [...loop, stop(95)], alerts: [alert(66), over(85), alert(100, { messageId: '#3' })] },
  ],
  [
    'ends-when-well',
    'a loop is over too soon after a stop',
    { stops: loop, alerts: [alert(66), over(80)] },
    { stops: loop, alerts: [alert(66), over(74)] },
  ],
  [
    'ends-when-well',
    'no deployment has ended it',
    {
      stops: loop,
      alerts: [alert(66), over(71)],
      deployments: replaced,
    },
    { stops: loop, alerts: [alert(66), over(71)], deployments: replaced.slice(0, 1) },
  ],
  [
    'ends-when-well',
    'it is over before the deployment that ended it was seen to end, by more than a look',
    { stops: loop, alerts: [alert(66), over(69.5)], deployments: replaced },
    { stops: loop, alerts: [alert(66), over(68.5)], deployments: replaced },
  ],
  [
    'ends-when-well',
    'a loop is over though tasks lack',
    { stops: loop, alerts: [alert(66), over(85)], counts: [count(0), count(81, { running: 3 })] },
    { stops: loop, alerts: [alert(66), over(85)], counts: [count(0), count(61, { running: 3 })] },
  ],
  [
    'noise',
    'a healthy run costs a second card, digests apart',
    { alerts: [alert(60), digestCard(62), digestCard(63)] },
    { alerts: [alert(60), alert(61)] },
  ],
  [
    'noise',
    'a healthy run pages somebody',
    { alerts: [alert(60)] },
    { alerts: [alert(60, { topic: 'pages' })] },
  ],
  [
    'pages-paired',
    'a page is closed that nobody got',
    { alerts: [page(70), alert(90, { transition: 'resolve' }), page(90, 'resolve')] },
    { alerts: [alert(70), page(90, 'resolve')] },
  ],
  [
    'pages-paired',
    'a page outlives its incident',
    { alerts: [page(70), alert(90, { transition: 'resolve' }), page(91, 'resolve')] },
    { alerts: [page(70), alert(90, { transition: 'resolve' })] },
  ],
  [
    'decisions-logged',
    'an answer has no decision',
    { hookCalls: [hookCall(60)], logs: [decision(60, 'SUCCEEDED')] },
    { hookCalls: [hookCall(60)], logs: [decision(60, 'FAILED')] },
  ],
  [
    'decisions-logged',
    'an answer has only the decision on another deployment',
    { hookCalls: [hookCall(60)], logs: [decision(60, 'SUCCEEDED')] },
    { hookCalls: [apiCall], logs: [decision(60, 'SUCCEEDED')] },
  ],
  [
    'decisions-logged',
    'two answers share one decision',
    {
      hookCalls: [hookCall(60), hookCall(60)],
      logs: [decision(60, 'SUCCEEDED'), decision(60, 'SUCCEEDED')],
    },
    { hookCalls: [hookCall(60), hookCall(60)], logs: [decision(60, 'SUCCEEDED')] },
  ],
  [
    'decisions-logged',
    'what explains a write is about another service',
    { writes: [azWrite], logs: [moveDecision(59, 'az-balance', 'web')] },
    { writes: [azWrite], logs: [moveDecision(59, 'az-balance', 'api')] },
  ],
  [
    'decisions-logged',
    'what explains a write is of another function',
    { writes: [azWrite], logs: [moveDecision(59, 'az-balance', 'web')] },
    { writes: [azWrite], logs: [moveDecision(59, 'density', 'web')] },
  ],
  [
    'decisions-logged',
    'two writes share one decision',
    {
      writes: [azWrite, azWrite],
      logs: [moveDecision(59, 'az-balance', 'web'), moveDecision(61, 'az-balance', 'web')],
    },
    { writes: [azWrite, azWrite], logs: [moveDecision(59, 'az-balance', 'web')] },
  ],
  [
    'decisions-logged',
    'a message has no log line',
    { alerts: [alert(70)], hits: [hit(70, 'crashes')] },
    { alerts: [alert(70)] },
  ],
  ['problems', 'something is asked that does not exist', {}, { problems: ['Not simulated: x'] }],
  [
    'errors-explained',
    'an error has no fault before it',
    { logs: [error(60)], hits: [hit(55, 'throttling')] },
    { logs: [error(60)], hits: [hit(20, 'throttling')] },
  ],
  [
    'errors-explained',
    'a message is given up after fewer faults than tries',
    {
      deadLetters: [{ atMs: at(80), queue: 'DeadLetters', body: '{}' }],
      hits: [66, 69, 72, 75, 78].map((minute) => hit(minute, 'throttling')),
    },
    {
      deadLetters: [{ atMs: at(80), queue: 'DeadLetters', body: '{}' }],
      hits: [66, 69].map((minute) => hit(minute, 'throttling')),
    },
  ],
  [
    'zones-told',
    'a service stays uneven, and nobody hears of it',
    { ...watching, counts: [uneven(100)], alerts: [zoneCard(125)] },
    { ...watching, counts: [uneven(100)] },
  ],
  [
    'zones-told',
    'the digest names another service',
    { ...watching, counts: [uneven(100)], digests: [digest(540, 'web')] },
    { ...watching, counts: [uneven(100)], digests: [digest(540, 'api')] },
  ],
  [
    'zones-told',
    'ECS has had its hour',
    { ...watching, counts: [uneven(100, { isRebalanced: true }), even(170)] },
    { ...watching, counts: [uneven(100, { isRebalanced: true }), even(173)] },
  ],
  [
    'zones-told',
    'no instance is being emptied any more',
    { ...watching, counts: [uneven(100)], drains: [{ fromMs: at(90), untilMs: undefined }] },
    { ...watching, counts: [uneven(100)], drains: [{ fromMs: at(90), untilMs: at(200) }] },
  ],
  [
    'zones-told',
    'its deployment is over',
    { ...watching, counts: [uneven(100), even(140)], deployments: [deployed(110)] },
    { ...watching, counts: [uneven(100), even(180)], deployments: [deployed(110)] },
  ],
  [
    'zones-told',
    'it has not been opted out',
    { ...watching, counts: [uneven(100)], tags: { web: { 'ballast:az-balance': 'off' } } },
    { ...watching, counts: [uneven(100)], tags: { web: { 'ballast:az-balance': 'observe' } } },
  ],
  [
    'grave-zones-carded',
    'what needs a card is in the digest only',
    { ...watching, counts: [uneven(100)], alerts: [zoneCard(125)] },
    { ...watching, counts: [uneven(100)], digests: [digest(540, 'web')] },
  ],
  [
    'grave-zones-carded',
    'less than half of what an even spread would keep is left',
    { ...watching, counts: [uneven(100, { zones: { a: 3, b: 1, c: 1 } })] },
    { ...watching, counts: [uneven(100, { zones: { a: 4, b: 1, c: 0 } })] },
  ],
  [
    'grave-zones-carded',
    'who was over the cards of a day has none on the next',
    { ...fiveInADay, alerts: [...fourCards, zoneCard(1_610, { service: 'e' })] },
    { ...fiveInADay, alerts: fourCards },
  ],
  [
    'grave-zones-carded',
    'five at once have no card together',
    { ...fiveAtOnce, alerts: [floodCard(125)] },
    fiveAtOnce,
  ],
  [
    'zone-cards-true',
    'the card of a cluster is true of four services',
    { ...fiveAtOnce, alerts: [floodCard(121)] },
    { ...fiveAtOnce, counts: fiveAtOnce.counts.slice(1), alerts: [floodCard(121)] },
  ],
  [
    'zone-cards-true',
    'a card comes before the service was uneven for long enough',
    { ...watching, counts: [even(0), uneven(100)], alerts: [zoneCard(121)] },
    { ...watching, counts: [even(0), uneven(100)], alerts: [zoneCard(117)] },
  ],
  [
    'zone-cards-true',
    'ECS has not had its hour',
    { ...watching, counts: [uneven(100, { isRebalanced: true })], alerts: [zoneCard(161)] },
    { ...watching, counts: [uneven(100, { isRebalanced: true })], alerts: [zoneCard(125)] },
  ],
  [
    'zone-cards-true',
    'the service was even in between',
    { ...watching, counts: [uneven(80), even(95), uneven(105)], alerts: [zoneCard(112)] },
    { ...watching, counts: [uneven(80), even(95), uneven(120)], alerts: [zoneCard(127)] },
  ],
  [
    'zone-incidents-end',
    'an incident outlives the imbalance',
    {
      ...watching,
      counts: [uneven(100), even(200)],
      alerts: [zoneCard(125), zoneCard(216, { transition: 'resolve' })],
    },
    { ...watching, counts: [uneven(100), even(200)], alerts: [zoneCard(125)] },
  ],
  [
    'zones-told-once',
    'a service is told of again within 30 days',
    { ...watching, counts: [uneven(100)], alerts: [zoneCard(125), again(125 + 30 * 1_440)] },
    { ...watching, counts: [uneven(100)], alerts: [zoneCard(125), again(125 + 29 * 1_440)] },
  ],
  [
    'zones-told-once',
    'it has not become worse',
    {
      ...watching,
      counts: [uneven(100, { zones: { a: 3, b: 1, c: 1 } }), uneven(1_600)],
      alerts: [zoneCard(1_565), again(1_625)],
    },
    {
      ...watching,
      counts: [uneven(100), uneven(1_600)],
      alerts: [zoneCard(1_565), again(1_625)],
    },
  ],
  [
    'zones-never-page',
    'somebody is paged for zones',
    { alerts: [zoneCard(125)] },
    { alerts: [zoneCard(125, { topic: 'pages', severity: 'critical' })] },
  ],
  [
    'zones-only-watched',
    'what only watches writes',
    { writes: [write(60)] },
    { ...watching, writes: [write(60)] },
  ],
  ...replacementCases,
];

function page(minute: number, transition = 'open') {
  return alert(minute, { topic: 'pages', severity: 'critical', transition });
}

function moved(minute: number) {
  return [write(minute), write(minute + 1, { input: { desiredCount: 4 }, desiredBefore: 5 })];
}

/** So many good builds at the gate, the first of them blamed for what they are not. */
function judged(builds: number, blamed: number): Partial<RunRecord> {
  const all = Array.from({ length: builds }, (_, index) => ({ arn: `deployment/${index}`, index }));
  return {
    truths: [build('good')],
    deployments: all.map(({ arn }) => ({ ...deployment, deploymentArn: arn })),
    hookCalls: all.map(({ arn, index }) =>
      hookCall(60 + index, { deploymentArn: arn, ...(index < blamed ? failed : {}) }),
    ),
  };
}

describe('the checkers', () => {
  it('have names of their own in kebab-case, and say what holds in a sentence', () => {
    expect(new Set(names).size).toBe(names.length);
    for (const { name, sentence } of allCheckers) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(sentence).toMatch(/^[A-Z].*\.$/);
    }
  });

  it.each(names)('%s holds where nothing happens', async (name) => {
    expect(await evidenceOf(name, {})).toEqual([]);
  });

  it.each(names)('%s has been seen to fail, by a case below', (name) => {
    expect(cases.map(([of]) => of)).toContain(name);
  });

  it.each(cases.map(([name, why, ...rest]) => ({ name, why, rest })))(
    '$name notices that $why',
    async ({ name, rest: [held, broken, baseline] }) => {
      expect(await evidenceOf(name, held, baseline)).toEqual([]);
      expect(await evidenceOf(name, broken, baseline)).not.toEqual([]);
    },
  );

  it('asks for the run without Ballast only where there is something to compare', async () => {
    const floors = allCheckers.find(({ name }) => name === 'floors');
    const never = async (): Promise<RunRecord> => {
      throw new Error('nobody should need it');
    };
    const checked = { ...checkedRun({ counts: short }), baseline: never };
    expect(await floors?.broken(checked)).toEqual([]);
    const run = runRecord({ counts: short, writes: [write(60)] });
    await expect(floors?.broken({ ...checked, run })).rejects.toThrow('nobody');
  });
});
