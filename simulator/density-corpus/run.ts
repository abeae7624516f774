import { dayMs } from '../scenarios/time.ts';
import { createUsers } from '../users.ts';
import { createWorld, type World } from '../world.ts';
import { createCorpusCluster } from './cluster.ts';
import { planHarm } from './harm.ts';
import { planHarmless } from './harmless.ts';
import type { Label } from './labels.ts';

/** When every run begins: a Friday. */
const startMs = Date.parse('2026-11-20T00:00:00Z');
const clusterName = 'corpus';
export const corpusDays = 21;

/** One cluster with its history to come: whoever moves time on can look at it as it goes. */
export type CorpusRun = {
  readonly seed: number;
  readonly world: World;
  readonly clusterArn: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly services: number;
  /** Grows as things happen; complete at `endMs`. */
  readonly labels: readonly Label[];
};

/** Arranges a run; nothing has happened yet. The same seed makes the same run. */
export function createCorpusRun(seed: number, days = corpusDays): CorpusRun {
  // Whether users may drain managed instances is not known: here drains are part of what is shown.
  const variants = { 'managed-instance-user-drain': 'accepted' } as const;
  const world = createWorld({ seed, startMs, variants });
  const endMs = startMs + days * dayMs;
  const { clusterArn } = world.ecs.createCluster({ clusterName });
  const apps = new Map();
  const cluster = createCorpusCluster({
    world,
    startMs,
    faultsFromMs: startMs,
    faultsUntilMs: endMs,
    endMs,
    clusterName,
    stackMode: 'observe',
    hook: undefined,
    apps,
    users: createUsers(world, apps),
    random: (concern) => world.random(`corpus:${concern}`),
    reactions: { noted: new Map(), repeated: undefined },
    note: () => {},
    know: () => {},
  });
  planHarmless(cluster);
  planHarm(cluster, seed);
  const services = cluster.services.length;
  return { seed, world, clusterArn, startMs, endMs, services, labels: cluster.labels };
}
