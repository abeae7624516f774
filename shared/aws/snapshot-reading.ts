import { compareTexts } from '../domain/order.ts';
import type { Gap, GapSubject } from '../domain/snapshot.ts';
import { areCredentialsUnusable, attemptsOf, awsProblemOf } from './errors.ts';
import type { ReadLimiter } from './read-limiter.ts';

/** ECS does not know the cluster (any more): there is nothing to take a snapshot of. */
export class ClusterNotFound extends Error {
  override readonly name = 'ClusterNotFound';
}

/** A cluster cannot be seen whole, now or ever, unless somebody does something. */
export class ClusterUnseen extends Error {
  override readonly name = 'ClusterUnseen';
}

/** AWS does not accept the credentials, or there are none: no read can succeed. */
export class CredentialsUnusable extends Error {
  override readonly name = 'CredentialsUnusable';
}

/** Pages of one list that are read at most: 20,000 tasks. */
export const defaultPagesMax = 200;

/** What a part of a snapshot is, and the call that reads it, as `ecs:ListTasks`. */
export type Place = { readonly subject: GapSubject; readonly operation: string };

/** One reading of a snapshot while it goes on: its calls, and what they came to. */
export type Reading = {
  readonly pagesMax: number;
  /** One call in its turn; rejects with what the SDK throws. */
  call<Output>(send: (signal: AbortSignal) => Promise<Output>): Promise<Output>;
  /** The outcome of calls; undefined where they failed, which is noted as a gap. Never rejects. */
  part<Output>(place: Place, work: () => Promise<Output>): Promise<Output | undefined>;
  note(place: Place, reason: Gap['reason'], detail: string): void;
  /** What is missing, and the calls made. Throws what makes a snapshot impossible. */
  end(): { readonly gaps: readonly Gap[]; readonly calls: number };
};

export type ReadingOptions = {
  readonly limiter: ReadLimiter;
  readonly clusterArn: string;
  readonly pagesMax: number;
  readonly signal: AbortSignal | undefined;
};

export function beginReading({ limiter, clusterArn, pagesMax, signal }: ReadingOptions): Reading {
  const stop = new AbortController();
  const stopped = AbortSignal.any([stop.signal, ...(signal === undefined ? [] : [signal])]);
  const gaps: Gap[] = [];
  let calls = 0;
  const note: Reading['note'] = (place, reason, detail) => {
    gaps.push({ ...place, reason, detail: lineOf(detail) });
  };
  return {
    pagesMax,
    note,
    call: (send) =>
      limiter.run(async () => {
        try {
          const output = await send(stopped);
          calls += attemptsOf(output);
          return output;
        } catch (error) {
          calls += attemptsOf(error);
          throw error;
        }
      }, stopped),
    part: async (place, work) => {
      try {
        return await work();
      } catch (error) {
        const impossible = impossibilityOf(error, clusterArn);
        if (impossible === undefined) noteProblem(note, place, error);
        else stop.abort(impossible);
        return undefined;
      }
    },
    end: () => {
      stopped.throwIfAborted();
      return { gaps: distinct(gaps), calls };
    },
  };
}

/** What no snapshot can be taken with; undefined for a problem of one part. */
function impossibilityOf(error: unknown, clusterArn: string): Error | undefined {
  const { detail } = awsProblemOf(error);
  if (error instanceof Error && error.name === 'ClusterNotFoundException') {
    return new ClusterNotFound(`ECS does not know ${clusterArn}: ${detail}`, { cause: error });
  }
  return areCredentialsUnusable(error)
    ? new CredentialsUnusable(`AWS does not accept the credentials: ${detail}`, { cause: error })
    : undefined;
}

const gapReasons = {
  'aws-denied': 'denied',
  'aws-throttled': 'throttled',
  'aws-missing': 'missing',
  'aws-unavailable': 'failed',
} as const;

function noteProblem(note: Reading['note'], place: Place, error: unknown): void {
  const { reason, detail } = awsProblemOf(error);
  note(place, gapReasons[reason], detail);
}

const lineCharsMax = 300;

/** One line of what AWS says, cut where it goes on for too long. */
export const lineOf = (text: string): string =>
  text.replace(/\s+/g, ' ').trim().slice(0, lineCharsMax);

/** One gap for each thing that went wrong, however many calls it hit and in whatever order. */
function distinct(gaps: readonly Gap[]): readonly Gap[] {
  const keyOf = ({ subject, operation, reason }: Gap): string =>
    `${subject} ${operation} ${reason}`;
  const sorted = gaps
    .map((gap) => ({ gap, key: keyOf(gap) }))
    .sort((a, b) => compareTexts(a.key, b.key) || compareTexts(a.gap.detail, b.gap.detail));
  return sorted.flatMap(({ gap, key }, at) => (sorted[at - 1]?.key === key ? [] : [gap]));
}

