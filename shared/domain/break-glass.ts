/** Someone's decision to let one service pass the gate unproven, for a while. */
export type BreakGlass =
  | {
      readonly kind: 'open';
      readonly untilMs: number;
      readonly by: string;
      readonly reason: string;
    }
  | { readonly kind: 'closed'; readonly detail: string };

/** Longest time ahead that a break-glass note may reach: a forgotten one must not last. */
export const breakGlassHoursMax = 24;

/**
 * Reads the value of `/ballast/break-glass/<cluster>/<service>`:
 * `until=<ISO time>; by=<who>; reason=<why>`. What is not exactly that stays closed, and says why.
 */
export function parseBreakGlass(
  value: string,
  nowMs: number,
  parseTimeMs: ParseTimeMs,
): BreakGlass {
  const fields = new Map(
    value.split(';').map((part) => {
      const at = part.indexOf('=');
      return [
        part.slice(0, Math.max(at, 0)).trim().toLowerCase(),
        part.slice(at + 1).trim(),
      ] as const;
    }),
  );
  const closed = (detail: string): BreakGlass => ({ kind: 'closed', detail });
  const [until, by, reason] = [fields.get('until'), fields.get('by'), fields.get('reason')];
  if (!until) return closed('until is missing: expected until=<ISO time>; by=<who>; reason=<why>');
  if (!by) return closed('by is missing: name who opened it');
  if (!reason) return closed('reason is missing: say why it was opened');
  const untilMs = parseTimeMs(until);
  if (untilMs === undefined) return closed('until is not an ISO time with a zone');
  if (untilMs <= nowMs) return closed('it has ended');
  if (untilMs - nowMs > breakGlassHoursMax * 3_600_000) {
    return closed(`until is more than ${breakGlassHoursMax} h ahead`);
  }
  return { kind: 'open', untilMs, by, reason };
}

/** Milliseconds since the epoch of an ISO 8601 time with a zone; undefined when it is not one. */
export type ParseTimeMs = (text: string) => number | undefined;
