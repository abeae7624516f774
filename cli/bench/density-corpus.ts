import { evaluationSeeds, harmfulCauses } from '../../simulator/density-corpus/labels.ts';
import { type Follower, followOurs, openingsOf } from './corpus/follow.ts';
import { followPeer, peers } from './corpus/peers.ts';
import { type RecordedRun, recordRun } from './corpus/record.ts';
import { type CorpusScore, type RunOpenings, scoreCorpus } from './corpus/score.ts';
import type { BenchRow } from './row.ts';

const minuteMs = 60_000;

/**
 * The detector of density, and three charts in its place, on runs of the labelled corpus whose seeds
 * nothing was chosen on.
 */
export async function densityCorpusRows(
  seeds: readonly number[] = evaluationSeeds,
  days?: number,
): Promise<readonly BenchRow[]> {
  const ours: RunOpenings[] = [];
  const theirs = new Map(peers.map(({ name }) => [name, [] as RunOpenings[]]));
  for (const seed of seeds) {
    const run = await recordRun(seed, days);
    ours.push(openedBy(run, followOurs()));
    for (const peer of peers) theirs.get(peer.name)?.push(openedBy(run, followPeer(peer)));
  }
  const score = scoreCorpus(ours);
  return [
    { name: 'density.seed.first', value: seeds[0] ?? 0, unit: 'seed' },
    { name: 'density.runs', value: seeds.length, unit: 'runs' },
    { name: 'density.labels', value: score.all.labels, unit: 'labels' },
    { name: 'density.service-months', value: round(score.serviceMonths), unit: 'service-months' },
    ...rowsOf(score),
    ...[...theirs].flatMap(([peer, runs]) => peerRows(peer, scoreCorpus(runs), score)),
  ];
}

const openedBy = (run: RecordedRun, follower: Follower): RunOpenings => ({
  ...run,
  openedAtMs: openingsOf(run, follower).map(({ atMs }) => atMs),
});

type Figures = Readonly<Record<'recall' | 'precision' | 'false-cards', number | undefined>>;

const figuresOf = ({ all, precision, falseCards, serviceMonths }: CorpusScore): Figures => ({
  recall: all.labels === 0 ? undefined : (100 * all.found) / all.labels,
  precision: 100 * precision,
  'false-cards': serviceMonths === 0 ? undefined : falseCards / serviceMonths,
});
const units = {
  recall: '%',
  precision: '%',
  'false-cards': 'a service-month',
} as const;
const figureNames = ['recall', 'precision', 'false-cards'] as const;

function rowsOf(score: CorpusScore): readonly BenchRow[] {
  const figures = figuresOf(score);
  return [
    ...figureNames.flatMap((figure) => rowOf(`density.${figure}`, figures[figure], units[figure])),
    ...harmfulCauses.flatMap((cause) => {
      const { found, labels } = score.byCause[cause];
      const share = labels === 0 ? undefined : (100 * found) / labels;
      return rowOf(`density.recall.${cause}`, share, '%');
    }),
    ...Object.entries(score.blamed).flatMap(([cause, cards]) =>
      rowOf(`density.false-cards.${cause}`, cards / score.serviceMonths, units['false-cards']),
    ),
    ...rowOf('density.repeats', score.repeats, 'cards'),
    ...rowOf(
      'density.delay',
      score.delayMs === undefined ? undefined : score.delayMs / minuteMs,
      'minutes, median',
    ),
  ];
}

const rowOf = (name: string, value: number | undefined, unit: string): readonly BenchRow[] =>
  value === undefined ? [] : [{ name, value: round(value), unit }];

/** Their figures; the ratio is ours over theirs. */
function peerRows(peer: string, score: CorpusScore, ours: CorpusScore): readonly BenchRow[] {
  const [theirs, mine] = [figuresOf(score), figuresOf(ours)];
  return figureNames.flatMap((figure) => {
    const [value, own] = [theirs[figure], mine[figure]];
    if (value === undefined || own === undefined) return [];
    return [
      {
        name: `peer.density.${figure}.${peer}`,
        value: round(value),
        unit: units[figure],
        peer,
        ...(value > 0 ? { ratio: round(own / value) } : {}),
      },
    ];
  });
}

const round = (value: number): number => Number(value.toFixed(3));
