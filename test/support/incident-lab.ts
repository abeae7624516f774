import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { IncidentStore } from '../../shared/aws/incident-store.ts';
import { createMutingStore } from '../../shared/aws/mute-store.ts';
import { type AlertPublisher, type OutboxReport, publishDue } from '../../shared/aws/outbox.ts';
import { updateIncident } from '../../shared/aws/update-incident.ts';
import type { Alert } from '../../shared/domain/alert.ts';
import type { Digest } from '../../shared/domain/digest.ts';
import type { Incident, IncidentKey, Notice } from '../../shared/domain/incident.ts';
import { applyObservations, type Observation } from '../../shared/domain/incident-lifecycle.ts';
import type { TaskPlace } from '../../shared/domain/incident-place.ts';
import { incidentPolicies } from '../../shared/domain/incident-policy.ts';
import type { TableDefinition } from '../../simulator/account.ts';
import { tableDefinition } from '../../simulator/hook-session.ts';
import { accountOf, clientsOf } from '../simulator/clients.ts';

/** The simulated table under a name of its own. */
export const tableWithIndex = (TableName: string): TableDefinition => ({
  ...tableDefinition,
  TableName,
});

/** What a receiver got: one line a message, `transition severity incident#sequence`. */
export type Received = {
  readonly id: string;
  readonly what: string;
  readonly isPage: boolean;
  readonly atMs: number;
};

export const alertOf = (incident: Incident, notice: Notice): Alert => ({
  id: 'overwritten',
  subject: `[${notice.severity.toUpperCase()}] ${incident.subject.name}: ${notice.transition}`,
  text: '',
  card: {
    title: '',
    description: '',
    nextSteps: [],
    keywords: [],
    threadId: incident.id,
    summary: '',
  },
  page:
    notice.severity === 'critical' && notice.transition !== 'update'
      ? {
          state: notice.transition === 'resolve' ? 'OK' : 'ALARM',
          alarmName: incident.id,
          alarmDescription: '',
          reason: '',
          atMs: notice.atMs,
        }
      : undefined,
  attributes: {
    severity: notice.severity,
    kind: incident.kind,
    cluster: incident.cluster,
    service: incident.subject.name,
    incidentId: incident.id,
    transition: notice.transition,
  },
});

export function digestAlert(digest: Digest): Alert {
  const names = (list: Digest['open']) =>
    list.shown.map(({ subject }) => subject.name).join(',') || '-';
  return {
    id: 'overwritten',
    subject:
      digest.kind === 'first-run'
        ? `first-run resolved=${names(digest.resolved)} open=${names(digest.open)}`
        : `${digest.kind} open=${names(digest.open)} resolved=${names(digest.resolved)}`,
    text: '',
    card: {
      title: '',
      description: '',
      nextSteps: [],
      keywords: [],
      threadId: digest.id,
      summary: '',
    },
    page: undefined,
    attributes: {
      severity: 'info',
      kind: digest.kind,
      cluster: digest.cluster,
      service: '-',
      incidentId: digest.id,
      transition: 'open',
    },
  };
}

/** The function was killed. Nothing that is awaited after it happens. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/** Wraps every call to the table and to the topics, so that a test owns what lies between them. */
export function wrapped<T extends object>(
  target: T,
  around: (name: string, work: () => Promise<unknown>) => Promise<unknown>,
): T {
  return new Proxy(target, {
    get(object, name, receiver) {
      const member: unknown = Reflect.get(object, name, receiver);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) =>
        around(String(name), async () => Reflect.apply(member, object, args));
    },
  });
}

/** A store in the simulated account, or over the client given. */
export function createLab(given?: { readonly dynamo: DynamoDBClient; readonly tableName: string }) {
  const account = accountOf({ tables: [tableWithIndex('ballast')] });
  const { dynamo, tableName } = given ?? {
    dynamo: clientsOf(account).dynamoDb,
    tableName: 'ballast',
  };
  const store = createMutingStore(dynamo, tableName);
  const received: Received[] = [];
  const running: TaskPlace[] = [];
  let nowMs = 0;
  const publisher: AlertPublisher = {
    publish: async ({ id, subject, page, attributes }) => {
      const what =
        attributes.service === '-'
          ? subject
          : `${attributes.service}: ${attributes.transition} ${attributes.severity}`;
      received.push({ id, what, isPage: page !== undefined, atMs: nowMs });
    },
  };
  return {
    account,
    store,
    publisher,
    received,
    /** Where tasks run; none are known until a test says so. */
    running,
    /** What was received, repeats left out. */
    distinct: (): readonly string[] => [
      ...new Map(received.map(({ id, what }) => [id, what])).values(),
    ],
    setNow: (ms: number) => {
      nowMs = ms;
    },
    /** Applies observations to one incident, as a function does for each of its events. */
    observe: (
      key: IncidentKey,
      ms: number,
      observations: readonly Observation[],
      through: Pick<IncidentStore, 'get' | 'save'> = store,
    ) =>
      updateIncident(through, key, (current) =>
        applyObservations(current, observations, {
          key,
          policy: incidentPolicies[key.kind],
          nowMs: ms,
        }),
      ),
    publish: (
      ms: number,
      through: { readonly store?: IncidentStore; readonly publisher?: AlertPublisher } = {},
    ): Promise<OutboxReport> => {
      nowMs = ms;
      return publishDue(
        {
          ...{ store, publisher, ...through, render: alertOf, renderDigest: digestAlert },
          runningPlaces: async () => running,
        },
        ms,
      );
    },
    /** Ends the first run before the story begins. */
    async settle(ms: number): Promise<void> {
      await store.endFirstRun(await store.firstRun(ms), ms);
    },
  };
}

export type Lab = ReturnType<typeof createLab>;
