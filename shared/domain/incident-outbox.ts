import type { AlertTopic } from './alert.ts';
import type { Incident, Notice, Severity, Told, Transition } from './incident.ts';
import { claimMs } from './incident-policy.ts';

const severities: readonly Severity[] = ['info', 'warn', 'critical'];

/** The graver of two. */
export const graver = (a: Severity, b: Severity): Severity =>
  severities.indexOf(a) >= severities.indexOf(b) ? a : b;

export const isGraver = (a: Severity, b: Severity): boolean => a !== b && graver(a, b) === a;

/**
 * Puts a message on the incident, in place of one that was not sent: every message tells the whole
 * state, so the latest is enough. An opening that gives way to an escalation or to the end is told by
 * it; an update adds nothing to what waits anyway. It takes a new number, never that of the message it
 * replaces: a reader that drops repeats may have seen that one, which is why it counts as told.
 */
export function notify(
  incident: Incident,
  transition: Transition,
  dueAtMs: number,
  nowMs: number,
): Incident {
  const [pending] = incident.outbox;
  if (transition === 'update' && pending !== undefined) return incident;
  const told = takenAsTold(incident, nowMs);
  const severity = severityOf(incident, transition, told);
  const sequence = incident.sequence + 1;
  const notice: Notice = {
    sequence,
    transition,
    severity,
    atMs: nowMs,
    dueAtMs: transition === 'escalate' ? Math.min(dueAtMs, pending?.dueAtMs ?? dueAtMs) : dueAtMs,
    mutedBy: pending?.mutedBy,
  };
  return { ...incident, told, outbox: [notice], sequence };
}

/**
 * An end closes what was told and no more: a page that was still to be sent is none, and closing it
 * would close nothing. Everything else is as grave as the gravest that it has been.
 */
function severityOf(
  { severity }: Incident,
  transition: Transition,
  told: Told | undefined,
): Severity {
  if (transition !== 'resolve') return graver(severity, told?.severity ?? severity);
  return told?.severity ?? (severity === 'critical' ? 'warn' : severity);
}

/**
 * What receivers know once a message that was not marked is dropped. One that somebody had in hand may
 * be out: to take it as told costs an end that nobody waits for, not to would leave a thread or a page
 * open.
 */
export function takenAsTold({ outbox, told, facts }: Incident, nowMs: number): Told | undefined {
  const notice = outbox.find(({ claimedAtMs }) => claimedAtMs !== undefined);
  if (notice === undefined || notice.transition === 'resolve') return told;
  return {
    sequence: notice.sequence,
    atMs: nowMs,
    severity: graver(notice.severity, told?.severity ?? notice.severity),
    facts,
    updates: told?.updates ?? 0,
    ...(isOnlyInDigest(notice, told) ? { onlyInDigest: true } : {}),
  };
}

/** The messages that may be published now. */
export const due = (incident: Incident, nowMs: number): readonly Notice[] =>
  incident.outbox.filter(({ dueAtMs }) => dueAtMs <= nowMs);

/** Names one message, in all its repeats. */
export const messageIdOf = (incident: Incident, { sequence }: Notice): string =>
  `${incident.id}#${sequence}`;

const changed = (incident: Incident, changes: Partial<Incident>, nowMs: number): Incident => ({
  ...incident,
  ...changes,
  changedAtMs: nowMs,
  version: incident.version + 1,
});

/**
 * Takes the message with this number in hand; the same object when it is gone, or in someone else's
 * hand. So two that run at once send it once, and what has been folded meanwhile is not sent.
 */
export function claimed(
  incident: Incident,
  sequence: number,
  nowMs: number,
  toldIn?: string,
): Incident {
  const notice = incident.outbox.find((one) => one.sequence === sequence);
  if (notice === undefined) return incident;
  if (notice.claimedAtMs !== undefined && nowMs - notice.claimedAtMs < claimMs) return incident;
  const digest = toldIn === undefined ? {} : { toldIn };
  return changed(incident, { outbox: [{ ...notice, ...digest, claimedAtMs: nowMs }] }, nowMs);
}

