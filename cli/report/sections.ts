import type { Story, StoryFinding, StoryMessage, StoryVerdict } from '../../simulator/story.ts';
import {
  fillChart,
  latencyChart,
  lifeChart,
  type Side,
  type Span,
  shiftChart,
  zoneChart,
} from './charts.ts';
import { type Html, html, momentText } from './html.ts';

const dayMs = 86_400_000;

/** Place in the page of a message: the same in its list and in the timeline. */
const anchorOf = ({ scenario }: Story, at: number): string => `${scenario}-message-${at}`;

type Entry = {
  readonly atMs: number;
  readonly who: string;
  readonly title: string;
  readonly body: Html;
};

/** What people, ECS, the gate and the topics did, in the order of time; each opens to what is behind it. */
export function timelineSection(story: Story): Html {
  const entries: readonly Entry[] = [
    ...story.happenings.map(({ atMs, who, text }) => ({ atMs, who, title: text, body: html`` })),
    ...story.verdicts.map(verdictEntry),
    ...story.messages.map((message, at) => messageEntry(story, message, at)),
  ].sort((a, b) => a.atMs - b.atMs);
  return html`<ol class="timeline">${entries.map((entry) => entryItem(entry, story.fromMs))}</ol>`;
}

function entryItem({ atMs, who, title, body }: Entry, fromMs: number): Html {
  const day = Math.floor((atMs - fromMs) / dayMs) + 1;
  const head = html`<time datetime="${new Date(atMs).toISOString()}">day ${day} ${momentText(atMs)}</time> <b>${who}</b> ${title}`;
  return body.markup === ''
    ? html`<li>${head}</li>`
    : html`<li><details><summary>${head}</summary>${body}</details></li>`;
}

const verdictEntry = ({ atMs, service, status, reason, findings }: StoryVerdict): Entry => ({
  ...{ atMs, who: 'hook', title: `${service}: ${status}, ${reason}` },
  body: html`<ul>${findings.map((finding) => html`<li>${finding.reason}: ${finding.detail}</li>`)}</ul>`,
});

const messageEntry = (story: Story, message: StoryMessage, at: number): Entry => ({
  atMs: message.atMs,
  who: message.topic === 'pages' ? 'page' : 'alert',
  title: message.subject ?? '',
  body: html`<pre>${message.bodies.default}</pre><p><a href="#${anchorOf(story, at)}">as mail, card and page</a></p>`,
});

/** Each message in the words of each of its receivers. */
export const messagesSection = (story: Story): Html =>
  html`${story.messages.map(
    (message, at) =>
      html`<details id="${anchorOf(story, at)}"><summary>${momentText(message.atMs)} ${
        message.subject ?? ''
      }</summary>${formsOf(message)}</details>`,
  )}`;

function formsOf({ topic, bodies }: StoryMessage): Html {
  if (topic === 'pages') {
    return html`<h4>Page</h4><pre>${prettyJson(bodies.https ?? bodies.default)}</pre>`;
  }
  return html`<h4>Mail</h4><pre>${bodies.default}</pre>${cardOf(bodies.https ?? bodies.http)}`;
}

/** The card as the channel shows it; nothing where there is none, or where it is no card. */
function cardOf(text: string | undefined): Html {
  const content = text === undefined ? undefined : contentOf(text);
  if (content === undefined) return html``;
  const { title, description, nextSteps } = content;
  const steps = Array.isArray(nextSteps)
    ? nextSteps.map((step) => html`<li>${String(step)}</li>`)
    : [];
  return html`<h4>Card</h4><div class="card"><b>${String(title ?? '')}</b><p>${String(description ?? '')}</p><ul>${steps}</ul></div>`;
}

function contentOf(text: string): Readonly<Record<string, unknown>> | undefined {
  const value = parsed(text);
  const content: unknown = Object(value).content;
  return typeof content === 'object' && content !== null ? { ...content } : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // A page's text may be plain: it is shown as it is.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const prettyJson = (text: string): string => {
  const value = parsed(text);
  return value === undefined ? text : JSON.stringify(value, undefined, 2);
};

/** Comparisons of green with blue that had latencies on both sides. */
export function gateSection({ verdicts }: Story): Html {
  const charts = verdicts.flatMap(({ atMs, service, status, findings }) =>
    findings.flatMap((finding) => {
      const chart = comparisonChart(`${momentText(atMs)} ${service} ${status}`, finding);
      return chart === undefined ? [] : [chart];
    }),
  );
  return html`${charts}`;
}

function comparisonChart(head: string, { detail, evidence }: StoryFinding): Html | undefined {
  const latency: Readonly<Record<string, unknown>> = { ...Object(evidence.latency) };
  const { shiftLowerMs: lower, shiftMs: shift, shiftUpperMs: upper } = latency;
  if (!isFiniteNumber(lower) || !isFiniteNumber(shift) || !isFiniteNumber(upper)) return undefined;
  const sides = [sideOf('green', latency.greenFiveMs), sideOf('blue', latency.blueFiveMs)].flat();
  const stop = `decided after ${Number(evidence.greenAttempts)} and ${Number(evidence.blueAttempts)} calls`;
  const distributions =
    sides.length === 0 ? html`` : latencyChart(`${head}: latencies, ${stop}`, sides);
  return html`${distributions}${shiftChart(`${head}: ${detail}`, lower, shift, upper)}`;
}

/** None where an entry of the log has something else. */
function sideOf(name: Side['name'], value: unknown): readonly Side[] {
  if (!Array.isArray(value)) return [];
  const [a, b, c, d, e] = value;
  return isFiniteNumber(a) &&
    isFiniteNumber(b) &&
    isFiniteNumber(c) &&
    isFiniteNumber(d) &&
    isFiniteNumber(e)
    ? [{ name, five: [a, b, c, d, e] }]
    : [];
}

const isFiniteNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value);

/** Zones, lifetimes and fill of a run, each over its whole length. */
export function chartsSection(story: Story): Html {
  const span: Span = { fromMs: story.fromMs, untilMs: story.untilMs };
  const services = [...new Set(story.counts.map(({ service }) => service))].sort();
  return html`<h3>Zones</h3>${services.map((service) => zoneChart(service, story, span))}
<h3>Instances</h3>${lifeChart(story.lives, span)}
${story.fills.length === 0 ? html`` : html`<h3>Density</h3>${fillChart(story.fills, story.mutesMs, span)}`}`;
}

/** Which readings of ECS the run rests on. */
export const variantsSection = ({ variants }: Story): Html =>
  html`<ul>${Object.entries(variants).map(([id, variant]) => html`<li><code>${id}</code>: ${variant}</li>`)}</ul>`;
