import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { assert } from '../domain/assert.ts';
import type { Incident, IncidentKey, Subject } from '../domain/incident.ts';
import { fingerprintOf } from '../domain/incident-key.ts';
import { reopenMs } from '../domain/incident-policy.ts';

export type Item = Record<string, AttributeValue>;

/**
 * Largest item of an incident, in bytes: 64 occurrences and two sets of facts at their longest, in
 * characters of three bytes. DynamoDB takes 400 KB; a usual item has 2 to 10.
 */
export const incidentBytesMax = 250_000;
/** How long an incident is kept after its end, and one that never opened after its last change. */
const resolvedSecondsMax = 90 * 24 * 3_600;
const watchingMsMax = 7 * reopenMs;

/** Values of `indexPk` that incidents have. */
export const outboxIndex = 'OUTBOX';
export const incidentIndex = 'INCIDENT';

const prefixes: Readonly<Record<Subject['type'], string>> = {
  service: 'SERVICE',
  family: 'FAMILY',
  instance: 'INSTANCE',
  zone: 'ZONE',
  cluster: 'CLUSTER',
};

/** All items of a subject. */
export const partitionOf = (cluster: string, { type, name }: Subject): string =>
  `${prefixes[type]}#${cluster}/${name}`;
/** How the sort key of an incident begins. */
export const incidentPrefix = 'INCIDENT#';

export type Keys = { readonly pk: string; readonly sk: string };

/** Where an incident lies. A family has a prefix of its own: services are often named like theirs. */
export function keysOf(key: IncidentKey): Keys {
  fingerprintOf(key); // Refuses what would be ambiguous.
  const { cluster, subject, kind, cause, deploymentId } = key;
  return {
    pk: partitionOf(cluster, subject),
    sk: `${incidentPrefix}${kind}#${cause}#${deploymentId ?? '-'}`,
  };
}

export const isoOf = (atMs: number): string => new Date(atMs).toISOString();

/** Found by the sweep while there is something to send, and by lists until a digest named its end. */
function indexOf(incident: Incident): Item {
  const [notice] = incident.outbox;
  const isListed = incident.status === 'open' || isUndigested(incident);
  if (notice === undefined && !isListed) return {};
  const atMs = notice?.dueAtMs ?? incident.openedAtMs ?? incident.firstAtMs;
  return {
    indexPk: { S: notice === undefined ? incidentIndex : outboxIndex },
    indexSk: { S: `${isoOf(atMs)}#${incident.id}` },
  };
}

const isUndigested = ({ status, digestedAtMs }: Incident): boolean =>
  status === 'resolved' && digestedAtMs === undefined;

/** Clean-up only, and never for what is open or has something to send. */
function ttlOf({ status, outbox, resolvedAtMs, changedAtMs }: Incident): Item {
  if (status === 'open' || outbox.length > 0) return {};
  const atMs = resolvedAtMs ?? changedAtMs + watchingMsMax;
  const seconds = Math.floor(atMs / 1000) + (resolvedAtMs === undefined ? 0 : resolvedSecondsMax);
  return { ttl: { N: String(seconds) } };
}

/** The whole item: the incident as JSON, beside it what conditions, indexes and people look at. */
export function encodeIncident(incident: Incident): Item {
  const { pk, sk } = keysOf(incident);
  const body = JSON.stringify(incident);
  const bytes = Buffer.byteLength(body);
  assert(bytes <= incidentBytesMax, `an incident of ${bytes} bytes, bound ${incidentBytesMax}`);
  assert(incident.outbox.length <= 1, 'an incident has one message to send at most');
  return {
    pk: { S: pk },
    sk: { S: sk },
    incidentId: { S: incident.id },
    status: { S: incident.status },
    severity: { S: incident.severity },
    changedAt: { S: isoOf(incident.changedAtMs) },
    version: { N: String(incident.version) },
    incident: { S: body },
    ...indexOf(incident),
    ...ttlOf(incident),
  };
}

/** Undoes {@link encodeIncident}; undefined for an item of another kind or release. */
export function decodeIncident(item: Item): Incident | undefined {
  const value = parseJson(item.incident?.S ?? '');
  return isIncident(value) && item.version?.N === String(value.version) ? value : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Only Ballast writes these items: enough to notice one of another release. */
function isIncident(value: unknown): value is Incident {
  if (typeof value !== 'object' || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  return (
    ['cluster', 'kind', 'cause', 'id', 'status', 'severity'].every(
      (name) => typeof fields.get(name) === 'string',
    ) &&
    ['firstAtMs', 'changedAtMs', 'count', 'sequence', 'version'].every(
      (name) => typeof fields.get(name) === 'number',
    ) &&
    ['occurrences', 'outbox'].every((name) => Array.isArray(fields.get(name))) &&
    ['subject', 'facts', 'factTimes'].every((name) => typeof fields.get(name) === 'object')
  );
}
