import { expect, it } from 'vitest';
import { createProber } from '../../shared/http/prober.ts';
import { proberDefaults } from '../../shared/http/prober-defaults.ts';
import { createAccount } from '../../simulator/account.ts';
import { addBlueGreenService } from '../../simulator/deployment.ts';
import { runHookSession, tableDefinition } from '../../simulator/hook-session.ts';
import { answering, startHttpService } from '../../simulator/http-service.ts';
import { createSkippingClock } from '../../simulator/skipping-clock.ts';

it.each([
  ['its identity proves it', '7', 'SUCCEEDED', 'checks-passed'],
  ['another build answers', '6', 'FAILED', 'identity-mismatch'],
])('a Service Connect service behind endpoint.url: %s', async (_, says, verdict, reason) => {
  const front = await startHttpService({ behaviour: answering(200, '', { 'x-revision': says }) });
  const clock = createSkippingClock();
  const account = createAccount({ nowMs: () => clock.nowMs(), tables: [tableDefinition] });
  const service = addBlueGreenService(account, {
    cluster: 'prod',
    service: 'backend',
    kind: 'service-connect',
    blue: {},
    green: { revisionId: '7' },
  });
  const config = {
    stackMode: 'enforce' as const,
    clusterArns: [service.clusterArn],
    allowedHosts: ['127.0.0.1'],
    tableName: tableDefinition.TableName,
  };
  const result = await runHookSession(
    service,
    { account, clock, prober: createProber(proberDefaults), config, seed: 1 },
    {
      stage: 'POST_TEST_TRAFFIC_SHIFT',
      waitBetween: (delayMs) => clock.skip(delayMs),
      hookDetails: {
        samples: 0,
        endpoint: { url: front.url },
        identity: { header: 'x-revision', equals: 'revision-id' },
      },
    },
  );
  await front.close();
  expect(result).toMatchObject({ verdict, reason });
  expect(result.invocations.at(-1)?.decision.findings).toContainEqual(
    expect.objectContaining({ step: 'targets', verdict: 'pass', reason: 'targets-not-known' }),
  );
});
