import type { Call, Fault } from '../account.ts';
import type { Faults } from '../faults.ts';
import type { Random } from '../random.ts';

const minuteMs = 60_000;

/** A stretch in which calls fail in one way, now and then. */
type Spell = { readonly fromMs: number; readonly untilMs: number; readonly share: number };

/** How often spells come, how long they last, and which share of the calls they hit. */
const spells = {
  throttling: { everyMs: 90 * minuteMs, lastsMs: [minuteMs, 8 * minuteMs], share: [0.2, 0.9] },
  'network-errors': {
    everyMs: 120 * minuteMs,
    lastsMs: [minuteMs, 8 * minuteMs],
    share: [0.05, 0.5],
  },
  'hanging-calls': {
    everyMs: 150 * minuteMs,
    lastsMs: [minuteMs, 6 * minuteMs],
    share: [0.02, 0.2],
  },
} as const;

type SpellFault = keyof typeof spells;

/** What goes wrong with a call to AWS; the draws of one kind of fault leave the others' alone. */
export function createCallFaults(
  faults: Faults,
  random: (concern: string) => Random,
  nowMs: () => number,
): (call: Call) => Fault | undefined {
  const planned = new Map(
    (Object.keys(spells) as SpellFault[]).map((fault) => [
      fault,
      planSpells(fault, faults, random(`faults:${fault}:spells`)),
    ]),
  );
  const isHit = (fault: SpellFault): boolean => {
    const drawn = random(`faults:${fault}`).next();
    if (!faults.isOn(fault)) return false;
    const spell = planned
      .get(fault)
      ?.find(({ fromMs, untilMs }) => fromMs <= nowMs() && nowMs() < untilMs);
    return spell !== undefined && drawn < spell.share;
  };
  return (call) => {
    const what = `${call.service}:${call.operation}`;
    const isThrottled = isHit('throttling');
    const isCut = isHit('network-errors');
    const isHanging = isHit('hanging-calls');
    const kind = random('faults:network-errors:kind').pick(cutKinds);
    if (isThrottled) faults.hit('throttling', what);
    else if (isCut) faults.hit('network-errors', `${kind} of ${what}`);
    else if (isHanging) faults.hit('hanging-calls', what);
    if (isThrottled) return 'throttle';
    if (isCut) return kind;
    return isHanging ? 'hang' : undefined;
  };
}

/** `answer-lost`: the service has done its work, and nobody hears of it. */
const cutKinds = ['network-error', 'answer-lost', 'server-error'] as const;

function planSpells(fault: SpellFault, faults: Faults, random: Random): readonly Spell[] {
  const { everyMs, lastsMs, share } = spells[fault];
  const planned: Spell[] = [];
  for (let atMs = faults.fromMs; atMs < faults.untilMs; ) {
    const fromMs = atMs + random.integer(0, 2 * everyMs);
    const untilMs = fromMs + random.integer(...lastsMs);
    planned.push({ fromMs, untilMs, share: share[0] + random.next() * (share[1] - share[0]) });
    atMs = untilMs;
  }
  return planned;
}

/** Share of a sandbox's calls before which it dies. */
const crashShare = 0.004;

/** Whether a sandbox dies before its next call. */
export function crashesBefore(
  faults: Faults,
  random: (concern: string) => Random,
  functionName: string,
): boolean {
  const isHit = random('faults:crashes').chance(crashShare) && faults.isOn('crashes');
  if (isHit) faults.hit('crashes', functionName);
  return isHit;
}
