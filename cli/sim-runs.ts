import { noiseRateMax, tail } from '../simulator/checkers/hooks.ts';
import type { SimResult } from './sim-command.ts';

/** A seed that broke something, or could not be played. */
export type SimFailure = {
  readonly seed: number;
  readonly broken: readonly {
    readonly name: string;
    readonly sentence: string;
    readonly evidence: readonly string[];
  }[];
  readonly error?: string;
};

/** What many runs of one scenario came to. */
export type SimSummary = {
  readonly scenario: string;
  readonly runs: number;
  readonly held: number;
  /** By seed, the smallest first. */
  readonly failures: readonly SimFailure[];
  /** How many runs broke an invariant, by its name. */
  readonly brokenBy: Readonly<Record<string, number>>;
  /** Over all runs, because one rate says little of a single one. */
  readonly goodGreens: {
    readonly judged: number;
    readonly blamed: number;
    readonly isWithinRate: boolean;
  };
  readonly pages: number;
  readonly cards: number;
};

/** Less likely than this at the stated rate, it is not noise. */
const surprise = 1e-4;

export function summarise(scenario: string, results: readonly SimResult[]): SimSummary {
  const sorted = [...results].sort((a, b) => a.seed - b.seed);
  const failures = sorted.flatMap((result) => failureOf(result));
  const reports = sorted.flatMap((result) => ('report' in result ? [result.report] : []));
  const sum = (of: (report: (typeof reports)[number]) => number): number =>
    reports.reduce((total, report) => total + of(report), 0);
  const judged = sum(({ counts }) => counts.goodGreens.judged);
  const blamed = sum(({ counts }) => counts.goodGreens.blamed);
  const names = failures.flatMap(({ broken }) => broken.map(({ name }) => name));
  return {
    scenario,
    runs: results.length,
    held: results.length - failures.length,
    failures,
    brokenBy: Object.fromEntries(
      [...Map.groupBy(names, (name) => name)]
        .map(([name, all]) => [name, all.length] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    goodGreens: { judged, blamed, isWithinRate: tail(judged, blamed, noiseRateMax) >= surprise },
    pages: sum(({ counts }) => counts.pages),
    cards: sum(({ counts }) => counts.cards),
  };
}

function failureOf(result: SimResult): readonly SimFailure[] {
  if ('error' in result) return [{ seed: result.seed, broken: [], error: result.error }];
  const broken = result.report.invariants
    .filter(({ isHeld }) => !isHeld)
    .map(({ name, sentence, evidence }) => ({ name, sentence, evidence }));
  return broken.length === 0 ? [] : [{ seed: result.seed, broken }];
}
