import { describe, expect, it } from 'vitest';
import { renderAlert } from '../../shared/domain/alert-text/render.ts';
import { type GateAnswer, incidentsOfAnswer } from '../../shared/domain/gate-incident.ts';
import type { Incident } from '../../shared/domain/incident.ts';
import { applyObservation } from '../../shared/domain/incident-lifecycle.ts';
import { incidentPolicies } from '../../shared/domain/incident-policy.ts';

const startMs = Date.UTC(2026, 10, 20, 3);
const hourMs = 3_600_000;

const answer = (hours: number, changes: Partial<GateAnswer>): GateAnswer => ({
  ...{ cluster: 'prod', service: 'web', deploymentId: `d${hours}`, mode: 'enforce' },
  ...{ stage: 'POST_TEST_TRAFFIC_SHIFT', deadlineAtMs: undefined },
  ...{ revision: `web:${hours}`, sourceRevision: 'web:0' },
  decision: { kind: 'rollback', reason: 'json-assertion', detail: 'status is degraded' },
  findings: [],
  ...{ startedAtMs: startMs + hours * hourMs, atMs: startMs + hours * hourMs + 5_000 },
  ...changes,
});

const slow = answer(1, {
  decision: { kind: 'rollback', reason: 'latency-regression', detail: 'median 64 vs 40 ms' },
  findings: [
    {
      ...{ step: 'comparison:GET /', verdict: 'fail', reason: 'latency-regression' },
      ...{ detail: 'median 64 vs 40 ms', isCritical: true },
      evidence: { latency: { greenMedianMs: 64, blueMedianMs: 40 } },
    },
    {
      ...{ step: 'targets', verdict: 'pass', reason: 'targets-healthy' },
      ...{ detail: '3 of 3 green targets healthy', isCritical: true },
    },
  ],
});

/** The rollback incident of a service after some answers of its gate, one an hour. */
function afterAnswers(...answers: readonly GateAnswer[]): Incident {
  let incident: Incident | undefined;
  for (const one of answers) {
    for (const { key, observation } of incidentsOfAnswer(one)) {
      if (key.kind !== 'rollback') continue;
      const context = { key, policy: incidentPolicies[key.kind], nowMs: one.atMs };
      incident = applyObservation(incident, observation, context);
    }
  }
  if (incident === undefined) throw new Error('no answer opened an incident');
  return incident;
}

function toldOf(incident: Incident) {
  const [notice] = incident.outbox;
  if (notice === undefined) throw new Error('there is nothing to tell');
  return renderAlert(incident, notice, {
    formatTime: (atMs) => new Date(atMs).toISOString(),
    region: 'eu-central-1',
    runbookBase: 'docs/operations.md',
    muteCommand: 'mute',
  });
}

describe('a gate that waits', () => {
  const fiveMinutesMs = 5 * 60_000;
  it.each([
    ['could not measure', 'error', false, 5_000, ['gate-could-not-measure']],
    ['cannot tell yet', 'inconclusive', false, 5_000, []],
    ['cannot tell for just short of five minutes', 'inconclusive', false, fiveMinutesMs - 1, []],
    [
      'cannot tell for five minutes',
      'inconclusive',
      false,
      fiveMinutesMs,
      ['gate-could-not-measure'],
    ],
    ['takes samples, for however long', 'inconclusive', true, 2 * fiveMinutesMs, []],
  ] as const)('that %s', (_, verdict, isSampling, afterMs, expected) => {
    const waiting = answer(1, {
      decision: {
        ...{ kind: 'wait', reason: 'targets-unhealthy', detail: '2 of 3 green targets healthy' },
        ...{ callBackDelaySeconds: 15, verdict, isSampling },
      },
      atMs: startMs + hourMs + afterMs,
    });
    expect(incidentsOfAnswer(waiting).map(({ key }) => key.kind)).toEqual(expected);
  });
});

/** What is told of an answer, whatever kind of incident it opens. */
function toldOfAnswer(one: GateAnswer) {
  const [reaction] = incidentsOfAnswer(one);
  if (reaction === undefined) throw new Error('the answer opens nothing');
  const { key, observation } = reaction;
  const context = { key, policy: incidentPolicies[key.kind], nowMs: one.atMs };
  const incident = applyObservation(undefined, observation, context);
  if (incident === undefined) throw new Error('nothing was opened');
  return toldOf(incident);
}

