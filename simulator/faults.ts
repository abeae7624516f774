import { drawOnce } from './random.ts';

/** What can go wrong in a run, each by a stream of its own, so that one does not shift another. */
export const faultNames = [
  // Between EventBridge and the functions.
  'duplicate-events',
  'late-events',
  'reordered-events',
  'lost-events',
  'overlapping-invocations',
  // In the functions and on their way to AWS.
  'crashes',
  'throttling',
  'network-errors',
  'hanging-calls',
  'stale-reads',
  // In the account.
  'slow-placement',
  'no-placement',
  'instance-death',
  'zone-outage',
  'agent-flaps',
  'spot',
  'deployment',
] as const;

export type FaultName = (typeof faultNames)[number];

/** Faults that only the way to AWS has: a run without that way cannot have them. */
export const wireFaults: ReadonlySet<FaultName> = new Set<FaultName>([
  'crashes',
  'throttling',
  'network-errors',
  'hanging-calls',
  'stale-reads',
]);

/** Which faults a run has: about half of those that may be, each drawn by seed and name alone. */
export const drawFaults = (seed: number, among: readonly FaultName[]): ReadonlySet<FaultName> =>
  new Set(among.filter((name) => drawOnce(seed, `fault:${name}`, [true, false])));

/** Something that a fault did. */
export type FaultHit = { readonly atMs: number; readonly fault: FaultName; readonly what: string };

/** The faults of a run: which are on, from when until when, and what they have done. */
export type Faults = {
  readonly active: ReadonlySet<FaultName>;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly hits: readonly FaultHit[];
  /** Whether a fault is on now. */
  isOn(fault: FaultName): boolean;
  hit(fault: FaultName, what: string): void;
};

export function createFaults(
  active: ReadonlySet<FaultName>,
  [fromMs, untilMs]: readonly [fromMs: number, untilMs: number],
  nowMs: () => number,
): Faults {
  const hits: FaultHit[] = [];
  return {
    active,
    fromMs,
    untilMs,
    hits,
    isOn: (fault) => active.has(fault) && nowMs() >= fromMs && nowMs() < untilMs,
    hit: (fault, what) => hits.push({ atMs: nowMs(), fault, what }),
  };
}
