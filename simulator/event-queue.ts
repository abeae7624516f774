/** Something that is due at a time. Cancelling it twice, or after it ran, does nothing. */
export type Timer = { readonly atMs: number; cancel(): void };

export type EventQueue = {
  /** Due at that time; equal times run in the order in which they were scheduled. */
  schedule(atMs: number, run: () => void): Timer;
  /** When the next thing is due, or undefined when nothing is. */
  nextAtMs(): number | undefined;
  /** Takes the next thing out, or undefined when nothing is due. */
  pop(): { readonly atMs: number; readonly run: () => void } | undefined;
  /** Things that are due, cancelled ones not counted. */
  size(): number;
};

type Entry = { readonly atMs: number; readonly order: number; run: (() => void) | undefined };

/** A binary heap by time and order of scheduling. Cancelled entries stay until they come up. */
export function createEventQueue(): EventQueue {
  const heap: Entry[] = [];
  let [order, live] = [0, 0];

  const dropCancelled = (): void => {
    while (heap.length > 0 && heap[0]?.run === undefined) takeFirst(heap);
  };
  return {
    schedule: (atMs, run) => {
      if (!Number.isFinite(atMs)) throw new Error(`a time is a finite number, got ${atMs}`);
      const entry: Entry = { atMs, order: order++, run };
      insert(heap, entry);
      live += 1;
      return {
        atMs,
        cancel: () => {
          if (entry.run === undefined) return;
          entry.run = undefined;
          live -= 1;
        },
      };
    },
    nextAtMs: () => {
      dropCancelled();
      return heap[0]?.atMs;
    },
    pop: () => {
      dropCancelled();
      const entry = takeFirst(heap);
      if (entry?.run === undefined) return undefined;
      const { atMs, run } = entry;
      entry.run = undefined;
      live -= 1;
      return { atMs, run };
    },
    size: () => live,
  };
}

const isBefore = (a: Entry, b: Entry): boolean =>
  a.atMs === b.atMs ? a.order < b.order : a.atMs < b.atMs;

function insert(heap: Entry[], entry: Entry): void {
  let at = heap.length;
  heap.push(entry);
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || isBefore(parent, entry)) break;
    heap[at] = parent;
    at = above;
  }
  heap[at] = entry;
}

function takeFirst(heap: Entry[]): Entry | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return first;
  let at = 0;
  while (true) {
    const left = 2 * at + 1;
    const [one, other] = [heap[left], heap[left + 1]];
    if (one === undefined) break;
    const isRight = other !== undefined && isBefore(other, one);
    const child = isRight ? other : one;
    if (isBefore(last, child)) break;
    heap[at] = child;
    at = isRight ? left + 1 : left;
  }
  heap[at] = last;
  return first;
}
