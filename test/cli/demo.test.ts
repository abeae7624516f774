import { describe, expect, it } from 'vitest';
import { playDemo } from '../../simulator/demo.ts';

/** Figures differ from run to run, as the latencies are real; what is said about them does not. */
const masked = (line: string): string => line.replace(/[+-]?\d+(\.\d+)?/g, '#');

describe('the demo', () => {
  it('tells the story of the golden file', { timeout: 120_000 }, async () => {
    const lines: string[] = [];
    await playDemo({ seed: 42, write: (line) => lines.push(line) });
    await expect(`${lines.map(masked).join('\n')}\n`).toMatchFileSnapshot('../golden/demo.txt');
    expect(lines.at(-3)).toMatch(/^Production requests .*; to a bad build: 0$/);
  });
});
