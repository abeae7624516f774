import type { ZoneImbalanceFacts } from './alert-facts.ts';
import type { Facts, Severity } from './incident.ts';
import { factCharsMax } from './incident-facts.ts';
import type { Obstacle } from './rebalancing-eligibility.ts';
import { minimumOf } from './service-state.ts';
import type { Service } from './snapshot.ts';
import type { BlockedZone } from './zone-plan.ts';
import type { ZoneVerdict } from './zone-verdict.ts';

/**
 * Whether somebody should look. The spread has to cost tasks that an even one would keep; and where
 * nothing but a change of the service helps, it has to cost more than its minimum allows. A zone's loss
 * that an even spread would not soften is a matter of the daily digest.
 */
export function zoneSeverityOf({
  verdict,
  spread: { worst, best, desired },
}: ZoneVerdict): Severity {
  if (worst === undefined || worst.left >= desired - (best[0] ?? 0)) return 'info';
  return verdict === 'cannot' && !worst.isBelowMinimum ? 'info' : 'warn';
}

/** What an alert says of a verdict. */
export function zoneFactsOf(service: Service, verdict: ZoneVerdict): Facts {
  const { spread, reason, detail, obstacles, moves, movesNeeded, blockedZones } = verdict;
  const { zones, counts, best, desired, worst } = spread;
  const fullest = Math.max(...counts, 0);
  const facts: ZoneImbalanceFacts = {
    ...{ verdict: verdict.verdict, reason, detail, desired, movesNeeded, moves: moves.length },
    spread: counts.join('/'),
    bestSpread: best.join('/'),
    zones: zones.join(', '),
    counted: spread.counted,
    minimum: minimumOf(service),
    bestLeft: desired - (best[0] ?? 0),
    ...(counts.length === 0 ? {} : { fullest, fullestZone: zones[counts.indexOf(fullest)] ?? '' }),
    ...(worst === undefined ? {} : { lostZone: worst.zone, left: worst.left }),
    ...(worst?.leftPercent === undefined ? {} : { leftPercent: worst.leftPercent }),
    obstacles: obstacles.map((one) => obstacleWords(one, service)).join(', '),
    changes: obstacles.map(({ change }) => change).join('\n'),
    canEnable: obstacles.length === 1 && obstacles[0]?.reason === 'rebalancing-disabled',
    roomIn: [...new Set(moves.map(({ toZone }) => toZone))].sort().join(', '),
    blocked: blockedZones.map(blockedWords).join(', '),
    // Empty where there are none: facts are merged, and what was noted before would stay.
    notes: spread.notes.join('; '),
  };
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.slice(0, factCharsMax) : value,
    ]),
  );
}

/** An obstacle in a few words, with the setting as it is. */
function obstacleWords({ reason }: Obstacle, service: Service): string {
  switch (reason) {
    case 'rebalancing-disabled':
      return 'rebalancing disabled';
    case 'maximum-percent':
      return `maximumPercent ${service.maximumPercent ?? 200}`;
    case 'deployment-controller':
      return `deployed by ${service.deploymentController ?? 'others'}`;
    case 'placement-strategy':
      return `placement strategy ${service.placementStrategy[0]?.type ?? ''}`.trim();
    case 'zone-constraint':
      return 'a placement constraint on the zone';
    case 'classic-load-balancer':
      return 'Classic Load Balancer';
    case 'one-zone':
      return 'one zone only';
    case 'zone-instance-missing':
      return 'no instance in a zone that is short';
    case 'zone-room-missing':
      return 'no room in a zone that is short';
    default:
      return reason.replace(/-/g, ' ');
  }
}

function blockedWords({ zone, reason }: BlockedZone): string {
  if (reason === 'zone-instance-missing') return `${zone} has no instance`;
  return reason === 'zone-room-missing'
    ? `${zone} has no room`
    : `whether ${zone} has room is not known`;
}
