import type { EcsService, EcsTask } from '../../simulator/account.ts';
import type { EventEnvelope, World } from '../../simulator/world.ts';

/** What is always so, whatever the world does; each breach is a sentence. */
export function watchInvariants(world: World): { readonly breaches: string[]; check(): void } {
  const breaches: string[] = [];
  const versions = new Map<string, number>();
  const stopped = new Set<string>();
  const stopping = new Set<string>();
  const placed = new Set<string>();
  const breach = (words: string): void => {
    const at = new Date(world.nowMs()).toISOString();
    if (breaches.length < breachesMax) breaches.push(`${at} ${words}`);
  };
  world.onEvent((event) => {
    const { detail } = event;
    const arn = event.resources[0] ?? '';
    if (event['detail-type'] === 'ECS Task State Change') {
      checkTaskEvent(world, event, { versions, stopped, stopping, breach });
    } else if (event['detail-type'] === 'ECS Container Instance State Change') {
      const before = versions.get(arn) ?? 0;
      if (detail.version !== before + 1)
        breach(`${arn} has version ${detail.version} after ${before}`);
      versions.set(arn, Number(detail.version));
    } else if ('version' in detail) breach(`${event['detail-type']} has a version`);
  });
  return {
    breaches,
    check: () => {
      checkPlaces(world, placed, breach);
      checkRoom(world, breach);
      checkCounts(world, breach);
    },
  };
}

const breachesMax = 20;

type Books = {
  readonly versions: Map<string, number>;
  readonly stopped: Set<string>;
  readonly stopping: Set<string>;
  readonly breach: (words: string) => void;
};

function checkTaskEvent(world: World, { detail, resources }: EventEnvelope, books: Books): void {
  const { versions, breach } = books;
  const arn = resources[0] ?? '';
  const before = versions.get(arn) ?? 0;
  if (detail.version !== before + 1) breach(`${arn} has version ${detail.version} after ${before}`);
  versions.set(arn, Number(detail.version));
  checkEnd(arn, detail, books);
  const service = serviceOf(world, detail.group);
  if (service === undefined) return;
  if (before === 0) checkMaximum(world, service, detail.startedBy, breach);
  checkMinimum(world, service, arn, books);
}

type Detail = EventEnvelope['detail'];

/** A task is STOPPED once, with a reason, and nothing comes after it. */
function checkEnd(arn: string, detail: Detail, { stopped, breach }: Books): void {
  if (stopped.has(arn)) breach(`${arn} has an event after STOPPED`);
  if (detail.lastStatus !== 'STOPPED') return;
  stopped.add(arn);
  if (detail.desiredStatus !== 'STOPPED') breach(`${arn} is STOPPED and wanted RUNNING`);
  if (typeof detail.stoppedReason !== 'string') breach(`${arn} is STOPPED without a reason`);
}

/**
 * A task is put on an instance that takes tasks. Looked at after the step that puts it there: the first
 * event that names the instance comes seconds later, when the instance may have begun to drain.
 */
function checkPlaces(
  { account }: World,
  placed: Set<string>,
  breach: (words: string) => void,
): void {
  for (const { taskArn, containerInstanceArn: arn, desiredStatus } of account.tasks.values()) {
    if (arn === undefined || placed.has(taskArn)) continue;
    placed.add(taskArn);
    const status = account.containerInstances.get(arn)?.status;
    const isGood = status === 'ACTIVE' || desiredStatus === 'STOPPED';
    if (!isGood) breach(`${taskArn} was placed on an instance that is ${status}`);
  }
}

const serviceOf = ({ account }: World, group: unknown): EcsService | undefined =>
  [...account.services.values()].find(({ serviceName }) => group === `service:${serviceName}`);

const tasksOf = ({ account }: World, { serviceName }: EcsService): readonly EcsTask[] =>
  [...account.tasks.values()].filter(({ group }) => group === `service:${serviceName}`);

/** A start stays within the maximum, of the revision where a deployment has colours. */
function checkMaximum(
  world: World,
  service: EcsService,
  deploymentId: unknown,
  breach: (words: string) => void,
): void {
  const { maximumPercent = 200, strategy = 'ROLLING' } = service.deploymentConfiguration ?? {};
  const max = Math.floor((service.desiredCount * maximumPercent) / 100);
  const { length } = tasksOf(world, service).filter(
    ({ lastStatus, startedBy }) =>
      lastStatus !== 'STOPPED' && (strategy === 'ROLLING' || startedBy === deploymentId),
  );
  if (length > max) breach(`${service.serviceName} has ${length} tasks, maximum ${max}`);
}

