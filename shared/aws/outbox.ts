import type { Alert, AlertTopic } from '../domain/alert.ts';
import { type Digest, digestOf, isEmptyDigest } from '../domain/digest.ts';
import type { Incident, IncidentKey, Notice } from '../domain/incident.ts';
import {
  clustersToLookAt,
  folded,
  foldKeysOf,
  planFolds,
  unfolded,
} from '../domain/incident-fold.ts';
import { fingerprintOf, hashOf } from '../domain/incident-key.ts';
import { applyObservations } from '../domain/incident-lifecycle.ts';
import { lastAtMs } from '../domain/incident-occurrences.ts';
import {
  claimed,
  digested,
  due,
  endedWhileMuted,
  isHeld,
  isMutable,
  messageIdOf,
  postponed,
  released,
  sent,
  sentInPart,
} from '../domain/incident-outbox.ts';
import type { RunningPlaces, TaskPlace } from '../domain/incident-place.ts';
import { firstRunMs, incidentPolicies } from '../domain/incident-policy.ts';
import { type Mute, muteIdOf, muteOf } from '../domain/mute.ts';
import { isWatchedOnly, wouldHaveOf } from '../domain/would-have.ts';
import type { IncidentList, IncidentStore } from './incident-store.ts';
import type { MuteStore } from './mute-store.ts';
import { PartlySentError } from './topic-publisher.ts';
import { updateAttemptsMax, updateIncident } from './update-incident.ts';

export type AlertPublisher = {
  /**
   * Sends one message to each of its topics but those that have it already. Its `id` is the same in every
   * repeat of it, and in no other message. One topic that refuses does not hold up the other: throws
   * {@link PartlySentError} where some have it now, and what they said where none has.
   */
  publish(alert: Alert, sentTo?: readonly AlertTopic[]): Promise<void>;
};

export type OutboxDeps = {
  readonly store: IncidentStore;
  readonly publisher: AlertPublisher;
  readonly render: (incident: Incident, notice: Notice) => Alert;
  readonly renderDigest: (digest: Digest) => Alert;
  /**
   * Where the tasks of a cluster run, by its name; undefined where that cannot be told, and then no
   * instance or zone is. Asked only where services fail in one place.
   */
  readonly runningPlaces?: (cluster: string) => Promise<readonly TaskPlace[] | undefined>;
  readonly signal?: AbortSignal;
};

export type OutboxReport = {
  /** Ids of the messages that were published now. */
  readonly published: readonly string[];
  /** Messages that a mute holds back until it ends. */
  readonly postponed: number;
  /** Still in the outbox, with what went wrong: the next sweep tries again. */
  readonly failed: readonly { readonly messageId: string; readonly error: unknown }[];
  /** Keys of items that this release cannot read. */
  readonly unreadable: readonly string[];
  /** True while the first run only listens. */
  readonly isListening: boolean;
};

/**
 * Publishes what is due: folds first, so that one cause is told once, then takes each message in hand,
 * publishes it and marks it. A crash in between repeats a message under the same id and loses none.
 * One message that fails does not hold up the others.
 */
export async function publishDue(deps: OutboxDeps, nowMs: number): Promise<OutboxReport> {
  const { store, signal } = deps;
  const list = await store.list(signal);
  const { incidents, unreadable } = list;
  const run: Run = { deps, nowMs, mutes: new Map(), published: [], failed: [], postponed: 0 };
  const report = (isListening = false): OutboxReport => {
    const { published, failed, postponed } = run;
    return { published, failed, postponed, unreadable, isListening };
  };
  const running = await readPlaces(deps, list.incidents, nowMs);
  const foldable = await withoutMuted(run, incidents);
  const folds = await foldIncidents(
    store,
    { ...list, incidents: foldable },
    running,
    nowMs,
    signal,
  );
  const first = await store.firstRun(nowMs, signal);
  if (first.endedAtMs === undefined) {
    if (nowMs - first.startedAtMs < firstRunMs) return report(true);
    const isTold = await tellFirstRun(run, [...incidents, ...folds], first.startedAtMs);
    if (!isTold) return report(true);
    await store.endFirstRun(first, nowMs, signal);
  }
  const ended = new Map<string, Message[]>();
  for (const key of distinct([...folds, ...withMessages(incidents)])) {
    const message = await dueOf(run, key);
    if (message === undefined) continue;
    const { mutedBy } = message.notice;
    if (mutedBy !== undefined && endedWhileMuted(message.incident, message.notice)) {
      ended.set(mutedBy, [...(ended.get(mutedBy) ?? []), message]);
    } else await tell(run, message);
  }
  for (const [muteId, messages] of ended) await tellTogether(run, 'mute-ended', muteId, messages);
  return report();
}

