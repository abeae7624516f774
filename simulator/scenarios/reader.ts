import type { Stage } from '../scenario.ts';
import { minuteMs } from './time.ts';

/** What a person waits to read. */
export type Awaited = {
  readonly kind: string;
  /** Words that the subject or the mail has to hold. */
  readonly text: string;
};

/**
 * Somebody who reads the alerts, and acts some time after the first one of a kind. Where nobody is told,
 * nobody acts: that is the difference which a run without Ballast shows. Where the run repeats what people
 * did in another one, they act when they did there, told or not.
 */
export function whenTold(
  { world, reactions }: Stage,
  { kind, text }: Awaited,
  afterMs: number,
  act: () => void,
): void {
  const name = `${kind} ${text}`;
  if (reactions.repeated !== undefined) {
    const atMs = reactions.repeated.get(name);
    if (atMs !== undefined) world.schedule(atMs, act);
    return;
  }
  const isTold = (): boolean =>
    [...world.account.topics.values()].some(({ messages }) =>
      messages.some(
        ({ attributes, bodies, subject = '' }) =>
          attributes.kind === kind && `${subject}\n${bodies.default}`.includes(text),
      ),
    );
  const look = (): void => {
    if (!isTold()) {
      world.after(minuteMs, look);
      return;
    }
    reactions.noted.set(name, world.nowMs() + afterMs);
    world.after(afterMs, act);
  };
  world.after(minuteMs, look);
}
