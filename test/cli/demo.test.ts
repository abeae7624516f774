import { describe, expect, it } from 'vitest';
import { playDemo } from '../../simulator/demo.ts';

/** Figures differ from run to run, as the latencies are real; what is said about them does not. */
const masked = (line: string): string =>
  line.replace(/\bcrash-loop-[a-z0-9]+-[a-z0-9]+/g, 'ID').replace(/[+-]?\d+(\.\d+)?/g, '#');

describe('the demo', () => {
  it('tells the story of the golden file', { timeout: 240_000 }, async () => {
    const lines: string[] = [];
    const { report, withoutBallast } = await playDemo({
      seed: 42,
      write: (line) => lines.push(line),
    });
    await expect(`${lines.map(masked).join('\n')}\n`).toMatchFileSnapshot('../golden/demo.txt');
    expect(report.invariants.filter(({ isHeld }) => !isHeld)).toEqual([]);
    expect(report.invariants.length).toBeGreaterThan(15);
    expect(lines).toContainEqual(expect.stringMatching(/^bad requests to users +0 +1,\d{3}$/));
    expect(lines).toContainEqual(expect.stringMatching(/^crash loop told after +\d+ min +never$/));
    // Without the gate every one of them goes out.
    const [web] = withoutBallast.users;
    expect(Object.keys(web?.byRevision ?? {})).toEqual(
      ['1', '2', '3', '4', '5', '6'].map((revision) => `web:${revision}`),
    );
  });
});
