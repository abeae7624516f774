import type { ZoneFloodFacts } from './alert-facts.ts';
import type { IncidentKey } from './incident.ts';
import { factCharsMax } from './incident-facts.ts';
import { hashOf } from './incident-key.ts';
import type { Observation } from './incident-lifecycle.ts';
import { sortedBy } from './order.ts';
import { isImbalanced } from './zone-sight.ts';
import { floodMin } from './zone-telling.ts';
import type { ZoneVerdict } from './zone-verdict.ts';
import { standsEveryMs, type ZoneStep } from './zone-watch.ts';

/** What is remembered of a cluster's flood from one run to the next. */
export type ZoneFloodMemory = {
  readonly sinceMs: number;
  /** Hash of the facts that the incident has, and of how often it has occurred. */
  readonly said?: string | undefined;
};

export type ZoneFloodStep = {
  /** Undefined where there is none, or none any more. */
  readonly memory: ZoneFloodMemory | undefined;
  readonly observations: readonly Observation[];
};

/** The one incident that speaks for all services of a cluster that no card of their own tells of. */
export const zoneFloodKey = (cluster: string): IncidentKey => ({
  cluster,
  subject: { type: 'cluster', name: cluster },
  kind: 'zone-imbalance',
  cause: 'zone-imbalance',
  deploymentId: undefined,
});

/**
 * What a run makes of the services that were too many for cards of their own. Begins with a flood, and
 * ends with the last of them: even again, gone, or told by a card of its own.
 */
export function watchFlood(
  steps: readonly ZoneStep[],
  verdicts: readonly ZoneVerdict[],
  memory: ZoneFloodMemory | undefined,
  nowMs: number,
): ZoneFloodStep {
  const members = new Set(
    steps.flatMap(({ service, memory: { stretch } }) =>
      stretch?.isOneOfMany === true && stretch.openedAtMs !== undefined ? [service] : [],
    ),
  );
  if (members.size < (memory === undefined ? floodMin : 1)) {
    return { memory: undefined, observations: memory === undefined ? [] : [wellAt(nowMs)] };
  }
  const facts = floodFacts(
    verdicts.filter(({ service }) => members.has(service)),
    members.size,
  );
  const { sinceMs } = memory ?? { sinceMs: nowMs };
  const stood = Math.max(Math.floor((nowMs - sinceMs) / standsEveryMs), 0);
  // Another one each time that it occurs again: what is written again is not forgotten.
  const said = hashOf(JSON.stringify([facts, stood]));
  const noted: readonly Observation[] =
    said === memory?.said ? [] : [{ type: 'noted', atMs: nowMs, facts }];
  return {
    memory: { sinceMs, said },
    observations: [...occurrencesOf(sinceMs, stood), ...noted],
  };
}

const wellAt = (atMs: number): Observation => ({ type: 'well', atMs, reason: 'balanced' });

/** What stands for long occurs again, or time would end its incident. */
function occurrencesOf(sinceMs: number, stood: number): readonly Observation[] {
  const times = stood === 0 ? [0] : [0, stood];
  return times.map((time) => ({
    type: 'occurred',
    occurrence: { id: `many/${sinceMs}/${time}`, atMs: sinceMs + time * standsEveryMs },
    severity: 'warn',
  }));
}

/** Services that a card names. */
const worstMax = 3;

function floodFacts(members: readonly ZoneVerdict[], services: number): ZoneFloodFacts {
  const byLoss = sortedBy(members.filter(isImbalanced), ({ service }) => service).toSorted(
    (one, other) => shareLeft(one) - shareLeft(other),
  );
  const worst = byLoss.slice(0, worstMax).map(lossWords).join('\n').slice(0, factCharsMax);
  return { services, ...(worst === '' ? {} : { worst }) };
}

const shareLeft = ({ spread: { worst, desired } }: ZoneVerdict): number =>
  worst === undefined || desired === 0 ? 1 : worst.left / desired;

function lossWords({ service, spread }: ZoneVerdict): string {
  const { counts, desired, worst, best } = spread;
  const left = worst === undefined ? '' : `; losing ${worst.zone} leaves ${worst.left}`;
  return `${service}: ${counts.join('/')}${left} of ${desired}, evenly ${desired - (best[0] ?? 0)}`;
}
