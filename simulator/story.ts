import type { PublishedMessage } from './account.ts';
import { topicOf } from './alert-messages.ts';
import type { Invariant } from './checkers/checker.ts';
import type { InstanceLife } from './instance-lives.ts';
import type { Played, Watched } from './play.ts';
import type { ServiceCount, TimelineEntry } from './record.ts';
import type { LogRecord } from './stack/lambda.ts';

/** A message of a topic, with its words for each kind of receiver. */
export type StoryMessage = PublishedMessage & { readonly topic: 'alerts' | 'pages' };

/** What the gate answered, and the figures behind it. */
export type StoryVerdict = {
  readonly atMs: number;
  readonly service: string;
  readonly status: string;
  readonly reason: string;
  readonly findings: readonly StoryFinding[];
};

export type StoryFinding = {
  readonly detail: string;
  readonly reason: string;
  readonly evidence: Readonly<Record<string, unknown>>;
};

/** How full a group of instances was, and from where on Fargate costs more. */
export type StoryFill = {
  readonly atMs: number;
  readonly group: string;
  readonly share: number;
  readonly breakEvenShare: number | undefined;
};

/** One run as the report shows it: values only. */
export type Story = {
  readonly scenario: string;
  readonly seed: number;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly messages: readonly StoryMessage[];
  readonly verdicts: readonly StoryVerdict[];
  readonly counts: readonly ServiceCount[];
  readonly lives: readonly InstanceLife[];
  readonly fills: readonly StoryFill[];
  /** Looks at which density was silent, because a change explained what it saw. */
  readonly mutesMs: readonly number[];
  /** Looks at which az-balance would have moved tasks of a service. */
  readonly moves: readonly { readonly atMs: number; readonly service: string }[];
  readonly happenings: readonly TimelineEntry[];
  readonly invariants: readonly Invariant[];
  /** Rules of the simulated ECS that are assumed, with the variant of this seed. */
  readonly variants: Readonly<Record<string, string>>;
};

export function storyOf(
  { record, variants }: Played,
  { world: { account } }: Pick<Watched, 'world'>,
  lives: readonly InstanceLife[],
  invariants: readonly Invariant[],
): Story {
  return {
    ...{ scenario: record.scenario, seed: record.seed },
    ...{ fromMs: record.startMs, untilMs: record.endMs, lives, invariants },
    messages: [...account.topics.values()]
      .flatMap(({ TopicArn, messages }) => {
        const topic = topicOf(TopicArn);
        return messages.map((message) => ({ ...message, topic }));
      })
      .sort((a, b) => a.atMs - b.atMs),
    verdicts: record.logs.filter(isVerdict).map(verdictOf),
    counts: record.counts,
    fills: record.logs.flatMap(fillsOf),
    mutesMs: record.logs.filter(isMute).map(({ atMs }) => atMs),
    moves: record.logs
      .filter(isMove)
      .map(({ atMs, fields }) => ({ atMs, service: String(fields.service) })),
    happenings: record.timeline,
    variants: Object.fromEntries(Object.entries(variants).filter(([, one]) => one !== 'on')),
  };
}

const isVerdict = ({ functionName, message }: LogRecord): boolean =>
  functionName === 'deployment-hook' && message === 'decision';

const isMute = ({ functionName, message, fields }: LogRecord): boolean =>
  functionName === 'density' && message === 'decision' && fields.decision === 'hold';

const isMove = ({ functionName, message, fields }: LogRecord): boolean =>
  functionName === 'az-balance' && message === 'decision' && listOf(fields.moves).length > 0;

type Fields = Readonly<Record<string, unknown>>;
const fieldsOf = (value: unknown): Fields => ({ ...Object(value) });
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const verdictOf = ({ atMs, fields }: LogRecord): StoryVerdict => ({
  atMs,
  service: String(fields.serviceArn).split('/').at(-1) ?? '?',
  status: String(fields.hookStatus),
  reason: String(fields.reason),
  findings: listOf(fields.findings)
    .map(fieldsOf)
    .map(({ detail, reason, evidence }) => ({
      ...{ detail: String(detail), reason: String(reason), evidence: fieldsOf(evidence) },
    })),
});

function fillsOf({ atMs, functionName, message, fields }: LogRecord): readonly StoryFill[] {
  if (functionName !== 'density' || message !== 'density') return [];
  const { cpuShare, memoryShare, group, comparison } = fields;
  if (typeof cpuShare !== 'number' || typeof memoryShare !== 'number') return [];
  const { breakEvenFillShare } = fieldsOf(comparison);
  return [
    {
      ...{ atMs, group: String(group), share: Math.max(cpuShare, memoryShare) },
      breakEvenShare: typeof breakEvenFillShare === 'number' ? breakEvenFillShare : undefined,
    },
  ];
}