/** Stops that the scheduler chose, as against those that it only carries out. */
const chosen = /^(Scaling activity|Availability-zone|Task stopped during|Service .* DRAINING)/;
const settledMs = 41_000;

/** The scheduler stops no healthy task of a rolling service below its minimum. */
function checkMinimum(
  world: World,
  service: EcsService,
  arn: string,
  { stopping, breach }: Books,
): void {
  const task = world.account.tasks.get(arn);
  if (task?.desiredStatus !== 'STOPPED' || stopping.has(arn)) return;
  stopping.add(arn);
  const { minimumHealthyPercent = 100, strategy = 'ROLLING' } =
    service.deploymentConfiguration ?? {};
  const isChosen =
    task.stopCode === 'ServiceSchedulerInitiated' && chosen.test(task.stoppedReason ?? '');
  const ranMs = world.nowMs() - (task.startedAt?.getTime() ?? world.nowMs());
  // A target group's view of a task is not in the task: such services are left out.
  const isHealthy = ranMs > settledMs && task.healthStatus !== 'UNHEALTHY';
  if (!isChosen || !isHealthy || strategy !== 'ROLLING' || service.loadBalancers) return;
  const min = Math.ceil((service.desiredCount * minimumHealthyPercent) / 100);
  const left = tasksOf(world, service).filter(
    ({ lastStatus, desiredStatus }) => lastStatus === 'RUNNING' && desiredStatus === 'RUNNING',
  ).length;
  if (left < min) breach(`${service.serviceName} was left with ${left} tasks, minimum ${min}`);
}

/** Tasks on an instance and the room left on it make up the whole of it. */
function checkRoom({ account }: World, breach: (words: string) => void): void {
  const used = new Map<string, { cpu: number; memory: number }>();
  for (const task of account.tasks.values()) {
    const { containerInstanceArn: arn, lastStatus } = task;
    if (arn === undefined || lastStatus === 'STOPPED') continue;
    const { cpu, memory } = used.get(arn) ?? { cpu: 0, memory: 0 };
    used.set(arn, { cpu: cpu + Number(task.cpu), memory: memory + Number(task.memory) });
    const status = account.containerInstances.get(arn)?.status ?? 'INACTIVE';
    if (status === 'INACTIVE') breach(`${task.taskArn} is ${lastStatus} on a lost instance`);
  }
  for (const instance of account.containerInstances.values()) {
    const { containerInstanceArn: arn, registeredResources, remainingResources } = instance;
    const { cpu, memory } = used.get(arn) ?? { cpu: 0, memory: 0 };
    const [cpuLeft = 0, memoryLeft = 0] = firstTwo(remainingResources);
    const [cpuWhole = 0, memoryWhole = 0] = firstTwo(registeredResources);
    const isSound = cpuLeft === cpuWhole - cpu && memoryLeft === memoryWhole - memory;
    if (isSound && cpuLeft >= 0 && memoryLeft >= 0) continue;
    breach(`${arn} has ${cpuLeft}, ${memoryLeft} left of ${cpuWhole}, ${memoryWhole}`);
  }
}

/** CPU and memory. */
const firstTwo = (resources: readonly { integerValue?: number }[]): readonly number[] =>
  resources.slice(0, 2).map(({ integerValue = 0 }) => integerValue);

/** What a service says of its tasks is what its tasks say. */
function checkCounts(world: World, breach: (words: string) => void): void {
  for (const service of world.account.services.values()) {
    const wanted = tasksOf(world, service).filter(
      ({ desiredStatus }) => desiredStatus === 'RUNNING',
    );
    const running = wanted.filter(({ lastStatus }) => lastStatus === 'RUNNING').length;
    if (service.status === 'INACTIVE') continue;
    const { runningCount, pendingCount, serviceName } = service;
    if (runningCount !== running || pendingCount !== wanted.length - running) {
      breach(
        `${serviceName} says ${runningCount}+${pendingCount}, has ${running} of ${wanted.length}`,
      );
    }
  }
}
