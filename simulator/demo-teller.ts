import type { PublishedMessage } from './account.ts';
import { topicOf } from './alert-messages.ts';
import { answerOf } from './app-http.ts';
import type { Watched } from './play.ts';
import type { Chapter } from './scenarios/demo.ts';
import type { LogRecord } from './stack/lambda.ts';
import { chapterLines, clockOf, createUnseen, indent } from './telling.ts';

const minuteMs = 60_000;

/** A line, or several, of one moment. */
type Told = { readonly atMs: number; readonly who: string; readonly lines: readonly string[] };

/**
 * Tells a run while it goes on: looks once a minute of virtual time, and writes what is new of the
 * chapter's service in the order in which it happened.
 */
export function createTeller(
  watched: Watched,
  chapters: readonly Chapter[],
  write: (line: string) => void,
): void {
  const { world } = watched;
  const startMs = world.nowMs();
  let chapter: Chapter | undefined;
  const sources = [
    hookSource(watched, () => chapter),
    deploymentSource(watched, () => chapter),
    messageSource(watched, () => chapter),
  ];
  const look = (): void => {
    const told = sources.flatMap((source) => source()).sort((a, b) => a.atMs - b.atMs);
    for (const { atMs, who, lines } of told) {
      const [first = '', ...rest] = lines;
      write(`${clockOf(atMs)}  ${who.padEnd(6)} ${first}`.trimEnd());
      for (const line of rest) write(`${indent}${line}`.trimEnd());
    }
    world.after(minuteMs, look);
  };
  for (const next of chapters) {
    world.schedule(startMs + next.afterMs, () => {
      chapter = next;
      for (const line of chapterLines(next.afterMs, world.nowMs(), next.title)) write(line);
    });
  }
  world.after(minuteMs, look);
}

type Decision = {
  readonly hookStatus: string;
  readonly reason: string;
  readonly detail: string;
  readonly serviceArn: string;
  readonly targetRevisionArn: string;
  readonly requests: { readonly green: number; readonly blue: number };
  readonly findings: readonly { readonly detail: string; readonly verdict: string }[];
};

/** What the hook answered and why; an answer like the one before is not told again. */
function hookSource(watched: Watched, chapter: () => Chapter | undefined): () => readonly Told[] {
  const unseen = createUnseen(() => watched.logs());
  let before = '';
  return () =>
    unseen().flatMap((record) => {
      const decision = decisionIn(record);
      if (decision?.serviceArn.split('/').at(-1) !== chapter()?.service) return [];
      if (decision === undefined) return [];
      const key = `${decision.targetRevisionArn} ${decision.hookStatus} ${decision.reason}`;
      const isRepeated = key === before;
      before = key;
      return isRepeated ? [] : [tellDecision(record.atMs, decision, watched)];
    });
}

function decisionIn({ functionName, message, fields }: LogRecord): Decision | undefined {
  const isDecision = functionName === 'deployment-hook' && message === 'decision';
  return isDecision ? (fields as unknown as Decision) : undefined;
}

function tellDecision(atMs: number, decision: Decision, watched: Watched): Told {
  const { hookStatus, reason, detail, findings, requests } = decision;
  const against = findings.filter(({ verdict }) => verdict !== 'pass');
  const decisive = against.length > 0 ? against : findings;
  const details = decisive.length === 0 ? [detail] : decisive.map((finding) => finding.detail);
  return {
    atMs,
    who: 'hook',
    lines: [
      `${hookStatus.padEnd(11)}  ${reason}`,
      ...details,
      `test calls: green ${requests.green}, blue ${requests.blue}`,
      ...(hookStatus === 'IN_PROGRESS' ? ['ECS asks again, and traffic stays where it is'] : []),
      ...(hookStatus === 'FAILED' ? [tellSingleGet(decision, watched)] : []),
    ],
  };
}

/** What the usual hook does: one GET of green, and its status. */
function tellSingleGet({ targetRevisionArn }: Decision, { world, apps }: Watched): string {
  const green = world.account.serviceRevisions.get(targetRevisionArn)?.taskDefinition ?? '?';
  const answer = answerOf(apps, green, '/', world.random('single-get'));
  const isGood = answer.kind === 'answer' && answer.status < 300;
  const seen = answer.kind === 'answer' ? answer.status : 'no answer';
  return `a hook with one GET would have seen ${seen} and said ${isGood ? 'SUCCEEDED' : 'FAILED'}`;
}

