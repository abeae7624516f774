import { type Checker, check } from './checkers/checker.ts';
import { allCheckers } from './checkers/index.ts';
import { type Played, type PlayOptions, play } from './play.ts';
import { type Report, reportOf } from './report.ts';
import type { Scenario } from './scenario.ts';

export type RunOptions = Partial<Omit<PlayOptions, 'seed'>> & {
  readonly seed: number;
  readonly checkers?: readonly Checker[];
};

/**
 * Plays a scenario with Ballast and, where a checker has to compare, once more without it, and holds
 * what happened to every checker. The report is a pure function of scenario and options.
 */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<Report> {
  const { checkers = allCheckers, ...rest } = options;
  const full: PlayOptions = {
    ...rest,
    days: options.days ?? scenario.days,
    mode: options.mode ?? scenario.mode,
    withBallast: options.withBallast ?? true,
  };
  const played = await play(scenario, full);
  if (!full.withBallast) return reportOf(played, []);
  let baseline: Promise<Played> | undefined;
  const checked = {
    run: played.record,
    scenario,
    baseline: async () => {
      // People do the same in both: what is compared is Ballast.
      const { reactions } = played;
      baseline ??= play(scenario, { ...full, withBallast: false, reactions });
      return (await baseline).record;
    },
  };
  return reportOf(played, await check(checkers, checked));
}
