/** How far a function may go. Ordered: `off` < `observe` < `enforce`. */
export type Mode = 'off' | 'observe' | 'enforce';

/** The stack's own setting: `opt-in` enforces only where the service's tag says `enforce`. */
export type StackMode = 'observe' | 'opt-in' | 'enforce';

const order: readonly Mode[] = ['off', 'observe', 'enforce'];

const lower = (a: Mode, b: Mode): Mode => (order.indexOf(a) <= order.indexOf(b) ? a : b);

/** Reads a mode as people write it in a tag; anything unknown counts as `observe`. */
export const modeOfTag = (value: string): Mode =>
  order.find((mode) => mode === value.trim().toLowerCase()) ?? 'observe';

export type ModeSources = {
  readonly stack: StackMode;
  /** Value of the service's tag `ballast:<function>`; undefined when the service has none. */
  readonly tag: string | undefined;
  /** Mode asked for in `hookDetails`; only the deployment hook has it. */
  readonly details?: Mode | undefined;
};

/** The lowest of what the stack, the tag and the details allow. Tags only lower, except for opt-in. */
export function effectiveMode({ stack, tag, details }: ModeSources): Mode {
  const tagged = tag === undefined ? undefined : modeOfTag(tag);
  const ofStack: Mode =
    stack === 'enforce'
      ? 'enforce'
      : stack === 'opt-in' && tagged === 'enforce'
        ? 'enforce'
        : 'observe';
  return lower(lower(ofStack, tagged ?? 'enforce'), details ?? 'enforce');
}
