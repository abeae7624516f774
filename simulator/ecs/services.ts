import type { EcsService } from '../account.ts';
import { ServiceError } from '../aws/errors.ts';
import { attributesIn, parseExpression } from './constraints.ts';
import { type Core, cancelTimers } from './core.ts';
import { checkConfiguration } from './deployment-limits.ts';
import { addDeployment, endRun, failDeployment } from './deployments.ts';
import { endRollingHooks, endStaged } from './hooks.ts';
import type { CreateService, UpdateService } from './inputs.ts';
import { clusterOf, definitionOf, serviceOf } from './lookup.ts';
import { startRollingHooks } from './rolling-hooks.ts';
import { percentsOf } from './service-plan.ts';
import { isStagedService, rollBack, startStaged, supersedeStaged } from './staged.ts';
import type { Cluster, Service, TaskDefinition } from './state.ts';
import { stopTask } from './tasks.ts';

type Settings = Omit<UpdateService, 'cluster' | 'service'>;

/** Creates a service and starts its first deployment. */
export function createService(core: Core, input: CreateService): EcsService {
  const cluster = clusterOf(core, input.cluster);
  const known = cluster.services.get(input.serviceName);
  if (known !== undefined && !known.isDeleted) {
    throw new ServiceError('InvalidParameterException', 'Creation of service was not idempotent.');
  }
  const definition = definitionOf(core, input.taskDefinition);
  validate(core, input, input.launchType);
  const service = newService(core, cluster, input);
  core.state.services.set(service.arn, service);
  core.account.services.set(service.arn, service.view);
  cluster.services.set(service.name, service);
  deploy(core, service, definition);
  return service.view;
}

function newService(core: Core, cluster: Cluster, input: CreateService): Service {
  const { serviceName, schedulingStrategy = 'REPLICA', tags = [] } = input;
  const { region, accountId } = core.account;
  const serviceArn = `arn:aws:ecs:${region}:${accountId}:service/${cluster.name}/${serviceName}`;
  const isRebalanced = input.availabilityZoneRebalancing ?? 'ENABLED';
  const view: EcsService = {
    serviceArn,
    serviceName,
    clusterArn: cluster.arn,
    status: 'ACTIVE',
    desiredCount: schedulingStrategy === 'DAEMON' ? 0 : (input.desiredCount ?? 0),
    runningCount: 0,
    pendingCount: 0,
    schedulingStrategy,
    deploymentController: { type: 'ECS' },
    ...(input.launchType === undefined ? {} : { launchType: input.launchType }),
    tags: [...tags],
    events: [],
    createdAt: new Date(core.nowMs()),
  };
  Object.assign(view, settingsOf(input, schedulingStrategy));
  if (input.availabilityZoneRebalancing !== undefined || core.has('rebalancing-by-default')) {
    view.availabilityZoneRebalancing = isRebalanced;
  }
  return {
    arn: serviceArn,
    name: serviceName,
    cluster,
    view,
    deployments: [],
    tasks: new Set(),
    isSteady: false,
    isDeleted: false,
    wake: undefined,
    placement: { failures: 0, retryAtMs: 0 },
    rebalancing: undefined,
    rebalancingRetryAtMs: 0,
    surge: 0,
    staged: undefined,
    rollingHooks: undefined,
    timers: new Map(),
  };
}

const settingNames = [
  'availabilityZoneRebalancing',
  'capacityProviderStrategy',
  'healthCheckGracePeriodSeconds',
  'networkConfiguration',
  'placementConstraints',
  'placementStrategy',
  'loadBalancers',
] as const;

function settingsOf(
  input: Settings,
  schedulingStrategy: EcsService['schedulingStrategy'],
): Partial<EcsService> {
  const settings: Partial<EcsService> = {};
  for (const name of settingNames) {
    if (input[name] !== undefined)
      Object.assign(settings, { [name]: structuredClone(input[name]) });
  }
  if (input.deploymentConfiguration !== undefined) {
    settings.deploymentConfiguration = {
      ...percentsOf(schedulingStrategy),
      ...structuredClone(input.deploymentConfiguration),
    };
  }
  return settings;
}

