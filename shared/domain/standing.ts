import type { Occurrence } from './incident.ts';

const dayMs = 24 * 3_600_000;

/**
 * What lasts occurs once a day: an incident that stands does not expire, whoever lost sight of it lets
 * it, and a look that comes again changes nothing.
 */
export function standingOccurrence(subject: string, sinceMs: number, nowMs: number): Occurrence {
  const day = Math.max(Math.floor((nowMs - sinceMs) / dayMs), 0);
  return { id: `${subject}/${sinceMs}/${day}`, atMs: sinceMs + day * dayMs };
}
