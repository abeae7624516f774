import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Config } from '../../functions/az-balance/config.ts';
import { createHandler, type Deps } from '../../functions/az-balance/handler.ts';
import { createAzBalanceGateways } from '../../shared/aws/az-balance-gateways.ts';
import { createIncidentStore } from '../../shared/aws/incident-store.ts';
import type { Incident } from '../../shared/domain/incident.ts';
import { type Account, createAccount, type EcsService } from '../../simulator/account.ts';
import { createRequestHandler } from '../../simulator/aws/request-handler.ts';
import { tableDefinition } from '../../simulator/hook-session.ts';
import { createVirtualClock } from '../../simulator/virtual-clock.ts';
import {
  add,
  clusterArn,
  clusterName,
  ecsInstanceOf,
  ecsServiceOf,
  ecsTaskOf,
  instanceArn,
  serviceArn,
  startedAt,
} from '../support/accounts.ts';

export const minuteMs = 60_000;
export const startMs = startedAt.getTime() + 24 * 60 * minuteMs;
export const zones = ['a', 'b', 'c'] as const;
export type Counts = Partial<Readonly<Record<(typeof zones)[number], number>>>;
export const zoneOf = (zone: string): string => `eu-central-1${zone}`;

/** What ECS leaves alone: nothing may start before something stops. */
export const surging: Partial<EcsService> = {
  deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 100 },
};

/** A cluster on managed instances with a large instance in each of three zones. */
export function addZones(account: Account, withInstances: readonly string[] = zones): void {
  account.clusters.set(clusterArn, { clusterArn, clusterName });
  account.capacityProviders.set('general', {
    capacityProviderArn: 'arn:aws:ecs:eu-central-1:123456789012:capacity-provider/general',
    name: 'general',
    type: 'MANAGED_INSTANCES',
    status: 'ACTIVE',
    cluster: clusterArn,
    managedInstancesProvider: {
      instanceLaunchTemplate: {
        networkConfiguration: { subnets: zones.map((zone) => `subnet-${zone}`) },
      },
    },
  });
  for (const zone of zones) {
    const SubnetId = `subnet-${zone}`;
    account.subnets.set(SubnetId, { SubnetId, AvailabilityZone: zoneOf(zone) });
  }
  account.instanceTypes.set('c6a.large', {
    InstanceType: 'c6a.large',
    VCpuInfo: { DefaultVCpus: 2 },
    MemoryInfo: { SizeInMiB: 4096 },
    NetworkInfo: { MaximumNetworkInterfaces: 3 },
  });
  add(account, {
    instances: withInstances.map((zone) =>
      ecsInstanceOf(`c-${zone}`, {
        attributes: [
          { name: 'ecs.availability-zone', value: zoneOf(zone) },
          { name: 'ecs.instance-type', value: 'c6a.large' },
          { name: 'ecs.cpu-architecture', value: 'x86_64' },
        ],
        remainingResources: [
          { name: 'CPU', type: 'INTEGER', integerValue: 65_536 },
          { name: 'MEMORY', type: 'INTEGER', integerValue: 131_072 },
          { name: 'PORTS', type: 'STRINGSET', stringSetValue: [] },
          { name: 'PORTS_UDP', type: 'STRINGSET', stringSetValue: [] },
        ],
      }),
    ),
  });
}

/** Puts a service's tasks into zones, in place of those that it has. */
export function place(
  account: Account,
  name: string,
  counts: Counts,
  changes: Partial<EcsService> = {},
): void {
  const group = `service:${name}`;
  for (const task of [...account.tasks.values()]) {
    if (task.group === group) account.tasks.delete(task.taskArn);
  }
  const tasks = Object.entries(counts).flatMap(([zone, count]) =>
    Array.from({ length: count ?? 0 }, (_, at) =>
      ecsTaskOf(`${name}-${zone}-${at}`, {
        group,
        availabilityZone: zoneOf(zone),
        containerInstanceArn: instanceArn(`c-${zone}`),
      }),
    ),
  );
  const count = tasks.length;
  const known = account.services.get(serviceArn(name));
  const service = ecsServiceOf(name, {
    ...known,
    desiredCount: count,
    runningCount: count,
    ...changes,
  });
  add(account, { tasks, services: [service] });
}

/** The function over the simulated account, at a time that stands until it is moved. */
export function createLab(
  options: {
    readonly config?: Partial<Config>;
    readonly overrides?: Partial<Deps>;
    readonly handlerOf?: (account: Account) => object;
  } = {},
) {
  let offsetMs = 0;
  const virtual = createVirtualClock(startMs);
  const clock = { nowMs: () => virtual.nowMs() + offsetMs, sleep: virtual.sleep };
  const account = createAccount({ nowMs: clock.nowMs, tables: [tableDefinition] });
  addZones(account);
  const settings = {
    region: account.region,
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    maxAttempts: 1,
    requestHandler: options.handlerOf?.(account) ?? createRequestHandler(account),
  };
  const config: Config = {
    stackMode: 'observe',
    clusterArns: [clusterArn],
    tableName: tableDefinition.TableName,
    zoneSkewMax: 1,
    zoneHoldMinutes: 20,
    ...options.config,
  };
  const logs: { readonly message: string; readonly fields: Readonly<Record<string, unknown>> }[] =
    [];
  const note = (message: string, fields: object = {}): void => {
    logs.push({ message, fields: { ...fields } });
  };
  const gateways = createAzBalanceGateways(settings, config, clock);
  const deps: Deps = {
    ...gateways,
    config,
    clock,
    log: { debug: note, info: note, warn: note, error: note },
    ...options.overrides,
  };
  const handle = createHandler(deps);
  const store = createIncidentStore(new DynamoDBClient(settings), config.tableName);
  const run = () => handle({ source: 'ballast.schedule', 'detail-type': 'run' });
  return {
    account,
    deps,
    store,
    logs,
    handle,
    run,
    nowMs: clock.nowMs,
    wait: (minutes: number): void => {
      offsetMs += minutes * minuteMs;
    },
    /** Runs every five minutes, now first, until so many have passed. */
    async pass(minutes: number): Promise<void> {
      const endMs = clock.nowMs() + minutes * minuteMs;
      while (clock.nowMs() < endMs) {
        await run();
        offsetMs += 5 * minuteMs;
      }
    },
    incidents: async (): Promise<readonly Incident[]> => (await store.list()).incidents,
    logged: (message: string) =>
      logs.flatMap((one) => (one.message === message ? [one.fields] : [])),
    /** Calls of AWS by operation since the last look, but for the table's. */
    calls: (): Readonly<Record<string, number>> => {
      const counts: Record<string, number> = {};
      for (const { service, operation } of account.calls.splice(0)) {
        if (service !== 'dynamodb') counts[operation] = (counts[operation] ?? 0) + 1;
      }
      return counts;
    },
  };
}

export type Lab = ReturnType<typeof createLab>;
