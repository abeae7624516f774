import type { Stretch } from '../record.ts';

/** From a time until before another. */
export type Span = { readonly fromMs: number; readonly untilMs: number };

/** Spans in their order; those that touch or overlap become one. */
export function merged(spans: readonly Span[]): readonly Span[] {
  const all: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = all.at(-1);
    if (last === undefined || span.fromMs > last.untilMs) all.push(span);
    else all[all.length - 1] = { ...last, untilMs: Math.max(last.untilMs, span.untilMs) };
  }
  return all;
}

/** What is left of spans where none of the others is. */
export function without(spans: readonly Span[], others: readonly Span[]): readonly Span[] {
  const holes = merged(others);
  return merged(spans).flatMap((span) => {
    const left: Span[] = [];
    let { fromMs } = span;
    for (const hole of holes) {
      if (hole.untilMs <= fromMs || hole.fromMs >= span.untilMs) continue;
      if (hole.fromMs > fromMs) left.push({ fromMs, untilMs: hole.fromMs });
      fromMs = Math.max(fromMs, hole.untilMs);
    }
    return fromMs < span.untilMs ? [...left, { fromMs, untilMs: span.untilMs }] : left;
  });
}

export const lengthOf = (spans: readonly Span[]): number =>
  spans.reduce((sum, { fromMs, untilMs }) => sum + untilMs - fromMs, 0);

/** A stretch, with the end of the run where it has none, and so much longer. */
export const spanOf = ({ fromMs, untilMs }: Stretch, endMs: number, afterMs = 0): Span => ({
  fromMs,
  untilMs: (untilMs ?? endMs) + afterMs,
});
