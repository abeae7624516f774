import type { RunRecord } from '../record.ts';
import type { Scenario } from '../scenario.ts';

/** What a run is held to. */
export type Checker = {
  /** Kebab-case. */
  readonly name: string;
  /** What holds, in a sentence. */
  readonly sentence: string;
  /** How it does not hold, one line each; none where it does. */
  readonly broken: (run: CheckedRun) => readonly string[] | Promise<readonly string[]>;
};

export type CheckedRun = {
  readonly run: RunRecord;
  /** The same seed without Ballast: played when it is first asked for. */
  readonly baseline: () => Promise<RunRecord>;
  readonly scenario: Scenario;
};

/** A checker that held or did not, in one run. */
export type Invariant = {
  readonly name: string;
  readonly sentence: string;
  readonly isHeld: boolean;
  /** At most {@link evidenceMax} lines. */
  readonly evidence: readonly string[];
};

const evidenceMax = 10;

export async function check(
  checkers: readonly Checker[],
  checked: CheckedRun,
): Promise<readonly Invariant[]> {
  const invariants: Invariant[] = [];
  for (const { name, sentence, broken } of checkers) {
    const evidence = await broken(checked);
    const isHeld = evidence.length === 0;
    invariants.push({ name, sentence, isHeld, evidence: evidence.slice(0, evidenceMax) });
  }
  return invariants;
}

/** `21 Nov 03:04:05Z`. */
export function clock(atMs: number): string {
  const [, day = '', month = '', time = ''] =
    /^\w+, (\d+) (\w+) \d+ (\S+) GMT$/.exec(new Date(atMs).toUTCString()) ?? [];
  return `${day} ${month} ${time}Z`;
}

/** Whether a fault of one of these names struck in a stretch of time. */
export const struck = (
  { hits }: RunRecord,
  names: readonly string[],
  [fromMs, untilMs]: readonly [fromMs: number, untilMs: number],
): boolean =>
  hits.some(({ atMs, fault }) => names.includes(fault) && atMs >= fromMs && atMs <= untilMs);

/** What may keep a call from AWS, or its answer from the caller. */
export const callFaults = ['throttling', 'network-errors', 'hanging-calls', 'crashes'] as const;