describe('in observe', () => {
  const severityOf = (reason: string) => {
    const observed = answer(1, {
      mode: 'observe',
      decision: { kind: 'rollback', reason, detail: 'x' },
    });
    const [first] = incidentsOfAnswer(observed);
    return first?.observation.type === 'occurred' ? first.observation.severity : undefined;
  };

  it.each(['json-assertion', 'latency-regression', 'could-not-measure'])(
    'what would have been rolled back, %s, is a line of the digest',
    (reason) => expect(severityOf(reason)).toBe('info'),
  );

  it.each(['invalid-hook-details', 'cluster-not-configured', 'internal-error'])(
    'a gate that cannot work, %s, is told at once',
    (reason) => expect(severityOf(reason)).toBe('warn'),
  );
});

describe('who serves', () => {
  const stages = [
    ['POST_TEST_TRAFFIC_SHIFT', 'Blue serves', 'Blue serves 100%'],
    [
      'POST_PRODUCTION_TRAFFIC_SHIFT',
      'Green may have production traffic by now',
      'Blue serves again, but production requests may have reached green',
    ],
  ] as const;

  it.each(stages)('at %s is not guessed where the configuration is wrong', (stage, serves) => {
    const { text } = toldOfAnswer(
      answer(1, {
        stage,
        decision: { kind: 'rollback', reason: 'invalid-hook-details', detail: 'no such key' },
      }),
    );
    expect(text.split('\n')[0]).toMatch(new RegExp(`^${serves}\\. No deployment of web passes`));
  });

  it.each(stages)('at %s is not guessed where the build is bad', (stage, _, serves) => {
    expect(toldOfAnswer(answer(1, { stage })).text.startsWith(serves)).toBe(true);
  });

  it.each(stages)('at %s is not guessed the second time', (stage) => {
    const incident = afterAnswers(answer(1, { stage }), answer(2, { stage }));
    const { facts, outbox } = incident;
    const { text } = toldOf({
      ...incident,
      told: { sequence: 1, atMs: startMs, severity: 'warn', facts, updates: 0 },
      outbox: outbox.map((notice) => ({ ...notice, transition: 'update' })),
    });
    const isUntouched = stage === 'POST_TEST_TRAFFIC_SHIFT';
    expect(text.startsWith('Nobody is hurt')).toBe(isUntouched);
    expect(text).toContain('2 deployments were rolled back');
  });
});

describe('a break-glass that let a deployment pass', () => {
  it('is told with who, why and until when', () => {
    const untilMs = startMs + 3 * hourMs;
    const { subject, text } = toldOfAnswer(
      answer(1, {
        decision: {
          ...{ kind: 'proceed', reason: 'break-glass', detail: 'opened by anna' },
          opened: { by: 'anna', why: 'hotfix, INC-812', untilMs },
        },
      }),
    );
    expect(subject).toContain('deployed unproven, break-glass by anna');
    expect(text).toContain('opened by anna: "hotfix, INC-812"');
    expect(text.replace(/\s+/g, ' ')).toContain(`until ${new Date(untilMs).toISOString()}`);
  });
});

describe('a gate that answers FAILED without having looked at the build', () => {
  it.each([
    ['internal-error', 'deploy again', 'gate failed, internal error', /correct|hookDetails/],
    ['cluster-not-configured', 'add the cluster to ClusterArns', 'misconfigured', /hookDetails/],
    ['invalid-hook-details', 'check hookDetails', 'misconfigured', /ClusterArns/],
  ])('%s: says what helps', (reason, next, subjectPart, not) => {
    const decision = { kind: 'rollback', reason, detail: 'it was so' } as const;
    const { subject, text } = toldOfAnswer(answer(1, { decision }));
    expect(subject).toContain(subjectPart);
    expect(text).toContain(next);
    expect(text).not.toMatch(not);
  });
});

describe('a rollback after another one of the same service', () => {
  it('tells the medians of a slow build', () => {
    const { subject, text } = toldOf(afterAnswers(slow));
    expect(subject).toContain('median 64 ms vs 40 ms');
    expect(text).toContain('3 of 3 green targets healthy');
  });

  it('tells its own reason, and nothing of the one before', () => {
    const { subject, text } = toldOf(afterAnswers(slow, answer(2, {})));
    expect(subject).toContain('json assertion');
    expect(subject).not.toContain('median');
    expect(text).not.toContain('3 of 3 green targets healthy');
  });

  it('of a build with errors speaks of errors, not of its medians', () => {
    const errors = answer(2, {
      ...slow,
      ...{
        deploymentId: 'd2',
        startedAtMs: startMs + 2 * hourMs,
        atMs: startMs + 2 * hourMs + 5_000,
      },
      decision: { kind: 'rollback', reason: 'error-regression', detail: '24 of 100 failed' },
    });
    expect(toldOf(afterAnswers(errors)).subject).toContain('error regression');
  });
});
