import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createAccount } from '../../simulator/account.ts';
import { addBlueGreenService, hookEvent } from '../../simulator/deployment.ts';

const account = createAccount({ nowMs: () => 0 });
const endpoint = { protocol: 'HTTP', dnsName: 'lb.invalid', port: 80 } as const;
const service = addBlueGreenService(account, {
  cluster: 'prod',
  service: 'shop',
  kind: 'alb',
  blue: {},
  green: {},
  testEndpoint: endpoint,
  productionEndpoint: { ...endpoint, port: 81 },
});

const settings = {
  CLUSTER_ARNS: service.clusterArn,
  HOOK_ALLOWED_HOSTS: '',
  TABLE_NAME: 'ballast',
};
const context = {
  awsRequestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
  functionName: 'ballast-deployment-hook',
  functionVersion: '$LATEST',
  invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:hook:live',
  memoryLimitInMB: '256',
  callbackWaitsForEmptyEventLoop: true,
  getRemainingTimeInMillis: () => 60_000,
};

/** Everything that the function wrote, one JSON line each. */
const written: Record<string, unknown>[] = [];

/** The exported handler after a cold start with this environment. */
async function invoke(env: Readonly<Record<string, string>>, event: unknown) {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  // Lets the logger write to the console, where it can be heard.
  vi.stubEnv('POWERTOOLS_DEV', 'true');
  const { handler } = await import('../../functions/deployment-hook/index.ts');
  return await handler(event, context as unknown as Parameters<typeof handler>[1]);
}

beforeEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
  vi.restoreAllMocks();
  written.length = 0;
  for (const level of ['info', 'warn', 'error', 'log', 'debug'] as const) {
    vi.spyOn(console, level).mockImplementation((line: unknown) => {
      written.push(JSON.parse(String(line)));
    });
  }
});

describe('the handler that Lambda calls', () => {
  it('lets a rollback go on, and writes why', async () => {
    const event = hookEvent(service, { stage: 'PRODUCTION_TRAFFIC_SHIFT', isRollback: true });
    const answer = await invoke({ ...settings, MODE: 'enforce' }, event);
    expect(answer).toEqual({
      hookStatus: 'SUCCEEDED',
      reason: 'rollback-call: traffic moves back to blue: nothing to judge',
    });
    expect(written).toEqual([
      expect.objectContaining({
        message: 'decision',
        level: 'INFO',
        service: 'deployment-hook',
        function_request_id: context.awsRequestId,
        reason: 'rollback-call',
        deploymentArn: service.deploymentArn,
      }),
    ]);
  });

  it('answers though the environment is missing, and names every variable', async () => {
    const event = hookEvent(service, { stage: 'POST_TEST_TRAFFIC_SHIFT' });
    const answer = await invoke({}, event);
    expect(answer.hookStatus).toBe('FAILED');
    expect(answer.reason).toMatch(/^internal-error: ConfigError: MODE .* CLUSTER_ARNS /);
    for (const name of ['MODE', ...Object.keys(settings)]) {
      expect(written[0]?.detail).toContain(name);
    }
    expect(written).toMatchObject([
      { message: 'decision', level: 'WARN', reason: 'internal-error' },
    ]);
  });

  it('lets a rollback go on though the environment is missing', async () => {
    const event = hookEvent(service, { stage: 'PRODUCTION_TRAFFIC_SHIFT', isRollback: true });
    expect((await invoke({}, event)).hookStatus).toBe('SUCCEEDED');
  });

  it.each([undefined, null, {}, [], 'text', { lifecycleStage: 'POST_TEST_TRAFFIC_SHIFT' }])(
    'lets what it cannot read go on where the stack observes: %j',
    async (event) => {
      const answer = await invoke({ ...settings, MODE: 'observe' }, event);
      expect(answer.hookStatus).toBe('SUCCEEDED');
      expect(answer.reason).toMatch(/^malformed-event: /);
    },
  );

  it('names the deployment and the stage of a call that it cannot read otherwise', async () => {
    const named = {
      lifecycleStage: 'POST_TEST_TRAFFIC_SHIFT',
      resourceArn: 'arn:aws:ecs:eu-central-1:123456789012:service-deployment/prod/web/1',
    };
    await invoke({ ...settings, MODE: 'observe' }, { ...named, executionDetails: {} });
    expect(written.at(-1)).toMatchObject({
      ...{ message: 'decision', reason: 'malformed-event' },
      ...{ stage: named.lifecycleStage, deploymentArn: named.resourceArn },
    });
  });

  it('stops what it cannot read where the stack enforces', async () => {
    const answer = await invoke({ ...settings, MODE: 'enforce' }, {});
    expect(answer.hookStatus).toBe('FAILED');
    expect(answer.reason).toMatch(/^malformed-event: /);
  });
});
