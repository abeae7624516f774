import { assert } from './assert.ts';
import type { IncidentKey } from './incident.ts';

/** Longest part of a key, in characters: names in ECS have 255, ARNs of deployments up to 400. */
export const keyPartCharsMax = 400;

/** What two observations of one incident have in common, as text; keys of the table rest on it. */
export function fingerprintOf({
  cluster,
  subject,
  kind,
  cause,
  deploymentId,
}: IncidentKey): string {
  const parts = [cluster, subject.type, subject.name, kind, cause, deploymentId ?? '-'];
  for (const part of parts) {
    assert(part !== '' && !part.includes('#'), `'${part}' cannot be a part of an incident's key`);
    assert(part.length <= keyPartCharsMax, `a part of a key has ${part.length} characters`);
  }
  return parts.join('#');
}

/**
 * The id of the incident of `key` that opened at `openedAtMs`: readable, short enough for a subject,
 * a thread and the name of an alarm, and another one for another opening.
 */
export function incidentIdOf(key: IncidentKey, openedAtMs: number): string {
  const opened = Math.max(Math.floor(openedAtMs / 1000), 0).toString(36);
  return `${key.kind}-${hashOf(fingerprintOf(key))}-${opened}`;
}

/** 53 bits of a text in base 36 (cyrb53): for names, not for secrets. */
export function hashOf(text: string): string {
  let [high, low] = [0xdeadbeef, 0x41c6ce57];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return (4294967296 * (2097151 & low) + (high >>> 0)).toString(36);
}

/**
 * One rollback is told by several events, under ids that have nothing in common: the gate's own
 * answer, ECS's hook event, its deployment event. So a service has one of them until it succeeds.
 */
export const rollbackKey = (cluster: string, service: string): IncidentKey => ({
  cluster,
  subject: { type: 'service', name: service },
  kind: 'rollback',
  cause: 'rollback',
  deploymentId: undefined,
});
