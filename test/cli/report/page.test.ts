import { describe, expect, it } from 'vitest';
import { escapeHtml, html, momentText } from '../../../cli/report/html.ts';
import { reportPage } from '../../../cli/report/page.ts';
import type { Story, StoryMessage } from '../../../simulator/story.ts';

const dayMs = 86_400_000;
const fromMs = Date.parse('2026-11-20T00:00:00Z');
const hostile = '<img src=x onerror="alert(1)">&\'';

const message = (
  atMs: number,
  subject: string,
  more: Partial<StoryMessage> = {},
): StoryMessage => ({
  ...{ messageId: subject, atMs, subject, attributes: {}, topic: 'alerts' },
  bodies: {
    default: `Mail of ${subject}`,
    https: JSON.stringify({
      content: { title: `Card of ${subject}`, description: 'd', nextSteps: ['step one'] },
    }),
  },
  ...more,
});

const story: Story = {
  ...{ scenario: 'demo-weeks', seed: 42, fromMs, untilMs: fromMs + 17 * dayMs },
  messages: [
    message(fromMs + dayMs, '[WARN] one'),
    message(fromMs + 2 * dayMs, hostile),
    message(fromMs + 3 * dayMs, '[CRITICAL] two', {
      topic: 'pages',
      bodies: { default: '{"AlarmName":"two"}' },
    }),
  ],
  verdicts: [
    {
      ...{ atMs: fromMs, service: 'web', status: 'FAILED', reason: 'latency-regression' },
      findings: [
        {
          ...{ detail: 'GET / median 64 vs 40 ms', reason: 'latency-regression' },
          evidence: {
            ...{ greenAttempts: 28, blueAttempts: 27 },
            latency: {
              ...{ shiftLowerMs: 14, shiftMs: 16, shiftUpperMs: 18 },
              ...{ greenFiveMs: [50, 60, 64, 70, 92], blueFiveMs: [31, 38, 40, 44, 60] },
            },
          },
        },
        { detail: 'nothing measured', reason: 'transport', evidence: {} },
      ],
    },
  ],
  counts: [
    {
      ...{ atMs: fromMs, service: 'search', desired: 6, running: 6, floor: 6 },
      isPending: false,
      onOneInstance: 1,
      isRebalanced: false,
      zones: { 'eu-central-1a': 4, 'eu-central-1b': 2 },
    },
  ],
  lives: [
    {
      ...{ id: 'one', ec2InstanceId: 'i-1', zone: 'eu-central-1a', registeredMs: fromMs },
      ...{ drainingMs: fromMs + 14 * dayMs, goneMs: fromMs + 14.4 * dayMs },
    },
  ],
  fills: [{ atMs: fromMs, group: 'general', share: 0.58, breakEvenShare: 0.85 }],
  // Two looks one after the other, and one a day later.
  mutesMs: [fromMs, fromMs + 300_000, fromMs + dayMs],
  moves: [{ atMs: fromMs + dayMs, service: 'search' }],
  happenings: [{ atMs: fromMs, who: 'you', text: 'cart: maximumPercent 125' }],
  invariants: [{ name: 'floors', sentence: 'No.', isHeld: true, evidence: [] }],
  variants: { 'rebalancing-room': 'kept' },
};

const page = (given: Story = story): string =>
  reportPage({
    ...{ seed: 42, stories: [given], rows: [['longest drain', '9 h 14 min', '2 d 14 h']] },
    unconfirmed: [{ id: 'guess', claim: 'ECS merges', experiment: 'return one' }],
  });

/** An instance that stays for 25 days. */
const agedPage = (): string =>
  page({
    ...{ ...story, untilMs: fromMs + 25 * dayMs },
    lives: [
      {
        ...{ id: 'one', ec2InstanceId: 'i-1', zone: 'eu-central-1a', registeredMs: fromMs },
        ...{ drainingMs: undefined, goneMs: undefined },
      },
    ],
  });

const rounded = (value: number): number => Number(value.toFixed(1));

/** Elements that are opened and never closed, or the other way round. */
function unbalanced(text: string): readonly string[] {
  const empty = new Set(['meta', 'line', 'rect', 'circle', 'polyline']);
  const open: string[] = [];
  for (const [, slash, name = ''] of text.matchAll(
    /<(\/?)([a-z][a-z0-9]*)\b(?:"[^"]*"|[^>"])*>/g,
  )) {
    if (empty.has(name)) continue;
    if (slash === '') open.push(name);
    else if (open.pop() !== name) return [`</${name}>`];
  }
  return open;
}

