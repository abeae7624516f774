import type { NotRecoveredFacts } from './alert-facts.ts';
import type { Facts, Incident, IncidentKey, IncidentKind } from './incident.ts';
import { optedOut, serviceGone } from './incident-end.ts';
import { causeOf, goneAtMsOf, type InstanceRecord } from './instance-replacement.ts';
import { valueIn } from './record.ts';
import { isOptedOut } from './replacement-look.ts';
import { isBelow } from './replacement-outcome.ts';
import type { ReplacementReaction } from './replacement-reaction.ts';
import type { Service, Snapshot } from './snapshot.ts';
import { taskLimitsOf } from './task-limits.ts';

/** A service that was not back in time is watched for so long after its instance went. */
export const missingMsMax = 7 * 24 * 3_600_000;

/** Task-state's own words for why a service is short: who was told these needs no second card. */
const toldByTaskState: ReadonlySet<IncidentKind> = new Set<IncidentKind>([
  'crash-loop',
  'slow-loop',
  'start-failure',
  'placement-failure',
]);

/** Whether one of a service's incidents tells already why it is short. */
export const tellsShortage = (incidents: readonly Incident[]): boolean =>
  incidents.some(({ kind, status }) => status === 'open' && toldByTaskState.has(kind));

/** A rollout explains for so long why its service is short: one that goes on and on does not. */
export const rolloutMsMax = 6 * 3_600_000;

/** Whether a service may be short because it is being deployed. */
export const isRollingOut = (
  { name, rollouts }: Service,
  { deployments }: Pick<Snapshot, 'deployments'>,
  nowMs: number,
): boolean =>
  [
    ...rollouts
      .filter(({ rolloutState }) => rolloutState === 'IN_PROGRESS')
      .map(({ createdAtMs }) => createdAtMs),
    valueIn(deployments, name)?.startedAtMs,
  ].some((sinceMs) => sinceMs !== undefined && nowMs - sinceMs < rolloutMsMax);

/** One incident a service, however many of its instances went. */
export const notRecoveredKey = (cluster: string, service: string): IncidentKey => ({
  cluster,
  subject: { type: 'service', name: service },
  kind: 'not-recovered',
  cause: 'below-count',
  deploymentId: undefined,
});

/** The services that an instance left short, that still are, and that have not opted out; none once that is too long ago. */
export function missingNow(
  record: InstanceRecord,
  { services }: Snapshot,
  nowMs: number,
): readonly string[] {
  const goneAtMs = goneAtMsOf(record) ?? nowMs;
  if (nowMs - goneAtMs > missingMsMax) return [];
  const missing = new Set(record.outcome?.missing ?? []);
  return (record.before ?? [])
    .filter((before) => missing.has(before.name))
    .filter((before) => {
      const service = serviceNamed(before.name, services);
      return service !== undefined && !isOptedOut(service) && isBelow(before, service);
    })
    .map(({ name }) => name);
}

const serviceNamed = (name: string, services: readonly Service[]): Service | undefined =>
  services.find((service) => service.name === name);

/** A service that is short, as it is told. */
export function shortageOf(
  cluster: string,
  record: InstanceRecord,
  service: Service,
  nowMs: number,
): ReplacementReaction {
  const { minimum } = taskLimitsOf(service);
  const facts: NotRecoveredFacts = {
    running: service.running,
    desired: service.desired,
    minimum,
    instance: record.ec2InstanceId ?? record.id,
    why: causeOf(record),
    goneAtMs: goneAtMsOf(record) ?? nowMs,
  };
  return {
    key: notRecoveredKey(cluster, service.name),
    observations: [
      {
        type: 'occurred',
        occurrence: { id: `instance-${record.id}`, atMs: nowMs },
        severity: service.running < minimum ? 'critical' : 'warn',
        facts,
      },
    ],
  };
}

/**
 * The end of what was told of a service that an instance left short: it is back, gone, or opted out.
 * Undefined where it is short still, and only watched no longer: nobody saw it well, so its incident expires.
 */
export function endOfShortage(
  cluster: string,
  { before = [] }: InstanceRecord,
  name: string,
  { services }: Snapshot,
  nowMs: number,
): ReplacementReaction | undefined {
  const service = serviceNamed(name, services);
  const was = before.find((one) => one.name === name);
  const key = notRecoveredKey(cluster, name);
  const end = (reason: string, facts?: Facts): ReplacementReaction => ({
    key,
    observations: [{ type: 'well', atMs: nowMs, reason, ...(facts && { facts }) }],
  });
  if (service?.status !== 'ACTIVE') return end(serviceGone);
  const { running, desired } = service;
  if (was === undefined || !isBelow(was, service)) {
    return end('back at its count', { running, desired });
  }
  return isOptedOut(service) ? end(optedOut, { running, desired }) : undefined;
}
