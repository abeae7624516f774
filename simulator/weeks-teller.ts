import type { PublishedMessage } from './account.ts';
import { topicOf } from './alert-messages.ts';
import type { InstanceLife } from './instance-lives.ts';
import type { Watched } from './play.ts';
import type { WatchedChapter } from './scenarios/demo-weeks.ts';
import type { LogRecord } from './stack/lambda.ts';
import { chapterLines, clockOf, createUnseen, dayOf, indent } from './telling.ts';
import { durationText } from './weeks-figures.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
/** From this age on ECS replaces an instance; a little less, as it draws the moment. */
const oldMs = 13.9 * dayMs;

type Line = { readonly who: string; readonly text: string };

/**
 * Tells the weeks in which Ballast watches: looks once a minute of virtual time, and writes what is new.
 * Nothing is told that has not happened in the run.
 */
export function createWeeksTeller(
  watched: Watched,
  {
    chapters,
    lives,
  }: {
    readonly chapters: readonly WatchedChapter[];
    readonly lives: () => readonly InstanceLife[];
  },
  write: (line: string) => void,
): void {
  const { world } = watched;
  const startMs = world.nowMs();
  let day = 0;
  let about: string | undefined;
  const sources = [
    peopleSource(watched),
    instanceSource(lives, world.nowMs),
    logSource(watched),
    mailSource(watched, () => about),
  ];
  const look = (): void => {
    for (const { who, text } of sources.flatMap((source) => source())) {
      const today = dayOf(world.nowMs() - startMs);
      if (today !== day) for (const line of ['', `DAY ${today}`]) write(line);
      day = today;
      const head = `${clockOf(world.nowMs())}  ${who.padEnd(6)}`;
      write((who === '' ? `${indent}${text}` : `${head} ${text}`).trimEnd());
    }
    world.after(minuteMs, look);
  };
  for (const { afterMs, title, ...chapter } of chapters) {
    world.schedule(startMs + afterMs, () => {
      day = dayOf(afterMs);
      about = chapter.about;
      for (const line of chapterLines(afterMs, world.nowMs(), title(world))) write(line);
    });
  }
  world.after(minuteMs, look);
}

function peopleSource({ journal }: Watched): () => readonly Line[] {
  const unseen = createUnseen(() => journal.timeline);
  return () => unseen().flatMap(({ who, text }) => (who === 'you' ? [{ who, text }] : []));
}

/** Instances that ECS replaces for their age, and their end. */
function instanceSource(lives: () => readonly InstanceLife[], nowMs: () => number) {
  const draining = new Set<string>();
  const gone = new Set<string>();
  const isNew = (known: Set<string>, id: string): boolean => !known.has(id) && !!known.add(id);
  return (): readonly Line[] => {
    const old = lives().filter(
      ({ registeredMs, drainingMs }) =>
        drainingMs !== undefined && drainingMs - registeredMs >= oldMs,
    );
    const begun = old.filter(({ id }) => isNew(draining, id));
    const ended = old.filter(({ id, goneMs }) => goneMs !== undefined && isNew(gone, id));
    return [...drainLines(begun), ...endLines(ended, draining.size - gone.size, nowMs())];
  };
}

const drainLines = (begun: readonly InstanceLife[]): readonly Line[] =>
  begun.length === 0
    ? []
    : [
        {
          who: 'ECS',
          text: `${countOf(begun.length, 'instance')} ${
            begun.length === 1 ? 'drains' : 'drain'
          }: ${begun.map(({ ec2InstanceId, zone }) => `${ec2InstanceId} (${zone})`).join(', ')}`,
        },
      ];

function endLines(ended: readonly InstanceLife[], left: number, nowMs: number): readonly Line[] {
  if (ended.length === 0) return [];
  const longest = Math.max(...ended.map(({ drainingMs = nowMs }) => nowMs - drainingMs));
  const still =
    left === 0 ? 'none drains any more' : `${left} still ${left === 1 ? 'drains' : 'drain'}`;
  const text = `${countOf(ended.length, 'instance')} gone after ${durationText(longest)}; ${still}`;
  return [{ who: 'ECS', text }];
}