describe('the report', () => {
  it('has each message as its receivers see it, and each thing that happened', () => {
    const text = page();
    for (const words of [
      ...['Mail of [WARN] one', 'Card of [WARN] one', 'step one', '[CRITICAL] two'],
      ...['AlarmName', 'cart: maximumPercent 125', 'web: FAILED, latency-regression'],
      ...['9 h 14 min', '1 of 1 invariants held', 'ECS merges', 'rebalancing-room'],
    ]) {
      expect(text).toContain(words);
    }
  });

  it('leads from the timeline to every message', () => {
    const text = page();
    const ids = new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    const links = [...text.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(links).toHaveLength(3);
    for (const link of links) expect(ids).toContain(link);
  });

  it('shows both sides of a comparison, and after how many calls it stopped', () => {
    const text = page();
    expect(text).toContain('latencies, decided after 28 and 27 calls');
    expect(text).toContain('92 ms');
    expect(text.match(/class="median"/g)).toHaveLength(2);
  });

  it('shades what density did not judge, one stretch for looks that follow one another', () => {
    expect(page().match(/class="mute"/g)).toHaveLength(2);
  });

  it('marks moves that would begin, in the chart of their service alone', () => {
    const text = page();
    expect(text.match(/class="move"/g)).toHaveLength(1);
    const others = page({ ...story, moves: [{ atMs: fromMs, service: 'web' }] });
    expect(others).not.toContain('class="move"');
  });

  it('tells the days 14 and 21 of an instance apart', () => {
    const [life, old, overdue] = ['life', 'old', 'overdue'].map((name) =>
      Number(
        new RegExp(`class="${name}" x="[0-9.]+" y="2" width="([0-9.]+)"`).exec(agedPage())?.[1],
      ),
    );
    expect([life, old, overdue]).toEqual([640, 640 * (11 / 25), 640 * (4 / 25)].map(rounded));
  });

  it('loads nothing, runs nothing, and lets no text become markup', () => {
    const text = page();
    expect(text).not.toMatch(/<(script|link|img|iframe|object)\b/i);
    expect(text).not.toMatch(/\b(src|srcset|action|data)\s*=\s*"/i);
    expect(text).not.toMatch(/href="(?!#)|url\(|@import/i);
    expect(text).toContain(escapeHtml(hostile));
    expect(text).not.toContain(hostile);
  });

  it('is well-formed and says what a browser and a reader need', () => {
    const text = page();
    expect(unbalanced(text)).toEqual([]);
    expect(text).toMatch(/^<!DOCTYPE html>\n<html lang="en">/);
    expect(text).toContain('<title>Ballast demo, seed 42</title>');
    expect(text).toContain('width=device-width');
    expect(text).toContain('prefers-color-scheme: dark');
    for (const [, svg = ''] of text.matchAll(/<svg([^>]*)>/g)) expect(svg).toContain('aria-label=');
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('shows an invariant that broke, with its evidence', () => {
    const broken = { name: 'floors', sentence: 'No.', isHeld: false, evidence: ['web 3 of 6'] };
    const text = page({ ...story, invariants: [broken] });
    expect(text).toContain('0 of 1 invariants held');
    expect(text).toContain('web 3 of 6');
  });

  it('draws a run in which nothing was measured', () => {
    const none = {
      ...{ messages: [], verdicts: [], counts: [], lives: [], fills: [], happenings: [] },
      ...{ mutesMs: [], moves: [] },
    };
    const text = page({ ...story, ...none, untilMs: fromMs });
    expect(page({ ...story, untilMs: fromMs })).not.toMatch(/NaN|Infinity/);
    expect(unbalanced(text)).toEqual([]);
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe('markup', () => {
  it('escapes what is not markup already', () => {
    expect(html`<p title="${'"'}">${'<b>'}${html`<i>${1}</i>`}</p>`.markup).toBe(
      '<p title="&#34;">&#60;b&#62;<i>1</i></p>',
    );
  });

  it('names moments with their zone', () => {
    expect(momentText(fromMs + 3_600_000)).toBe('Fri 20 Nov 01:00Z');
  });
});
