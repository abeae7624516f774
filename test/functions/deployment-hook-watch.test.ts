import { describe, expect, it, vi } from 'vitest';
import { answering } from '../../simulator/http-service.ts';
import { type Deployed, expectHeld, gatedStage, inLab, plain } from './hook-lab.ts';

vi.setConfig({ maxConcurrency: 40, testTimeout: 60_000 });

const bad = answering(500);

const watchedStages = ['PRE_PRODUCTION_TRAFFIC_SHIFT', 'POST_PRODUCTION_TRAFFIC_SHIFT'];

describe.concurrent.each([gatedStage, ...watchedStages])('alarms and metrics at %s', (stage) => {
  const alarm = ({ account }: Deployed, StateValue: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA') =>
    account.alarms.set('errors', { AlarmName: 'errors', StateValue });
  const metric = (hook: Deployed, value: number) => {
    const { account, service } = hook;
    const TargetGroup = /targetgroup\/.+$/.exec(service.greenTargetGroupArn ?? '')?.[0] ?? '';
    account.metrics.push({
      Namespace: 'AWS/ApplicationELB',
      MetricName: 'HTTPCode_Target_5XX_Count',
      Dimensions: { TargetGroup },
      samples: [{ atMs: account.nowMs() - 60_000, value }],
    });
  };
  const metrics = [
    {
      name: '5xx',
      namespace: 'AWS/ApplicationELB',
      metricName: 'HTTPCode_Target_5XX_Count',
      dimensions: { TargetGroup: '$greenTargetGroup' },
      max: 5,
    },
  ];
  const watching = { ...plain(), checks: [], alarms: ['errors'] };
  const measuring = { ...plain(), checks: [], metrics };

  it.each([
    ['OK', 'SUCCEEDED', 'checks-passed'],
    ['INSUFFICIENT_DATA', 'SUCCEEDED', 'checks-passed'],
    ['ALARM', 'FAILED', 'alarm-firing'],
  ] as const)('an alarm in %s: %s', (state, verdict, reason) =>
    inLab(async (lab) => {
      const hook = await lab.deploy();
      alarm(hook, state);
      const result = await hook.gate(watching, { stage });
      expect(result.statuses).toEqual([verdict]);
      expect(result.reason).toBe(reason);
    })(),
  );

  it(
    'an alarm that does not exist: held',
    inLab(async (lab) => {
      const hook = await lab.deploy();
      const result = await hook.gate(watching, { stage });
      expect(result.reasons[0]).toBe('alarm-missing');
      expectHeld(result);
    }),
  );

  it.each([
    [5, 'SUCCEEDED', 'checks-passed'],
    [6, 'FAILED', 'metric-beyond'],
  ])("%s errors of green's target group, 5 allowed: %s", (value, verdict, reason) =>
    inLab(async (lab) => {
      const hook = await lab.deploy();
      metric(hook, value);
      const result = await hook.gate(measuring, { stage });
      expect(result.statuses).toEqual([verdict]);
      expect(result.reason).toBe(reason);
    })(),
  );

  it(
    'no data passes, or waits where data must come',
    inLab(async (lab) => {
      const hook = await lab.deploy();
      expect((await hook.gate(measuring, { stage })).statuses).toEqual(['SUCCEEDED']);
      const other = await lab.deploy();
      const waiting = {
        ...measuring,
        metrics: metrics.map((one) => ({ ...one, missing: 'wait' })),
      };
      const result = await other.gate(waiting, { stage, after: () => metric(other, 1) });
      expect(result.statuses).toEqual(['IN_PROGRESS', 'SUCCEEDED']);
      expect(result.reasons[0]).toBe('metric-without-data');
    }),
  );

  it(
    'data that CloudWatch could not read are not taken for none',
    inLab(async (lab) => {
      const hook = await lab.deploy();
      metric(hook, 6);
      for (const series of hook.account.metrics) series.failure = 'InternalError';
      const result = await hook.gate(measuring, { stage });
      expectHeld(result);
      expect(result.reason).toBe('could-not-measure');
    }),
  );

  it(
    'each time that ECS comes back to a stage has a deadline of its own',
    inLab(async (lab) => {
      const hook = await lab.deploy();
      metric(hook, 0);
      const series = hook.account.metrics[0];
      if (series === undefined) throw new Error('there is no metric');
      const steps: string[] = [];
      for (let step = 1; step <= 3; step += 1) {
        // CloudWatch fails once at every step.
        series.failure = 'InternalError';
        const after = () => {
          delete series.failure;
        };
        steps.push((await hook.gate(measuring, { stage, after })).statuses.join());
        hook.clock.skip(10 * 60_000);
      }
      expect(steps).toEqual(Array(3).fill('IN_PROGRESS,SUCCEEDED'));
    }),
  );

  it(
    'an alarm decides beside checks that pass',
    inLab(async (lab) => {
      const hook = await lab.deploy();
      alarm(hook, 'ALARM');
      const result = await hook.gate({ ...plain({}), alarms: ['errors'] }, { stage });
      expect(result.reason).toBe('alarm-firing');
    }),
  );
});

describe.concurrent.each(watchedStages)('%s', (stage) => {
  it(
    'sends no test calls',
    inLab(async (lab) => {
      const green = await lab.serve(bad);
      const hook = await lab.deploy({ green });
      hook.account.alarms.set('errors', { AlarmName: 'errors', StateValue: 'OK' });
      const result = await hook.gate({ samples: 20, alarms: ['errors'] }, { stage });
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect(green.requests.count).toBe(0);
    }),
  );

  it(
    'passes where nothing is watched, and says so',
    inLab(async (lab) => {
      const hook = await lab.deploy();
      const result = await hook.gate(plain(), { stage });
      expect(result.statuses).toEqual(['SUCCEEDED']);
      expect(result.reason).toBe('nothing-watched');
    }),
  );
});
