import {
  ECSClient,
  ListTasksCommand,
  StopTaskCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import type { Factories } from '../../simulator/play.ts';
import type { LambdaHandler } from '../../simulator/stack/lambda.ts';
import type { World } from '../../simulator/world.ts';

type Broken = (real: Factories) => Factories;

const cluster = 'prod';

/** The sweep of task-state does something to ECS each time, before it does its own work. */
const sweepingWith =
  (act: (ecs: ECSClient, sweeps: number) => Promise<unknown>): Broken =>
  (real) => {
    const factory = real['task-state'];
    if (factory === undefined) throw new Error('there is no task-state');
    let sweeps = 0;
    return {
      ...real,
      'task-state': (env, sandbox) => {
        const handle: LambdaHandler = factory(env, sandbox);
        const { region, credentials, maxAttempts, requestHandler } = sandbox.clientSettings;
        const ecs = new ECSClient({ region, credentials, maxAttempts, requestHandler });
        return async (event, context) => {
          const isSweep = Reflect.get(Object(event), 'Records') === undefined;
          if (isSweep) await act(ecs, ++sweeps);
          return await handle(event, context);
        };
      },
    };
  };

/** The account that functions see takes no writes yet: that somebody asks is what is noted. */
const ask = (ecs: ECSClient, command: UpdateServiceCommand | StopTaskCommand): Promise<unknown> =>
  ecs.send(command as UpdateServiceCommand).catch(() => undefined);

const scale = (ecs: ECSClient, service: string, desiredCount: number) =>
  ask(ecs, new UpdateServiceCommand({ cluster, service, desiredCount }));

/** The first hour is left to the cluster and its first deployments. */
const calmSweeps = 60;

/** Moves a second service while the first is still being moved. */
export const actsTwice = sweepingWith(async (ecs, sweeps) => {
  if (sweeps !== calmSweeps) return;
  for (const service of ['worker', 'calm']) await scale(ecs, service, 5);
});

/** Stops a task, protected or not. */
export const ignoresProtection = sweepingWith(async (ecs, sweeps) => {
  if (sweeps !== calmSweeps) return;
  const { taskArns = [] } = await ecs.send(
    new ListTasksCommand({ cluster, serviceName: 'worker' }),
  );
  await ask(ecs, new StopTaskCommand({ cluster, task: taskArns[0] }));
});

/** Takes the tasks of a service away, and wants them back a minute later. */
export const dropsBelowTheFloor = (worldOf: () => World | undefined): Broken =>
  sweepingWith(async (ecs, sweeps) => {
    if (sweeps < calmSweeps) return;
    const desiredCount = sweeps % 2 === 0 ? 1 : 4;
    await scale(ecs, 'calm', desiredCount);
    worldOf()?.ecs.updateService({ cluster, service: 'calm', desiredCount });
  });

/** Sends every page a second time. */
export const pagesTwice: Broken = (real) => {
  const factory = real['task-state'];
  if (factory === undefined) throw new Error('there is no task-state');
  return {
    ...real,
    'task-state': (env, sandbox) => {
      const { requestHandler } = sandbox.clientSettings;
      const handle: typeof requestHandler.handle = async (request, options) => {
        const isPage = typeof request.body === 'string' && /-pages(&|$)/.test(request.body);
        if (isPage) await requestHandler.handle(request, options);
        return await requestHandler.handle(request, options);
      };
      const settings = { ...sandbox.clientSettings, requestHandler: { ...requestHandler, handle } };
      return factory(env, { ...sandbox, clientSettings: settings });
    },
  };
};

/** Lets a build through that it could not measure. */
export const answersSucceededOnError: Broken = (real) => {
  const factory = real['deployment-hook'];
  if (factory === undefined) throw new Error('there is no deployment-hook');
  return {
    ...real,
    'deployment-hook': (env, sandbox) => {
      const handle = factory(env, sandbox);
      return async (event, context) => {
        const answer = await handle(event, context);
        const isError = Reflect.get(Object(answer), 'hookStatus') === 'IN_PROGRESS';
        return isError ? { hookStatus: 'SUCCEEDED', reason: 'checks-passed: as it were' } : answer;
      };
    },
  };
};