/** Remembers which topics have the message with this number; it stays in the outbox for the others. */
export function sentInPart(
  incident: Incident,
  sequence: number,
  sentTo: readonly AlertTopic[],
  nowMs: number,
): Incident {
  const notice = incident.outbox.find((one) => one.sequence === sequence);
  if (notice === undefined || notice.sentTo?.length === sentTo.length) return incident;
  return changed(incident, { outbox: [{ ...notice, sentTo }] }, nowMs);
}

/**
 * The incident once `notice` was published, telling the facts that `published` had. What has taken its
 * place in the meantime stays, and what was published is remembered all the same.
 */
export function sent(
  incident: Incident,
  notice: Notice,
  published: Incident,
  nowMs: number,
): Incident {
  const outbox = incident.outbox.filter(({ sequence }) => sequence !== notice.sequence);
  const isMarked = outbox.length < incident.outbox.length;
  const isEnd = notice.transition === 'resolve';
  const { told } = incident;
  if (!isMarked) {
    // Marked by someone else, or about an opening that is over: nothing that this one has to know.
    const isOver = published.id !== incident.id || published.boundaryMs !== incident.boundaryMs;
    if (isEnd || isOver || (told?.sequence ?? 0) >= notice.sequence) return incident;
  }
  if (isEnd) return changed(incident, { outbox }, nowMs);
  const next: Told = {
    sequence: notice.sequence,
    atMs: Math.max(nowMs, told?.atMs ?? nowMs),
    severity: graver(notice.severity, told?.severity ?? notice.severity),
    facts: published.facts,
    updates: (told?.updates ?? 0) + (notice.transition === 'update' ? 1 : 0),
    ...(isOnlyInDigest(notice, told) ? { onlyInDigest: true } : {}),
  };
  return changed(incident, { outbox, told: next }, nowMs);
}

/** Whether nobody has been told but in a digest, once this message is out. */
export const isOnlyInDigest = (notice: Notice, told: Told | undefined): boolean =>
  notice.toldIn !== undefined && (told === undefined || told.onlyInDigest === true);

/** Whether a mute holds this message back: not the end of what was told, which also closes the page. */
export const isMutable = (incident: Incident, notice: Notice): boolean =>
  notice.transition !== 'resolve' || incident.told === undefined;

/** Holds the message with this number back until the mute ends. */
export function postponed(
  incident: Incident,
  sequence: number,
  mutedBy: string,
  untilMs: number,
  nowMs: number,
): Incident {
  const held = incident.outbox.map((notice) =>
    notice.sequence === sequence ? { ...notice, mutedBy, dueAtMs: untilMs } : notice,
  );
  const isWaiting = incident.outbox.some((notice) => notice.sequence === sequence);
  return isWaiting ? changed(incident, { outbox: held }, nowMs) : incident;
}

/** Whether a mute still holds a message back. */
export const isHeld = ({ outbox }: Incident, nowMs: number): boolean =>
  outbox.some(({ mutedBy, dueAtMs }) => mutedBy !== undefined && dueAtMs > nowMs);

/** Lets go what a mute held that is no more: somebody ended it early, or put a shorter one in its place. */
export function released(incident: Incident, nowMs: number): Incident {
  if (!isHeld(incident, nowMs)) return incident;
  const outbox = incident.outbox.map((notice) => ({ ...notice, dueAtMs: nowMs }));
  return changed(incident, { outbox }, nowMs);
}

/** Whether it began and ended while it was muted: told in the one line of the mute's end. */
export const endedWhileMuted = (incident: Incident, notice: Notice): boolean =>
  notice.mutedBy !== undefined && notice.transition === 'resolve' && incident.told === undefined;

/** A resolved incident that a digest has named: from then on only its key finds it. */
export const digested = (incident: Incident, nowMs: number): Incident =>
  incident.status === 'resolved' && incident.digestedAtMs === undefined
    ? changed(incident, { digestedAtMs: nowMs }, nowMs)
    : incident;
