import { describe, expect, it } from 'vitest';
import { createHandler } from '../../functions/deployment-hook/handler.ts';
import type { ReportStores } from '../../functions/deployment-hook/report.ts';
import { reportMsMax } from '../../functions/deployment-hook/report.ts';
import { wouldHaveOf } from '../../shared/domain/would-have.ts';
import { createProber } from '../../shared/http/prober.ts';
import { proberDefaults } from '../../shared/http/prober-defaults.ts';
import { type AttributeValue, createAccount } from '../../simulator/account.ts';
import { addBlueGreenService } from '../../simulator/deployment.ts';
import { runHookSession, tableDefinition } from '../../simulator/hook-session.ts';
import { answering, startHttpService } from '../../simulator/http-service.ts';
import { createSkippingClock } from '../../simulator/skipping-clock.ts';
import { createSimulatedTaskState, topicArns } from '../../simulator/task-state.ts';
import { createGateWorld, fullDetails, gatedEvent } from '../support/gate-world.ts';

const textOf = (value: AttributeValue | undefined): string =>
  value !== undefined && 'S' in value ? value.S : '';

/** A gate in the simulated account, and the task-state function that tells what it leaves. */
async function judge(
  status: number,
  settings: { mode?: string; details?: object; hasBlue?: boolean } = {},
) {
  const server = await startHttpService({ behaviour: answering(status) });
  const clock = createSkippingClock();
  const account = createAccount({ nowMs: () => clock.nowMs(), tables: [tableDefinition] });
  for (const TopicArn of Object.values(topicArns(account))) {
    account.topics.set(TopicArn, { TopicArn, messages: [] });
  }
  const at = { protocol: 'HTTP' as const, dnsName: '127.0.0.1', port: server.port };
  const service = addBlueGreenService(account, {
    cluster: 'prod',
    service: 'web',
    kind: 'alb',
    green: {},
    ...(settings.hasBlue === true ? { blue: {} } : {}),
    testEndpoint: {
      ...at,
      conditions: [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/*'] } }],
    },
    productionEndpoint: at,
    ...(settings.mode === undefined ? {} : { tags: { 'ballast:deployment-hook': settings.mode } }),
  });
  const taskState = createSimulatedTaskState({
    account,
    nowMs: () => clock.nowMs(),
    clusterArns: [service.clusterArn],
  });
  const { store } = taskState;
  const longAgoMs = clock.nowMs() - 7_200_000;
  await store.endFirstRun(await store.firstRun(longAgoMs), longAgoMs + 3_600_000);
  const result = await runHookSession(
    service,
    {
      account,
      clock,
      prober: createProber(proberDefaults),
      seed: 1,
      config: {
        stackMode: 'enforce',
        clusterArns: [service.clusterArn],
        allowedHosts: [],
        tableName: tableDefinition.TableName,
      },
    },
    {
      stage: 'POST_TEST_TRAFFIC_SHIFT',
      hookDetails: { samples: 0, ...settings.details },
      waitBetween: (delayMs) => clock.skip(delayMs),
    },
  );
  await server.close();
  await taskState.deliver([]);
  const items = [...(account.tables.get(tableDefinition.TableName)?.items.values() ?? [])];
  const told = account.topics.get(topicArns(account).alertsTopicArn)?.messages;
  return {
    result,
    incidents: (await store.list()).incidents,
    subjects: told?.map(({ subject }) => subject),
    mails: told?.map(({ bodies }) => bodies.email ?? bodies.default),
    evidence: items.filter((item) => textOf(item.sk).startsWith('EVIDENCE#')),
    problems: account.problems,
  };
}

describe('what the gate leaves behind', () => {
  it('a rollback: an incident, told as a mail, and its evidence', async () => {
    const { result, incidents, subjects, mails, evidence, problems } = await judge(500, {
      hasBlue: true,
    });
    expect(result.verdict).toBe('FAILED');
    expect(incidents).toMatchObject([
      {
        kind: 'rollback',
        status: 'open',
        severity: 'warn',
        subject: { type: 'service', name: 'web' },
        facts: { reason: 'unexpected-status', mode: 'enforce', stage: 'POST_TEST_TRAFFIC_SHIFT' },
      },
    ]);
    expect(subjects).toEqual([expect.stringMatching(/^\[WARN\] web in prod: green rolled back/)]);
    const { revision, sourceRevision } = incidents[0]?.facts ?? {};
    expect(revision).not.toBe(sourceRevision);
    expect(mails?.[0]).toContain(`compare ${sourceRevision} with ${revision}:`);
    expect(evidence).toHaveLength(1);
    expect(JSON.parse(textOf(evidence[0]?.record) || '{}')).toMatchObject({
      hookStatus: 'FAILED',
      reason: 'unexpected-status',
    });
    expect(problems).toEqual([]);
  });

  it('a pass: evidence, and nothing to tell', async () => {
    const { result, incidents, subjects, evidence } = await judge(200);
    expect(result.verdict).toBe('SUCCEEDED');
    expect(incidents).toEqual([]);
    expect(subjects).toEqual([]);
    expect(evidence).toHaveLength(1);
  });

  it('in observe: what it would have said, for the digest, and nobody is disturbed', async () => {
    const { result, incidents, subjects } = await judge(500, { mode: 'observe' });
    expect(result.verdict).toBe('SUCCEEDED');
    expect(incidents).toMatchObject([{ kind: 'rollback', severity: 'info' }]);
    expect(subjects).toEqual([]);
    const everFrom = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };
    expect(wouldHaveOf(incidents, everFrom)).toMatchObject([
      { cluster: 'prod', subject: { name: 'web' }, reason: result.reason, count: 1 },
    ]);
  });

  it('an invalid configuration: told as that', async () => {
    const { incidents, subjects } = await judge(200, { details: { chekcs: [] } });
    expect(incidents).toMatchObject([
      { kind: 'gate-misconfigured', facts: { reason: 'invalid-hook-details' } },
    ]);
    expect(subjects?.[0]).toContain('web in prod');
  });

  it('a gate that cannot measure: told at once, once, and ended by its answer', async () => {
    const { result, incidents, subjects } = await judge(200, {
      details: { targets: { healthyMin: 9 } },
    });
    expect(result).toMatchObject({ verdict: 'FAILED', reason: 'inconclusive-at-deadline' });
    const kinds = incidents.map(({ kind, status }) => `${kind} ${status}`).sort();
    expect(kinds).toEqual(['gate-could-not-measure resolved', 'rollback open']);
    // Nobody was told in between: the end of the waiting tells of it, the rollback of its cause.
    expect(subjects).toHaveLength(2);
  });
});

describe('the answer comes first', () => {
  const calm = {
    green: 'good',
    slowdown: 1,
    traffic: 'green',
    targets: ['healthy'],
    alarm: 'OK',
    metric: 1,
    isFirst: false,
    moods: [],
    draws: [0],
  } as const;
  const never = (): Promise<never> => new Promise(() => undefined);
  const fail = (): Promise<never> => Promise.reject(new Error('no table'));
  const stores = (how: () => Promise<never>): ReportStores => ({
    incidents: { get: how, save: how },
    evidence: { putEvidence: how },
  });

  it.each([
    ['hangs for ever', () => stores(never)],
    ['fails', () => stores(fail)],
    [
      'cannot even be made',
      (): ReportStores => {
        throw new Error('no table name');
      },
    ],
  ])('though the record %s', async (_, createReportStores) => {
    const world = createGateWorld(calm);
    const handle = createHandler({ ...world.deps, createReportStores });
    const startedMs = world.clock.nowMs();
    const answer = await handle(gatedEvent(fullDetails), {
      functionArn: undefined,
      remainingMs: () => 60_000,
    });
    expect(answer.hookStatus).toBe('SUCCEEDED');
    const plain = createGateWorld(calm);
    const { tookMs } = await plain.call(gatedEvent(fullDetails));
    expect(world.clock.nowMs() - startedMs).toBeLessThanOrEqual(tookMs + reportMsMax);
  });

  it('within what is left of its call', async () => {
    const world = createGateWorld(calm);
    const handle = createHandler({ ...world.deps, createReportStores: () => stores(never) });
    const left = [60_000, 6_000];
    const startedMs = world.clock.nowMs();
    await handle(gatedEvent(fullDetails), {
      functionArn: undefined,
      remainingMs: () => left.shift() ?? 0,
    });
    const plain = createGateWorld(calm);
    const { tookMs } = await plain.call(gatedEvent(fullDetails));
    expect(world.clock.nowMs() - startedMs).toBeLessThanOrEqual(tookMs + 4_000);
  });

  it('though Ballast itself is wrong, which is told as well', async () => {
    const world = createGateWorld(calm);
    const saved: string[] = [];
    const handle = createHandler({
      ...world.deps,
      prober: {
        send: () => {
          throw new TypeError('a mistake');
        },
        close: () => undefined,
      },
      createReportStores: () => ({
        evidence: { putEvidence: async () => undefined },
        incidents: {
          get: async () => undefined,
          save: async ({ kind, cause }) => saved.push(`${kind} ${cause}`) > 0,
        },
      }),
    });
    const answer = await handle(gatedEvent(fullDetails), {
      functionArn: undefined,
      remainingMs: () => 60_000,
    });
    expect(answer).toMatchObject({
      hookStatus: 'FAILED',
      reason: expect.stringMatching(/^internal-error/),
    });
    expect(saved).toEqual(['gate-misconfigured internal-error']);
  });
});
