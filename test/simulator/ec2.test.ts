import {
  DescribeInstanceEventWindowsCommand,
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeSubnetsCommand,
  paginateDescribeSubnets,
  type Instance as SdkInstance,
  type InstanceEventWindow as SdkInstanceEventWindow,
  type InstanceTypeInfo as SdkInstanceTypeInfo,
  type Subnet as SdkSubnet,
} from '@aws-sdk/client-ec2';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type {
  Ec2EventWindow,
  Ec2Instance,
  Ec2InstanceType,
  Ec2Subnet,
} from '../../simulator/account.ts';
import { add, ec2InstanceOf, startedAt } from '../support/accounts.ts';
import { accountOf, clientsOf, errorOf } from './clients.ts';

function arrange() {
  const account = accountOf();
  return { account, ec2: clientsOf(account).ec2 };
}

it('has the shapes of the API', () => {
  // Types, states and days are open sets here.
  expectTypeOf<Omit<Ec2Instance, 'InstanceType' | 'State'>>().toExtend<SdkInstance>();
  expectTypeOf<Ec2Subnet>().toExtend<SdkSubnet>();
  expectTypeOf<Omit<Ec2InstanceType, 'InstanceType'>>().toExtend<SdkInstanceTypeInfo>();
  type Window = Omit<Ec2EventWindow, 'State' | 'TimeRanges'>;
  expectTypeOf<Window>().toExtend<SdkInstanceEventWindow>();
});

describe('DescribeInstances', () => {
  const own = ec2InstanceOf('i-0a', {
    Operator: { Managed: false },
    InstanceLifecycle: 'spot',
    Tags: [{ Key: 'team', Value: 'a & b' }],
  });
  const managed = ec2InstanceOf('i-0b');
  const idsOf = (output: {
    Reservations?: { Instances?: { InstanceId?: string | undefined }[] | undefined }[] | undefined;
  }) => output.Reservations?.flatMap(({ Instances }) => Instances?.map((one) => one.InstanceId));

  it('hides managed instances from lists that do not ask for them', async () => {
    const { account, ec2 } = arrange();
    add(account, {
      ec2Instances: [
        own,
        managed,
        ec2InstanceOf('i-0c', { Operator: { Managed: true, HiddenByDefault: false } }),
      ],
    });
    const listed = await ec2.send(new DescribeInstancesCommand({}));
    expect(idsOf(listed)).toEqual(['i-0a', 'i-0c']);
    const all = await ec2.send(new DescribeInstancesCommand({ IncludeManagedResources: true }));
    expect(idsOf(all)).toEqual(['i-0a', 'i-0b', 'i-0c']);
    const byId = await ec2.send(new DescribeInstancesCommand({ InstanceIds: ['i-0b'] }));
    expect(idsOf(byId)).toEqual(['i-0b']);
  });

  it('carries times, nested members, and tags with special characters', async () => {
    const { account, ec2 } = arrange();
    add(account, { ec2Instances: [own] });
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({}));
    expect(Reservations?.[0]?.Instances).toEqual([
      {
        InstanceId: 'i-0a',
        InstanceType: 'c6a.large',
        InstanceLifecycle: 'spot',
        LaunchTime: startedAt,
        State: { Name: 'running' },
        Placement: { AvailabilityZone: 'eu-central-1a' },
        Operator: { Managed: false },
        Tags: [{ Key: 'team', Value: 'a & b' }],
      },
    ]);
  });

  it.each([
    [['i-0a', 'i-0d'], "The instance ID 'i-0d' does not exist"],
    [['i-0d', 'i-0a', 'i-0e'], "The instance IDs 'i-0d, i-0e' do not exist"],
  ])('answers nothing at all when one id is unknown', async (InstanceIds, message) => {
    const { account, ec2 } = arrange();
    add(account, { ec2Instances: [own] });
    const error = await errorOf(ec2.send(new DescribeInstancesCommand({ InstanceIds })));
    expect(error).toMatchObject({ name: 'InvalidInstanceID.NotFound', message });
  });

  it.each([
    ['a malformed id', { InstanceIds: ['mi-0a'] }, 'InvalidInstanceID.Malformed'],
    [
      'ids with a page size',
      { InstanceIds: ['i-0a'], MaxResults: 5 },
      'InvalidParameterCombination',
    ],
    ['a page of four', { MaxResults: 4 }, 'InvalidParameterValue'],
    ['a token never given', { NextToken: 'x' }, 'InvalidNextToken'],
  ])('refuses %s', async (_, input, name) => {
    const { ec2 } = arrange();
    expect(await errorOf(ec2.send(new DescribeInstancesCommand(input)))).toMatchObject({ name });
  });

  it('names a filter that it does not know', async () => {
    const { account, ec2 } = arrange();
    const Filters = [{ Name: 'tag:team', Values: ['a'] }];
    await errorOf(ec2.send(new DescribeInstancesCommand({ Filters })));
    expect(account.problems).toEqual(['ec2:DescribeInstances: the member Filter is not simulated']);
  });
});

