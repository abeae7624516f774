import { describe, expect, it } from 'vitest';
import { escapeHtml } from '../../cli/report/html.ts';
import { reportPage } from '../../cli/report/page.ts';
import { type DemoShow, playDemo } from '../../simulator/demo.ts';

/**
 * Figures of the first days differ from run to run, as their latencies are real; what is said about them
 * does not. The weeks are a pure function of the seed, and are held to every figure.
 */
const masked = (line: string): string =>
  line.replace(/\bcrash-loop-[a-z0-9]+-[a-z0-9]+/g, 'ID').replace(/[+-]?\d+(\.\d+)?/g, '#');

describe('the demo', () => {
  it('tells the story of the golden file', { timeout: 240_000 }, async () => {
    const lines: string[] = [];
    const kept: DemoShow[] = [];
    const { report, withoutBallast, weeks } = await playDemo({
      seed: 42,
      write: (line) => lines.push(line),
      keep: (show) => {
        kept.push(show);
        return 'out/report.html';
      },
    });
    const exact = new Set(weeks.lines);
    const told = lines.map((line) => (exact.has(line) ? line : masked(line)));
    await expect(`${told.join('\n')}\n`).toMatchFileSnapshot('../golden/demo.txt');
    expect(report.invariants.filter(({ isHeld }) => !isHeld)).toEqual([]);
    expect(report.invariants.length).toBeGreaterThan(15);
    expect(lines).toContainEqual(expect.stringMatching(/^bad requests to users +0 +1,\d{3}$/));
    expect(lines).toContainEqual(expect.stringMatching(/^crash loop told after +\d+ min +never$/));
    expect(weeks.report.invariants.filter(({ isHeld }) => !isHeld)).toEqual([]);
    expect(weeks.report.invariants.length).toBeGreaterThan(15);
    const kinds = new Set(weeks.report.alerts.map(({ kind }) => kind));
    for (const kind of [
      'replacement-ahead',
      'drains-stuck',
      'zone-imbalance',
      'density-anomaly',
      'concentration',
    ]) {
      expect(kinds).toContain(kind);
    }
    // The person who is told frees the drain; the one who is not leaves it to ECS.
    expect(weeks.withBallast.longestDrain).toMatchObject({ isOver: true });
    expect(weeks.withoutBallast.longestDrain).toMatchObject({ isOver: false });
    expect(weeks.withBallast.unevenDays).toBeLessThan(weeks.withoutBallast.unevenDays);
    const [show] = kept;
    if (show === undefined) throw new Error('nothing was kept for the report');
    const page = reportPage({ ...show, unconfirmed: [] });
    const bodies = show.stories.flatMap(({ messages }) =>
      messages.map((one) => one.bodies.default),
    );
    expect(bodies.length).toBeGreaterThan(20);
    for (const body of bodies.filter((text) => !text.startsWith('{'))) {
      expect(page).toContain(escapeHtml(body));
    }
    expect(page).not.toMatch(/NaN|undefined|Infinity|<script|href="(?!#)/);
    // Without the gate every one of them goes out.
    const [web] = withoutBallast.users;
    expect(Object.keys(web?.byRevision ?? {})).toEqual(
      ['1', '2', '3', '4', '5', '6'].map((revision) => `web:${revision}`),
    );
  });
});
