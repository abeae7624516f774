import { DescribeInstancesCommand, DescribeSubnetsCommand, EC2Client } from '@aws-sdk/client-ec2';
import * as sdk from '@aws-sdk/client-ecs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ClientSettings } from '../../shared/aws/clients.ts';
import type { Call } from '../../simulator/account.ts';
import type { BehaviourId, VariantChoices } from '../../simulator/behaviours.ts';
import { directClient } from '../../simulator/fast/client.ts';
import { createFastReads } from '../../simulator/fast/reads.ts';
import { play } from '../../simulator/play.ts';
import { healthyMonth } from '../../simulator/scenarios/healthy-month.ts';
import { timelineOf } from '../../simulator/simulation.ts';
import { createSandbox } from '../../simulator/stack/sandbox.ts';
import { warmUp } from '../../simulator/stack/warm-up.ts';
import { clientsOf, passing } from './behaviours/requests.ts';
import { createLab, type Lab, secondMs } from './world-lab.ts';

/** Actions of a group, tokens at once, tokens a second; as the page has them. */
type Group = readonly [burst: number, perSecond: number, actions: readonly string[]];

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html */
const groups: Readonly<Record<string, Group>> = {
  'reads of tasks and instances': [
    100,
    20,
    [
      'DescribeTasks',
      'ListTasks',
      'DescribeContainerInstances',
      'ListContainerInstances',
      'ListAttributes',
    ],
  ],
  'writes to tasks and instances': [
    100,
    40,
    [
      ...['StopTask', 'RunTask', 'StartTask', 'DeregisterContainerInstance', 'ExecuteCommand'],
      ...[
        'UpdateContainerInstancesState',
        'PutAttributes',
        'DeleteAttributes',
        'UpdateContainerAgent',
      ],
    ],
  ],
  'reads of services': [100, 20, ['DescribeServices', 'ListServices']],
  'writes to services': [50, 5, ['UpdateService', 'CreateService', 'DeleteService']],
  deployments: [50, 20, ['DescribeServiceDeployments', 'ListServiceDeployments']],
  revisions: [50, 20, ['DescribeServiceRevisions']],
  protection: [200, 80, ['GetTaskProtection', 'UpdateTaskProtection']],
  'reads of providers': [50, 20, ['DescribeCapacityProviders']],
  'writes to providers': [
    10,
    1,
    ['CreateCapacityProvider', 'UpdateCapacityProvider', 'DeleteCapacityProvider'],
  ],
  'reads of task definitions': [
    50,
    20,
    ['DescribeTaskDefinition', 'ListTaskDefinitions', 'ListTaskDefinitionFamilies'],
  ],
  'writes to task definitions': [20, 1, ['RegisterTaskDefinition', 'DeregisterTaskDefinition']],
  'deletes of task definitions': [5, 1, ['DeleteTaskDefinitions']],
  'reads of tags': [50, 20, ['ListTagsForResource']],
  'writes of tags': [20, 10, ['TagResource', 'UntagResource']],
  'reads of settings': [50, 20, ['ListAccountSettings']],
  'writes of settings': [
    10,
    1,
    ['PutAccountSetting', 'PutAccountSettingDefault', 'DeleteAccountSetting'],
  ],
  agents: [
    200,
    120,
    [
      ...['RegisterContainerInstance', 'SubmitTaskStateChange', 'SubmitContainerStateChange'],
      'SubmitAttachmentStateChanges',
    ],
  ],
  namespaces: [10, 1, ['ListServicesByNamespace']],
};

/** Sends one action after the other, from two clients in turn: the account has one bucket for both. */
function senderOf(lab: Lab, actions: readonly string[]): () => Promise<unknown> {
  const clients = [clientsOf(lab).ecs, clientsOf(lab).ecs];
  const commands = actions.map((action): (new (input: object) => sdk.ListTasksCommand) =>
    Reflect.get(sdk, `${action}Command`),
  );
  let sent = 0;
  return async () => {
    const [Command, client] = [commands[sent % commands.length], clients[sent % 2]];
    sent += 1;
    if (Command === undefined || client === undefined) throw new Error('no such action');
    return await client.send(new Command({ cluster: 'prod' }));
  };
}

const without = (...ids: readonly BehaviourId[]): VariantChoices =>
  Object.fromEntries(ids.map((id) => [id, 'off']));

describe.each(Object.entries(groups))('the bucket of %s', (_, [burst, perSecond, actions]) => {
  it('is shared by its actions and all callers, and fills as time passes', async () => {
    const lab = createLab();
    const send = senderOf(lab, actions);
    expect(await passing(send, burst + 10)).toBe(`${burst}, then ThrottlingException`);
    lab.advance(secondMs);
    expect(await passing(send, burst + 10)).toBe(`${perSecond}, then ThrottlingException`);
    // No more are saved than it holds.
    lab.advance(3_600 * secondMs);
    expect(await passing(send, burst + 10)).toBe(`${burst}, then ThrottlingException`);
  });
});

describe('the buckets of ECS', () => {
  it('are apart from each other', async () => {
    const lab = createLab();
    for (const [burst, , actions] of Object.values(groups)) {
      const passed = await passing(senderOf(lab, actions), burst + 10);
      expect(passed).toBe(`${burst}, then ThrottlingException`);
    }
  });

  it('are there because the ledger says so', async () => {
    const lab = createLab({ variants: without('ecs-request-buckets', 'unlisted-request-buckets') });
    for (const [burst, , actions] of Object.values(groups)) {
      expect(await passing(senderOf(lab, actions), burst + 10)).toBe(`${burst + 10}`);
    }
  });
});

