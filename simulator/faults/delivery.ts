import type { Faults } from '../faults.ts';
import type { Random } from '../random.ts';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
/** From a change in ECS to its event in the queue, where nothing is wrong. */
const usualMs = [200, 1_500] as const;
/** EventBridge tries for a day; what comes later than this is lost to whoever waits for it. */
const lateMs = [minuteMs, 20 * minuteMs] as const;
const reorderedMs = [0, 8 * secondMs] as const;
const duplicateMs = [0, 3 * minuteMs] as const;
const shares = { lost: 0.03, late: 0.05, duplicate: 0.15, second: 0.3 } as const;

/**
 * When an event reaches its queue: one delay a delivery, in ms; none where it is lost. Each event draws
 * the same numbers from each stream, whatever comes of them.
 */
export function deliveriesOf(
  faults: Faults,
  random: (concern: string) => Random,
  what: string,
): readonly number[] {
  const delayMs = random('delivery').integer(...usualMs);
  const isLost = happens(faults, random, 'lost-events', shares.lost);
  const isLate = happens(faults, random, 'late-events', shares.late);
  const isTwice = happens(faults, random, 'duplicate-events', shares.duplicate);
  const lateBy = random('faults:late-events').integer(...lateMs);
  const shuffledBy = random('faults:reordered-events').integer(...reorderedMs);
  const twin = random('faults:duplicate-events');
  const [againAfter, isThrice] = [twin.integer(...duplicateMs), twin.chance(shares.second)];
  if (isLost) {
    faults.hit('lost-events', what);
    return [];
  }
  if (isLate) faults.hit('late-events', what);
  if (isTwice) faults.hit('duplicate-events', what);
  const firstMs =
    delayMs + (isLate ? lateBy : 0) + (faults.isOn('reordered-events') ? shuffledBy : 0);
  if (!isTwice) return [firstMs];
  return [firstMs, firstMs + againAfter, ...(isThrice ? [firstMs + 2 * againAfter] : [])];
}

const happens = (
  faults: Faults,
  random: (concern: string) => Random,
  fault: 'lost-events' | 'late-events' | 'duplicate-events',
  share: number,
): boolean => random(`faults:${fault}`).chance(share) && faults.isOn(fault);

const overlap = { share: 0.1, lateMs: [10 * secondMs, 90 * secondMs], again: 0.5 } as const;

/**
 * When an invocation by a schedule starts after its time: EventBridge Scheduler invokes at least once,
 * within its minute or later, so that one may meet the next.
 */
export function invocationsOf(
  faults: Faults,
  random: (concern: string) => Random,
): readonly number[] {
  const stream = random('faults:overlapping-invocations');
  const isHit = stream.chance(overlap.share) && faults.isOn('overlapping-invocations');
  const [lateMsDrawn, isTwice] = [stream.integer(...overlap.lateMs), stream.chance(overlap.again)];
  if (!isHit) return [0];
  faults.hit('overlapping-invocations', `${lateMsDrawn} ms late`);
  return isTwice ? [0, lateMsDrawn] : [lateMsDrawn];
}
