import {
  DescribeCapacityProvidersCommand,
  DescribeContainerInstancesCommand,
  ListContainerInstancesCommand,
  ListServicesCommand,
  paginateListContainerInstances,
  paginateListServices,
  type CapacityProvider as SdkCapacityProvider,
  type ContainerInstance as SdkContainerInstance,
} from '@aws-sdk/client-ecs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { EcsCapacityProvider, EcsContainerInstance } from '../../simulator/account.ts';
import {
  add,
  addCluster,
  type Counts,
  clusterArn,
  ecsInstanceOf,
  ecsServiceOf,
  instanceArn,
  serviceArn,
} from '../support/accounts.ts';
import { accountOf, clientsOf, errorOf } from './clients.ts';

function arrange(counts: Counts = {}) {
  const account = accountOf();
  addCluster(account, counts);
  return { account, ecs: clientsOf(account).ecs };
}

describe('container instances', () => {
  it('have the shape of the API', () => {
    // The health is an open set here: a client has to live with states to come.
    type Closed = Omit<EcsContainerInstance, 'healthStatus'>;
    expectTypeOf<Closed>().toExtend<SdkContainerInstance>();
  });

  it('are listed in pages of 100', async () => {
    const { ecs } = arrange({ instances: 101 });
    const pages: number[] = [];
    for await (const { containerInstanceArns = [] } of paginateListContainerInstances(
      { client: ecs },
      { cluster: 'shop' },
    )) {
      pages.push(containerInstanceArns.length);
    }
    expect(pages).toEqual([100, 1]);
  });

  it('are listed whatever their status, but for the inactive ones', async () => {
    const { account, ecs } = arrange();
    add(account, {
      instances: ['ACTIVE', 'DRAINING', 'INACTIVE'].map((status) =>
        ecsInstanceOf(status, { status }),
      ),
    });
    const listed = async (input: object) =>
      (await ecs.send(new ListContainerInstancesCommand({ cluster: 'shop', ...input })))
        .containerInstanceArns;
    expect(await listed({})).toEqual([instanceArn('ACTIVE'), instanceArn('DRAINING')]);
    expect(await listed({ status: 'DRAINING' })).toEqual([instanceArn('DRAINING')]);
  });

  it('are described with health and tags only on request', async () => {
    const { account, ecs } = arrange();
    add(account, { instances: [ecsInstanceOf('c1', { tags: [{ key: 'k', value: 'v' }] })] });
    const input = { cluster: 'shop', containerInstances: ['c1', instanceArn('gone')] };
    const plain = await ecs.send(new DescribeContainerInstancesCommand(input));
    expect(plain.containerInstances?.[0]).not.toHaveProperty('tags');
    expect(plain.containerInstances?.[0]).not.toHaveProperty('healthStatus');
    expect(plain.failures).toEqual([{ arn: instanceArn('gone'), reason: 'MISSING' }]);
    const whole = await ecs.send(
      new DescribeContainerInstancesCommand({
        ...input,
        include: ['TAGS', 'CONTAINER_INSTANCE_HEALTH'],
      }),
    );
    expect(whole.containerInstances).toMatchObject([
      { tags: [{ key: 'k', value: 'v' }], healthStatus: { overallStatus: 'OK' } },
    ]);
  });

  it('are described 100 at once, and not 101', async () => {
    const { ecs } = arrange();
    const describeSome = (count: number) =>
      ecs.send(
        new DescribeContainerInstancesCommand({
          cluster: 'shop',
          containerInstances: Array.from({ length: count }, (_, at) => `c${at}`),
        }),
      );
    expect((await describeSome(100)).failures).toHaveLength(100);
    expect((await errorOf(describeSome(101))).name).toBe('InvalidParameterException');
  });
});

describe('ListServices', () => {
  it.each([
    ['ten, which is the page without a size', {}, [10, 1]],
    ['a hundred at most', { maxResults: 100 }, [11]],
  ])('answers pages of %s', async (_, input, sizes) => {
    const { ecs } = arrange({ services: 11 });
    const pages: number[] = [];
    for await (const { serviceArns = [] } of paginateListServices(
      { client: ecs },
      { cluster: 'shop', ...input },
    )) {
      pages.push(serviceArns.length);
    }
    expect(pages).toEqual(sizes);
  });

  it('leaves deleted services out, and refuses a page of 101', async () => {
    const { account, ecs } = arrange();
    add(account, {
      services: [
        ecsServiceOf('web'),
        ecsServiceOf('old', { status: 'INACTIVE' }),
        ecsServiceOf('leaving', { status: 'DRAINING' }),
      ],
    });
    const { serviceArns } = await ecs.send(new ListServicesCommand({ cluster: 'shop' }));
    expect(serviceArns).toEqual([serviceArn('web'), serviceArn('leaving')]);
    const call = ecs.send(new ListServicesCommand({ cluster: 'shop', maxResults: 101 }));
    expect((await errorOf(call)).name).toBe('InvalidParameterException');
  });
});

describe('DescribeCapacityProviders', () => {
  const providerOf = (
    name: string,
    changes: Partial<EcsCapacityProvider> = {},
  ): EcsCapacityProvider => ({
    capacityProviderArn: `arn:aws:ecs:eu-central-1:123456789012:capacity-provider/${name}`,
    name,
    type: 'MANAGED_INSTANCES',
    status: 'ACTIVE',
    cluster: clusterArn,
    managedInstancesProvider: {
      instanceLaunchTemplate: { networkConfiguration: { subnets: ['subnet-1'] } },
      infrastructureOptimization: { scaleInAfter: 300 },
    },
    ...changes,
  });

  it('has the shape of the API', () => {
    // The status is an open set here, and parts of the launch template are left out.
    type Closed = Omit<EcsCapacityProvider, 'status' | 'managedInstancesProvider'>;
    expectTypeOf<Closed>().toExtend<SdkCapacityProvider>();
  });

  it('answers those that a cluster can use, in pages of ten', async () => {
    const { account, ecs } = arrange();
    for (let at = 0; at < 11; at += 1) {
      account.capacityProviders.set(`p${at}`, providerOf(`p${at}`));
    }
    account.capacityProviders.set('other', providerOf('other', { cluster: 'arn:other' }));
    const first = await ecs.send(new DescribeCapacityProvidersCommand({ cluster: 'shop' }));
    expect(first.capacityProviders).toHaveLength(10);
    const second = await ecs.send(
      new DescribeCapacityProvidersCommand({ cluster: 'shop', nextToken: first.nextToken }),
    );
    expect(second.capacityProviders).toMatchObject([
      {
        name: 'p10',
        managedInstancesProvider: { infrastructureOptimization: { scaleInAfter: 300 } },
      },
    ]);
    expect(second.nextToken).toBeUndefined();
  });

  it('answers by name, and reports the rest as MISSING', async () => {
    const { account, ecs } = arrange();
    account.capacityProviders.set('general', providerOf('general'));
    const { capacityProviders, failures } = await ecs.send(
      new DescribeCapacityProvidersCommand({ capacityProviders: ['general', 'gone'] }),
    );
    expect(capacityProviders).toHaveLength(1);
    expect(failures).toEqual([{ arn: 'gone', reason: 'MISSING' }]);
    const call = ecs.send(new DescribeCapacityProvidersCommand({ maxResults: 11 }));
    expect((await errorOf(call)).name).toBe('InvalidParameterException');
  });
});
