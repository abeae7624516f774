import type { Core } from './core.ts';
import { failDeployment } from './deployments.ts';
import { endRollingHooks, runHooks } from './hooks.ts';
import { beginStaged, type Deployment, type Service } from './state.ts';

/**
 * Hooks under ROLLING: accepted, and by one published test called at PRE_SCALE_UP alone; AWS's pages
 * say nothing of it. Until they have passed, the deployment starts no task, and the one before it
 * keeps its own.
 */
export function startRollingHooks(core: Core, service: Service, deployment: Deployment): void {
  const hooks = service.view.deploymentConfiguration?.lifecycleHooks ?? [];
  if (hooks.length === 0 || core.variant('rolling-hooks') !== 'pre-scale-up') return;
  const staged = beginStaged(deployment, service.deployments[1]);
  deployment.isScaledUp = false;
  service.rollingHooks = staged;
  runHooks(core, service, staged, { stage: 'PRE_SCALE_UP', isRollback: false }, (result) => {
    if (staged.isDone) return;
    endRollingHooks(core, service);
    if (result.isPassed) {
      deployment.isScaledUp = true;
      core.touch(service);
      core.signal('service-changed', service);
    } else {
      failDeployment(core, deployment, {
        cause: 'hook',
        reason: result.reason,
        rollingBack: (id) => `ECS deployment hook: rolling back to deploymentId ${id}.`,
        isRolledBack: true,
      });
    }
  });
}
