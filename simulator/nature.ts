import { ServiceError } from './aws/errors.ts';
import { type Core, drawMs } from './ecs/core.ts';
import { daemonTaskFails } from './ecs/daemons.ts';
import { failChecks } from './ecs/health.ts';
import type { RangeMs } from './ecs/inputs.ts';
import { instanceDies } from './ecs/instances.ts';
import { resumeOptimizer } from './ecs/optimizer.ts';
import { disconnectAgent, setInstanceHealth } from './ecs/repair.ts';
import { interruptSpotTask, noticeSpot } from './ecs/spot.ts';
import type { Instance, Scope, Task } from './ecs/state.ts';
import { containerExits, endTask, stopTask } from './ecs/tasks.ts';
import type { NatureCommands } from './world.ts';

const maintenance =
  'ECS is performing maintenance on the underlying infrastructure hosting the task';
/** Machines of a zone that fails do not all go in the same second. */
const outageMs: RangeMs = [0, 30_000];

/** What nobody asked for. */
export function createNature(core: Core): NatureCommands {
  const { state } = core;
  return {
    instanceDies: (arn) => instanceDies(core, instanceIn(core, arn)),
    zoneOutage: (zone, forMs) => zoneOutage(core, zone, forMs),
    spotNotice: (arn) => noticeSpot(core, instanceIn(core, arn)),
    spotTaskInterrupted: (arn) => interruptSpotTask(core, taskIn(core, arn)),
    imageMissing: (image, forMs) => {
      spell(core, state.nature.missingImages, image, forMs);
    },
    slowCapacity: (scope, extraMs, forMs) => {
      const entry = { scope, extraMs };
      state.nature.slow.add(entry);
      core.after(forMs, () => state.nature.slow.delete(entry));
    },
    noCapacity: (scope, forMs) => {
      const entry: Scope = { ...scope };
      state.nature.refused.add(entry);
      core.after(forMs, () => {
        state.nature.refused.delete(entry);
        core.signal('capacity-changed', undefined);
      });
    },
    optimizerStops: (name, forMs) => {
      spell(core, state.nature.stuckOptimizers, name, forMs, () => resumeOptimizer(core, name));
    },
    agentDisconnects: (arn, forMs) => disconnectAgent(core, instanceIn(core, arn), forMs),
    healthImpaired: (arn, check, statusReason, forMs) => {
      const instance = instanceIn(core, arn);
      setInstanceHealth(core, instance, check, 'IMPAIRED', statusReason);
      if (forMs === undefined) return;
      core.after(forMs, () => setInstanceHealth(core, instance, check, 'OK'));
    },
    taskFailsHealthChecks: (arn, of, forMs) => failChecks(core, taskIn(core, arn), of, forMs),
    taskExits: (arn, exit) => containerExits(core, taskIn(core, arn), exit),
    fargateMaintenance: (arn) =>
      stopTask(core, taskIn(core, arn), { code: 'TerminationNotice', reason: maintenance }),
    daemonTaskFails: (arn, daemonArn, reason) =>
      daemonTaskFails(core, instanceIn(core, arn), daemonArn, reason),
    appChanges: (arn, app) => {
      const definition = state.definitions.get(arn);
      if (definition === undefined) {
        throw new ServiceError('ClientException', `Unable to describe task definition ${arn}.`);
      }
      definition.app = app;
    },
  };
}

/** Something lasts for a while, or for good; where two spells of it overlap, until both are over. */
function spell(
  core: Core,
  counts: Map<string, number>,
  name: string,
  forMs: number | undefined,
  whenOver: () => void = () => undefined,
): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
  if (forMs === undefined) return;
  core.after(forMs, () => {
    const left = (counts.get(name) ?? 0) - 1;
    if (left > 0) counts.set(name, left);
    else {
      counts.delete(name);
      whenOver();
    }
  });
}

function instanceIn({ state }: Core, arn: string): Instance {
  const instance = state.instances.get(arn);
  if (instance !== undefined) return instance;
  throw new ServiceError('InvalidParameterException', `No container instance is ${arn}.`);
}

function taskIn({ state }: Core, arn: string): Task {
  const task = state.tasks.get(arn);
  if (task !== undefined) return task;
  throw new ServiceError('InvalidParameterException', `No task that is not STOPPED is ${arn}.`);
}

/** A zone fails: its machines go, Fargate's tasks there stop, and nothing is launched in it. */
function zoneOutage(core: Core, zone: string, forMs: number): void {
  for (const instance of core.state.instances.values()) {
    if (instance.zone !== zone) continue;
    core.after(drawMs(core, 'outage', outageMs), () => instanceDies(core, instance));
  }
  for (const task of core.state.tasks.values()) {
    if (task.launchType !== 'FARGATE' || task.zone !== zone) continue;
    core.after(drawMs(core, 'outage', outageMs), () =>
      endTask(core, task, { code: 'TerminationNotice', reason: maintenance }),
    );
  }
  spell(core, core.state.nature.zonesOut, zone, forMs, () =>
    core.signal('capacity-changed', undefined),
  );
}
