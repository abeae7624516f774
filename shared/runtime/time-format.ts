type OfZone<T> = (timeZone: string) => T;

/** Intl takes a millisecond to build a format, and a stack has one zone: the latest is kept. */
function keptForZone<T>(build: OfZone<T>): OfZone<T> {
  let latest: { readonly timeZone: string; readonly built: T } | undefined;
  return (timeZone) => {
    if (latest?.timeZone !== timeZone) latest = { timeZone, built: build(timeZone) };
    return latest.built;
  };
}

/**
 * Writes times as alerts show them, to the minute and with their zone: `Fri 20 Nov 14:02Z` for UTC,
 * `Fri 20 Nov 15:02 CET` for a zone of the IANA database. Throws when there is no such zone.
 */
export const createTimeFormatter: OfZone<(atMs: number) => string> = keptForZone(buildFormatter);

function buildFormatter(timeZone: string): (atMs: number) => string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    day: '2-digit',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  });
  return (atMs) => {
    const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
    const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? '';
    const zone = part('timeZoneName');
    // en-GB says Sept where all other months have three letters.
    const month = part('month').slice(0, 3);
    const day = `${part('weekday')} ${part('day')} ${month}`;
    return `${day} ${part('hour')}:${part('minute')}${zone === 'UTC' ? 'Z' : ` ${zone}`}`;
  };
}

/** The local day, `2026-11-20`, and hour, 0 to 23. */
export type LocalHour = { readonly day: string; readonly hour: number };

/** Reads the local day and hour of a time in a zone of the IANA database. */
export const createDayReader: OfZone<(atMs: number) => LocalHour> = keptForZone(buildDayReader);

function buildDayReader(timeZone: string): (atMs: number) => LocalHour {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
  });
  return (atMs) => {
    const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
    const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? '';
    return { day: `${part('year')}-${part('month')}-${part('day')}`, hour: Number(part('hour')) };
  };
}

const dayMs = 24 * 3_600_000;

/** The Monday of the week that a day lies in, both as `2026-11-20`. */
export function mondayOf(day: string): string {
  const atMs = Date.parse(`${day}T00:00:00Z`);
  const sinceMonday = (new Date(atMs).getUTCDay() + 6) % 7;
  return new Date(atMs - sinceMonday * dayMs).toISOString().slice(0, 10);
}
