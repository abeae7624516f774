import { describe, expect, it } from 'vitest';
import type { Incident, Occurrence } from '../../shared/domain/incident.ts';
import { occurrencesMax } from '../../shared/domain/incident-occurrences.ts';
import {
  hasRestarts,
  isRestartReadDue,
  judgeRestarts,
  planRestartReads,
  type RestartRead,
  type RestartWatch,
  restartServicesMax,
} from '../../shared/domain/restart-loop.ts';
import type { ServiceState } from '../../shared/domain/service-state.ts';
import { at, minuteMs, openIncident, serviceKey, startMs } from '../support/incidents.ts';

/** An incident of a stop that is too long ago to explain anything. */
const open = (name: string, changes: Partial<Incident> = {}): Incident => ({
  ...openIncident(serviceKey(name)),
  occurrences: [{ id: 'stop', atMs: at(-30) }],
  ...changes,
});
const restart: Occurrence = { id: 'r', atMs: startMs, facts: { restartsInPlace: true } };

const rollout = (id: string, status: string, createdAtMs = at(-600)) => ({
  id: `ecs-svc/${id}`,
  status,
  rolloutState: 'COMPLETED',
  taskDefinitionArn: `arn:aws:ecs:eu-central-1:123456789012:task-definition/worker:${id}`,
  createdAtMs,
});
const stateOf = (changes: Partial<ServiceState> = {}): ServiceState => ({
  service: 'worker',
  running: 4,
  desired: 4,
  pending: 0,
  minimumHealthyPercent: 50,
  rollouts: [rollout('88', 'PRIMARY')],
  circuitBreaker: 'off',
  tags: {},
  ...changes,
});
const watchOf = (...incidents: readonly Incident[]): RestartWatch => {
  const [watch] = planRestartReads(incidents).watched;
  if (watch === undefined) throw new Error('nothing is watched');
  return watch;
};
/** Values of minute 0, 1, 2, ... */
const readOf = (
  values: readonly number[],
  containers: Readonly<Record<string, readonly number[]>> = {},
): RestartRead => {
  const samplesOf = (list: readonly number[]) =>
    list.map((value, minute) => ({ atMs: at(minute), value }));
  return {
    samples: samplesOf(values),
    ofContainers: new Map(
      Object.entries(containers).map(([name, list]) => [name, samplesOf(list)]),
    ),
    sinceMs: at(0),
  };
};
const idsOf = (verdict: ReturnType<typeof judgeRestarts>): readonly string[] =>
  (verdict?.observations ?? []).flatMap((one) =>
    one.type === 'occurred' ? [one.occurrence.id] : [],
  );
const factsOf = (verdict: ReturnType<typeof judgeRestarts>) =>
  (verdict?.observations ?? []).flatMap((one) =>
    one.type === 'occurred' ? [one.occurrence.facts] : [],
  );

describe('the cadence', () => {
  it('is one read in five minutes, by the clock', () => {
    const due = Array.from({ length: 60 }, (_, minute) => at(minute)).filter(isRestartReadDue);
    expect(due).toHaveLength(12);
    expect(isRestartReadDue(at(5) + 59_999)).toBe(true);
    expect(isRestartReadDue(at(6))).toBe(false);
  });
});