/** Attributes that placement on managed instances knows. */
const managedAttributes = new Set([
  'ecs.availability-zone',
  'ecs.cpu-architecture',
  'ecs.instance-type',
  'ecs.subnet-id',
]);

function validate(core: Core, input: Settings, launchType?: string): void {
  const { capacityProviderStrategy: strategy = [], placementConstraints = [] } = input;
  checkConfiguration(core, input.deploymentConfiguration ?? {});
  const providers = strategy.map(({ capacityProvider }) => {
    const provider = core.state.providers.get(capacityProvider);
    if (provider !== undefined) return provider;
    throw new ServiceError(
      'InvalidParameterException',
      `The specified capacity provider ${capacityProvider} was not found.`,
    );
  });
  const kinds = new Set(providers.map(({ kind }) => kind.replace('_SPOT', '')));
  if (kinds.size > 1) {
    throw new ServiceError(
      'InvalidParameterException',
      'A capacity provider strategy cannot contain a mix of capacity provider types.',
    );
  }
  if (launchType !== undefined && strategy.length > 0) {
    throw new ServiceError(
      'InvalidParameterException',
      'Specifying both a launch type and capacity provider strategy is not supported.',
    );
  }
  for (const { expression = '' } of placementConstraints) {
    if (expression !== '') parseExpression(expression);
    const isManaged = kinds.has('MANAGED_INSTANCES');
    const unknown = attributesIn(expression).find((name) => !managedAttributes.has(name));
    if (!isManaged || unknown === undefined) continue;
    // That others are not supported is documented; what becomes of them is not.
    if (core.variant('managed-instance-attributes') !== 'refused') continue;
    throw new ServiceError(
      'InvalidParameterException',
      `The attribute ${unknown} is not supported on Amazon ECS Managed Instances.`,
    );
  }
}

/** Starts a deployment by the service's strategy. */
function deploy(core: Core, service: Service, definition: TaskDefinition): void {
  if (isStagedService(service)) {
    startStaged(core, service, definition);
    return;
  }
  const left = service.staged === undefined ? undefined : supersedeStaged(core, service);
  const before = left ?? service.deployments[0];
  const deployment = addDeployment(core, service, definition, {
    isScaledUp: true,
    targetGroup: before?.targetGroup ?? 0,
  });
  startRollingHooks(core, service, deployment);
}

/** Changes a service; a new definition, or the wish for one, starts a deployment. */
export function updateService(core: Core, input: UpdateService): EcsService {
  const service = serviceOf(core, input.cluster, input.service);
  const [primary] = service.deployments;
  const { taskDefinition, desiredCount } = input;
  // All is checked before anything is changed.
  validate(core, input);
  const definition =
    taskDefinition === undefined ? primary?.definition : definitionOf(core, taskDefinition);
  if (desiredCount !== undefined) checkDesired(service, desiredCount);
  const settings = settingsOf(input, service.view.schedulingStrategy);
  const { deploymentConfiguration: before } = service.view;
  Object.assign(service.view, settings);
  if (before !== undefined && settings.deploymentConfiguration !== undefined) {
    service.view.deploymentConfiguration = { ...before, ...input.deploymentConfiguration };
  }
  if (desiredCount !== undefined) setDesired(core, service, desiredCount);
  const isNew = definition !== primary?.definition || deploysWith(input);
  if (definition !== undefined && isNew) deploy(core, service, definition);
  else core.signal('service-changed', service);
  return service.view;
}

/** Settings whose change starts a deployment even with the same definition. */
const deploysWith = ({ forceNewDeployment, ...input }: UpdateService): boolean =>
  forceNewDeployment === true ||
  input.capacityProviderStrategy !== undefined ||
  input.networkConfiguration !== undefined ||
  input.loadBalancers !== undefined;

