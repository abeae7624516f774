import { check } from './checkers/checker.ts';
import { allCheckers } from './checkers/index.ts';
import { followInstances, type InstanceLife } from './instance-lives.ts';
import { type Played, type PlayOptions, play, type Watched } from './play.ts';
import { type Report, reportOf } from './report.ts';
import { demoWeeks, weeksChapters } from './scenarios/demo-weeks.ts';
import { type Story, storyOf } from './story.ts';
import { type LongestDrain, longestDrain, type Span, unevenDays } from './weeks-figures.ts';
import { createWeeksTeller } from './weeks-teller.ts';

/** What the weeks came to, for one who compares them with and without Ballast. */
export type WeeksFigures = {
  readonly longestDrain: LongestDrain | undefined;
  readonly unevenDays: number;
};

/** The second part of the demo: values only, so that it can come from another thread. */
export type Weeks = {
  readonly lines: readonly string[];
  readonly report: Report;
  readonly story: Story;
  readonly withBallast: WeeksFigures;
  readonly withoutBallast: WeeksFigures;
};

/** Plays the scenario `demo-weeks` with and without Ballast, and keeps what is to be told of it. */
export async function playWeeks(seed: number): Promise<Weeks> {
  const lines: string[] = [];
  const told = await playOnce({ seed, withBallast: true }, (watched, lives) =>
    createWeeksTeller(watched, { chapters: weeksChapters, lives }, (line) => lines.push(line)),
  );
  // Nobody is told, and nobody acts.
  const without = await playOnce({ seed, withBallast: false }, () => {});
  const { record, reactions } = told.played;
  // A checker compares what Ballast does, not what people do whom it has told.
  const baseline = async () =>
    (await playOnce({ seed, withBallast: false, reactions }, () => {})).played.record;
  const invariants = await check(allCheckers, { run: record, scenario: demoWeeks, baseline });
  return {
    lines,
    report: reportOf(told.played, invariants),
    story: storyOf(told.played, told.watched, told.lives, invariants),
    withBallast: figuresOf(told),
    withoutBallast: figuresOf(without),
  };
}

type Once = {
  readonly played: Played;
  readonly watched: Watched;
  readonly lives: readonly InstanceLife[];
};

async function playOnce(
  options: Pick<PlayOptions, 'seed' | 'withBallast' | 'reactions'>,
  tell: (watched: Watched, lives: () => readonly InstanceLife[]) => void,
): Promise<Once> {
  let lives: () => readonly InstanceLife[] = () => [];
  let seen: Watched | undefined;
  const { days, mode } = demoWeeks;
  const played = await play(demoWeeks, {
    ...{ ...options, days, mode },
    watch: (watched) => {
      lives = followInstances(watched.world);
      seen = watched;
      tell(watched, lives);
    },
  });
  if (seen === undefined) throw new Error('a run that nobody could watch');
  return { played, watched: seen, lives: lives() };
}

/** From the moment on at which Ballast is put up, or would have been. */
function figuresOf({ played: { record }, watched, lives }: Once): WeeksFigures {
  const span: Span = {
    fromMs: record.startMs + (demoWeeks.upAfterMs ?? 0),
    untilMs: record.endMs,
  };
  return {
    longestDrain: longestDrain(lives, span),
    unevenDays: unevenDays(record.counts, watched.world.account.subnets.size, span),
  };
}