describe('planRestartReads', () => {
  it('asks once for a service with several incidents, and names their containers', () => {
    const loop = open('web', {
      occurrences: [
        { id: 'a', atMs: startMs, facts: { container: 'app' } },
        { id: 'b', atMs: startMs, facts: { container: 'proxy' } },
        { id: 'c', atMs: startMs, facts: { container: 'app' } },
      ],
    });
    const hook = open('web', { kind: 'hook-timed-out', facts: { container: 'envoy' } });
    const { watched } = planRestartReads([loop, hook]);
    expect(watched).toMatchObject([{ cluster: 'prod', service: 'web' }]);
    expect([...(watched[0]?.containers ?? [])].sort()).toEqual(['app', 'envoy', 'proxy']);
  });

  it('names four containers at most', () => {
    const occurrences = Array.from({ length: 9 }, (_, index) => ({
      id: `${index}`,
      atMs: startMs,
      facts: { container: `c${index}` },
    }));
    expect(watchOf(open('web', { occurrences })).containers).toEqual(['c0', 'c1', 'c2', 'c3']);
  });

  it('leaves standalone tasks and whole clusters alone: nothing restarts those in place', () => {
    const family = open('x', { subject: { type: 'family', name: 'report' } });
    const storm = open('x', { kind: 'storm', subject: { type: 'cluster', name: 'prod' } });
    expect(planRestartReads([family, storm])).toEqual({ watched: [], leftOut: [] });
  });

  it('takes restart loops, then the gravest, then the newest, and says what it leaves out', () => {
    const many = Array.from({ length: restartServicesMax }, (_, index) =>
      open(`many-${index}`, { openedAtMs: at(index) }),
    );
    const critical = open('critical', { severity: 'critical', openedAtMs: at(-60) });
    const looping = open('looping', { openedAtMs: at(-120), occurrences: [restart] });
    const { watched, leftOut } = planRestartReads([...many, critical, looping]);
    expect(watched).toHaveLength(restartServicesMax);
    expect(watched.slice(0, 3).map(({ service }) => service)).toEqual([
      'looping',
      'critical',
      `many-${restartServicesMax - 1}`,
    ]);
    expect(leftOut.map(({ service }) => service)).toEqual(['many-1', 'many-0']);
  });

  it('of alike services takes the same ones, in whatever order they are listed', () => {
    const alike = ['c', 'a', 'b'].map((name) => open(name));
    const names = (list: readonly Incident[]) =>
      planRestartReads(list).watched.map(({ service }) => service);
    expect(names(alike)).toEqual(['a', 'b', 'c']);
    expect(names([...alike].reverse())).toEqual(['a', 'b', 'c']);
  });
});

describe('whose restarts they are', () => {
  const restarts = readOf([0, 1, 1, 0, 1, 0, 1, 0]);
  const newer = rollout('89', 'PRIMARY', at(-60));

  it.each([
    [
      'the crash loop that is open, by its cause',
      watchOf(open('worker')),
      stateOf(),
      { kind: 'crash-loop', cause: 'out-of-memory', deploymentId: 'ecs-svc/88' },
    ],
    [
      'a slow loop by its cause, once it loops fast',
      watchOf(open('worker', { kind: 'slow-loop', cause: 'killed' })),
      stateOf(),
      { kind: 'crash-loop', cause: 'killed', deploymentId: 'ecs-svc/88' },
    ],
    [
      'a crash loop before a slow one',
      watchOf(open('worker', { kind: 'slow-loop', cause: 'killed' }), open('worker')),
      stateOf(),
      { kind: 'crash-loop', cause: 'out-of-memory' },
    ],
    [
      'the loop that has restarts already, though another one is graver and newer',
      watchOf(
        open('worker', { severity: 'critical', openedAtMs: at(9) }),
        open('worker', { cause: 'killed', occurrences: [restart] }),
      ),
      stateOf(),
      { kind: 'crash-loop', cause: 'killed' },
    ],
    [
      'one of their own beside an incident of another kind',
      watchOf(open('worker', { kind: 'rollback', cause: 'rollback', deploymentId: undefined })),
      stateOf(),
      { kind: 'crash-loop', cause: 'application-exit', deploymentId: 'ecs-svc/88' },
    ],
    [
      'one of their own beside the loop of a deployment that is gone',
      watchOf(open('worker', { deploymentId: 'ecs-svc/87' })),
      stateOf(),
      { kind: 'crash-loop', cause: 'application-exit', deploymentId: 'ecs-svc/88' },
    ],
    [
      'the loop of the older deployment as long as it runs',
      watchOf(open('worker')),
      stateOf({ rollouts: [newer, rollout('88', 'ACTIVE')] }),
      { kind: 'crash-loop', cause: 'out-of-memory', deploymentId: 'ecs-svc/88' },
    ],
    [
      'the open loop where ECS could not be read',
      watchOf(open('worker')),
      undefined,
      { kind: 'crash-loop', cause: 'out-of-memory', deploymentId: 'ecs-svc/88' },
    ],
  ])('%s', (_, watch, state, key) => {
    const verdict = judgeRestarts(watch, state, restarts);
    expect(verdict?.key).toMatchObject({ cluster: 'prod', subject: { name: 'worker' }, ...key });
    expect(verdict?.count).toMatchObject({ reason: 'restarts-per-period', count: 4 });
  });

  it.each([
    ['ECS could not be read', undefined],
    ['there is no primary deployment', stateOf({ rollouts: [] })],
  ])('is not known where %s, and then nothing is opened', (_, state) => {
    const watch = watchOf(open('worker', { kind: 'start-failure', deploymentId: undefined }));
    expect(judgeRestarts(watch, state, restarts)).toBeUndefined();
  });

  it('those from before the deployment are not its doing', () => {
    const young = stateOf({ rollouts: [rollout('88', 'PRIMARY', at(4) - 1)] });
    const rolledBack = watchOf(open('worker', { kind: 'rollback', deploymentId: undefined }));
    expect(idsOf(judgeRestarts(rolledBack, young, restarts))).toEqual([
      `restart/worker/${at(4)}/0`,
      `restart/worker/${at(6)}/0`,
    ]);
  });
});

