import type { Stage } from '../scenario.ts';
import {
  createManagedProvider,
  createSubnets,
  createWeb,
  createWorker,
  goodBuild,
  type ServiceHandle,
} from '../scenarios/builders.ts';
import type { Label } from './labels.ts';

/** A service of the corpus, and what it wants when nobody scales it. */
export type CorpusService = {
  readonly handle: ServiceHandle;
  readonly desired: number;
  /** CPU units and MiB of a task. */
  readonly cpu: number;
  readonly memory: number;
  readonly isBlueGreen: boolean;
  /** Tasks by day and by night, where it is scaled by the clock. */
  readonly night: number | undefined;
};

/** A cluster in which a run of the corpus happens. */
export type CorpusCluster = {
  readonly stage: Stage;
  readonly services: readonly CorpusService[];
  readonly zones: readonly string[];
  readonly providers: readonly string[];
  /** Names of services and zones that something harmful holds: nobody else scales or deploys them. */
  readonly held: Set<string>;
  readonly labels: Label[];
};

const servicesRange = [6, 12] as const;
const desiredRange = [3, 12] as const;
const cpuSizes = [256, 512, 1_024] as const;
const memoryPerCpu = [2, 4] as const;
/** Clusters with a second capacity provider. */
const secondProviderShare = 0.4;
/** Services that are scaled by the clock, and how far. */
const scaledShare = 1 / 3;
const nightShares = [0.4, 0.5, 0.6] as const;
const blueGreenShare = 0.4;
const workerShare = 0.3;

/** Six to twelve services of three to twelve tasks on managed instances in three zones. */
export function createCorpusCluster(stage: Stage): CorpusCluster {
  const random = stage.random('cluster');
  const subnets = createSubnets(stage);
  const providers = random.chance(secondProviderShare) ? ['general', 'second'] : ['general'];
  for (const name of providers) createManagedProvider(stage, { name, subnets });
  const count = random.integer(...servicesRange);
  const services = Array.from({ length: count }, (_, at): CorpusService => {
    const name = `service-${String(at).padStart(2, '0')}`;
    const cpu = random.pick(cpuSizes);
    const memory = cpu * random.pick(memoryPerCpu);
    const desired = random.integer(...desiredRange);
    const options = { name, subnets, cpu, memory, desired, provider: random.pick(providers) };
    const isWorker = random.chance(workerShare);
    const isBlueGreen = random.chance(blueGreenShare) && !isWorker;
    const handle = isWorker
      ? createWorker(stage, options)
      : createWeb(stage, { ...options, strategy: isBlueGreen ? 'BLUE_GREEN' : 'ROLLING' });
    const night = random.chance(scaledShare)
      ? Math.max(1, Math.round(desired * random.pick(nightShares)))
      : undefined;
    return { handle, desired, cpu, memory, isBlueGreen, night };
  });
  return {
    stage,
    services,
    zones: subnets.map(({ zone }) => zone),
    providers,
    held: new Set(),
    labels: [],
  };
}

/** What a service wants at this hour. */
export const wantedAt = ({ desired, night }: CorpusService, isDay: boolean): number =>
  night === undefined || isDay ? desired : night;

export const redeploy = ({ handle }: CorpusService): string => handle.deploy(goodBuild);
