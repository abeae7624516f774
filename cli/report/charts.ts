import type { InstanceLife } from '../../simulator/instance-lives.ts';
import type { Story, StoryFill } from '../../simulator/story.ts';
import { type Html, html, momentText } from './html.ts';

const dayMs = 86_400_000;
const minuteMs = 60_000;
/** From one look to the next. */
const lookMs = 5 * minuteMs;
const width = 640;
const colours = ['#3b7dd8', '#e0862c', '#4a9d5b', '#9a5fc0', '#8a8f98'] as const;
const colourOf = (at: number): string => colours[at % colours.length] ?? '#8a8f98';

/** A stretch of time, drawn from the left edge to the right one. */
export type Span = { readonly fromMs: number; readonly untilMs: number };

const round = (value: number): string => value.toFixed(1);
const xOf = (atMs: number, { fromMs, untilMs }: Span): number =>
  (Math.min(Math.max(atMs, fromMs), untilMs) - fromMs) * (width / Math.max(1, untilMs - fromMs));

/** A chart that says in words what it shows, for those who do not see it. */
const figure = (label: string, height: number, body: readonly Html[]): Html => html`<figure>
<figcaption>${label}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">${body}</svg>
</figure>`;

/** A line and a label for each day, at most seven of them: on a phone there is no room for more. */
function axis(span: Span, height: number): readonly Html[] {
  const days = Math.ceil((span.untilMs - span.fromMs) / dayMs);
  const step = Math.max(1, Math.ceil(days / 7));
  return Array.from({ length: Math.ceil(days / step) }, (_, at) => {
    const x = round(xOf(span.fromMs + at * step * dayMs, span));
    return html`<line class="grid" x1="${x}" x2="${x}" y1="0" y2="${height - 18}"/><text x="${x}" y="${height - 4}">day ${at * step + 1}</text>`;
  });
}

/** Tasks of one service by zone, stacked over time; a dot wherever a move would have begun. */
export function zoneChart(
  service: string,
  { counts, moves }: Pick<Story, 'counts' | 'moves'>,
  span: Span,
): Html {
  const own = counts.filter((count) => count.service === service);
  const zones = [...new Set(own.flatMap((count) => Object.keys(count.zones)))].sort();
  const most = Math.max(1, ...own.map(({ running }) => running));
  const [height, floor] = [110, 92];
  const heightOf = (tasks: number): number => (tasks * (floor - 6)) / most;
  const bars = own.flatMap((count, at) => {
    const from = xOf(count.atMs, span);
    const until = xOf(own[at + 1]?.atMs ?? span.untilMs, span);
    if (until <= from) return [];
    let y = floor;
    return zones.map((zone, index) => {
      const tall = heightOf(count.zones[zone] ?? 0);
      y -= tall;
      return html`<rect x="${round(from)}" y="${round(y)}" width="${round(until - from)}" height="${round(tall)}" fill="${colourOf(index)}"/>`;
    });
  });
  const wanted = stretchesOf(
    moves.filter((move) => move.service === service).map(({ atMs }) => atMs),
  );
  const marks = wanted.map(
    ({ fromMs }) =>
      html`<circle class="move" cx="${round(xOf(fromMs, span))}" cy="4" r="3"><title>would move tasks from ${momentText(fromMs)} on</title></circle>`,
  );
  const legend = zones.map((zone, at) => html`<i style="background:${colourOf(at)}"></i>${zone} `);
  const last = own.at(-1);
  const spread = zones.map((zone) => last?.zones[zone] ?? 0).join('/');
  return html`${figure(`${service}: tasks by zone, ${spread} at the end, ${most} at most`, height, [...axis(span, height), ...bars, ...marks])}<p class="legend">${legend}</p>`;
}

/** Looks that follow one another, as stretches: the first begins one, the last ends it. */
function stretchesOf(looksMs: readonly number[]): readonly Span[] {
  const stretches: Span[] = [];
  for (const atMs of looksMs) {
    const last = stretches.at(-1);
    const span = { fromMs: last?.fromMs ?? atMs, untilMs: atMs + lookMs };
    if (last !== undefined && atMs <= last.untilMs + minuteMs)
      stretches[stretches.length - 1] = span;
    else stretches.push({ ...span, fromMs: atMs });
  }
  return stretches;
}

