import type { Alert } from '../domain/alert.ts';
import { type Digest, digestOf, isEmptyDigest, type WouldHave } from '../domain/digest.ts';
import type { Incident, IncidentKey, Notice } from '../domain/incident.ts';
import { folded, planFolds, stormKeyOf, unfolded } from '../domain/incident-fold.ts';
import { fingerprintOf } from '../domain/incident-key.ts';
import { applyObservations } from '../domain/incident-lifecycle.ts';
import {
  claimed,
  digested,
  due,
  endedWhileMuted,
  isMutable,
  messageIdOf,
  postponed,
  released,
  sent,
} from '../domain/incident-outbox.ts';
import { firstRunMs, incidentPolicies } from '../domain/incident-policy.ts';
import { type Mute, muteIdOf, muteOf } from '../domain/mute.ts';
import {
  type IncidentList,
  type IncidentStore,
  updateAttemptsMax,
  updateIncident,
} from './incident-store.ts';

export type AlertPublisher = {
  /** Sends one message. Its `id` is the same in every repeat of it, and in no other message. */
  publish(alert: Alert): Promise<void>;
};

export type OutboxDeps = {
  readonly store: IncidentStore;
  readonly publisher: AlertPublisher;
  readonly render: (incident: Incident, notice: Notice) => Alert;
  readonly renderDigest: (digest: Digest) => Alert;
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
  const storms = await foldStorms(store, list, nowMs, signal);
  const first = await store.firstRun(nowMs, signal);
  if (first.endedAtMs === undefined) {
    if (nowMs - first.startedAtMs < firstRunMs) return report(true);
    const isTold = await tellFirstRun(run, [...incidents, ...storms], first.startedAtMs);
    if (!isTold) return report(true);
    await store.endFirstRun(first, nowMs, signal);
  }
  const ended = new Map<string, Message[]>();
  for (const key of distinct([...storms, ...withMessages(incidents)])) {
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
  const incident = await store.get(key, signal);
  const notice = incident === undefined ? undefined : due(incident, byMs)[0];
  if (incident === undefined || notice === undefined) return undefined;
  if (!isMutable(incident, notice)) return { incident, notice };
  const mute = muteOf(await mutesOf(run, incident.cluster), incident, run.nowMs);
  if (mute === undefined) return { incident, notice };
  await change(run, key, (current) =>
    postponed(current, notice.sequence, muteIdOf(mute), mute.untilMs, run.nowMs),
  );
  run.postponed += 1;
  return undefined;
}

async function mutesOf(run: Run, cluster: string): Promise<readonly Mute[]> {
  const known = run.mutes.get(cluster);
  if (known !== undefined) return known;
  const mutes = await run.deps.store.listMutes(cluster, run.nowMs, run.deps.signal);
  run.mutes.set(cluster, mutes);
  return mutes;
}

/** Changes an incident that exists; one that others keep changing is left to the next sweep. */
const change = (run: Run, key: IncidentKey, apply: (current: Incident) => Incident) =>
  updateIncident(
    run.deps.store,
    key,
    (current) => (current === undefined ? undefined : apply(current)),
    updateAttemptsMax,
    run.deps.signal,
  );

/** Takes a message in hand; undefined when someone else has it, or it is no longer to be sent. */
async function claim(run: Run, { incident, notice }: Message): Promise<Message | undefined> {
  const updated = await change(run, incident, (current) =>
    claimed(current, notice.sequence, run.nowMs),
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
    const alert = run.deps.render(own.incident, notice);
    await run.deps.publisher.publish({ ...alert, id: messageId });
    run.published.push(messageId);
    await change(run, own.incident, (current) => sent(current, notice, own.incident, run.nowMs));
  } catch (error) {
    run.failed.push({ messageId, error });
  }
}

/** One message for many, then a mark on each of them; false while some of them are still to be told. */
async function tellTogether(
  run: Run,
  kind: 'first-run' | 'mute-ended',
  id: string,
  messages: readonly Message[],
): Promise<boolean> {
  let toldCount = 0;
  const clusters = new Set(messages.map(({ incident }) => incident.cluster));
  for (const cluster of [...clusters].sort()) {
    const messageId = kind === 'first-run' ? `${id}#${cluster}` : id;
    try {
      const own: Message[] = [];
      for (const message of messages.filter(({ incident }) => incident.cluster === cluster)) {
        const held = await claim(run, message);
        if (held !== undefined) own.push(held);
      }
      if (own.length === 0) continue;
      const incidents = own.map(({ incident }) => incident);
      const digest = digestOf({ kind, cluster, id: messageId, atMs: run.nowMs, incidents });
      await run.deps.publisher.publish({ ...run.deps.renderDigest(digest), id: messageId });
      run.published.push(messageId);
      for (const { incident, notice } of own) {
        await change(run, incident, (current) => sent(current, notice, incident, run.nowMs));
        toldCount += 1;
      }
    } catch (error) {
      run.failed.push({ messageId, error });
    }
  }
  return toldCount === messages.length;
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

/**
 * Folds what one cause hit into its storm: the storm is written first, so that a crash in between
 * leaves two who could tell rather than none. Returns the storms, some of which have just ended.
 */
export async function foldStorms(
  store: IncidentStore,
  list: IncidentList,
  nowMs: number,
  signal?: AbortSignal,
): Promise<readonly Incident[]> {
  const plan = planFolds(list.incidents, list.isWhole, nowMs);
  const storms: Incident[] = [];
  for (const { key, joining, observations } of plan.storms) {
    const context = { key, policy: incidentPolicies.storm, nowMs };
    const updated = await updateIncident(
      store,
      key,
      (current) => applyObservations(current, observations, context),
      updateAttemptsMax,
      signal,
    );
    if (updated.kind === 'contended' || updated.incident === undefined) continue;
    const storm = updated.incident;
    storms.push(storm);
    for (const member of storm.status === 'open' ? joining : []) {
      await updateIncident(
        store,
        member,
        (current) => (current === undefined ? undefined : folded(current, storm.id, nowMs)),
        updateAttemptsMax,
        signal,
      );
    }
  }
  for (const stray of plan.strays) await unfold(store, stray, nowMs, signal);
  return storms;
}

/** The list may lag behind: the storm itself is asked whether it is over. */
async function unfold(
  store: IncidentStore,
  stray: Incident,
  nowMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const storm = await store.get(stormKeyOf(stray.cluster, stray.cause), signal);
  if (storm?.status === 'open' && storm.id === stray.foldedInto) return;
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
  store: IncidentStore,
  mute: Mute,
  nowMs: number,
  signal?: AbortSignal,
): Promise<void> {
  await store.deleteMute(mute, signal);
  const { incidents } = await store.list(signal);
  for (const held of withMessages(incidents)) {
    await updateIncident(
      store,
      held,
      (current) => (current === undefined ? undefined : released(current, muteIdOf(mute), nowMs)),
      updateAttemptsMax,
      signal,
    );
  }
}

export type DailyParts = {
  /** Names the day, for instance `2026-11-20`: repeats of one digest have one name. */
  readonly day: string;
  readonly wouldHave: readonly (WouldHave & { readonly cluster: string })[];
};

/**
 * The daily digest of every cluster that has something to say. What ended is named once, then found by
 * its key only; a crash in between names it again, under the same id.
 */
export async function publishDaily(
  deps: OutboxDeps,
  { day, wouldHave }: DailyParts,
  nowMs: number,
): Promise<readonly string[]> {
  const { store, publisher, renderDigest, signal } = deps;
  const { incidents } = await store.list(signal);
  const clusters = new Set([...incidents, ...wouldHave].map(({ cluster }) => cluster));
  const published: string[] = [];
  for (const cluster of [...clusters].sort()) {
    const id = `daily#${cluster}#${day}`;
    const digest = digestOf({
      ...{ kind: 'daily', cluster, id, atMs: nowMs, incidents },
      mutes: await store.listMutes(cluster, nowMs, signal),
      wouldHave: wouldHave.filter((one) => one.cluster === cluster),
    });
    if (isEmptyDigest(digest)) continue;
    await publisher.publish({ ...renderDigest(digest), id });
    published.push(id);
    for (const ended of incidents) {
      if (ended.cluster !== cluster || ended.status !== 'resolved') continue;
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
