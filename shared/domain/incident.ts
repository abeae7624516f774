import type { AlertTopic } from './alert.ts';

/** What a person does: `critical` pages, `warn` goes to the channel, `info` to the digest. */
export type Severity = 'critical' | 'warn' | 'info';

/** What has become of an incident, told in one message each. */
export type Transition = 'open' | 'update' | 'escalate' | 'resolve';

/** Kinds of trouble, as alerts and runbooks tell them apart. */
export type IncidentKind =
  // Found in task-state events.
  | 'crash-loop'
  | 'slow-loop'
  | 'start-failure'
  | 'unknown-stop'
  | 'placement-failure'
  | 'storm'
  | 'bad-instance'
  | 'bad-zone'
  // Found in deployment and hook events, and by the deployment hook itself.
  | 'rollback'
  | 'gate-could-not-measure'
  | 'gate-misconfigured'
  | 'stage-not-gated'
  | 'break-glass'
  | 'hook-timed-out'
  | 'hook-awaiting-action'
  // Found in the replacement of instances.
  | 'replacement-ahead'
  | 'drain-stuck'
  | 'drains-stuck'
  | 'not-recovered'
  // Found by az-balance.
  | 'zone-imbalance'
  // Found by density.
  | 'concentration'
  | 'density-anomaly';

/**
 * Whom it concerns: a service, a family of standalone tasks, a container instance, an Availability
 * Zone as far as the cluster lies in it, or the whole cluster.
 */
export type Subject = {
  readonly type: 'service' | 'family' | 'instance' | 'zone' | 'cluster';
  readonly name: string;
};

/** What makes two observations one incident: a new deployment opens a new one. */
export type IncidentKey = {
  readonly cluster: string;
  readonly subject: Subject;
  readonly kind: IncidentKind;
  /** Cause class within the kind: `out-of-memory`, `image-pull`, `latency-regression`, ... */
  readonly cause: string;
  /** Id of the deployment or service revision; undefined where there is none. */
  readonly deploymentId: string | undefined;
};

/** Facts for the text, by name: small, flat, without secrets. */
export type Facts = Readonly<Record<string, string | number | boolean>>;

/** One thing that happened, by an id of its own: the same id twice is the same thing. */
export type Occurrence = {
  readonly id: string;
  readonly atMs: number;
  /** Its own evidence (exit code, zone, seconds lived): bounded, see `incident-facts.ts`. */
  readonly facts?: Facts;
};

/** A message that stands on the incident until it has been published. */
export type Notice = {
  /** Grows by one a notice: `incidentId#sequence` tells a reader a repeat. */
  readonly sequence: number;
  readonly transition: Transition;
  readonly severity: Severity;
  readonly atMs: number;
  /** When it may be published: a page waits for the fold a minute at most. */
  readonly dueAtMs: number;
  /** The mute that it waits for, see `muteIdOf`; undefined when none does. */
  readonly mutedBy: string | undefined;
  /** When someone last took it in hand to publish it: from then on it may be out. */
  readonly claimedAtMs?: number;
  /** Id of the digest that it was taken in hand for: repeated, it stays in that one. */
  readonly toldIn?: string;
  /** Topics that have it while another refused it: repeated, it goes to that one alone. */
  readonly sentTo?: readonly AlertTopic[];
};

/** What receivers know of an incident since it last opened: what was marked as published. */
export type Told = {
  /** Of the latest message. */
  readonly sequence: number;
  readonly atMs: number;
  /** The highest that was told: an end at `critical` closes the page. */
  readonly severity: Severity;
  readonly facts: Facts;
  /** Updates and reminders so far. */
  readonly updates: number;
  /** Nothing but a digest has named it, so there is no page to close. */
  readonly onlyInDigest?: boolean;
};

export type Acknowledgement = { readonly by: string; readonly atMs: number };

/** One incident as the table keeps it. */
export type Incident = IncidentKey & {
  /** Stays through reopening: it names the thread. */
  readonly id: string;
  /** `watching`: below its threshold, nobody has been told. */
  readonly status: 'watching' | 'open' | 'resolved';
  readonly severity: Severity;
  readonly firstAtMs: number;
  readonly openedAtMs: number | undefined;
  readonly changedAtMs: number;
  readonly resolvedAtMs: number | undefined;
  /** Why it ended: `steady`, `superseded`, `expired`, ... */
  readonly resolution: string | undefined;
  /** What happened until then belongs to an earlier opening of the same key. */
  readonly boundaryMs: number | undefined;
  /** Since when the subject is seen well, while the incident is open. */
  readonly wellSinceMs: number | undefined;
  /** Since when the subject is seen worse than the severity says. */
  readonly worseSinceMs: number | undefined;
  /** Distinct occurrences ever counted. */
  readonly count: number;
  /** The newest of them, oldest first; bounded. */
  readonly occurrences: readonly Occurrence[];
  readonly facts: Facts;
  /** When each fact was true: a later one wins, in whatever order they come. */
  readonly factTimes: Readonly<Record<string, number>>;
  /** Incident that this one was folded into, where many had one cause or one place. */
  readonly foldedInto: string | undefined;
  /** Someone has it in hand: no updates and reminders, but its escalation and its end. */
  readonly acknowledged: Acknowledgement | undefined;
  /** Undefined while nobody has been told. */
  readonly told: Told | undefined;
  /** When a digest named its end; until then a resolved incident can be listed. */
  readonly digestedAtMs: number | undefined;
  /** At most one: a later message takes the place of one that was not sent. */
  readonly outbox: readonly Notice[];
  readonly sequence: number;
  /** Grows with every write: writes are conditional on it. */
  readonly version: number;
};