/** Lifetimes of instances; from day 14 on ECS drains them, by day 21 it ends them. */
export function lifeChart(lives: readonly InstanceLife[], span: Span): Html {
  const rows = lives.toSorted((a, b) => a.registeredMs - b.registeredMs);
  const height = rows.length * 14 + 22;
  const bars = rows.map(({ ec2InstanceId, zone, registeredMs, drainingMs, goneMs }, at) => {
    const y = at * 14 + 2;
    const endMs = goneMs ?? span.untilMs;
    const from = xOf(registeredMs, span);
    const old = xOf(Math.min(endMs, registeredMs + 14 * dayMs), span);
    const overdue = xOf(Math.min(endMs, registeredMs + 21 * dayMs), span);
    const end = xOf(endMs, span);
    const drain = xOf(drainingMs ?? endMs, span);
    const told = `${ec2InstanceId}, ${zone}: from ${momentText(registeredMs)}${
      drainingMs === undefined ? '' : `, drains from ${momentText(drainingMs)}`
    }${goneMs === undefined ? ', still there' : `, gone ${momentText(goneMs)}`}`;
    const bar = (name: string, fromX: number, top: number, tall: number): Html =>
      html`<rect class="${name}" x="${round(fromX)}" y="${top}" width="${round(end - fromX)}" height="${tall}"/>`;
    const bars = [
      bar('life', from, y, 9),
      bar('old', old, y, 9),
      bar('overdue', overdue, y, 9),
      bar('drain', drain, y + 3, 3),
    ];
    return html`<g><title>${told}</title>${bars}</g>`;
  });
  const label = `${rows.length} instances from launch to end; orange: past day 14; violet: past day 21; red: draining`;
  return figure(label, height, [...axis(span, height), ...bars]);
}

/** The fuller of reserved vCPU and memory, against the share below which Fargate is cheaper. */
export function fillChart(
  fills: readonly StoryFill[],
  mutesMs: readonly number[],
  span: Span,
): Html {
  const [height, floor] = [130, 112];
  const yOf = (share: number): number => floor - Math.min(1, share) * (floor - 6);
  const line = (points: readonly (readonly [atMs: number, share: number])[]): string =>
    points.map(([atMs, share]) => `${round(xOf(atMs, span))},${round(yOf(share))}`).join(' ');
  const breakEven = fills.flatMap(({ atMs, breakEvenShare }) =>
    breakEvenShare === undefined ? [] : [[atMs, breakEvenShare] as const],
  );
  const last = fills.at(-1);
  const percent = (share: number | undefined): string =>
    share === undefined ? '-' : `${Math.round(share * 100)} %`;
  const label = `Reserved share (blue), ${percent(last?.share)} at the end, and break-even with Fargate (dashed), ${percent(last?.breakEvenShare)}; shaded: not judged, a change explains it`;
  const shades = stretchesOf(mutesMs).map(({ fromMs, untilMs }) => {
    const x = xOf(fromMs, span);
    const wide = Math.max(1, xOf(untilMs, span) - x);
    return html`<rect class="mute" x="${round(x)}" y="0" width="${round(wide)}" height="${floor}"/>`;
  });
  return figure(label, height, [
    ...axis(span, height),
    ...shades,
    html`<polyline class="share" points="${line(fills.map(({ atMs, share }) => [atMs, share]))}"/>`,
    html`<polyline class="even" points="${line(breakEven)}"/>`,
  ]);
}

/** Latencies of both sides as boxes: from quartile to quartile, a line at the median, ends at the extremes. */
export function latencyChart(label: string, sides: readonly Side[]): Html {
  const reach = Math.max(1, ...sides.flatMap(({ five }) => five)) * 1.05;
  const at = (ms: number): number => 60 + (ms / reach) * (width - 120);
  const boxes = sides.map(({ name, five: [least, lower, middle, upper, greatest] }, index) => {
    const y = 4 + index * 26;
    return html`<text class="side" x="0" y="${y + 14}">${name}</text><line class="whisker" x1="${round(at(least))}" x2="${round(at(greatest))}" y1="${y + 9}" y2="${y + 9}"/><rect class="${name}" x="${round(at(lower))}" y="${y}" width="${round(Math.max(1, at(upper) - at(lower)))}" height="18"/><line class="median" x1="${round(at(middle))}" x2="${round(at(middle))}" y1="${y}" y2="${y + 18}"/><text x="${round(at(greatest) + 6)}" y="${y + 14}">${Math.round(greatest)} ms</text>`;
  });
  return figure(label, 4 + sides.length * 26, boxes);
}

/** One side's latencies, in ms: least, lower quartile, median, upper quartile, greatest. */
export type Side = {
  readonly name: 'green' | 'blue';
  readonly five: readonly [number, number, number, number, number];
};

/** Green's latency less blue's, with its interval; the line in the middle is no difference. */
export function shiftChart(label: string, lowerMs: number, shiftMs: number, upperMs: number): Html {
  const reach = Math.max(1, Math.abs(lowerMs), Math.abs(upperMs)) * 1.1;
  const at = (ms: number): string => round(width / 2 + (ms / reach) * (width / 2));
  return figure(label, 34, [
    html`<line class="grid" x1="${width / 2}" x2="${width / 2}" y1="0" y2="34"/>`,
    html`<line class="interval" x1="${at(lowerMs)}" x2="${at(upperMs)}" y1="17" y2="17"/>`,
    html`<circle class="point" cx="${at(shiftMs)}" cy="17" r="5"/>`,
  ]);
}
