import { lazy } from '../runtime/lazy.ts';
import type { ClientSettings } from './clients.ts';
import type { DeploymentGateway } from './deployment-gateway.ts';
import type { EvidenceStore } from './evidence-store.ts';
import type { GateStore } from './gate-store.ts';
import type { IncidentRecords } from './incident-record.ts';
import type { LoadBalancerGateway } from './load-balancer-gateway.ts';
import type { MetricGateway } from './metric-gateway.ts';
import type { ParameterGateway } from './parameter-gateway.ts';
import type { SecretGateway } from './secret-gateway.ts';

export type DeploymentHookGateways = {
  readonly deployments: DeploymentGateway;
  readonly loadBalancers: LoadBalancerGateway;
  readonly metrics: MetricGateway;
  readonly parameters: ParameterGateway;
  readonly secrets: SecretGateway;
  readonly createStore: (tableName: string) => GateStore;
  readonly createReportStores: (tableName: string) => {
    readonly incidents: IncidentRecords;
    readonly evidence: EvidenceStore;
  };
};

/**
 * The gateways of the deployment hook, each loaded with its SDK client on first use: a rollback call
 * loads none of them, and only a gate that names secrets or metrics pays for those.
 */
export const createDeploymentHookGateways = (settings: ClientSettings): DeploymentHookGateways => ({
  deployments: lazy<DeploymentGateway>(
    ['describeDeployment', 'describeRevisions', 'readServiceTags'],
    async () => (await import('./deployment-gateway.ts')).openDeploymentGateway(settings),
  ),
  loadBalancers: lazy<LoadBalancerGateway>(['describeRule', 'describeTargets'], async () =>
    (await import('./load-balancer-gateway.ts')).openLoadBalancerGateway(settings),
  ),
  metrics: lazy<MetricGateway>(['describeAlarms', 'readMetrics'], async () =>
    (await import('./metric-gateway.ts')).openMetricGateway(settings),
  ),
  parameters: lazy<ParameterGateway>(['readParameter'], async () =>
    (await import('./parameter-gateway.ts')).openParameterGateway(settings),
  ),
  secrets: lazy<SecretGateway>(['readSecret'], async () =>
    (await import('./secret-gateway.ts')).openSecretGateway(settings),
  ),
  createStore: (tableName) =>
    lazy<GateStore>(['load', 'save'], async () =>
      (await import('./gate-store.ts')).openGateStore(settings, tableName),
    ),
  createReportStores: (tableName) => ({
    incidents: lazy<IncidentRecords>(['get', 'save'], async () =>
      (await import('./incident-record.ts')).openIncidentRecords(settings, tableName),
    ),
    evidence: lazy<EvidenceStore>(['putEvidence'], async () =>
      (await import('./evidence-store.ts')).openEvidenceStore(settings, tableName),
    ),
  }),
});
