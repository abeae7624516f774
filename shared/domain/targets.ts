import type { Target } from './deployment.ts';

export type TargetsVerdict = {
  readonly verdict: 'pass' | 'inconclusive';
  readonly reason: 'targets-healthy' | 'targets-unhealthy' | 'targets-too-few';
  readonly detail: string;
};

/** States in which a target is on its way out: it says nothing of green. */
const leaving = new Set(['draining', 'unused', 'unhealthy.draining']);

/**
 * Whether every target of green's target group is healthy, and there are enough of them. A target
 * that is not (yet) healthy makes the gate wait: what it is, time or the deadline will tell.
 */
export function judgeTargets(targets: readonly Target[], healthyMin: number): TargetsVerdict {
  const serving = targets.filter(({ state }) => !leaving.has(state));
  const unwell = serving.filter(({ state }) => state !== 'healthy');
  const [first] = unwell;
  const healthy = serving.length - unwell.length;
  if (first !== undefined) {
    const why = first.reason === undefined ? '' : ` (${first.reason})`;
    return {
      verdict: 'inconclusive',
      reason: 'targets-unhealthy',
      detail: `${healthy} of ${serving.length} green targets healthy; ${first.id} is ${first.state}${why}`,
    };
  }
  if (healthy < healthyMin) {
    return {
      verdict: 'inconclusive',
      reason: 'targets-too-few',
      detail: `${healthy} green targets healthy, expected at least ${healthyMin}`,
    };
  }
  return {
    verdict: 'pass',
    reason: 'targets-healthy',
    detail: `${healthy} of ${serving.length} green targets healthy`,
  };
}