describe('what is observed', () => {
  const worker = watchOf(open('worker', { kind: 'rollback', occurrences: [] }));

  it('is one occurrence a restart, named after service and period', () => {
    expect(idsOf(judgeRestarts(worker, stateOf(), readOf([0, 2, 0, 0, 0])))).toEqual([
      `restart/worker/${at(1)}/0`,
      `restart/worker/${at(1)}/1`,
    ]);
  });

  it('is the same and more when the series has shown what it is', () => {
    const early = idsOf(judgeRestarts(worker, stateOf(), readOf([0, 1, 1, 0, 1, 0])));
    const late = idsOf(judgeRestarts(worker, stateOf(), readOf([0, 1, 1, 0, 1, 0, 1, 0])));
    expect(early).toEqual([`restart/worker/${at(1)}/0`]);
    expect(late).toHaveLength(4);
    expect(late).toEqual(expect.arrayContaining([...early]));
  });

  it('is no more than an incident remembers, the newest', () => {
    const ids = idsOf(judgeRestarts(worker, stateOf(), readOf([0, 50, 0, 50, 0, 5_000, 0])));
    expect(ids).toHaveLength(occurrencesMax);
    expect(ids.every((id) => id.startsWith(`restart/worker/${at(5)}/`))).toBe(true);
  });

  it('brings what ECS says of the service, and the revision that restarts', () => {
    const verdict = judgeRestarts(worker, stateOf({ running: 3 }), readOf([0, 1, 0]));
    expect(verdict?.observations).toMatchObject([
      {
        type: 'occurred',
        severity: 'warn',
        facts: { firstBadRevision: 'worker:88', running: 3, minimum: 2, circuitBreaker: 'off' },
      },
    ]);
  });

  it.each([
    ['the one that accounts for all', { app: [0, 1, 0], proxy: [0, 0, 0] }, 'app'],
    ['none where the two of them make up the number', { app: [0, 0, 0] }, undefined],
    ['none where two could be', { app: [0, 1, 0], proxy: [0, 1, 0] }, undefined],
    ['none where containers are not measured', { app: [] }, undefined],
  ])('names the container: %s', (_, containers, container) => {
    const facts = factsOf(judgeRestarts(worker, stateOf(), readOf([0, 1, 0], containers)));
    expect(facts).toEqual([
      { restartsInPlace: true, ...(container === undefined ? {} : { container }) },
    ]);
  });

  it('is nothing without restarts', () => {
    expect(judgeRestarts(worker, stateOf(), readOf([0, 0]))?.observations).toEqual([]);
    expect(judgeRestarts(worker, stateOf(), readOf([]))?.observations).toEqual([]);
  });

  it.each([
    ['a stopped task explains a fall', {}, 'restarts-unclear'],
    ['a restart does not', { restartsInPlace: true }, 'restarts-per-period'],
  ])('%s', (_, facts, reason) => {
    const incident = open('worker', { occurrences: [{ id: 'x', atMs: at(6), facts }] });
    const read = readOf([0, 1, 0, 1, 0, 1, 0]);
    expect(judgeRestarts(watchOf(incident), stateOf(), read)?.count.reason).toBe(reason);
  });
});

describe('hasRestarts', () => {
  it('is true with one restart among stops', () => {
    expect(hasRestarts(open('worker'))).toBe(false);
    const stop = { id: 's', atMs: startMs + minuteMs };
    expect(hasRestarts(open('worker', { occurrences: [restart, stop] }))).toBe(true);
  });
});
