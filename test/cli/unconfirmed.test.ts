import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readUnconfirmed, unconfirmedText } from '../../cli/unconfirmed-text.ts';
import { experiments } from '../../simulator/behaviour-experiments.ts';
import { type Behaviour, behaviours } from '../../simulator/behaviours.ts';

const rows = readUnconfirmed(readFileSync('docs/unconfirmed.json', 'utf8'));
const row = {
  ...{ id: 'merge-is-shallow', theme: 'hook', claim: 'The merge is shallow' },
  ...{ branch: 'one string', files: ['shared/domain/gate-state.ts'], experiment: 'return lists' },
};

describe('what is unconfirmed', () => {
  it('is written down as the command writes it (npm run -s unconfirmed)', () => {
    expect(readFileSync('docs/unconfirmed.md', 'utf8')).toBe(unconfirmedText(rows));
  });

  it('names files that are there', () => {
    expect(rows.flatMap(({ files }) => files).filter((file) => !existsSync(file))).toEqual([]);
  });

  it('has every assumed and observed rule of the ledger, with its variants and an experiment', () => {
    const text = unconfirmedText([]);
    const all = Object.entries<Behaviour>(behaviours);
    const unconfirmed = all.filter(([, { status }]) => status !== 'documented');
    expect(unconfirmed.map(([id]) => id).sort()).toEqual(Object.keys(experiments).sort());
    for (const [id, { variants, status, source }] of unconfirmed) {
      const line = text.split('\n').find((one) => one.startsWith(`| \`${id}\` |`)) ?? '';
      expect(line, id).toContain(`[${status}](${source})`);
      if (status === 'assumed') expect(line, id).toContain(variants.join(' · '));
      expect(line.split(' | ').at(-1)?.length, id).toBeGreaterThan(15);
    }
    expect(text).not.toContain('`stop-timeout`');
  });

  it('keeps every row in one line of a table', () => {
    const lines = unconfirmedText(rows)
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    expect(lines).toHaveLength(rows.length + Object.keys(experiments).length);
    for (const line of lines) expect(line.split(' | ')).toHaveLength(4);
  });

  it('shows a row under its theme, with what it settles', () => {
    const text = unconfirmedText(
      readUnconfirmed(JSON.stringify([{ ...row, rules: ['zone-tie'] }])),
    );
    expect(text).toContain(
      '## Calls of the hook, and what it remembers\n\n' +
        '| id | claim | if so · if not (file) | experiment |\n|---|---|---|---|\n' +
        '| `merge-is-shallow` | The merge is shallow | one string (`shared/domain/gate-state.ts`) | ' +
        'return lists; settles `zone-tie` below |\n',
    );
    expect(text).not.toContain('## Prices');
  });

  it.each<readonly [string, unknown, RegExp]>([
    ['no list', row, /expected a list/],
    ['no claim', [{ ...row, claim: undefined }], /row 1: claim must be a line/],
    ['a column more', [{ ...row, branch: 'so | not so' }], /row 1: branch must be .* without "\|"/],
    ['a number for an id', [{ ...row, id: '17' }], /row 1: id must be words/],
    ['an id twice', [row, row], /two rows have the id merge-is-shallow/],
    ['another theme', [{ ...row, theme: 'misc' }], /there is no theme "misc"/],
    ['no file', [{ ...row, files: [] }], /row 1: files are missing/],
    ['a rule that is documented', [{ ...row, rules: ['stop-timeout'] }], /"stop-timeout" is no/],
    ['a field misspelt', [{ ...row, experiments: 'x' }], /"experiments" is no field/],
  ])('refuses %s', (_, value, message) => {
    expect(() => readUnconfirmed(JSON.stringify(value))).toThrow(message);
  });
});
