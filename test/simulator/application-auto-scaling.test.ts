import {
  DescribeScalableTargetsCommand,
  type DescribeScalableTargetsCommandInput,
  type ScalableTarget as SdkScalableTarget,
} from '@aws-sdk/client-application-auto-scaling';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { ScalableTarget } from '../../simulator/account.ts';
import { accountOf, clientsOf, errorOf } from './clients.ts';

const idOf = (at: number): string => `service/shop/s${at}`;

function arrange(count: number) {
  const account = accountOf();
  for (let at = 0; at < count; at += 1) {
    const ResourceId = idOf(at);
    account.scalableTargets.set(ResourceId, { ResourceId, MinCapacity: 1, MaxCapacity: at + 1 });
  }
  const { autoScaling } = clientsOf(account);
  const ask = (input: Partial<DescribeScalableTargetsCommandInput>) =>
    autoScaling.send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs', ...input }));
  return { account, ask };
}

describe('DescribeScalableTargets', () => {
  it('has the shape of the API', () => {
    // These are the same for every target of ECS, or say nothing to us.
    type Constant = 'ServiceNamespace' | 'ScalableDimension' | 'RoleARN' | 'CreationTime';
    expectTypeOf<ScalableTarget>().toExtend<Omit<SdkScalableTarget, Constant>>();
  });

  it('answers those asked for, and nothing for the rest', async () => {
    const { account, ask } = arrange(3);
    account.scalableTargets.set(idOf(1), {
      ResourceId: idOf(1),
      MinCapacity: 2,
      MaxCapacity: 8,
      SuspendedState: { ScheduledScalingSuspended: true },
    });
    const { ScalableTargets } = await ask({
      ScalableDimension: 'ecs:service:DesiredCount',
      ResourceIds: [idOf(1), 'service/shop/gone'],
    });
    expect(ScalableTargets).toEqual([
      {
        ServiceNamespace: 'ecs',
        ScalableDimension: 'ecs:service:DesiredCount',
        ResourceId: idOf(1),
        MinCapacity: 2,
        MaxCapacity: 8,
        SuspendedState: { ScheduledScalingSuspended: true },
      },
    ]);
  });

  it('answers fifty at once', async () => {
    const { ask } = arrange(51);
    const first = await ask({});
    expect(first.ScalableTargets).toHaveLength(50);
    const second = await ask({ NextToken: first.NextToken });
    expect(second.ScalableTargets).toMatchObject([{ ResourceId: idOf(50) }]);
    expect(second.NextToken).toBeUndefined();
  });

  it('knows ECS services only', async () => {
    const { ask } = arrange(1);
    expect((await ask({ ServiceNamespace: 'dynamodb' })).ScalableTargets).toEqual([]);
  });

  it.each([
    [
      'a dimension without a resource',
      { ScalableDimension: 'ecs:service:DesiredCount' as const },
      'ValidationException',
    ],
    [
      '51 resources',
      { ResourceIds: Array.from({ length: 51 }, (_, at) => idOf(at)) },
      'ValidationException',
    ],
    ['a page of 51', { MaxResults: 51 }, 'ValidationException'],
    ['a token never given', { NextToken: 'x' }, 'InvalidNextTokenException'],
  ])('refuses %s', async (_, input, name) => {
    const { ask } = arrange(1);
    expect(await errorOf(ask(input))).toMatchObject({ name });
  });
});
