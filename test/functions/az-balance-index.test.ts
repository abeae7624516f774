import { beforeEach, describe, expect, it, vi } from 'vitest';

const settings = {
  ...{ MODE: 'observe', CLUSTER_ARNS: 'arn:aws:ecs:eu-central-1:123456789012:cluster/shop' },
  ...{ TABLE_NAME: 'ballast', ZONE_SKEW_MAX: '1', ZONE_HOLD_MINUTES: '20' },
};
const context = {
  awsRequestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
  functionName: 'ballast-az-balance',
  functionVersion: '$LATEST',
  invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:az-balance',
  memoryLimitInMB: '512',
  callbackWaitsForEmptyEventLoop: true,
  getRemainingTimeInMillis: () => 120_000,
};

/** What the function wrote, one JSON line each. */
const written: Record<string, unknown>[] = [];

/** The exported handler after a cold start with this environment. */
async function invoke(env: Readonly<Record<string, string>>, event: unknown) {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  vi.stubEnv('POWERTOOLS_DEV', 'true');
  const { handler } = await import('../../functions/az-balance/index.ts');
  return await handler(event, context as unknown as Parameters<typeof handler>[1]);
}

beforeEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
  written.length = 0;
  for (const level of ['info', 'warn', 'error', 'log', 'debug'] as const) {
    vi.spyOn(console, level).mockImplementation((line: unknown) => {
      written.push(JSON.parse(String(line)));
    });
  }
});

describe('the handler that Lambda calls', () => {
  it('is put together from the environment, and ignores what is not its schedule', async () => {
    expect(await invoke(settings, { source: 'aws.ecs' })).toEqual([]);
    expect(written).toMatchObject([
      { message: 'event-ignored', service: 'az-balance', reason: 'not-a-schedule' },
    ]);
  });

  it('fails where settings are missing, naming each', async () => {
    const failed = invoke({ MODE: 'observe' }, { source: 'ballast.schedule' });
    await expect(failed).rejects.toThrow(
      /CLUSTER_ARNS .* TABLE_NAME .* ZONE_SKEW_MAX .* ZONE_HOLD_/,
    );
  });
});
