import * as alerts from '../../shared/aws/alert-gateway.ts';
import * as deployments from '../../shared/aws/deployment-gateway.ts';
import * as evidence from '../../shared/aws/evidence-store.ts';
import * as gates from '../../shared/aws/gate-store.ts';
import * as records from '../../shared/aws/incident-record.ts';
import * as incidents from '../../shared/aws/incident-store.ts';
import * as loadBalancers from '../../shared/aws/load-balancer-gateway.ts';
import * as logs from '../../shared/aws/log-gateway.ts';
import * as metrics from '../../shared/aws/metric-gateway.ts';
import * as metricReads from '../../shared/aws/metric-reader.ts';
import * as parameters from '../../shared/aws/parameter-gateway.ts';
import * as secrets from '../../shared/aws/secret-gateway.ts';
import * as services from '../../shared/aws/service-gateway.ts';
import * as places from '../../shared/aws/task-place-gateway.ts';
import { createAccount } from '../account.ts';
import { createRequestHandler } from '../aws/request-handler.ts';

/** What the functions load when they first need it: here it is loaded before time begins to pass. */
const gateways = [
  ...[alerts, deployments, evidence, gates, records, incidents, loadBalancers],
  ...[logs, metrics, metricReads, parameters, places, secrets, services],
];

let once: Promise<void> | undefined;

/**
 * Has everything read from disk that a handler or its SDK clients would read in the middle of a run:
 * modules, and the SDK's own configuration files. Reading takes real time, and what happens in a run
 * must not depend on that.
 */
export function warmUp(): Promise<void> {
  once ??= readOnce();
  return once;
}

async function readOnce(): Promise<void> {
  if (gateways.length === 0) return;
  const account = createAccount({ nowMs: () => 0 });
  const gateway = parameters.openParameterGateway({
    region: account.region,
    credentials: { accessKeyId: 'simulated', secretAccessKey: 'simulated' },
    maxAttempts: 1,
    requestHandler: createRequestHandler(account),
  });
  await gateway.readParameter('/ballast/none');
}