/** Whoever is muted alone waits alone: many of them are no storm to wake somebody for. */
async function withoutMuted(
  run: Run,
  incidents: readonly Incident[],
): Promise<readonly Incident[]> {
  const foldable: Incident[] = [];
  for (const incident of incidents) {
    const isFree = incident.foldedInto === undefined && incident.outbox.length > 0;
    const isLeftOut = isFree && isMuted(await mutesOf(run, incident.cluster), incident, run.nowMs);
    if (!isLeftOut) foldable.push(incident);
  }
  return foldable;
}

type Message = { readonly incident: Incident; readonly notice: Notice };

type Run = {
  readonly deps: OutboxDeps;
  readonly nowMs: number;
  /** By cluster, read once a run. */
  readonly mutes: Map<string, readonly Mute[]>;
  readonly published: string[];
  readonly failed: { readonly messageId: string; readonly error: unknown }[];
  postponed: number;
};

const withMessages = (incidents: readonly Incident[]): readonly Incident[] =>
  incidents.filter(({ outbox }) => outbox.length > 0);

const distinct = (incidents: readonly Incident[]): readonly Incident[] => [
  ...new Map(incidents.map((incident) => [fingerprintOf(incident), incident])).values(),
];

/** The message of an incident that may be published now, as the table has it now. */
async function dueOf(
  run: Run,
  key: IncidentKey,
  byMs: number = run.nowMs,
): Promise<Message | undefined> {
  const { store, signal } = run.deps;
  const found = await store.get(key, signal);
  const incident = found && (await withoutPastMute(run, found));
  const notice = incident === undefined ? undefined : due(incident, byMs)[0];
  if (incident === undefined || notice === undefined) return undefined;
  if (!isMutable(incident, notice)) return { incident, notice };
  const mute = muteOf(await mutesOf(run, incident.cluster), incident, run.nowMs);
  if (mute === undefined) return { incident, notice };
  await change(run, incident, (current) =>
    postponed(current, notice.sequence, muteIdOf(mute), mute.untilMs, run.nowMs),
  );
  run.postponed += 1;
  return undefined;
}

/** What was held back waits for a mute that is there: the one that held it may have been replaced. */
async function withoutPastMute(run: Run, incident: Incident): Promise<Incident> {
  if (!isHeld(incident, run.nowMs)) return incident;
  if (isMuted(await mutesOf(run, incident.cluster), incident, run.nowMs)) return incident;
  const updated = await change(run, incident, (current) => released(current, run.nowMs));
  return updated.kind === 'contended' ? incident : (updated.incident ?? incident);
}

const isMuted = (mutes: readonly Mute[], incident: Incident, nowMs: number): boolean =>
  muteOf(mutes, incident, nowMs) !== undefined;

async function mutesOf(run: Run, cluster: string): Promise<readonly Mute[]> {
  const known = run.mutes.get(cluster);
  if (known !== undefined) return known;
  const mutes = await run.deps.store.listMutes(cluster, run.nowMs, run.deps.signal);
  run.mutes.set(cluster, mutes);
  return mutes;
}

/** Changes an incident that exists; one that others keep changing is left to the next sweep. */
const change = (run: Run, incident: Incident, apply: (current: Incident) => Incident) =>
  updateIncident(
    run.deps.store,
    incident,
    (current) => (current === undefined ? undefined : apply(current)),
    updateAttemptsMax,
    run.deps.signal,
    incident,
  );

/** Takes a message in hand; undefined when someone else has it, or it is no longer to be sent. */
async function claim(
  run: Run,
  { incident, notice }: Message,
  toldIn?: string,
): Promise<Message | undefined> {
  const updated = await change(run, incident, (current) =>
    claimed(current, notice.sequence, run.nowMs, toldIn),
  );
  return updated.kind === 'saved' ? { incident: updated.incident, notice } : undefined;
}

