import { dayMs, hourMs, minuteMs } from '../scenarios/time.ts';
import { type CorpusCluster, type CorpusService, redeploy, wantedAt } from './cluster.ts';
import type { HarmlessCause } from './labels.ts';

/** Nothing is done to a cluster while it starts. */
const calmMs = 3 * hourMs;
/** From the moment on, a harmless change may be blamed for a card so long. */
const effectMs = 2 * hourMs;
const deploymentsAWeek = [1, 3] as const;
const drainsAWeek = [1, 3] as const;
const drainedInstancesMax = 3;
/** Of the running tasks, those that end by themselves in a day. */
const replacedShare = 0.01;
const flapEveryMs = 3 * hourMs;
const dayHours = [7, 19] as const;
/** Clusters whose services stay at their night's count on Saturday and Sunday. */
const quietWeekendShare = 0.5;

/** What goes on in any cluster for the whole of a run. */
export function planHarmless(cluster: CorpusCluster): void {
  for (const service of cluster.services) planDeployments(cluster, service);
  planDailyScaling(cluster);
  planDrains(cluster);
  planStops(cluster);
  planFlaps(cluster);
}

function note(cluster: CorpusCluster, cause: HarmlessCause, subject: string): void {
  const fromMs = cluster.stage.world.nowMs();
  cluster.labels.push({ cause, fromMs, untilMs: fromMs + effectMs, subject, moves: [] });
}

/** At random times, on average so many a week. */
function atTimes(
  { stage }: CorpusCluster,
  concern: string,
  perWeek: number,
  run: () => void,
): void {
  const { world, startMs, endMs } = stage;
  const random = stage.random(concern);
  const meanMs = (7 * dayMs) / perWeek;
  let atMs = startMs + calmMs;
  for (;;) {
    atMs += random.integer(1, Math.round(2 * meanMs));
    if (atMs >= endMs) return;
    world.schedule(atMs, run);
  }
}

function planDeployments(cluster: CorpusCluster, service: CorpusService): void {
  const { name } = service.handle;
  const perWeek = cluster.stage.random('deployments').integer(...deploymentsAWeek);
  atTimes(cluster, `deployments:${name}`, perWeek, () => {
    if (cluster.held.has(name)) return;
    note(cluster, service.isBlueGreen ? 'blue-green' : 'rolling', name);
    redeploy(service);
  });
}

const isWeekend = (atMs: number): boolean => [0, 6].includes(new Date(atMs).getUTCDay());

/** Down in the evening and up in the morning, each service some minutes after the others. */
function planDailyScaling(cluster: CorpusCluster): void {
  const { world, startMs, endMs } = cluster.stage;
  const random = cluster.stage.random('scaling');
  const hasQuietWeekends = random.chance(quietWeekendShare);
  for (const service of cluster.services) {
    if (service.night === undefined) continue;
    const { name } = service.handle;
    const offsetMs = random.integer(0, 60) * minuteMs;
    for (let dayAtMs = startMs; dayAtMs < endMs; dayAtMs += dayMs) {
      for (const hour of dayHours) {
        const atMs = dayAtMs + hour * hourMs + offsetMs + random.integer(0, 10) * minuteMs;
        const isDay = hour === dayHours[0];
        if (isDay && hasQuietWeekends && isWeekend(dayAtMs)) continue;
        world.schedule(atMs, () => {
          if (cluster.held.has(name)) return;
          note(cluster, 'daily-scaling', name);
          service.handle.scale(wantedAt(service, isDay));
        });
      }
    }
  }
}

/** Somebody drains one to three instances: ECS replaces them. */
function planDrains(cluster: CorpusCluster): void {
  const { world, clusterName } = cluster.stage;
  const random = cluster.stage.random('drains');
  atTimes(cluster, 'drain-times', random.integer(...drainsAWeek), () => {
    const active = activeInstances(cluster);
    const count = Math.min(random.integer(1, drainedInstancesMax), active.length - 1);
    for (let left = count; left > 0; left -= 1) {
      const [arn] = active.splice(random.integer(0, active.length - 1), 1);
      if (arn === undefined) return;
      note(cluster, 'drain', arn.split('/').at(-1) ?? arn);
      world.ecs.updateContainerInstancesState({
        cluster: clusterName,
        containerInstances: [arn],
        status: 'DRAINING',
      });
    }
  });
}

const activeInstances = ({ stage }: CorpusCluster): string[] =>
  [...stage.world.account.containerInstances.values()]
    .filter(({ status }) => status === 'ACTIVE')
    .map(({ containerInstanceArn }) => containerInstanceArn);

/** Single tasks end with an error, and ECS replaces them. */
function planStops(cluster: CorpusCluster): void {
  const { world } = cluster.stage;
  const random = cluster.stage.random('stops');
  const tasks = cluster.services.reduce((sum, { desired }) => sum + desired, 0);
  atTimes(cluster, 'stop-times', 7 * tasks * replacedShare, () => {
    const running = [...world.account.tasks.values()].filter(
      ({ lastStatus, desiredStatus }) => lastStatus === 'RUNNING' && desiredStatus === 'RUNNING',
    );
    if (running.length > 0) world.nature.taskExits(random.pick(running).taskArn, { exitCode: 1 });
  });
}

/** Agents that are not heard of for a moment. */
function planFlaps(cluster: CorpusCluster): void {
  const random = cluster.stage.random('flaps');
  atTimes(cluster, 'flap-times', (7 * dayMs) / flapEveryMs, () => {
    const active = activeInstances(cluster);
    if (active.length === 0) return;
    cluster.stage.world.nature.agentDisconnects(
      random.pick(active),
      random.integer(20_000, 2 * minuteMs),
    );
  });
}