/** How the chapter's deployments end, and what users met meanwhile; what people do. */
function deploymentSource(
  { world, journal, users }: Watched,
  chapter: () => Chapter | undefined,
): () => readonly Told[] {
  const unseen = createUnseen(() => journal.timeline);
  const startMs = world.nowMs();
  return () => {
    const { service = '?', afterMs = 0 } = chapter() ?? {};
    return unseen().flatMap(({ atMs, who, text }): readonly Told[] => {
      // The title has told how the chapter begins.
      const isTitle = atMs === startMs + afterMs;
      const isOfPeople = who === 'you' && text.includes(` ${service}:`) && !isTitle;
      const line = isOfPeople ? text : endText(text, service, users);
      return line === undefined || (who !== 'ECS' && !isOfPeople)
        ? []
        : [{ atMs, who, lines: [line] }];
    });
  };
}

/** How a deployment of the service ended; undefined for every other line of the timeline. */
function endText(text: string, service: string, users: Watched['users']): string | undefined {
  const [, build = '', status = ''] = /^[\w-]+: ([\w-]+:\d+) (\w+)$/.exec(text) ?? [];
  if (build.split(':')[0] !== service) return undefined;
  if (status === 'SUCCESSFUL') return `${build} is deployed`;
  if (status !== 'ROLLBACK_SUCCESSFUL') return undefined;
  const { byRevision } = users.requests().find((one) => one.service === service) ?? {};
  return `rolled back; requests of users that ${build} got: ${byRevision?.[build] ?? 0}`;
}

/** What the topics got, as people see it. */
function messageSource(
  { world, journal }: Watched,
  chapter: () => Chapter | undefined,
): () => readonly Told[] {
  const topics = [...world.account.topics.values()];
  const sources = topics.map((topic) => ({
    who: topicOf(topic.TopicArn) === 'pages' ? 'page' : 'alert',
    unseen: createUnseen(() => topic.messages),
  }));
  let isLoopTold = false;
  return () =>
    sources.flatMap(({ who, unseen }) =>
      unseen().flatMap((message): readonly Told[] => {
        const { atMs, subject = '', attributes } = message;
        if (attributes.service !== undefined && attributes.service !== chapter()?.service)
          return [];
        const isLoop = who === 'alert' && attributes.kind === 'crash-loop';
        const told = { atMs, who, lines: [subject] };
        if (!isLoop || isLoopTold) return [told];
        isLoopTold = true;
        return [
          {
            atMs,
            who: 'events',
            lines: [tellDeliveries(journal, attributes.service ?? '?', atMs)],
          },
          { ...told, lines: [subject, ...mailLines(message), ...cardLines(message)] },
        ];
      }),
    );
}

/** How events of stops came until then, which is as events do. */
function tellDeliveries(journal: Watched['journal'], service: string, untilMs: number): string {
  const stops = journal
    .stops()
    .filter((stop) => stop.service === service && stop.taskDefinitionArn.endsWith(':2'))
    .map(({ arrivalsMs }) => arrivalsMs.filter((atMs) => atMs <= untilMs).length)
    .filter((count) => count > 0);
  const deliveries = stops.reduce((sum, count) => sum + count, 0);
  const repeated = stops.filter((count) => count > 1).length;
  return `${stops.length} stops in ${deliveries} deliveries: ${repeated} came more than once`;
}

const mailLines = ({ bodies }: PublishedMessage): readonly string[] =>
  bodies.default.split('\n').map((line) => `| ${line}`.trimEnd());

/** The chat card, as the channel shows it: title, one line, next steps. */
function cardLines({ bodies }: PublishedMessage): readonly string[] {
  const text = bodies.https ?? bodies.http;
  if (text === undefined) return [];
  const { content } = JSON.parse(text) as {
    readonly content?: {
      readonly title?: string;
      readonly description?: string;
      readonly nextSteps?: readonly string[];
    };
  };
  const steps = (content?.nextSteps ?? []).map((step) => `- ${step}`);
  return [content?.title, content?.description, ...steps]
    .filter((line) => line !== undefined)
    .map((line) => `# ${line}`);
}
