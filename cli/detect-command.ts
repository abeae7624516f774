import path from 'node:path';
import { parseArgs } from 'node:util';
import {
  anomalousScore,
  emptyDetectorState,
  judgeSample,
  type Sample,
} from '../shared/domain/anomaly/detector.ts';
import { Misuse, Unavailable } from './misuse.ts';

export const usage = 'usage: npm run -s detect -- --nab DIR --out DIR';

/** Series of one folder, and rows of one series: NAB has 58 and 22,695. */
export const seriesMax = 10_000;
export const rowsMax = 1_000_000;

export type DetectOptions = { readonly nab: string; readonly out: string };

export type DetectDeps = {
  readonly readText: (file: string) => string;
  /** Makes the folders that are missing. */
  readonly writeText: (file: string, text: string) => void;
  readonly print: (line: string) => void;
};

/** Reads the command line; throws Misuse that names what is wrong. */
export function readDetectOptions(args: readonly string[]): DetectOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { nab: { type: 'string' }, out: { type: 'string' } },
  });
  return { nab: folderOf('--nab', values.nab), out: folderOf('--out', values.out) };
}

function folderOf(option: string, value: string | undefined): string {
  if (value === undefined || value.trim() === '') {
    throw new Misuse(`${option}: expected a folder, got "${value ?? ''}"`);
  }
  return value;
}

/**
 * Scores every series that `labels/combined_windows.json` names, row by row, as the density function
 * scores its own: one set of constants, nothing of the labels but the names. The result is the exit
 * code; throws Unavailable for what cannot be read. Nothing is written before all of it was read.
 */
export function runDetect({ nab, out }: DetectOptions, deps: DetectDeps): number {
  const names = namesIn(path.join(nab, 'labels', 'combined_windows.json'), deps);
  const over = names.find((name) => isSameFile(path.join(out, name), path.join(nab, 'data', name)));
  if (over !== undefined)
    throw new Misuse(`--out: expected another folder than the data's, got "${out}"`);
  const scored = names.map((name) => {
    const samples = samplesIn(path.join(nab, 'data', name), deps);
    return { name, scores: scoresOf(samples) };
  });
  for (const { name, scores } of scored) {
    write(path.join(out, name), `${['anomaly_score', ...scores].join('\n')}\n`, deps);
  }
  const all = scored.flatMap(({ scores }) => scores);
  const found = all.filter((score) => score >= anomalousScore).length;
  deps.print(
    `${names.length} series, ${all.length} rows, ${found} of them at ${anomalousScore} or more`,
  );
  return 0;
}

const isSameFile = (a: string, b: string): boolean => path.resolve(a) === path.resolve(b);

export function scoresOf(samples: readonly Sample[]): readonly number[] {
  let state = emptyDetectorState;
  return samples.map((sample) => {
    const step = judgeSample(state, sample);
    state = step.state;
    return step.judgement.score;
  });
}

/** `<category>/<file>.csv`; a name may not lead out of its folder. */
const seriesName = /^[\w-][\w.-]*\/[\w-][\w.-]*\.csv$/;

function namesIn(file: string, deps: DetectDeps): readonly string[] {
  const found = jsonIn(file, deps);
  if (typeof found !== 'object' || found === null || Array.isArray(found)) {
    throw new Unavailable(`${file}: expected an object with a series a key`);
  }
  const names = Object.keys(found);
  if (names.length === 0) throw new Unavailable(`${file}: expected a series at least, got none`);
  if (names.length > seriesMax) {
    throw new Unavailable(`${file}: expected at most ${seriesMax} series, got ${names.length}`);
  }
  const wrong = names.find((name) => !seriesName.test(name));
  if (wrong !== undefined) {
    throw new Unavailable(`${file}: expected names as "category/file.csv", got "${wrong}"`);
  }
  return names.sort();
}

function jsonIn(file: string, deps: DetectDeps): unknown {
  const text = read(file, deps);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Unavailable(`${file}: expected JSON`, { cause: error });
  }
}

/** Rows of `timestamp,value` below a header; times are UTC. What is no number is a missing sample. */
function samplesIn(file: string, deps: DetectDeps): readonly Sample[] {
  const [header = '', ...rows] = read(file, deps).trimEnd().split(/\r?\n/);
  const columns = header.split(',').map((name) => name.trim());
  const [time, value] = [columns.indexOf('timestamp'), columns.indexOf('value')];
  if (time < 0 || value < 0) {
    throw new Unavailable(`${file}: expected the header "timestamp,value", got "${header}"`);
  }
  if (rows.length > rowsMax) {
    throw new Unavailable(`${file}: expected at most ${rowsMax} rows, got ${rows.length}`);
  }
  const samples = rows.map((row) => {
    const cells = row.split(',');
    return { atMs: timeOf(cells[time] ?? ''), value: numberOf(cells[value] ?? '') };
  });
  if (!samples.some((sample) => Number.isFinite(sample.value))) {
    throw new Unavailable(
      `${file}: expected numbers under "value", got none in ${rows.length} rows`,
    );
  }
  return samples;
}

const timeOf = (text: string): number => Date.parse(`${text.trim().replace(' ', 'T')}Z`);
const numberOf = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text));

function read(file: string, { readText }: DetectDeps): string {
  try {
    return readText(file);
  } catch (error) {
    throw new Unavailable(problemWith(file, error), { cause: error });
  }
}

function write(file: string, text: string, { writeText }: DetectDeps): void {
  try {
    writeText(file, text);
  } catch (error) {
    throw new Unavailable(problemWith(file, error), { cause: error });
  }
}

const problemWith = (file: string, error: unknown): string =>
  `${file}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`;