describe('the buckets of EC2', () => {
  it('are one for each action, and a smaller one for reads of everything', async () => {
    const { ec2 } = clientsOf(createLab());
    const all = () => ec2.send(new DescribeInstancesCommand({}));
    const paged = () => ec2.send(new DescribeInstancesCommand({ MaxResults: 5 }));
    const subnets = () => ec2.send(new DescribeSubnetsCommand({}));
    expect(await passing(all, 110)).toBe('50, then RequestLimitExceeded');
    expect(await passing(paged, 110)).toBe('100, then RequestLimitExceeded');
    expect(await passing(subnets, 110)).toBe('100, then RequestLimitExceeded');
  });

  it.each([
    ['DescribeInstances', 50, 10],
    ['DescribeInstanceStatus', 50, 10],
    ['DescribeInstanceTypes', 100, 20],
    ['TerminateInstances', 50, 5],
    ['CreateTags', 100, 10],
  ])('%s: %d at once, %d a second', (operation, burst, perSecond) => {
    const lab = createLab();
    const call: Call = { service: 'ec2', operation, input: {} };
    const passes = (): number =>
      Array.from({ length: 110 }, () => lab.world.account.admits?.(call)).filter(Boolean).length;
    expect(passes()).toBe(burst);
    lab.advance(secondMs);
    expect(passes()).toBe(perSecond);
  });
});

/** What a function's clients have, and a way to let time pass until they are answered. */
function sandboxIn(lab: Lab) {
  const { world } = lab;
  const { clientSettings, clock } = createSandbox({
    account: world.account,
    functionName: 'density',
    timeline: timelineOf(world),
    maxAttempts: 3,
    latencyMs: () => 0,
    crashesBefore: () => false,
    onLog: () => {},
    onDeath: () => {},
  });
  const outcome = async (work: Promise<unknown>): Promise<string> => {
    const fromMs = world.nowMs();
    const name = world.track(work).then(
      () => 'done',
      (error: Error) => error.name,
    );
    await world.run(fromMs + 60 * secondMs);
    return await name;
  };
  return { clientSettings, clock, outcome };
}

const empty = async (lab: Lab, group: string): Promise<void> => {
  await passing(senderOf(lab, groups[group]?.[2] ?? []), 300);
};

describe('Ballast in ordinary life', () => {
  it('is never refused: 60 services, all functions', async () => {
    let [calls, refusals] = [0, 0];
    await play(healthyMonth, {
      ...{ seed: 3, days: 0.15, mode: 'fast', withBallast: true, withWatchers: true },
      watch: ({ world: { account } }) => {
        const { admits } = account;
        account.admits = (call) => {
          const isAdmitted = admits?.(call) ?? false;
          calls += 1;
          if (!isAdmitted) refusals += 1;
          return isAdmitted;
        };
      },
    });
    expect(calls).toBeGreaterThan(1_000);
    expect(refusals).toBe(0);
  });
});

/** So that what a client loads with its first call takes no time of a world. */
beforeAll(warmUp);

describe('a client that is refused', () => {
  const list = new sdk.ListTasksCommand({ cluster: 'prod' });

  it.each([
    ['its second attempt', 400, 3, 'done', 500],
    ['its third', 1_400, 3, 'done', 1_500],
    ['none, where it has but one', 400, 1, 'ThrottlingException', 0],
    ['none, where they go on for longer', 5_000, 3, 'ThrottlingException', 1_500],
  ])(
    'gets through with %s, over the wire and in fast mode, in virtual time',
    async (_, busyMs, maxAttempts, expected, afterMs) => {
      for (const isFast of [false, true]) {
        const lab = createLab();
        const { clientSettings, clock, outcome } = sandboxIn(lab);
        const client = isFast
          ? directClient<sdk.ECSClient>(lab.world.account, 'ecs', { clock, maxAttempts })
          : new sdk.ECSClient({ ...clientSettings, maxAttempts } as ClientSettings);
        const startMs = lab.world.nowMs();
        // Nobody gets a token before then.
        lab.world.account.admits = () => lab.world.nowMs() - startMs >= busyMs;
        let endedMs = 0;
        const call = client.send(list).finally(() => {
          endedMs = lab.world.nowMs();
        });
        expect([isFast, await outcome(call), endedMs - startMs]).toEqual([
          isFast,
          expected,
          afterMs,
        ]);
      }
    },
  );

  it('of EC2 retries as well', async () => {
    const lab = createLab();
    const { clientSettings, outcome } = sandboxIn(lab);
    const { ec2 } = clientsOf(lab);
    await passing(() => ec2.send(new DescribeInstancesCommand({})), 110);
    const client = new EC2Client(clientSettings as ClientSettings);
    expect(await outcome(client.send(new DescribeInstancesCommand({})))).toBe('done');
    expect(lab.world.account.calls.length).toBe(51 + 2);
  });

  it('reads nothing in fast mode either, not even what is remembered', async () => {
    const lab = createLab();
    const { ecs } = createFastReads(lab.world.account);
    await ecs.listTasks({ cluster: 'prod' });
    await empty(lab, 'reads of tasks and instances');
    await expect(ecs.listTasks({ cluster: 'prod' })).rejects.toMatchObject({
      name: 'ThrottlingException',
    });
    lab.advance(secondMs);
    expect(await ecs.listTasks({ cluster: 'prod' })).toEqual({ taskArns: [] });
  });
});