/** Claims, publishes, marks. Marked before it is published, a message would be lost in a crash. */
async function tell(run: Run, message: Message): Promise<void> {
  const { notice } = message;
  const messageId = messageIdOf(message.incident, notice);
  try {
    const own = await claim(run, message);
    if (own === undefined) return;
    await publishOwn(run, own, messageId);
    run.published.push(messageId);
    await change(run, own.incident, (current) => sent(current, notice, own.incident, run.nowMs));
  } catch (error) {
    run.failed.push({ messageId, error });
  }
}

async function publishOwn(run: Run, { incident, notice }: Message, id: string): Promise<void> {
  const alert = run.deps.render(incident, notice);
  try {
    await run.deps.publisher.publish({ ...alert, id }, notice.sentTo);
  } catch (error) {
    if (error instanceof PartlySentError) {
      const { sentTo } = error;
      await change(run, incident, (now) => sentInPart(now, notice.sequence, sentTo, run.nowMs));
    }
    throw error;
  }
}

/**
 * One digest a cluster for many messages, then a mark on each of them; false while some are still to be
 * told. A digest is named after what is in it, and what was taken in hand for it stays in it: a repeat
 * has the same name and nothing new, and what came later is told under another.
 */
async function tellTogether(
  run: Run,
  kind: 'first-run' | 'mute-ended',
  id: string,
  messages: readonly Message[],
): Promise<boolean> {
  let toldCount = 0;
  for (const own of Map.groupBy(messages, ({ incident }) => incident.cluster).values()) {
    const fresh = own.filter(({ notice }) => notice.toldIn === undefined);
    const freshId = `${id}#${hashOf(fresh.map(nameOf).sort().join(' '))}`;
    const groups = Map.groupBy(own, ({ notice }) => notice.toldIn ?? freshId);
    for (const [digestId, group] of groups) {
      const sorted = group.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
      toldCount += await tellGroup(run, kind, digestId, sorted);
    }
  }
  return toldCount === messages.length;
}

const nameOf = ({ incident, notice }: Message): string => messageIdOf(incident, notice);

/** Tells what can be taken in hand of one digest; returns how many messages are marked as told. */
async function tellGroup(
  run: Run,
  kind: 'first-run' | 'mute-ended',
  id: string,
  messages: readonly Message[],
): Promise<number> {
  const own: Message[] = [];
  try {
    for (const message of messages) {
      const held = await claim(run, message, id);
      // Whoever has the first has this digest: two halves under one name would lose one of them.
      if (held === undefined && own.length === 0) return 0;
      if (held !== undefined) own.push(held);
    }
    const incidents = own.map(({ incident }) => incident);
    const cluster = incidents[0]?.cluster ?? '';
    const digest = digestOf({ kind, cluster, id, atMs: run.nowMs, incidents });
    await run.deps.publisher.publish({ ...run.deps.renderDigest(digest), id });
    run.published.push(id);
    let marked = 0;
    for (const { incident, notice } of own) {
      const { kind: outcome } = await change(run, incident, (current) =>
        sent(current, { ...notice, toldIn: id }, incident, run.nowMs),
      );
      if (outcome !== 'contended') marked += 1;
    }
    return marked;
  } catch (error) {
    run.failed.push({ messageId: id, error });
    return 0;
  }
}

/** Everything that waits, due or not: what was found at first would come one by one otherwise. */
async function tellFirstRun(
  run: Run,
  incidents: readonly Incident[],
  startedAtMs: number,
): Promise<boolean> {
  const messages: Message[] = [];
  for (const key of distinct(withMessages(incidents))) {
    const message = await dueOf(run, key, Number.POSITIVE_INFINITY);
    if (message !== undefined) messages.push(message);
  }
  return await tellTogether(run, 'first-run', `first-run#${startedAtMs}`, messages);
}

async function readPlaces(
  { runningPlaces }: OutboxDeps,
  incidents: readonly Incident[],
  nowMs: number,
): Promise<RunningPlaces> {
  const running = new Map<string, readonly TaskPlace[]>();
  if (runningPlaces === undefined) return running;
  for (const cluster of clustersToLookAt(incidents, nowMs)) {
    const places = await runningPlaces(cluster);
    if (places !== undefined) running.set(cluster, places);
  }
  return running;
}

