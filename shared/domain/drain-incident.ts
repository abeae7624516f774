import type { DrainStuckFacts } from './alert-facts.ts';
import { byUrgency } from './drain-diagnosis.ts';
import { changeText, keptByText, stayText } from './drain-lines.ts';
import { defined, linesMax } from './fact-lines.ts';
import type { Facts, IncidentKey } from './incident.ts';
import {
  causeOf,
  type InstanceRecord,
  phaseOf,
  type ReplacementPhase,
} from './instance-replacement.ts';
import type { DrainLook } from './replacement-look.ts';
import type { ReplacementReaction } from './replacement-reaction.ts';

/** One incident a stuck drain: it lasts until the instance is empty. */
export const drainKey = (cluster: string, id: string): IncidentKey => ({
  cluster,
  subject: { type: 'instance', name: id },
  kind: 'drain-stuck',
  cause: 'no-departure',
  deploymentId: undefined,
});

/** What a look at a drain opens, makes worse or ends. */
export function reactToDrain(
  cluster: string,
  record: InstanceRecord,
  drain: DrainLook | undefined,
  nowMs: number,
): ReplacementReaction | undefined {
  const key = drainKey(cluster, record.id);
  const phase = phaseOf(record);
  // A status that is not known here says nothing about a drain.
  if (phase === 'forecast') return undefined;
  if (phase !== 'draining') {
    const reason = phase === 'cancelled' ? 'the drain was cancelled' : `the instance is ${phase}`;
    const facts = endFacts(record, phase);
    return { key, observations: [{ type: 'well', atMs: nowMs, reason, facts }] };
  }
  if (drain === undefined) return undefined;
  const facts = drainFacts(record, drain);
  if (!drain.isStuck) {
    return { key, observations: [{ type: 'noted', atMs: nowMs, facts }] };
  }
  return {
    key,
    observations: [
      {
        type: 'occurred',
        occurrence: { id: `drain-${drain.sinceMs}`, atMs: nowMs },
        severity: drain.isCritical ? 'critical' : 'warn',
        facts,
      },
    ],
  };
}

/** Whom the end of an instance has hit: what a look before it still saw there. */
function endFacts({ progress }: InstanceRecord, phase: ReplacementPhase): Facts {
  const facts: DrainStuckFacts = {
    endedBy: phase,
    leftAtEnd: progress?.count ?? 0,
    lost: progress?.standalone.length ?? 0,
  };
  return facts;
}

function drainFacts(record: InstanceRecord, drain: DrainLook): Facts {
  const { blocking, diagnosis, sinceMs, quietSinceMs, deadlineMs, drainingUntilMs } = drain;
  const { zone, compute = '' } = diagnosis.instance;
  const sorted = byUrgency(blocking);
  const facts: DrainStuckFacts = {
    ...defined({ ec2InstanceId: record.ec2InstanceId, provider: record.capacityProvider }),
    ...defined({ deadlineMs, drainingUntilMs, zone, keeper: record.progress?.keeper }),
    compute,
    why: causeOf(record),
    stuck: blocking.length,
    keptBy: keptByText(blocking),
    drainSinceMs: sinceMs,
    quietSinceMs,
    stays: sorted.slice(0, linesMax).map(stayText).join('\n'),
    changes: [...new Set(sorted.map(changeText))].slice(0, linesMax).join('\n'),
  };
  return facts;
}
