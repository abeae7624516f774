import { readConfig as readHookConfig } from '../../functions/deployment-hook/config.ts';
import { createHandler as createHookHandler } from '../../functions/deployment-hook/handler.ts';
import { readConfig as readTaskStateConfig } from '../../functions/task-state/config.ts';
import { createHandler as createTaskStateHandler } from '../../functions/task-state/handler.ts';
import { createDeploymentGateway } from '../../shared/aws/deployment-gateway.ts';
import type { GateItem } from '../../shared/aws/gate-store.ts';
import { createLoadBalancerGateway } from '../../shared/aws/load-balancer-gateway.ts';
import { createLogGateway } from '../../shared/aws/log-gateway.ts';
import { openMemoryStore } from '../../shared/aws/memory-store.ts';
import { createMetricGateway } from '../../shared/aws/metric-gateway.ts';
import { createMetricReader } from '../../shared/aws/metric-reader.ts';
import { createParameterGateway } from '../../shared/aws/parameter-gateway.ts';
import { createSecretGateway } from '../../shared/aws/secret-gateway.ts';
import { createServiceGateway } from '../../shared/aws/service-gateway.ts';
import { createTaskPlaceGateway } from '../../shared/aws/task-place-gateway.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Account, ServiceName } from '../account.ts';
import { type FunctionFactory, maxAttemptsDefault } from '../stack/deploy.ts';
import { type FunctionOptions, watchingFactories } from '../stack/functions.ts';
import { directClient } from './client.ts';
import {
  type CountCall,
  createFastIncidentStore,
  createFastSubjectIncidents,
  createIncidentMemory,
} from './incident-store.ts';
import { createFastPublisher } from './publisher.ts';
import { createFastReads } from './reads.ts';
import { createRememberedMaking } from './remembered-making.ts';
import { createFastInstanceReader, createFastSnapshotReader } from './snapshots.ts';
import {
  createFastEvidenceStore,
  createFastGateStore,
  createFastMemoryStore,
  type Evidence,
} from './stores.ts';

/**
 * The real functions with ports that stand on the world itself: reads without bytes, stores and topics
 * in memory. For long runs; what only the way to AWS has, such as calls that hang, they do not have.
 */
export function fastFactories(
  account: Account,
  { prober, seed }: FunctionOptions,
): Readonly<Record<string, FunctionFactory>> {
  const count: CountCall = (operation) => {
    account.intercept?.({ service: 'dynamodb', operation, input: {} });
  };
  const client = <Client>(
    service: ServiceName,
    clock: Clock,
    maxAttempts = maxAttemptsDefault,
  ): Client => directClient(account, service, { clock, maxAttempts });
  const memory = createIncidentMemory();
  const incidents = createFastIncidentStore(memory, count);
  const subjects = createFastSubjectIncidents(memory, count);
  const gates = createFastGateStore(new Map<string, GateItem>(), count);
  const evidence = createFastEvidenceStore(new Map<string, Evidence>(), count);
  const memories = createFastMemoryStore(new Map(), count);
  const reads = createFastReads(account);
  const making = createRememberedMaking();
  const watch = (_: string, { clock }: { readonly clock: Clock }) => ({
    ...{ incidents, subjects, memories },
    snapshots: createFastSnapshotReader(reads, clock, making),
    instances: createFastInstanceReader(reads, clock),
  });
  return {
    'deployment-hook': (env, { clock, log }) =>
      createHookHandler({
        deployments: createDeploymentGateway(client('ecs', clock)),
        loadBalancers: createLoadBalancerGateway(client('elasticloadbalancing', clock)),
        metrics: createMetricGateway(client('cloudwatch', clock)),
        parameters: createParameterGateway(client('ssm', clock)),
        secrets: createSecretGateway(client('secretsmanager', clock)),
        createStore: () => gates,
        createReportStores: () => ({ incidents, evidence }),
        prober: prober(clock),
        clock,
        log,
        readConfig: () => readHookConfig(env),
        seed,
      }),
    'task-state': (env, { clientSettings, clock, log }) => {
      const config = readTaskStateConfig(env);
      return createTaskStateHandler({
        store: incidents,
        services: createServiceGateway(client('ecs', clock)),
        tasks: createTaskPlaceGateway(client('ecs', clock)),
        logs: createLogGateway(client('ecs', clock, 1), client('logs', clock, 1)),
        metrics: createMetricReader(client('cloudwatch', clock)),
        memories: openMemoryStore(clientSettings, config.tableName),
        publisher: createFastPublisher(account, config),
        config,
        clock,
        log,
      });
    },
    ...watchingFactories({ 'instance-replacement': watch, 'az-balance': watch, density: watch }),
  };
}
