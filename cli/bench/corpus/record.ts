import type { SnapshotReader } from '../../../shared/aws/snapshot-reader.ts';
import { defaultDensityPolicy, densityOf } from '../../../shared/domain/density.ts';
import { type DensitySample, densitySamplesOf } from '../../../shared/domain/density-series.ts';
import { isLeaving } from '../../../shared/domain/instance-group.ts';
import type { Snapshot } from '../../../shared/domain/snapshot.ts';
import type { Label } from '../../../simulator/density-corpus/labels.ts';
import { type CorpusRun, createCorpusRun } from '../../../simulator/density-corpus/run.ts';
import { createFastReads } from '../../../simulator/fast/reads.ts';
import { createRememberedMaking } from '../../../simulator/fast/remembered-making.ts';
import { createFastSnapshotReader } from '../../../simulator/fast/snapshots.ts';
import type { World } from '../../../simulator/world.ts';

/** What density would see every five minutes. */
export type RecordedLook = {
  readonly atMs: number;
  readonly samples: readonly DensitySample[];
  /** What tells that a cluster changed: tasks and instances that stay are left out. */
  readonly seen: Snapshot;
};

/** A run of the corpus as it was looked at, with the truth about it. */
export type RecordedRun = {
  readonly seed: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly services: number;
  readonly labels: readonly Label[];
  readonly looks: readonly RecordedLook[];
};

const lookEveryMs = 300_000;

/** Plays a run to its end and looks at it as the density function does: with its reader and figures. */
export async function recordRun(seed: number, days?: number): Promise<RecordedRun> {
  const run = createCorpusRun(seed, days);
  const { world, clusterArn, startMs, endMs, services } = run;
  // Nobody reads the calls again, and a run has many.
  world.account.intercept = () => {
    world.account.calls.length = 0;
  };
  const reader = readerOf(world);
  const looks: RecordedLook[] = [];
  let latest: RecordedLook | undefined;
  for (let atMs = startMs + lookEveryMs; atMs <= endMs; atMs += lookEveryMs) {
    const isSame = (world.nextAtMs() ?? Number.POSITIVE_INFINITY) > atMs;
    world.runUntil(atMs);
    // Where nothing at all was due, a read would answer as the last one did.
    latest =
      isSame && latest !== undefined ? later(latest, atMs) : await look(reader, clusterArn, atMs);
    looks.push(latest);
  }
  return { seed, startMs, endMs, services, labels: sorted(run), looks };
}

const sorted = ({ labels }: CorpusRun): readonly Label[] =>
  [...labels].sort((a, b) => a.fromMs - b.fromMs);

const later = (look: RecordedLook, atMs: number): RecordedLook => ({
  ...look,
  atMs,
  seen: { ...look.seen, takenAtMs: atMs },
});

async function look(
  reader: SnapshotReader,
  clusterArn: string,
  atMs: number,
): Promise<RecordedLook> {
  const snapshot = await reader.read(clusterArn, { capacityProviders: true });
  return {
    atMs,
    samples: densitySamplesOf(densityOf(snapshot, defaultDensityPolicy)),
    seen: { ...snapshot, tasks: [], instances: snapshot.instances.filter(isLeaving) },
  };
}

/** The reader of the fast mode; its limiter's pauses take no time. */
const readerOf = ({ account, nowMs }: World): SnapshotReader =>
  createFastSnapshotReader(
    createFastReads(account),
    { nowMs, sleep: () => Promise.resolve() },
    createRememberedMaking(),
  );
