import type { OnDemandWants } from '../../shared/aws/snapshot-wants.ts';
import type { Snapshot } from '../../shared/domain/snapshot.ts';
import { isImbalanced } from '../../shared/domain/zone-sight.ts';
import type { ZoneReport, ZoneVerdict } from '../../shared/domain/zone-verdict.ts';

/** Reasons of a service that comes to its rooms: a task more is all that could help it. */
const atTheRooms: ReadonlySet<string> = new Set([
  'surge-move',
  'zone-instance-missing',
  'zone-room-missing',
  'zone-room-unknown',
]);

/**
 * What is worth further calls once a first look has found something out of balance: whether a
 * deployment or a zonal shift explains it, and where a surge is near, what forbids one. A cluster in
 * balance costs none of them.
 */
export function onDemandOf(snapshot: Snapshot, { verdicts }: ZoneReport): OnDemandWants {
  const uneven = verdicts.filter((one) => isImbalanced(one) && one.movesNeeded > 0);
  if (uneven.length === 0) return {};
  const names = namesOf(uneven);
  const surging = namesOf(uneven.filter(({ reason }) => atTheRooms.has(reason)));
  const services = snapshot.services.filter(({ name }) => names.has(name));
  return {
    instanceTypes: services.some(({ compute }) => compute !== 'fargate'),
    deployments: () => [...names],
    zonalShifts: () => services.flatMap(({ targetGroupArns }) => targetGroupArns),
    ...(surging.size === 0
      ? {}
      : {
          scalableTargets: () => [...surging],
          protections: ({ tasks }) =>
            tasks.flatMap(({ arn, service = '' }) => (surging.has(service) ? [arn] : [])),
        }),
  };
}

const namesOf = (verdicts: readonly ZoneVerdict[]): ReadonlySet<string> =>
  new Set(verdicts.map(({ service }) => service));
