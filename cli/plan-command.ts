import { readFileSync, writeFileSync } from 'node:fs';
import type { ClusterFinder } from '../shared/aws/cluster-finder.ts';
import { awsProblemOf, isRegionMissing } from '../shared/aws/errors.ts';
import type { SnapshotReader } from '../shared/aws/snapshot-reader.ts';
import { ClusterNotFound, CredentialsUnusable } from '../shared/aws/snapshot-reading.ts';
import { everyWant } from '../shared/aws/snapshot-wants.ts';
import { wrapped } from '../shared/domain/alert-text/words.ts';
import { defaultPlanPolicy, type PlanPolicy, planCluster } from '../shared/domain/cluster-plan.ts';
import {
  type RegionPrices,
  shippedPrices,
  withNewer,
} from '../shared/domain/prices/region-prices.ts';
import { costExclusions } from '../shared/domain/saving.ts';
import type { Gap, Snapshot } from '../shared/domain/snapshot.ts';
import { MalformedInput } from '../shared/events/malformed.ts';
import { parseSavedPrices } from '../shared/events/saved-prices.ts';
import {
  parseSnapshot,
  serialiseSnapshot,
  UnreadableVersion,
} from '../shared/events/saved-snapshot.ts';
import { createTimeFormatter } from '../shared/runtime/time-format.ts';
import { Misuse, Unavailable } from './misuse.ts';
import type { PlanOptions, PlanSource } from './plan/options.ts';
import { planLines } from './plan/text.ts';
import { userPath } from './user-path.ts';

/** Reads of a live account; opened only when there is one to read. */
export type LiveReads = { readonly clusters: ClusterFinder; readonly snapshots: SnapshotReader };

export type PlanDeps = {
  readonly openReads: (source: LiveSource) => LiveReads;
  readonly print: (line: string) => void;
  /** Says what is being waited for, where somebody watches. */
  readonly progress: (line: string) => void;
};

export type LiveSource = Extract<PlanSource, { readonly type: 'live' }>;

/** Carries the command out; the result is the exit code. */
export async function runPlan(options: PlanOptions, deps: PlanDeps): Promise<number> {
  const { source, json } = options;
  const prices = options.prices === undefined ? undefined : readPrices(options.prices);
  const snapshot = source.type === 'saved' ? load(source.file) : await look(source, deps);
  const saved = source.type === 'saved' ? source.file : source.save;
  if (source.type === 'live' && source.save !== undefined) save(source.save, snapshot);
  const policy = policyOf(options);
  const plan = planCluster(snapshot, pricesFor(snapshot.region, prices), policy);
  if (json) {
    deps.print(JSON.stringify(plan, undefined, 2));
    return 0;
  }
  const lines = planLines(plan, {
    formatTime: createTimeFormatter('UTC'),
    priceNotes: priceNotesOf(snapshot.region, prices, policy),
    savedAs: saved,
    isLive: source.type === 'live',
  });
  for (const line of lines) deps.print(line);
  return 0;
}

/** Notes on prices are prose: they are broken into lines. */
const noteCharsMax = 90;

const policyOf = ({ ec2DiscountPercent }: PlanOptions): PlanPolicy => ({
  ...defaultPlanPolicy,
  cost: { ...defaultPlanPolicy.cost, ec2DiscountShare: ec2DiscountPercent / 100 },
});

function pricesFor(region: string, given: RegionPrices | undefined): RegionPrices | undefined {
  const shipped = shippedPrices(region);
  if (given === undefined) return shipped;
  if (given.region !== region) {
    throw new Misuse(`--prices: expected prices of ${region}, got those of ${given.region}`);
  }
  return withNewer(shipped, given);
}

function priceNotesOf(
  region: string,
  given: RegionPrices | undefined,
  { cost }: PlanPolicy,
): readonly string[] {
  const source = pricesFor(region, given)?.source ?? 'no prices';
  const discount = cost.ec2DiscountShare > 0 ? `, EC2 ${cost.ec2DiscountShare * 100}% off` : '';
  const leftOut = `left out: ${costExclusions(cost).join(', ')}`;
  return [`${source}${discount}`, ...wrapped(leftOut, noteCharsMax)];
}

/** Reads the cluster, or says in one line why it cannot be read. */
async function look(source: LiveSource, deps: PlanDeps): Promise<Snapshot> {
  const { clusters, snapshots } = deps.openReads(source);
  deps.progress(`reading ${source.cluster} ...`);
  try {
    const arn = source.cluster.startsWith('arn:')
      ? source.cluster
      : await clusters.find(source.cluster);
    const snapshot = await snapshots.read(arn, everyWant);
    requireBase(snapshot.gaps);
    return snapshot;
  } catch (cause) {
    throw unavailableOf(cause, source);
  }
}

/** Without tasks, services and instances there is nothing to plan; everything else is a line. */
function requireBase(gaps: readonly Gap[]): void {
  const base = gaps.find(
    ({ subject, reason }) =>
      (subject === 'tasks' || subject === 'services' || subject === 'instances') &&
      (reason === 'denied' || reason === 'failed' || reason === 'throttled'),
  );
  if (base === undefined) return;
  const hint = base.reason === 'denied' ? '; docs/plan-policy.json has what the plan needs' : '';
  throw new Unavailable(`${base.operation} ${base.reason}: ${base.detail}${hint}`);
}

function unavailableOf(cause: unknown, source: LiveSource): Error {
  if (cause instanceof Unavailable) return cause;
  if (cause instanceof ClusterNotFound || cause instanceof CredentialsUnusable) {
    return new Unavailable(cause.message, { cause });
  }
  if (isRegionMissing(cause)) {
    return new Misuse('--region: expected a Region, here or in AWS_REGION, got nothing', { cause });
  }
  const { reason, detail } = awsProblemOf(cause);
  const hint = reason === 'aws-denied' ? '; docs/plan-policy.json has what the plan needs' : '';
  return new Unavailable(`${source.cluster} cannot be read: ${detail}${hint}`, { cause });
}

function load(file: string): Snapshot {
  try {
    return parseSnapshot(readJson('--snapshot', file));
  } catch (cause) {
    if (cause instanceof UnreadableVersion || cause instanceof MalformedInput) {
      throw new Unavailable(`--snapshot ${file}: ${cause.message}`, { cause });
    }
    throw cause;
  }
}

function readPrices(file: string): RegionPrices {
  try {
    return parseSavedPrices(readJson('--prices', file));
  } catch (cause) {
    if (cause instanceof MalformedInput) {
      throw new Unavailable(`--prices ${file}: ${cause.message}`, { cause });
    }
    throw cause;
  }
}

function readJson(option: string, file: string): unknown {
  try {
    return JSON.parse(readFileSync(userPath(file), 'utf8'));
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message.replace(/\s+/g, ' ') : String(cause);
    throw new Unavailable(`${option}: expected a file with JSON, ${detail}`, { cause });
  }
}

function save(file: string, snapshot: Snapshot): void {
  try {
    writeFileSync(userPath(file), serialiseSnapshot(snapshot));
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new Unavailable(`--save: cannot write ${file}, ${detail}`, { cause });
  }
}
