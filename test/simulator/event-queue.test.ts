import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEventQueue } from '../../simulator/event-queue.ts';
import { createStreams, drawOnce } from '../../simulator/random.ts';

describe('an event queue', () => {
  it('gives things out by time, equal times in the order of scheduling, cancelled ones never', () => {
    const thing = fc.record({ atMs: fc.nat(5), isCancelled: fc.boolean() });
    fc.assert(
      fc.property(fc.array(thing, { maxLength: 60 }), (things) => {
        const queue = createEventQueue();
        const ran: number[] = [];
        const timers = things.map(({ atMs }, at) => queue.schedule(atMs, () => ran.push(at)));
        for (const [at, { isCancelled }] of things.entries()) {
          if (isCancelled) timers[at]?.cancel();
        }
        const kept = [...things.entries()].filter(([, { isCancelled }]) => !isCancelled);
        expect(queue.size()).toBe(kept.length);
        for (let next = queue.pop(); next !== undefined; next = queue.pop()) next.run();
        const order = kept.sort(([a, one], [b, other]) => one.atMs - other.atMs || a - b);
        expect(ran).toEqual(order.map(([at]) => at));
        expect(queue.nextAtMs()).toBeUndefined();
      }),
    );
  });

  it('forgets a timer that is cancelled twice, or after it ran', () => {
    const queue = createEventQueue();
    const first = queue.schedule(1, () => undefined);
    const second = queue.schedule(2, () => undefined);
    first.cancel();
    first.cancel();
    expect(queue.size()).toBe(1);
    expect(queue.nextAtMs()).toBe(2);
    queue.pop();
    second.cancel();
    expect(queue.size()).toBe(0);
  });

  it('refuses a time that is none', () => {
    expect(() => createEventQueue().schedule(Number.NaN, () => undefined)).toThrow('finite');
  });
});

describe('streams', () => {
  it('are the same for a seed and concern, and another for any other', () => {
    const drawn = (seed: number, concern: string) =>
      Array.from({ length: 5 }, () => 0).map(
        (
          (stream) => () =>
            stream.next()
        )(createStreams(seed)(concern)),
      );
    expect(drawn(1, 'launch')).toEqual(drawn(1, 'launch'));
    expect(drawn(1, 'launch')).not.toEqual(drawn(2, 'launch'));
    expect(drawn(1, 'launch')).not.toEqual(drawn(1, 'faults'));
  });

  it('do not shift when another concern draws', () => {
    const [one, other] = [createStreams(3), createStreams(3)];
    for (let count = 0; count < 100; count += 1) other('faults').next();
    expect(one('launch').hex(32)).toBe(other('launch').hex(32));
  });

  it('draw evenly', () => {
    const counts = [0, 0, 0, 0];
    const stream = createStreams(5)('even');
    for (let count = 0; count < 8_000; count += 1) {
      const at = stream.integer(0, 3);
      counts[at] = (counts[at] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 2_000)).toBeLessThan(200);
    expect(stream.hex(7)).toMatch(/^[0-9a-f]{7}$/);
    expect(() => stream.pick([])).toThrow('nothing to pick from');
  });

  it('draw a choice by its name alone', () => {
    const choices = ['a', 'b', 'c'];
    expect(drawOnce(9, 'rule', choices)).toBe(drawOnce(9, 'rule', choices));
    const drawn = Array.from({ length: 50 }, (_, seed) => drawOnce(seed, 'rule', choices));
    expect(new Set(drawn).size).toBe(3);
  });

  it('need a whole number as a seed', () => {
    expect(() => createStreams(0.5)).toThrow('a seed is a whole number, got 0.5');
  });
});
