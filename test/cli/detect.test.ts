import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDetectOptions } from '../../cli/detect-command.ts';
import { anomalousScore } from '../../shared/domain/anomaly/detector.ts';
import { runCommand } from './run-command.ts';

const folder = (): string => mkdtempSync(path.join(tmpdir(), 'ballast-detect-'));

const rowsOf = (values: readonly (number | string)[]): string =>
  values
    .map((value, index) => {
      const time = new Date(Date.UTC(2026, 10, 2) + index * 300_000).toISOString();
      return `${time.slice(0, 19).replace('T', ' ')},${value}`;
    })
    .join('\n');

/** A folder in the shape of NAB, with one series. */
function nabWith(name: string, rows: string, header = 'timestamp,value'): string {
  const nab = folder();
  const file = path.join(nab, 'data', name);
  mkdirSync(path.join(nab, 'labels'));
  mkdirSync(path.dirname(file), { recursive: true });
  const labels = name === '' ? {} : { [name]: [] };
  writeFileSync(path.join(nab, 'labels', 'combined_windows.json'), JSON.stringify(labels));
  if (name === '') return nab;
  writeFileSync(file, `${header}\n${rows}\n`);
  return nab;
}

const detect = (nab: string, out: string) => runCommand('detect', ['--nab', nab, '--out', out]);

/** Six to nine and once 14; one row without a number. */
const values = Array.from({ length: 600 }, (_, index): number | string =>
  index === 500 ? 14 : index === 40 ? '' : 6 + (index % 4),
);

describe('detect', () => {
  it('writes a score a row, high where a value does not fit', async () => {
    const [nab, out] = [nabWith('cluster/tasks.csv', rowsOf(values)), folder()];
    const ended = await detect(nab, out);
    expect(ended).toEqual({
      code: 0,
      stdout: '1 series, 600 rows, 1 of them at 0.5 or more\n',
      stderr: '',
    });
    const text = readFileSync(path.join(out, 'cluster', 'tasks.csv'), 'utf8');
    const [header, ...rows] = text.trimEnd().split('\n');
    expect(header).toBe('anomaly_score');
    const scores = rows.map(Number);
    expect(scores.length).toBe(600);
    expect(scores.every((score) => score >= 0 && score <= 1)).toBe(true);
    expect(scores.flatMap((score, at) => (score >= anomalousScore ? [at] : []))).toEqual([500]);
    expect(scores[40]).toBe(0);
  });

  it('writes nothing over the data', async () => {
    const nab = nabWith('a/b.csv', rowsOf(values));
    const { code, stderr } = await detect(nab, path.join(nab, 'labels', '..', 'data'));
    expect([code, stderr.split('\n')[0]]).toEqual([
      2,
      expect.stringContaining("--out: expected another folder than the data's"),
    ]);
    expect(readFileSync(path.join(nab, 'data', 'a', 'b.csv'), 'utf8')).toContain('timestamp,value');
  });

  it('scores a start of a series as it scores the whole, whatever the labels say', async () => {
    const scoresIn = async (count: number): Promise<readonly string[]> => {
      const [nab, out] = [nabWith('a/b.csv', rowsOf(values.slice(0, count))), folder()];
      await detect(nab, out);
      return readFileSync(path.join(out, 'a', 'b.csv'), 'utf8')
        .trimEnd()
        .split('\n');
    };
    expect(await scoresIn(300)).toEqual((await scoresIn(600)).slice(0, 301));
  });

  it.each([
    ['no folder to read', ['--out', 'x'], /--nab: expected a folder, got ""/],
    ['no folder to write', ['--nab', 'x'], /--out: expected a folder, got ""/],
    ['an empty folder', ['--nab', ' ', '--out', 'x'], /--nab: expected a folder, got " "/],
    ['another option', ['--nab', 'x', '--out', 'y', '--best'], /--best/],
  ])('refuses %s', (_, args, message) => {
    expect(() => readDetectOptions(args)).toThrow(message);
  });

  it.each<readonly [string, () => string, RegExp]>([
    ['a folder without labels', folder, /combined_windows\.json: ENOENT/],
    ['a name that leads out', () => nabWith('a/../../b.csv', ''), /category\/file\.csv/],
    ['labels without a series', () => nabWith('', ''), /expected a series at least, got none/],
    ['no rows', () => nabWith('a/b.csv', ''), /expected numbers under "value", got none/],
    [
      'values in quotes',
      () => nabWith('a/b.csv', '2026-11-02 00:00:00,"1.5"'),
      /expected numbers under "value", got none in 1 rows/,
    ],
    ['another header', () => nabWith('a/b.csv', '1,2', 'x,y'), /expected the header/],
  ])('says in one line what is wrong with %s', async (_, make, message) => {
    const { code, stderr, stdout } = await detect(make(), folder());
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split('\n').length).toBe(1);
  });
});
