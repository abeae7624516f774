import { describe, expect, it } from 'vitest';
import { createHandler, type Deps } from '../../functions/deployment-hook/handler.ts';
import { observe } from '../../functions/deployment-hook/observe.ts';
import type { Deployment, Revision } from '../../shared/domain/deployment.ts';
import { parseGateConfig } from '../../shared/events/hook-details.ts';
import type { ProbeRequest } from '../../shared/http/port.ts';
import { runCheck } from '../../shared/http/run-check.ts';
import { ConfigError } from '../../shared/runtime/env.ts';
import { createVirtualClock } from '../../simulator/virtual-clock.ts';
import { check } from '../support/checks.ts';

const unused = (): never => {
  throw new Error('nothing may be asked of this');
};

describe('a hook whose environment is wrong', () => {
  it('answers all the same, and lets nothing through: internal-error', async () => {
    const records: unknown[] = [];
    const note = (message: string, fields: object = {}) => records.push({ message, ...fields });
    const deps: Partial<Deps> = {
      readConfig: () => {
        throw new ConfigError('MODE must be one of observe, opt-in, enforce, got nothing');
      },
      prober: { send: unused, close: () => undefined },
      log: { debug: note, info: note, warn: note, error: note },
    };
    const handle = createHandler(deps as Deps);
    const answer = await handle({}, { functionArn: undefined, remainingMs: () => 60_000 });
    expect(answer).toEqual({
      hookStatus: 'FAILED',
      reason:
        'internal-error: ConfigError: MODE must be one of observe, opt-in, enforce, got nothing',
    });
    expect(records).toMatchObject([{ message: 'decision', reason: 'internal-error' }]);
  });
});

describe('an address of its own for green', () => {
  const revision: Revision = {
    arn: 'arn:aws:ecs:eu-central-1:123456789012:service-revision/prod/checkout/1',
    taskDefinitionArn: undefined,
    containers: [],
    routes: [],
    hasServiceConnect: true,
  };
  const deployment = { sourceRevisionArns: ['blue'], hooks: [] } as unknown as Deployment;
  const look = (details: Readonly<Record<string, unknown>>) =>
    observe(
      revision.arn,
      deployment,
      parseGateConfig(details),
      {
        deployments: {
          describeDeployment: unused,
          describeRevisions: async () => [revision],
          readServiceTags: unused,
        },
        loadBalancers: { describeRule: unused, describeTargets: unused },
      },
      new AbortController().signal,
    );
  const endpoint = { url: 'https://front.internal' };

  it('is taken where no listener rule leads to it, told by identity', async () => {
    const { routing, green } = await look({
      endpoint,
      identity: { header: 'x-revision', equals: 'revision-id' },
    });
    expect(routing).toMatchObject({ verdict: 'pass', reason: 'endpoint-override' });
    expect(green).toMatchObject({ address: 'front.internal', port: 443 });
  });

  it('is not taken without an identity', () => {
    expect(() => parseGateConfig({ endpoint })).toThrow('hookDetails.identity: expected beside');
  });
});

describe('a check whose time ends before its failure is confirmed', () => {
  it('is neither good nor bad: out-of-time', async () => {
    const clock = createVirtualClock(0);
    const request = { connectTimeoutMs: 3_000, timeoutMs: 5_000 } as ProbeRequest;
    const run = await runCheck(
      check(),
      request,
      {
        clock,
        prober: {
          send: async () => ({
            kind: 'answer',
            status: 500,
            headers: {},
            body: '',
            bodyTruncated: false,
            elapsedMs: 1,
          }),
          close: () => undefined,
        },
      },
      { untilMs: 8_500, signal: new AbortController().signal },
    );
    expect(run).toMatchObject({ verdict: 'inconclusive', reason: 'out-of-time', requests: 1 });
  });
});
