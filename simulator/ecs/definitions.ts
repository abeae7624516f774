import type { EcsContainerDefinition, EcsTaskDefinition } from '../account.ts';
import { ServiceError } from '../aws/errors.ts';
import { parseExpression } from './constraints.ts';
import type { Core } from './core.ts';
import type { RegisterTaskDefinition } from './inputs.ts';
import type { TaskDefinition } from './state.ts';

/** Registers the next revision of a family. */
export function registerTaskDefinition(
  core: Core,
  input: RegisterTaskDefinition,
): EcsTaskDefinition {
  const { family, containerDefinitions, networkMode = 'awsvpc' } = input;
  if (containerDefinitions.length === 0) {
    throw new ServiceError('ClientException', 'Container definitions must not be empty.');
  }
  for (const { expression } of input.placementConstraints ?? []) {
    if (expression !== undefined) parseExpression(expression);
  }
  const { region, accountId } = core.account;
  const revision = (core.state.families.get(family)?.revision ?? 0) + 1;
  const arn = `arn:aws:ecs:${region}:${accountId}:task-definition/${family}:${revision}`;
  const { cpu, memory, runtimePlatform } = input;
  const view: EcsTaskDefinition = {
    taskDefinitionArn: arn,
    family,
    revision,
    status: 'ACTIVE',
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
    networkMode,
    ...(runtimePlatform === undefined ? {} : { runtimePlatform: { ...runtimePlatform } }),
    requiresCompatibilities: [...(input.requiresCompatibilities ?? [])],
    placementConstraints: structuredClone([...(input.placementConstraints ?? [])]),
    containerDefinitions: structuredClone([...containerDefinitions]),
  };
  const definition = read(view, input);
  core.account.taskDefinitions.set(arn, view);
  core.state.definitions.set(arn, definition);
  core.state.families.set(family, definition);
  return view;
}

function read(view: EcsTaskDefinition, { app = {} }: RegisterTaskDefinition): TaskDefinition {
  const { containerDefinitions: containers, networkMode } = view;
  const sum = (of: (container: EcsContainerDefinition) => number): number =>
    containers.reduce((total, container) => total + of(container), 0);
  const architecture = view.runtimePlatform?.cpuArchitecture;
  return {
    arn: view.taskDefinitionArn,
    family: view.family,
    revision: view.revision,
    cpu: view.cpu === undefined ? sum(({ cpu = 0 }) => cpu) : Number(view.cpu),
    memoryMiB:
      view.memory === undefined
        ? sum(({ memory, memoryReservation }) => memoryReservation ?? memory ?? 0)
        : Number(view.memory),
    networkMode,
    architecture:
      architecture === undefined ? undefined : architecture === 'ARM64' ? 'arm64' : 'x86_64',
    hostPorts: containers.flatMap((container) => hostPortsOf(container, networkMode)),
    constraints: view.placementConstraints ?? [],
    containers,
    app,
  };
}

/** Fixed ports on the host: none with an interface of its own, every container port in host mode. */
function hostPortsOf(
  { portMappings = [] }: EcsContainerDefinition,
  networkMode: EcsTaskDefinition['networkMode'],
): readonly string[] {
  if (networkMode === 'awsvpc' || networkMode === 'none') return [];
  return portMappings.flatMap(({ hostPort, containerPort, protocol = 'tcp' }) => {
    const port = networkMode === 'host' ? (hostPort ?? containerPort) : hostPort;
    return port === undefined || port === 0 ? [] : [`${port}/${protocol}`];
  });
}