describe('DescribeSubnets', () => {
  const withSubnets = (count: number) => {
    const { account, ec2 } = arrange();
    for (let at = 0; at < count; at += 1) {
      const SubnetId = `subnet-${at}`;
      account.subnets.set(SubnetId, { SubnetId, AvailabilityZone: `eu-central-1${'abc'[at % 3]}` });
    }
    return { account, ec2 };
  };

  it('leaves out what is unknown, by filter', async () => {
    const { account, ec2 } = withSubnets(3);
    const Filters = [{ Name: 'subnet-id', Values: ['subnet-1', 'subnet-9'] }];
    const { Subnets } = await ec2.send(new DescribeSubnetsCommand({ Filters }));
    expect(Subnets).toEqual([{ SubnetId: 'subnet-1', AvailabilityZone: 'eu-central-1b' }]);
    expect(account.calls[0]?.input).toEqual({
      Filter: [{ Name: 'subnet-id', Value: ['subnet-1', 'subnet-9'] }],
    });
  });

  it('answers in pages', async () => {
    const { ec2 } = withSubnets(11);
    const pages: (number | undefined)[] = [];
    for await (const { Subnets } of paginateDescribeSubnets({ client: ec2, pageSize: 5 }, {})) {
      pages.push(Subnets?.length);
    }
    expect(pages).toEqual([5, 5, 1]);
  });

  it('refuses 201 values, and names wildcards and other filters as not simulated', async () => {
    const { account, ec2 } = withSubnets(1);
    const filtered = (Name: string, Values: string[]) =>
      errorOf(ec2.send(new DescribeSubnetsCommand({ Filters: [{ Name, Values }] })));
    const many = Array.from({ length: 201 }, (_, at) => `subnet-${at}`);
    expect((await filtered('subnet-id', many)).name).toBe('FilterLimitExceeded');
    await filtered('subnet-id', ['subnet-*']);
    await filtered('vpc-id', ['vpc-1']);
    expect(account.problems).toEqual([
      'ec2:DescribeSubnets: wildcards',
      'ec2:DescribeSubnets: a filter by anything but subnet-id',
    ]);
  });
});

it('describes instance types with their limits', async () => {
  const { account, ec2 } = arrange();
  for (const [name, interfaces] of [
    ['c6a.large', 3],
    ['m6a.large', 4],
  ] as const) {
    account.instanceTypes.set(name, {
      InstanceType: name,
      VCpuInfo: { DefaultVCpus: 2 },
      MemoryInfo: { SizeInMiB: 4096 },
      NetworkInfo: { MaximumNetworkInterfaces: interfaces },
    });
  }
  const { InstanceTypes } = await ec2.send(
    new DescribeInstanceTypesCommand({
      Filters: [{ Name: 'instance-type', Values: ['m6a.large', 'x.unknown'] }],
    }),
  );
  expect(InstanceTypes).toEqual([
    {
      InstanceType: 'm6a.large',
      VCpuInfo: { DefaultVCpus: 2 },
      MemoryInfo: { SizeInMiB: 4096 },
      NetworkInfo: { MaximumNetworkInterfaces: 4 },
    },
  ]);
});

it('describes event windows with ranges, cron and what they are for', async () => {
  const { account, ec2 } = arrange();
  const window: Ec2EventWindow = {
    InstanceEventWindowId: 'iew-1',
    Name: 'nights',
    TimeRanges: [{ StartWeekDay: 'monday', StartHour: 2, EndWeekDay: 'monday', EndHour: 8 }],
    AssociationTarget: {
      InstanceIds: ['i-0a', 'i-0b'],
      Tags: [{ Key: 'team', Value: 'a' }],
    },
    State: 'active',
  };
  account.eventWindows.set('iew-1', window);
  account.eventWindows.set('iew-2', {
    InstanceEventWindowId: 'iew-2',
    CronExpression: '* 21-23 * * 2,3',
    State: 'active',
  });
  const { InstanceEventWindows } = await ec2.send(
    new DescribeInstanceEventWindowsCommand({ MaxResults: 500 }),
  );
  expect(InstanceEventWindows).toEqual([
    window,
    { InstanceEventWindowId: 'iew-2', CronExpression: '* 21-23 * * 2,3', State: 'active' },
  ]);
});
