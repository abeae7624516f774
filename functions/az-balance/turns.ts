import { awsProblemOf } from '../../shared/aws/errors.ts';
import type { Memory } from '../../shared/aws/memory-store.ts';
import { MalformedInput } from '../../shared/events/malformed.ts';
import { parseZoneLook } from '../../shared/events/zone-memory.ts';
import type { Deps } from './handler.ts';

const partition = 'ZONE-LOOKS';
const keptMs = 30 * 24 * 3_600_000;

type TurnDeps = Pick<Deps, 'memories' | 'clock' | 'log'>;

/** A cluster whose turn it is. */
export type Turn = {
  readonly clusterArn: string;
  /** Notes that it has had its turn. */
  readonly note: () => Promise<void>;
};

/**
 * The clusters, the one that was not looked at for longest first: where a run has not the time for all
 * of them, the next one begins with the others. One cluster alone has no turns, and nothing to remember.
 */
export async function turnsOf(
  clusterArns: readonly string[],
  deps: TurnDeps,
): Promise<readonly Turn[]> {
  if (clusterArns.length < 2) {
    return clusterArns.map((clusterArn) => ({ clusterArn, note: () => Promise.resolve() }));
  }
  const looks = new Map((await looksOf(deps)).map((look) => [look.name, look]));
  const clusters = clusterArns.map((clusterArn) => {
    const look = looks.get(clusterArn);
    return { clusterArn, look, lookedAtMs: look === undefined ? 0 : lookedAtMsOf(look, deps) };
  });
  return clusters
    .toSorted((one, other) => one.lookedAtMs - other.lookedAtMs)
    .map(({ clusterArn, look }) => ({ clusterArn, note: () => note(clusterArn, look, deps) }));
}

/** Without the table there is no order; what else needs it fails by itself. */
async function looksOf({ memories, log }: TurnDeps): Promise<readonly Memory[]> {
  try {
    return await memories.list(partition);
  } catch (error) {
    log.warn('turn-lost', { ...awsProblemOf(error), error });
    return [];
  }
}

function lookedAtMsOf({ name, json }: Memory, { log }: TurnDeps): number {
  try {
    return parseZoneLook(json).lookedAtMs;
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    log.warn('memory-unreadable', { clusterArn: name, detail: error.message });
    return 0;
  }
}

async function note(
  clusterArn: string,
  look: Memory | undefined,
  { memories, clock, log }: TurnDeps,
): Promise<void> {
  const nowMs = clock.nowMs();
  const json = JSON.stringify({ lookedAtMs: nowMs });
  try {
    const key = { partition, name: clusterArn };
    await memories.save(key, json, look?.version ?? 0, nowMs + keptMs);
  } catch (error) {
    log.warn('turn-lost', { clusterArn, ...awsProblemOf(error), error });
  }
}
