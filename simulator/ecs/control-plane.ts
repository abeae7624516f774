import { installAutoScalingGroups } from './auto-scaling-group.ts';
import { installCircuitBreaker } from './circuit-breaker.ts';
import type { Core } from './core.ts';
import { installDaemons } from './daemons.ts';
import { installHealth } from './health.ts';
import { installOptimizer } from './optimizer.ts';
import { addFargateProviders, addInstanceTypes } from './providers.ts';
import { installProvisioning } from './provisioning.ts';
import { installRebalancing } from './rebalancing.ts';
import { installRefresh } from './refresh.ts';
import { installRepair } from './repair.ts';
import { installRequestBuckets } from './request-buckets.ts';
import { installScheduler } from './scheduler.ts';
import { installServices } from './services.ts';
import { installStaged } from './staged.ts';
import type { State } from './state.ts';

export const emptyState = (): State => ({
  clusters: new Map(),
  definitions: new Map(),
  families: new Map(),
  providers: new Map(),
  tasks: new Map(),
  instances: new Map(),
  services: new Map(),
  daemons: new Map(),
  pauses: new Map(),
  nature: {
    zonesOut: new Map(),
    missingImages: new Map(),
    slow: new Set(),
    refused: new Set(),
    stuckOptimizers: new Map(),
  },
  tasksCreated: 0,
  // Addresses begin with 10.0.16.1, as if the first sixteen blocks were the subnets' own.
  interfacesCreated: 4_097,
  portsBound: 0,
});

/** Puts the rules in force. Their order is the order in which they hear of a change. */
export function installControlPlane(core: Core): void {
  addInstanceTypes(core);
  addFargateProviders(core);
  installHealth(core);
  installCircuitBreaker(core);
  installScheduler(core);
  installServices(core);
  installStaged(core);
  installProvisioning(core);
  installAutoScalingGroups(core);
  installRebalancing(core);
  installOptimizer(core);
  installRefresh(core);
  installRepair(core);
  installDaemons(core);
  installRequestBuckets(core);
}
