import { readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../functions/density/config.ts';
import { createIncidentStore } from '../../shared/aws/incident-store.ts';
import { renderAlert } from '../../shared/domain/alert-text/render.ts';
import { weekFindingsOf } from '../../shared/domain/week-findings.ts';
import { parseWeekMemory } from '../../shared/events/week-memory.ts';
import type { Fields } from '../../shared/runtime/log.ts';
import {
  createAccount,
  type EcsService,
  type FaultRule,
  type Item,
} from '../../simulator/account.ts';
import { createRequestHandler } from '../../simulator/aws/request-handler.ts';
import { createSimulatedDensity } from '../../simulator/density.ts';
import { tableDefinition } from '../../simulator/hook-session.ts';
import { context } from '../domain/alert-samples.ts';
import {
  add,
  addCluster,
  clusterArn,
  ecsInstanceOf,
  ecsServiceOf,
  ecsTaskOf,
  instanceArn,
} from '../support/accounts.ts';

const startMs = Date.UTC(2026, 10, 2);
const stepMs = 5 * 60_000;
const look = JSON.parse(readFileSync('events/density/look.json', 'utf8'));

type World = {
  /** Tasks of `web` on each instance. */
  readonly onInstances: readonly number[];
  readonly desired?: number;
  readonly isDeploying?: boolean;
  readonly tags?: EcsService['tags'];
};

/** The function over the simulated account, with a clock that stands until it is moved. */
function createLab(
  config: { readonly concentrationPercentMax?: number; readonly clusterArns?: string[] } = {},
  everyMs = stepMs,
) {
  let nowMs = startMs;
  const account = createAccount({ nowMs: () => nowMs, tables: [tableDefinition] });
  addCluster(account);
  const logs: Fields[] = [];
  const handle = createSimulatedDensity({
    account,
    nowMs: () => nowMs,
    clusterArns: [clusterArn],
    onLog: (message, fields) => logs.push({ message, ...fields }),
    ...config,
  });
  const settings = {
    region: account.region,
    credentials: { accessKeyId: 'simulated', secretAccessKey: 'simulated' },
    requestHandler: createRequestHandler(account),
  };
  const store = createIncidentStore(new DynamoDBClient(settings), tableDefinition.TableName);
  return {
    account,
    logs,
    handle,
    fault: (rule: FaultRule) => account.faults.push(rule),
    incidents: async () => (await store.list()).incidents,
    /** Another run is faster wherever an incident is to be written, until it gives way. */
    contendIncidents: () => {
      const items = account.tables.get(tableDefinition.TableName)?.items;
      const others = new Set<string>();
      const giveWay = (): void => {
        for (const key of others) items?.delete(key);
      };
      account.intercept = ({ operation, input: { Item: item } }) => {
        if (operation === 'GetItem') giveWay();
        const { pk, sk, incidentId } = (item ?? {}) as Item;
        if (operation !== 'PutItem' || incidentId === undefined || !pk || !sk) return undefined;
        const key = JSON.stringify([pk, sk]);
        others.add(key);
        items?.set(key, { pk, sk });
        return undefined;
      };
      return () => {
        account.intercept = undefined;
        giveWay();
      };
    },
    /** Lets the time between two looks pass, and looks at such a cluster. */
    lookAt: async ({ onInstances, desired, isDeploying = false, tags = [] }: World) => {
      nowMs += everyMs;
      account.tasks.clear();
      account.containerInstances.clear();
      const running = onInstances.reduce((sum, count) => sum + count, 0);
      add(account, {
        instances: onInstances.map((_, at) => ecsInstanceOf(`c${at}`)),
        tasks: onInstances.flatMap((count, at) =>
          Array.from({ length: count }, (_, index) =>
            ecsTaskOf(`t${at}-${index}`, { containerInstanceArn: instanceArn(`c${at}`) }),
          ),
        ),
        services: [
          ecsServiceOf('web', {
            desiredCount: desired ?? running,
            runningCount: running,
            tags,
            deployments: [
              {
                id: 'ecs-svc/7',
                status: 'PRIMARY',
                rolloutState: isDeploying ? 'IN_PROGRESS' : 'COMPLETED',
              },
            ],
          }),
        ],
      });
      return await handle(look);
    },
  };
}

const times = async (count: number, run: (at: number) => Promise<unknown>): Promise<void> => {
  for (let at = 0; at < count; at += 1) await run(at);
};

describe('density: concentration', () => {
  const tight: World = { onInstances: [5, 1, 1, 1] };
  const spread: World = { onInstances: [2, 2, 2, 2] };

  it('tells once that half a service hangs on one instance, after half an hour', async () => {
    const lab = createLab();
    await times(6, () => lab.lookAt(tight));
    expect(await lab.incidents()).toEqual([]);
    await times(3, () => lab.lookAt(tight));
    const [incident, ...others] = await lab.incidents();
    expect(others).toEqual([]);
    expect(incident).toMatchObject({
      kind: 'concentration',
      status: 'open',
      severity: 'warn',
      count: 1,
      facts: { instance: 'i-c0', onInstance: 5, remaining: 3, desired: 8 },
    });
    expect(incident?.outbox.map(({ transition }) => transition)).toEqual(['open']);
    const calls = lab.account.calls.map(({ operation }) => operation);
    expect(calls.filter((name) => /^(Update|Stop|Run|Start|Publish)/.test(name))).toEqual([]);
  });

  it('ends it when the service has been spread for half an hour', async () => {
    const lab = createLab();
    await times(8, () => lab.lookAt(tight));
    await times(6, () => lab.lookAt(spread));
    expect((await lab.incidents())[0]?.status).toBe('open');
    await times(2, () => lab.lookAt(spread));
    expect(await lab.incidents()).toMatchObject([{ status: 'resolved', resolution: 'spread' }]);
  });

  it.each<readonly [string, World, number]>([
    ['a short one', tight, 5],
    ['three tasks', { onInstances: [3] }, 12],
    [
      'a service that is tagged off',
      { ...tight, tags: [{ key: 'ballast:density', value: 'off' }] },
      12,
    ],
  ])('says nothing of %s', async (_, world, looks) => {
    const lab = createLab();
    await times(looks, () => lab.lookAt(world));
    expect(await lab.incidents()).toEqual([]);
  });

  it('takes the percent of the stack', async () => {
    const lab = createLab({ concentrationPercentMax: 80 });
    await times(9, () => lab.lookAt(tight));
    expect(await lab.incidents()).toEqual([]);
  });
});

/** A look every quarter of an hour, so that a week takes seconds. */
const quarterMs = 15 * 60_000;
const daySamples = 96;
/** Three instances by night, five by day; six or seven tasks on each. */
function daily(at: number): World {
  const hour = ((at % daySamples) / daySamples) * 24;
  const instances = hour >= 8 && hour < 20 ? 5 : 3;
  const onInstances = Array.from({ length: instances }, (_, index) => 6 + ((at + index) % 2));
  return { onInstances, desired: instances * 6 };
}

describe('density: anomalies', () => {
  it('says nothing in seven days that scale daily, with two deployments', {
    timeout: 120_000,
  }, async () => {
    const lab = createLab({}, quarterMs);
    const deployments = [3 * daySamples + 40, 5 * daySamples + 10];
    await times(7 * daySamples, (at) => {
      const world = daily(at);
      const isDeploying = deployments.some((from) => at >= from && at < from + 3);
      return lab.lookAt(
        isDeploying
          ? { ...world, isDeploying, onInstances: world.onInstances.map((count) => 2 * count) }
          : world,
      );
    });
    expect(await lab.incidents()).toEqual([]);
    const memories = [...(lab.account.tables.get(tableDefinition.TableName)?.items.values() ?? [])];
    expect(JSON.stringify(memories).length).toBeLessThan(60_000);
  });

  it('tells a runaway scale-out once, with the figure and its band, though at first others wrote there', {
    timeout: 120_000,
  }, async () => {
    const lab = createLab({}, quarterMs);
    await times(3 * daySamples, (at) => lab.lookAt(daily(at)));
    const grow = (at: number) => {
      const instances = 8 + Math.min(at, 6);
      return lab.lookAt({
        onInstances: Array.from({ length: instances }, () => 6),
        desired: 6 * instances,
      });
    };
    const giveWay = lab.contendIncidents();
    await times(8, grow);
    expect(lab.logs).toContainEqual(expect.objectContaining({ outcome: 'contended' }));
    giveWay();
    await times(4, (at) => grow(8 + at));
    const open = await lab.incidents();
    expect(open).toHaveLength(1);
    const [incident] = open;
    const [notice] = incident?.outbox ?? [];
    if (incident === undefined || notice === undefined) throw new Error('nothing to tell');
    expect(notice.transition).toBe('open');
    const { subject, text } = renderAlert(incident, notice, context);
    expect(subject).toMatch(/^\[WARN\] shop: provider general: instances \d+, usually 3-5$/);
    expect(text).toMatch(/changed before: web desired count changed \d+ to \d+/);
  });

  it('only logs fewer instances, where what they could harm is as usual', {
    timeout: 120_000,
  }, async () => {
    const lab = createLab({}, quarterMs);
    const six = (tasks: number): World => ({
      onInstances: Array.from({ length: 6 }, () => tasks),
      desired: 6 * tasks,
    });
    await times(3 * daySamples, (at) => lab.lookAt(six(at % daySamples < daySamples / 2 ? 3 : 7)));
    await times(12, () => lab.lookAt({ onInstances: [6, 6, 6, 6], desired: 24 }));
    expect(await lab.incidents()).toEqual([]);
    const fewer = lab.logs.filter(({ reason }) => reason === 'fewer-instances');
    expect(fewer.length).toBeGreaterThan(0);
    expect(fewer[0]).toMatchObject({
      decision: 'hold',
      figures: [
        { figure: 'instances', group: 'general', value: 4 },
        { figure: 'instances', value: 4 },
      ],
    });
  });
});

describe('density: metrics', () => {
  it('writes them as lines of the log, and calls nothing for it', async () => {
    const lab = createLab();
    await lab.lookAt({ onInstances: [5, 1, 1, 1] });
    const lines = lab.logs.filter(({ message }) => message === 'metrics');
    expect(lines).toMatchObject([
      { Cluster: 'shop', Instances: 4, IdleInstances: 0, ConcentrationPercentMax: 62.5 },
      { Cluster: 'shop', CapacityProvider: 'general', TasksPerInstance: 2 },
    ]);
    expect(lines.every((line) => '_aws' in line)).toBe(true);
    const services = new Set(lab.account.calls.map(({ service }) => service));
    expect([...services].sort()).toEqual(['dynamodb', 'ecs']);
  });
});

describe('density: the week', () => {
  it('keeps of each provider what the weekly digest tells, with what Fargate would cost', async () => {
    const lab = createLab({}, 3_600_000);
    await times(9 * 24, () => lab.lookAt({ onInstances: [4, 0] }));
    const items = lab.account.tables.get(tableDefinition.TableName)?.items.values() ?? [];
    const weeks = [...items].flatMap(({ json }) => {
      const week = json !== undefined && 'S' in json ? parseWeekMemory(json.S) : undefined;
      return week === undefined ? [] : [week];
    });
    expect(weeks).toMatchObject([{ group: 'general', instances: 2, tasks: 4 }]);
    const [week] = weeks;
    expect(week?.days.map(({ looks }) => looks)).toEqual([24, 24, 24, 24, 24, 24, 24, 1]);
    const [day] = week?.days ?? [];
    expect(day?.hereUsdPerMonth).toBeGreaterThan(0);
    const { idle } = weekFindingsOf(weeks, startMs + 9 * 24 * 3_600_000);
    expect(idle).toMatchObject([{ group: 'general', ofInstances: 2, instances: [{}] }]);
  });
});

describe('density: a large cluster', () => {
  it('is followed on when 40 of 500 services with long names are scaled and deployed at once', async () => {
    const lab = createLab();
    const long = (name: string, at: number): string => `${name}-${at}-`.padEnd(70, 'n');
    const capacityProviderStrategy = Array.from({ length: 8 }, (_, at) => ({
      capacityProvider: long('provider', at),
    }));
    const services = (changed: number): readonly EcsService[] =>
      Array.from({ length: 500 }, (_, at) =>
        ecsServiceOf(long('service', at), {
          capacityProviderStrategy,
          desiredCount: at < changed ? 9 : 2,
          deployments: [
            {
              id: 'ecs-svc/7',
              status: 'PRIMARY',
              rolloutState: at < changed ? 'IN_PROGRESS' : 'COMPLETED',
            },
          ],
        }),
      );
    for (const changed of [0, 40, 40, 0]) {
      add(lab.account, { services: services(changed) });
      expect(await lab.lookAt({ onInstances: [2, 2] })).toMatchObject({
        clusters: [{ reason: 'density-followed' }],
      });
    }
  });
});

describe('density: what cannot be looked at', () => {
  const world: World = { onInstances: [2, 2] };

  it('holds where a read is incomplete, and remembers nothing of it', async () => {
    const lab = createLab();
    lab.fault({ service: 'ecs', operation: 'DescribeTasks', kind: 'throttle' });
    expect(await lab.lookAt(world)).toMatchObject({
      clusters: [{ decision: 'hold', reason: 'reads-incomplete' }],
    });
    expect(lab.account.calls.filter(({ service }) => service === 'dynamodb')).toEqual([]);
  });

  it('fails where a read is denied: that does not pass by itself', async () => {
    const lab = createLab();
    lab.fault({ service: 'ecs', operation: 'DescribeTasks', kind: 'throttle', times: 1 });
    lab.fault({ service: 'ecs', operation: 'DescribeServices', kind: 'access-denied' });
    await expect(lab.lookAt(world)).rejects.toThrow('1 of 1 clusters could not be followed');
    expect(lab.logs).toContainEqual(
      expect.objectContaining({
        ...{ message: 'decision', decision: 'hold', reason: 'reads-incomplete' },
        gap: expect.objectContaining({ operation: 'ecs:DescribeServices', reason: 'denied' }),
      }),
    );
    expect(lab.account.calls.filter(({ service }) => service === 'dynamodb')).toEqual([]);
  });

  it.each([[[clusterArn, `${clusterArn}-gone`]], [[`${clusterArn}-gone`, clusterArn]]])(
    'looks at the others where a cluster fails, and then fails: %j',
    async (clusterArns) => {
      const lab = createLab({ clusterArns });
      await expect(lab.lookAt(world)).rejects.toThrow('1 of 2 clusters could not be followed');
      const followed = lab.logs.filter(({ message }) => message === 'density');
      expect(followed).toMatchObject([{ cluster: 'shop' }]);
      const failed = lab.logs.filter(({ message }) => message === 'cluster-failed');
      expect(failed).toMatchObject([{ clusterArn: `${clusterArn}-gone` }]);
    },
  );

  it('begins each run with another cluster', async () => {
    const names = ['shop', 'shop-b', 'shop-c'];
    const arns = names.map((name) => clusterArn.replace('shop', name));
    const lab = createLab({ clusterArns: arns });
    for (const [at, arn] of arns.entries()) {
      lab.account.clusters.set(arn, { clusterArn: arn, clusterName: names[at] ?? '' });
    }
    const orders: string[][] = [];
    await times(4, async () => {
      const report = await lab.lookAt(world);
      orders.push(report?.clusters.map(({ cluster }) => cluster) ?? []);
    });
    expect(new Set(orders.slice(0, 3).map(([first]) => first)).size).toBe(3);
    expect(orders.every((order) => [...order].sort().join() === names.join())).toBe(true);
    expect(orders[3]).toEqual(orders[0]);
  });

  it('fails where its table cannot be read', async () => {
    const lab = createLab();
    lab.fault({ service: 'dynamodb', kind: 'access-denied' });
    await expect(lab.lookAt(world)).rejects.toThrow('1 of 1 clusters could not be followed');
  });

  it('ignores what is no schedule', async () => {
    const lab = createLab();
    expect(await lab.handle({ source: 'aws.ecs' })).toBeUndefined();
    expect(lab.logs).toContainEqual({ message: 'event-ignored', reason: 'not-a-schedule' });
  });

  it('says of a look that found nothing that it looked', async () => {
    expect(await createLab().lookAt(world)).toEqual({
      clusters: [
        { cluster: 'shop', decision: 'looked', reason: 'density-followed', incidents: [] },
      ],
    });
  });

  it('learns anew from a memory of another form', async () => {
    const lab = createLab();
    await lab.lookAt(world);
    const items = lab.account.tables.get(tableDefinition.TableName)?.items;
    for (const item of items?.values() ?? []) Object.assign(item, { json: { S: '{"form":0}' } });
    expect(await lab.lookAt(world)).toMatchObject({ clusters: [{ decision: 'looked' }] });
  });
});

describe('readConfig', () => {
  const env = {
    MODE: 'observe',
    CLUSTER_ARNS: clusterArn,
    TABLE_NAME: 'ballast',
    CONCENTRATION_PERCENT_MAX: '50',
    ZONE_SKEW_MAX: '1',
    EC2_DISCOUNT_PERCENT: '0',
    PER_SERVICE_METRICS: 'false',
  };

  it('reads what the template sets', () => {
    expect(readConfig(env)).toMatchObject({ concentrationPercentMax: 50, ec2DiscountPercent: 0 });
  });

  it.each(Object.keys(env))('names %s when it is wrong', (name) => {
    expect(() => readConfig({ ...env, [name]: '' })).toThrow(name);
  });
});
