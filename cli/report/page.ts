import type { Invariant } from '../../simulator/checkers/checker.ts';
import type { Story } from '../../simulator/story.ts';
import { type Html, html } from './html.ts';
import {
  chartsSection,
  gateSection,
  messagesSection,
  timelineSection,
  variantsSection,
} from './sections.ts';

/** A guess about AWS, from `docs/unconfirmed.json`. */
export type Unconfirmed = {
  readonly id: string;
  readonly claim: string;
  readonly experiment: string;
};

/** A row of the comparison: what is counted, with Ballast and without. */
export type Row = readonly [label: string, withBallast: string, without: string];

export type ReportPage = {
  readonly seed: number;
  readonly stories: readonly Story[];
  readonly rows: readonly Row[];
  readonly unconfirmed: readonly Unconfirmed[];
};

/** The whole report: one file that loads nothing, and that is read without scripts. */
export function reportPage({ seed, stories, rows, unconfirmed }: ReportPage): string {
  const all = stories.flatMap(({ invariants }) => invariants);
  const broken = all.filter(({ isHeld }) => !isHeld);
  const verdict = `${all.length - broken.length} of ${all.length} invariants held`;
  return html`${doctype}<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Ballast demo, seed ${seed}</title>
<style>${style}</style>
</head>
<body>
<header><h1>Ballast demo, seed ${seed}</h1>
<p class="verdict ${broken.length === 0 ? 'held' : 'broken'}">${verdict}</p>
${broken.map(brokenLine)}
<table><thead><tr><th></th><th>with Ballast</th><th>without (same seed)</th></tr></thead>
<tbody>${rows.map(([label, ...cells]) => html`<tr><th>${label}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody></table>
<p>A simulated AWS account in virtual time, and the real functions. Play it again:
<code>npm run demo -- --seed ${seed}</code></p>
</header>
<main>
${stories.map(storySection)}
<section><h2>Assumptions</h2>
<p>Moments of coming replacements are estimates. Where AWS does not say what it does, each run has drawn
one reading:</p>
${stories.map((story) => html`<h3>${story.scenario}</h3>${variantsSection(story)}`)}
<h3>What no experiment has confirmed</h3>
${unconfirmed.map(({ id, claim, experiment }) => html`<details><summary>${claim}</summary><p><code>${id}</code> To settle it: ${experiment}</p></details>`)}
</section>
</main>
</body>
</html>
`.markup;
}

const brokenLine = ({ name, sentence, evidence }: Invariant): Html =>
  html`<p class="broken">${name}: ${sentence} ${evidence.join('; ')}</p>`;

const storySection = (story: Story): Html => html`<section>
<h2>${story.scenario}</h2>
<h3>What happened</h3>
${timelineSection(story)}
${story.verdicts.length === 0 ? html`` : html`<h3>Latencies of green and blue, and green less blue with its 98 % interval, ms</h3>${gateSection(story)}`}
${chartsSection(story)}
<h3>Messages</h3>
${messagesSection(story)}
</section>
`;

const doctype: Html = { markup: '<!DOCTYPE html>\n' };

const style: Html = {
  markup: [
    ':root { color-scheme: light dark; --ink: #1c2126; --paper: #fff; --soft: #68717c; --rule: #d8dde3; --well: #2c8a4b; --ill: #c23b31 }',
    '@media (prefers-color-scheme: dark) { :root { --ink: #e3e7ec; --paper: #14181d; --soft: #97a1ad; --rule: #323a43; --well: #5cc283; --ill: #f0776d } }',
    'body { margin: 0 auto; max-width: 46rem; padding: 0 1rem 4rem; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper) }',
    'h1 { font-size: 1.4rem } h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--rule) }',
    '.verdict { padding: .6rem .8rem; border-left: .4rem solid; font-weight: 600 } .held { border-color: var(--well) } .broken { border-color: var(--ill); color: var(--ill) }',
    'table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .3rem .5rem .3rem 0; border-bottom: 1px solid var(--rule); font-weight: normal }',
    '.timeline { list-style: none; padding: 0 } .timeline li { padding: .15rem 0; overflow-wrap: anywhere } time { color: var(--soft); font-size: .85rem }',
    'summary { cursor: pointer; overflow-wrap: anywhere } pre { overflow-x: auto; padding: .6rem; border: 1px solid var(--rule); font-size: .8rem }',
    '.card { border: 1px solid var(--rule); border-left: .3rem solid #e0862c; padding: .5rem .8rem; overflow-wrap: anywhere }',
    'figure { margin: 1rem 0 .2rem } figcaption, .legend { font-size: .85rem; color: var(--soft) } .legend { margin: 0 } .legend i { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 .6em }',
    'svg { display: block; width: 100%; height: auto } svg text { font-size: 15px; fill: var(--soft) } .grid { stroke: var(--rule) }',
    '.life { fill: #3b7dd8 } .old { fill: #e0862c } .overdue { fill: #9a5fc0 } .drain { fill: #c23b31 }',
    '.share, .even { fill: none; stroke: #3b7dd8; stroke-width: 1.5 } .even { stroke: var(--soft); stroke-dasharray: 5 4 }',
    '.mute { fill: var(--soft); opacity: .25 } .move { fill: var(--ill) } rect.green { fill: #4a9d5b; opacity: .6 } rect.blue { fill: #3b7dd8; opacity: .6 } .whisker, .median { stroke: var(--ink) }',
    '.interval { stroke: #3b7dd8; stroke-width: 4 } .point { fill: #3b7dd8 }',
  ].join('\n'),
};