/** Sets how many tasks a service is to have. */
export function setDesired(core: Core, service: Service, desiredCount: number): void {
  checkDesired(service, desiredCount);
  service.view.desiredCount = desiredCount;
  core.touch(service);
  core.signal('service-changed', service);
}

function checkDesired(service: Service, desiredCount: number): void {
  if (!Number.isInteger(desiredCount) || desiredCount < 0) {
    throw new ServiceError(
      'InvalidParameterException',
      'desiredCount must be a whole number that is not negative.',
    );
  }
  if (service.view.schedulingStrategy === 'DAEMON') {
    throw new ServiceError(
      'InvalidParameterException',
      'The daemon scheduling strategy does not support a desired count for services.',
    );
  }
}

/** Deletes a service: its tasks stop, whatever their protection says where it is forced. */
export function deleteService(
  core: Core,
  input: { readonly cluster: string; readonly service: string; readonly force?: boolean },
): EcsService {
  const service = serviceOf(core, input.cluster, input.service);
  if (service.view.desiredCount > 0 && input.force !== true) {
    throw new ServiceError(
      'InvalidParameterException',
      'The service cannot be stopped while it is scaled above 0.',
    );
  }
  service.isDeleted = true;
  if (service.staged !== undefined) {
    endStaged(core, service.staged);
    service.staged = undefined;
  }
  endRollingHooks(core, service);
  cancelTimers(service.timers);
  service.wake?.cancel();
  service.wake = undefined;
  service.view.status = 'DRAINING';
  service.view.desiredCount = 0;
  for (const { run } of service.deployments) endRun(core, run, 'STOPPED');
  for (const task of [...service.tasks]) {
    const id = task.deployment?.id;
    const reason = `Scaling activity initiated by (deployment ${id})`;
    stopTask(core, task, { code: 'ServiceSchedulerInitiated', reason });
  }
  core.touch(service);
  endWhenEmpty(core, service);
  return service.view;
}

export function installServices(core: Core): void {
  core.on('task-stopped', ({ service }) => {
    if (service !== undefined) endWhenEmpty(core, service);
  });
}

/** A deleted service is INACTIVE once its tasks have stopped. */
function endWhenEmpty(core: Core, service: Service): void {
  if (!service.isDeleted || service.tasks.size > 0) return;
  service.view.status = 'INACTIVE';
  core.state.services.delete(service.arn);
  core.touch(service);
}

/** Rolls a service deployment back by a user's wish. */
export function stopServiceDeployment(
  core: Core,
  input: { readonly serviceDeploymentArn: string; readonly stopType?: 'ROLLBACK' | 'ABORT' },
): { readonly serviceDeploymentArn: string } {
  const { serviceDeploymentArn, stopType = 'ROLLBACK' } = input;
  const run = core.account.serviceDeployments.get(serviceDeploymentArn);
  const service = run === undefined ? undefined : core.state.services.get(run.serviceArn);
  if (run === undefined || service === undefined) {
    throw new ServiceError(
      'ServiceDeploymentNotFoundException',
      'The service deployment does not exist.',
    );
  }
  if (stopType === 'ABORT') {
    throw new ServiceError('UnsupportedFeatureException', 'ABORT is not simulated.');
  }
  const { staged, deployments } = service;
  const [primary] = deployments;
  const isRolling = staged === undefined && primary?.rollout === 'IN_PROGRESS';
  const reason = 'Service deployment rolled back because of a user request.';
  if (staged?.run === run && !staged.isRollingBack) {
    run.status = 'ROLLBACK_REQUESTED';
    rollBack(core, service, staged, reason);
  } else if (isRolling && primary.run === run && run.rollback === undefined) {
    run.status = 'ROLLBACK_REQUESTED';
    failDeployment(core, primary, {
      cause: 'user',
      reason,
      rollingBack: (id) => `ECS deployment: rolling back to deploymentId ${id}.`,
      isRolledBack: true,
    });
  } else throw new ServiceError('ConflictException', 'The service deployment cannot be stopped.');
  return { serviceDeploymentArn };
}