/** What one page of a list holds; no list at all is an answer that cannot be right. */
export type Page<Entry> = {
  readonly entries: readonly Entry[] | undefined;
  readonly nextToken: string | undefined;
};

/**
 * Reads page after page and hands each on as soon as it is there. Notes what ends that too early: a
 * failed call, an answer without a list, or more pages than are read. Returns whether it read all.
 */
export async function readPages<Entry>(
  reading: Reading,
  place: Place,
  read: (token: string | undefined) => Promise<Page<Entry>>,
  take: (entries: readonly Entry[]) => void,
): Promise<boolean> {
  let token: string | undefined;
  for (let pages = 0; pages < reading.pagesMax; pages += 1) {
    const page = await reading.part(place, () => read(token));
    if (page === undefined) return false;
    if (page.entries === undefined) {
      reading.note(place, 'failed', 'an answer without a list');
      return false;
    }
    take(page.entries);
    if (!page.nextToken) return true;
    token = page.nextToken;
  }
  reading.note(place, 'truncated', `more than ${reading.pagesMax} pages`);
  return false;
}

/** Names that a sentence about many of them gives. */
const namesMax = 5;

/** Notes what was asked for by name and is not in the answer. */
export function noteMissing(
  reading: Reading,
  place: Place,
  asked: readonly string[],
  found: ReadonlyMap<string, unknown>,
): void {
  const missing = asked.filter((name) => !found.has(name));
  if (missing.length === 0) return;
  const more = missing.length > namesMax ? ', ...' : '';
  const names = missing.slice(0, namesMax).join(', ');
  reading.note(place, 'missing', `${missing.length} of ${asked.length}: ${names}${more}`);
}

/** Cuts a list into batches of so many. */
export const batchesOf = <Entry>(
  entries: readonly Entry[],
  batchMax: number,
): readonly (readonly Entry[])[] =>
  Array.from({ length: Math.ceil(entries.length / batchMax) }, (_, at) =>
    entries.slice(at * batchMax, (at + 1) * batchMax),
  );

type Failures =
  | readonly {
      readonly arn?: string | undefined;
      readonly reason?: string | undefined;
    }[]
  | undefined;

/** What a batch call answered for the things it was asked about. */
export type Described<Item> = {
  readonly items: readonly Item[] | undefined;
  readonly failures: Failures;
};

/** Reasons of a batch call's failures that are answers: it is gone, or was never of that kind. */
const answers = new Set(['MISSING', 'TASK_NOT_VALID']);

/**
 * One batch call. What ECS no longer knows is left out: it ended after it was listed. Any other
 * failure, and whatever the answer passes over, is noted as failed.
 */
export async function readBatch<Item>(
  reading: Reading,
  place: Place,
  asked: number,
  describe: () => Promise<Described<Item>>,
): Promise<readonly Item[]> {
  const described = await reading.part(place, describe);
  if (described === undefined) return [];
  const { items = [], failures = [] } = described;
  const other = failures.find(({ reason }) => !answers.has(reason ?? ''));
  if (other !== undefined) {
    reading.note(place, 'failed', `${other.arn ?? '?'}: ${other.reason ?? 'no reason given'}`);
  }
  if (items.length + failures.length < asked) {
    reading.note(place, 'failed', `answered for less than the ${asked} asked about`);
  }
  return items;
}

/** How a kind of thing is listed and described. */
export type Listing<Item> = {
  readonly subject: GapSubject;
  readonly listOperation: string;
  readonly describeOperation: string;
  /** Things that one describe call takes. */
  readonly batchMax: number;
  list(token: string | undefined): Promise<Page<string>>;
  describe(arns: readonly string[]): Promise<Described<Item>>;
};

/**
 * Lists all of a kind and describes it. A batch is described as soon as it is full, while further
 * pages are read; only the last one may be smaller, so that N things take ⌈N/batch⌉ calls however
 * the pages were cut.
 */
export async function readListed<Item>(
  reading: Reading,
  listing: Listing<Item>,
): Promise<readonly Item[]> {
  const { subject, listOperation, describeOperation, batchMax } = listing;
  const seen = new Set<string>();
  const batches: Promise<readonly Item[]>[] = [];
  let pending: string[] = [];
  const describe = (arns: readonly string[]): void => {
    const place = { subject, operation: describeOperation };
    batches.push(readBatch(reading, place, arns.length, () => listing.describe(arns)));
  };
  const take = (arns: readonly string[]): void => {
    for (const arn of arns) {
      // A list that changes while it is read may show an entry on two pages.
      if (!seen.has(arn)) pending.push(arn);
      seen.add(arn);
    }
    while (pending.length >= batchMax) {
      describe(pending.slice(0, batchMax));
      pending = pending.slice(batchMax);
    }
  };
  await readPages(
    reading,
    { subject, operation: listOperation },
    (token) => listing.list(token),
    take,
  );
  if (pending.length > 0) describe(pending);
  return (await Promise.all(batches)).flat();
}