/**
 * Folds what one place or one cause hit into one incident: it is written first, so that a crash in
 * between leaves two who could tell rather than none. Returns the folds, some of which just ended.
 */
async function foldIncidents(
  store: IncidentStore,
  list: IncidentList,
  running: RunningPlaces,
  nowMs: number,
  signal?: AbortSignal,
): Promise<readonly Incident[]> {
  const plan = planFolds(list.incidents, list.isWhole, nowMs, running);
  const folds: Incident[] = [];
  for (const { key, joining, observations } of plan.folds) {
    const context = { key, policy: incidentPolicies[key.kind], nowMs };
    const updated = await updateIncident(
      store,
      key,
      (current) => applyObservations(current, observations, context),
      updateAttemptsMax,
      signal,
    );
    if (updated.kind === 'contended' || updated.incident === undefined) continue;
    const fold = updated.incident;
    folds.push(fold);
    for (const member of fold.status === 'open' ? joining : []) {
      await updateIncident(
        store,
        member,
        (current) => (current === undefined ? undefined : folded(current, fold.id, nowMs)),
        updateAttemptsMax,
        signal,
      );
    }
  }
  for (const stray of plan.strays) await unfold(store, stray, nowMs, signal);
  return folds;
}

/** The list may lag behind: the fold itself is asked whether it is over. */
async function unfold(
  store: IncidentStore,
  stray: Incident,
  nowMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const key of foldKeysOf(stray)) {
    const fold = await store.get(key, signal);
    if (fold?.status === 'open' && fold.id === stray.foldedInto) return;
  }
  await updateIncident(
    store,
    stray,
    (current) => (current === undefined ? undefined : unfolded(current, nowMs)),
    updateAttemptsMax,
    signal,
  );
}

/** Ends a mute early, and lets go what it holds; where that fails, it comes at the time once set. */
export async function endMute(
  store: IncidentStore & MuteStore,
  mute: Mute,
  nowMs: number,
  signal?: AbortSignal,
): Promise<void> {
  await store.deleteMute(mute, signal);
  const { incidents } = await store.list(signal);
  for (const held of incidents.filter((one) => isHeld(one, nowMs) && isMuted([mute], one, nowMs))) {
    await updateIncident(
      store,
      held,
      (current) => (current === undefined ? undefined : released(current, nowMs)),
      updateAttemptsMax,
      signal,
    );
  }
}

const hourMs = 3_600_000;

/** The day before the hour in which it is told: whole hours, so that no minute counts twice. */
function dayBefore(nowMs: number): { readonly fromMs: number; readonly toMs: number } {
  const toMs = Math.floor(nowMs / hourMs) * hourMs;
  return { fromMs: toMs - 24 * hourMs, toMs };
}

/**
 * The daily digest of every cluster that has something to say; `day` names it, for instance
 * `2026-11-20`, and repeats of it. What ended is named once, then found by its key only; a crash in
 * between names it again, under the same id.
 */
export async function publishDaily(
  deps: OutboxDeps,
  day: string,
  nowMs: number,
): Promise<readonly string[]> {
  const { store, publisher, renderDigest, signal } = deps;
  const { incidents } = await store.list(signal);
  const period = dayBefore(nowMs);
  const wouldHave = wouldHaveOf(incidents, period);
  const clusters = new Set(incidents.map(({ cluster }) => cluster));
  const published: string[] = [];
  for (const cluster of [...clusters].sort()) {
    const id = `daily#${cluster}#${day}`;
    const digest = digestOf({
      ...{ kind: 'daily', cluster, id, atMs: nowMs, incidents },
      mutes: await store.listMutes(cluster, nowMs, signal),
      wouldHave,
    });
    if (!isEmptyDigest(digest)) {
      await publisher.publish({ ...renderDigest(digest), id });
      published.push(id);
    }
    for (const ended of incidents) {
      if (ended.cluster !== cluster || ended.status !== 'resolved') continue;
      // What happened in the hour that has begun is tomorrow's: until then it has to be listed.
      if (isWatchedOnly(ended) && lastAtMs(ended) >= period.toMs) continue;
      await updateIncident(
        store,
        ended,
        (current) =>
          current !== undefined && current.resolvedAtMs === ended.resolvedAtMs
            ? digested(current, nowMs)
            : current,
        updateAttemptsMax,
        signal,
      );
    }
  }
  return published;
}
