import type { Core } from './core.ts';
import { failDeployment } from './deployments.ts';
import { runHooks } from './hooks.ts';
import { beginStaged, type Deployment, type Service } from './state.ts';

/**
 * Hooks under ROLLING: accepted, and by one published test called at PRE_SCALE_UP alone; AWS's pages
 * say nothing of it. Until they have passed, the deployment starts no task.
 */
export function startRollingHooks(core: Core, service: Service, deployment: Deployment): void {
  const hooks = service.view.deploymentConfiguration?.lifecycleHooks ?? [];
  if (hooks.length === 0 || core.variant('rolling-hooks') !== 'pre-scale-up') return;
  const [, blue] = service.deployments;
  const staged = beginStaged(deployment, blue);
  deployment.isScaledUp = false;
  runHooks(core, service, staged, { stage: 'PRE_SCALE_UP', isRollback: false }, (result) => {
    deployment.isScaledUp = true;
    if (service.deployments[0] !== deployment) return;
    if (result.isPassed) core.signal('service-changed', service);
    else {
      failDeployment(core, deployment, {
        reason: result.reason,
        rollingBack: (id) => `ECS deployment hook: rolling back to deploymentId ${id}.`,
        isRolledBack: true,
      });
    }
  });
}