export const countOf = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? '' : 's'}`;

/** What the functions say in their logs and nobody is mailed: that a drain went well, or would-be moves. */
function logSource({ logs }: Watched): () => readonly Line[] {
  const unseen = createUnseen(logs);
  const told = new Map<string, string>();
  return () => {
    const records = unseen();
    return [
      ...verified(records),
      ...records.flatMap((record) => advice(record, told)),
      ...silence(records, told),
    ];
  };
}

/** What density did not judge, and why, whenever the reason is another one. */
function silence(records: readonly LogRecord[], told: Map<string, string>): readonly Line[] {
  const held = records.filter(
    ({ functionName, message, fields }) =>
      functionName === 'density' && message === 'decision' && fields.decision === 'hold',
  );
  const looks = records.some(({ functionName }) => functionName === 'density');
  if (held.length === 0) {
    if (looks) told.delete('density');
    return [];
  }
  const causes = new Set(held.map(({ fields }) => spacedOut(fields.cause)));
  const figures = new Set(
    held.flatMap(({ fields }) =>
      listIn(fields, 'figures').map((one) => spacedOut(Reflect.get(Object(one), 'figure'))),
    ),
  );
  const why = [...causes].join(', ');
  if (told.get('density') === why) return [];
  told.set('density', why);
  return [{ who: 'mute', text: `density: ${[...figures].join(', ')} not judged: ${why}` }];
}

const spacedOut = (word: unknown): string => String(word).replaceAll('-', ' ');

function verified(records: readonly LogRecord[]): readonly Line[] {
  const ends = records.filter(
    ({ message, fields }) => message === 'replacement' && fields.reason !== 'not-observed',
  );
  if (ends.length === 0) return [];
  const lost = ends.flatMap(({ fields }) => listIn(fields, 'lost')).length;
  const byReason = Map.groupBy(ends, ({ fields }) => String(fields.reason));
  const counts = [...byReason].map(([reason, all]) => `${all.length} ${reason}`).join(', ');
  const uneven = new Set(ends.flatMap(({ fields }) => listIn(fields, 'uneven')).map(String));
  const left = uneven.size === 0 ? '' : `; uneven since: ${[...uneven].join(', ')}`;
  return [
    {
      who: 'verify',
      text: `${countOf(ends.length, 'replacement')}: ${counts}; tasks lost ${lost}${left}`,
    },
  ];
}

/** The moves that az-balance would make, when it first would and whenever it would make others. */
function advice(
  { message, fields, functionName }: LogRecord,
  told: Map<string, string>,
): readonly Line[] {
  if (functionName !== 'az-balance' || message !== 'decision') return [];
  const service = String(fields.service);
  const moves = listIn(fields, 'moves').length;
  const isSpread = fields.verdict === 'balanced';
  if (moves === 0) {
    if (isSpread) told.delete(service);
    return [];
  }
  const text = `would make ${countOf(moves, 'move')} for ${service}: ${fields.reason}, ${fields.detail}`;
  if (told.get(service) === text) return [];
  told.set(service, text);
  return [{ who: 'az', text }];
}

function listIn(fields: LogRecord['fields'], name: string): readonly unknown[] {
  const value = fields[name];
  return Array.isArray(value) ? value : [];
}

/** What the topics got: the first mail of a kind whole, of the others their subjects. */
function mailSource(
  { world: { account } }: Watched,
  about: () => string | undefined,
): () => readonly Line[] {
  const topics = [
    { who: 'alert', name: 'alerts' },
    { who: 'page', name: 'pages' },
  ].map(({ who, name }) => ({
    who,
    unseen: createUnseen(() =>
      [...account.topics.values()]
        .filter(({ TopicArn }) => topicOf(TopicArn) === name)
        .flatMap(({ messages }) => messages),
    ),
  }));
  const kinds = new Set<string>();
  return () =>
    topics.flatMap(({ who, unseen }) =>
      unseen()
        .filter(({ attributes }) => isNews(attributes))
        .flatMap((message): readonly Line[] => {
          const { subject: text = '', attributes } = message;
          const isAbout = attributes.service === about();
          const key = `${attributes.kind} ${isAbout ? attributes.service : ''}`;
          const isFirst = who === 'alert' && !kinds.has(key) && attributes.transition !== 'resolve';
          kinds.add(key);
          return [{ who, text }, ...(isFirst ? bodyLines(message) : [])];
        }),
    );
}

/** A digest repeats, and a reminder too. */
const isNews = ({ kind = '', transition }: PublishedMessage['attributes']): boolean =>
  !kind.startsWith('digest-') && transition !== 'update';

/** A mail without its links. */
function bodyLines({ bodies }: PublishedMessage): readonly Line[] {
  const [sentence = '', , ...rest] = bodies.default.split('\n');
  const untilLinks = rest.slice(0, Math.max(0, rest.indexOf('')));
  return [sentence, ...untilLinks].map((line) => ({ who: '', text: `| ${line}` }));
}
