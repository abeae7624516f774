import type { Timeline } from '../../simulator/stack/queue.ts';

export type TestTimeline = Timeline & {
  /** Runs what is due until then, letting promises settle by `settle` after each. */
  runUntil(atMs: number, settle?: () => Promise<void>): Promise<void>;
};

/** The smallest timeline that there can be: for tests of what is scheduled on one. */
export function createTimeline(startMs: number): TestTimeline {
  let [nowMs, order] = [startMs, 0];
  const due: { readonly atMs: number; readonly order: number; readonly run: () => void }[] = [];
  const next = () => due.sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
  return {
    nowMs: () => nowMs,
    schedule(atMs, run) {
      const entry = { atMs: Math.max(atMs, nowMs), order: order++, run };
      due.push(entry);
      return () => {
        const at = due.indexOf(entry);
        if (at >= 0) due.splice(at, 1);
      };
    },
    async runUntil(untilMs, settle = async () => {}) {
      await settle();
      for (let entry = next(); entry !== undefined && entry.atMs <= untilMs; entry = next()) {
        due.splice(due.indexOf(entry), 1);
        nowMs = entry.atMs;
        entry.run();
        await settle();
      }
      nowMs = untilMs;
    },
  };
}
